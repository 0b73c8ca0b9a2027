"""Deleting a twin that others use, with `cascade: UNBIND`: what those look like without it.

A role that must be filled is never left empty: that is a fault, and the whole deletion is refused with all of them.
"""

from typing import Any

from app.errors import Problem
from app.model.catalogue import Catalogue
from app.model.definitions import MODELS, Definition, Kind, Overlay, to_document


def without_twin(catalogue: Catalogue, twin_id: str) -> tuple[list[Definition], list[Problem]]:
    """Every overlay and twin that names the twin, without it; and the roles (REQUIRED_ROLE) that can't go without."""
    changed: list[Definition] = []
    problems: list[Problem] = []
    overlays = {*catalogue.overlays_of_twin(twin_id), *catalogue.overlays_relating_to(twin_id)}
    for overlay_id in sorted(overlays):
        overlay = catalogue.overlay(overlay_id)
        if overlay is None:
            continue
        problems += _required(catalogue, overlay, twin_id)
        document = to_document(overlay)
        _drop(document, "twins", twin_id, "twin_id")
        _drop(document, "relationships", twin_id, "source_twin_id", "target_twin_id")
        changed.append(_read("overlay", document))
    for other_id in catalogue.twins_relating_to(twin_id):
        twin = catalogue.twin(other_id)
        if twin is not None and other_id != twin_id:
            document = to_document(twin)
            _drop(document, "relationships", twin_id, "target_twin_id")
            changed.append(_read("twin", document))
    return changed, problems


def _required(catalogue: Catalogue, overlay: Overlay, twin_id: str) -> list[Problem]:
    overlay_type = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    required = {item.role for item in overlay_type.twin_roles if item.required} if overlay_type else set()
    left = {item.role for item in overlay.twins if item.twin_id != twin_id}
    emptied = [item.role for item in overlay.twins if item.twin_id == twin_id and item.role in required - left]
    return [
        Problem(
            "REQUIRED_ROLE",
            f"role '{role}' of overlay '{overlay.overlay_id}' must be filled, and this twin fills it",
            "",
            "bind another twin to it first",
        )
        for role in emptied
    ]


def _drop(document: dict[str, Any], part: str, twin_id: str, *fields: str) -> None:
    if part in document:
        document[part] = [item for item in document[part] if twin_id not in (item.get(field) for field in fields)]


def _read(kind: Kind, document: dict[str, Any]) -> Definition:
    return MODELS[kind].model_validate(document)
