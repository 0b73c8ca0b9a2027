"""Why, over REST: behaviors and alerts explained, as the same trees that GraphQL shows."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Path, Query
from starlette.responses import Response

from app.api.earlier import explanation_at
from app.api.rest.alert_shapes import chain
from app.api.rest.bodies import JSON
from app.api.rest.openapi import gives, responses
from app.api.rest.spans import bad_address, moment
from app.api.services import Services
from app.errors import NotFound
from app.explain.english import needed, paragraph, why_not_paragraph
from app.explain.nodes import kind_of, revisions, text_of
from app.model.conditions import Condition, PropertyRef, written
from app.model.events import Call, Read, Together
from app.model.explanation import Explanation, Missing, Seen, WhyNot
from app.model.near import near
from app.model.plan import BehaviorKey, OwnerKey, OwnerKind
from app.model.time import iso

_EVIDENCE = {True: "true", False: "false", None: "unknown"}
OwnerId = Annotated[str, Path(description="The id of the twin or overlay.", examples=["pump_123"])]
BehaviorName = Annotated[str, Path(description="One of its behaviors.", examples=["overheated"])]
At = Annotated[
    str | None,
    Query(
        description="Why it turned last before that moment, ISO 8601, as far as the journal reaches back.",
        json_schema_extra={"format": "date-time"},
    ),
]
AlertId = Annotated[str, Path(description="The alert's id.", examples=["alert-1767268800000000-1"])]


def add_explanations(app: FastAPI, services: Services) -> None:
    live = services.live

    def of(kind: OwnerKind) -> tuple[Callable[..., Any], Callable[..., Any]]:
        async def explain(owner_id: OwnerId, name: BehaviorName, at: At = None) -> Response:
            key, then = BehaviorKey(OwnerKey(kind, owner_id), name), moment(at, "at")
            found = _there(services, kind, owner_id, name, live.explain(key))
            if then is not None:
                with bad_address():
                    found = await explanation_at(services, key, then)
            if found is None:
                told = f"behavior '{name}' of {kind} '{owner_id}' had not turned by {at}"
                raise NotFound(told, code="NOT_TURNED_YET", hint="ask for a later moment")
            return _json(explanation_document(found))

        async def why_not(owner_id: OwnerId, name: BehaviorName) -> Response:
            found = live.why_not(BehaviorKey(OwnerKey(kind, owner_id), name))
            return _json(_why_not(_there(services, kind, owner_id, name, found)))

        return explain, why_not

    async def explain_alert(alert_id: AlertId) -> Response:
        found = live.alert(alert_id) or next(iter(await services.store.alerts([alert_id])), None)
        if found is None:
            hint = near(alert_id, [alert.alert_id for alert in live.open_alerts()])
            raise NotFound(f"there is no alert '{alert_id[:200]}'", code="ALERT_NOT_FOUND", hint=hint)
        return _json(explanation_document(live.explain_alert(found)))

    kinds: tuple[OwnerKind, ...] = ("twin", "overlay")
    for kind in kinds:
        explain, why_not = of(kind)
        one = f"/{kind}s/{{owner_id}}/behaviors/{{name}}"
        summary = "Why a behavior is as it is, or turned as it did"
        _add(app, f"{one}/explanation", explain, f"explain{kind.title()}Behavior", summary, down=True)
        _add(
            app, f"{one}/why-not", why_not, f"whyNot{kind.title()}Behavior", "What keeps it from being active", "WhyNot"
        )
    _add(app, "/alerts/{alert_id}/explanation", explain_alert, "explainAlert", "Why an alert was raised", down=True)


def _add(
    app: FastAPI,
    path: str,
    answer: Callable[..., Any],
    operation: str,
    summary: str,
    shape: str = "Explanation",
    *,
    down: bool = False,
) -> None:
    good = gives(f"{shape}Shape", "As a tree and in words.")
    app.add_api_route(
        path,
        answer,
        methods=["GET"],
        operation_id=operation,
        summary=summary,
        tags=["explanations"],
        response_class=Response,
        responses=responses(404, 503, _200=good) if down else responses(404, _200=good),
    )


def _there(services: Services, kind: OwnerKind, owner_id: str, name: str, found: Any) -> Any:
    if found is not None:
        return found
    owners = list(services.catalogue.ids(kind))
    if owner_id not in owners:
        told, code = f"there is no {kind} '{owner_id[:200]}'", f"{kind.upper()}_NOT_FOUND"
        raise NotFound(told, code=code, hint=near(owner_id, owners))
    names = [view.key.name for view in services.live.behaviors(OwnerKey(kind, owner_id))]
    told = f"there is no behavior '{name[:200]}' of {kind} '{owner_id}'"
    raise NotFound(told, code="BEHAVIOR_NOT_FOUND", hint=near(name, names))


def explanation_document(item: Explanation) -> dict[str, Any]:
    basis = item.basis
    reads = basis.reads if basis is not None else ()
    together = {part.node: part for part in basis.together} if basis is not None else {}
    places = {PropertyRef(read.owner, read.fact.property): place for place, read in enumerate(reads)}
    return {
        "text": paragraph(item),
        "at": iso(item.at),
        "state": item.state,
        "evidence": item.evidence,
        "since": iso(item.since) if item.since else None,
        "error": item.error,
        "revision": revisions(basis.revision) if basis is not None else None,
        "nodes": [_node(node, places, together) for node in item.nodes],
        "inputs": [_input(read) for read in reads],
        "cause": chain(item.cause),
        "calls": [_call(call) for call in item.calls],
    }


def _node(item: Seen, places: dict[PropertyRef, int], together: Mapping[Condition, Together]) -> dict[str, Any]:
    truth = item.type in ("boolean", None)
    members = together.get(item.node)
    return {
        "parent": item.parent,
        "kind": kind_of(item.node),
        "text": text_of(item.node),
        "evidence": _EVIDENCE[item.value] if truth else None,
        "value": None if truth else item.value,
        "why": item.why or None,
        "input": places.get(item.node) if isinstance(item.node, PropertyRef) else None,
        "members": _members(members) if members is not None else None,
    }


def _members(item: Together) -> dict[str, Any]:
    return {
        "count": item.members,
        "unknown": item.unknown,
        "deciding": [
            {
                "id": member.id,
                "evidence": _EVIDENCE[member.value] if isinstance(member.value, bool) else None,
                "value": None if isinstance(member.value, bool) else member.value,
            }
            for member in item.deciding
        ],
        "missing": list(item.missing),
    }


def _input(read: Read) -> dict[str, Any]:
    state = read.fact.state()
    return {
        "twin_id": read.fact.twin_id,
        "property": read.fact.property,
        "role": written(read.owner) if read.owner else None,
        "value": state.value,
        "unit": read.unit,
        "quality": state.quality,
        "timestamp": iso(state.timestamp) if state.timestamp else None,
        "known": state.known,
        "reason": state.reason,
        "source": read.source or None,
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "twin_id": call.twin_id,
        "method": call.method,
        "property": call.property,
        "status": call.status,
        "error": call.error or None,
    }


def _why_not(item: WhyNot) -> dict[str, Any]:
    return {
        "text": why_not_paragraph(item),
        "ways": [
            {"parts": [_missing(item.explanation, part) for part in way.parts], "distance": way.distance}
            for way in item.ways
        ],
        "whole": item.whole,
        "blocked": list(item.blocked),
        "explanation": explanation_document(item.explanation),
    }


def _missing(explanation: Explanation, part: Missing) -> dict[str, Any]:
    return {
        "node": part.place,
        "text": needed(explanation, part),
        "wanted": part.wanted,
        "needs": part.needs or None,
        "nearest": part.nearest,
        "distance": part.distance,
    }


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type=JSON)
