"""Mutations: every way to change the world over GraphQL; each hands its input to app/commands and shows what came.

Nothing is checked twice here: only what JSON leaves open (is it an object, a list) is settled before the command.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

import strawberry

from app.api.alarms import Alarming
from app.api.batches import Batching
from app.api.context import Info
from app.api.ids import global_id
from app.api.inputs import (
    DeleteAssetInput,
    DeleteOverlayInput,
    DeleteOverlayTypeInput,
    DeleteRelationshipTypeInput,
    DeleteTwinInput,
    DeleteTwinTypeInput,
    InvokeMethodInput,
    OverrideInterlocksInput,
    SaveDefinitionsInput,
    SaveOverlayInput,
    SaveOverlayTypeInput,
    SaveRelationshipTypeInput,
    SaveTwinInput,
    SaveTwinTypeInput,
    SetPropertyInput,
)
from app.api.life import (
    SAVE,
    Input,
    Life,
    json_object,
    overlay_payload,
    overlay_type_payload,
    reason_of,
    relationship_type_payload,
    twin_payload,
    twin_type_payload,
)
from app.api.notifying import Notifying
from app.api.overrides import Overriding
from app.api.payloads import (
    DeleteAssetPayload,
    DeletePayload,
    InvokeMethodPayload,
    SaveDefinitionsPayload,
    SaveOverlayPayload,
    SaveOverlayTypePayload,
    SaveRelationshipTypePayload,
    SaveTwinPayload,
    SaveTwinTypePayload,
    SetPropertyPayload,
    planned,
)
from app.api.reporting import Reporting
from app.api.scalars import JSON
from app.api.scripting import Scripting
from app.api.setting import set_one
from app.api.types.asset import Asset
from app.api.types.call import Call
from app.api.types.enums import DefinitionKind
from app.api.types.problem import DefinitionRef, refs, warnings_of
from app.commands.assets import Expected
from app.commands.definitions import Saved
from app.commands.rehearsal import DONE, Rehearsal
from app.errors import Invalid
from app.model.definitions import Kind
from app.model.document import MAX_ITEMS

_ID_FIELD: dict[Kind, str] = {
    "relationship_type": "relationship_type",
    "twin_type": "type_id",
    "twin": "twin_id",
    "overlay_type": "type_id",
    "overlay": "overlay_id",
}
_KINDS: dict[DefinitionKind, Kind] = {DefinitionKind(kind): kind for kind in _ID_FIELD}
_GLOBAL: dict[Kind, str] = {
    "relationship_type": "RelationshipType",
    "twin_type": "TwinType",
    "twin": "Twin",
    "overlay_type": "OverlayType",
    "overlay": "Overlay",
}


class _SaveInput(Protocol):
    document: JSON
    expected_revision: int | None
    reason: str | None
    dry_run: bool


class _DeleteInput(Protocol):
    expected_revision: int | None
    reason: str | None
    dry_run: bool


@strawberry.type(description="Every way to change the world.")
class Mutation(Life, Overriding, Reporting, Alarming, Batching, Scripting, Notifying):
    @strawberry.mutation(description=f"Create or replace a relationship type. {SAVE}")
    async def save_relationship_type(
        self, info: Info, input: Annotated[SaveRelationshipTypeInput, Input]
    ) -> SaveRelationshipTypePayload:
        return relationship_type_payload(info, *await _save(info, "relationship_type", input), input.dry_run)

    @strawberry.mutation(description=f"Create or replace a twin type. {SAVE}")
    async def save_twin_type(self, info: Info, input: Annotated[SaveTwinTypeInput, Input]) -> SaveTwinTypePayload:
        return twin_type_payload(info, *await _save(info, "twin_type", input), input.dry_run)

    @strawberry.mutation(description=f"Create or replace a twin. {SAVE}")
    async def save_twin(self, info: Info, input: Annotated[SaveTwinInput, Input]) -> SaveTwinPayload:
        return twin_payload(info, *await _save(info, "twin", input), input.dry_run)

    @strawberry.mutation(description=f"Create or replace an overlay type. {SAVE}")
    async def save_overlay_type(
        self, info: Info, input: Annotated[SaveOverlayTypeInput, Input]
    ) -> SaveOverlayTypePayload:
        return overlay_type_payload(info, *await _save(info, "overlay_type", input), input.dry_run)

    @strawberry.mutation(description=f"Create or replace an overlay. {SAVE}")
    async def save_overlay(self, info: Info, input: Annotated[SaveOverlayInput, Input]) -> SaveOverlayPayload:
        return overlay_payload(info, *await _save(info, "overlay", input), input.dry_run)

    @strawberry.mutation(description=f"Create or replace several definitions, all of them or none. {SAVE}")
    async def save_definitions(
        self, info: Info, input: Annotated[SaveDefinitionsInput, Input]
    ) -> SaveDefinitionsPayload:
        if len(input.documents) > MAX_ITEMS:
            raise Invalid(
                f"{len(input.documents)} documents were given; the most is {MAX_ITEMS}",
                code="TOO_MANY_DOCUMENTS",
                hint="save the types first, then the twins in parts",
                path="/documents",
            )
        documents = [
            (_KINDS[item.kind], json_object(item.document, f"/documents/{index}/document"))
            for index, item in enumerate(input.documents)
        ]
        commands = info.context.services.commands.definitions
        saved = await commands.save(
            documents, info.context.actor(), reason=reason_of(input.reason), dry_run=input.dry_run
        )
        return SaveDefinitionsPayload(
            created=refs(saved.created),
            updated=refs(saved.updated),
            unchanged=refs(saved.unchanged),
            warnings=warnings_of(saved.warnings),
            dry_run=input.dry_run,
            breaks=warnings_of(saved.breaks),
            changes=planned(saved),
        )

    @strawberry.mutation(
        description=(
            "Delete a relationship type that nothing names; a built-in one that was overridden is what it was again. "
            "RELATIONSHIP_TYPE_NOT_FOUND, BUILT_IN, IN_USE, REVISION_MOVED."
        )
    )
    async def delete_relationship_type(
        self, info: Info, input: Annotated[DeleteRelationshipTypeInput, Input]
    ) -> DeletePayload:
        return await _delete(info, "relationship_type", input.relationship_type, input)

    @strawberry.mutation(
        description="Delete a twin type that no twin has. TWIN_TYPE_NOT_FOUND, IN_USE, REVISION_MOVED."
    )
    async def delete_twin_type(self, info: Info, input: Annotated[DeleteTwinTypeInput, Input]) -> DeletePayload:
        return await _delete(info, "twin_type", input.type_id, input)

    @strawberry.mutation(
        description=(
            "Delete a twin that fills no role, or with `cascade` one that others can do without. TWIN_NOT_FOUND, "
            "IN_USE, REVISION_MOVED."
        )
    )
    async def delete_twin(self, info: Info, input: Annotated[DeleteTwinInput, Input]) -> DeletePayload:
        return await _delete(info, "twin", input.twin_id, input, input.cascade is not None)

    @strawberry.mutation(
        description="Delete an overlay type that no overlay has. OVERLAY_TYPE_NOT_FOUND, IN_USE, REVISION_MOVED."
    )
    async def delete_overlay_type(self, info: Info, input: Annotated[DeleteOverlayTypeInput, Input]) -> DeletePayload:
        return await _delete(info, "overlay_type", input.type_id, input)

    @strawberry.mutation(
        description=(
            "Delete an overlay that fills no role, or with `cascade` one that others can do without; what is in it "
            "stays. OVERLAY_NOT_FOUND, IN_USE, REVISION_MOVED."
        )
    )
    async def delete_overlay(self, info: Info, input: Annotated[DeleteOverlayInput, Input]) -> DeletePayload:
        return await _delete(info, "overlay", input.overlay_id, input, input.cascade is not None)

    @strawberry.mutation(
        description=(
            "Set a property: a mapped one by a write to its device, whose answer is waited for; a manual one at once. "
            "TWIN_NOT_FOUND, PROPERTY_NOT_FOUND, PROPERTY_READ_ONLY, WRONG_TYPE, VALUE_NOT_ALLOWED, "
            "VALUE_OUT_OF_RANGE, CALL_INTERLOCKED (a manual property; else the call is REFUSED), REASON_MISSING."
        )
    )
    async def set_property(self, info: Info, input: Annotated[SetPropertyInput, Input]) -> SetPropertyPayload:
        return await set_one(info, input)

    @strawberry.mutation(
        description=(
            "Call a method on a device and wait for its answer, as long as the server's call time-out (10 s by "
            "default). A call that an interlock or a limit refuses is REFUSED, with its `refusal`. TWIN_NOT_FOUND, "
            "METHOD_NOT_FOUND, ARGUMENTS_INVALID, NO_CONNECTIVITY, REASON_MISSING."
        )
    )
    async def invoke_method(self, info: Info, input: Annotated[InvokeMethodInput, Input]) -> InvokeMethodPayload:
        control, actor = info.context.services.commands.control, info.context.actor()
        arguments = _arguments(input.arguments)
        if input.dry_run:
            rehearsal, call = control.rehearse_method(input.twin_id, input.method, arguments), None
        else:
            rehearsal = DONE
            override = _override(input.override_interlocks)
            call = Call.of(await control.invoke_method(input.twin_id, input.method, arguments, actor, override))
        return InvokeMethodPayload(
            call=call, **_rehearsed(rehearsal, input.dry_run), breaks=warnings_of(rehearsal.breaks)
        )

    @strawberry.mutation(
        description="Delete a file that no definition names, or any with `force`. Files are uploaded over REST. "
        "ASSET_NOT_FOUND, ASSET_IN_USE, ASSET_CHANGED."
    )
    async def delete_asset(self, info: Info, input: Annotated[DeleteAssetInput, Input]) -> DeleteAssetPayload:
        expected = Expected(None if input.expected_etag is None else (input.expected_etag,))
        deleted = await info.context.services.commands.assets.delete(
            input.path.removeprefix("/"), info.context.actor(), expected, force=input.force, dry_run=input.dry_run
        )
        return DeleteAssetPayload(
            asset=Asset.of(deleted.asset), users=warnings_of(deleted.users), dry_run=input.dry_run
        )


def _override(given: OverrideInterlocksInput | None) -> str | None:
    return None if given is None else given.reason


async def _save(info: Info, kind: Kind, input: _SaveInput) -> tuple[Saved, str]:
    content = json_object(input.document, "/document")
    saved = await info.context.services.commands.definitions.save(
        [(kind, content)],
        info.context.actor(),
        expected_revision=input.expected_revision,
        reason=reason_of(input.reason),
        dry_run=input.dry_run,
    )
    return saved, content[_ID_FIELD[kind]]


async def _delete(info: Info, kind: Kind, id: str, input: _DeleteInput, unbind: bool = False) -> DeletePayload:
    saved = await info.context.services.commands.definitions.delete(
        kind,
        id,
        info.context.actor(),
        expected_revision=input.expected_revision,
        reason=reason_of(input.reason),
        unbind=unbind,
        dry_run=input.dry_run,
    )
    return DeletePayload(
        deleted_id=global_id(_GLOBAL[kind], id),
        definition=DefinitionRef(kind=DefinitionKind(kind), id=strawberry.ID(id)),
        warnings=warnings_of(saved.warnings),
        dry_run=input.dry_run,
        breaks=warnings_of(saved.breaks),
        changes=planned(saved),
        updated=refs(saved.updated),
    )


def _rehearsed(rehearsal: Rehearsal, dry_run: bool) -> dict[str, Any]:
    return {"dry_run": dry_run, "effects": list(rehearsal.effects)}


def _arguments(given: object) -> Mapping[str, Any] | list[Any]:
    if given is None:
        return {}
    if isinstance(given, dict | list):
        return given
    raise Invalid(
        "`arguments` is neither an object nor a list",
        code="ARGUMENTS_INVALID",
        hint="give an object by parameter name, or a list in the order of the parameters",
        path="/arguments",
    )
