"""Definition: a document that people write, whatever its kind.

Its `id` is opaque and for `node(id)`; the id in its document is twinId, typeId, overlayId or
relationshipType.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.connections import PAGES, After, Before, First, Last
from app.api.context import Info
from app.api.scalars import JSON, DateTime
from app.api.types.audit import AuditConnection, AuditWhereArgument, audit_about
from app.api.types.node import Node
from app.api.types.revision import (
    DIFF,
    REVISIONS,
    DocumentChange,
    FirstRevisions,
    FromRevision,
    OlderThan,
    RevisionConnection,
    ToRevision,
    revision_diff,
    revision_page,
)
from app.model.change import StoredDefinition
from app.model.definitions import to_document

if TYPE_CHECKING:
    from app.api.types.script import DtslScriptConnection
    from app.api.types.then import DefinitionThen


Time = Annotated[DateTime, strawberry.argument(description="The moment; in the future, what stands now.")]
AS_OF = (
    "How it stood at a moment (its revision `deleted` if it was gone then), with its members and edges of then; null "
    "where there was none yet. Live values, states and alerts are no part of it. HISTORY_TOO_WIDE, UNAVAILABLE."
)


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
    async def as_of(
        self, info: Info, time: Time
    ) -> Annotated["DefinitionThen", strawberry.lazy("app.api.types.then")] | None:
        from app.api.types.then import then

        return await then(info, self.stored.kind, self.stored.id, time)

    @strawberry.field(description=f"The kept scripts that declare it, by id; at most 100 a page. {PAGES}, UNAVAILABLE.")
    async def scripts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Annotated["DtslScriptConnection", strawberry.lazy("app.api.types.script")]:
        from app.api.types.script import script_page

        key = f"{self.stored.kind}/{self.stored.id}"
        ids = await info.context.loaders.scripts_declaring.load(key)
        return await script_page(info, ids, first, after, last, before, f"scripts/{key}")

    @strawberry.field(
        description=(
            "What the audit has about it, newest first: from the graph, which is waited for. FILTER_INVALID where "
            f"`where` names a subject. {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def audit_log(
        self, info: Info, where: AuditWhereArgument = None, first: First = None, after: After = None
    ) -> AuditConnection:
        subject = f"{self.stored.kind}/{self.stored.id}"
        return await audit_about(info.context, subject, where, first, after)
