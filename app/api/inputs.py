"""What mutations take: one input object each, so that fields can be added without breaking anyone."""

import strawberry

from app.api.scalars import JSON
from app.api.types.enums import DefinitionKind, DeleteCascade

_DOCUMENT = "The whole document in the specification's form (an object); it replaces the one there is."
EXPECTED = "Only if the revision is this (0: only if there is none yet), else REVISION_MOVED; always where left out."
DRY_RUN = "Only tell what it would do and break; change nothing."
REASON = "Why, for the history; at most 10,000 characters."


@strawberry.input(description="A relationship type to create or replace; a built-in one is overridden.")
class SaveRelationshipTypeInput:
    document: JSON = strawberry.field(description=_DOCUMENT)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin type to create or replace.")
class SaveTwinTypeInput:
    document: JSON = strawberry.field(description=_DOCUMENT)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin to create or replace.")
class SaveTwinInput:
    document: JSON = strawberry.field(description=_DOCUMENT)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay type to create or replace.")
class SaveOverlayTypeInput:
    document: JSON = strawberry.field(description=_DOCUMENT)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay to create or replace.")
class SaveOverlayInput:
    document: JSON = strawberry.field(description=_DOCUMENT)
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="One of several documents.")
class DefinitionInput:
    kind: DefinitionKind = strawberry.field(description="What it is.")
    document: JSON = strawberry.field(description=_DOCUMENT)


@strawberry.input(description="Documents to create or replace together: all of them or none.")
class SaveDefinitionsInput:
    documents: list[DefinitionInput] = strawberry.field(description="At most 10,000; they may refer to each other.")
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A relationship type to delete.")
class DeleteRelationshipTypeInput:
    relationship_type: strawberry.ID = strawberry.field(description="Its name.")
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin type to delete.")
class DeleteTwinTypeInput:
    type_id: strawberry.ID = strawberry.field(description="The id in its document.")
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A twin to delete.")
class DeleteTwinInput:
    twin_id: strawberry.ID = strawberry.field(description="The id in its document.")
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)
    cascade: DeleteCascade | None = strawberry.field(
        default=None, description="UNBIND: free the optional roles it fills and drop the relationships that name it."
    )


@strawberry.input(description="An overlay type to delete.")
class DeleteOverlayTypeInput:
    type_id: strawberry.ID = strawberry.field(description="The id in its document.")
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An overlay to delete.")
class DeleteOverlayInput:
    overlay_id: strawberry.ID = strawberry.field(description="The id in its document.")
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)
    cascade: DeleteCascade | None = strawberry.field(
        default=None, description="UNBIND: free the optional roles that it fills in other overlays."
    )


@strawberry.input(description="A DTSL script: exactly one of the two.", one_of=True)
class ScriptInput:
    source: str | None = strawberry.field(default=strawberry.UNSET, description="The text of the script.")
    script_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The id that it is kept under."
    )


@strawberry.input(description="A script in DTSL, the Digital Twin Swarm Language: a text, or one that is kept.")
class ExecuteDtslInput:
    script: ScriptInput = strawberry.field(description="Which.")
    name: str | None = strawberry.field(default=None, description="What remarks call it; script.dtsl where left out.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="Interlocks are not to stand against it, this once.")
class OverrideInterlocksInput:
    reason: str = strawberry.field(description="Why, for the record; 1 to 10,000 characters.")


@strawberry.input(description="A value for a property.")
class SetPropertyInput:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    property: str = strawberry.field(description="One of its properties with access WRITE or READ_WRITE.")
    value: JSON = strawberry.field(description="Of the property's dataType, in its unit, within its limits.")
    override_interlocks: OverrideInterlocksInput | None = strawberry.field(
        default=None, description="A person's word over interlocks; no limit is lifted by it."
    )
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A method to call on a device.")
class InvokeMethodInput:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    method: str = strawberry.field(description="One of its methods.")
    arguments: JSON | None = strawberry.field(
        default=None,
        description="An object by parameter name, or a list in the order of the parameters; none where left out.",
    )
    override_interlocks: OverrideInterlocksInput | None = strawberry.field(
        default=None, description="A person's word over interlocks; no limit is lifted by it."
    )
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A file to delete.")
class DeleteAssetInput:
    path: str = strawberry.field(description="As documents write it, such as `/models/pump.glb`.")
    expected_etag: str | None = strawberry.field(
        default=None, description="Only if its ETag is this, else ASSET_CHANGED; always where left out."
    )
    force: bool = strawberry.field(default=False, description="Delete it although definitions name it.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)
