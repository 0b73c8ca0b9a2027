"""Mutations: every way to change the world over GraphQL; each hands its input to app/commands and shows what came.

Nothing is checked twice here: only what JSON leaves open (is it an object, a list) is settled before the command.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.inputs import (
    AcknowledgeAlertInput,
    DeleteOverlayInput,
    DeleteOverlayTypeInput,
    DeleteTwinInput,
    DeleteTwinTypeInput,
    ExecuteDtslInput,
    InvokeMethodInput,
    SaveDefinitionsInput,
    SaveOverlayInput,
    SaveOverlayTypeInput,
    SaveTwinInput,
    SaveTwinTypeInput,
    SetPropertyInput,
)
from app.api.payloads import (
    AcknowledgeAlertPayload,
    DeletePayload,
    ExecuteDtslPayload,
    InvokeMethodPayload,
    SaveDefinitionsPayload,
    SaveOverlayPayload,
    SaveOverlayTypePayload,
    SaveTwinPayload,
    SaveTwinTypePayload,
    SetPropertyPayload,
)
from app.api.types.alert import Alert
from app.api.types.call import Call
from app.api.types.enums import DefinitionKind, SaveResult
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.problem import DefinitionRef, diagnostic_of, refs, warnings_of
from app.api.types.property import Property
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.api.types.value import Value
from app.commands.definitions import Saved
from app.errors import Invalid, NotFound, Problem
from app.model.definitions import MAX_ITEMS, MAX_TEXT, Kind

_SAVE = (
    "DOCUMENT_INVALID and DEFINITION_INVALID with every problem and its JSON pointer; REVISION_MOVED, "
    "BREAKS_DEPENDENTS, UNAVAILABLE."
)
_ID_FIELD: dict[Kind, str] = {
    "twin_type": "type_id",
    "twin": "twin_id",
    "overlay_type": "type_id",
    "overlay": "overlay_id",
}
_KINDS: dict[DefinitionKind, Kind] = {DefinitionKind(kind): kind for kind in _ID_FIELD}
_GLOBAL: dict[Kind, str] = {
    "twin_type": "TwinType",
    "twin": "Twin",
    "overlay_type": "OverlayType",
    "overlay": "Overlay",
}

T = TypeVar("T")

Input = strawberry.argument(description="What to do.")


@strawberry.type(description="Every way to change the world.")
class Mutation:
    @strawberry.mutation(description=f"Create or replace a twin type. {_SAVE}")
    async def save_twin_type(self, info: Info, input: Annotated[SaveTwinTypeInput, Input]) -> SaveTwinTypePayload:
        saved, id = await _save(info, "twin_type", input.document, input.expected_revision, input.reason)
        found = _there(TwinType.find(info.context.catalogue, id), "twin type", id)
        return SaveTwinTypePayload(
            twin_type=found, result=_result(saved, "twin_type", id), warnings=warnings_of(saved.warnings)
        )

    @strawberry.mutation(description=f"Create or replace a twin. {_SAVE}")
    async def save_twin(self, info: Info, input: Annotated[SaveTwinInput, Input]) -> SaveTwinPayload:
        saved, id = await _save(info, "twin", input.document, input.expected_revision, input.reason)
        found = _there(Twin.find(info.context.catalogue, id), "twin", id)
        return SaveTwinPayload(twin=found, result=_result(saved, "twin", id), warnings=warnings_of(saved.warnings))

    @strawberry.mutation(description=f"Create or replace an overlay type. {_SAVE}")
    async def save_overlay_type(
        self, info: Info, input: Annotated[SaveOverlayTypeInput, Input]
    ) -> SaveOverlayTypePayload:
        saved, id = await _save(info, "overlay_type", input.document, input.expected_revision, input.reason)
        found = _there(OverlayType.find(info.context.catalogue, id), "overlay type", id)
        return SaveOverlayTypePayload(
            overlay_type=found, result=_result(saved, "overlay_type", id), warnings=warnings_of(saved.warnings)
        )

    @strawberry.mutation(description=f"Create or replace an overlay. {_SAVE}")
    async def save_overlay(self, info: Info, input: Annotated[SaveOverlayInput, Input]) -> SaveOverlayPayload:
        saved, id = await _save(info, "overlay", input.document, input.expected_revision, input.reason)
        found = _there(Overlay.find(info.context.catalogue, id), "overlay", id)
        return SaveOverlayPayload(
            overlay=found, result=_result(saved, "overlay", id), warnings=warnings_of(saved.warnings)
        )

    @strawberry.mutation(description=f"Create or replace several definitions, all of them or none. {_SAVE}")
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
            (_KINDS[item.kind], _object(item.document, f"/documents/{index}/document"))
            for index, item in enumerate(input.documents)
        ]
        commands = info.context.services.commands.definitions
        saved = await commands.save(documents, info.context.actor(), reason=_reason(input.reason))
        return SaveDefinitionsPayload(
            created=refs(saved.created),
            updated=refs(saved.updated),
            unchanged=refs(saved.unchanged),
            warnings=warnings_of(saved.warnings),
        )

    @strawberry.mutation(
        description="Delete a twin type that no twin has. TWIN_TYPE_NOT_FOUND, IN_USE, REVISION_MOVED."
    )
    async def delete_twin_type(self, info: Info, input: Annotated[DeleteTwinTypeInput, Input]) -> DeletePayload:
        return await _delete(info, "twin_type", input.type_id, input.expected_revision, input.reason)

    @strawberry.mutation(description="Delete a twin that fills no role. TWIN_NOT_FOUND, IN_USE, REVISION_MOVED.")
    async def delete_twin(self, info: Info, input: Annotated[DeleteTwinInput, Input]) -> DeletePayload:
        return await _delete(info, "twin", input.twin_id, input.expected_revision, input.reason)

    @strawberry.mutation(
        description="Delete an overlay type that no overlay has. OVERLAY_TYPE_NOT_FOUND, IN_USE, REVISION_MOVED."
    )
    async def delete_overlay_type(self, info: Info, input: Annotated[DeleteOverlayTypeInput, Input]) -> DeletePayload:
        return await _delete(info, "overlay_type", input.type_id, input.expected_revision, input.reason)

    @strawberry.mutation(description="Delete an overlay; its twins stay. OVERLAY_NOT_FOUND, REVISION_MOVED.")
    async def delete_overlay(self, info: Info, input: Annotated[DeleteOverlayInput, Input]) -> DeletePayload:
        return await _delete(info, "overlay", input.overlay_id, input.expected_revision, input.reason)

    @strawberry.mutation(
        description=(
            "Execute a DTSL script: what it declares replaces what there is, all of it or nothing. A script with "
            "errors is refused (DTSL_INVALID) with every one of them in `extensions.problems` (path: file:line:column)."
        )
    )
    async def execute_dtsl(self, info: Info, input: Annotated[ExecuteDtslInput, Input]) -> ExecuteDtslPayload:
        name = input.name or "script.dtsl"
        result = await info.context.services.commands.scripts.execute(input.source, info.context.actor(), name=name)
        return ExecuteDtslPayload(
            created=refs(result.saved.created),
            updated=refs(result.saved.updated),
            unchanged=refs(result.saved.unchanged),
            warnings=warnings_of(result.saved.warnings),
            diagnostics=[diagnostic_of(item, input.source) for item in result.diagnostics],
        )

    @strawberry.mutation(
        description=(
            "Set a property: a mapped one by a write to its device, whose answer is waited for; a manual one at once. "
            "TWIN_NOT_FOUND, PROPERTY_NOT_FOUND, PROPERTY_READ_ONLY, WRONG_TYPE, VALUE_NOT_ALLOWED, VALUE_OUT_OF_RANGE."
        )
    )
    async def set_property(self, info: Info, input: Annotated[SetPropertyInput, Input]) -> SetPropertyPayload:
        control = info.context.services.commands.control
        written = await control.set_property(input.twin_id, input.property, input.value, info.context.actor())
        found = _there(Property.find(info.context.catalogue, input.twin_id, input.property), "property", input.property)
        return SetPropertyPayload(
            property=found,
            value=Value.of(written.state, found.unit),
            call=Call.of(written.call) if written.call else None,
        )

    @strawberry.mutation(
        description=(
            "Call a method on a device and wait for its answer, as long as the server's call time-out (10 s by "
            "default). TWIN_NOT_FOUND, METHOD_NOT_FOUND, ARGUMENTS_INVALID, NO_CONNECTIVITY."
        )
    )
    async def invoke_method(self, info: Info, input: Annotated[InvokeMethodInput, Input]) -> InvokeMethodPayload:
        control = info.context.services.commands.control
        arguments = _arguments(input.arguments)
        call = await control.invoke_method(input.twin_id, input.method, arguments, info.context.actor())
        return InvokeMethodPayload(call=Call.of(call))

    @strawberry.mutation(description="Acknowledge an open alert. ALERT_NOT_FOUND, ALERT_ALREADY_ACKNOWLEDGED.")
    async def acknowledge_alert(
        self, info: Info, input: Annotated[AcknowledgeAlertInput, Input]
    ) -> AcknowledgeAlertPayload:
        control = info.context.services.commands.control
        alert = await control.acknowledge_alert(input.alert_id, input.comment or "", info.context.actor())
        return AcknowledgeAlertPayload(alert=Alert.of(alert))


async def _save(
    info: Info, kind: Kind, document: object, expected_revision: int | None, reason: str | None
) -> tuple[Saved, str]:
    content = _object(document, "/document")
    commands = info.context.services.commands.definitions
    saved = await commands.save(
        [(kind, content)], info.context.actor(), expected_revision=expected_revision, reason=_reason(reason)
    )
    return saved, content[_ID_FIELD[kind]]


async def _delete(info: Info, kind: Kind, id: str, expected_revision: int | None, reason: str | None) -> DeletePayload:
    commands = info.context.services.commands.definitions
    saved = await commands.delete(
        kind, id, info.context.actor(), expected_revision=expected_revision, reason=_reason(reason)
    )
    return DeletePayload(
        deleted_id=global_id(_GLOBAL[kind], id),
        definition=DefinitionRef(kind=DefinitionKind(kind), id=strawberry.ID(id)),
        warnings=warnings_of(saved.warnings),
    )


def _object(document: object, path: str) -> Mapping[str, Any]:
    if isinstance(document, dict):
        return document
    problem = Problem("DOCUMENT_INVALID", "a document is a JSON object", path, "give the object itself, not its text")
    raise Invalid.of([problem], "the input", code="DOCUMENT_INVALID")


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


def _reason(given: str | None) -> str:
    if given and len(given) > MAX_TEXT:
        raise Invalid(f"`reason` is longer than {MAX_TEXT} characters", code="REASON_TOO_LONG", path="/reason")
    return given or ""


def _result(saved: Saved, kind: Kind, id: str) -> SaveResult:
    if (kind, id) in saved.created:
        return SaveResult.CREATED
    return SaveResult.UPDATED if (kind, id) in saved.updated else SaveResult.UNCHANGED


def _there(found: T | None, kind: str, id: str) -> T:
    """Somebody may have deleted it between the command and this line."""
    if found is None:
        raise NotFound.named(kind, id)
    return found
