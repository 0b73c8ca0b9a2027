"""Whether a client is still there while its request is carried out: an answer that nobody waits for is not made.

Nobody looks in the first moments, in which nearly all requests are done: a look costs a task.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

Result = TypeVar("Result")
_FIRST_LOOK_SECONDS = 0.1


class ClientGone(Exception):
    """It has closed its connection; what was done for it is cancelled."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """`receive` is that of a request whose body has been read. Raises ClientGone."""
    here = asyncio.current_task()
    assert here is not None
    loop = asyncio.get_running_loop()
    before, gone = here.cancelling(), False
    watching: asyncio.Task[None] | None = None

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        here.cancel()

    def look() -> None:
        nonlocal watching
        watching = loop.create_task(watch())

    handle = loop.call_later(_FIRST_LOOK_SECONDS, look)
    try:
        return await work
    except asyncio.CancelledError:
        if gone and here.uncancel() <= before:
            raise ClientGone from None
        raise
    finally:
        handle.cancel()
        if watching is not None:
            watching.cancel()
