"""A script's AST to its one canonical text; `parse(format(x)) == x`.

Blocks stay in the author's order. A script that was read from a text keeps the comments of that, and the empty lines
between its groups (comments.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.dtsl.ast import Script
from app.dtsl.comments import close_up, keep_comments
from app.dtsl.findings import Diagnostic
from app.dtsl.format import apart
from app.dtsl.format_declarations import declaration_lines
from app.dtsl.parse import cut, parse_script
from app.dtsl.spelling import quote


def format_script(script: Script) -> str:
    """Canonical DTSL, ending in a line break; "" for an empty script."""
    lines = list(apart(list(_groups(script))))
    if script.written is None:
        return "".join(line + "\n" for line in close_up(lines))
    return keep_comments(lines, cut("\n".join(lines)), script.written)


@dataclass(frozen=True, slots=True)
class Formatted:
    text: str | None
    """None where the script can't be read."""
    diagnostics: tuple[Diagnostic, ...]
    """Why not: faults of the form. Nobody asks whether the names and types make sense."""


def format_text(source: str, file: str = "script.dtsl") -> Formatted:
    """Never raises: any text gives its formatted form or diagnostics."""
    script, found = parse_script(source, file)
    return Formatted(None if found else format_script(script), tuple(found))


def _groups(script: Script) -> Iterator[list[str]]:
    if script.imports:
        yield ["import " + quote(item.file, '"') + ";" for item in script.imports]
    for item in script.declarations:
        yield list(declaration_lines(item))
