"""A script's AST to its one canonical text; `parse(format(x)) == x`.

Blocks stay in the author's order. A script that was read from a text keeps the comments of that, and the empty lines
between its groups (comments.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.dtsl.ast import (
    Binding,
    Entry,
    InstanceDeclaration,
    OverlayDeclaration,
    Relationship,
    Role,
    Script,
)
from app.dtsl.comments import close_up, keep_comments
from app.dtsl.findings import Diagnostic
from app.dtsl.format import apart, behavior_lines, dtsl_condition, value_text
from app.dtsl.parse import cut, parse_script
from app.dtsl.spelling import dtsl_member, dtsl_type


def format_script(script: Script) -> str:
    """Canonical DTSL, ending in a line break; "" for an empty script."""
    lines = list(apart([list(_declaration(item)) for item in script.declarations]))
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


def _declaration(item: OverlayDeclaration | InstanceDeclaration) -> Iterator[str]:
    if isinstance(item, OverlayDeclaration):
        yield f"overlay {dtsl_type(item.name.id)} {{"
        blocks = {
            "twins": [_role(role) for role in item.roles],
            "relationships": [_relationship(relationship) for relationship in item.relationships],
            "behaviors": behavior_lines(item.behaviors),
        }
    else:
        yield f"instance {dtsl_type(item.name.id)} of {dtsl_type(item.overlay_type.id)} {{"
        blocks = {"twins": [_binding(binding) for binding in item.bindings]}
    blocks["metadata"] = [_entry(entry) for entry in item.metadata]
    order = item.blocks or [keyword for keyword, lines in blocks.items() if lines]
    yield from apart([list(_block(keyword, blocks[keyword])) for keyword in order])
    yield "}"


def _block(keyword: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"  {keyword} {{"
    yield from ("    " + line if line else "" for line in lines)
    yield "  }"


def _role(role: Role) -> str:
    return f"{dtsl_type(role.twin_type.id)}{'?' if role.optional else ''} {dtsl_member(role.name.id)};"


def _relationship(item: Relationship) -> str:
    source, target, name = (dtsl_member(part.id) for part in (item.source, item.target, item.name))
    guard = f" if {dtsl_condition(item.guard.condition)}" if item.guard else ""
    return f"{source} -> {target} as {name}{guard};"


def _binding(binding: Binding) -> str:
    return f"{dtsl_member(binding.role.id)} = {dtsl_type(binding.twin.id)};"


def _entry(entry: Entry) -> str:
    return f"{dtsl_member(entry.key)} = {value_text(entry.value.value)};"
