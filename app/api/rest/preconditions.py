"""ETag, If-Match and If-None-Match: the revision of a definition as HTTP says it.

Revisions go on over a deletion, so an ETag never comes back for another content of the same id.
"""

import re

from fastapi import Request

from app.errors import Conflict

_TAG = re.compile(r'\s*(W/)?(?:"([^"]*)"|([^",\s]+))\s*(?:,|$)')


def etag(revision: int) -> str:
    return f'"{revision}"'


def unchanged(request: Request, revision: int) -> bool:
    """Whether If-None-Match names this revision, so that the answer is 304."""
    given = request.headers.get("if-none-match")
    return given is not None and (given.strip() == "*" or str(revision) in [tag for tag, _ in tags(given)])


def expected(request: Request, revision: int) -> int | None:
    """What the command is to expect: None where there is no If-Match or it is `*`. `revision` is the present one.
    Raises Conflict (REVISION_MOVED) where no tag can be right."""
    if "if-none-match" in request.headers and unchanged(request, revision):
        raise Conflict("it is there, and If-None-Match says it must not be", code="REVISION_MOVED", hint=_AGAIN)
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    strong = [tag for tag, weak in tags(given) if not weak]
    if len(strong) == 1 and re.fullmatch(r"[0-9]{1,18}", strong[0]):
        return int(strong[0])  # the command says what has changed since
    if str(revision) not in strong:
        raise Conflict(
            f"it is at {etag(revision)}, and If-Match asks for {given[:100]}", code="REVISION_MOVED", hint=_AGAIN
        )
    return revision


_AGAIN = "read it again and make your change on that"


def tags(header: str) -> list[tuple[str, bool]]:
    """(tag, whether it is weak). A bare 5 is taken for "5": shells eat quotes. What is no tag matches nothing."""
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(header):
        match = _TAG.match(header, at)
        if match is None:
            break
        found.append((match[2] if match[2] is not None else match[3], match[1] is not None))
        at = match.end()
    return found
