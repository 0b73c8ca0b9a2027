"""The demo's terminal: a live table of twins, alerts and connectors, with what to open and what to try."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.demo.board import Board

QUALITY = {"GOOD": "", "UNCERTAIN": "yellow", "BAD": "red"}
SEVERITY = {"INFO": "blue", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
FACTS = 8


def draw(board: Board, url: str, documents: Path, story: Sequence[str]) -> RenderableType:
    return Group(
        _twins(board),
        _alerts(board),
        _connectors(board),
        Panel(Text("\n".join(story[-FACTS:])), title="what happens"),
        _footer(url, documents),
    )


def _twins(board: Board) -> Table:
    table = Table(title=f"Twins, live ({board.updates_per_second():.0f} updates/s)", expand=True)
    for column in ("twin", "values", "behaviors active"):
        table.add_column(column)
    twins = sorted({twin_id for twin_id, _ in board.values})
    for twin_id in twins:
        state = board.connectivity.get(twin_id, {}).get("status", "")
        name = Text(twin_id)
        if state == "DISCONNECTED":
            name.append(" disconnected", style="red")
        table.add_row(name, _values(board, twin_id), ", ".join(board.active(twin_id)))
    overlays = sorted({owner for owner, _ in board.behaviors if owner not in twins})
    for owner in overlays:
        table.add_row(Text(owner, style="italic"), "", ", ".join(board.active(owner)))
    return table


def _values(board: Board, twin_id: str) -> Text:
    line = Text()
    for (owner, name), value in sorted(board.values.items()):
        if owner != twin_id or value["json"] is None:
            continue
        shown = f"{value['json']:.1f}" if isinstance(value["json"], float) else str(value["json"])
        unit = f" {value['unit']}" if value["unit"] else ""
        style = QUALITY[value["quality"]] if value["known"] else "dim"
        line.append(f"{name} ").append(f"{shown}{unit}  ", style=style or "bold")
    return line


def _alerts(board: Board) -> Table:
    table = Table(title="Open alerts", expand=True)
    for column in ("severity", "alert", "state"):
        table.add_column(column)
    for alert in sorted(board.alerts.values(), key=lambda item: str(item["raisedAt"]), reverse=True):
        state = (
            ("active" if alert["active"] else "cleared")
            + ", "
            + ("acknowledged" if alert["acknowledged"] else "unacknowledged")
        )
        severity = Text(alert["severity"].lower(), style=SEVERITY[alert["severity"]])
        table.add_row(severity, f"{alert['ownerId']}/{alert['behavior']}: {alert['message']}", state)
    if not board.alerts:
        table.add_row("", "none", "")
    return table


def _connectors(board: Board) -> Table:
    table = Table(title="Connectors", expand=True)
    for column in ("connector", "status", "twins", "samples", "rejected", "last error"):
        table.add_column(column)
    for item in board.connectors:
        rejected = ", ".join(f"{entry['reason']} {entry['count']}" for entry in item["rejected"])
        status = Text(item["status"].lower(), style="green" if item["status"] == "CONNECTED" else "red")
        table.add_row(item["name"], status, str(item["twins"]), str(item["samples"]), rejected, item["lastError"])
    return table


def _footer(url: str, documents: Path) -> Panel:
    lines = [f"open   {url}/graphql", f"then   paste a document from {documents}", "end    Ctrl-C"]
    return Panel(Text("\n".join(lines)), title="try it")
