"""Connections and paths under /api/v1: how each connection stands, and which of its paths a twin is heard by."""

from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.responses import Response

from app.api.rest.bodies import JSON
from app.api.rest.instances import TwinId, twin_of
from app.api.rest.openapi import gives, responses
from app.api.services import Services
from app.model.live import ConnectorHealth, PathView
from app.model.time import Micros, iso


def add_connectors(app: FastAPI, services: Services) -> None:
    devices = services.devices

    async def listed() -> Response:
        return _json({"connectors": [_connector(item) for item in sorted(devices.health(), key=lambda x: x.name)]})

    async def paths(twin_id: TwinId) -> Response:
        twin_of(services, twin_id)
        return _json({"twin_id": twin_id, "paths": [_path(item) for item in devices.paths(twin_id)]})

    tags: list[Any] = ["connectors"]
    app.add_api_route(
        "/connectors",
        listed,
        methods=["GET"],
        operation_id="listConnectors",
        summary="The connections to devices and brokers, by name, and how each stands",
        tags=tags,
        response_class=Response,
        responses=responses(_200=gives("ConnectorList", "All of them.")),
    )
    app.add_api_route(
        "/twins/{twin_id}/paths",
        paths,
        methods=["GET"],
        operation_id="listPaths",
        summary="The ways to a twin's device, the preferred one first, and which of them is in use",
        tags=tags,
        response_class=Response,
        responses=responses(404, _200=gives("PathList", "Empty for a twin without connectivity.")),
    )


def _connector(item: ConnectorHealth) -> dict[str, Any]:
    return {
        "name": item.name,
        "protocol": item.protocol,
        "endpoint": item.endpoint,
        "status": item.status,
        "since": _moment(item.since),
        "last_error": item.last_error or None,
        "last_error_code": item.last_error_code or None,
        "security": item.security or None,
        "tries": item.tries,
        "next_try": _moment(item.next_try),
        "outages": item.outages,
        "twins": item.twins,
        "silent_twins": item.silent_twins,
        "fallback_twins": item.fallback_twins,
        "missing": item.missing,
        "missing_details": item.missing_details,
        "samples": item.samples,
        "standby": item.standby,
        "rejected": item.rejected,
    }


def _path(item: PathView) -> dict[str, Any]:
    return {
        "name": item.name,
        "in_use": item.in_use,
        "alive": item.alive,
        "since": _moment(item.since),
        "reason": item.reason or None,
    }


def _moment(at: Micros | None) -> str | None:
    return iso(at) if at else None


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), 200, None, JSON)
