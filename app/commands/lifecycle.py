"""The lifecycle of overlays: what may follow what, and that no save wakes one by leaving it out.

A document that says nothing about its lifecycle has nothing to say about it: the overlay keeps the one it has, and the
stored document says so. Otherwise a script that is applied again would start what a person has suspended.
"""

from collections.abc import Mapping, Sequence

from app.errors import Conflict, Problem
from app.model.catalogue import Catalogue
from app.model.definitions import Definition, Lifecycle, Overlay

ALLOWED: Mapping[Lifecycle, tuple[Lifecycle, ...]] = {
    "draft": ("active", "retired"),
    "active": ("suspended", "retired"),
    "suspended": ("active", "retired"),
    "retired": ("draft",),
}


def kept(catalogue: Catalogue, definition: Definition) -> tuple[Definition, list[Problem]]:
    """With the lifecycle that stands, where the document leaves it out; and a warning (LIFECYCLE_KEPT) where that is
    not the one that it would have had."""
    standing = catalogue.overlay(definition.overlay_id) if isinstance(definition, Overlay) else None
    if standing is None or not isinstance(definition, Overlay) or "lifecycle" in definition.model_fields_set:
        return definition, []
    return _keeping(definition, standing)


def restored(catalogue: Catalogue, definition: Definition) -> tuple[Definition, list[Problem]]:
    """An earlier document, but with the lifecycle that stands: going back to a text is no reason to wake anything."""
    standing = catalogue.overlay(definition.overlay_id) if isinstance(definition, Overlay) else None
    if standing is None or not isinstance(definition, Overlay):
        return definition, []
    return _keeping(definition, standing)


def _keeping(definition: Overlay, standing: Overlay) -> tuple[Overlay, list[Problem]]:
    if standing.lifecycle == definition.lifecycle:
        return definition, []
    message = f"overlay '{definition.overlay_id}' stays {standing.lifecycle}"
    hint = "to change that, set its lifecycle"
    warning = Problem("LIFECYCLE_KEPT", message, "/lifecycle", hint)
    return definition.model_copy(update={"lifecycle": standing.lifecycle}), [warning]


def refuse_transitions(catalogue: Catalogue, definitions: Sequence[Definition]) -> None:
    """Raises Conflict (TRANSITION_NOT_ALLOWED) with every overlay whose lifecycle can't follow on the one it has."""
    problems = []
    for index, definition in enumerate(definitions):
        standing = catalogue.overlay(definition.overlay_id) if isinstance(definition, Overlay) else None
        if standing is None or not isinstance(definition, Overlay):
            continue
        before, after = standing.lifecycle, definition.lifecycle
        if after not in (before, *ALLOWED[before]):
            allowed = " or ".join(ALLOWED[before])
            message = f"overlay '{definition.overlay_id}' is {before} and can't become {after}"
            where = "/lifecycle" if len(definitions) == 1 else f"/{index}/lifecycle"
            problems.append(Problem("TRANSITION_NOT_ALLOWED", message, where, f"from {before} it can become {allowed}"))
    if problems:
        first = problems[0]
        raise Conflict(
            first.message, code="TRANSITION_NOT_ALLOWED", hint=first.hint, path=first.path, problems=problems
        )
