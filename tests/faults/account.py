"""What must be true in the end, worked out from what the publisher knows and not from what the server says of itself.

The journal is read from its first record: each twin's numbers must follow one another, with none missing and, unless
the publisher itself had to repeat one of its messages, none twice; its alerts must have been raised and cleared as
often as the numbers say. The graph must end as a fold of the whole journal does (oracle.py).
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
from tests.faults.publisher import Publisher, falls, rises


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

    def take(self, entry: Entry, twins: Container[str], repeated: Container[str] = ()) -> None:
        self.entries += 1
        self.oracle.take(entry)
        sequence, outcome = entry.sequence, entry.outcome
        for change in outcome.changes:
            if change.twin_id not in twins or change.property != "n" or not isinstance(change.value, int):
                continue
            last = self.numbers.get(change.twin_id, 0)
            if change.value > last + 1 or (change.value < last and change.twin_id not in repeated):
                self.wrong.append(f"entry {sequence}: {change.twin_id} went from {last} to {change.value}")
            self.numbers[change.twin_id] = max(last, change.value)
        for alert in outcome.alerts:
            if alert.alert.code == HIGH:
                self.alerts[alert.alert.owner.id, alert.transition] += 1
        for tally in outcome.tallies:
            if tally.source.startswith("mqtt"):
                self.tally.add(tally)


def journaled(folder: Path, twins: Container[str], repeated: Container[str] = ()) -> Journaled:
    """What it has of these twins. The publisher sent some messages of those `repeated` again: their numbers may go
    back."""
    found = Journaled()
    reader = JournalReader.open(folder)
    try:
        for recorded in reader.entries(0):
            found.take(recorded.entry, twins, repeated)
    finally:
        reader.close()
    return found


async def verify(place: Installation) -> Journaled:
    """Of a server that has been stopped and had everything (`Installation.settled`)."""
    publisher = place.publisher
    repeated = frozenset(twin_id for twin_id in place.twins if topic(twin_id) in publisher.repeated_topics)
    found = journaled(place.data_dir / "journal", frozenset(place.twins), repeated)
    wanted = {twin_id: publisher.taken.get(topic(twin_id), 0) for twin_id in place.twins}
    assert not found.wrong, found.wrong[:10]
    assert found.numbers == wanted
    miscounted = miscounts(publisher, found, repeated)
    assert not miscounted, miscounted[:10]
    differences = await found.oracle.differences(place.graph)
    assert not differences, differences
    return found


def miscounts(publisher: Publisher, found: Journaled, repeated: Container[str]) -> list[str]:
    """Whose alerts, or all samples together, are not as many as the publisher's messages make. Twins `repeated` may
    have more alerts, and each message that was sent again may have made two samples more."""
    wrong = []
    for twin_id, number in found.numbers.items():
        alerts = found.alerts[twin_id, "raised"], found.alerts[twin_id, "cleared"]
        wanted = rises(number), falls(number)
        fewer = alerts[0] < wanted[0] or alerts[1] < wanted[1]
        if fewer or (alerts != wanted and twin_id not in repeated):
            wrong.append(f"{twin_id} at {number}: raised and cleared {alerts}, which should be {wanted}")
    samples, most = 2 * publisher.total, 2 * (publisher.total + publisher.repeated)
    if not samples <= found.tally.journaled <= most:
        wrong.append(f"{found.tally.journaled} samples are journaled, and should be {samples} to {most}")
    return wrong
