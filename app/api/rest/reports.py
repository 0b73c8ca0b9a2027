"""Samples of one twin under /api/v1, in the form in which its instance prints its state, or as a list.

200 says that the batch is in the journal; what of it could not be taken is in `rejected`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from fastapi import FastAPI, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.rest.bodies import JSON, json_object
from app.api.rest.definitions import By
from app.api.rest.instances import TwinId, twin_of
from app.api.rest.openapi import body, gives, ref, responses
from app.api.services import Services
from app.commands.pointers import found as what
from app.commands.pointers import pointer
from app.commands.reports import Given, refuse_too_many
from app.errors import Problem
from app.model.near import near
from app.model.time import Micros, parse_iso
from app.model.values import Quality

_SAMPLE = ("value", "timestamp", "quality")
_EXAMPLE = {"properties": {"temperature": {"value": 65.3, "timestamp": "2026-01-02T03:04:05Z", "quality": "good"}}}


def add_reports(app: FastAPI, services: Services) -> None:
    async def report(request: Request, twin_id: TwinId, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        form = _Form(twin_id, await json_object(request))
        twin_of(services, twin_id)
        done = await services.commands.reports.report(form.given, actor, form.problems)
        content = {
            "sequence": done.sequence,
            "accepted": done.accepted,
            "rejected": [
                {"path": item.given.path, "property": item.given.property, "reason": item.reason}
                for item in done.rejected
            ],
        }
        return Response(msgspec.json.encode(content), 200, None, JSON)

    app.add_api_route(
        "/twins/{twin_id}/instance/properties",
        report,
        methods=["POST"],
        operation_id="reportSamples",
        summary="Report samples of properties that no device feeds",
        tags=["instances"],
        response_class=Response,
        responses=responses(
            *(404, 413, 415, 422, 503), _200=gives("SamplesTaken", "They are in the journal; see `rejected`.")
        ),
        openapi_extra=body(JSON, ref("SamplesGiven"), "By property, or a list, or both.", _EXAMPLE),
    )


class _Form:
    """The body as samples, and everything that is wrong with its form."""

    def __init__(self, twin_id: str, document: Mapping[str, Any]) -> None:
        self._twin_id = twin_id
        self.given: list[Given] = []
        self.problems: list[Problem] = []
        self._only(document, ("properties", "samples"), "")
        properties, samples = document.get("properties", {}), document.get("samples", [])
        if isinstance(properties, dict) and isinstance(samples, list):
            refuse_too_many(len(properties) + len(samples))
        self._by_property(properties)
        self._in_a_list(samples)

    def _by_property(self, properties: Any) -> None:
        if not isinstance(properties, dict):
            self._wrong_type(properties, "/properties", "an object by property name")
            return
        for name, item in properties.items():
            path = pointer(("properties", name))
            if isinstance(item, dict):
                self._only(item, _SAMPLE, path)
                self._take(name, item, path, path)
            else:
                self._wrong_type(item, path, 'an object like {"value": ...}')

    def _in_a_list(self, samples: Any) -> None:
        if not isinstance(samples, list):
            self._wrong_type(samples, "/samples", "a list")
            return
        for index, item in enumerate(samples):
            path = f"/samples/{index}"
            if not isinstance(item, dict):
                self._wrong_type(item, path, 'an object like {"property": ..., "value": ...}')
                continue
            self._only(item, ("property", *_SAMPLE), path)
            if "property" not in item:
                self.problems.append(Problem("MISSING_FIELD", "'property' is missing", path, "add 'property'"))
            elif not isinstance(item["property"], str):
                self._wrong_type(item["property"], f"{path}/property", "a text")
            else:
                self._take(item["property"], item, path, f"{path}/property")

    def _take(self, name: str, item: Mapping[str, Any], path: str, name_path: str) -> None:
        timestamp, quality = self._moment(item.get("timestamp"), path), self._quality(item.get("quality", "good"), path)
        self.given.append(Given(self._twin_id, name, item.get("value"), path, timestamp, quality, name_path))

    def _moment(self, given: Any, path: str) -> Micros | None:
        if given is None:
            return None
        try:
            if isinstance(given, str):
                return parse_iso(given)
        except (ValueError, OverflowError):
            pass
        self._wrong_type(given, f"{path}/timestamp", "a date and time like 2026-01-02T03:04:05Z")
        return None

    def _quality(self, given: Any, path: str) -> Quality:
        known: tuple[Quality, ...] = get_args(Quality)
        for quality in known:
            if given == quality:
                return quality
        listed = f"allowed are {', '.join(known)}"
        hint = f"{near(given, known)} {listed}".strip() if isinstance(given, str) else listed
        self.problems.append(Problem("NOT_ALLOWED", f"{what(given)} is no quality", f"{path}/quality", hint))
        return "bad"

    def _only(self, item: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
        self.problems += _unknown(item, known, path)

    def _wrong_type(self, given: Any, path: str, wanted: str) -> None:
        self.problems.append(Problem("WRONG_TYPE", f"{what(given)} where {wanted} is wanted", path, f"give {wanted}"))


def _unknown(item: Mapping[str, Any], known: tuple[str, ...], path: str) -> Iterator[Problem]:
    for name in item:
        if name not in known:
            hint = near(name, known) or f"known are {', '.join(known)}"
            yield Problem("UNKNOWN_FIELD", f"there is no field '{name[:100]}' here", path + pointer((name,)), hint)
