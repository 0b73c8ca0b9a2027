"""A GraphQL client over HTTP and graphql-transport-ws: what the CLI and the demo talk to a server with.

It is an ordinary client with no short cut into the server; errors of the server come back as the same tree
(app/errors.py) with the server's own code, hint and problems.
"""

import itertools
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import version
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from app.errors import Invalid, Problem, TwinOverlayError, Unavailable

CLOSE_SECONDS = 0.5
"""A reader that stops while pushes are still queued never sees the server's close; the library would wait 10 s."""


def agent() -> dict[str, str]:
    """It tells the server's audit that it was the command line (api/claims.py)."""
    return {"User-Agent": f"twin-overlay-cli/{version('twin-overlay')}"}


def trusted() -> ssl.SSLContext:
    """Not the list that httpx brings: the machine's, or the one in SSL_CERT_FILE, as everybody else's."""
    return ssl.create_default_context()


class GraphqlClient:
    """`url` is the server's base address (`http://127.0.0.1:8420`). Of https, those are trusted whom the machine
    trusts, or whom the file in SSL_CERT_FILE names."""

    def __init__(self, url: str, *, actor: str = "cli", timeout_seconds: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._ids = itertools.count(1)
        self._http = httpx.AsyncClient(
            base_url=self.url,
            timeout=timeout_seconds,
            headers={"X-Actor": actor, **agent()},
            trust_env=False,
            verify=trusted(),
        )

    async def __aenter__(self) -> "GraphqlClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ready(self) -> bool:
        """Whether the server answers and every part it needs is there."""
        try:
            return (await self._http.get("/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, timeout_seconds: float | None = None
    ) -> dict[str, Any]:
        """The `data` of one query or mutation. Raises what the server reported, or Unavailable. `timeout_seconds` is
        the client's own where left out."""
        seconds = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        try:
            response = await self._http.post(
                "/graphql", json={"query": document, "variables": variables or {}}, timeout=seconds
            )
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise Unavailable(
                f"{self.url} did not answer within {seconds:g} s",
                code="SERVER_TIMEOUT",
                hint="it may have done it all the same, or be doing it still: look before you repeat it",
            ) from error
        except httpx.HTTPError as error:
            raise Unavailable(
                f"no server answers at {self.url}: {error or type(error).__name__}",
                code="SERVER_UNREACHABLE",
                hint="start one with `twin-overlay serve`, or name another with --server",
            ) from error
        if response.status_code == 413:
            raise _too_large(self.url, response)
        try:
            answer = response.json()
        except json.JSONDecodeError as error:
            raise Unavailable(
                f"{self.url} answered {response.status_code} and no GraphQL: {response.text[:200]}",
                code="SERVER_UNREACHABLE",
            ) from error
        if answer.get("errors"):
            raise _as_error(answer["errors"])
        data: dict[str, Any] = answer["data"]
        return data

    async def subscribe(
        self, document: str, variables: Mapping[str, Any] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """The `data` of every push, until the server completes it or the caller stops iterating."""
        address = "ws" + self.url.removeprefix("http") + "/graphql"
        try:
            async with connect(
                address,
                subprotocols=[Subprotocol("graphql-transport-ws")],
                proxy=None,
                close_timeout=CLOSE_SECONDS,
            ) as socket:
                await socket.send(json.dumps({"type": "connection_init"}))
                operation = str(next(self._ids))
                async for raw in socket:
                    message = json.loads(raw)
                    match message["type"]:
                        case "connection_ack":
                            payload = {"query": document, "variables": variables or {}}
                            await socket.send(json.dumps({"id": operation, "type": "subscribe", "payload": payload}))
                        case "ping":
                            await socket.send(json.dumps({"type": "pong"}))
                        case "next":
                            if message["payload"].get("errors"):
                                raise _as_error(message["payload"]["errors"])
                            yield message["payload"]["data"]
                        case "error":
                            raise _as_error(message["payload"])
                        case "complete":
                            return
        except (OSError, WebSocketException) as error:
            raise Unavailable(
                f"the subscription at {address} ended: {error or type(error).__name__}", code="SERVER_UNREACHABLE"
            ) from error


def _too_large(url: str, response: httpx.Response) -> TwinOverlayError:
    """The server's own word, or that of a proxy before it."""
    try:
        return _as_error(response.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return Invalid(
            f"something before {url} refuses requests of this size (413)",
            code="BODY_TOO_LARGE",
            hint="send less at a time, or raise the limit of the proxy",
        )


def _as_error(errors: list[dict[str, Any]]) -> TwinOverlayError:
    first = errors[0]
    extensions = first.get("extensions") or {}
    problems = [
        Problem(item.get("code", ""), item.get("message", ""), item.get("path", ""), item.get("hint", ""))
        for item in extensions.get("problems", [])
    ]
    return Invalid(
        first.get("message", "the server reported an error"),
        code=extensions.get("code", "GRAPHQL_ERROR"),
        hint=extensions.get("hint", ""),
        path=extensions["path"] if isinstance(extensions.get("path"), str) else "",
        problems=problems,
    )
