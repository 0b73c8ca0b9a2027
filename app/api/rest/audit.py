"""The audit under /api/v1: page by page, and whole as one JSON document a line for whoever keeps it elsewhere."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Query
from starlette.responses import Response, StreamingResponse

from app.api.keyset import audit_page
from app.api.rest.alert_shapes import entry_document
from app.api.rest.alerts import as_json, page_of
from app.api.rest.openapi import gives, responses
from app.api.rest.paging import After, First
from app.api.rest.spans import Since, Until, bad_address, moment
from app.api.services import Services
from app.model.audit import AuditEntry, AuditOutcome, AuditQuery
from app.model.audit_kind import AuditKind

Kinds = Annotated[list[AuditKind] | None, Query(alias="kind", description="Of these kinds.")]
Outcomes = Annotated[list[AuditOutcome] | None, Query(alias="outcome", description="Of these outcomes.")]
By = Annotated[str | None, Query(alias="actor", description="By this person or behavior.")]
About = Annotated[str | None, Query(alias="subject", description="About this.", examples=["twin/pump_123"])]
NDJSON = "application/x-ndjson"
_AT_ONCE = 1000


def add_audit(app: FastAPI, services: Services) -> None:
    async def listed(
        since: Since = None,
        until: Until = None,
        kinds: Kinds = None,
        outcomes: Outcomes = None,
        by: By = None,
        about: About = None,
        first: First = None,
        after: After = None,
    ) -> Response:
        query = _query(since, until, kinds, outcomes, by, about)
        with bad_address():
            page = await audit_page(services, query, first, after)
        return as_json({**page_of(page, entry_document), "sequence": page.sequence})

    async def export(
        since: Since = None,
        until: Until = None,
        kinds: Kinds = None,
        outcomes: Outcomes = None,
        by: By = None,
        about: About = None,
    ) -> Response:
        query = _query(since, until, kinds, outcomes, by, about)
        await services.caught_up()
        first = await services.store.audit(query, _AT_ONCE, None)  # a graph that is down is told before the 200

        async def lines() -> AsyncIterator[bytes]:
            found = first
            while found:
                yield _lines(found)
                if len(found) < _AT_ONCE:
                    return
                found = await services.store.audit(query, _AT_ONCE, found[-1].place)

        return StreamingResponse(lines(), media_type=NDJSON)

    tags: list[Any] = ["audit"]
    app.add_api_route(
        "/audit",
        listed,
        methods=["GET"],
        operation_id="listAudit",
        summary="Who did or was refused what, from where and why, newest first",
        tags=tags,
        response_class=Response,
        responses=responses(503, _200=gives("AuditPage", "A page.")),
    )
    app.add_api_route(
        "/audit.ndjson",
        export,
        methods=["GET"],
        operation_id="exportAudit",
        summary="The whole audit, newest first, an entry a line",
        tags=tags,
        response_class=Response,
        responses=responses(
            503,
            _200={"description": "One `AuditEntryShape` a line.", "content": {NDJSON: {"schema": {"type": "string"}}}},
        ),
    )


def _query(
    since: str | None,
    until: str | None,
    kinds: Sequence[AuditKind] | None,
    outcomes: Sequence[AuditOutcome] | None,
    by: str | None,
    about: str | None,
) -> AuditQuery:
    return AuditQuery(
        moment(since, "since"), moment(until, "until"), tuple(kinds or ()), tuple(outcomes or ()), by, about
    )


def _lines(entries: Sequence[AuditEntry]) -> bytes:
    return b"".join(msgspec.json.encode(entry_document(entry)) + b"\n" for entry in entries)
