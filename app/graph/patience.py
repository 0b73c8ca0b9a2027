"""How long one answer of the graph may take, before the connection counts as dead.

A connection can fall silent without being closed (a firewall forgot it, the other machine was switched off), and then
the driver waits for ever. It is the time without any answer that is bounded, not the whole of the work: a definition
change of many statements may take minutes as long as each of them answers.
"""

import asyncio
from types import TracebackType


class Patience:
    """An `async with` that raises TimeoutError where nothing was `answered` for so long; one use each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> "Patience":
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._timeout.__aexit__(kind, error, trace)

    def answered(self) -> None:
        """From here on it may take as long again. Does nothing once the time is up."""
        if not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self.seconds)
