"""The REST face stands behind the same door: Host, Origin, size; and what is not there, or not allowed, says so."""

import re
from typing import Any

import httpx
import pytest

from app.api.rest.docs import headers as docs_headers
from tests.api.parts import PORT, Installation
from tests.api.plant import Plant
from tests.api.rest.client import JSON, refusal, send

SCRIPT = {"content-type": "text/plain"}
WITHOUT_BODY = {"executeDtslScript", "testNotification"}
"""All that they need is in the path."""


async def test_a_foreign_host_and_a_foreign_origin_are_refused_as_problems() -> None:
    installation = Installation()
    assert refusal(await send(installation, "GET", "/twins", headers={"Host": "evil.example"})) == (
        421,
        "HOST_NOT_ALLOWED",
    )
    for origin in ("https://evil.example", "null"):
        answer = await send(installation, "GET", "/twins", headers={"Origin": origin})
        assert refusal(answer) == (403, "ORIGIN_NOT_ALLOWED")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_script_from_another_page_is_refused_though_a_form_could_send_it(site: str) -> None:
    plant = Plant()
    foreign = {**SCRIPT, "Origin": "https://evil.example", "Sec-Fetch-Site": site}
    assert refusal(await send(plant, "POST", "/dtsl/execute", content="x", headers=foreign))[0] == 403
    silent = {**SCRIPT, "Sec-Fetch-Site": site}
    assert refusal(await send(plant, "POST", "/dtsl/execute", content="x", headers=silent)) == (
        403,
        "ORIGIN_NOT_ALLOWED",
    )


async def test_a_script_from_an_allowed_origin_is_executed() -> None:
    plant = Plant(allowed_origins=("https://ui.example",))
    allowed = {**SCRIPT, "Origin": "https://ui.example", "Sec-Fetch-Site": "cross-site"}
    assert (await send(plant, "POST", "/dtsl/execute", content="", headers=allowed)).status_code == 200


async def test_an_allowed_origin_may_ask_for_every_verb_and_read_the_etag() -> None:
    installation = Installation(allowed_origins=("https://ui.example",))
    asking = {
        "Origin": "https://ui.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type, if-match, x-actor",
    }
    assert (await send(installation, "OPTIONS", "/twins/pump_123", headers=asking)).status_code == 200
    answer = await send(installation, "GET", "/twins/pump_123", headers={"Origin": "https://ui.example"})
    assert "etag" in answer.headers["access-control-expose-headers"]


async def test_a_body_over_the_limit_is_413_with_and_without_its_length() -> None:
    installation = Installation(max_body_bytes=1024)

    async def chunks() -> Any:
        for _ in range(20):
            yield b" " * 100

    for content in (b" " * 2000, chunks()):
        answer = await send(installation, "POST", "/twins", content=content, headers=JSON)
        assert refusal(answer) == (413, "BODY_TOO_LARGE")


async def test_a_path_that_is_not_there_is_a_problem_too() -> None:
    assert refusal(await send(Installation(), "GET", "/nothing")) == (404, "PATH_NOT_FOUND")
    assert refusal(await send(Installation(), "GET", "/twins/")) == (404, "PATH_NOT_FOUND")


async def test_another_method_is_405_with_all_that_the_path_takes() -> None:
    answer = await send(Installation(), "PUT", "/twins")
    assert refusal(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    one = await send(Installation(), "POST", "/twins/pump_123")
    assert one.headers["allow"] == "DELETE, GET, HEAD, PATCH, PUT"


async def test_a_bug_is_masked_and_logged_under_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    installation = Installation()

    async def broken(call_ids: object) -> Any:
        raise RuntimeError("the secret is 4711")

    installation.store.calls = broken  # type: ignore[method-assign]
    answer = await send(installation, "GET", "/calls/x")
    assert refusal(answer) == (500, "INTERNAL")
    assert "4711" not in answer.text
    assert answer.json()["reference"] in caplog.text


async def test_the_docs_page_is_a_link_where_its_scripts_cannot_load() -> None:
    answer = await send(Installation(), "GET", "/docs")
    assert answer.status_code == 200
    assert '<a href="openapi.json">' in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert all("integrity=" in tag for tag in re.findall(r"<(?:script|link)[^>]*https:[^>]*>", answer.text))
    assert docs_headers()["content-security-policy"] == answer.headers["content-security-policy"]


async def test_the_root_of_the_api_leads_to_its_docs() -> None:
    transport = httpx.ASGITransport(Installation().app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        for path in ("/api/v1", "/api/v1/"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (307, "/api/v1/docs")


async def test_the_openapi_describes_every_operation_with_its_refusals() -> None:
    found = (await send(Installation(), "GET", "/openapi.json")).json()
    assert found["openapi"].startswith("3.1")
    assert found["servers"] == [{"url": "/api/v1"}]
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"], (path, method)
            assert {"400", "403", "421", "500"} <= operation["responses"].keys()
            if method in ("post", "put", "patch") and operation["operationId"] not in WITHOUT_BODY:
                assert operation["requestBody"]["required"] is True
                assert {"413", "415", "422"} <= operation["responses"].keys()
    assert "HTTPValidationError" not in found["components"]["schemas"]
