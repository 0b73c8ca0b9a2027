"""What mutations give back: what changed as it is now, and what is worth knowing beside it."""

import strawberry

from app.api.types.alert import Alert
from app.api.types.call import Call
from app.api.types.enums import SaveResult
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.problem import DefinitionRef, Diagnostic, Warning
from app.api.types.property import Property
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.api.types.value import Value

_RESULT = "What saving did."
_WARNINGS = "Worth a look; stopped nothing (an edge to a twin that does not exist yet, ...)."
_DELETED = "The global id that it had, for caches."


@strawberry.type(description="A saved twin type.")
class SaveTwinTypePayload:
    twin_type: TwinType = strawberry.field(description="As it is now.")
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)


@strawberry.type(description="A saved twin.")
class SaveTwinPayload:
    twin: Twin = strawberry.field(description="As it is now.")
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)


@strawberry.type(description="A saved overlay type.")
class SaveOverlayTypePayload:
    overlay_type: OverlayType = strawberry.field(description="As it is now.")
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)


@strawberry.type(description="A saved overlay.")
class SaveOverlayPayload:
    overlay: Overlay = strawberry.field(description="As it is now.")
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)


@strawberry.type(description="Documents saved together.")
class SaveDefinitionsPayload:
    created: list[DefinitionRef] = strawberry.field(description="New ones.")
    updated: list[DefinitionRef] = strawberry.field(description="Replaced ones.")
    unchanged: list[DefinitionRef] = strawberry.field(description="Those that were already so.")
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)


@strawberry.type(description="A deleted definition.")
class DeletePayload:
    deleted_id: strawberry.ID = strawberry.field(description=_DELETED)
    definition: DefinitionRef = strawberry.field(description="What it was.")
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)


@strawberry.type(description="What a script did.")
class ExecuteDtslPayload:
    created: list[DefinitionRef] = strawberry.field(description="New definitions.")
    updated: list[DefinitionRef] = strawberry.field(description="Replaced definitions.")
    unchanged: list[DefinitionRef] = strawberry.field(description="Definitions that were already so.")
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    diagnostics: list[Diagnostic] = strawberry.field(description="Remarks about the text; errors are none of them.")


@strawberry.type(description="A property that was set or is being set.")
class SetPropertyPayload:
    property: Property = strawberry.field(description="The property, with its live value.")
    value: Value = strawberry.field(
        description="Its live value afterwards; where a device was asked, what that last reported (see `call`)."
    )
    call: Call | None = strawberry.field(description="The write to the device; null for a manual property.")


@strawberry.type(description="A method call.")
class InvokeMethodPayload:
    call: Call = strawberry.field(description="How far it came: a device's refusal is status REFUSED, not an error.")


@strawberry.type(description="An acknowledged alert.")
class AcknowledgeAlertPayload:
    alert: Alert = strawberry.field(description="As it is now; closed if it was cleared already.")
