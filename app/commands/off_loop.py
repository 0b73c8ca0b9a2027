"""Long work, done so that the loop goes on deciding: on a thread, or a little at a time.

Whatever is decided passes the loop several times on its way, so a turn that is taken from it is paid several times
over: turns are short. A thread takes the interpreter away for as long as `sys.getswitchinterval` says, which the server
shortens for that reason (serve.py).
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

FEW = 5_000
"""Edges or rows: what so few take is a few milliseconds, and a thread would take longer to begin."""
_TURN_SECONDS = 0.001
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Item = TypeVar("Item")


async def elsewhere(size: int, work: Callable[Asked, Answer], *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
    """On a thread where there is much to do, of which `size` is the measure."""
    if size > FEW:
        return await asyncio.to_thread(work, *args, **kwargs)
    return work(*args, **kwargs)


async def in_turns(work: Iterator[Item]) -> None:
    """All of it, with what else there is to do in between."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _TURN_SECONDS
    for _ in work:
        if loop.time() > until:
            await asyncio.sleep(0)
            until = loop.time() + _TURN_SECONDS
