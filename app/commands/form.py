"""pydantic's ValidationError to our problems: pointer, stable code, what was found and what is allowed.

pydantic's `loc` is not a pointer: for a union it names the variant, for a wrong key it ends in `[key]`. So the loc is
walked beside the models, which also tells the field names that a misspelled one may have meant.
"""

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.commands.json_limits import MAX_PROBLEMS
from app.commands.pointers import found, pointer, shown
from app.errors import Problem
from app.model.definitions import Kind
from app.model.document import Faults
from app.model.near import near
from app.model.value_types import type_faults

_TYPES = {
    "string_type": "a text",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
_TOLD_OTHERWISE = ("finite_number", "string_unicode", "default_factory_not_called")
"""By json_limits.py, with a pointer that free-form parts have too; a default that is not there follows from another."""
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_HINTS = {
    "BAD_IDENTIFIER": "write _ for anything else",
    "BAD_TEXT": "leave control characters out",
    "BAD_MULTIPLICITY": "write 1, 0..1, 0..*, 1..* or from..to, the lower one first",
    "DUPLICATE_NAME": "give each its own name",
    "TWO_TARGETS": "leave one of role and twin_id out",
}
_OF_TWINS = ("properties", "methods", "events", "behaviors", "interlocks", "relationships")
_UNIQUE: dict[Kind, dict[str, str]] = {
    "relationship_type": {},
    "twin_type": dict.fromkeys(_OF_TWINS, "name"),
    "twin": dict.fromkeys(_OF_TWINS, "name"),
    "overlay_type": {"twin_roles": "role", "relationship_types": "name", "behaviors": "name", "interlocks": "name"},
    "overlay": {"relationships": "name", "behaviors": "name", "interlocks": "name"},
}

_TYPED = (("properties", None), ("methods", "parameters"), ("events", "parameters"))
"""List field, and the list in its items that has what is described by a data type; itself where there is none."""

Loc = tuple[int | str, ...]


def unique_parts(kind: Kind) -> Mapping[str, str]:
    """List field -> the field of its items that may not repeat, but for what `told_apart_by` says."""
    return _UNIQUE[kind]


def told_apart_by(kind: Kind, part: str) -> str | None:
    """The field that tells items of one name apart, where several may have one."""
    return "target_twin_id" if (kind, part) == ("twin", "relationships") else None


def form_problems(model: type[BaseModel], document: Any, error: ValidationError) -> list[Problem]:
    problems: list[Problem] = []
    for item in error.errors(include_url=False):
        if item["type"] in _TOLD_OTHERWISE:
            continue
        problems.extend(_problems(model, document, item))
        if len(problems) > MAX_PROBLEMS:
            break
    return problems


def type_problems(document: Mapping[str, Any]) -> list[Problem]:
    """Of everything in it that has a data type; looked for in the raw document, because the models look only at parts
    that are right otherwise."""
    return [
        Problem(fault.code, fault.message, pointer((*path, *fault.at)), fault.hint)
        for path, part in _typed_parts(document)
        for fault in type_faults(part)
    ]


def _typed_parts(document: Mapping[str, Any]) -> Iterator[tuple[Loc, Any]]:
    for part, inner in _TYPED:
        for index, item in enumerate(_list(document.get(part))):
            if inner is None:
                yield (part, index), item
            elif isinstance(item, Mapping):
                for number, parameter in enumerate(_list(item.get(inner))):
                    yield (part, index, inner, number), parameter


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _problems(model: type[BaseModel], document: Any, item: ErrorDetails) -> list[Problem]:
    path, owner = _place(model, item["loc"])
    context: dict[str, Any] = item.get("ctx", {})
    kind, value = item["type"], item["input"]
    error = context.get("error")
    if isinstance(error, Faults):
        return [
            Problem(fault.code, fault.message, pointer((*path, *fault.at)), fault.hint or _HINTS.get(fault.code, ""))
            for fault in error.faults
        ]
    return [_problem(kind, path, owner, value, context, item["msg"])]


def _problem(
    kind: str, path: Loc, owner: type[BaseModel] | None, value: Any, context: Mapping[str, Any], message: str
) -> Problem:
    where = pointer(path)
    name = path[-1] if path else ""
    what = f"'{name}'" if isinstance(name, str) else f"item {name}"
    if kind == "extra_forbidden":
        known = [field.alias or key for key, field in owner.model_fields.items()] if owner else []
        hint = near(str(name), known) or f"known are {', '.join(known)}"
        return Problem("UNKNOWN_FIELD", f"there is no field {shown(str(name))} here", where, hint)
    if kind == "missing":
        return Problem("MISSING_FIELD", f"'{name}' is missing", where, f"add '{name}'")
    if kind == "union_tag_not_found":
        return Problem("MISSING_FIELD", "'type' is missing", where + "/type", "add 'type'")
    if kind == "union_tag_invalid":
        return _not_allowed(where + "/type", context["tag"], context["expected_tags"])
    if kind == "literal_error":
        return _not_allowed(where, value, context["expected"])
    if kind in _TYPES:
        wanted = _TYPES[kind]
        return Problem("WRONG_TYPE", f"{found(value)} where {wanted} is wanted", where, f"give {wanted}")
    if kind in ("string_too_long", "too_long"):
        unit = "characters" if kind == "string_too_long" else "items"
        most = context["max_length"]
        return Problem("TOO_LONG", f"{what} has more than {most} {unit}", where, f"at most {most} are allowed")
    if kind in ("string_too_short", "too_short"):
        least = context["min_length"]
        return Problem("TOO_SHORT", f"{what} has fewer than {least}", where, f"at least {least} is wanted")
    if kind == "string_pattern_mismatch":
        return Problem("BAD_FORMAT", f"{shown(value)} is not a version", where, "write it like 1.0.0")
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        allowed = f"{words} {context[bound]}"
        return Problem("OUT_OF_RANGE", f"{found(value)} is out of range", where, f"allowed is {allowed}")
    return Problem("INVALID_FIELD", message, where)


def _not_allowed(where: str, value: Any, expected: str) -> Problem:
    choices = [part.strip(" '") for part in expected.replace(" or ", ", ").split(",")]
    hint = near(value, choices) if isinstance(value, str) else ""
    listed = f"allowed are {', '.join(choices)}"
    return Problem("NOT_ALLOWED", f"{found(value)} is not allowed here", where, f"{hint} {listed}".strip())


def _place(model: type[BaseModel], loc: Loc) -> tuple[Loc, type[BaseModel] | None]:
    """The parts of the pointer, and the model of the object that holds the last of them."""
    path: list[int | str] = []
    at: Any = model
    owner: type[BaseModel] | None = None
    for part in loc:
        at, is_union = _plain(at)
        if part == "[key]":
            break
        if is_union:
            at = _variant(get_args(at), str(part))
            continue
        path.append(part)
        origin = get_origin(at)
        if isinstance(at, type) and issubclass(at, BaseModel):
            owner = at
            field = at.model_fields.get(str(part))
            at = field.annotation if field else None
        elif origin is list:
            at = get_args(at)[0]
        elif origin is dict:
            at = get_args(at)[1]
        else:
            at = None
    return tuple(path), owner


def _plain(annotation: Any) -> tuple[Any, bool]:
    """Without Annotated and `| None`; the second says whether a choice between models is left."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (types.UnionType, typing.Union):
        members = [member for member in get_args(annotation) if member is not types.NoneType]
        if len(members) == 1:
            return _plain(members[0])
        return annotation, True
    return annotation, False


def _variant(members: Sequence[Any], tag: str) -> Any:
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            field = member.model_fields.get("type")
            if field is not None and field.default == tag:
                return member
    return None
