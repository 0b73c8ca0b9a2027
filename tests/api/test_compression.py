"""Answers are compressed where they are text, whole and large enough, for whoever takes gzip."""

import httpx
import pytest

from app.api.compression import takes_gzip
from tests.api.parts import PORT, Installation

LARGE = "{ __schema { types { name description } } }"


async def answer(installation: Installation, path: str, encoding: str, query: str | None = None) -> httpx.Response:
    transport = httpx.ASGITransport(installation.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        headers = {"Accept-Encoding": encoding, "Accept": "application/json"}
        if query is None:
            return await client.get(path, headers=headers)
        return await client.post(path, json={"query": query}, headers=headers)


async def test_a_large_answer_is_compressed_for_who_takes_it_and_is_the_same() -> None:
    installation = Installation()
    packed = await answer(installation, "/graphql", "gzip", LARGE)
    plain = await answer(installation, "/graphql", "identity", LARGE)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    for found in (packed, plain):
        assert "Accept-Encoding" in found.headers["vary"]


async def test_a_small_answer_and_one_that_the_settings_leave_alone_are_sent_as_they_are() -> None:
    assert "content-encoding" not in (await answer(Installation(), "/graphql", "gzip", "{ sequence }")).headers
    off = Installation(compress_over_bytes=0)
    assert "content-encoding" not in (await answer(off, "/graphql", "gzip", LARGE)).headers


async def test_what_has_a_tag_of_its_bytes_keeps_them() -> None:
    installation = Installation()
    one = await answer(installation, "/api/v1/twins/pump_123", "gzip")
    assert "etag" in one.headers
    assert "content-encoding" not in one.headers
    described = await answer(installation, "/api/v1/openapi.json", "gzip")
    assert described.status_code == 200
    assert described.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("*;q=0, br", False),
        ("gzip;q=x", False),
        ("identity;q=1, *;q=0", False),
    ],
)
def test_who_takes_gzip_is_read_as_the_specification_says(accept: str, takes: bool) -> None:
    assert takes_gzip(accept) is takes
