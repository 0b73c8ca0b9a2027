"""A server that kills itself (SIGKILL) right before or right after the first AttemptCall is committed.

Usage: python -m tests.e2e.dying_server before|after <options of serve>. The journal is the real one behind its port.
"""

import argparse
import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.main import open_journal
from app.model.events import AttemptCall, Entry, Input, Outcome
from app.model.gap import Gap
from app.model.space import Space
from app.model.time import Micros
from app.ports import Journal
from app.serve import serve
from app.settings import Settings, load_settings


class DyingJournal:
    """The real journal, until an AttemptCall comes."""

    def __init__(self, journal: Journal, when: str) -> None:
        self._journal = journal
        self._when = when

    @property
    def last_sequence(self) -> int:
        return self._journal.last_sequence

    async def append(self, entries: Sequence[tuple[Micros, Input, Outcome]]) -> int:
        fatal = any(isinstance(input, AttemptCall) for _, input, _ in entries)
        if fatal and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        sequence = await self._journal.append(entries)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return sequence

    async def start_after(self, sequence: int) -> None:
        await self._journal.start_after(sequence)

    def read(self, after: int, limit: int = 1000) -> list[Entry]:
        return self._journal.read(after, limit)

    def cursor(self, name: str) -> int:
        return self._journal.cursor(name)

    def cursors(self) -> Mapping[str, int]:
        return self._journal.cursors()

    async def advance(self, name: str, sequence: int) -> None:
        await self._journal.advance(name, sequence)

    async def drop(self, name: str) -> None:
        await self._journal.drop(name)

    @property
    def full(self) -> bool:
        return self._journal.full

    def space(self) -> Space:
        return self._journal.space()

    @property
    def accepts_gap(self) -> bool:
        return self._journal.accepts_gap

    def gaps(self) -> Sequence[Gap]:
        return self._journal.gaps()

    async def noted(self) -> None:
        await self._journal.noted()

    async def lose(self, upto: int, why: str) -> None:
        await self._journal.lose(upto, why)

    async def save_snapshot(self, sequence: int, state: bytes | bytearray) -> None:
        await self._journal.save_snapshot(sequence, state)

    def snapshot(self) -> tuple[int, bytes] | None:
        return self._journal.snapshot()

    async def close(self) -> None:
        await self._journal.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("when", choices=["before", "after"])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--exit-with-parent", action="store_true")
    given = parser.parse_args()
    settings = load_settings(data_dir=given.data_dir, server={"port": given.port})

    def dying(settings: Settings) -> Journal:
        return DyingJournal(open_journal(settings), given.when)

    asyncio.run(serve(settings, exit_with_parent=given.exit_with_parent, journal_of=dying))


if __name__ == "__main__":
    main()
