"""GraphiQL, the query editor in the browser, with a panel of prepared documents.

Everything it loads comes from this server (packages/, as npm published them): plants have no internet.
"""

import gzip
import hashlib
import html
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.api.graphiql.examples import Example

_HERE = Path(__file__).parent
_PAGE = (_HERE / "page.html").read_text(encoding="utf-8")
_SCRIPT = (_HERE / "page.js").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Package:
    packed: bytes
    """By gzip."""
    etag: str
    media_type: str


def _packages() -> dict[str, _Package]:
    """By the name that the page gives each."""
    types = {".js": "text/javascript", ".css": "text/css"}
    found = {}
    for file in sorted((_HERE / "packages").glob("*.gz")):
        packed = file.read_bytes()
        etag = f'"{hashlib.sha256(packed).hexdigest()[:32]}"'
        found[file.stem] = _Package(packed, etag, types[Path(file.stem).suffix])
    return found


_PACKAGES = _packages()


def page(examples: Sequence[Example], url: str, note: str = "") -> tuple[str, str]:
    """The page, and the nonce that its scripts carry. `url` is the address it was asked at; `note` is what whoever
    opens it should know first."""
    nonce = secrets.token_urlsafe(16)
    listed = json.dumps([asdict(item) for item in examples]).replace("<", "\\u003c")
    said = f'<p id="note" role="note">{html.escape(note)}</p>' if note else ""
    parts = {"note": said, "url": html.escape(url), "nonce": nonce, "script": _SCRIPT, "examples": listed}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _PAGE), nonce


def headers(nonce: str) -> dict[str, str]:
    """Scripts that the page itself names and no others; everything from this server; no frame may hold the page."""
    policy = (
        "default-src 'none'",
        f"script-src 'nonce-{nonce}'",
        "style-src 'self' 'unsafe-inline'",  # the editor sizes its panes by style attributes
        "img-src data:",
        "font-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {"content-security-policy": "; ".join(policy), "referrer-policy": "no-referrer", "x-frame-options": "DENY"}


def graphiql_routes() -> list[BaseRoute]:
    """/graphiql/{file}: what the page loads."""

    async def package(request: Request) -> Response:
        file = _PACKAGES.get(request.path_params["file"])
        if file is None:
            return PlainTextResponse("there is no such file", 404)
        if request.headers.get("if-none-match") == file.etag:
            return Response(None, 304, {"etag": file.etag})
        headers = {"etag": file.etag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, 200, {**headers, "content-encoding": "gzip"}, file.media_type)
        return Response(gzip.decompress(file.packed), 200, headers, file.media_type)

    return [Route("/graphiql/{file}", package)]
