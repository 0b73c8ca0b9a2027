"""Mutations of a definition's later life: update (merge) and revert, and what every saving mutation shares.

A dry run goes all the way to the check against everything else and stops before the commit.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, TypeVar, cast

import strawberry

from app.api.context import Info
from app.api.life_inputs import (
    RevertOverlayInput,
    RevertOverlayTypeInput,
    RevertRelationshipTypeInput,
    RevertTwinInput,
    RevertTwinTypeInput,
    SetOverlayLifecycleInput,
    UpdateOverlayInput,
    UpdateOverlayTypeInput,
    UpdateRelationshipTypeInput,
    UpdateTwinInput,
    UpdateTwinTypeInput,
)
from app.api.payloads import (
    SaveOverlayPayload,
    SaveOverlayTypePayload,
    SaveRelationshipTypePayload,
    SaveTwinPayload,
    SaveTwinTypePayload,
)
from app.api.scalars import JSON
from app.api.types.enums import SaveResult
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.problem import Warning, warnings_of
from app.api.types.relationship_type import RelationshipType
from app.api.types.revision import DocumentChange, changes_of
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.commands.definitions import Saved
from app.errors import Invalid, NotFound, Problem
from app.model.definitions import Kind, Lifecycle
from app.model.document import MAX_TEXT

SAVE = (
    "DOCUMENT_INVALID and DEFINITION_INVALID with every problem and its JSON pointer; REVISION_MOVED, "
    "BREAKS_DEPENDENTS, UNAVAILABLE."
)
_UPDATE = f"Problems point into the merged document; NOTHING_TO_REMOVE is a warning. {SAVE}"
_REVERT = f"REVISION_NOT_FOUND, REVISION_IS_DELETION. {SAVE}"
T = TypeVar("T")

Input = strawberry.argument(description="What to do.")


class _UpdateInput(Protocol):
    patch: JSON
    expected_revision: int | None
    reason: str | None
    dry_run: bool


class _RevertInput(Protocol):
    to_revision: int
    expected_revision: int | None
    reason: str | None
    dry_run: bool


@strawberry.type
class Life:
    @strawberry.mutation(
        description=f"Change a relationship type in part: merge a patch. RELATIONSHIP_TYPE_NOT_FOUND. {_UPDATE}"
    )
    async def update_relationship_type(
        self, info: Info, input: Annotated[UpdateRelationshipTypeInput, Input]
    ) -> SaveRelationshipTypePayload:
        saved = await _update(info, "relationship_type", input.relationship_type, input)
        return relationship_type_payload(info, saved, input.relationship_type, input.dry_run)

    @strawberry.mutation(
        description=f"Save the document of an earlier revision of a relationship type again. {_REVERT}"
    )
    async def revert_relationship_type(
        self, info: Info, input: Annotated[RevertRelationshipTypeInput, Input]
    ) -> SaveRelationshipTypePayload:
        saved = await _revert(info, "relationship_type", input.relationship_type, input)
        return relationship_type_payload(info, saved, input.relationship_type, input.dry_run)

    @strawberry.mutation(description=f"Change a twin type in part: merge a patch. TWIN_TYPE_NOT_FOUND. {_UPDATE}")
    async def update_twin_type(self, info: Info, input: Annotated[UpdateTwinTypeInput, Input]) -> SaveTwinTypePayload:
        saved = await _update(info, "twin_type", input.type_id, input)
        return twin_type_payload(info, saved, input.type_id, input.dry_run)

    @strawberry.mutation(description=f"Save the document of an earlier revision of a twin type again. {_REVERT}")
    async def revert_twin_type(self, info: Info, input: Annotated[RevertTwinTypeInput, Input]) -> SaveTwinTypePayload:
        saved = await _revert(info, "twin_type", input.type_id, input)
        return twin_type_payload(info, saved, input.type_id, input.dry_run)

    @strawberry.mutation(description=f"Change a twin in part: merge a patch. TWIN_NOT_FOUND. {_UPDATE}")
    async def update_twin(self, info: Info, input: Annotated[UpdateTwinInput, Input]) -> SaveTwinPayload:
        saved = await _update(info, "twin", input.twin_id, input)
        return twin_payload(info, saved, input.twin_id, input.dry_run)

    @strawberry.mutation(description=f"Save the document of an earlier revision of a twin again. {_REVERT}")
    async def revert_twin(self, info: Info, input: Annotated[RevertTwinInput, Input]) -> SaveTwinPayload:
        saved = await _revert(info, "twin", input.twin_id, input)
        return twin_payload(info, saved, input.twin_id, input.dry_run)

    @strawberry.mutation(
        description=f"Change an overlay type in part: merge a patch. OVERLAY_TYPE_NOT_FOUND. {_UPDATE}"
    )
    async def update_overlay_type(
        self, info: Info, input: Annotated[UpdateOverlayTypeInput, Input]
    ) -> SaveOverlayTypePayload:
        saved = await _update(info, "overlay_type", input.type_id, input)
        return overlay_type_payload(info, saved, input.type_id, input.dry_run)

    @strawberry.mutation(description=f"Save the document of an earlier revision of an overlay type again. {_REVERT}")
    async def revert_overlay_type(
        self, info: Info, input: Annotated[RevertOverlayTypeInput, Input]
    ) -> SaveOverlayTypePayload:
        saved = await _revert(info, "overlay_type", input.type_id, input)
        return overlay_type_payload(info, saved, input.type_id, input.dry_run)

    @strawberry.mutation(description=f"Change an overlay in part: merge a patch. OVERLAY_NOT_FOUND. {_UPDATE}")
    async def update_overlay(self, info: Info, input: Annotated[UpdateOverlayInput, Input]) -> SaveOverlayPayload:
        saved = await _update(info, "overlay", input.overlay_id, input)
        return overlay_payload(info, saved, input.overlay_id, input.dry_run)

    @strawberry.mutation(description=f"Save the document of an earlier revision of an overlay again. {_REVERT}")
    async def revert_overlay(self, info: Info, input: Annotated[RevertOverlayInput, Input]) -> SaveOverlayPayload:
        saved = await _revert(info, "overlay", input.overlay_id, input)
        return overlay_payload(info, saved, input.overlay_id, input.dry_run)

    @strawberry.mutation(
        description=(
            "Bring an overlay into another state of its life. OVERLAY_NOT_FOUND, REASON_REQUIRED, "
            f"TRANSITION_NOT_ALLOWED. {SAVE}"
        )
    )
    async def set_overlay_lifecycle(
        self, info: Info, input: Annotated[SetOverlayLifecycleInput, Input]
    ) -> SaveOverlayPayload:
        saved = await info.context.services.commands.definitions.set_lifecycle(
            input.overlay_id,
            cast("Lifecycle", input.lifecycle.value),
            info.context.actor(),
            reason=reason_of(input.reason),
            expected_revision=input.expected_revision,
            dry_run=input.dry_run,
        )
        return overlay_payload(info, saved, input.overlay_id, input.dry_run)


async def _update(info: Info, kind: Kind, id: str, input: _UpdateInput) -> Saved:
    patch = json_object(input.patch, "/patch")
    return await info.context.services.commands.definitions.update(
        kind,
        id,
        patch,
        info.context.actor(),
        expected_revision=input.expected_revision,
        reason=reason_of(input.reason),
        dry_run=input.dry_run,
    )


async def _revert(info: Info, kind: Kind, id: str, input: _RevertInput) -> Saved:
    return await info.context.services.commands.definitions.revert(
        kind,
        id,
        input.to_revision,
        info.context.actor(),
        expected_revision=input.expected_revision,
        reason=reason_of(input.reason),
        dry_run=input.dry_run,
    )


def relationship_type_payload(info: Info, saved: Saved, id: str, dry_run: bool) -> SaveRelationshipTypePayload:
    found = RelationshipType.find(info.context.catalogue, id)
    if not dry_run:
        there(found, "relationship type", id)
    result, warnings, breaks, changes = _told(saved, "relationship_type", id)
    return SaveRelationshipTypePayload(
        relationship_type=found, result=result, warnings=warnings, dry_run=dry_run, breaks=breaks, changes=changes
    )


def twin_type_payload(info: Info, saved: Saved, id: str, dry_run: bool) -> SaveTwinTypePayload:
    found = TwinType.find(info.context.catalogue, id)
    if not dry_run:
        there(found, "twin type", id)
    result, warnings, breaks, changes = _told(saved, "twin_type", id)
    return SaveTwinTypePayload(
        twin_type=found, result=result, warnings=warnings, dry_run=dry_run, breaks=breaks, changes=changes
    )


def twin_payload(info: Info, saved: Saved, id: str, dry_run: bool) -> SaveTwinPayload:
    found = Twin.find(info.context.catalogue, id)
    if not dry_run:
        there(found, "twin", id)
    result, warnings, breaks, changes = _told(saved, "twin", id)
    return SaveTwinPayload(
        twin=found, result=result, warnings=warnings, dry_run=dry_run, breaks=breaks, changes=changes
    )


def overlay_type_payload(info: Info, saved: Saved, id: str, dry_run: bool) -> SaveOverlayTypePayload:
    found = OverlayType.find(info.context.catalogue, id)
    if not dry_run:
        there(found, "overlay type", id)
    result, warnings, breaks, changes = _told(saved, "overlay_type", id)
    return SaveOverlayTypePayload(
        overlay_type=found, result=result, warnings=warnings, dry_run=dry_run, breaks=breaks, changes=changes
    )


def overlay_payload(info: Info, saved: Saved, id: str, dry_run: bool) -> SaveOverlayPayload:
    found = Overlay.find(info.context.catalogue, id)
    if not dry_run:
        there(found, "overlay", id)
    result, warnings, breaks, changes = _told(saved, "overlay", id)
    return SaveOverlayPayload(
        overlay=found, result=result, warnings=warnings, dry_run=dry_run, breaks=breaks, changes=changes
    )


def _told(saved: Saved, kind: Kind, id: str) -> tuple[SaveResult, list[Warning], list[Warning], list[DocumentChange]]:
    key = (kind, id)
    result = SaveResult.UPDATED if key in saved.updated else SaveResult.UNCHANGED
    return (
        SaveResult.CREATED if key in saved.created else result,
        warnings_of(saved.warnings),
        warnings_of(saved.breaks),
        changes_of(saved.differences.get(key, ())),
    )


def there(found: T | None, kind: str, id: str) -> T:
    """Somebody may have deleted it between the command and this line."""
    if found is None:
        raise NotFound.named(kind, id)
    return found


def json_object(document: object, path: str) -> Mapping[str, Any]:
    if isinstance(document, dict):
        return document
    problem = Problem("DOCUMENT_INVALID", "a document is a JSON object", path, "give the object itself, not its text")
    raise Invalid.of([problem], "the input", code="DOCUMENT_INVALID")


def reason_of(given: str | None) -> str:
    if given and len(given) > MAX_TEXT:
        raise Invalid(f"`reason` is longer than {MAX_TEXT} characters", code="REASON_TOO_LONG", path="/reason")
    return given or ""
