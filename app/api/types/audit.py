"""The audit: who did or was refused what, from where and why, newest first."""

from typing import Annotated, cast

import strawberry

from app.api.connections import Edge, PageInfo, edges_of, page_info
from app.api.context import Context
from app.api.ids import global_id
from app.api.keyset import Keyset, audit_page
from app.api.loaders import AuditOf
from app.api.scalars import JSON, DateTime, Long
from app.api.types.enums import AuditActorKind, AuditKind, AuditOutcome
from app.api.types.node import Node
from app.errors import Invalid
from app.model import audit, audit_kind
from app.model.audit import AuditPlace, AuditQuery


@strawberry.type(description="Something that somebody did, or was refused.")
class AuditEntry(Node):
    entry_id: strawberry.ID = strawberry.field(description="Unique for ever.")
    at: DateTime = strawberry.field(description="When it was decided.")
    kind: AuditKind = strawberry.field(description="What it was.")
    outcome: AuditOutcome = strawberry.field(description="What became of it.")
    actor: str = strawberry.field(description="Who: a person (a claim, as X-Actor is), or `owner/behavior`.")
    actor_kind: AuditActorKind = strawberry.field(description="What kind of who.")
    via: str = strawberry.field(description="Which way it came in: graphql, rest, cli; empty for the server itself.")
    address: str = strawberry.field(description="The host that sent it; empty where it came over no network.")
    subjects: list[str] = strawberry.field(
        description="What it is about, nearest first: `twin/pump_1`, `overlay/north`, `alert/...`, `call/...`, "
        "`script/...`, `asset/models/pump.glb`; of something refused, at most 20 and as they were named."
    )
    what: str = strawberry.field(
        description="The method, the property, the alert's `behavior/code`, or of a file `added`, `replaced`, "
        "`deleted`; may be empty."
    )
    reason: str = strawberry.field(description="Why, in the words of who did it; empty where nobody said.")
    code: str | None = strawberry.field(description="Why it was refused, for programs.")
    message: str | None = strawberry.field(description="Why it was refused or failed, for people.")
    details: JSON = strawberry.field(description="Arguments, values, counts: an object.")
    sequence: Long | None = strawberry.field(
        description="The journal entry that it is of; null for a change of definitions."
    )


@strawberry.type(description="A page of the audit, newest first.")
class AuditConnection:
    edges: list[Edge[AuditEntry]] = strawberry.field(description="The entries with their cursors.")
    nodes: list[AuditEntry] = strawberry.field(description="The entries alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are older ones, and from where.")
    sequence: Long = strawberry.field(
        description="The journal entry up to which it is whole; behind `server.sequence` only while the graph lags."
    )


@strawberry.input(description="Which entries; several filters hold together.")
class AuditWhere:
    since: DateTime | None = strawberry.field(default=None, description="Not older than this.")
    until: DateTime | None = strawberry.field(default=None, description="Older than this.")
    kind: list[AuditKind] | None = strawberry.field(default=None, description="Of these kinds.")
    outcome: list[AuditOutcome] | None = strawberry.field(default=None, description="Of these outcomes.")
    actor: str | None = strawberry.field(default=None, description="By this person or behavior.")
    subject: str | None = strawberry.field(
        default=None, description="About this, as `subjects` writes it: `twin/pump_1`."
    )

    def asked(self) -> AuditQuery:
        return AuditQuery(
            since=self.since,
            until=self.until,
            kinds=tuple(cast(audit_kind.AuditKind, item.value) for item in self.kind or ()),
            outcomes=tuple(item.value for item in self.outcome or ()),
            actor=self.actor,
            subject=self.subject,
        )


AuditWhereArgument = Annotated[AuditWhere | None, strawberry.argument(description="Only these.")]


def entry_of(item: audit.AuditEntry) -> AuditEntry:
    return AuditEntry(
        id=global_id("AuditEntry", item.entry_id),
        entry_id=strawberry.ID(item.entry_id),
        at=DateTime(item.at),
        kind=AuditKind(item.kind),
        outcome=AuditOutcome(item.outcome),
        actor=item.actor,
        actor_kind=AuditActorKind(item.actor_kind),
        via=item.origin.via,
        address=item.origin.address,
        subjects=list(item.subjects),
        what=item.what,
        reason=item.reason,
        code=item.code or None,
        message=item.message or None,
        details=JSON(item.details),
        sequence=None if item.sequence is None else Long(item.sequence),
    )


async def audit_connection(
    context: Context, query: AuditQuery, first: int | None, after: str | None
) -> AuditConnection:
    return _shown(await audit_page(context.services, query, first, after))


async def audit_about(
    context: Context, subject: str, where: AuditWhere | None, first: int | None, after: str | None
) -> AuditConnection:
    """Of the entries about `subject`. Raises Invalid (FILTER_INVALID) where the filter names another."""
    query = where.asked() if where is not None else AuditQuery()
    if query.subject is not None:
        raise Invalid(
            "`subject` was given where it is plain",
            code="FILTER_INVALID",
            hint=f"leave it out: this is about '{subject}'",
            path="/where/subject",
        )

    async def find(query: AuditQuery, size: int, place: AuditPlace | None) -> list[audit.AuditEntry]:
        return await context.loaders.audit.load(AuditOf(subject, query, size, place))

    return _shown(await audit_page(context.services, query, first, after, find))


def _shown(page: Keyset[audit.AuditEntry]) -> AuditConnection:
    nodes = [entry_of(item) for item in page.items]
    return AuditConnection(
        edges=edges_of(nodes, page.cursors),
        nodes=nodes,
        page_info=page_info(page.cursors, page.has_previous, page.has_next),
        sequence=Long(page.sequence),
    )
