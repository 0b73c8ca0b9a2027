"""The history of a definition: its revisions, what differs between two of them, and how it stood at a moment.

A deletion is a revision too (without a document), and numbers go on over it: a deleted id keeps its history.
"""

import json
from typing import Annotated

import strawberry

from app.api.connections import Edge, PageInfo, edges_of, page_info
from app.api.context import Info
from app.api.ids import global_id
from app.api.loaders import HistoryPage
from app.api.pages import decode_cursor, encode_cursor, page_size
from app.api.scalars import JSON, DateTime, Long
from app.api.types.enums import DefinitionKind, DifferenceKind
from app.api.types.node import Node
from app.commands.differences import Difference, differences
from app.errors import Invalid, NotFound
from app.model.change import RevisionRecord
from app.model.definitions import Kind

MAX_REVISIONS = 100
DEFAULT_REVISIONS = 20

FirstRevisions = Annotated[
    int | None,
    strawberry.argument(
        description=f"So many, newest first, at most {MAX_REVISIONS}; {DEFAULT_REVISIONS} if not given."
    ),
]
OlderThan = Annotated[str | None, strawberry.argument(description="A cursor: only older ones.")]
FromRevision = Annotated[int, strawberry.argument(name="from", description="The number of a revision.")]
ToRevision = Annotated[int | None, strawberry.argument(description="The number of another; the newest where left out.")]

REVISIONS = "Its revisions, newest first. PAGE_SIZE_INVALID, CURSOR_INVALID, UNAVAILABLE."
DIFF = (
    "What differs between two of its revisions: a JSON Patch (RFC 6902) that keeps the old values. REVISION_NOT_FOUND."
)


@strawberry.type(description="One accepted change of a definition.")
class Revision(Node):
    record: strawberry.Private[RevisionRecord]
    kind: DefinitionKind = strawberry.field(description="What kind of definition.")
    definition_id: strawberry.ID = strawberry.field(description="The id in its document.")
    number: int = strawberry.field(description="+1 with every change of this id, from 1, over deletions too.")
    at: DateTime = strawberry.field(description="When it was accepted.")
    author: str = strawberry.field(description="Who made it.")
    reason: str = strawberry.field(description="Why; empty where nobody said.")
    deleted: bool = strawberry.field(description="Whether it is a deletion.")
    catalogue_revision: Long = strawberry.field(
        description="The same for all that was changed together; it orders the changes of all definitions."
    )

    @strawberry.field(description="The document as it was then; null for a deletion.")
    def document(self) -> JSON | None:
        return JSON(json.loads(self.record.document)) if self.record.document else None

    @classmethod
    def of(cls, record: RevisionRecord) -> "Revision":
        return cls(
            id=global_id("Revision", record.kind, record.id, str(record.number)),
            record=record,
            kind=DefinitionKind(record.kind),
            definition_id=strawberry.ID(record.id),
            number=record.number,
            at=DateTime(record.at),
            author=record.author,
            reason=record.reason,
            deleted=not record.document,
            catalogue_revision=Long(record.catalogue_revision),
        )


@strawberry.type(description=f"A page of at most {MAX_REVISIONS} revisions, newest first.")
class RevisionConnection:
    edges: list[Edge[Revision]] = strawberry.field(description="The revisions with their cursors.")
    nodes: list[Revision] = strawberry.field(description="The revisions alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are older ones, and from where.")


@strawberry.type(description="One place in which two documents differ.")
class DocumentChange:
    op: DifferenceKind = strawberry.field(description="What was done.")
    path: str = strawberry.field(
        description="JSON pointer (RFC 6901); positions in lists are those after the operations before this one."
    )
    where: str = strawberry.field(description="The same place with the names of list items: /properties/speed/unit.")
    before: JSON | None = strawberry.field(description="The old value; null for an addition.")
    after: JSON | None = strawberry.field(description="The new value; null for a removal.")


def changes_of(found: list[Difference] | tuple[Difference, ...]) -> list[DocumentChange]:
    return [
        DocumentChange(
            op=DifferenceKind(item.op),
            path=item.path,
            where=item.where,
            before=JSON(item.before) if item.before is not None else None,
            after=JSON(item.after) if item.after is not None else None,
        )
        for item in found
    ]


async def revision_page(info: Info, kind: Kind, id: str, first: int | None, after: str | None) -> RevisionConnection:
    size = page_size(DEFAULT_REVISIONS if first is None else first, most=MAX_REVISIONS)
    before = _place(after, f"revisions/{kind}/{id}") if after is not None else None
    found = await info.context.loaders.history.load(HistoryPage(kind, id, size + 1, before))
    nodes = [Revision.of(item) for item in found[:size]]
    cursors = [encode_cursor(str(item.number), f"revisions/{kind}/{id}") for item in nodes]
    return RevisionConnection(
        edges=edges_of(nodes, cursors),
        nodes=nodes,
        page_info=page_info(cursors, after is not None, len(found) > size),
    )


async def revision_diff(info: Info, kind: Kind, id: str, from_: int, to: int | None) -> list[DocumentChange]:
    older = await _numbered(info, kind, id, from_, "/from")
    newer = await _numbered(info, kind, id, to, "/to")
    return changes_of(differences(_document(older), _document(newer)))


async def revision_step(info: Info, kind: Kind, id: str, before: int | None, after: int) -> list[DocumentChange]:
    """By what one revision differs from the one before; None for one with which the id began (again)."""
    older = _document(await _numbered(info, kind, id, before, "/revision")) if before is not None else None
    newer = _document(await _numbered(info, kind, id, after, "/revision"))
    return changes_of(differences(older, newer))


async def _numbered(info: Info, kind: Kind, id: str, number: int | None, path: str) -> RevisionRecord:
    """The newest where no number is given. Raises NotFound (REVISION_NOT_FOUND)."""
    below = None if number is None else number + 1
    found = await info.context.loaders.history.load(HistoryPage(kind, id, 1, below))
    if not found or (number is not None and found[0].number != number):
        raise NotFound(
            f"there is no revision {number} of '{id}'",
            code="REVISION_NOT_FOUND",
            hint="`revisions` lists them",
            path=path,
        )
    return found[0]


def _document(record: RevisionRecord) -> dict[str, object] | None:
    return json.loads(record.document) if record.document else None


def _place(cursor: str, of: str) -> int:
    number = decode_cursor(cursor, "after", of)
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise Invalid("`after` is not a cursor of revisions", code="CURSOR_INVALID", path="/after")
    return int(number)
