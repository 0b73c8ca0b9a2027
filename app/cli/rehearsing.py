"""`what-if`, `rehearse` and `replay`: what would happen, and what would have happened."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.ending import run_to_end, say
from app.cli.options import DEFAULT_SERVER, AsJson, Output, ServerUrl
from app.cli.told import tell

commands = typer.Typer()


class DeviceAnswers(StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"
    NOTHING = "nothing"


@commands.command("what-if")
def what_if(
    steps: Annotated[
        list[str],
        typer.Argument(help="TWIN.PROPERTY=VALUE[,...], disconnect:TWIN, connect:TWIN, wait:30s; in their order."),
    ],
    answers: Annotated[DeviceAnswers, typer.Option(help="What devices would answer.")] = DeviceAnswers.ACCEPT,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Try out what would follow if values changed, paths fell silent and time passed. Nothing of it happens."""
    from app.rehearse import what_if as tried

    tell(server, lambda client: tried(client, steps, answers.value, output == Output.JSON))


@commands.command()
def rehearse(
    paths: Annotated[list[Path], typer.Argument(help="JSON documents or .dtsl scripts, or folders of one of them.")],
    hours: Annotated[float, typer.Option(min=0.001, help="How far to look back.")] = 24.0,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Run changed definitions over the last hours beside the running ones, and show what they would have done
    differently. Nothing is saved."""
    from app.rehearse import rehearse as tried

    tell(server, lambda client: tried(client, paths, hours, output == Output.JSON))


@commands.command()
def replay(
    data_dir: Annotated[Path | None, typer.Option(help="Of a server, running or stopped.")] = None,
    config: Annotated[Path | None, typer.Option(help="The server's TOML settings file, for its data_dir.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run it through a fresh engine and compare every outcome byte for byte.")
    ] = False,
) -> None:
    """Tell how much of a server's journal can be run again, and with --verify prove that it gives the same.

    Exit code 1 at the first outcome that differs, which is shown with its input.
    """
    from app.replay import summary
    from app.replay import verify as verified
    from app.settings import load_settings

    async def run() -> None:
        overrides = {} if data_dir is None else {"data_dir": data_dir}
        folder = load_settings(config, **overrides).data_dir / "journal"
        if not verify:
            print(summary(folder))
            return
        replayed = verified(folder, say)
        print(replayed.render())
        if replayed.difference is not None:
            raise typer.Exit(1)

    run_to_end(run())
