"""How far an overlay is in its life, under /api/v1: read with its history, and brought on with a reason."""

from typing import Annotated, Any, cast, get_args

from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.rest.bodies import JSON, json_object, only_fields
from app.api.rest.definitions import By, IfMatch, as_json, stored_of
from app.api.rest.faces import FACES
from app.api.rest.openapi import body, gives, ref, responses
from app.api.rest.preconditions import etag, expected
from app.api.services import Services
from app.commands.pointers import found as what
from app.errors import Invalid, Problem
from app.model.change import LifecycleRecord
from app.model.definitions import Lifecycle, Overlay
from app.model.document import MAX_TEXT
from app.model.near import near
from app.model.time import iso

OverlayId = Annotated[str, Path(description="The overlay's id.", examples=["pumping_system_345_overlay"])]
_STATES = get_args(Lifecycle)
_SHOWN = 100
"""States of the past in one answer; GraphQL has all."""
_ONE = "/overlays/{overlay_id}/lifecycle"
_EXAMPLE = {"lifecycle": "suspended", "reason": "The pumping station is being rebuilt"}
_FACE = next(face for face in FACES if face.kind == "overlay")
_GIVEN = gives("OverlayLifecycleShape", "As it is now.", headers={"ETag": "The revision of the overlay, in quotes."})


def add_lifecycle(app: FastAPI, services: Services) -> None:
    async def shown(overlay_id: str) -> Response:
        stored = stored_of(services, _FACE, overlay_id)
        history = (await services.store.lifecycles([overlay_id]))[overlay_id]
        overlay = stored.definition
        assert isinstance(overlay, Overlay)
        return as_json(_document(overlay, history), 200, {"etag": etag(stored.revision), "cache-control": "no-cache"})

    async def read(overlay_id: OverlayId) -> Response:
        return await shown(overlay_id)

    async def put(request: Request, overlay_id: OverlayId, if_match: IfMatch = None, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        lifecycle, reason = _checked(await json_object(request))
        revision = expected(request, stored_of(services, _FACE, overlay_id).revision)
        await services.commands.definitions.set_lifecycle(
            overlay_id, lifecycle, actor, reason=reason, expected_revision=revision
        )
        return await shown(overlay_id)

    tags: list[Any] = ["overlays"]
    app.add_api_route(
        _ONE,
        read,
        methods=["GET"],
        operation_id="getOverlayLifecycle",
        summary="How far an overlay is in its life, and who brought it there",
        tags=tags,
        response_class=Response,
        responses=responses(404, 503, _200=_GIVEN),
    )
    app.add_api_route(
        _ONE,
        put,
        methods=["PUT"],
        operation_id="setOverlayLifecycle",
        summary="Bring an overlay into another state of its life",
        description=(
            "draft to active, active to suspended and back, anything to retired, and retired to draft. The one it has "
            "changes nothing."
        ),
        tags=tags,
        response_class=Response,
        responses=responses(404, 409, 412, 413, 415, 422, 503, _200=_GIVEN),
        openapi_extra=body(JSON, ref("LifecycleWanted"), "Where to, and why.", _EXAMPLE),
    )


def _checked(given: dict[str, Any]) -> tuple[Lifecycle, str]:
    """Raises Invalid (DOCUMENT_INVALID)."""
    only_fields(given, ("lifecycle", "reason"), ("lifecycle", "reason"))
    lifecycle, reason = given["lifecycle"], given["reason"]
    problems = []
    if lifecycle not in _STATES:
        hint = near(lifecycle, _STATES) if isinstance(lifecycle, str) else ""
        hint = f"{hint} allowed are {', '.join(_STATES)}".strip()
        problems.append(Problem("NOT_ALLOWED", f"{what(lifecycle)} is not allowed here", "/lifecycle", hint))
    if not isinstance(reason, str) or not 0 < len(reason.strip()) <= MAX_TEXT:
        hint = f"a text of 1 to {MAX_TEXT} characters"
        problems.append(Problem("REASON_REQUIRED", "say why, for the history", "/reason", hint))
    if problems:
        raise Invalid.of(problems, "the body", code="DOCUMENT_INVALID")
    return cast("Lifecycle", lifecycle), str(reason)


def _document(overlay: Overlay, history: list[LifecycleRecord]) -> dict[str, Any]:
    last = history[0] if history else None
    return {
        "overlay_id": overlay.overlay_id,
        "lifecycle": overlay.lifecycle,
        "since": iso(last.at) if last else None,
        "by": last.author if last else None,
        "reason": last.reason if last else None,
        "history": [
            {
                "lifecycle": item.lifecycle,
                "at": iso(item.at),
                "by": item.author,
                "reason": item.reason,
                "revision": item.number,
            }
            for item in history[:_SHOWN]
        ],
    }
