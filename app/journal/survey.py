"""What a journal's folder holds, looked through without changing it: which records are sound, and which are gone.

SQLite notices much of what can happen to a file, and not all: a flipped bit in a record is content to it, a write-ahead
log that was cut is a shorter log, a file that was taken away is no error. So every record's own checksum is compared,
and what is there is held against what must be there by the segments' names and the index.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from app.errors import Unavailable
from app.journal.codec import FORMAT, checksum
from app.journal.index import INDEX_FILE, Known, known_in
from app.journal.segment import APPLICATION_ID, UNREADABLE, segment_file, segments_in, still
from app.journal.segments import Row
from app.journal.snapshot import former_snapshots, read_snapshot
from app.model.gap import Gap, Range, holes

_FAR = 2**62
_ENDS = ("min", "max")
"""Asked for one at a time: both in one statement have SQLite read every row."""
_BEYOND = 10_000
"""How many numbers are asked for one by one where a file can't even say which is its last."""


@dataclass(frozen=True, slots=True)
class Look:
    """At one segment. `faults` says what is wrong with the file; records may be missing from a file without any."""

    first: int
    present: tuple[Range, ...]
    faults: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        return self.present[-1][1] if self.present else self.first - 1


@dataclass(slots=True)
class Survey:
    folder: Path
    known: Known
    index_faults: list[str] = field(default_factory=list)
    foreign: str = ""
    """Why this is no journal."""
    version: int = FORMAT
    """Of the format that it has."""
    looks: list[Look] = field(default_factory=list)
    snapshot: int | None = None
    """Where a start begins to fold: at the newest snapshot that can be read, else at the beginning; None where nothing
    of both is there any more."""
    snapshot_faults: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    """That nobody knew of."""
    unbegun: list[int] = field(default_factory=list)
    """Segments that could not begin and hold nothing, while the one before went on with their numbers."""

    @property
    def damaged(self) -> list[Look]:
        return [look for look in self.looks if look.faults]

    @property
    def last(self) -> int:
        """The highest number that was given out, as far as can be told."""
        found = [look.last for look in self.looks]
        return max(self.known.reached, self.known.base, self.snapshot or 0, *found, 0)

    def sound(self) -> bool:
        return not (self.index_faults or self.damaged or self.snapshot_faults or self.gaps)

    def faults(self) -> list[tuple[str, str]]:
        """(file, what is wrong with it)."""
        found = [(INDEX_FILE, fault) for fault in self.index_faults]
        found += [("snapshot", fault) for fault in self.snapshot_faults]
        for look in self.damaged:
            found += [(segment_file(self.folder, look.first).name, fault) for fault in look.faults]
        return found


def survey(folder: Path, *, thorough: bool = False) -> Survey:
    """Of a folder whose lock is held. Records that the snapshot or a cursor still needs are read one by one; of older
    ones, which only a replay reads, the first and the last of each segment are looked for, unless `thorough`."""
    found = _index(folder)
    firsts = segments_in(folder)
    if found.foreign or found.version != FORMAT:
        return found
    found.unbegun = unbegun(folder, firsts)
    firsts = [first for first in firsts if first not in found.unbegun]
    if found.index_faults and firsts:
        # What came before the oldest was compacted, for all that can be told.
        base = max(found.known.base, firsts[0] - 1)
        found.known.marks.update(removed_upto=base, newest=max(found.known.marks["newest"], firsts[-1]))
    _snapshots(found)
    needed = -1 if thorough or found.index_faults else min([found.snapshot or 0, *found.known.cursors.values()])
    for first, after in pairwise([*firsts, None]):
        assert first is not None
        if after is None or after - 1 > found.known.base:
            found.looks.append(look(segment_file(folder, first), first, after, needed))
    found.gaps = _gaps(found)
    found.looks = [_lacking(found, look, after) for look, after in pairwise([*found.looks, None]) if look is not None]
    return found


def unbegun(folder: Path, firsts: Sequence[int]) -> list[int]:
    """An empty segment is one only where the one before it has its first number: else what was in it may be lost."""
    found: list[int] = []
    before: int | None = None
    for first in firsts:
        with contextlib.suppress(*UNREADABLE):  # told by who looks at it
            if (
                before is not None
                and not _has(segment_file(folder, first), "true", ())
                and _has(segment_file(folder, before), "sequence = ?", (first,))
            ):
                found.append(first)
                continue
        before = first
    return found


def _has(file: Path, which: str, values: tuple[int, ...]) -> bool:
    with contextlib.closing(still(file)) as connection:
        return connection.execute(f"SELECT 1 FROM entries WHERE {which} LIMIT 1", values).fetchone() is not None


def look(file: Path, first: int, after: int | None, needed: int) -> Look:
    """At one segment, the next of which begins with `after`."""
    top = _FAR if after is None else after - 1
    present: list[Range] = []
    faults: list[str] = []
    try:
        if file.stat().st_size == 0:
            return Look(first, (), ("the file is empty",))
        with contextlib.closing(still(file)) as connection:
            owner, version = owner_and_version(connection)
            if owner != APPLICATION_ID:
                faults.append("it is marked as another program's")
            elif version != FORMAT:
                faults.append(f"it is marked as of format {version}")
            begin = first - 1
            with contextlib.suppress(*UNREADABLE):  # then all of it is read
                lowest, highest = (
                    connection.execute(f"SELECT {end}(sequence) FROM entries").fetchone()[0] for end in _ENDS
                )
                if lowest is not None and lowest >= first and min(needed, highest, top) >= lowest:
                    begin = min(needed, highest, top)
                    present.append((lowest, begin))
            for sequence, *_ in sound_rows(connection, begin, top, faults.append):
                if present and present[-1][1] == sequence - 1:
                    present[-1] = (present[-1][0], sequence)
                else:
                    present.append((sequence, sequence))
    except UNREADABLE as error:
        faults.append(str(error))
    except OSError as error:
        faults.append(error.strerror or "it cannot be read")
    return Look(first, tuple(present), tuple(dict.fromkeys(faults)))


