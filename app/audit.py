"""`twin-overlay audit`: a server's audit as NDJSON, streamed, so that years of it fit through.

Lines are passed on as they come, a broken stream ends in an error: a file that looks whole must be whole.
"""

import json
from collections.abc import Callable, Sequence

import httpx

from app.client import agent, trusted
from app.errors import Invalid, Unavailable

Asked = Sequence[tuple[str, str]]
"""As the address has it: since, until, kind, outcome, actor, subject."""


async def export(server: str, asked: Asked, write: Callable[[bytes], object], *, timeout_seconds: float = 60.0) -> None:
    """Raises Invalid with the server's own code, Unavailable where it does not answer or stops on the way."""
    url = server.rstrip("/")
    async with httpx.AsyncClient(timeout=timeout_seconds, headers=agent(), trust_env=False, verify=trusted()) as http:
        try:
            async with http.stream("GET", f"{url}/api/v1/audit.ndjson", params=list(asked)) as answer:
                if answer.status_code != 200:
                    raise _refusal(answer.status_code, await answer.aread(), url)
                async for part in answer.aiter_bytes():
                    write(part)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{url} did not send all of it: {error or type(error).__name__}",
                code="SERVER_UNREACHABLE",
                hint="what has come so far is not whole; is a server there, and is it the one that --server names?",
            ) from error


def _refusal(status: int, body: bytes, url: str) -> Invalid | Unavailable:
    try:
        told = json.loads(body)
        message, code, hint = told["detail"], told["code"], told.get("hint", "")
    except (ValueError, KeyError, TypeError):
        return Unavailable(f"{url} answered {status} and no audit", code="SERVER_UNREACHABLE")
    return (Unavailable if status >= 500 else Invalid)(message, code=code, hint=hint)
