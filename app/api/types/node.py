"""The two interfaces of the schema: Node (has a global id) and Definition (a document that people write).

A definition's `id` is opaque and for `node(id)`; the id in its document is twinId, typeId, overlayId or
relationshipType.
"""

import strawberry

from app.api.context import Info
from app.api.scalars import JSON, DateTime
from app.api.types.revision import (
    AS_OF,
    DIFF,
    REVISIONS,
    DocumentChange,
    FirstRevisions,
    FromRevision,
    OlderThan,
    Revision,
    RevisionConnection,
    Time,
    ToRevision,
    revision_as_of,
    revision_diff,
    revision_page,
)
from app.model.change import StoredDefinition
from app.model.definitions import to_document


@strawberry.interface(description="Anything that `node(id)` can find again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Global and opaque; stable over restarts.")


@strawberry.interface(
    description="A document that people write: a relationship type, twin type, twin, overlay type or overlay."
)
class Definition(Node):
    stored: strawberry.Private[StoredDefinition]

    @strawberry.field(description="The author's version (semantic versioning).")
    def version(self) -> str:
        return self.stored.definition.version

    @strawberry.field(description="What it is, in the author's words; empty where none was written.")
    def description(self) -> str:
        return self.stored.definition.description

    @strawberry.field(description="The document in the specification's form, as its author wrote it.")
    def document(self) -> JSON:
        return JSON(to_document(self.stored.definition))

    @strawberry.field(description="The author's free-form metadata; empty where none was written.")
    def metadata(self) -> JSON:
        return JSON(self.stored.definition.metadata)

    @strawberry.field(description="+1 with every accepted change, from 1; give it as `expectedRevision`.")
    def revision(self) -> int:
        return self.stored.revision

    @strawberry.field(description="When it was first saved.")
    def created_at(self) -> DateTime:
        return DateTime(self.stored.created_at)

    @strawberry.field(description="Who saved it first.")
    def created_by(self) -> str:
        return self.stored.created_by

    @strawberry.field(description="When it was last changed.")
    def updated_at(self) -> DateTime:
        return DateTime(self.stored.updated_at)

    @strawberry.field(description="Who changed it last.")
    def updated_by(self) -> str:
        return self.stored.updated_by

    @strawberry.field(description=REVISIONS)
    async def revisions(self, info: Info, first: FirstRevisions = None, after: OlderThan = None) -> RevisionConnection:
        return await revision_page(info, self.stored.kind, self.stored.id, first, after)

    @strawberry.field(description=DIFF)
    async def diff(self, info: Info, from_: FromRevision, to: ToRevision = None) -> list[DocumentChange]:
        return await revision_diff(info, self.stored.kind, self.stored.id, from_, to)

    @strawberry.field(description=AS_OF)
    async def as_of(self, info: Info, time: Time) -> Revision | None:
        return await revision_as_of(info, self.stored.kind, self.stored.id, time)
