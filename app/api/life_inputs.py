"""What the mutations of a definition's later life take: patches to merge, and revisions to go back to."""

import strawberry

from app.api.inputs import DRY_RUN, EXPECTED, REASON
from app.api.scalars import JSON
from app.api.types.enums import OverlayState

_PATCH = (
    "An object of the document's form with only what changes: named lists merge by name ({name, remove: true} takes an "
    "item away), metadata, visualization and mappings by key, `twins` by role (twin_id null unbinds), anything else is "
    "replaced; null takes a field away."
)
_TO = "The number of the revision whose document is saved again."
_ID = "The id in its document."


@strawberry.input(description="A relationship type to change in part; a built-in one is overridden.")
class UpdateRelationshipTypeInput:
    relationship_type: strawberry.ID = strawberry.field(description="Its name.")
    patch: JSON = strawberry.field(description=_PATCH)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A relationship type to set back, a deleted one too.")
class RevertRelationshipTypeInput:
    relationship_type: strawberry.ID = strawberry.field(description="Its name.")
    to_revision: int = strawberry.field(description=_TO)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin type to change in part.")
class UpdateTwinTypeInput:
    type_id: strawberry.ID = strawberry.field(description=_ID)
    patch: JSON = strawberry.field(description=_PATCH)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin type to set back, a deleted one too.")
class RevertTwinTypeInput:
    type_id: strawberry.ID = strawberry.field(description=_ID)
    to_revision: int = strawberry.field(description=_TO)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin to change in part.")
class UpdateTwinInput:
    twin_id: strawberry.ID = strawberry.field(description=_ID)
    patch: JSON = strawberry.field(description=_PATCH)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin to set back, a deleted one too.")
class RevertTwinInput:
    twin_id: strawberry.ID = strawberry.field(description=_ID)
    to_revision: int = strawberry.field(description=_TO)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay type to change in part.")
class UpdateOverlayTypeInput:
    type_id: strawberry.ID = strawberry.field(description=_ID)
    patch: JSON = strawberry.field(description=_PATCH)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay type to set back, a deleted one too.")
class RevertOverlayTypeInput:
    type_id: strawberry.ID = strawberry.field(description=_ID)
    to_revision: int = strawberry.field(description=_TO)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay to change in part.")
class UpdateOverlayInput:
    overlay_id: strawberry.ID = strawberry.field(description=_ID)
    patch: JSON = strawberry.field(description=_PATCH)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay to set back, a deleted one too.")
class RevertOverlayInput:
    overlay_id: strawberry.ID = strawberry.field(description=_ID)
    to_revision: int = strawberry.field(description=_TO)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay to bring into another state.")
class SetOverlayLifecycleInput:
    overlay_id: strawberry.ID = strawberry.field(description=_ID)
    lifecycle: OverlayState = strawberry.field(
        description="DRAFT to ACTIVE, ACTIVE to SUSPENDED and back, anything to RETIRED, RETIRED to DRAFT; the one it "
        "has changes nothing."
    )
    reason: str = strawberry.field(description="Why, for the history; at most 10,000 characters.")
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)
