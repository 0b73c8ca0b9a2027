"""From a declaration to the JSON document that it means, and where each part of that stands in the script.

What a script leaves out, the document leaves out too; only a display name is made from the id where a script gives
none, because people are shown names (`name null;` makes none). Behaviors are lowered by check_overlay.py, which needs
to know what their actions name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.dtsl.ast import Behavior, Binding, Declaration, Expression, Filler
from app.dtsl.format_conditions import format_condition
from app.dtsl.places import below
from app.dtsl.source import Span
from app.dtsl.spelling import title
from app.model.definitions import MODELS, Kind

ID_FIELDS: dict[Kind, str] = {
    "relationship_type": "relationship_type",
    "twin_type": "type_id",
    "twin": "twin_id",
    "overlay_type": "type_id",
    "overlay": "overlay_id",
}


@dataclass(frozen=True, slots=True)
class Lowered:
    document: dict[str, Any]
    places: dict[str, Span]


def lowered(
    item: Declaration,
    is_overlay_type: Callable[[str], bool] = lambda name: False,
    is_overlay: Callable[[str, str], bool] = lambda role, name: False,
) -> Lowered:
    """All but the behaviors of a block. `is_overlay_type` tells of a role's type whether overlays fill it,
    `is_overlay` of a role and who fills it whether that is an overlay; both are asked where the script does not say
    it."""
    document: dict[str, Any] = {ID_FIELDS[item.kind]: item.name.id}
    places = {**item.places, f"/{ID_FIELDS[item.kind]}": item.name.span}
    for field, value in item.document.items():
        match field:
            case "behaviors" if any(isinstance(behavior, Behavior) for behavior in value or ()):
                pass
            case "name" if value is None:
                pass
            case "twin_roles" if isinstance(value, list):
                document[field] = [_role(role, is_overlay_type) for role in value]
                for index in range(len(value)):
                    pointer = f"/twin_roles/{index}"
                    for name in ("twin_type", "overlay_type"):
                        if f"{pointer}/type" in places:
                            places.setdefault(f"{pointer}/{name}", places[f"{pointer}/type"])
            case "interlocks" if isinstance(value, list):
                document[field] = [_in_text(interlock) for interlock in value]
            case "relationship_types" if isinstance(value, list):
                document[field] = [_without_guard(relationship) for relationship in value]
            case "twins" if item.kind == "overlay" and isinstance(value, list):
                document[field] = _fillers(value, is_overlay, places)
            case _:
                document[field] = value
    if "name" not in item.document and "name" in MODELS[item.kind].model_fields:
        document["name"] = title(item.name.id)
    return Lowered(document, places)


def _role(role: Mapping[str, Any], is_overlay_type: Callable[[str], bool]) -> dict[str, Any]:
    found = dict(role)
    if "type" in found:
        written = found.pop("type")
        found["overlay_type" if is_overlay_type(written) else "twin_type"] = written
    return found


def _in_text(interlock: Any) -> Any:
    """With its condition as documents have it; one that is written out in a `with` may be anything."""
    condition = interlock.get("while") if isinstance(interlock, Mapping) else None
    if not isinstance(condition, Expression):
        return interlock
    return {**interlock, "while": format_condition(condition.condition)}


def _without_guard(relationship: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(relationship)
    if isinstance(found.pop("guard", None), Expression):
        found["required"] = False
    return found


def _fillers(
    bindings: list[Any], is_overlay: Callable[[str, str], bool], places: dict[str, Span]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for binding in bindings:
        if not isinstance(binding, Binding):  # written out in a `with`
            found.append(binding)
            continue
        for filler in binding.fillers:
            field = _field(binding, filler, is_overlay)
            pointer = f"/twins/{len(found)}"
            places[pointer] = places[below(pointer, "role")] = binding.role.span
            places[below(pointer, field)] = filler.name.span
            found.append({field: filler.name.id, "role": binding.role.id})
    return found


def _field(binding: Binding, filler: Filler, is_overlay: Callable[[str, str], bool]) -> str:
    kind = filler.kind or ("overlay" if is_overlay(binding.role.id, filler.name.id) else "twin")
    return f"{kind}_id"
