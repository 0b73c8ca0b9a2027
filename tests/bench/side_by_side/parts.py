"""A process beside the bench that does one thing: it is asked in lines of JSON and answers each with one.

So publisher and clients have their processor time to themselves, and the bench can say whose the rest is.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from tests.e2e.processes import REPO

_ANSWER_SECONDS = 90


class Part:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    async def ask(self, what: str, given: Any = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, given]).encode() + b"\n")
        answer = await asyncio.wait_for(self._process.stdout.readline(), _ANSWER_SECONDS)
        assert answer, f"{what} was not answered: the process has ended"
        return json.loads(answer)


@contextlib.asynccontextmanager
async def part(module: str, *arguments: str) -> AsyncIterator[Part]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        cwd=REPO,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    try:
        yield Part(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def answer(found: Any) -> None:
    """Of the part's own side."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
