"""The account of a fault script sees what is wrong, also where its publisher had to send some messages again."""

from app.model.events import Entry, Outcome, PropertyChanged, Tick
from app.model.ledger import Tally
from tests.faults.account import Journaled, miscounts
from tests.faults.plant import topic
from tests.faults.publisher import Publisher

TWINS = ("a", "b")


def counted(raised: int, cleared: int, journaled: int = 80) -> Journaled:
    """Twenty messages of each twin: one rise and one fall; twin `a` has such alerts."""
    found = Journaled(numbers=dict.fromkeys(TWINS, 20), tally=Tally("", journaled=journaled))
    found.alerts.update({("a", "raised"): raised, ("a", "cleared"): cleared, ("b", "raised"): 1, ("b", "cleared"): 1})
    return found


def publisher(repeated: int = 0) -> Publisher:
    return Publisher(0, [topic(twin) for twin in TWINS], 1.0, dict.fromkeys(map(topic, TWINS), 20), repeated=repeated)


def went(*values: int, repeated: tuple[str, ...]) -> list[str]:
    found = Journaled()
    for sequence, value in enumerate(values, 1):
        change = PropertyChanged("a", "n", value, "good", sequence, sequence, True)
        found.take(Entry(sequence, sequence, Tick(), Outcome(changes=(change,))), TWINS, repeated)
    return found.wrong


def test_numbers_go_back_only_where_the_publisher_repeated_that_twin() -> None:
    assert went(1, 2, 3, repeated=()) == []
    assert went(1, 2, 1, 2, 3, repeated=("a",)) == []
    assert went(1, 2, 1, repeated=("b",)) == ["entry 3: a went from 2 to 1"]
    assert went(1, 3, repeated=("a",)) == ["entry 2: a went from 1 to 3"]


def test_alerts_are_exact_of_every_twin_of_which_nothing_was_repeated() -> None:
    assert miscounts(publisher(), counted(1, 1), ()) == []
    assert miscounts(publisher(3), counted(2, 2), ("a",)) == []
    assert len(miscounts(publisher(3), counted(2, 2), ("b",))) == 1
    assert len(miscounts(publisher(3), counted(1, 0), ("a",))) == 1, "a repetition takes none away"


def test_samples_are_as_many_as_the_messages_make_and_those_that_were_sent_again() -> None:
    assert miscounts(publisher(), counted(1, 1, 81), ()) == ["81 samples are journaled, and should be 80 to 80"]
    assert miscounts(publisher(3), counted(1, 1, 86), ("b",)) == []
    assert miscounts(publisher(3), counted(1, 1, 87), ("b",)) == ["87 samples are journaled, and should be 80 to 86"]
    assert miscounts(publisher(3), counted(1, 1, 79), ("b",)) == ["79 samples are journaled, and should be 80 to 86"]
