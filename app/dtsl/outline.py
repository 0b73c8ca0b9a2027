"""What a text declares, seen from its words alone: for editors, whose text is mostly just being written.

Nothing here fails over a fault: what does not look like a declaration is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.dtsl.parse import cut
from app.dtsl.spelling import read_name, unquote

Token = Any
_BLOCKS = ("TWINS", "RELATIONSHIPS", "BEHAVIORS", "METADATA")
_BETWEEN = ("LBRACE", "RBRACE", "SEMICOLON")


@dataclass(slots=True)
class Declared:
    """An overlay or an instance. `roles` are an overlay's, by id, with their type and whether they are optional;
    `filled` are the roles that an instance has filled already."""

    name: str = ""
    overlay_type: str | None = None
    """Of an instance."""
    roles: dict[str, tuple[str, bool]] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a position stands."""

    blocks: tuple[str, ...]
    """The kinds of the words that begin the blocks around it, from outside: OVERLAY, BEHAVIORS, BEHAVIOR, WHEN."""
    statement: tuple[Token, ...]
    """The words of its statement before it."""


def words(text: str) -> list[Token]:
    """Without comments."""
    return [token for token in cut(text) if token.type != "COMMENT"]


def place_behind(tokens: Sequence[Token]) -> Place:
    blocks: list[str] = []
    statement: list[Token] = []
    for token in tokens:
        if token.type == "LBRACE":
            blocks.append(statement[0].type if statement else "")
        elif token.type == "RBRACE" and blocks:
            blocks.pop()
        if token.type in _BETWEEN:
            statement = []
        else:
            statement.append(token)
    return Place(tuple(blocks), tuple(statement))


def outline(tokens: Sequence[Token]) -> list[Declared]:
    """In the order of the text."""
    found: list[Declared] = []
    blocks: list[str] = []
    statement: list[Token] = []
    for token in tokens:
        if token.type not in _BETWEEN:
            statement.append(token)
            continue
        at_top = not blocks
        if token.type == "LBRACE":
            if at_top or _begins(statement):
                found.append(_declared(statement, token))
                blocks = []
            elif len(blocks) == 1 and statement and statement[0].type in _BLOCKS:
                found[-1].blocks.add(statement[0].type)
            blocks.append(statement[0].type if statement else "")
        elif token.type == "RBRACE" and blocks:
            blocks.pop()
        elif blocks[1:] == ["TWINS"] and found:
            _take(found[-1], statement)
        if found:
            found[-1].end = token.end_pos
        statement = []
    if found:
        found[-1].end = max([found[-1].end, *(token.end_pos for token in statement)])
    return found


def id_of(token: Token) -> str:
    return unquote(str(token))[0] if token.type == "STRING" else read_name(str(token))


def _begins(statement: Sequence[Token]) -> bool:
    """`overlay NAME` or `instance NAME of NAME`, which stand at the top even where a bracket before is missing."""
    kinds = [token.type for token in statement]
    return (kinds[:1] == ["OVERLAY"] and len(kinds) == 2) or (kinds[:1] == ["INSTANCE"] and kinds[2:3] == ["OF"])


def _declared(statement: Sequence[Token], brace: Token) -> Declared:
    name = id_of(statement[1]) if len(statement) > 1 else ""
    of = id_of(statement[3]) if len(statement) > 3 else None
    return Declared(name, of, start=(statement[0] if statement else brace).start_pos, end=brace.end_pos)


def _take(declared: Declared, statement: Sequence[Token]) -> None:
    kinds = [token.type for token in statement]
    if declared.overlay_type is not None:
        if kinds[1:2] == ["EQUAL"]:
            declared.filled.add(id_of(statement[0]))
    elif len(statement) >= 2:
        declared.roles[id_of(statement[-1])] = id_of(statement[0]), "OPTIONAL" in kinds
