"""What a text declares, seen from its words alone: for editors, whose text is mostly just being written.

Nothing here fails over a fault: what does not look like a declaration is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.dtsl.parse import cut
from app.dtsl.spelling import read_name, unquote

Token = Any
_INNER = ("WHEN", "THEN", "BEHAVIOR")
"""Words that begin blocks inside of blocks."""
Kind = Literal["relationship_type", "twin_type", "twin", "overlay", "instance"]
_BETWEEN = ("LBRACE", "RBRACE", "SEMICOLON")


@dataclass(slots=True)
class Declared:
    """`roles` are an overlay's, by id, with their type and whether they are optional; `filled` are the roles that an
    instance has filled already."""

    name: str = ""
    overlay_type: str | None = None
    """Of an instance."""
    kind: Kind = "overlay"
    twin_type: str | None = None
    """Of a twin; of a twin type the one that it extends."""
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
    begun_by: tuple[str, ...] = ()
    """The words of `blocks` as they are written; of a `mapping` in a connectivity only this tells."""


def words(text: str) -> list[Token]:
    """Without comments."""
    return [token for token in cut(text) if token.type != "COMMENT"]


def place_behind(tokens: Sequence[Token]) -> Place:
    blocks: list[tuple[str, str]] = []
    statement: list[Token] = []
    ended = ("", "")
    for token in tokens:
        if token.type == "LBRACE":
            first = (statement[0].type, str(statement[0])) if statement else ("", "")
            blocks.append(ended if first[0] == "COMMA" else first)  # the next object of a list of them
        elif token.type == "RBRACE" and blocks:
            ended = blocks.pop()
        if token.type in _BETWEEN:
            statement = []
        else:
            statement.append(token)
    return Place(tuple(kind for kind, _ in blocks), tuple(statement), tuple(word for _, word in blocks))


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
            elif len(blocks) == 1 and statement and statement[0].type not in _INNER:
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
    """`overlay NAME`, `twin NAME of NAME` and their like, which stand at the top even where a bracket is missing."""
    kinds = [token.type for token in statement]
    if kinds[:1] in (["INSTANCE"], ["TWIN"]) and kinds[2:3] == ["OF"]:
        return True
    return (kinds[:1] == ["OVERLAY"] and len(kinds) == 2) or kinds[:2] in (["TWIN", "TYPE"], ["RELATIONSHIP", "TYPE"])


def _declared(statement: Sequence[Token], brace: Token) -> Declared:
    kinds = [token.type for token in statement]
    made = Declared(start=(statement[0] if statement else brace).start_pos, end=brace.end_pos)
    at = 2 if kinds[1:2] == ["TYPE"] and len(kinds) > 2 else 1
    made.name = id_of(statement[at]) if len(statement) > at else ""
    second = id_of(statement[at + 2]) if len(statement) > at + 2 else None
    match kinds:
        case ["RELATIONSHIP", *_]:
            made.kind = "relationship_type"
        case ["TWIN", *_]:
            made.kind, made.twin_type = "twin_type" if at == 2 else "twin", second
        case ["INSTANCE", *_]:
            made.kind, made.overlay_type = "instance", second
    return made


def _take(declared: Declared, statement: Sequence[Token]) -> None:
    kinds = [token.type for token in statement]
    if declared.kind == "instance":
        if kinds[1:2] == ["EQUAL"]:
            declared.filled.add(id_of(statement[0]))
    elif len(statement) >= 2:
        kind = statement[1] if kinds[0] == "OVERLAY" else statement[0]
        optional = "OPTIONAL" in kinds or ("LSQB" in kinds and "PLUS" not in kinds)
        declared.roles[id_of(statement[-1])] = id_of(kind), optional
