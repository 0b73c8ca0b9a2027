"""`why`, `why-not`, `impact` and `causes`: what a running server knows of its plant."""

from collections.abc import Awaitable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import DEFAULT_SERVER, AsJson, Output, ServerUrl
from app.cli.told import tell

if TYPE_CHECKING:
    from app.client import GraphqlClient

commands = typer.Typer()

BehaviorName = Annotated[str, typer.Argument(metavar="OWNER/BEHAVIOR", help="Such as pump_123/overheated.")]


def moment(given: str | None) -> int | None:
    """Raises Invalid."""
    from app.errors import Invalid
    from app.model.time import parse_iso

    try:
        return parse_iso(given) if given is not None else None
    except ValueError:
        raise Invalid(f"'{given}' is no moment", code="TIME_INVALID", hint="write it as 2026-01-02T03:04:05Z") from None


@commands.command()
def why(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="OWNER/BEHAVIOR, or the id of an alert.")],
    at: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Why the behavior turned last before that (ISO 8601).")
    ] = None,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Say why a behavior is as it is, or why an alert was raised, with the values behind it."""
    from app.why import why as told

    tell(server, lambda client: told(client, what, output == Output.JSON, moment(at)))


@commands.command("why-not")
def why_not(what: BehaviorName, server: ServerUrl = DEFAULT_SERVER, output: AsJson = Output.TEXT) -> None:
    """Say what keeps a behavior from being active, and the nearest values that would make it so."""
    from app.why import why_not as told

    tell(server, lambda client: told(client, what, output == Output.JSON))


class Outage(StrEnum):
    FAILURE = "failure"
    MAINTENANCE = "maintenance"
    DISCONNECTED = "disconnected"


WithoutTwins = Annotated[
    list[str] | None, typer.Option("--without", metavar="TWIN", help="A twin that is gone already; may be repeated.")
]
MaxDepth = Annotated[
    int | None, typer.Option("--depth", metavar="N", min=0, help="No further away than so many relationships.")
]


@commands.command()
def impact(
    what: Annotated[list[str], typer.Argument(metavar="TWIN...", help="Twins, or TWIN.PROPERTY=VALUE each.")],
    change: Annotated[Outage, typer.Option(help="What happens to the twins.")] = Outage.FAILURE,
    without: WithoutTwins = None,
    depth: MaxDepth = None,
    first: Annotated[int, typer.Option(metavar="N", min=0, max=1000, help="How many twins to show.")] = 20,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Say what an outage, or a change of values, would lead to: redundancy counted, and nothing of it happens."""
    from app.impact import change_of
    from app.impact import impact as told

    gone, as_json = without or (), output == Output.JSON

    def ask(client: "GraphqlClient") -> Awaitable[str]:
        asked = change_of(what, change.value)
        return told(client, asked, without=gone, max_depth=depth, first=first, as_json=as_json)

    tell(server, ask)


@commands.command()
def causes(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="A twin, or the id of an open alert.")],
    without: WithoutTwins = None,
    depth: MaxDepth = None,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Look upstream of a twin, or of an alert, for what may be behind its trouble."""
    from app.impact import causes as told

    gone, as_json = without or (), output == Output.JSON
    tell(server, lambda client: told(client, what, without=gone, max_depth=depth, as_json=as_json))
