"""Long work, done so that the loop goes on deciding: on a thread, or a little at a time.

Whatever is decided passes the loop several times on its way, so a turn that is taken from it is paid several times
over: turns are short, and who has had one gives way for as many passes as a reading takes. A thread takes the
interpreter away for as long as `sys.getswitchinterval` says, at each return from a call to the system, which the server
shortens for that reason (serve.py); so a thread is for what waits, or for what can't be done in turns.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import ParamSpec, TypeVar

FEW = 5_000
"""Edges or rows: what so few take is a few milliseconds, and a thread would take longer to begin."""
_TURN_SECONDS = 0.0005
_PASSES = 12
"""Of the loop: with nothing else to do they take a tenth of a turn together."""
_LONGEST_SECONDS = 10.0
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Item = TypeVar("Item")


async def elsewhere(size: int, work: Callable[Asked, Answer], *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
    """On a thread where there is much to do, of which `size` is the measure."""
    if size > FEW:
        return await asyncio.to_thread(work, *args, **kwargs)
    return work(*args, **kwargs)


async def give_way() -> None:
    """After some 2 ms of work at the most: whatever waits for the loop goes on, as far as it gets without waiting for
    anything else."""
    _looks.go_on()
    for _ in range(_PASSES):
        await asyncio.sleep(0)


async def in_turns(work: Iterator[Item]) -> None:
    """All of it, with what else there is to do in between."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _TURN_SECONDS
    for _ in work:
        if loop.time() > until:
            await give_way()
            until = loop.time() + _TURN_SECONDS


class _Looks:
    """The collector's, while long work is done."""

    def __init__(self) -> None:
        self._works = 0
        self._stopped_at: float | None = None

    def begin(self) -> None:
        self._works += 1
        if self._works == 1 and gc.isenabled():
            gc.disable()
            self._stopped_at = monotonic()

    def go_on(self) -> None:
        if self._stopped_at is not None and monotonic() - self._stopped_at > _LONGEST_SECONDS:
            self._allow()

    def end(self) -> None:
        self._works -= 1
        if not self._works:
            self._allow()

    def _allow(self) -> None:
        if self._stopped_at is not None:
            self._stopped_at = None
            gc.enable()


_looks = _Looks()


@contextmanager
def unlooked() -> Iterator[None]:
    """Without looks for garbage meanwhile, for 10 s at the most. Long work makes a hundred thousand objects that all go
    by themselves at its end; looking through them for those that would not stops the loop, some 70 ms at a time."""
    _looks.begin()
    try:
        yield
    finally:
        _looks.end()
