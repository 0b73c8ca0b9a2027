"""When a behavior last turned before a moment, and on what: looked for in the records, newest first.

A server goes on writing them meanwhile, so this reads with connections of its own. SQLite looks for the bytes that a
behavior's key has wherever a record tells of it; only records that have them are decoded, so a day of a busy plant
is looked through in seconds, off the interpreter's lock.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.errors import NotFound, Unavailable
from app.journal.codec import damaged, decode
from app.journal.index import INDEX_FILE, known_in
from app.journal.segment import reading, segment_file, segments_in
from app.model.events import BehaviorChanged, Call, Entry
from app.model.plan import BehaviorKey
from app.model.time import Micros, iso

_STEPS = 10_000
"""SQLite's instructions between two looks at the time."""
# Up to the first record behind the moment: it may tell of readings that were received before that and decided late.
_FOUND = """
SELECT sequence, now, crc, body FROM entries
WHERE sequence <= coalesce((SELECT sequence FROM entries WHERE now > ?1 ORDER BY sequence LIMIT 1), 9223372036854775807)
  AND instr(body, ?2) > 0
ORDER BY sequence DESC
"""


@dataclass(frozen=True, slots=True)
class Turned:
    fact: BehaviorChanged
    calls: tuple[Call, ...]
    """What the behavior decided with it."""


def last_turn(folder: Path, key: BehaviorKey, until: Micros, seconds: float) -> Turned | None:
    """The last one up to that moment; None where it had not turned by then. Raises NotFound (HISTORY_NOT_KEPT) where
    the journal no longer has it, Unavailable (HISTORY_TOO_LONG, JOURNAL_DAMAGED), Misconfigured (JOURNAL_FORMAT)."""
    ends = time.monotonic() + seconds
    wanted = msgspec.msgpack.encode(key)
    for first in reversed(segments_in(folder)):
        for entry in _told(segment_file(folder, first), until, wanted, ends):
            for fact in reversed(entry.outcome.behaviors):
                if fact.key == key and fact.at <= until and _is_turn(fact):
                    decided = (change.call for change in entry.outcome.calls if change.at == fact.at)
                    calls = {call.call_id: call for call in decided if call.behavior == key and fact.actions}
                    return Turned(fact, tuple(calls.values()))
    _check_whole(folder, key, until)
    return None


def _is_turn(fact: BehaviorChanged) -> bool:
    """Others tell of actions that waited, or of a part that came to its end, with the behavior as it was."""
    return not fact.part and (fact.state != fact.was or fact.fired or not fact.actions)


def _told(file: Path, until: Micros, wanted: bytes, ends: float) -> Iterator[Entry]:
    """Records that may tell of it, newest first."""
    sequence = 0
    try:
        with contextlib.closing(reading(file)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
            for sequence, now, crc, body in connection.execute(_FOUND, (until, wanted)):
                yield decode(sequence, now, crc, body)
    except sqlite3.OperationalError as error:
        if time.monotonic() > ends:
            raise Unavailable(
                "the journal is too long to be looked through for it at once",
                code="HISTORY_TOO_LONG",
                hint="ask for a later moment, or again when less is going on",
            ) from error
        if file.exists():
            raise damaged(sequence, str(error)) from error
        return  # compaction has taken it meanwhile
    except sqlite3.DatabaseError as error:
        raise damaged(sequence, str(error)) from error


def _check_whole(folder: Path, key: BehaviorKey, until: Micros) -> None:
    with contextlib.closing(reading(folder / INDEX_FILE)) as connection:
        known, _ = known_in(connection)
    if not known.base and not known.gaps:
        return
    reached = ""
    for first in segments_in(folder)[:1]:
        with contextlib.closing(reading(segment_file(folder, first))) as connection:
            row = connection.execute("SELECT now FROM entries ORDER BY sequence LIMIT 1").fetchone()
        reached = f", which reaches back to {iso(row[0])}" if row is not None else ""
    raise NotFound(
        f"how behavior '{key.name}' of {key.owner.kind} '{key.owner.id}' stood at {iso(until)} is no longer in the"
        f" journal{reached}",
        code="HISTORY_NOT_KEPT",
        hint="ask for a later moment; TWIN_OVERLAY_JOURNAL__KEEP_HOURS and KEEP_MB keep more from now on",
    )
