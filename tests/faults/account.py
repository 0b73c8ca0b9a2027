"""What must be true in the end, worked out from what the publisher knows and not from what the server says of itself.

The journal is read from its first record: each twin's numbers must follow one another, with none missing and, unless
the publisher itself had to repeat, none twice; its alerts must have been raised and cleared as often as the numbers
say. The graph must end at the same numbers.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from app.journal.reading import JournalReader
from app.model.events import Outcome
from app.model.ledger import Tally
from tests.faults.installation import Installation
from tests.faults.plant import HIGH, topic
from tests.faults.publisher import falls, rises


@dataclass
class Journaled:
    """What the journal says, and what of it can't be right."""

    entries: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (twin, transition)."""
    tally: Tally = field(default_factory=lambda: Tally(""))
    wrong: list[str] = field(default_factory=list)

    def take(self, sequence: int, outcome: Outcome, *, repeats: bool) -> None:
        self.entries += 1
        for change in outcome.changes:
            if change.property != "n" or not isinstance(change.value, int):
                continue
            last = self.numbers.get(change.twin_id, 0)
            if change.value > last + 1 or (change.value < last and not repeats):
                self.wrong.append(f"entry {sequence}: {change.twin_id} went from {last} to {change.value}")
            self.numbers[change.twin_id] = max(last, change.value)
        for alert in outcome.alerts:
            if alert.alert.code == HIGH:
                self.alerts[alert.alert.owner.id, alert.transition] += 1
        for tally in outcome.tallies:
            self.tally.add(tally)


def journaled(folder: Path, *, repeats: bool = False) -> Journaled:
    """`repeats`: the publisher sent some messages again, so numbers may go back."""
    found = Journaled()
    reader = JournalReader.open(folder)
    try:
        for recorded in reader.entries(0):
            found.take(recorded.entry.sequence, recorded.entry.outcome, repeats=repeats)
    finally:
        reader.close()
    return found


async def verify(place: Installation) -> Journaled:
    """Of a server that has been stopped and had everything (`Installation.settled`)."""
    publisher = place.publisher
    found = journaled(place.data_dir / "journal", repeats=publisher.repeated > 0)
    wanted = {twin_id: publisher.taken.get(topic(twin_id), 0) for twin_id in place.twins}
    assert not found.wrong, found.wrong[:10]
    assert found.numbers == wanted
    if not publisher.repeated:
        _exact(place, found, wanted)
    rows = await place.graph.run("MATCH (p:Property {name: 'n'}) RETURN p.key AS key, p.value AS value")
    assert {str(row["key"]).partition("/")[0]: row["value"] for row in rows} == wanted, "the graph ends elsewhere"
    return found


def _exact(place: Installation, found: Journaled, wanted: dict[str, int]) -> None:
    for twin_id, number in wanted.items():
        raised, cleared = found.alerts[twin_id, "raised"], found.alerts[twin_id, "cleared"]
        assert (raised, cleared) == (rises(number), falls(number)), (twin_id, number, raised, cleared)
    samples = 2 * place.publisher.total
    assert found.tally.journaled == samples, (found.tally, samples)
