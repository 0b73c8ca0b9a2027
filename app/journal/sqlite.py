"""What happened, in order, in one SQLite file a segment: durable when `append` returns, readable from any point kept.

Sequence numbers never repeat, not even once every record has been compacted away: the newest segment stays, and its
name is the number that comes next. (They do where the end of its log was cut off past all that cursors and snapshot
have seen: nothing tells of those records then.) `begun_after` says that a journal began in the middle (behind an older
graph) and has lost nothing; `removed_upto` says what compaction took, and reading from before it is an error.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace

from app.errors import Conflict, Unavailable
from app.journal.codec import damaged, decode, encode
from app.journal.committing import CommitThread, closed
from app.journal.index import Index
from app.journal.lock import FolderLock
from app.journal.mounts import MOUNTS, refuse_network
from app.journal.opening import opened, unusable
from app.journal.retention import Retention, Start, kept
from app.journal.segment import UNREADABLE, remove, segment_file
from app.journal.segments import SegmentMissing, Segments
from app.journal.snapshot import drop_former, former_snapshots, read_snapshot, sync_folder, write_snapshot
from app.journal.space import DiskSpace, SpaceSize, disk_full
from app.journal.tail import SegmentSize, Tail, settle
from app.model.events import Entry, Input, Outcome
from app.model.gap import Gap
from app.model.space import Space
from app.model.time import Micros

log = logging.getLogger("twin_overlay.journal")


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
        space: DiskSpace,
        *,
        accepts_gap: bool,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._keep = keep
        self._retention = retention
        self._index = index
        self._segments = segments
        self._space = space
        self._writing_snapshot = threading.Lock()
        self.accepts_gap = accepts_gap
        self._closed = False
        self._last = tail.last
        tail.began = self._began
        self._thread = CommitThread(tail, index, space, str(folder), self._committed)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        cursors: Sequence[str] = ("graph",),
        keep: int = 1000,
        retention: Retention = Retention(),  # noqa: B008 - it is frozen
        segment: SegmentSize = SegmentSize(),  # noqa: B008 - it is frozen
        space: SpaceSize = SpaceSize(),  # noqa: B008 - it is frozen
        accept_gap: bool = False,
        thorough: bool = False,
        mounts: Path = MOUNTS,
    ) -> "SqliteJournal":
        """Open or create the journal in `folder` and hold its lock until `close`. `cursors` are the readers to wait
        for from the first record on; `keep` is how many of the last records compaction leaves in any case, and
        `retention` for how long more it leaves what a replay needs. With `accept_gap` a journal that lacks records
        which are still needed goes on without them. Records that only a replay needs are read when `thorough` alone.

        `mounts` says on which file system the folder is.

        Raises Misconfigured: JOURNAL_ON_NETWORK, JOURNAL_IN_USE, JOURNAL_DAMAGED, JOURNAL_FORMAT (another version's),
        JOURNAL_UNUSABLE (not a journal, or not writable); Unavailable (DISK_FULL) where not even the reserve helps."""
        refuse_network(folder, mounts)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(folder, error.strerror or "cannot be created") from error
        with contextlib.ExitStack() as undo:
            lock = FolderLock.take(folder)
            undo.callback(lock.release)
            disk = DiskSpace(folder, space)
            try:
                try:
                    index, last = opened(folder, cursors, accept_gap=accept_gap, thorough=thorough)
                except (OSError, sqlite3.Error) as error:
                    if not (disk.means_full(error) and disk.give()):
                        raise
                    index, last = opened(folder, cursors, accept_gap=accept_gap, thorough=thorough)
                undo.callback(index.close)
                segments = Segments(folder)
                undo.callback(segments.close)
                tail = Tail(folder, segment, last)
                undo.callback(tail.close)
                for first in segments.firsts():
                    settle(segment_file(folder, first))
                journal = cls(folder, lock, keep, retention, index, segments, tail, disk, accepts_gap=accept_gap)
                if not disk.fill():
                    log.error("DISK FULL under %s: there is no space for the reserve, no readings are taken", folder)
            except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
                if disk.means_full(error):
                    raise disk_full(Space(str(folder), "none", disk.free())) from error
                raise unusable(folder, getattr(error, "strerror", "") or str(error)) from error
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

    @property
    def full(self) -> bool:
        """Only what must not wait may be appended."""
        return self._space.full

    def space(self) -> Space:
        return self._space.space()

    def read(self, after: int, limit: int = 1000) -> list[Entry]:
        """Safe to call from any thread. Raises Unavailable: JOURNAL_COMPACTED, JOURNAL_DAMAGED naming the record;
        Misconfigured (JOURNAL_FORMAT) for a record of another version."""
        if self._closed:
            raise closed(str(self._folder))
        try:
            rows = self._segments.rows(after, limit)
        except (*UNREADABLE, SegmentMissing) as error:
            self._check_kept(after)
            raise damaged(after + 1, str(error)) from error
        self._check_kept(after)
        self._check_whole(after, [row[0] for row in rows])
        return [decode(*row) for row in rows]

    def gaps(self) -> list[Gap]:
        return self._index.gaps()

    async def noted(self) -> None:
        """The audit has all of them."""

        def note(index: Index) -> None:
            index.set_gaps([replace(gap, noted=True) for gap in index.gaps()])

        await self._thread.change(note)

    async def lose(self, upto: int, why: str) -> None:
        """Go on behind `upto`: there were records up to it, and this journal does not have them."""
        await self._thread.lose(upto, why)
        self._last = upto

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

    async def save_snapshot(self, sequence: int, state: bytes | bytearray) -> None:
        """Replace the snapshot, then remove the segments that neither it nor a cursor nor `keep` needs. Raises
        Unavailable (SNAPSHOT_FAILED; the former one then still stands)."""
        oldest = await asyncio.to_thread(self._replace_snapshot, sequence, state)
        behind = self._behind(min(oldest, self._last - self._keep))
        if behind:
            await self._thread.change(lambda index: index.removed(behind[-1][1]))
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

    def _check_whole(self, after: int, sequences: Sequence[int]) -> None:
        """Steps over what a person said is to be gone on without, and over nothing else."""
        expected = max(after, self._index.begun_after) + 1
        for sequence in sequences:
            while sequence != expected:
                gap = next((gap for gap in self._index.gaps() if gap.first <= expected <= gap.last), None)
                if gap is None or not gap.accepted:
                    raise damaged(expected, gap.why if gap is not None else "it is missing")
                expected = gap.last + 1
            expected += 1

    def _replace_snapshot(self, sequence: int, state: bytes | bytearray) -> int:
        """Drops the starts that are not kept; the sequence of the oldest one that is."""
        with self._writing_snapshot:
            if self._closed:
                raise closed(str(self._folder))
            try:
                self._space.check(len(state), "a snapshot")
            except Unavailable as error:
                raise Unavailable(error.message, code="SNAPSHOT_FAILED", hint=error.hint) from error
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
        except (*UNREADABLE, SegmentMissing) as error:
            raise damaged(sequence + 1, str(error)) from error

    def _behind(self, upto: int) -> list[tuple[int, int]]:
        """First and last of the segments that nobody needs, when nobody needs anything up to there."""
        lowest = self._index.lowest_cursor()
        upto = upto if lowest is None else min(upto, lowest)
        firsts = self._segments.firsts()
        return [(first, after - 1) for first, after in pairwise(firsts) if after - 1 <= upto]

    def _remove(self, firsts: Sequence[int]) -> None:
        """Oldest first, so that what stays is always without a hole."""
        self._segments.drop(firsts)
        for first in firsts:
            remove(segment_file(self._folder, first))
        sync_folder(self._folder)
