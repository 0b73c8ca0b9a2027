"""DtslScript: a script that is kept, with its revisions and what is to be said of it now."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from app.api.connections import Edge, PageInfo
from app.api.context import Info
from app.api.pages import cut, encode_cursor
from app.api.scalars import DateTime
from app.api.types.problem import Diagnostic, diagnostic_of
from app.errors import Invalid
from app.model.stored_script import ScriptRevision, StoredScript

MAX_SCRIPTS = 100
"""Of a page: each may have a megabyte."""
DEFAULT_SCRIPTS = 20


@strawberry.type(description="One accepted text of a script.")
class DtslScriptRevision:
    number: int = strawberry.field(description="+1 with every change of this id, from 1, over deletions too.")
    at: DateTime = strawberry.field(description="When it was accepted.")
    author: str = strawberry.field(description="Who stored it.")
    reason: str = strawberry.field(description="Why; empty where nobody said.")
    source: str | None = strawberry.field(description="The text as it was then; null for a deletion.")

    @classmethod
    def of(cls, item: ScriptRevision) -> "DtslScriptRevision":
        return cls(number=item.number, at=DateTime(item.at), author=item.author, reason=item.reason, source=item.source)


@strawberry.type(description="A DTSL script that is kept. Storing it changes no definition; executing it does.")
class DtslScript:
    stored: strawberry.Private[StoredScript]
    script_id: strawberry.ID = strawberry.field(description="Unique among scripts.")
    source: str = strawberry.field(description="Its text.")
    revision: int = strawberry.field(description="+1 with every accepted change; give it as `expectedRevision`.")
    created_at: DateTime = strawberry.field(description="When it was first stored.")
    created_by: str = strawberry.field(description="Who stored it first.")
    updated_at: DateTime = strawberry.field(description="When it was last changed.")
    updated_by: str = strawberry.field(description="Who changed it last.")

    @strawberry.field(description="All that is to be said of it against the definitions as they stand, by place.")
    async def diagnostics(self, info: Info) -> list[Diagnostic]:
        found = await info.context.services.commands.stored_scripts.diagnostics(self.stored)
        return [diagnostic_of(item, self.source) for item in found]

    @strawberry.field(description=f"Its texts, newest first; at most {MAX_SCRIPTS}. PAGE_SIZE_INVALID.")
    async def revisions(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="So many.")] = DEFAULT_SCRIPTS,
        before: Annotated[int | None, strawberry.argument(description="Only those with a lower number.")] = None,
    ) -> list[DtslScriptRevision]:
        if not 0 <= first <= MAX_SCRIPTS:
            message = f"`first` is {first}; a page has 0 to {MAX_SCRIPTS} revisions"
            raise Invalid(message, code="PAGE_SIZE_INVALID", path="/first")
        below = {} if before is None else {"before": before}
        found = await info.context.services.commands.stored_scripts.revisions(self.script_id, first, **below)
        return [DtslScriptRevision.of(item) for item in found]

    @classmethod
    def of(cls, stored: StoredScript) -> "DtslScript":
        return cls(
            stored=stored,
            script_id=strawberry.ID(stored.script_id),
            source=stored.source,
            revision=stored.revision,
            created_at=DateTime(stored.created_at),
            created_by=stored.created_by,
            updated_at=DateTime(stored.updated_at),
            updated_by=stored.updated_by,
        )


@strawberry.type(description=f"A page of at most {MAX_SCRIPTS} scripts, by id.")
class DtslScriptConnection:
    edges: list[Edge[DtslScript]] = strawberry.field(description="The scripts with their cursors.")
    nodes: list[DtslScript] = strawberry.field(description="The scripts alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are more, and from where.")
    total_count: int = strawberry.field(description="How many there are over all pages.")


async def script_page(info: Info, first: int | None, after: str | None) -> DtslScriptConnection:
    commands = info.context.services.commands.stored_scripts
    size = DEFAULT_SCRIPTS if first is None else first
    if size > MAX_SCRIPTS:
        message = f"`first` is {size}; a page has 0 to {MAX_SCRIPTS} items"
        raise Invalid(message, code="PAGE_SIZE_INVALID", hint="take more pages", path="/first")
    ids: Sequence[str] = await commands.ids()
    page = cut(ids, size, after, None, None)
    nodes = [DtslScript.of(item) for item in await commands.several(page.ids)]
    cursors = [encode_cursor(item.script_id) for item in nodes]
    return DtslScriptConnection(
        edges=[Edge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        total_count=len(ids),
    )
