"""`twin-overlay replay`: what a server's journal holds, run through a fresh engine and compared byte for byte.

It reads the folder of a running server as well as of a stopped one, and changes nothing in it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from app.engine.engine import Engine
from app.journal.codec import encoded
from app.journal.reading import JournalReader
from app.model.events import Entry, Input, Outcome
from app.model.time import Micros, iso

_TOLD_EVERY = 10_000
_MOST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """The first entry that came out differently; without `decided` the folded state differs at the end."""

    entry: Entry
    decided: Outcome | None


@dataclass(frozen=True, slots=True)
class Replayed:
    first: int
    last: int
    began: Micros | None
    ended: Micros | None
    difference: Difference | None = None

    @property
    def entries(self) -> int:
        return max(0, self.last - self.first + 1)

    def render(self) -> str:
        if not self.entries:
            return "the journal has no entries behind its oldest state: nothing to replay"
        span = f"entries {self.first} to {self.last}, from {iso(self.began or 0)} to {iso(self.ended or 0)}"
        if self.difference is None:
            return f"replayed {self.entries} {span}: every outcome is equal byte for byte, and so is the state"
        return f"replayed {span}\n{_told(self.difference)}"


def verify(folder: Path, say: Callable[[str], None]) -> Replayed:
    """From the oldest state that is kept to the end, or to the first difference. Raises what JournalReader does, and
    Unavailable (SNAPSHOT_UNREADABLE) for a snapshot of another version."""
    reader = JournalReader.open(folder)
    try:
        start = reader.starts()[0]
        state = reader.state(start)
        deciding, folding = Engine(), Engine()
        for engine in (deciding, folding):
            if state is not None:
                engine.restore(state)
        last, began, ended = start, reader.began(start), None
        entry: Entry | None = None
        for recorded in reader.entries(start):
            entry = recorded.entry
            last, ended = entry.sequence, entry.now
            decided = deciding.decide(entry.input, entry.now)
            deciding.live.sequence = entry.sequence
            if encoded(decided) != recorded.outcome:
                return Replayed(start + 1, last, began, ended, Difference(entry, decided))
            folding.fold(entry)
            if (last - start) % _TOLD_EVERY == 0:
                say(f"{last - start} entries are equal")
        difference = None
        if entry is not None and deciding.state_digest() != folding.state_digest():
            difference = Difference(entry, None)
        return Replayed(start + 1, last, began, ended, difference)
    finally:
        reader.close()


def summary(folder: Path) -> str:
    """What could be replayed, without doing it."""
    reader = JournalReader.open(folder)
    try:
        start, last = reader.starts()[0], reader.last()
        began = reader.began(start)
        if began is None:
            return "the journal has no entries behind its oldest state"
        return f"{last - start} entries can be replayed, {start + 1} to {last}, from {iso(began)} on"
    finally:
        reader.close()


def _told(difference: Difference) -> str:
    entry = difference.entry
    if difference.decided is None:
        return (
            f"every outcome is equal, but folding them gives another state than deciding them: entry {entry.sequence}"
            " is the last one"
        )
    lines = [
        f"entry {entry.sequence} of {iso(entry.now)} came out differently",
        f"input:    {_shown(entry.input)}",
    ]
    recorded, decided = msgspec.to_builtins(entry.outcome), msgspec.to_builtins(difference.decided)
    for part in (*recorded, *(name for name in decided if name not in recorded)):
        before, after = recorded.get(part), decided.get(part)
        if before != after:
            lines += [f"recorded {part}: {_shown(before)}", f"decided  {part}: {_shown(after)}"]
    return "\n".join(lines)


def _shown(value: Input | Any) -> str:
    text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
