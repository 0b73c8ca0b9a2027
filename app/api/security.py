"""What a request must be before anything else looks at it: for us by Host, from us by Origin, and not too large.

A server on loopback is still reached by every page in the user's browser, and by any name an attacker's DNS points at
127.0.0.1. A missing Origin is allowed: programs send none, browsers always do where it matters.
"""

import ipaddress
from collections.abc import Iterable

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problem import PREFIX, problem
from app.errors import Invalid, Refused, TwinOverlayError
from app.model.assets import PREFIX as ASSETS
from app.settings import ServerSettings

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def answer(error: TwinOverlayError, status: int) -> JSONResponse:
    """An error in the form of a GraphQL answer, which every client of this server can read."""
    return JSONResponse({"errors": [{"message": error.message, "extensions": error.extensions()}]}, status)


def _answer_to(scope: Scope, error: TwinOverlayError, status: int) -> Response:
    """In the form that this path's clients read."""
    found = scope["path"].startswith((f"{PREFIX}/", f"{ASSETS}/"))
    return problem(error, status) if found else answer(error, status)


class AllowedHosts:
    """Which Host and Origin headers are ours: the bound address, its loopback names, and what the settings add."""

    def __init__(self, settings: ServerSettings, port: int) -> None:
        host = _bracketed(settings.host.lower())
        names = {host, *(_LOOPBACK if _is_loopback_or_any(settings.host) else ())}
        self._any = _is_any(settings.host)
        self._default_port = 443 if settings.tls_cert is not None else 80
        self._hosts = self._with_port(names, port) | {item.lower() for item in settings.allowed_hosts}
        self._scheme = scheme(settings)
        self._origins = {f"{self._scheme}://{name}" for name in self._with_port(names, port)}
        self._origins |= {item.lower().rstrip("/") for item in settings.allowed_origins}

    def check(self, scope: Scope) -> None:
        """Raises Refused: HOST_NOT_ALLOWED or ORIGIN_NOT_ALLOWED."""
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        own = self._own_address(scope)
        name = host.rpartition(":")[0] if not host.endswith("]") else host
        if host not in self._hosts and name not in self._hosts and host not in own:
            raise Refused(
                f"this server does not answer for the host '{host[:200]}'",
                code="HOST_NOT_ALLOWED",
                hint="use the address it printed, or name the host in TWIN_OVERLAY_SERVER__ALLOWED_HOSTS",
            )
        origin = headers.get(b"origin")
        if origin is None:
            return
        given = origin.decode("latin-1").lower()
        if given not in self._origins and given.removeprefix(f"{self._scheme}://") not in own:
            raise Refused(
                f"pages of the origin '{given[:200]}' may not use this server",
                code="ORIGIN_NOT_ALLOWED",
                hint="name the origin in TWIN_OVERLAY_SERVER__ALLOWED_ORIGINS if it is yours",
            )

    def _own_address(self, scope: Scope) -> set[str]:
        """Bound to every address, the one that this connection came in on is ours too; it is a number, never a name
        that an attacker's DNS could answer for."""
        server = scope.get("server")
        if not self._any or not server or server[1] is None:
            return set()
        return self._with_port([_bracketed(server[0])], server[1])

    def _with_port(self, names: Iterable[str], port: int) -> set[str]:
        found = {f"{name}:{port}" for name in names}
        return found | set(names) if port == self._default_port else found


def address_of(settings: ServerSettings, port: int) -> str:
    """Where this server is reached; "" where it listens on every address and nobody can tell which to use."""
    return "" if _is_any(settings.host) else shown_address(settings, settings.host, port)


def scheme(settings: ServerSettings) -> str:
    return "https" if settings.tls_cert is not None else "http"


def shown_address(settings: ServerSettings, host: str, port: int) -> str:
    return f"{scheme(settings)}://{_bracketed(host)}:{port}"


class OnlyOurs:
    """ASGI middleware: refuses a foreign Host with 421 and a foreign Origin with 403, WebSocket handshakes included."""

    def __init__(self, app: ASGIApp, allowed: AllowedHosts) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._allowed.check(scope)
        except Refused as error:
            status = 421 if error.code == "HOST_NOT_ALLOWED" else 403
            await _refuse(_answer_to(scope, error, status), scope, receive, send)
            return
        await self._app(scope, receive, send)


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})  # the server makes 403 of it


class BodyLimit:
    """ASGI middleware: at most so many bytes of request body, whatever Content-Length claims; 413 otherwise. An asset
    that is uploaded has a limit of its own."""

    def __init__(self, app: ASGIApp, max_bytes: int, max_asset_bytes: int) -> None:
        self._app = app
        self._max = max_bytes
        self._max_asset = max_asset_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        uploads = scope["method"] == "PUT" and scope["path"].startswith(f"{PREFIX}{ASSETS}/")
        most = self._max_asset if uploads else self._max
        error = _asset_too_large if uploads else _body_too_large
        claimed = dict(scope["headers"]).get(b"content-length", b"0")
        if claimed.isdigit() and int(claimed) > most:
            await _answer_to(scope, error(most), 413)(scope, receive, send)
            return
        taken, started = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise error(most)
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLarge as refused:
            if not started:
                await _answer_to(scope, refused, 413)(scope, receive, send)


class _TooLarge(Invalid):
    """The body went past the limit while it was being read."""


def _body_too_large(most: int) -> _TooLarge:
    return _TooLarge(
        f"the request body is larger than {most} bytes",
        code="BODY_TOO_LARGE",
        hint="send less at a time, or raise TWIN_OVERLAY_SERVER__MAX_BODY_BYTES",
    )


def _asset_too_large(most: int) -> _TooLarge:
    return _TooLarge(
        f"the file is larger than {most} bytes",
        code="ASSET_TOO_LARGE",
        hint="send a smaller one, or raise TWIN_OVERLAY_ASSETS__MAX_FILE_BYTES",
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to


def _is_loopback_or_any(host: str) -> bool:
    if _is_any(host) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
