"""What the word at a position of a script is: a pure function of the text, the position and the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.dtsl.complete_actions import LISTS
from app.dtsl.completion import signature
from app.dtsl.declared import Known
from app.dtsl.functions import FUNCTIONS
from app.dtsl.lower_alerts import OPTIONS
from app.dtsl.names_at import Names, path_before, shown_type
from app.dtsl.outline import id_of, outline, place_behind, words
from app.dtsl.parse import MAX_SOURCE
from app.dtsl.source import BYTE_ORDER_MARK
from app.dtsl.spelling import dtsl_member, dtsl_type
from app.model.definitions import PropertyDefinition

Token = Any
_WAYS = {"forward": "forward", "backward": "backward", "both": "both ways", "none": "not along it"}
_ACCESS = {"read": "", "write": ", write-only", "read-write": ", writable"}


@dataclass(frozen=True, slots=True)
class Hover:
    start: int
    end: int
    title: str
    """`pump.temperature: float in celsius, 0.0 to 100.0`."""
    description: str = ""


def hover(text: str, offset: int, catalogue: Known) -> Hover | None:
    """None where nothing is to be said. Never raises."""
    text = text.removeprefix(BYTE_ORDER_MARK)[:MAX_SOURCE]
    tokens = words(text)
    index = next((index for index, item in enumerate(tokens) if item.start_pos <= offset < item.end_pos), None)
    if index is None or not (tokens[index].type == "STRING" or str(tokens[index]).isidentifier()):
        return None
    token = tokens[index]
    declared = outline(tokens)
    here = next((item for item in declared if item.start <= offset < item.end), None)
    found = _said(tokens, index, Names(here, declared, catalogue))
    return Hover(token.start_pos, token.end_pos, *found) if found is not None else None


def _said(tokens: Sequence[Token], index: int, names: Names) -> tuple[str, str] | None:
    place = place_behind(tokens[:index])
    inner = place.blocks[-1] if place.blocks else ""
    kinds = [token.type for token in place.statement]
    id = id_of(tokens[index])
    following = tokens[index + 1].type if index + 1 < len(tokens) else ""
    match inner, kinds:
        case "", ["INSTANCE", _, "OF"]:
            return f"overlay {dtsl_type(id)}", ""
        case "", ["TWIN", _, "OF"] | ["TWIN", "TYPE", _, "EXTENDS"]:
            return _type(id, names)
        case "RELATIONSHIPS", [*_, "COLON"]:
            return _relationship_type(id, names)
        case "RELATIONSHIPS", [] | [_, "ARROW"] if names.in_twin:
            return _type(id, names) or _twin(id, names)
        case (("WHEN" | "THEN"), _) if names.in_twin:
            return _own([*path_before([*place.statement, tokens[index]])], following, names)
        case "TWINS", _ if names.here is not None and names.here.overlay_type is not None:
            return _twin(id, names) if kinds[1:] == ["EQUAL"] else _role(id, names)
        case "TWINS", []:
            return _type(id, names)
        case _ if inner in LISTS and [*map(str, place.statement[:1])] == ["alert"] and _option(id) is not None:
            return _option(id)
        case _ if inner in (*LISTS, "TWINS", "RELATIONSHIPS", "WHEN", "BEHAVIOR"):
            return _member([*path_before([*place.statement, tokens[index]])], following, names)
    return None


def _type(id: str, names: Names) -> tuple[str, str] | None:
    found = names.catalogue.twin_type(id)
    if found is None:
        return None
    extends = f" extends {dtsl_type(found.extends)}" if found.extends else ""
    return f"twin type {dtsl_type(id)}{extends}", found.description


def _relationship_type(id: str, names: Names) -> tuple[str, str] | None:
    found = names.catalogue.relationship_type(id)
    if found is None:
        return None
    inverse = f", seen from its target {dtsl_member(found.inverse)}" if found.inverse else ""
    return f"relationship type {dtsl_member(id)}: failure travels {_WAYS[found.impact]}{inverse}", found.description


def _own(path: Sequence[str], following: str, names: Names) -> tuple[str, str] | None:
    if path == ["alert"] and following == "LPAR":
        return _member(path, following, names)
    offered = names.own()
    method, item = offered.methods.get(path[-1]), offered.properties.get(path[-1])
    if method is not None and (following == "LPAR" or item is None):
        return f"{dtsl_member(path[-1])}{signature(method)}", method.description
    return (f"{dtsl_member(path[-1])}: {_property(item)}", item.description) if item is not None else None


def _twin(id: str, names: Names) -> tuple[str, str] | None:
    found = names.catalogue.twin(id)
    return (f"twin {dtsl_type(id)}: {dtsl_type(found.twin_type)}", found.description) if found else None


def _role(id: str, names: Names) -> tuple[str, str] | None:
    found = names.roles().get(id)
    if found is None:
        return None
    twin_type = names.catalogue.twin_type(found[0])
    optional = ", optional" if found[1] else ""
    return f"role {dtsl_member(id)}: {dtsl_type(found[0])}{optional}", twin_type.description if twin_type else ""


def _option(id: str) -> tuple[str, str] | None:
    """Of an alert."""
    kind, does = OPTIONS.get(id, ("", ""))
    return (f"{dtsl_member(id)}{'' if kind == 'flag' else ' ' + kind}", f"The alert {does}.") if kind else None


def _member(path: Sequence[str], following: str, names: Names) -> tuple[str, str] | None:
    if path == ["alert"] and following == "LPAR":
        return "alert(severity, message)", "Raises an alert while the condition holds."
    if len(path) == 1 and following == "LPAR" and path[0] in FUNCTIONS:
        function = FUNCTIONS[path[0]]
        return f"{dtsl_member(path[0])}({function.takes}): {function.gives}", function.says
    if len(path) == 1:
        return _role(path[0], names)
    if len(path) != 2:
        return None
    role, name = path
    offered = names.of_role(role)
    shown = f"{dtsl_member(role)}.{dtsl_member(name)}"
    event = offered.events.get(name)
    if event is not None and name not in offered.properties and name not in offered.methods:
        told = ", ".join(f"{dtsl_member(item.name)}: {shown_type(item)}" for item in event.parameters)
        return f"{shown}({told})", event.description
    method, item = offered.methods.get(name), offered.properties.get(name)
    if method is not None and (following == "LPAR" or item is None):
        result = f" -> {method.return_type}" if method.return_type else ""
        return f"{shown}{signature(method)}{result}", method.description
    return (f"{shown}: {_property(item)}", item.description) if item is not None else None


def _property(item: PropertyDefinition) -> str:
    computed = f", computed: {item.computed}" if item.computed else ""
    return shown_type(item) + _ACCESS[item.access] + computed
