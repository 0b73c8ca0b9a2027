"""Alerts under /api/v1: listed, read, acknowledged, reset, commented; and what happened to them.

Who does it is the name in X-Actor. What is refused (409) changes nothing, and is in the audit.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Path, Query, Request
from starlette.responses import Response

from app.api.alert_pages import AlertFilter, alert_page
from app.api.claims import address_of, claimed
from app.api.keyset import Item, Keyset, history_page
from app.api.rest.alert_shapes import Severity, alert_document, record_document
from app.api.rest.bodies import JSON, json_object, only_fields
from app.api.rest.definitions import By
from app.api.rest.openapi import body, gives, ref, responses
from app.api.rest.paging import After, First
from app.api.rest.spans import Since, Until, bad_address, moment
from app.api.services import Services
from app.commands.pointers import found as what
from app.errors import Invalid, NotFound, Problem
from app.model.audit import AlertQuery
from app.model.events import Alert, AlertTransition
from app.model.near import near

AlertId = Annotated[str, Path(description="The alert's id.", examples=["alert-1767268800000000-1"])]
Open = Annotated[bool, Query(description="Open ones; false: closed ones, from the graph.")]
Severities = Annotated[list[Severity] | None, Query(description="Only of these severities.")]
Transitions = Annotated[list[AlertTransition] | None, Query(description="Only these.")]
_ONE = "/alerts/{alert_id}"
_NOW = gives("AlertShape", "As it is now.")
_COMMENT = {"comment": "Seen, the bearing is ordered"}


def add_alerts(app: FastAPI, services: Services) -> None:
    commands, live = services.commands.alerts, services.live

    def shown(alert: Alert) -> dict[str, Any]:
        return alert_document(alert, live)

    async def listed(
        open: Open = True,
        severity: Severities = None,
        shelved: Annotated[bool | None, Query(description="Only those that are shelved; false: that are not.")] = None,
        suppressed: Annotated[
            bool | None, Query(description="Only those that are suppressed by design; false: that are not.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Response:
        wanted = AlertFilter(severity, shelved, suppressed)
        standing, closed = live.open_alerts(), services.store.closed_alerts
        of = f"/alerts/{open}/{wanted!r}"
        with bad_address():
            page = await alert_page(services, wanted, standing, closed, open=open, first=first, after=after, of=of)
        content = {**page_of(page, shown), "total_count": page.total}
        return as_json(content)

    async def read(alert_id: AlertId) -> Response:
        found = live.alert(alert_id) or next(iter(await services.store.alerts([alert_id])), None)
        if found is None:
            hint = near(alert_id, [alert.alert_id for alert in live.open_alerts()])
            raise NotFound(f"there is no alert '{alert_id[:200]}'", code="ALERT_NOT_FOUND", hint=hint)
        return as_json(shown(found))

    async def history(
        alert_id: AlertId,
        transition: Transitions = None,
        since: Since = None,
        until: Until = None,
        first: First = None,
        after: After = None,
    ) -> Response:
        query = AlertQuery(
            alert_id, transitions=tuple(transition or ()), since=moment(since, "since"), until=moment(until, "until")
        )
        return await events(query, first, after)

    async def every(
        owner: Annotated[
            str | None,
            Query(
                pattern="^(twin|overlay)/.+$",
                description="Of the behaviors of this twin or overlay.",
                examples=["twin/pump_123"],
            ),
        ] = None,
        twin_id: Annotated[str | None, Query(description="Of alerts that concern this twin.")] = None,
        transition: Transitions = None,
        since: Since = None,
        until: Until = None,
        first: First = None,
        after: After = None,
    ) -> Response:
        query = AlertQuery(
            None, owner, twin_id, tuple(transition or ()), moment(since, "since"), moment(until, "until")
        )
        return await events(query, first, after)

    async def events(query: AlertQuery, first: int | None, after: str | None) -> Response:
        with bad_address():
            page = await history_page(services, query, first, after)
        return as_json({**page_of(page, lambda record: record_document(record, live)), "sequence": page.sequence})

    async def acknowledge(request: Request, alert_id: AlertId, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        return as_json(shown(await commands.acknowledge(alert_id, await _comment(request), actor)))

    async def reset(request: Request, alert_id: AlertId, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        return as_json(shown(await commands.reset(alert_id, await _comment(request), actor)))

    async def comment(request: Request, alert_id: AlertId, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        return as_json(shown(await commands.comment(alert_id, await _comment(request, needed=True), actor)))

    async def acknowledge_all(request: Request, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        given = await json_object(request)
        only_fields(given, ("alert_ids", "comment"), needed=("alert_ids",))
        done = await commands.acknowledge_all(_ids(given), _text(given, "comment"), actor)
        content = {
            "alerts": [shown(alert) for alert in done.alerts],
            "left_out": [
                {"alert_id": item.alert_id, "code": item.code, "message": item.message} for item in done.left_out
            ],
        }
        return as_json(content)

    def add(method: str, path: str, handler: Any, name: str, summary: str, answers: Any, more: Any = None) -> None:
        app.add_api_route(
            path,
            handler,
            methods=[method],
            operation_id=name,
            summary=summary,
            tags=["alerts"],
            response_class=Response,
            responses=answers,
            openapi_extra=more,
        )

    changed = responses(404, 409, 413, 415, 422, 503, _200=_NOW)
    optional = body(JSON, ref("CommentGiven"), "What to remember of it.", _COMMENT)
    page = responses(503, _200=gives("AlertPage", "A page."))
    add("GET", "/alerts", listed, "listAlerts", "Alerts, newest first", page)
    add(
        "POST",
        "/alert-acknowledgements",
        acknowledge_all,
        "acknowledgeAlerts",
        "Acknowledge several alerts; what can't be acknowledged does not hold up the others",
        responses(413, 415, 422, 503, _200=gives("AlertsAcknowledged", "Which were, and which were not.")),
        body(JSON, ref("AcknowledgementsGiven"), "Which.", {"alert_ids": ["alert-1767268800000000-1"]}),
    )
    add("GET", _ONE, read, "getAlert", "One alert, open or closed", responses(404, 503, _200=_NOW))
    add(
        "GET",
        _ONE + "/history",
        history,
        "getAlertHistory",
        "What happened to an alert, newest first",
        responses(503, _200=gives("AlertHistoryPage", "A page; empty for an id that no alert had.")),
    )
    seen = "Acknowledge an open alert"
    add("POST", _ONE + "/acknowledgement", acknowledge, "acknowledgeAlert", seen, changed, optional)
    add("POST", _ONE + "/reset", reset, "resetAlert", "Reset a latched alert whose behavior is over", changed, optional)
    add(
        "POST",
        _ONE + "/comments",
        comment,
        "commentAlert",
        "Note something about an open alert",
        responses(404, 413, 415, 422, 503, _200=_NOW),
        body(JSON, ref("NoteGiven"), "What to note.", _COMMENT),
    )
    add(
        "GET",
        "/alert-history",
        every,
        "listAlertHistory",
        "What happened to all alerts, newest first",
        responses(503, _200=gives("AlertHistoryPage", "A page.")),
    )


def page_of(page: Keyset[Item], show: Callable[[Item], dict[str, Any]]) -> dict[str, Any]:
    return {
        "items": [show(item) for item in page.items],
        "page_info": {
            "has_next_page": page.has_next,
            "has_previous_page": page.has_previous,
            "start_cursor": page.start,
            "end_cursor": page.end,
        },
    }


def as_json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), 200, None, JSON)


async def _comment(request: Request, *, needed: bool = False) -> str:
    given = await json_object(request)
    only_fields(given, ("comment",), needed=("comment",) if needed else ())
    return _text(given, "comment")


def _text(given: Mapping[str, Any], name: str) -> str:
    """Raises Invalid (DOCUMENT_INVALID)."""
    text = given.get(name, "")
    if not isinstance(text, str):
        wrong = Problem("WRONG_TYPE", f"{what(text)} where a text is wanted", f"/{name}", "give a text")
        raise Invalid.of([wrong], "the body", code="DOCUMENT_INVALID")
    return text


def _ids(given: Mapping[str, Any]) -> list[str]:
    ids = given["alert_ids"]
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        wrong = Problem(
            "WRONG_TYPE", f"{what(ids)} where a list of ids is wanted", "/alert_ids", "give a list of texts"
        )
        raise Invalid.of([wrong], "the body", code="DOCUMENT_INVALID")
    return ids
