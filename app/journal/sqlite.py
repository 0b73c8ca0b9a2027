"""What happened, in order, in one SQLite file a segment: durable when `append` returns, readable from any point kept.

Sequence numbers never repeat, not even once every record has been compacted away: the newest segment stays, and its
name is the number that comes next. `begun_after` says that a journal began in the middle (behind an older graph) and
has lost nothing; `removed_upto` says what compaction took, and reading from before it is an error.
"""

import asyncio
import contextlib
import itertools
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.errors import Conflict, Misconfigured, Unavailable
from app.journal.codec import FORMAT, damaged, decode, encode
from app.journal.committing import CommitThread, closed
from app.journal.index import INDEX_FILE, Index, create_index
from app.journal.lock import FolderLock
from app.journal.retention import Retention, Start, kept
from app.journal.segment import APPLICATION_ID, reading, remove, segment_file, segments_in
from app.journal.segments import SegmentMissing, Segments
from app.journal.snapshot import drop_former, former_snapshots, read_snapshot, sync_folder, write_snapshot
from app.journal.tail import SPARE, SegmentSize, Tail, settle
from app.model.events import Entry, Input, Outcome
from app.model.time import Micros

_MARKS_OF_A_FILE = ("application_id", "user_version")


class SqliteJournal:
    """Implements ports.Journal. `open` is the only way to one."""

    def __init__(
        self,
        folder: Path,
        lock: FolderLock,
        keep: int,
        retention: Retention,
        index: Index,
        segments: Segments,
        tail: Tail,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._keep = keep
        self._retention = retention
        self._index = index
        self._segments = segments
        self._writing_snapshot = threading.Lock()
        self._closed = False
        self._last = tail.last
        tail.began = self._began
        self._thread = CommitThread(tail, index, str(folder), self._committed)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        cursors: Sequence[str] = ("graph",),
        keep: int = 1000,
        retention: Retention = Retention(),  # noqa: B008 - it is frozen
        segment: SegmentSize = SegmentSize(),  # noqa: B008 - it is frozen
    ) -> "SqliteJournal":
        """Open or create the journal in `folder` and hold its lock until `close`. `cursors` are the readers to wait
        for from the first record on; `keep` is how many of the last records compaction leaves in any case, and
        `retention` for how long more it leaves what a replay needs.

        Raises Misconfigured: JOURNAL_IN_USE, JOURNAL_FORMAT (another version's), JOURNAL_UNUSABLE (not a journal, or
        not writable)."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(folder, error.strerror or "cannot be created") from error
        with contextlib.ExitStack() as undo:
            lock = FolderLock.take(folder)
            undo.callback(lock.release)
            try:
                index = _index(folder)
                undo.callback(index.close)
                with index.whole():
                    index.add_cursors(cursors)
                _remove_leftovers(folder, index)
                segments = Segments(folder)
                undo.callback(segments.close)
                found = segments.last()
                tail = Tail(folder, segment, max(found, index.reached))
                undo.callback(tail.close)
                *full, newest = segments.firsts() or [0]
                for first in full:
                    settle(segment_file(folder, first))
                if newest and found == tail.last:
                    tail.go_on_in(newest)
                journal = cls(folder, lock, keep, retention, index, segments, tail)
            except sqlite3.Error as error:
                raise _unusable(folder, str(error)) from error
            undo.pop_all()
        return journal

    @property
    def last_sequence(self) -> int:
        """Of the last committed record; 0 for a journal that never had one."""
        return self._last

    @property
    def commits(self) -> int:
        """Of records, since opening."""
        return self._thread.commits

    async def append(self, entries: Sequence[tuple[Micros, Input, Outcome]]) -> int:
        """Raises Unavailable (JOURNAL_FAILED, from then on for every call; JOURNAL_CLOSED; JOURNAL_LOCK_LOST)."""
        if not entries:
            return self._last
        self._lock.check()
        return await self._thread.append([(now, encode(input, outcome)) for now, input, outcome in entries])

    def read(self, after: int, limit: int = 1000) -> list[Entry]:
        """Safe to call from any thread. Raises Unavailable: JOURNAL_COMPACTED, JOURNAL_DAMAGED naming the record;
        Misconfigured (JOURNAL_FORMAT) for a record of another version."""
        if self._closed:
            raise closed(str(self._folder))
        try:
            rows = self._segments.rows(after, limit)
        except (sqlite3.DatabaseError, SegmentMissing) as error:
            self._check_kept(after)
            raise damaged(after + 1, str(error)) from error
        self._check_kept(after)
        for number, (sequence, *_) in enumerate(rows, max(after, self._index.begun_after) + 1):
            if sequence != number:
                raise damaged(number, "it is missing")
        return [decode(*row) for row in rows]

    def cursor(self, name: str) -> int:
        if self._closed:
            raise closed(str(self._folder))
        return self._index.cursor(name) or 0

    def cursors(self) -> Mapping[str, int]:
        """All that there are, those given to `open` included."""
        if self._closed:
            raise closed(str(self._folder))
        return self._index.cursors()

    async def advance(self, name: str, sequence: int) -> None:
        await self._thread.change(lambda index: index.set_cursor(name, sequence))

    async def drop(self, name: str) -> None:
        await self._thread.change(lambda index: index.drop_cursor(name))

    async def start_after(self, sequence: int) -> None:
        """Let an empty journal begin at `sequence` + 1, every cursor with it. Raises Conflict (JOURNAL_NOT_EMPTY)."""
        if not await self._thread.begin_after(sequence):
            raise Conflict(
                f"the journal in {self._folder} already has records and can't begin after {sequence}",
                code="JOURNAL_NOT_EMPTY",
                hint="move the folder aside to begin a new journal",
            )
        self._last = sequence

    async def save_snapshot(self, sequence: int, state: bytes) -> None:
        """Replace the snapshot, then remove the segments that neither it nor a cursor nor `keep` needs. Raises
        Unavailable (SNAPSHOT_FAILED; the former one then still stands)."""
        oldest = await asyncio.to_thread(self._replace_snapshot, sequence, state)
        behind = self._behind(min(oldest, self._last - self._keep))
        if behind:
            await self._thread.change(lambda index: index.set_mark("removed_upto", behind[-1][1]))
            await asyncio.to_thread(self._remove, [first for first, _ in behind])

    def snapshot(self) -> tuple[int, bytes] | None:
        """Raises Unavailable (JOURNAL_DAMAGED)."""
        return read_snapshot(self._folder)

    async def close(self) -> None:
        """Commit what waits, then give the folder back. A second time does nothing."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._thread.close()
        self._segments.close()
        with self._writing_snapshot:  # a snapshot on its way must not land in a folder that is another's by then
            self._lock.release()

    def _committed(self, last: int) -> None:
        self._last = last

    def _began(self, first: int) -> None:
        self._segments.began(first)
        self._thread.later(lambda index: index.set_mark("newest", first))

    def _check_kept(self, after: int) -> None:
        removed_upto = self._index.removed_upto
        if after < removed_upto:
            raise Unavailable(
                f"records up to {removed_upto} are no longer in the journal; {after + 1} was asked for",
                code="JOURNAL_COMPACTED",
                hint="start from the snapshot",
            )

    def _replace_snapshot(self, sequence: int, state: bytes) -> int:
        """Drops the starts that are not kept; the sequence of the oldest one that is."""
        with self._writing_snapshot:
            if self._closed:
                raise closed(str(self._folder))
            write_snapshot(self._folder, sequence, state)
            removed_upto, begun_after = self._index.removed_upto, self._index.begun_after
            beginning = [] if removed_upto else [begun_after]
            former = [number for number in former_snapshots(self._folder) if number < sequence]
            now = self._moment_after(self._last - 1) or 0
            starts = [Start(number, self._moment_after(number) or now) for number in (*beginning, *former, sequence)]
            stay = {start.sequence for start in kept(starts, now, self._segments.bytes(), self._retention)}
            drop_former(self._folder, [number for number in former if number not in stay])
            return min(stay)

    def _moment_after(self, sequence: int) -> Micros | None:
        try:
            return self._segments.moment_after(sequence)
        except (sqlite3.DatabaseError, SegmentMissing) as error:
            raise damaged(sequence + 1, str(error)) from error

    def _behind(self, upto: int) -> list[tuple[int, int]]:
        """First and last of the segments that nobody needs, when nobody needs anything up to there."""
        lowest = self._index.lowest_cursor()
        upto = upto if lowest is None else min(upto, lowest)
        firsts = self._segments.firsts()
        return [(first, after - 1) for first, after in itertools.pairwise(firsts) if after - 1 <= upto]

    def _remove(self, firsts: Sequence[int]) -> None:
        """Oldest first, so that what stays is always without a hole."""
        self._segments.drop(firsts)
        for first in firsts:
            remove(segment_file(self._folder, first))
        sync_folder(self._folder)


