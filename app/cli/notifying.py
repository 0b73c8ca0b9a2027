"""`notify`: whom alerts are told to."""

from typing import Annotated

import typer

from app.cli.ending import run_to_end
from app.cli.listing import Listing
from app.cli.options import DEFAULT_SERVER, ServerUrl

commands = typer.Typer(cls=Listing, name="notify", help="Whom alerts are told to.", no_args_is_help=True)


@commands.command("targets")
def notify_targets(server: ServerUrl = DEFAULT_SERVER) -> None:
    """Show the notification targets of a running server and how they stand."""
    from app.client import GraphqlClient
    from app.notifying import told_targets

    async def run() -> None:
        async with GraphqlClient(server) as client:
            for line in await told_targets(client):
                print(line)

    run_to_end(run())


@commands.command("test")
def notify_test(
    target: Annotated[str, typer.Argument(help="A target's name in the settings.")], server: ServerUrl = DEFAULT_SERVER
) -> None:
    """Send a message that is about no alert to a notification target, once."""
    from app.client import GraphqlClient
    from app.notifying import told_test

    async def run() -> None:
        async with GraphqlClient(server) as client:
            for line in await told_test(client, target):
                print(line)

    run_to_end(run())
