"""History: what is known of an id whether or not anything carries it now.

`twin(twinId)` and its like answer null for a deleted id; this is where its revisions are found all the same.
"""

import strawberry

from app.api.context import Info
from app.api.loaders import HistoryPage
from app.api.types.definition import AS_OF, Definition, Time
from app.api.types.enums import DefinitionKind
from app.api.types.found import find_definition
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
from app.api.types.then import DefinitionThen, then
from app.model.definitions import Kind


@strawberry.type(description="A definition over time; it may be deleted.")
class DefinitionHistory:
    of: strawberry.Private[Kind]
    kind: DefinitionKind = strawberry.field(description="What kind of definition.")
    definition_id: strawberry.ID = strawberry.field(description="The id in its document.")

    @strawberry.field(description="As it is now; null where it is deleted.")
    def current(self, info: Info) -> Definition | None:
        return find_definition(info.context.catalogue, self.of, self.definition_id)

    @strawberry.field(description=REVISIONS)
    async def revisions(self, info: Info, first: FirstRevisions = None, after: OlderThan = None) -> RevisionConnection:
        return await revision_page(info, self.of, self.definition_id, first, after)

    @strawberry.field(description=DIFF)
    async def diff(self, info: Info, from_: FromRevision, to: ToRevision = None) -> list[DocumentChange]:
        return await revision_diff(info, self.of, self.definition_id, from_, to)

    @strawberry.field(description=AS_OF)
    async def as_of(self, info: Info, time: Time) -> DefinitionThen | None:
        return await then(info, self.of, self.definition_id, time)


async def find_history(info: Info, kind: DefinitionKind, id: str) -> DefinitionHistory | None:
    """None where nothing ever had that id."""
    of: Kind = kind.value
    standing = info.context.catalogue.standing(of, id) is not None
    if not standing and not await info.context.loaders.history.load(HistoryPage(of, id, 1, None)):
        return None
    return DefinitionHistory(of=of, kind=kind, definition_id=strawberry.ID(id))