def _index(folder: Path) -> Index:
    """Raises Misconfigured, sqlite3.Error."""
    file = folder / INDEX_FILE
    if not file.exists():
        new = folder / f"{INDEX_FILE}.new"
        remove(new)
        create_index(new)
        new.rename(file)
        sync_folder(folder)
    with contextlib.closing(reading(file)) as connection:
        owner, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS_OF_A_FILE)
    if owner != APPLICATION_ID:
        raise _unusable(folder, f"{INDEX_FILE} is another program's database")
    if version != FORMAT:
        raise Misconfigured(
            f"the journal in {folder} has format {version}, this version reads {FORMAT}",
            code="JOURNAL_FORMAT",
            hint="start the version that wrote it, or give another data directory",
        )
    return Index.open(folder)


def _remove_leftovers(folder: Path, index: Index) -> None:
    """Of a run that was killed: a segment made ready, and those that it was about to remove."""
    remove(folder / SPARE)
    firsts = segments_in(folder)
    for first, after in itertools.pairwise(firsts):
        if after - 1 <= index.removed_upto:
            remove(segment_file(folder, first))


def _unusable(folder: Path, why: str) -> Misconfigured:
    return Misconfigured(
        f"the journal in {folder} cannot be used: {why}",
        code="JOURNAL_UNUSABLE",
        hint="give a data directory that this user may write, or move the folder aside",
    )
