"""How long an operation may take. A query is cancelled, and with it the transaction that the graph runs for it.

A mutation never is, whatever its client does: what it changes must be whole, in memory, journal and graph alike. It
goes on to its end, and only its answer is not waited for any longer.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from app.errors import Unavailable

log = logging.getLogger("twin_overlay.api")

Result = TypeVar("Result")
_going_on: set[asyncio.Task[Any]] = set()


async def within(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """Raises Unavailable (TIMED_OUT)."""
    here = asyncio.current_task()
    assert here is not None
    before, over = here.cancelling(), False

    def end() -> None:
        nonlocal over
        over = True
        here.cancel()

    handle = asyncio.get_running_loop().call_later(seconds, end)  # a third of what asyncio.timeout costs
    try:
        return await work
    except asyncio.CancelledError:
        if over and here.uncancel() <= before:
            raise Unavailable(
                f"the query took longer than {seconds:g} s and was ended",
                code="TIMED_OUT",
                hint="ask for less at a time, or raise TWIN_OVERLAY_GRAPHQL__TIMEOUT_SECONDS",
            ) from None
        raise
    finally:
        handle.cancel()


async def to_its_end(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """Goes on where whoever waits is cancelled. Raises Unavailable (TIMED_OUT)."""
    task = asyncio.ensure_future(work)
    _going_on.add(task)
    task.add_done_callback(_ended)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()
    raise Unavailable(
        f"the mutation has taken longer than {seconds:g} s and goes on",
        code="TIMED_OUT",
        hint="auditLog says what came of it",
    )


def _ended(task: asyncio.Task[Any]) -> None:
    _going_on.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.debug("a mutation failed: %s", error)  # also retrieves it, where nobody waited for it to its end
