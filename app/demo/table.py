"""The demo's terminal: a live screen of twins, alerts and connectors, with what to open and what to try.

The screen is exactly as high as the terminal: what happened last gets the lines that the rest leaves over, so that
80 by 24 shows a part of everything and nothing is pushed off the lower edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from app.demo.board import Board

QUALITY = {"GOOD": "bold", "UNCERTAIN": "yellow", "BAD": "red"}
SEVERITY = {"INFO": "blue", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
WIDE = 110
"""Columns from which units and a column of their own for behaviors fit."""
HIGH = 36
"""Lines from which there is room for empty ones, and for twins without values."""
ALERTS = 5
"""Open alerts shown where there is room; else the newest alone, and how many there are."""
FACTS = 3
"""Lines that what happened last has at least, where the terminal is high enough for the twins at all."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One drawing of the board; rich asks it for its lines with the terminal's size at that moment."""

    board: Board
    url: str
    documents: Path
    story: Sequence[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or options.size.height
        wide, roomy = options.max_width >= WIDE, options.size.height >= HIGH
        parts: list[RenderableType] = [
            _head(self.board, self.url, self.documents),
            _twins(self.board, wide=wide, idle=roomy),
            _alerts(self.board, ALERTS if roomy else 1),
            _connectors(self.board),
        ]
        flat = options.update(height=None)
        lines: list[list[Segment]] = []
        for part in parts:
            lines += console.render_lines(part, flat, pad=False)
            if roomy:
                lines.append([])
        left = max(FACTS, height - len(lines) - 1)
        happened = console.render_lines(_happened(self.story[-left:]), flat, pad=False)
        # The facts keep their lines even where the twins would take them all.
        shown = lines[: max(0, height - min(len(happened), FACTS + 1))] + happened
        for index, line in enumerate(shown[:height]):
            if index:
                yield Segment.line()
            yield from line


def _head(board: Board, url: str, documents: Path) -> Text:
    return Text.assemble(
        ("open ", "dim"),
        (f"{url}/graphql", "bold cyan"),
        f"  {board.updates_per_second():.0f} updates/s  Ctrl-C ends\n",
        ("try  ", "dim"),
        f"{documents}/*.graphql",
        no_wrap=True,
        overflow="ellipsis",
    )


def _section(*columns: str) -> Table:
    table = Table(box=None, expand=True, pad_edge=False, header_style="reverse")
    for column in columns:
        table.add_column(column, overflow="ellipsis")
    return table


def _twins(board: Board, *, wide: bool, idle: bool) -> Table:
    table = _section("twin", "values", "behaviors active") if wide else _section("twin, behaviors active", "values")
    table.columns[0].no_wrap = True
    table.columns[1].ratio = 1
    twins = sorted({twin_id for twin_id, _ in board.values})
    for twin_id in twins:
        values = _values(board, twin_id, units=wide)
        name = Text(twin_id)
        if board.connectivity.get(twin_id, {}).get("status", "") == "DISCONNECTED":
            name.append(" disconnected", style="red")
        if values or idle:
            _add(table, name, values, board.active(twin_id), wide=wide)
    for owner in sorted({owner for owner, _ in board.behaviors if owner not in twins}):
        active = _behaviors(board.active(owner), ", ")
        table.add_row(Text(owner, style="italic"), *((Text(), active) if wide else (active,)))
    return table


def _add(table: Table, name: Text, values: Text, active: Sequence[str], *, wide: bool) -> None:
    if wide:
        table.add_row(name, values, _behaviors(active, ", "))
    else:
        table.add_row(Text("\n").join([name, _behaviors(active, "\n")]) if active else name, values)


def _behaviors(active: Sequence[str], between: str) -> Text:
    return Text(between).join(Text(item, style="magenta") for item in active)


def _values(board: Board, twin_id: str, *, units: bool) -> Text:
    shown: list[Text] = []
    for (owner, name), value in sorted(board.values.items()):
        if owner != twin_id or value["json"] is None:
            continue
        number = f"{value['json']:.1f}" if isinstance(value["json"], float) else str(value["json"])
        unit = f" {value['unit']}" if units and value["unit"] else ""
        # In words too: colors alone are lost on many terminals and on many eyes.
        doubt = "" if value["quality"] == "GOOD" else f" ({value['quality'].lower()})"
        if not value["known"]:
            doubt = doubt or " (unknown)"
        style = QUALITY[value["quality"]] if value["known"] else "dim"
        shown.append(Text(f"{name} ", no_wrap=True).append(f"{number}{unit}{doubt}", style=style))
    return Text("  ").join(shown)


def _alerts(board: Board, most: int) -> Table:
    count = f" ({most} of {len(board.alerts)})" if len(board.alerts) > most else ""
    table = _section("alert", f"message{count}", "state")
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    table.columns[1].ratio = 1
    newest = sorted(board.alerts.values(), key=lambda item: str(item["raisedAt"]), reverse=True)
    for alert in newest[:most]:
        active = "active" if alert["active"] else "cleared"
        acknowledged = "acknowledged" if alert["acknowledged"] else "unacknowledged"
        severity = Text(alert["severity"].lower(), style=SEVERITY[alert["severity"]])
        message = Text(f"{alert['behavior']}: {alert['message']}", no_wrap=True)
        table.add_row(severity, message, f"{active}, {acknowledged}")
    if not newest:
        table.add_row("none", "", "")
    return table


def _connectors(board: Board) -> Table:
    table = _section("connector", "status", "twins", "samples", "rejected, last error")
    for column in table.columns[:4]:
        column.no_wrap = True
    table.columns[4].ratio = 1
    table.columns[4].no_wrap = True
    for item in board.connectors:
        rejected = ", ".join(f"{entry['reason']} {entry['count']}" for entry in item["rejected"])
        trouble = "; ".join(part for part in (rejected, item["lastError"]) if part)
        status = Text(item["status"].lower(), style="green" if item["status"] == "CONNECTED" else "red")
        table.add_row(item["name"], status, str(item["twins"]), str(item["samples"]), trouble)
    return table


def _happened(story: Sequence[str]) -> Table:
    table = _section("what happens")
    table.columns[0].no_wrap = True
    for line in story:
        table.add_row(Text(line))
    return table
