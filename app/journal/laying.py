"""A journal laid down anew from a backup: the same entries under the same numbers, and what was read of them.

It begins behind entries that are no longer anywhere, which is what compaction leaves too; so it is marked as that, and
nobody takes its first entry for the plant's first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from app.journal.index import Index
from app.journal.sqlite import SqliteJournal
from app.model.events import Entry


async def lay_down(
    folder: Path,
    after: int,
    parts: Iterable[Sequence[Entry]],
    snapshot: tuple[int, bytes] | None,
    cursors: Mapping[str, int],
) -> int:
    """Into an empty folder; the last sequence. `after` is that of the last entry that it does not have. Raises what a
    journal does."""
    journal = SqliteJournal.open(folder, cursors=())
    try:
        if after:
            await journal.start_after(after)
        for entries in parts:
            for run in unbroken(entries):
                if run[0].sequence != journal.last_sequence + 1:
                    await journal.lose(run[0].sequence - 1, "they were lost before the backup was taken")
                await journal.append([(entry.now, entry.input, entry.outcome) for entry in run])
        if snapshot is not None:
            await journal.save_snapshot(*snapshot)
        for name, sequence in cursors.items():
            await journal.advance(name, sequence)
        last = journal.last_sequence
    finally:
        await journal.close()
    if after:
        index = Index.open(folder)
        try:
            with index.whole():
                index.set_mark("removed_upto", max(index.removed_upto, after))
        finally:
            index.close()
    return last


def unbroken(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Where numbers are missing, the entries before and behind that apart."""
    start = 0
    for index in range(1, len(entries) + 1):
        if index == len(entries) or entries[index].sequence != entries[index - 1].sequence + 1:
            yield entries[start:index]
            start = index
