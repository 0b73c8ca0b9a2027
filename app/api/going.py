"""The end of serving, as clients see it: not ready, and every socket closed with the reason.

A subscription that is cut off by this is not completed: `complete` would tell the client that there is nothing more to
come, and it would not subscribe again. The socket is closed with a code on which clients connect anew.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

CODE = 1001
"""Going away (RFC 6455)."""
REASON = "the server is going down"
_CLOSE_SECONDS = 1.0
Close = Callable[[int, str], Awaitable[None]]


class Going:
    """One per server; `hurry` is set once nobody is to be waited for any more."""

    def __init__(self) -> None:
        self.down = False
        self.hurry = asyncio.Event()
        self._sockets: set[Close] = set()

    def opened(self, close: Close) -> None:
        self._sockets.add(close)

    def closed(self, close: Close) -> None:
        self._sockets.discard(close)

    async def close_sockets(self) -> int:
        """Of how many clients. One that does not read is not waited for."""
        closing = list(self._sockets)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await asyncio.gather(*(close(CODE, REASON) for close in closing), return_exceptions=True)
        return len(closing)
