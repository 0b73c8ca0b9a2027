"""Deleting a twin or an overlay that others use, with `cascade: UNBIND`: what those look like without it.

A role that must be filled is never left empty: that is a fault, and the whole deletion is refused with all of them.
"""

from typing import Any

from app.errors import Problem
from app.model.catalogue import Catalogue
from app.model.definitions import MODELS, Definition, Kind, Overlay, to_document


def without(catalogue: Catalogue, kind: Kind, id: str) -> tuple[list[Definition], list[Problem]]:
    """Every overlay and twin that names the twin or overlay, without it; and the roles (REQUIRED_ROLE) that can't go
    without. Nothing for types, which nobody is without."""
    changed: list[Definition] = []
    problems: list[Problem] = []
    around: set[str] = set()
    if kind == "twin":
        around = {*catalogue.overlays_of_twin(id), *catalogue.overlays_relating_to(id)}
    elif kind == "overlay":
        around = set(catalogue.overlays_of_overlay(id))
    for overlay_id in sorted(around):
        overlay = catalogue.overlay(overlay_id)
        if overlay is None:
            continue
        problems += _required(catalogue, overlay, kind, id)
        document = to_document(overlay)
        _drop(document, "twins", id, f"{kind}_id")
        if kind == "twin":
            _drop(document, "relationships", id, "source_twin_id", "target_twin_id")
        changed.append(_read("overlay", document))
    for other_id in catalogue.twins_relating_to(id) if kind == "twin" else ():
        twin = catalogue.twin(other_id)
        if twin is not None and other_id != id:
            document = to_document(twin)
            _drop(document, "relationships", id, "target_twin_id")
            changed.append(_read("twin", document))
    return changed, problems


def _required(catalogue: Catalogue, overlay: Overlay, kind: Kind, id: str) -> list[Problem]:
    overlay_type = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    roles = overlay_type.twin_roles if overlay_type is not None and overlay.in_place else []
    required = {item.role for item in roles if item.required}
    filled = [item.role for item in overlay.twins if getattr(item, f"{kind}_id") == id]
    left = {item.role for item in overlay.twins if getattr(item, f"{kind}_id") != id}
    return [
        Problem(
            "REQUIRED_ROLE",
            f"role '{role}' of overlay '{overlay.overlay_id}' must be filled, and this {kind} fills it",
            "",
            f"bind another {kind} to it first",
        )
        for role in filled
        if role in required - left
    ]


def _drop(document: dict[str, Any], part: str, id: str, *fields: str) -> None:
    if part in document:
        document[part] = [item for item in document[part] if id not in (item.get(field) for field in fields)]


def _read(kind: Kind, document: dict[str, Any]) -> Definition:
    return MODELS[kind].model_validate(document)
