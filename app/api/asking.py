"""What a request must be to be read as GraphQL over HTTP at all, and what it asks for.

By its form a page of another origin can't send it without asking: a POST is application/json, which a browser asks for
first, and a GET may only query and is not taken from another site's images, scripts or links.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from starlette.requests import Request

from app.api.trusted import Trusted
from app.errors import Invalid, Refused, TwinOverlayError
from app.model.unreadable import UNREADABLE

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
_HOW = "POST {query or documentId, variables, operationName} as application/json, or GET a query"
_SITES = ("cross-site", "same-site")


class NotTaken(Exception):
    """The request is not well-formed, or not allowed to be."""

    def __init__(self, error: TwinOverlayError, status: int, **headers: str) -> None:
        super().__init__(error.message)
        self.error = error
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation that a client wants carried out."""

    text: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


Parameters = Mapping[str, Any]


@lru_cache(maxsize=256)
def acceptable(accept: str) -> str | None:
    """What the client likes best of what there is: application/json where it says nothing, or likes both alike without
    naming the other; None where it likes neither."""
    if not accept.strip():
        return JSON_TYPE
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        media, *parameters = (item.strip() for item in part.split(";"))
        weight = next((_weight(item[2:]) for item in parameters if item.startswith("q=")), 1.0)
        weights[media] = max(weights.get(media, 0.0), weight)
    any_other = weights.get("application/*", weights.get("*/*", 0.0))
    plain, response = weights.get(JSON_TYPE, any_other), weights.get(RESPONSE_TYPE, any_other)
    if response > plain or (response == plain > 0 and RESPONSE_TYPE in weights):
        return RESPONSE_TYPE
    return JSON_TYPE if plain > 0 else None


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def check_form(request: Request) -> None:
    """Raises NotTaken."""
    if request.method == "POST":
        _check_content(request)
    elif request.headers.get("sec-fetch-site") in _SITES and "origin" not in request.headers:
        raise NotTaken(
            Refused(
                "a page of another site may not query by a link, an image or a script",
                code="CROSS_SITE_REQUEST",
                hint="send it by fetch() from an origin in TWIN_OVERLAY_SERVER__ALLOWED_ORIGINS",
            ),
            403,
        )


def _check_content(request: Request) -> None:
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    given = media.strip().lower()
    if given != JSON_TYPE:
        raise _unsupported(f"a GraphQL request is sent as {JSON_TYPE}, not as {given[:100] or 'nothing'}")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise _unsupported(f"a GraphQL request is sent in UTF-8, not in {value.strip()[:100]}")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise _unsupported(f"a GraphQL request is sent as it is, not encoded as {encoding[:100]}")


def _unsupported(message: str) -> NotTaken:
    hint = f"set the header Content-Type: {JSON_TYPE}"
    return NotTaken(Invalid(message, code="CONTENT_TYPE_NOT_ALLOWED", hint=hint), 415)


def by_get(request: Request, trusted: Trusted) -> Asked:
    """Raises NotTaken, and TwinOverlayError for a document that is not trusted."""
    given = request.query_params
    found: dict[str, Any] = {name: given[name] for name in ("query", "documentId", "operationName") if name in given}
    for name in ("variables", "extensions"):
        if given.get(name):
            found[name] = decoded(given[name], f"/{name}")
    return asked_by(found, trusted)


def by_post(body: bytes, trusted: Trusted, batch: int) -> Asked | list[Asked]:
    """`batch` is how many operations one request may have as a list; 0: it may not be one. Raises as `by_get`."""
    found = decoded(body)
    if not isinstance(found, list):
        return asked_by(found, trusted)
    if not batch:
        raise NotTaken(
            Invalid(
                "several operations in one request are not executed here",
                code="BATCHING_OFF",
                hint="send each by itself, or set TWIN_OVERLAY_GRAPHQL__BATCH_OPERATIONS",
            ),
            400,
        )
    if len(found) > batch:
        raise NotTaken(
            Invalid(
                f"{len(found)} operations in one request, the most is {batch}",
                code="BATCH_TOO_LARGE",
                hint="send them in several requests, or raise TWIN_OVERLAY_GRAPHQL__BATCH_OPERATIONS",
            ),
            400,
        )
    if not found:
        raise invalid("there is no operation in the list")
    return [asked_by(item, trusted, f"/{index}") for index, item in enumerate(found)]


def asked_by(given: object, trusted: Trusted, at: str = "") -> Asked:
    """From the members of a request, as HTTP and WebSocket have them. Raises as `by_get`."""
    if not isinstance(given, dict):
        raise invalid("a request is a JSON object", at)
    query, id = _text(given, "query", at), _text(given, "documentId", at) or _persisted(given.get("extensions"))
    variables, extensions = given.get("variables"), given.get("extensions")
    if not isinstance(variables, dict | None):
        raise invalid("`variables` must be an object or null", f"{at}/variables")
    if not isinstance(extensions, dict | None):
        raise invalid("`extensions` must be an object or null", f"{at}/extensions")
    name = _text(given, "operationName", at) or None
    if query and given.get("documentId"):
        raise invalid("`query` and `documentId` were both given: one of them names the document", f"{at}/documentId")
    if query:
        return Asked(query, variables, name)
    if not id:
        raise invalid("there is no `query` in the request, and no `documentId`", at)
    return Asked(trusted.text(id), variables, name)


def _text(given: Mapping[str, Any], name: str, at: str) -> str | None:
    found = given.get(name)
    if not isinstance(found, str | None):
        raise invalid(f"`{name}` must be text or null", f"{at}/{name}")
    return found


def _persisted(extensions: object) -> str | None:
    """As Apollo's clients name a document."""
    named = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    found = named.get("sha256Hash") if isinstance(named, dict) else None
    if not isinstance(found, str):
        return None
    return f"sha256:{found}" if len(found) == 64 and set(found) <= set("0123456789abcdef") else found


def decoded(data: str | bytes, at: str = "") -> Any:
    """Stricter than json.loads: no NaN, no lone surrogates; deep nesting is an error and not a crash."""
    try:
        return msgspec.json.decode(data)
    except UNREADABLE as error:
        raise invalid(f"{'the request' if not at else f'`{at[1:]}`'} is not valid JSON: {error}", at) from error


def invalid(message: str, at: str = "") -> NotTaken:
    return NotTaken(Invalid(message, code="REQUEST_INVALID", hint=_HOW, path=at), 400)
