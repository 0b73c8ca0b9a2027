"""A command that asks a running server and prints what it says."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from app.cli.ending import run_to_end

if TYPE_CHECKING:
    from app.client import GraphqlClient


def tell(server: str, ask: "Callable[[GraphqlClient], Awaitable[str | Iterable[str]]]") -> None:
    """A text as it is, or a line each. What `ask` raises ends the command, its own look at the arguments included."""
    from app.client import GraphqlClient

    async def run() -> None:
        async with GraphqlClient(server) as client:
            said = await ask(client)
        for line in [said] if isinstance(said, str) else said:
            print(line)

    run_to_end(run())
