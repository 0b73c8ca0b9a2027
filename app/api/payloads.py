"""What mutations give back: what changed as it is now, and what is worth knowing beside it."""

import strawberry

from app.api.types.asset import Asset
from app.api.types.call import Call
from app.api.types.enums import SaveResult
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.problem import DefinitionRef, Diagnostic, Warning, refs
from app.api.types.property import Property
from app.api.types.relationship_type import RelationshipType
from app.api.types.revision import DocumentChange, changes_of
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.api.types.value import Value
from app.commands.definitions import Saved

_RESULT = "What saving did."
_WARNINGS = "Worth a look; stopped nothing (an edge to a twin that does not exist yet, ...)."
_DELETED = "The global id that it had, for caches."
_NOW = "As it is now; null where a dry run would make it."
_EFFECTS = "What it would do, in words; of dry runs only."
_IN_THE_WAY = "What would make it fail if it were done now; of dry runs only."
_DRY_RUN = "Whether nothing was changed because it was only tried."
_BREAKS = "What would refuse it; only a dry run has any, otherwise it is an error."
_CHANGES = "What the document would be changed by; of dry runs only."


@strawberry.type(description="What one of several definitions would be changed by.")
class DefinitionChange:
    definition: DefinitionRef = strawberry.field(description="Which.")
    changes: list[DocumentChange] = strawberry.field(description="Where its document would differ.")


def planned(saved: Saved) -> list[DefinitionChange]:
    return [
        DefinitionChange(definition=refs([key])[0], changes=changes_of(found))
        for key, found in saved.differences.items()
    ]


@strawberry.type(description="A saved relationship type.")
class SaveRelationshipTypePayload:
    relationship_type: RelationshipType | None = strawberry.field(description=_NOW)
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DocumentChange] = strawberry.field(description=_CHANGES)


@strawberry.type(description="A saved twin type.")
class SaveTwinTypePayload:
    twin_type: TwinType | None = strawberry.field(description=_NOW)
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DocumentChange] = strawberry.field(description=_CHANGES)


@strawberry.type(description="A saved twin.")
class SaveTwinPayload:
    twin: Twin | None = strawberry.field(description=_NOW)
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DocumentChange] = strawberry.field(description=_CHANGES)


@strawberry.type(description="A saved overlay type.")
class SaveOverlayTypePayload:
    overlay_type: OverlayType | None = strawberry.field(description=_NOW)
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DocumentChange] = strawberry.field(description=_CHANGES)


@strawberry.type(description="A saved overlay.")
class SaveOverlayPayload:
    overlay: Overlay | None = strawberry.field(description=_NOW)
    result: SaveResult = strawberry.field(description=_RESULT)
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DocumentChange] = strawberry.field(description=_CHANGES)


@strawberry.type(description="Documents saved together.")
class SaveDefinitionsPayload:
    created: list[DefinitionRef] = strawberry.field(description="New ones.")
    updated: list[DefinitionRef] = strawberry.field(description="Replaced ones.")
    unchanged: list[DefinitionRef] = strawberry.field(description="Those that were already so.")
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DefinitionChange] = strawberry.field(description="What each would be changed by; of dry runs only.")


@strawberry.type(description="A deleted definition.")
class DeletePayload:
    deleted_id: strawberry.ID = strawberry.field(description=_DELETED)
    definition: DefinitionRef = strawberry.field(description="What it was.")
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DefinitionChange] = strawberry.field(description="What each would be changed by; of dry runs only.")
    updated: list[DefinitionRef] = strawberry.field(description="Those that go on without it (cascade).")


@strawberry.type(description="What a script did.")
class ExecuteDtslPayload:
    created: list[DefinitionRef] = strawberry.field(description="New definitions.")
    updated: list[DefinitionRef] = strawberry.field(description="Replaced definitions.")
    unchanged: list[DefinitionRef] = strawberry.field(description="Definitions that were already so.")
    warnings: list[Warning] = strawberry.field(description=_WARNINGS)
    diagnostics: list[Diagnostic] = strawberry.field(description="Remarks about the text; errors are none of them.")
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    breaks: list[Warning] = strawberry.field(description=_BREAKS)
    changes: list[DefinitionChange] = strawberry.field(description="What each would be changed by; of dry runs only.")


@strawberry.type(description="A property that was set or is being set.")
class SetPropertyPayload:
    property: Property = strawberry.field(description="The property, with its live value.")
    value: Value = strawberry.field(
        description=(
            "Its live value afterwards; where a device was asked, what that last reported (see `call`). While the "
            "property is overridden (`override`), what was set or written shows in `reported` alone."
        )
    )
    call: Call | None = strawberry.field(
        description="The write to the device; null for a manual property, and of a dry run."
    )
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    effects: list[str] = strawberry.field(description=_EFFECTS)
    breaks: list[Warning] = strawberry.field(description=_IN_THE_WAY)


@strawberry.type(description="A property that somebody has put something over, or from which it was taken.")
class OverridePayload:
    property: Property = strawberry.field(description="The property, with its live value.")
    value: Value = strawberry.field(description="Its value afterwards, with what stands over it.")
    changed: bool = strawberry.field(description="False where it was so already (a retry).")
    dry_run: bool = strawberry.field(description="Whether nothing was changed; the values are the present ones then.")


@strawberry.type(description="A method call.")
class InvokeMethodPayload:
    call: Call | None = strawberry.field(
        description="How far it came: a device's refusal is status REFUSED, not an error. Null of a dry run."
    )
    dry_run: bool = strawberry.field(description=_DRY_RUN)
    effects: list[str] = strawberry.field(description=_EFFECTS)
    breaks: list[Warning] = strawberry.field(description=_IN_THE_WAY)


@strawberry.type(description="A deleted file.")
class DeleteAssetPayload:
    asset: Asset = strawberry.field(description="What it was.")
    users: list[Warning] = strawberry.field(description="The definitions that name it still.")
    dry_run: bool = strawberry.field(description=_DRY_RUN)
