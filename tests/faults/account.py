"""What must be true in the end, worked out from what the publisher knows and not from what the server says of itself.

The journal is read from its first record: each twin's numbers must follow one another, with none missing and, unless
the publisher itself had to repeat, none twice; its alerts must have been raised and cleared as often as the numbers
say. The graph must end as a fold of the whole journal does (oracle.py).
"""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path

from app.journal.reading import JournalReader
from app.model.events import Entry
from app.model.ledger import Tally
from tests.faults.installation import Installation
from tests.faults.oracle import Oracle
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
    """Of what came by the broker."""
    wrong: list[str] = field(default_factory=list)
    oracle: Oracle = field(default_factory=Oracle)

    def take(self, entry: Entry, twins: Container[str], *, repeats: bool) -> None:
        self.entries += 1
        self.oracle.take(entry)
        sequence, outcome = entry.sequence, entry.outcome
        for change in outcome.changes:
            if change.twin_id not in twins or change.property != "n" or not isinstance(change.value, int):
                continue
            last = self.numbers.get(change.twin_id, 0)
            if change.value > last + 1 or (change.value < last and not repeats):
                self.wrong.append(f"entry {sequence}: {change.twin_id} went from {last} to {change.value}")
            self.numbers[change.twin_id] = max(last, change.value)
        for alert in outcome.alerts:
            if alert.alert.code == HIGH:
                self.alerts[alert.alert.owner.id, alert.transition] += 1
        for tally in outcome.tallies:
            if tally.source.startswith("mqtt"):
                self.tally.add(tally)


def journaled(folder: Path, twins: Container[str], *, repeats: bool = False) -> Journaled:
    """What it has of these twins. `repeats`: the publisher sent some messages again, so numbers may go back."""
    found = Journaled()
    reader = JournalReader.open(folder)
    try:
        for recorded in reader.entries(0):
            found.take(recorded.entry, twins, repeats=repeats)
    finally:
        reader.close()
    return found


async def verify(place: Installation) -> Journaled:
    """Of a server that has been stopped and had everything (`Installation.settled`)."""
    publisher = place.publisher
    found = journaled(place.data_dir / "journal", frozenset(place.twins), repeats=publisher.repeated > 0)
    wanted = {twin_id: publisher.taken.get(topic(twin_id), 0) for twin_id in place.twins}
    assert not found.wrong, found.wrong[:10]
    assert found.numbers == wanted
    if not publisher.repeated:
        _exact(place, found, wanted)
    differences = await found.oracle.differences(place.graph)
    assert not differences, differences
    return found


def _exact(place: Installation, found: Journaled, wanted: dict[str, int]) -> None:
    for twin_id, number in wanted.items():
        raised, cleared = found.alerts[twin_id, "raised"], found.alerts[twin_id, "cleared"]
        assert (raised, cleared) == (rises(number), falls(number)), (twin_id, number, raised, cleared)
    samples = 2 * place.publisher.total
    assert found.tally.journaled == samples, (found.tally, samples)
