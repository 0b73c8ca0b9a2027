"""One request to the REST face of an installation, and what an error must look like."""

from typing import Any

import httpx

from tests.api.parts import PORT, Installation

JSON = {"content-type": "application/json"}


async def send(installation: Installation, method: str, path: str, **more: Any) -> httpx.Response:
    """`path` starts behind /api/v1. Whatever is refused must be problem details that agree with the status."""
    transport = httpx.ASGITransport(installation.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        answer = await client.request(method, f"/api/v1{path}", **more)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert answer.json()["status"] == answer.status_code
        assert answer.json()["type"] == "/api/v1/problems/" + answer.json()["code"].lower().replace("_", "-")
    return answer


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, answer.json()["code"]


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    """Code and pointer of every problem."""
    return [(item["code"], item["path"]) for item in answer.json()["problems"]]
