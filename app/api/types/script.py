"""DtslScript: a script that is kept, with its revisions and what is to be said of it now."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import strawberry

from app.api.connections import (
    PAGES,
    After,
    Before,
    Connection,
    Edge,
    First,
    Last,
    PageInfo,
    connect,
    edges_of,
    page_info,
)
from app.api.context import Info
from app.api.ids import global_id
from app.api.pages import cut, decode_cursor, encode_cursor, page_size
from app.api.scalars import DateTime
from app.api.types.audit import AuditConnection, AuditWhereArgument, audit_about
from app.api.types.definition import Definition
from app.api.types.enums import DefinitionKind
from app.api.types.found import find_definition
from app.api.types.node import Node
from app.api.types.problem import Diagnostic, diagnostic_of
from app.commands.stored_scripts import NEWEST
from app.errors import Invalid
from app.model.catalogue import Catalogue
from app.model.stored_script import ScriptRevision, StoredScript

MAX_SCRIPTS = 100
"""Of a page: each may have a megabyte."""
DEFAULT_SCRIPTS = 20

FirstScripts = Annotated[
    int | None, strawberry.argument(description=f"So many, at most {MAX_SCRIPTS}; {DEFAULT_SCRIPTS} if not given.")
]
LastScripts = Annotated[int | None, strawberry.argument(description=f"So many from the end, at most {MAX_SCRIPTS}.")]


@strawberry.type(description="A definition that a script declares.")
class Declared:
    kind: DefinitionKind = strawberry.field(description="What kind of definition.")
    definition_id: strawberry.ID = strawberry.field(description="The id in its document.")

    @strawberry.field(description="As it is now; null where it is not there.")
    def definition(self, info: Info) -> Definition | None:
        return find_definition(info.context.catalogue, self.kind.value, self.definition_id)

    @classmethod
    def find(cls, _: Catalogue, text: str) -> "Declared":
        """Of `kind/id`."""
        kind, id = text.split("/")
        return cls(kind=DefinitionKind(kind), definition_id=strawberry.ID(id))


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
class DtslScript(Node):
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

    @strawberry.field(
        description=f"The definitions that its text declares, by kind and id, whether it was executed or not; not what "
        f"it imports. {PAGES}."
    )
    def declares(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Declared]:
        ids = sorted(self.stored.declares)
        return connect(ids, Declared.find, info.context, first, after, last, before, f"declares/{self.script_id}")

    @strawberry.field(description=f"Its texts, newest first, at most {MAX_SCRIPTS} a page. {PAGES}, UNAVAILABLE.")
    async def revisions(
        self, info: Info, first: FirstScripts = None, after: After = None
    ) -> "DtslScriptRevisionConnection":
        size, of = _size(first), f"scriptRevisions/{self.script_id}"
        before = _number(after, of) if after is not None else NEWEST
        commands = info.context.services.commands.stored_scripts
        found = await commands.revisions(self.script_id, size + 1, before)
        nodes = [DtslScriptRevision.of(item) for item in found[:size]]
        cursors = [encode_cursor(str(item.number), of) for item in nodes]
        return DtslScriptRevisionConnection(
            edges=edges_of(nodes, cursors),
            nodes=nodes,
            page_info=page_info(cursors, after is not None, len(found) > size),
        )

    @strawberry.field(
        description=(
            "What the audit has about it, newest first: from the graph, which is waited for. FILTER_INVALID where "
            f"`where` names a subject. {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def audit_log(
        self, info: Info, where: AuditWhereArgument = None, first: First = None, after: After = None
    ) -> AuditConnection:
        return await audit_about(info.context, f"script/{self.script_id}", where, first, after)

    @classmethod
    def of(cls, stored: StoredScript) -> "DtslScript":
        return cls(
            id=global_id("DtslScript", stored.script_id),
            stored=stored,
            script_id=strawberry.ID(stored.script_id),
            source=stored.source,
            revision=stored.revision,
            created_at=DateTime(stored.created_at),
            created_by=stored.created_by,
            updated_at=DateTime(stored.updated_at),
            updated_by=stored.updated_by,
        )


@strawberry.type(description=f"A page of at most {MAX_SCRIPTS} texts of a script, newest first.")
class DtslScriptRevisionConnection:
    edges: list[Edge[DtslScriptRevision]] = strawberry.field(description="The texts with their cursors.")
    nodes: list[DtslScriptRevision] = strawberry.field(description="The texts alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are older ones, and from where.")


@strawberry.type(description=f"A page of at most {MAX_SCRIPTS} scripts, by id.")
class DtslScriptConnection:
    edges: list[Edge[DtslScript]] = strawberry.field(description="The scripts with their cursors.")
    nodes: list[DtslScript] = strawberry.field(description="The scripts alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are more, and from where.")
    total_count: int = strawberry.field(description="How many there are over all pages.")


async def script_page(
    info: Info,
    ids: Sequence[str],
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    of: str,
) -> DtslScriptConnection:
    """Of these sorted ids."""
    size = _size(first) if first is not None or last is None else None
    page = cut(ids, size, after, None if last is None else page_size(last, "last", MAX_SCRIPTS), before, of)
    found = await asyncio.gather(*(info.context.loaders.script.load(id) for id in page.ids))
    nodes = [DtslScript.of(item) for item in found if item is not None]
    cursors = [encode_cursor(item.script_id, of) for item in nodes]
    return DtslScriptConnection(
        edges=edges_of(nodes, cursors),
        nodes=nodes,
        page_info=page_info(cursors, page.has_previous, page.has_next),
        total_count=len(ids),
    )


def _size(first: int | None) -> int:
    return page_size(DEFAULT_SCRIPTS if first is None else first, most=MAX_SCRIPTS)


def _number(cursor: str, of: str) -> int:
    number = decode_cursor(cursor, "after", of)
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise Invalid("`after` is not a cursor of texts of a script", code="CURSOR_INVALID", path="/after")
    return int(number)
