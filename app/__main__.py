"""The command line: `twin-overlay COMMAND`; the commands are in app/cli, a file for each group of them.

Every command imports what it needs when it runs, so that `--help` stays quick: it is written plainly for the same
reason, as rich tables of it take longer than all the rest.
"""

from typing import Annotated

import typer

from app.cli import (
    asking,
    certifying,
    copying,
    defining,
    notifying,
    probing,
    recorded,
    rehearsing,
    scripting,
    serving,
)
from app.cli.listing import Listing

app = typer.Typer(
    name="twin-overlay",
    cls=Listing,
    help="A GraphQL backend for digital twin overlays.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (serving, defining, copying, scripting, probing, asking, rehearsing, recorded, notifying, certifying):
    app.add_typer(group.commands)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"twin-overlay {version('twin-overlay')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """A GraphQL backend for digital twin overlays."""


def main() -> None:
    app()


if __name__ == "__main__":
    main()
