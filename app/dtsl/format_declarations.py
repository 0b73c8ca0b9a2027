"""Declarations of every kind as lines of a script: settings, data and blocks in the author's order.

Each takes what it can say out of the fields that it is given; what is left, such as a null that is written, goes into
`with { }`, so that nothing of a document is ever lost.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.dtsl.ast import Behavior, Binding, Declaration, Filler
from app.dtsl.build_declarations import SECOND_NAME
from app.dtsl.format import apart, behavior_lines, fits_a_comment
from app.dtsl.format_capabilities import event_lines, method_lines, property_lines
from app.dtsl.format_conditions import dtsl_condition
from app.dtsl.format_data import Rest, data_block, doc_lines, entries, rest_text
from app.dtsl.format_interlocks import interlock_lines
from app.dtsl.spelling import SELF, dtsl_member, dtsl_path, dtsl_type, quote
from app.model.definitions import Kind

_BEGINS: dict[Kind, str] = {
    "relationship_type": "relationship type",
    "twin_type": "twin type",
    "twin": "twin",
    "overlay_type": "overlay",
    "overlay": "instance",
}
_JOINED: dict[Kind, str] = {"twin_type": "extends", "twin": "of", "overlay": "of"}
_SETTINGS = ("name", "version", "kind", "lifecycle", "inverse", "impact", "manufacturer", "model")
_SETTINGS_OF_TWO_WORDS = ("serial_number", "installation_date")
_DATA = ("metadata", "visualization", "simulation", "connectivity", "location")
_WORDS = ("kind", "lifecycle", "impact")
_MARK = {True: "!", False: "?"}


def declaration_lines(item: Declaration) -> Iterator[str]:
    fields = Rest(item.document)
    yield from doc_lines(fields)
    if fits_a_comment(fields.get("description")):
        del fields["description"]
    yield _head(item, fields) + " {"
    groups: list[list[str]] = []
    after_setting = False
    for field in list(fields):
        setting = _setting(field, fields)
        if setting is not None:
            if after_setting:
                groups[-1].append(setting)
            else:
                groups.append([setting])
            after_setting = True
            continue
        lines = _block(item.kind, field, fields)
        if lines is not None:
            groups.append(lines)
            after_setting = False
    if fields:
        groups.append(["with {", *("  " + line for line in entries(fields, 4)), "}"])
    yield from ("  " + line if line else "" for line in apart(groups))
    yield "}"


def _head(item: Declaration, fields: Rest) -> str:
    spelled = dtsl_member if item.kind == "relationship_type" else dtsl_type
    head = f"{_BEGINS[item.kind]} {spelled(item.name.id)}"
    second = SECOND_NAME.get(item.kind)
    if second is not None and isinstance(fields.get(second), str):
        head += f" {_JOINED[item.kind]} {dtsl_type(fields.pop(second))}"
    return head


def _setting(field: str, fields: Rest) -> str | None:
    """`version "1.2.0";`; None where the field is no setting."""
    if field not in _SETTINGS and field not in _SETTINGS_OF_TWO_WORDS:
        return None
    value = fields.pop(field)
    if value is None:
        written = "null"
    elif field in _WORDS:
        written = value
    else:
        written = dtsl_member(value) if field == "inverse" else quote(value, '"')
    return f"{dtsl_member(field)} {written};"


def _block(kind: Kind, field: str, fields: Rest) -> list[str] | None:
    """Taken out of `fields`; None where the field has no block of its own."""
    value = fields[field]
    if field in _DATA:
        if value is not None and not isinstance(value, Mapping):
            return None
        del fields[field]
        return list(data_block(field, value))
    if not isinstance(value, list):
        return None
    if field == "behaviors" and all(isinstance(item, Behavior) for item in value):
        lines = behavior_lines(value)
    elif field in _ITEMS:
        lines = [line for item in value for line in _ITEMS[field](item)]
    elif field in ("relationships", "relationship_types"):
        lines = [line for item in value for line in _relationship(kind, item)]
    else:
        return None
    del fields[field]
    keyword = {"twin_roles": "twins", "relationship_types": "relationships"}.get(field, field)
    return [f"{keyword} {{", *("  " + line if line else "" for line in lines), "}"]


def _role(item: Mapping[str, Any]) -> Iterator[str]:
    yield from doc_lines(item)
    rest = _undescribed(item)
    field = next((name for name in ("overlay_type", "type") if isinstance(rest.get(name), str)), "twin_type")
    written = ("overlay " if field == "overlay_type" else "") + dtsl_type(rest.pop(field))
    required = rest.pop("required") if isinstance(rest.get("required"), bool) else None
    if rest.get("many") is True:
        del rest["many"]
        written += "[+]" if required else "[]"
        required = None if required else required
    written += _MARK.get(required, "") if required is not None else ""
    yield f"{written} {dtsl_member(rest.pop('role'))}{rest_text(rest)};"


def _binding(item: Binding) -> Iterator[str]:
    fillers = ", ".join(map(_filler, item.fillers))
    yield f"{dtsl_member(item.role.id)} = {f'[{fillers}]' if item.listed else fillers};"


def _filler(item: Filler) -> str:
    return f"{item.kind} {dtsl_type(item.name.id)}" if item.kind else dtsl_type(item.name.id)


def _relationship(kind: Kind, item: Mapping[str, Any]) -> Iterator[str]:
    yield from doc_lines(item)
    rest = _undescribed(item)
    guard = rest.pop("guard", None)
    text = f"{_ends(kind, rest)} as {dtsl_member(rest.pop('name'))}"
    if isinstance(rest.get("required"), bool):
        text += _MARK[rest.pop("required")]
    if isinstance(rest.get("relationship_type"), str):
        text += f" : {dtsl_member(rest.pop('relationship_type'))}"
    if isinstance(rest.get("multiplicity"), str):
        text += f" [{rest.pop('multiplicity')}]"
    text += rest_text(rest)
    yield text + (f" if {dtsl_condition(guard.condition)};" if guard is not None else ";")


def _ends(kind: Kind, rest: Rest) -> str:
    if kind == "overlay":
        return f"{dtsl_type(rest.pop('source_twin_id'))} -> {dtsl_type(rest.pop('target_twin_id'))}"
    if kind == "overlay_type":
        return f"{dtsl_path(rest.pop('source_role'))} -> {dtsl_path(rest.pop('target_role'))}"
    field = "target_type" if kind == "twin_type" else "target_twin_id"
    other = dtsl_type(rest.pop(field)) if isinstance(rest.get(field), str) else "*"
    direction = rest.pop("direction") if isinstance(rest.get("direction"), str) else None
    return {"outgoing": f"{SELF} -> {other}", "incoming": f"{other} -> {SELF}"}.get(direction or "", other)


def _undescribed(item: Mapping[str, Any]) -> Rest:
    return Rest({key: value for key, value in item.items() if key != "description" or not fits_a_comment(value)})


_ITEMS: dict[str, Callable[[Any], Iterator[str]]] = {
    "properties": property_lines,
    "methods": method_lines,
    "events": event_lines,
    "interlocks": interlock_lines,
    "twin_roles": _role,
    "twins": _binding,
}
