"""`journal` and `audit`: what a server has written down."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.ending import run_to_end
from app.cli.listing import Listing
from app.cli.options import DEFAULT_SERVER, AsJson, Output, ServerUrl

commands = typer.Typer()
journal = typer.Typer(cls=Listing, help="Look after the journal of a stopped server.", no_args_is_help=True)
commands.add_typer(journal, name="journal")
DataDir = Annotated[Path | None, typer.Option(help="Of a stopped server.")]
Config = Annotated[Path | None, typer.Option(help="The server's TOML settings file, for its data_dir.")]


@journal.command("check")
def journal_check(
    data_dir: DataDir = None,
    config: Config = None,
    output: AsJson = Output.TEXT,
) -> None:
    """Read every record, tell what is damaged and whether anything that is lost is still needed. Changes nothing.

    Exit code 1 where there is damage.
    """
    import json

    from app.journal.checking import check as checked
    from app.settings import load_settings

    async def run() -> None:
        overrides = {} if data_dir is None else {"data_dir": data_dir}
        found = checked(load_settings(config, **overrides).data_dir / "journal")
        print(json.dumps(found.to_json(), indent=2) if output == Output.JSON else found.render())
        if not found.sound:
            raise typer.Exit(1)

    run_to_end(run())


@journal.command("salvage")
def journal_salvage(data_dir: DataDir = None, config: Config = None) -> None:
    """Set damaged files aside, keep what can be read of them, and accept what is lost.

    Nothing is deleted: what is set aside goes to the journal's folder `damaged`.
    """
    from app.journal.checking import check as checked
    from app.journal.checking import salvage
    from app.settings import load_settings

    async def run() -> None:
        overrides = {} if data_dir is None else {"data_dir": data_dir}
        folder = load_settings(config, **overrides).data_dir / "journal"
        await salvage(folder)
        print(checked(folder).render())

    run_to_end(run())


@commands.command()
def audit(
    since: Annotated[str | None, typer.Option(help="Not older than this, such as 2026-01-01T00:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Older than this.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this; may be given again.")] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="Only this; may be given again.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only by this person or behavior.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only about this, such as twin/pump_123.")] = None,
    server: ServerUrl = DEFAULT_SERVER,
) -> None:
    """Write a running server's audit to standard output, newest first, one JSON document a line.

    It streams; exit code 1 says that what was written is not whole.
    """
    from app.audit import export as export_audit

    one = {"since": since, "until": until, "actor": actor, "subject": subject}
    asked = [(name, value) for name, value in one.items() if value is not None]
    asked += [("kind", value) for value in kind or ()] + [("outcome", value) for value in outcome or ()]

    async def run() -> None:
        await export_audit(server, asked, sys.stdout.buffer.write)
        sys.stdout.buffer.flush()

    run_to_end(run())
