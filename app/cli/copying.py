"""`backup` and `restore`: all of an installation in a folder."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.ending import run_to_end
from app.cli.options import DEFAULT_SERVER, ServerUrl

commands = typer.Typer()


@commands.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder; with --verify one that has a backup.")],
    server: ServerUrl = DEFAULT_SERVER,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only read an existing backup, and tell what it has.")
    ] = False,
) -> None:
    """Write everything a running server has into a folder, and read it back.

    Graph, journal and live state as of one moment, while the server goes on. Assets are not in it.
    """
    from app.backup.fetch import fetch
    from app.backup.folder import verify as verified

    async def run() -> None:
        manifest = verified(folder) if verify else await fetch(server, folder)
        print(f"{folder}: {manifest.summary()}")

    run_to_end(run())


@commands.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    config: Annotated[Path | None, typer.Option(help="The server's TOML settings file.")] = None,
    graph: Annotated[str | None, typer.Option(help="`embedded`, or a Bolt address such as neo4j://host:7687.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Journal and embedded graph live here.")] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Also where there is an installation: it is moved aside, but a Neo4j database's is deleted.",
        ),
    ] = False,
) -> None:
    """Make a backup the installation of a data directory and its graph; then `serve`.

    Whole or not at all. It may go to the other graph engine than it came from. Settings come as for `serve`.
    """
    import time

    from app.backup.restore import restore as put_back
    from app.settings import load_settings

    async def run() -> None:
        overrides: dict[str, Any] = {} if graph is None else {"graph": {"uri": graph}}
        if data_dir is not None:
            overrides["data_dir"] = data_dir
        settings = load_settings(config, **overrides)
        manifest = await put_back(folder, settings, time.time_ns() // 1000, replace=replace)
        print(f"{settings.data_dir}: {manifest.summary()}")

    run_to_end(run())
