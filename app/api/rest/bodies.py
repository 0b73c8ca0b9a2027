"""Request bodies: of the right content type, and read strictly (no NaN, no lone surrogates, no endless nesting).

The content type is a part of the door: a page of another origin may send a form or text/plain without asking first, but
never application/json.
"""

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import Request

from app.api.rest.strict_json import read_json
from app.commands.pointers import pointer
from app.errors import Invalid, Problem, Refused
from app.model.near import near

JSON = "application/json"
TEXT = "text/plain"


async def json_object(request: Request) -> dict[str, Any]:
    """Raises Invalid (CONTENT_TYPE_NOT_ALLOWED, REQUEST_INVALID; DOCUMENT_INVALID where it is no object, and what
    strict_json.py finds)."""
    _expect_type(request, JSON)
    found = read_json(await request.body())
    if not isinstance(found, dict):
        raise Invalid.of(
            [Problem("WRONG_TYPE", "the body is not a JSON object", "", "send the object itself")],
            "the body",
            code="DOCUMENT_INVALID",
        )
    return found


def only_fields(given: Mapping[str, Any], known: Collection[str], needed: Collection[str] = ()) -> None:
    """Raises Invalid (DOCUMENT_INVALID) with every field that is not known, and every one that is missing."""
    problems = [
        Problem("UNKNOWN_FIELD", f"there is no field '{name[:100]}' here", pointer((name,)), near(name, known))
        for name in given
        if name not in known
    ]
    problems += [
        Problem("MISSING_FIELD", f"`{name}` is missing", "", f'send {{"{name}": ...}}')
        for name in needed
        if name not in given
    ]
    if problems:
        raise Invalid.of(problems, "the body", code="DOCUMENT_INVALID")


async def script(request: Request) -> str:
    """The text of a script. Raises Invalid, and Refused (ORIGIN_NOT_ALLOWED).

    A browser sends text/plain across origins without a preflight, so here all depends on the Origin check of the
    middleware. Browsers send Origin with every POST; one that says by Sec-Fetch-Site that the request comes from
    elsewhere, but does not name its origin, is refused too.
    """
    if "origin" not in request.headers and request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refused(
            "a page of another origin may not send scripts without naming itself",
            code="ORIGIN_NOT_ALLOWED",
            hint="send the header Origin, of an origin that the settings allow",
        )
    _expect_type(request, TEXT)
    charset = _parameter(request.headers.get("content-type", ""), "charset")
    if charset not in ("", "utf-8", "us-ascii"):
        raise _type_refused(f"a script is sent in UTF-8, not in {charset[:40]}", TEXT)
    content = await request.body()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("the script is not valid UTF-8", code="REQUEST_INVALID", hint="send it in UTF-8") from error


def _expect_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        raise _type_refused(f"this is sent as {wanted}, not as {given[:100] or 'nothing'}", wanted)


def _type_refused(message: str, wanted: str) -> Invalid:
    return Invalid(message, code="CONTENT_TYPE_NOT_ALLOWED", hint=f"set the header Content-Type: {wanted}")


def _parameter(content_type: str, name: str) -> str:
    for item in content_type.split(";")[1:]:
        key, _, value = item.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"').lower()
    return ""
