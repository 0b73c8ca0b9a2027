"""`apply`, `export`, `plan` and `schema`: definitions in and out of a running server."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.ending import say
from app.cli.options import DEFAULT_SERVER, AsJson, Output, ServerUrl
from app.cli.told import tell

commands = typer.Typer()


@commands.command()
def apply(
    paths: Annotated[
        list[Path],
        typer.Argument(help="JSON documents (.json: one or a list; .ndjson: one a line), .dtsl scripts, or folders."),
    ],
    server: ServerUrl = DEFAULT_SERVER,
    reason: Annotated[str, typer.Option(help="Kept with every revision this makes.")] = "",
    batch: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Documents of one transaction, where they need several; else 50."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do and break.")] = False,
) -> None:
    """Load definitions into a running server.

    All of them are one transaction where they fit into one request; more go in batches, after all of them were checked,
    and a run that was interrupted goes on when it is run again.
    """
    from app.bulk.apply import BATCH, Options
    from app.bulk.apply import apply as apply_paths

    tell(server, lambda client: apply_paths(client, paths, Options(reason, batch or BATCH, dry_run), say))


@commands.command()
def export(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder, or one of an earlier export.")],
    ndjson: Annotated[
        bool,
        typer.Option("--ndjson", help="One file of many lines for each kind, instead of a file for each document."),
    ] = False,
    dtsl: Annotated[bool, typer.Option("--dtsl", help="A script for each definition, instead of a document.")] = False,
    server: ServerUrl = DEFAULT_SERVER,
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that has other files; those stay.")
    ] = False,
) -> None:
    """Write every definition of a running server to files, which `apply` takes back."""
    from app.bulk.export import export as export_to
    from app.bulk.forms import Form

    if ndjson and dtsl:
        typer.echo("error: --ndjson and --dtsl are two forms; give one of them", err=True)
        raise typer.Exit(2)
    form: Form = "ndjson" if ndjson else "dtsl" if dtsl else "json"

    tell(server, lambda client: export_to(client, folder, form=form, force=force, say=say))


@commands.command()
def plan(
    paths: Annotated[list[Path], typer.Argument(help="JSON documents and .dtsl scripts, or folders of them.")],
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Show what applying files would do: to the definitions, and at once to the running plant. Nothing is saved."""
    from app.planned import plan as worked_out

    tell(server, lambda client: worked_out(client, paths, output == Output.JSON, say))


@commands.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from app.api.schema import sdl

    print(sdl(), end="")