def sound_rows(connection: sqlite3.Connection, after: int, upto: int, fault: Callable[[str], None]) -> Iterator[Row]:
    """Those whose checksum is right, in order, around whatever can't be read."""
    rows = "SELECT sequence, now, crc, body FROM entries WHERE sequence"
    reached = after
    try:
        for row in connection.execute(f"{rows} > ? AND sequence <= ? ORDER BY sequence", (after, upto)):
            reached = row[0]
            if _sound(row):
                yield row
            else:
                fault(f"the checksum of record {row[0]} is wrong")
    except UNREADABLE as error:
        fault(str(error))
    else:
        return
    behind: list[Row] = []
    with contextlib.suppress(*UNREADABLE):
        # What came before the error stays in the list.
        behind.extend(connection.execute(f"{rows} > ? AND sequence <= ? ORDER BY sequence DESC", (reached, upto)))
    top = behind[-1][0] if behind else min(upto, reached + _BEYOND) + 1
    for sequence in range(reached + 1, top):
        with contextlib.suppress(*UNREADABLE):
            row = connection.execute(f"{rows} = ?", (sequence,)).fetchone()
            if row is not None and _sound(row):
                yield row
    for row in reversed(behind):
        if _sound(row):
            yield row
        else:
            fault(f"the checksum of record {row[0]} is wrong")


def _sound(row: Row) -> bool:
    sequence, now, crc, body = row
    right = type(sequence) is int and type(now) is int and type(body) is bytes
    return right and checksum(sequence, now, body) == crc


def owner_and_version(connection: sqlite3.Connection) -> tuple[int, int]:
    owner, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    return owner, version


def _index(folder: Path) -> Survey:
    file, found = folder / INDEX_FILE, Survey(folder, Known())
    firsts = segments_in(folder)
    if not file.exists():
        if firsts:
            found.index_faults.append("the file is missing")
        return found
    ours = any(_is_ours(segment_file(folder, first)) for first in firsts)
    try:
        with contextlib.closing(still(file)) as connection:
            owner, version = owner_and_version(connection)
            if owner != APPLICATION_ID and not ours:
                found.foreign = f"{INDEX_FILE} is another program's database"
                return found
            if version != FORMAT and not ours:
                found.version = version
                return found
            if (owner, version) != (APPLICATION_ID, FORMAT):
                found.index_faults.append("it is marked as another's, while the segments are ours")
            found.known, faults = known_in(connection)
            found.index_faults += faults
            found.index_faults += [row[0] for row in connection.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
    except (*UNREADABLE, OSError) as error:
        if not ours:
            found.foreign = f"{INDEX_FILE}: {error}"
            return found
        found.index_faults.append(str(error))
    found.index_faults = list(dict.fromkeys(found.index_faults))
    return found


def _is_ours(file: Path) -> bool:
    try:
        with contextlib.closing(still(file)) as connection:
            return owner_and_version(connection) == (APPLICATION_ID, FORMAT)
    except UNREADABLE:
        return False


def _snapshots(found: Survey) -> None:
    removed_upto, former = found.known.marks["removed_upto"], former_snapshots(found.folder)
    for sequence in (None, *reversed(former)):
        try:
            state = read_snapshot(found.folder, sequence)
        except Unavailable as error:
            found.snapshot_faults.append(error.message)
            continue
        if state is not None and state[0] >= found.known.base:
            found.snapshot = state[0]
            return
        if state is None and (former or removed_upto):
            found.snapshot_faults.append("the snapshot is missing")
    if not removed_upto:
        found.snapshot = found.known.base


def _gaps(found: Survey) -> list[Gap]:
    present = [*(rows for look in found.looks for rows in look.present)]
    present += [(gap.first, gap.last) for gap in found.known.gaps]
    return [
        Gap(first, last, _why(found, first, last)) for first, last in holes(present, found.known.base + 1, found.last)
    ]


def _lacking(found: Survey, look: Look, after: Look | None) -> Look:
    """SQLite may find nothing wrong with a page of zeros: a file that lacks records is looked at as a whole, and is
    damaged too where there are records behind those that it lacks."""
    last = found.last if after is None else after.first - 1
    lacks = [gap for gap in found.gaps if gap.first <= last and gap.last >= look.first]
    if look.faults or not lacks:
        return look
    faults = [gap.records for gap in lacks if gap.first <= look.last or after is not None]
    faults = [f"it lacks {records}" for records in faults]
    try:
        with contextlib.closing(still(segment_file(found.folder, look.first))) as connection:
            faults += [row[0] for row in connection.execute("PRAGMA quick_check(3)") if row[0] != "ok"]
    except UNREADABLE as error:
        faults.append(str(error))
    return Look(look.first, look.present, tuple(faults))


def _why(found: Survey, first: int, last: int) -> str:
    for look, after in pairwise([*found.looks, None]):
        assert look is not None
        if look.faults and look.first <= last and (after is None or first < after.first):
            return f"{segment_file(found.folder, look.first).name}: {look.faults[0]}"
    if found.looks and last < found.looks[-1].first:
        return "no file has them"
    return "the journal ends before them"
