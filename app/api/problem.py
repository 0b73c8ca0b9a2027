"""An error as RFC 9457 problem details: what the REST face answers, and the door in front of it.

`type` is a relative reference that never changes for a code; it names the kind of problem and leads to no page.
"""

from typing import Any

import msgspec
from starlette.responses import Response

from app.errors import Conflict, Invalid, NotFound, Refused, TwinOverlayError, Unavailable

PREFIX = "/api/v1"
MEDIA_TYPE = "application/problem+json"
_STATUS_OF_CODE = {
    "REQUEST_INVALID": 400,
    "UNKNOWN_QUERY_PARAMETER": 400,
    "CURSOR_INVALID": 400,
    "CURSOR_FOREIGN": 400,
    "PAGE_SIZE_INVALID": 400,
    "ACTOR_INVALID": 400,
    "REASON_TOO_LONG": 400,
    "ORIGIN_NOT_ALLOWED": 403,
    "REVISION_MOVED": 412,
    "ASSET_CHANGED": 412,
    "BODY_TOO_LARGE": 413,
    "TOO_MANY_SAMPLES": 413,
    "ASSET_TOO_LARGE": 413,
    "CONTENT_TYPE_NOT_ALLOWED": 415,
    "HOST_NOT_ALLOWED": 421,
    "ASSETS_FULL": 507,
    "DISK_FULL": 507,
}
_RETRY_AFTER = {"INGEST_FULL": "1"}
"""Seconds, by code."""
_STATUS_OF_KIND: tuple[tuple[type[TwinOverlayError], int], ...] = (
    (Invalid, 422),
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 409),
    (Unavailable, 503),
)


def status_of(error: TwinOverlayError) -> int:
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    if any(problem.code == "DOCUMENT_TOO_LARGE" for problem in error.problems):
        return 413
    return next((status for kind, status in _STATUS_OF_KIND if isinstance(error, kind)), 500)


def problem(error: TwinOverlayError, status: int | None = None, **more: Any) -> Response:
    """`more` are members beside the usual ones, such as the call that was refused."""
    return problem_of(status_of(error) if status is None else status, error.message, error.extensions(), **more)


def problem_of(status: int, detail: str, extensions: dict[str, Any], **more: Any) -> Response:
    """`extensions` as an error of app/errors.py gives them: code, hint, and maybe path and problems."""
    code = extensions["code"]
    content = {
        "type": f"{PREFIX}/problems/{code.lower().replace('_', '-')}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        **extensions,
        **more,
    }
    headers = {"cache-control": "no-store"}
    if code in _RETRY_AFTER:
        headers["retry-after"] = _RETRY_AFTER[code]
    return Response(msgspec.json.encode(content), status, headers, MEDIA_TYPE)
