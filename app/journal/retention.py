"""Which states of the past are kept, so that the journal can be run again from there: for replays and dry runs.

A start is a sequence whose state is there: an older snapshot, or the beginning of a journal that lost nothing yet.
Compaction keeps every record behind the oldest start, and nothing else needs them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.model.time import Micros

_PARTS = 4
"""Into so many parts the time that is kept is cut by starts; a snapshot of a large plant is large too."""


@dataclass(frozen=True, slots=True)
class Retention:
    """`time`: how far back a replay may begin. `size`: of the records; past it the oldest start goes, each time a
    snapshot is taken."""

    time: Micros = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    sequence: int
    at: Micros
    """Of the first record behind it."""


def kept(starts: Sequence[Start], now: Micros, size: int, retention: Retention) -> list[Start]:
    """Of the starts, oldest first and the newest snapshot among them as the last, those that are kept."""
    wanted = list(starts)
    while len(wanted) > 1 and wanted[1].at <= now - retention.time:
        del wanted[0]
    if len(wanted) > 1 and size > retention.size:
        del wanted[0]
    spaced = wanted[:1]
    for start in wanted[1:-1]:
        if start.at - spaced[-1].at >= retention.time // _PARTS:
            spaced.append(start)
    return spaced + wanted[1:][-1:]
