"""A script of stations with comments: read, checked and brought into its one form."""

from app.commands.check_scripts import check_parsed
from app.dtsl.format_script import format_script
from app.dtsl.parse import parse_scripts
from tests.bench.counts.piece import Piece
from tests.bench.dtsl import script
from tests.dtsl.plant import catalogue

LINES = 100
"""One unit is a line."""


def parse() -> Piece:
    text = script(LINES)
    return Piece(text.count("\n"), lambda number: parse_scripts([("counted.dtsl", text)]))


def check() -> Piece:
    text, plant = script(LINES), catalogue()
    parsed = parse_scripts([("counted.dtsl", text)])
    [checked] = check_parsed(parsed, plant)
    assert checked.diagnostics == ()
    return Piece(text.count("\n"), lambda number: check_parsed(parsed, plant))


def form() -> Piece:
    text = script(LINES)
    [parsed] = parse_scripts([("counted.dtsl", text)])
    assert format_script(parsed.script) == text
    return Piece(text.count("\n"), lambda number: format_script(parsed.script))
