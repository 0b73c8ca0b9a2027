"""Scripts that are kept, over REST, with the manners of HTTP."""

import pytest

from tests.api.plant import Plant
from tests.api.rest.client import refusal, send

TEXT = {"content-type": "text/plain"}
FANS = "overlay Fans {\n  twins {\n    Pump mainFan;\n  }\n}\n"
LATER = FANS.replace("Pump", "Fan")


@pytest.fixture
def plant() -> Plant:
    return Plant()


async def test_a_script_is_created_once_read_and_listed(plant: Plant) -> None:
    made = await send(plant, "POST", "/dtsl/scripts", content=FANS, headers={**TEXT, "X-Actor": "ann"})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.headers["location"] == "/api/v1/dtsl/scripts/fans"
    assert made.json()["created_by"] == "ann"
    again = await send(plant, "POST", "/dtsl/scripts", content=FANS, headers=TEXT)
    assert again.status_code == 200
    other = await send(plant, "POST", "/dtsl/scripts?script_id=fans", content=LATER, headers=TEXT)
    assert refusal(other) == (409, "ALREADY_EXISTS")

    read = await send(plant, "GET", "/dtsl/scripts/fans")
    assert (read.json()["source"], read.json()["diagnostics"]) == (FANS, [])
    text = await send(plant, "GET", "/dtsl/scripts/fans/source")
    assert (text.text, text.headers["content-type"].partition(";")[0]) == (FANS, "text/plain")
    for path in ("/dtsl/scripts/fans", "/dtsl/scripts/fans/source"):
        assert (await send(plant, "GET", path, headers={"If-None-Match": '"1"'})).status_code == 304
    page = (await send(plant, "GET", "/dtsl/scripts?first=1")).json()
    assert ([item["script_id"] for item in page["items"]], page["total_count"]) == (["fans"], 1)
    assert refusal(await send(plant, "GET", "/dtsl/scripts?after=x")) == (400, "CURSOR_INVALID")


async def test_put_replaces_under_if_match_and_keeps_the_history(plant: Plant) -> None:
    new = await send(plant, "PUT", "/dtsl/scripts/roof", content=FANS, headers=TEXT)
    assert (new.status_code, new.headers["etag"]) == (201, '"1"')
    stale = await send(plant, "PUT", "/dtsl/scripts/roof", content=LATER, headers={**TEXT, "If-Match": '"9"'})
    assert refusal(stale) == (412, "REVISION_MOVED")
    moved = await send(
        plant, "PUT", "/dtsl/scripts/roof?reason=fans", content=LATER, headers={**TEXT, "If-Match": '"1"'}
    )
    assert (moved.status_code, moved.headers["etag"]) == (200, '"2"')
    assert [item["code"] for item in moved.json()["diagnostics"]] == ["DTSL201"]
    assert (await send(plant, "DELETE", "/dtsl/scripts/roof")).status_code == 204
    history = (await send(plant, "GET", "/dtsl/scripts/roof/revisions")).json()["items"]
    assert [(item["number"], item["source"], item["reason"]) for item in history] == [
        (3, None, ""),
        (2, LATER, "fans"),
        (1, FANS, ""),
    ]
    older = (await send(plant, "GET", "/dtsl/scripts/roof/revisions?before=2&first=1")).json()["items"]
    assert [item["number"] for item in older] == [1]


async def test_a_kept_script_is_executed(plant: Plant) -> None:
    await send(plant, "POST", "/dtsl/scripts", content=FANS, headers=TEXT)
    done = await send(plant, "POST", "/dtsl/scripts/fans/execute")
    assert done.json()["created"] == [{"kind": "overlay_type", "id": "fans"}]
    await send(plant, "PUT", "/dtsl/scripts/fans", content=LATER, headers=TEXT)
    assert refusal(await send(plant, "POST", "/dtsl/scripts/fans/execute")) == (422, "DTSL_INVALID")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/dtsl/scripts/none"),
        ("GET", "/dtsl/scripts/none/source"),
        ("GET", "/dtsl/scripts/none/revisions"),
        ("DELETE", "/dtsl/scripts/none"),
        ("POST", "/dtsl/scripts/none/execute"),
    ],
)
async def test_a_script_that_is_not_there_is_404(plant: Plant, method: str, path: str) -> None:
    assert refusal(await send(plant, method, path)) == (404, "SCRIPT_NOT_FOUND")
