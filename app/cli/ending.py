"""How a command runs and ends: its work on an event loop, an error of app/errors.py as a line and an exit code.

1 where the input or the world was wrong, 2 where the set-up is. asyncio is imported only once there is work: reading it
takes as long as half of `--help`.
"""

import sys
from collections.abc import Callable, Coroutine
from typing import Any

import typer


def say(line: str) -> None:
    typer.echo(line, err=True)


def do(work: Callable[[], None]) -> None:
    async def run() -> None:
        work()

    run_to_end(run())


def run_to_end(work: Coroutine[Any, Any, None]) -> None:
    from app.errors import Misconfigured, TwinOverlayError

    try:
        if sys.platform == "win32":
            import asyncio

            asyncio.run(work)
        else:
            import uvloop

            uvloop.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BaseExceptionGroup as group:
        known = _first_known(group)
        if known is None:
            raise
        typer.echo(f"error: {known}", err=True)
        raise typer.Exit(2 if isinstance(known, Misconfigured) else 1) from None
    except TwinOverlayError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, Misconfigured) else 1) from None


def _first_known(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """The error of ours in a task group's failure, if that is all that went wrong."""
    from app.errors import TwinOverlayError

    known, other = group.split(TwinOverlayError)
    if known is None or other is not None:
        return None
    first: BaseException = known
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
