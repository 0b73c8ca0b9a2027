"""Rebinding a role moves what names its twin: an id that fills exactly one role stands for that role.

An update says only who fills the role now. Whatever in the overlay's own behaviors, interlocks and relationships named
who filled it before names the new one from then on, as if it had been written by role. What the same patch writes
itself is taken as it is written; a twin that filled several roles is nobody's in particular, and what names it stays.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from app.commands.merge import merge
from app.dtsl.format_conditions import format_condition
from app.dtsl.parse import parse_condition
from app.dtsl.references import json_reference, owners_in, respelled
from app.errors import Invalid
from app.model.composition import splits
from app.model.conditions import PropertyRef, owners, renamed

_FILLERS = ("twin_id", "overlay_id")
_Filler = tuple[str, str]
"""The field and the id."""


def rebound(
    document: Mapping[str, Any], patch: Mapping[str, Any], roles: Collection[str], many: Collection[str]
) -> dict[str, Any]:
    """The document of an overlay with its behaviors and relationships moved, for the patch to be merged into. `roles`
    are those of its type: a name that is a role means the role, whoever has it as an id."""
    given = patch.get("twins")
    if not given:
        return dict(document)
    before = _bound(document.get("twins"))
    after = _bound(merge("overlay", document, {"twins": given}, many).document.get("twins"))
    moved = _moved(before, after, many)
    taken = {*roles, *(role for role, _ in before)}
    names = {old: new for (_, old), (_, new) in moved.items() if old not in taken}
    ends = {old: new for (kind, old), (other, new) in moved.items() if kind == other == "twin_id"}
    found = dict(document)
    if names and "behaviors" in found:
        known = {*taken, *(filler for _, (_, filler) in before)}
        found["behaviors"] = [_behavior(item, names, known) for item in found["behaviors"]]
    if names and "interlocks" in found:
        known = {*taken, *(filler for _, (_, filler) in before)}
        found["interlocks"] = [_interlock(item, names, known) for item in found["interlocks"]]
    if ends and "relationships" in found:
        found["relationships"] = [_relationship(item, ends) for item in found["relationships"]]
    return found


def _bound(bindings: Any) -> list[tuple[str, _Filler]]:
    """Role and who fills it, of what is well formed."""
    found: list[tuple[str, _Filler]] = []
    for item in bindings if isinstance(bindings, list) else ():
        if isinstance(item, Mapping) and isinstance(item.get("role"), str):
            found += [(item["role"], (field, item[field])) for field in _FILLERS if isinstance(item.get(field), str)]
    return found


def _moved(
    before: list[tuple[str, _Filler]], after: list[tuple[str, _Filler]], many: Collection[str]
) -> dict[_Filler, _Filler]:
    """Who filled exactly one role -> who fills that role now, where it is another."""
    times = Counter(filler for _, filler in before)
    now = dict(after)
    return {
        filler: now[role]
        for role, filler in before
        if times[filler] == 1 and role not in many and now.get(role, filler) != filler
    }


def _behavior(behavior: Mapping[str, Any], names: Mapping[str, str], known: Collection[str]) -> dict[str, Any]:
    found = dict(behavior)
    if "let" in found:
        found["let"] = [{**item, "value": _condition(item["value"], names)} for item in found["let"]]
    if "conditions" in found:
        found["conditions"] = [_condition(text, names) for text in found["conditions"]]
    if "escalations" in found:
        found["escalations"] = [_actions_in("actions", item, names, known) for item in found["escalations"]]
    return _actions_in("otherwise", _actions_in("actions", found, names, known), names, known)


def _actions_in(
    field: str, holder: Mapping[str, Any], names: Mapping[str, str], known: Collection[str]
) -> dict[str, Any]:
    found = dict(holder)
    if field in found:
        found[field] = [_action(item, names, known) for item in found[field]]
    return found


def _interlock(item: Mapping[str, Any], names: Mapping[str, str], known: Collection[str]) -> dict[str, Any]:
    return {**_action(item, names, known), "while": _condition(item["while"], names)}


def _message(text: str, names: Mapping[str, str]) -> str:
    if {owner.partition("/")[0] for owner in owners_in(text)}.isdisjoint(names):
        return text

    def moved(reference: PropertyRef) -> str:
        found = renamed(reference, names)
        assert isinstance(found, PropertyRef)
        return json_reference(found)

    return respelled(text, moved)


def _condition(text: str, names: Mapping[str, str]) -> str:
    try:
        condition = parse_condition(text)
    except Invalid:
        return text  # stored by an older grammar; the check says so
    if not any(owner.partition("/")[0] in names for owner in owners(condition)):
        return text
    return format_condition(renamed(condition, names))


def _action(action: Mapping[str, Any], names: Mapping[str, str], known: Collection[str]) -> dict[str, Any]:
    """Ids may have dots as paths do: the longest that somebody here has is meant."""
    found = _actions_in("otherwise", action, names, known)
    if "message" in found:
        found["message"] = _message(found["message"], names)
    if "condition" in found:
        found["condition"] = _condition(found["condition"], names)
    for field in ("twin_id", "role"):
        written = found.get(field)
        if not isinstance(written, str):
            continue
        names_whom = (name for name, rest in splits(written) if name in known and (field == "role" or not rest))
        name = next(names_whom, "")
        if name in names:
            found[field] = names[name] + written[len(name) :]
    return found


def _relationship(item: Mapping[str, Any], ends: Mapping[str, str]) -> dict[str, Any]:
    fields = ("source_twin_id", "target_twin_id")
    return {field: ends.get(value, value) if field in fields else value for field, value in item.items()}
