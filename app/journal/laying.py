"""A journal laid down anew from a backup: the same entries under the same numbers, and what was read of them.

It begins behind entries that are no longer anywhere, which is what compaction leaves too; so it is marked as that, and
nobody takes its first entry for the plant's first.
"""

from collections.abc import Iterable, Mapping, Sequence
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
            await journal.append([(entry.now, entry.input, entry.outcome) for entry in entries])
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
