"""From a definition to the declaration that means it: what `export` writes, and the way back from lower.py.

A role's own type decides between twins and overlays where a script does not say it; here it is always said. Conditions
and computed expressions come out in the language's own notation, whatever spaces and parentheses their texts had.
"""

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import Any

from app.dtsl.ast import Behavior, Binding, Declaration, Expression, Filler, Name
from app.dtsl.format_conditions import format_condition
from app.dtsl.lower import ID_FIELDS
from app.dtsl.parse import parse_condition
from app.dtsl.raise_behaviors import NoNotation, raised_behavior
from app.dtsl.spelling import title
from app.errors import Invalid
from app.model.conditions import And, Bound, Condition
from app.model.definitions import MODELS, Definition, id_of, kind_of, to_document


def raised(definition: Definition) -> Declaration:
    kind = kind_of(definition)
    document = to_document(definition)
    del document[ID_FIELDS[kind]]
    if "name" in MODELS[kind].model_fields:
        _name(document, title(id_of(definition)))
    roles = {role["role"]: role for role in document.get("twin_roles", ())}
    names = roles.keys() | {binding["role"] for binding in document.get("twins", ())}
    for field in list(document):
        value = document[field]
        match field:
            case "behaviors":
                document[field] = _behaviors(definition, names) or value
            case "twins":
                document[field] = _bindings(value)
            case "twin_roles":
                document[field] = [_role(item) for item in value]
            case "interlocks":
                document[field] = [{**item, "while": _condition(item)} for item in value]
            case "properties":
                document[field] = [_computed(item) for item in value]
            case "relationship_types":
                document[field] = [_guarded(item, roles) for item in value]
    return Declaration(kind, Name(id_of(definition)), document)


def _behaviors(definition: Definition, roles: Collection[str]) -> list[Behavior]:
    """None of them where one has no notation: their order is to stay."""
    try:
        return [raised_behavior(item, roles) for item in getattr(definition, "behaviors", ())]
    except (NoNotation, Invalid):
        return []


def _name(document: dict[str, Any], made: str) -> None:
    """Right behind the head where there is to be none, because a script would make one up."""
    if document.get("name") == made:
        del document["name"]
    elif "name" not in document:
        rest = dict(document)
        document.clear()
        document.update({"name": None, **rest})


def _bindings(items: list[dict[str, Any]]) -> list[Binding]:
    """Neighbours of one role in one line: the order of all of them stays."""
    found: list[Binding] = []
    for role, group in groupby(items, key=lambda item: str(item["role"])):
        fillers = [
            Filler(Name(item["overlay_id"]), "overlay") if item.get("overlay_id") else Filler(Name(item["twin_id"]))
            for item in group
        ]
        found.append(Binding(Name(role), tuple(fillers), listed=len(fillers) > 1))
    return found


def _role(item: dict[str, Any]) -> dict[str, Any]:
    """A twin type goes without saying that it is one."""
    if item.get("twin_type") is None:
        return item
    return {"type": item["twin_type"], **{key: value for key, value in item.items() if key != "twin_type"}}


def _computed(item: dict[str, Any]) -> dict[str, Any]:
    text = item.get("computed")
    if text is None:
        return item
    try:
        return {**item, "computed": format_condition(parse_condition(text))}
    except Invalid:  # of a document that nobody has checked: it stays as it is
        return item


def _condition(interlock: Mapping[str, Any]) -> Expression:
    try:
        return Expression(parse_condition(interlock["while"]))
    except Invalid as error:  # of a document that nobody has checked
        raise NoNotation(f"the condition of interlock '{interlock['name']}'") from error


def _guarded(item: dict[str, Any], roles: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A relationship that is not required, with the `if` that a person would write."""
    ends = dict.fromkeys((item["source_role"], item["target_role"]))
    optional = [end for end in ends if _may_be_open(roles.get(end, {}))]
    if item.get("required") is not False or not optional:
        return item
    tests: list[Condition] = [Bound(end) for end in optional]
    test = tests[0] if len(tests) == 1 else And(tuple(tests))
    return {**{key: value for key, value in item.items() if key != "required"}, "guard": Expression(test)}


def _may_be_open(role: Mapping[str, Any]) -> bool:
    return role.get("required") is False and not role.get("many")
