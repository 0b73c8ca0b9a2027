"""`notify`: whom alerts are told to."""

from typing import Annotated

import typer

from app.cli.listing import Listing
from app.cli.options import DEFAULT_SERVER, ServerUrl
from app.cli.told import tell

commands = typer.Typer(cls=Listing, name="notify", help="Whom alerts are told to.", no_args_is_help=True)


@commands.command("targets")
def notify_targets(server: ServerUrl = DEFAULT_SERVER) -> None:
    """Show the notification targets of a running server and how they stand."""
    from app.notifying import told_targets

    tell(server, lambda client: told_targets(client))


@commands.command("test")
def notify_test(
    target: Annotated[str, typer.Argument(help="A target's name in the settings.")], server: ServerUrl = DEFAULT_SERVER
) -> None:
    """Send a message that is about no alert to a notification target, once."""
    from app.notifying import told_test

    tell(server, lambda client: told_test(client, target))
