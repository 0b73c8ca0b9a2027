"""What may be written at a position of a script: a pure function of the text, the position and the catalogue.

Which keywords fit is the grammar's own answer; which names, is read off the words around the position. The text is
expected to be unfinished, so nothing here depends on it being right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, get_args

from app.dtsl.complete_actions import LISTS, in_action, in_head
from app.dtsl.complete_connectivity import in_connectivity
from app.dtsl.completion import Completion, properties_of, roles_of, signature, values_of
from app.dtsl.declared import Known
from app.dtsl.functions import FUNCTIONS, QUALITIES
from app.dtsl.names_at import Names, path_before
from app.dtsl.outline import Place, id_of, outline, place_behind, words
from app.dtsl.parse import MAX_SOURCE, cut, expected_behind
from app.dtsl.source import BYTE_ORDER_MARK
from app.dtsl.spelling import SELF, dtsl_member, dtsl_type, quote
from app.dtsl.when import DAYS
from app.model.definitions import DataType, Impact, Lifecycle, Simulation, TwinKind

MOST = 200
"""Suggestions; who wants others writes another letter."""
_BEFORE_PULSES = ("AND", "OR", "OF", "LPAR")
Token = Any
_MOST_SORTED = 20_000
_WORDS = {"KIND": get_args(TwinKind), "LIFECYCLE": get_args(Lifecycle), "IMPACT": get_args(Impact)}


@dataclass(frozen=True, slots=True)
class Completions:
    start: int
    end: int
    """Offsets of what is replaced: the word that is being written."""
    items: tuple[Completion, ...] = ()


def complete(text: str, offset: int, catalogue: Known) -> Completions:
    """Sorted as they are best shown: the likely kind first, then by name. Never raises."""
    text = text.removeprefix(BYTE_ORDER_MARK)[:MAX_SOURCE]
    offset = max(0, min(offset, len(text)))
    before = _before(text, offset)
    if before is None:
        return Completions(offset, offset)
    tokens, start = before
    started = text[start:offset].lstrip("\"'").lower()
    end = _end_of_word(text, start, offset)
    declared = outline(words(text))
    here = next((item for item in declared if item.start < offset <= item.end), None)
    place = place_behind(tokens)
    found = _names(place, Names(here, declared, catalogue))
    written = here.blocks if here is not None else set()
    keywords = [word for kind, word in expected_behind(tokens).items() if kind not in written or not place.blocks]
    if place.blocks[-1:] == ("RELATIONSHIPS",) or (place.statement and place.statement[-1].type not in _BEFORE_PULSES):
        keywords = [word for word in keywords if word not in ("every", "on")]
    items = [
        *found,
        *(Completion(word, "keyword") for word in sorted(keywords) if word not in ("true", "false", "null")),
    ]
    fitting = (item for item in items if item.text.lstrip('"').lower().startswith(started))
    return Completions(start, end, tuple(islice(fitting, MOST)))


# ---------------------------------------------------------------------------------------------------- the position


def _before(text: str, offset: int) -> tuple[list[Token], int] | None:
    """The words before the one that is being written, and where that starts; None inside a comment."""
    tokens: list[Token] = []
    for token in cut(text[:offset]):
        if token.type == "COMMENT":
            if token.end_pos == offset and token.startswith("//"):
                return None
            continue
        if token.type == "BROKEN_COMMENT":
            return None
        tokens.append(token)
    last = tokens[-1] if tokens else None
    if last is not None and last.end_pos == offset and (last.type == "BROKEN_STRING" or str(last).isidentifier()):
        return tokens[:-1], last.start_pos
    if last is not None and last.type == "BROKEN_STRING":  # with a space behind what is written
        return tokens[:-1], last.start_pos
    return tokens, offset


def _end_of_word(text: str, start: int, offset: int) -> int:
    mark = text[start : start + 1]
    end = offset
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return end + 1 if mark in ("'", '"') and start < offset and text[end : end + 1] == mark else end


# ---------------------------------------------------------------------------------------------------- names


def _names(place: Place, names: Names) -> list[Completion]:
    inner = place.blocks[-1] if place.blocks else ""
    statement = place.statement
    kinds = [token.type for token in statement]
    if place.blocks[1:2] == ("CONNECTIVITY",):
        return list(in_connectivity(place.begun_by[2:], statement, names))
    match inner, kinds:
        case "", ["INSTANCE", _, "OF"]:
            return list(_overlays(names))
        case "", ["TWIN", _, "OF"] | ["TWIN", "TYPE", _, "EXTENDS"]:
            return list(_types(names))
        case _, ["KIND" | "LIFECYCLE" | "IMPACT"] if len(place.blocks) == 1:
            return [Completion(word, "value") for word in _WORDS[kinds[0]]]
        case "TWINS", _ if names.here is not None and names.here.kind == "instance":
            return list(_bindings(statement, names))
        case "TWINS", []:
            return [*_types(names), *_overlays(names)]
        case "TWINS", ["OVERLAY"]:
            return list(_overlays(names))
        case "PROPERTIES", []:
            return [Completion(word, "type") for word in get_args(DataType) if word != "array"]
        case "RELATIONSHIPS", [*_, "COLON"]:
            return [Completion(dtsl_member(id), "type") for id in names.relationship_types()]
        case "RELATIONSHIPS", [] | [_, "ARROW"] if names.in_twin:
            return list(_ends(statement, names))
        case "SIMULATION", []:
            return [Completion(dtsl_member(field), "property") for field in Simulation.model_fields]
        case "RELATIONSHIPS", [] | [_, "ARROW"]:
            return list(roles_of(names))
        case ("RELATIONSHIPS", [*_, "IF" | "AND" | "OR" | "LPAR" | "BANG"]) | ("WHEN", _):
            return list(_in_condition(statement, names))
        case "INTERLOCKS", _:
            return list(_in_interlock(statement, names))
        case "BEHAVIOR", _:
            return list(in_head(statement, names, _in_condition))
        case _ if inner in LISTS:
            return list(in_action(statement, names, _in_condition))
        case "METADATA", [_, "EQUAL"]:
            return [Completion("true", "value"), Completion("false", "value")]
    return []


def _types(names: Names) -> Iterator[Completion]:
    for id in names.types():
        yield Completion(dtsl_type(id), "type", description=_described(names, id))


def _ends(statement: Sequence[Token], names: Names) -> Iterator[Completion]:
    """`this` is one of both."""
    itself = bool(statement) and str(statement[0]) == SELF
    if not itself:
        yield Completion(SELF, "twin", "the twin itself")
    if itself or not statement:
        if names.here is not None and names.here.kind == "twin_type":
            yield from _types(names)
        else:
            twins = sorted(islice(names.catalogue.ids("twin"), _MOST_SORTED))
            yield from (Completion(dtsl_type(id), "twin") for id in islice(twins, MOST))


def _described(names: Names, type_id: str) -> str:
    found = names.catalogue.twin_type(type_id)
    return found.description if found else ""


def _overlays(names: Names) -> Iterator[Completion]:
    for id in names.overlay_types():
        yield Completion(dtsl_type(id), "overlay")


def _bindings(statement: Sequence[Token], names: Names) -> Iterator[Completion]:
    if len(statement) == 2:
        found = names.roles().get(id_of(statement[0]))
        for twin in islice(names.catalogue.twins_of_type(found[0]), MOST) if found else ():
            yield Completion(dtsl_type(twin), "twin", dtsl_type(found[0]) if found else "")
    elif not statement:
        filled = names.here.filled if names.here is not None else set()
        yield from (item for item in roles_of(names) if item.text not in map(dtsl_member, filled))


def _in_condition(statement: Sequence[Token], names: Names) -> Iterator[Completion]:
    last = statement[-1].type if statement else ""
    if last == "DOT":
        path = path_before(statement[:-1])
        if len(path) == 1 and statement[-3:-2] and statement[-3].type == "ON":
            for event in sorted(names.of_role(path[0]).events.values(), key=lambda item: item.name):
                told = ", ".join(dtsl_member(item.name) for item in event.parameters)
                yield Completion(dtsl_member(event.name), "event", f"({told})", event.description)
        elif len(path) == 1:
            yield from properties_of(names.of_role(path[0]), lambda access: access != "write")
    elif last == "COMPARE":
        path = path_before(statement[:-1])
        if len(path) == 2:
            yield from values_of(names.of_role(path[0]).properties.get(path[1]))
        elif len(path) == 1 and names.in_twin:
            yield from values_of(names.own().properties.get(path[0]))
        elif len(path) == 1 and path[0] in names.roles():
            yield Completion("null", "value")
        elif not path and "quality" in map(str, statement):
            yield from (Completion(quote(value, '"'), "value") for value in QUALITIES)
        yield from _to_read(names)
    elif last == "EVERY":
        yield from (Completion(word, "value") for word in DAYS)
    elif last in ("", "AND", "OR", "LPAR", "BANG", "PLUS", "MINUS", "TIMES", "DIVIDED", "MODULO", "KNOWN", "OF"):
        yield from _to_read(names)
        yield from _functions()
    elif last in ("IF", "ON"):
        yield from _to_read(names)


def _to_read(names: Names) -> Iterator[Completion]:
    """Roles; in a twin its own properties."""
    if names.in_twin:
        yield from properties_of(names.own(), lambda access: access != "write")
    else:
        yield from roles_of(names)


def _functions() -> Iterator[Completion]:
    for name, function in FUNCTIONS.items():
        yield Completion(dtsl_member(name), "function", f"({function.takes}): {function.gives}", function.says)


def _in_interlock(statement: Sequence[Token], names: Names) -> Iterator[Completion]:
    kinds = [token.type for token in statement]
    if "WHILE" in kinds:
        yield from _in_condition(statement[kinds.index("WHILE") + 1 :], names)
    elif kinds[-1:] == ["DOT"]:
        offered = names.of_role((path_before(statement[:-1]) or [""])[0])
        if "CALL" in kinds:
            for method in sorted(offered.methods.values(), key=lambda item: item.name):
                yield Completion(dtsl_member(method.name), "method", signature(method), method.description)
        else:
            yield from properties_of(offered, lambda access: access != "read")
    elif kinds[-1:] in (["CALL"], ["WRITE"]):
        yield from roles_of(names)
