"""What may be written in a connectivity, down to the mapping of one property.

Its blocks are data, so the grammar knows none of their words: what fits follows from the blocks around it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from app.dtsl.completion import Completion
from app.dtsl.names_at import Names
from app.dtsl.spelling import dtsl_member, quote
from app.model.definitions import (
    Availability,
    ConnectivityPart,
    EventMapping,
    FallbackPath,
    Heartbeat,
    Mapping,
    MethodMapping,
    PropertyMapping,
    Protocol,
)
from app.model.document import Document

Token = Any
_PARTS: dict[str, type[Document]] = {
    "properties": PropertyMapping,
    "methods": MethodMapping,
    "events": EventMapping,
}


def in_connectivity(blocks: tuple[str, ...], statement: Sequence[Token], names: Names) -> Iterator[Completion]:
    """`blocks` are the words that begin the ones around it, from the connectivity on."""
    if blocks[:1] == ("fallbacks",):
        yield from _in_path(blocks[1:], statement, names, FallbackPath)
    elif blocks[:1] == ("heartbeat",):
        if not statement:
            yield from _fields(Heartbeat)
    else:
        yield from _in_path(blocks, statement, names, ConnectivityPart)


def _in_path(
    blocks: Sequence[str], statement: Sequence[Token], names: Names, path: type[Document]
) -> Iterator[Completion]:
    if statement:
        if not blocks and [str(token) for token in statement] == ["protocol", "="]:
            yield from (Completion(quote(value, '"'), "value") for value in get_args(Protocol))
        return
    match tuple(blocks):
        case ():
            yield from _fields(path)
        case ("mapping",):
            yield from _fields(Mapping)
        case ("mapping", part) if part in _PARTS:
            own: Iterable[str] = getattr(names.own(), part)
            yield from (Completion(dtsl_member(name), "property") for name in sorted(own))
        case ("mapping", part, _) if part in _PARTS:
            yield from _fields(_PARTS[part])
        case ("availability",):
            yield from _fields(Availability)


def _fields(model: type[Document]) -> Iterator[Completion]:
    yield from (Completion(dtsl_member(field), "property") for field in model.model_fields)
