"""What must be true of the headline in the end, from what the publisher knows and not from what the server says.

As tests/faults/account.py, for the pumps of plant.py; besides, each subscriber's frames must stand for every update of
its pumps, those left out between two frames included, and end with the last.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.journal.reading import JournalReader
from app.model.ledger import Tally
from tests.bench.side_by_side.plant import RULES, number_of, turns
from tests.faults.oracle import Oracle
from tests.servers.graph import GraphAddress


async def check_stored(folder: Path, graph: GraphAddress, taken: Mapping[str, int]) -> int:
    """Of a stopped server's journal and its graph: how many updates are in the journal. `taken` is the last number of
    each pump that the broker has."""
    numbers: Counter[str] = Counter()
    alerts: Counter[tuple[str, str, str]] = Counter()
    tally, oracle = Tally(""), Oracle()
    reader = JournalReader.open(folder)
    try:
        for recorded in reader.entries(0):
            oracle.take(recorded.entry)
            outcome = recorded.entry.outcome
            for change in outcome.changes:
                assert isinstance(change.value, float)
                number = number_of(change.value)
                last = numbers[change.twin_id]
                assert number == last + 1, f"{change.twin_id} went from {last} to {number}"
                numbers[change.twin_id] = number
            alerts.update((item.alert.owner.id, item.alert.code, item.transition) for item in outcome.alerts)
            for item in outcome.tallies:
                tally.add(item)
    finally:
        reader.close()
    assert numbers == taken, "the journal lacks messages that the broker took"
    assert tally.journaled == sum(taken.values()), f"{tally.journaled} samples are journaled"
    for twin_id, upto in taken.items():
        for rule in RULES:
            found = alerts[twin_id, rule, "raised"], alerts[twin_id, rule, "cleared"]
            assert found == turns(rule, upto), f"{twin_id} {rule} at {upto}: raised and cleared {found}"
    differences = await oracle.differences(graph)
    assert not differences, differences
    return tally.journaled


def check_pushed(
    books: Sequence[Mapping[str, Sequence[int]]], twins: Sequence[Sequence[str]], taken: Mapping[str, int]
) -> None:
    """Of each subscriber: by pump, the number it began with, what its pushes stand for, and the last number; and which
    pumps it follows."""
    for book, followed in zip(books, twins, strict=True):
        for twin_id in followed:
            began, covered, last = book.get(twin_id, (0, 0, 0))
            assert last == taken[twin_id], f"{twin_id} ends at {last} for a subscriber, and should at {taken[twin_id]}"
            assert began + covered == last, f"{twin_id}: pushes for {covered} updates from {began} to {last}"
