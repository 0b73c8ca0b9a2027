"""`within`: what was so a short while ago. `rate`: how fast a value changes, also where nothing is reported."""

from app.model.conditions import And, Compare, Held, Literal, Not, Rate, Within
from app.model.events import SetManual, SetOverride, Started
from app.model.plan import BehaviorKey, OwnerKey
from app.model.time import SECOND
from tests.engine.plant import Plant, compare, hot, pump, ref, rule, sample
from tests.engine.timed import rising

FAULT = compare("status", "==", "fault")
RECENT = Within(hot(), 10 * SECOND, FAULT)
IT = BehaviorKey(OwnerKey("twin", "p1"), "it")


def truth(plant: Plant) -> str:
    return plant.behavior("it")[1]


def recent() -> Plant:
    plant = Plant(rule("it", RECENT))
    plant.read(temperature=20.0, status="running")
    return plant


def test_within_is_true_while_both_are_and_for_so_long_after_the_other_ended() -> None:
    plant = recent()
    plant.read(temperature=90.0)
    assert truth(plant) == "false"
    plant.read(status="fault")
    assert truth(plant) == "true"
    plant.wait(100)
    assert truth(plant) == "true"
    plant.read(status="running")
    plant.wait(9.999999)
    assert truth(plant) == "true"
    plant.wait(0.000001)
    assert truth(plant) == "false"


def test_within_remembers_what_came_before() -> None:
    plant = recent()
    plant.read(status="fault")
    plant.read(status="running")
    plant.wait(5)
    plant.read(temperature=90.0)
    assert truth(plant) == "true"
    plant.wait(5)
    assert truth(plant) == "false"
    plant.read(status="fault")
    plant.read(status="running")
    plant.wait(8)
    plant.read(status="fault")
    plant.read(status="running")
    plant.wait(8)
    assert truth(plant) == "true"


def test_the_time_is_that_of_the_source_where_the_other_ended() -> None:
    plant = recent()
    plant.read(temperature=90.0, status="fault")
    plant.take(sample("status", "running", plant.now - 2 * SECOND))  # on arrival three seconds old
    plant.wait(6.9)
    assert truth(plant) == "true"
    plant.wait(0.1)
    assert truth(plant) == "false"


def test_what_was_so_is_known_although_nothing_is_known_of_it_now() -> None:
    plant = Plant(rule("it", Within(compare("limit", "<", 10), 10 * SECOND, FAULT)))
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    plant.read(status="fault")
    plant.silent()
    assert truth(plant) == "true"
    plant.wait(10)
    assert truth(plant) == "unknown"


def test_a_restart_pauses_it_until_contact() -> None:
    plant = Plant(rule("it", Within(compare("limit", "<", 10), 10 * SECOND, FAULT)))
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    plant.read(status="fault")
    plant.read(status="running")
    plant.wait(4)
    other = plant.restart()
    other.now += 3600 * SECOND
    other.do(Started())
    assert truth(other) == "unknown"
    assert other.engine.live.why_unknown(IT) == [
        "p1.status: PathSilent",
        "what it waits for was so before the start, and not everything was heard of since",
    ]
    other.wait(100)
    other.alive()
    other.read(status="running")
    assert truth(other) == "true"
    other.wait(5)
    assert truth(other) == "true"
    other.wait(1)
    assert truth(other) == "false"


def test_within_goes_with_for_and_not() -> None:
    plant = Plant(rule("it", And((Not(Within(Held(hot(), 2 * SECOND), 5 * SECOND, FAULT)), hot(10)))))
    plant.read(temperature=90.0, status="fault")
    assert truth(plant) == "true"
    plant.wait(2)
    assert truth(plant) == "false"
    plant.read(status="running")
    plant.wait(5)
    assert truth(plant) == "true"


# ---------------------------------------------------------------- rate


def falling_or_rising(than: float = 0.9, window: int = 10) -> Plant:
    return Plant(rule("it", rising("temperature", window * SECOND, than)))


def test_a_rate_is_unknown_until_its_window_is_covered() -> None:
    plant = falling_or_rising()
    for value in range(10):
        plant.read(temperature=20.0 + value)
        assert truth(plant) == "unknown"
    assert plant.engine.live.why_unknown(IT) == ["rate(p1.temperature): it is not known for 10 s yet"]
    plant.read(temperature=30.0)
    assert truth(plant) == "true"


def test_a_value_that_stands_still_has_the_rate_that_its_window_still_shows_and_then_none() -> None:
    plant = falling_or_rising(0.45)
    plant.read(temperature=20.0)
    plant.wait(10)
    plant.read(temperature=25.0)
    assert truth(plant) == "true"
    plant.wait(9.9)
    assert truth(plant) == "true"
    plant.wait(0.1)
    assert truth(plant) == "false"
    assert plant.engine.next_due() is None


def test_the_window_is_covered_by_time_where_nothing_new_is_reported() -> None:
    plant = Plant(rule("it", Compare("<", Rate(ref("temperature"), 10 * SECOND), Literal(0.1))))
    plant.read(temperature=20.0)
    assert truth(plant) == "unknown"
    plant.wait(10)
    assert truth(plant) == "true"


def test_a_source_whose_clock_is_behind_shows_the_same_rate() -> None:
    plant = falling_or_rising()
    for value in range(12):
        at = plant.now + SECOND
        plant.take(sample("temperature", 20.0 + value, at - 4 * SECOND), received=at)
    assert truth(plant) == "true"


def test_after_an_outage_the_window_begins_anew() -> None:
    plant = falling_or_rising()
    for value in range(12):
        plant.read(temperature=20.0 + value)
    assert truth(plant) == "true"
    plant.silent()
    assert truth(plant) == "unknown"
    plant.alive()
    plant.read(temperature=50.0)
    assert truth(plant) == "unknown"
    plant.wait(10)
    assert truth(plant) == "false"


def test_a_start_begins_it_anew_and_a_definition_change_does_not() -> None:
    plant = falling_or_rising()
    for value in range(12):
        plant.read(temperature=20.0 + value)
    plant.load(rule("it", rising("temperature", 10 * SECOND, 0.8)), revision=2)
    assert truth(plant) == "true"
    other = plant.restart()
    other.do(Started())
    other.alive()
    other.read(temperature=90.0)
    assert truth(other) == "unknown"


def test_what_a_person_forces_has_no_rate() -> None:
    plant = falling_or_rising()
    for value in range(12):
        plant.read(temperature=20.0 + value)
    plant.do(SetOverride("p1", "temperature", "forced", "eva", "test", 100.0))
    assert truth(plant) == "unknown"
    assert plant.engine.live.why_unknown(IT) == [
        "rate(p1.temperature) is not known of a value that a person has put there"
    ]


def test_what_is_kept_for_a_window_is_bounded_and_goes_with_the_rule() -> None:
    plant = falling_or_rising(window=64)
    for value in range(500):
        plant.now -= SECOND * 9 // 10
        plant.read(temperature=20.0 + value)
    cell = plant.engine.live.cell("p1", "temperature")
    assert cell is not None
    assert cell.past is not None
    assert 50 <= len(cell.past.rings[64 * SECOND].points) <= 66
    assert not cell.straight
    plant.load(revision=2, twins=[pump(shape_id="pump@2", revision=2)])
    cell = plant.engine.live.cell("p1", "temperature")
    assert cell is not None
    assert cell.past is None
    assert cell.straight


def test_a_rate_needs_a_number() -> None:
    plant = Plant(rule("it", rising("status", SECOND, 1.0)))
    assert plant.engine.live.behaviors(IT.owner)[0].error == "rate() needs a number, not a text"
