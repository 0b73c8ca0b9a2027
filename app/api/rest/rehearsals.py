"""Trials under /api/v1: what would follow if values changed, and what changed definitions would do.

They are POST because of their size and change nothing; the commands are those of GraphQL's rehearse, planDefinitions
and rehearseDefinitions.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.rest.alert_shapes import alert_document
from app.api.rest.bodies import JSON, json_object
from app.api.rest.definitions import By
from app.api.rest.explanations import explanation_document
from app.api.rest.instances import call_document
from app.api.rest.openapi import body, gives, ref, responses
from app.api.rest.rehearsal_form import definitions_of, hours_of, in_documents, steps_of
from app.api.services import Services
from app.commands.activation import Activation, made_in, withheld_in
from app.commands.dry_run import DryRun
from app.commands.what_if import WhatIf, explanation_of, skipped_in
from app.model.beside import Compared
from app.model.definitions import Kind
from app.model.events import BehaviorChanged
from app.model.listed import Listed, listed
from app.model.time import SECOND, iso
from app.ports import LiveView

DEFAULT_HOURS = 24.0
_STEPS = {
    "steps": [
        {"set": [{"twin_id": "pump_123", "property": "temperature", "value": 95.0}], "wait": 30.0},
        {"disconnect": ["pump_123"]},
    ],
    "answers": "accept",
}
_DOCUMENTS = {
    "documents": [{"kind": "twin", "document": {"twin_id": "pump_125", "twin_type": "centrifugal_pump"}}],
}


def add_rehearsals(app: FastAPI, services: Services) -> None:
    commands = services.commands

    async def rehearse(request: Request) -> Response:
        steps, answers = steps_of(await json_object(request))
        return _json(_what_if(await commands.what_if.try_out(steps, answers), services.live))

    async def plan(request: Request, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        given = await json_object(request)
        changed = await definitions_of(given, commands.scripts)
        with in_documents(len(given.get("documents", ()))):
            return _json(_plan(await commands.activation.look(changed, actor), services.live))

    async def rehearse_definitions(request: Request, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        given = await json_object(request)
        hours = hours_of(given, DEFAULT_HOURS)
        changed = await definitions_of(given, commands.scripts, ("hours",))
        with in_documents(len(given.get("documents", ()))):
            return _json(_beside(await commands.dry_run.compare(changed, actor, hours)))

    def add(path: str, handler: Any, name: str, summary: str, given: str, shape: str, example: Any, text: str) -> None:
        app.add_api_route(
            path,
            handler,
            methods=["POST"],
            operation_id=name,
            summary=summary,
            tags=["rehearsals"],
            response_class=Response,
            responses=responses(409, 413, 415, 422, 503, _200=gives(shape, "What would be. Nothing of it is done.")),
            openapi_extra=body(JSON, ref(given), text, example),
        )

    add(
        "/rehearse",
        rehearse,
        "rehearse",
        "What would follow if values changed, paths fell silent and time passed",
        "RehearsalGiven",
        "RehearsalShape",
        _STEPS,
        "What happens, step by step.",
    )
    add(
        "/plan",
        plan,
        "planDefinitions",
        "What saving definitions would do, to the documents and at once to the running plant",
        "DefinitionsGiven",
        "DefinitionPlanShape",
        _DOCUMENTS,
        "Documents, or a DTSL script.",
    )
    add(
        "/rehearse/definitions",
        rehearse_definitions,
        "rehearseDefinitions",
        "What changed definitions would have done in the last hours, beside the running ones",
        "DefinitionsOverHours",
        "DefinitionRehearsalShape",
        {**_DOCUMENTS, "hours": DEFAULT_HOURS},
        "Documents, or a DTSL script, and how far to look back.",
    )


def _what_if(found: WhatIf, live: LiveView) -> dict[str, Any]:
    transitions, alerts, calls, notes = found.transitions(), found.alerts(), found.calls(), listed(found.notes)
    return {
        "sequence": found.sequence,
        "twins": found.twins,
        "behaviors": found.behaviors,
        "transitions": [
            {
                "step": item.step,
                "after": item.after / SECOND,
                **_turn(fact),
                "skipped": skipped_in(fact),
                "explanation": explanation_document(explanation_of(fact)),
            }
            for item, fact in transitions.items
        ],
        "alerts": [
            {
                "step": item.step,
                "after": item.after / SECOND,
                "transition": fact.transition,
                "alert": alert_document(fact.alert, live),
            }
            for item, fact in alerts.items
        ],
        "calls": [
            {"step": item.step, "after": item.after / SECOND, "call": call_document(call)} for item, call in calls.items
        ],
        "notes": notes.items,
        **_totals(transitions=transitions, alerts=alerts, calls=calls, notes=notes),
    }


def _plan(found: Activation, live: LiveView) -> dict[str, Any]:
    saved, warnings = found.saved, listed(found.saved.warnings)
    twins, overlays, open_alerts = listed(found.twins), listed(found.overlays), listed(found.alerts)
    transitions, alerts = listed(found.behaviors), listed(found.changes)
    return {
        **{
            part: [_named(key) for key in keys]
            for part, keys in (("created", saved.created), ("updated", saved.updated), ("unchanged", saved.unchanged))
        },
        "changes": [
            {
                "definition": _named(key),
                "changes": [
                    {"op": it.op, "path": it.path, "where": it.where, "before": it.before, "after": it.after}
                    for it in differences
                ],
            }
            for key, differences in saved.differences.items()
        ],
        "warnings": [warning.to_json() for warning in warnings.items],
        "twins": twins.items,
        "overlays": overlays.items,
        "open_alerts": [alert_document(alert, live) for alert in open_alerts.items],
        "transitions": [
            {**_turn(fact), "withheld": withheld_in(fact), "made": made_in(fact)} for fact in transitions.items
        ],
        "alerts": [{"transition": it.transition, "alert": alert_document(it.alert, live)} for it in alerts.items],
        **_totals(
            warnings=warnings,
            twins=twins,
            overlays=overlays,
            open_alerts=open_alerts,
            transitions=transitions,
            alerts=alerts,
        ),
    }


def _beside(found: DryRun) -> dict[str, Any]:
    beside = found.beside
    differences, unchanged, warnings = found.differences(), found.unchanged(), listed(found.saved.warnings)
    return {
        "began": iso(beside.began) if beside is not None else None,
        "ended": iso(beside.ended) if beside is not None else None,
        "entries": beside.entries if beside is not None else 0,
        "whole": beside.whole if beside is not None else True,
        "differences": _rows(differences.items),
        "unchanged": _rows(unchanged.items),
        "warnings": [warning.to_json() for warning in warnings.items],
        **_totals(differences=differences, unchanged=unchanged, warnings=warnings),
    }


def _rows(rows: Sequence[Compared]) -> list[dict[str, Any]]:
    return [
        {
            "owner_kind": row.owner.kind,
            "owner_id": row.owner.id,
            "behavior": row.behavior,
            "fact": row.fact,
            "what": row.what,
            "before": row.before,
            "after": row.after,
            "gone": [iso(at) for at in row.gone],
            "new": [iso(at) for at in row.new],
        }
        for row in rows
    ]


def _turn(fact: BehaviorChanged) -> dict[str, Any]:
    return {
        "owner_kind": fact.key.owner.kind,
        "owner_id": fact.key.owner.id,
        "behavior": fact.key.name,
        "was": fact.was,
        "state": fact.state,
        "evidence": fact.evidence,
    }


def _totals(**parts: Listed[Any]) -> dict[str, Any]:
    return {
        "totals": {name: part.total for name, part in parts.items()},
        "truncated": any(part.truncated for part in parts.values()),
    }


def _named(key: tuple[Kind, str]) -> dict[str, str]:
    return {"kind": key[0], "id": key[1]}


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type=JSON)
