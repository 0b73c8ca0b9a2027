"""Assets as clients meet them: served with types, ETags and ranges; uploaded, listed, deleted; beside definitions."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.assets.folder import AssetFolder
from app.settings import AssetSettings
from tests.api.client import ask, get, post, refused, serving
from tests.api.parts import PORT, Installation
from tests.api.rest.client import refusal, send

LIMIT = 1000


@pytest.fixture
def folder(tmp_path: Path) -> AssetFolder:
    return AssetFolder(tmp_path / "assets", AssetSettings(max_file_bytes=LIMIT, max_total_bytes=2 * LIMIT))


@pytest.fixture
def house(folder: AssetFolder) -> Installation:
    return Installation(folder, max_body_bytes=1024)


async def put(house: Installation, path: str, content: Any = b"glTF", **headers: str) -> httpx.Response:
    return await send(house, "PUT", f"/assets/{path}", content=content, headers=headers)


# ------------------------------------------------------------ served


async def test_an_upload_is_served_with_its_type_size_etag_and_date(house: Installation) -> None:
    saved = await put(house, "models/my%20pump.glb")
    assert (saved.status_code, saved.headers["location"]) == (201, "/assets/models/my%20pump.glb")
    assert saved.json() == {
        "path": "/models/my pump.glb",
        "url": "/assets/models/my%20pump.glb",
        "media_type": "model/gltf-binary",
        "size": 4,
        "etag": saved.headers["etag"],
        "modified_at": saved.json()["modified_at"],
    }
    answer = await get(house, saved.json()["url"])
    assert (answer.status_code, answer.content) == (200, b"glTF")
    assert answer.headers["content-type"] == "model/gltf-binary"
    assert answer.headers["content-length"] == "4"
    assert answer.headers["etag"] == saved.headers["etag"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "last-modified" in answer.headers
    transport = httpx.ASGITransport(house.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        head = await client.head(saved.json()["url"])
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "4")


async def test_what_a_client_has_is_not_sent_again_until_it_changes(house: Installation) -> None:
    etag = (await put(house, "a.json", b"{}")).headers["etag"]
    for header in (etag, f'W/{etag}, "x"', "*"):
        answer = await get(house, "/assets/a.json", **{"if-none-match": header})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    date = (await get(house, "/assets/a.json")).headers["last-modified"]
    assert (await get(house, "/assets/a.json", **{"if-modified-since": date})).status_code == 304
    await put(house, "a.json", b"[]")
    assert (await get(house, "/assets/a.json", **{"if-none-match": etag})).content == b"[]"


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=10-", 416, None),
        ("bytes=0-99999999999999999999", 206, b"0123456789"),
        ("lines=1-2", 400, None),
    ],
)
async def test_a_part_is_sent_where_a_range_is_asked_for(
    house: Installation, asked: str, status: int, content: bytes | None
) -> None:
    await put(house, "a.bin", b"0123456789")
    answer = await get(house, "/assets/a.bin", range=asked)
    assert answer.status_code == status
    assert content in (None, answer.content)


async def test_a_part_of_another_version_is_the_whole_of_this_one(house: Installation) -> None:
    etag = (await put(house, "a.bin", b"0123456789")).headers["etag"]
    same = await get(house, "/assets/a.bin", range="bytes=2-4", **{"if-range": etag})
    other = await get(house, "/assets/a.bin", range="bytes=2-4", **{"if-range": '"other"'})
    assert (same.content, other.content) == (b"234", b"0123456789")
    several = await get(house, "/assets/a.bin", range="bytes=0-1,8-9")
    assert several.headers["content-type"].startswith("multipart/byteranges")


async def test_nothing_that_was_uploaded_can_run_as_a_page_of_this_server(house: Installation) -> None:
    for path in ("a.svg", "b.html", "c.xml", "d.js", "e.unknown"):
        await put(house, path, b"<script>alert(1)</script>")
        answer = await get(house, f"/assets/{path}")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "script" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert ("content-disposition" in answer.headers) is (path != "a.svg")


@pytest.mark.parametrize("path", ["none.glb", "..%2f..%2fetc%2fpasswd", "%2e%2e/x", ".uploads/x", "a%00b", "%ff", ""])
async def test_what_is_not_there_is_404_however_it_is_asked_for(house: Installation, path: str) -> None:
    answer = await get(house, f"/assets/{path}")
    assert refusal(answer) == (404, "ASSET_NOT_FOUND")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_name_that_is_nearly_right_is_suggested(house: Installation) -> None:
    await put(house, "models/pump.glb")
    assert (await get(house, "/assets/models/pmp.glb")).json()["hint"] == "did you mean '/models/pump.glb'?"


async def test_a_foreign_page_may_not_read_assets(house: Installation) -> None:
    assert refusal(await get(house, "/assets/a", origin="https://evil.example")) == (403, "ORIGIN_NOT_ALLOWED")


async def test_another_method_is_405(house: Installation) -> None:
    transport = httpx.ASGITransport(house.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        assert (await client.put("/assets/a", content=b"x")).status_code == 405


# ------------------------------------------------------------ REST


async def test_an_upload_is_new_or_takes_the_place_of_another_as_the_client_expects(house: Installation) -> None:
    first = await put(house, "a.bin", b"1")
    second = await put(house, "a.bin", b"2", **{"if-match": first.headers["etag"]})
    assert (first.status_code, second.status_code) == (201, 200)
    assert refusal(await put(house, "a.bin", b"3", **{"if-match": first.headers["etag"]})) == (412, "ASSET_CHANGED")
    assert refusal(await put(house, "a.bin", b"3", **{"if-none-match": "*"})) == (412, "ASSET_CHANGED")
    assert (await get(house, "/assets/a.bin")).content == b"2"
    assert (await send(house, "GET", "/assets/a.bin")).json() == second.json()


async def test_limits_are_named_and_are_not_those_of_documents(house: Installation) -> None:
    """A body of a document may have 1024 bytes here, an asset 1000."""

    async def in_parts() -> Any:
        yield b"x" * LIMIT
        yield b"x"

    for content in (b"x" * (LIMIT + 1), in_parts()):
        answer = await put(house, "a.bin", content)
        assert refusal(answer) == (413, "ASSET_TOO_LARGE")
        assert f"{LIMIT} bytes" in answer.json()["detail"]
    for name in ("a", "b"):
        assert (await put(house, name, b"x" * LIMIT)).status_code == 201
    assert refusal(await put(house, "c", b"x")) == (507, "ASSETS_FULL")


async def test_a_form_is_not_a_file(house: Installation) -> None:
    form = await send(house, "PUT", "/assets/a", files={"file": b"x"})
    assert refusal(form) == (415, "CONTENT_TYPE_NOT_ALLOWED")
    packed = await put(house, "a", b"x", **{"content-encoding": "gzip"})
    assert refusal(packed) == (415, "CONTENT_TYPE_NOT_ALLOWED")


@pytest.mark.parametrize("path", ["..%2fx", ".env", "a//b", "a%5Cb", "assets/a", "x" * 201])
async def test_a_bad_name_is_422_with_the_rule(house: Installation, path: str) -> None:
    answer = await put(house, path)
    assert refusal(answer) == (422, "ASSET_NAME_INVALID")
    assert "at most" in answer.json()["hint"]


async def test_a_list_is_paged_and_filtered(house: Installation) -> None:
    for path in ("icons/a.svg", "icons/b.svg", "models/a.glb"):
        await put(house, path, b"1")
    page = await send(house, "GET", "/assets?first=1&prefix=/icons/")
    assert [item["path"] for item in page.json()["items"]] == ["/icons/a.svg"]
    assert page.json()["total_count"] == 2
    [link] = page.headers["link"].split(", ")
    assert link.startswith("</api/v1/assets?prefix=%2Ficons%2F&first=1&after=")
    following = await send(house, "GET", link.partition("/api/v1")[2].partition(">")[0])
    assert [item["path"] for item in following.json()["items"]] == ["/icons/b.svg"]
    assert refusal(await send(house, "GET", "/assets?prefx=a")) == (400, "UNKNOWN_QUERY_PARAMETER")


async def test_deleting_says_who_uses_it(house: Installation) -> None:
    await put(house, "icons/pump.svg")  # which the type `pump` names
    used = await send(house, "DELETE", "/assets/icons/pump.svg")
    assert refusal(used) == (409, "ASSET_IN_USE")
    assert "twin type 'pump'" in used.json()["problems"][0]["message"]
    assert (await send(house, "DELETE", "/assets/icons/pump.svg?force=true")).status_code == 204
    assert refusal(await send(house, "DELETE", "/assets/icons/pump.svg")) == (404, "ASSET_NOT_FOUND")
    assert refusal(await send(house, "GET", "/assets/icons/pump.svg")) == (404, "ASSET_NOT_FOUND")


async def test_a_client_that_goes_away_in_the_middle_leaves_nothing(house: Installation, tmp_path: Path) -> None:
    async def until(there: bool) -> None:
        async with asyncio.timeout(10):
            while any(item.is_file() for item in tmp_path.rglob("*")) is not there:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async with serving(house) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"PUT /api/v1/assets/a.bin HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 900\r\n\r\n"
        writer.write(head.encode() + b"half")
        await until(there=True)
        writer.close()
        await until(there=False)
    assert (await get(house, "/assets/a.bin")).status_code == 404


# ------------------------------------------------------------ GraphQL

ASSETS = "{ twin(twinId: %s) { visualization assets { field path url asset { mediaType size etag path url } } } }"


async def test_a_definition_shows_the_addresses_of_what_it_names(house: Installation) -> None:
    found = (await ask(house, ASSETS % '"pump_123"'))["twin"]  # whose type has the visualization
    assert found["visualization"] == {"icon_2d": "/icons/pump.svg"}
    assert found["assets"] == [
        {
            "field": "/visualization/icon_2d",
            "path": "/icons/pump.svg",
            "url": "/assets/icons/pump.svg",
            "asset": None,
        }
    ]
    etag = (await put(house, "icons/pump.svg", b"<svg/>")).headers["etag"]
    [now] = (await ask(house, ASSETS % '"pump_123"'))["twin"]["assets"]
    assert now["asset"] == {
        "mediaType": "image/svg+xml",
        "size": 6,
        "etag": etag,
        "path": "/icons/pump.svg",
        "url": "/assets/icons/pump.svg",
    }
    data = await ask(
        house,
        '{ twinType(typeId: "pump") { assets { url } } overlay(overlayId: "cellar") { assets { url } }'
        ' overlayType(typeId: "pumping") { assets { url } } }',
    )
    assert data == {
        "twinType": {"assets": [{"url": "/assets/icons/pump.svg"}]},
        "overlay": {"assets": []},
        "overlayType": {"assets": []},
    }


async def test_a_save_warns_of_what_is_missing(house: Installation) -> None:
    document = {"twin_id": "pump_124", "twin_type": "pump", "visualization": {"model_3d": "/models/no.glb"}}
    query = "mutation($d: JSON!) { saveTwin(input: {document: $d}) { result warnings { code path } } }"
    saved = (await ask(house, query, d=document))["saveTwin"]
    assert saved == {"result": "UPDATED", "warnings": [{"code": "ASSET_MISSING", "path": "/visualization/model_3d"}]}


async def test_assets_are_listed_and_deleted_over_graphql(house: Installation) -> None:
    for path in ("icons/pump.svg", "models/a.glb"):
        await put(house, path, b"1")
    query = '{ assets(prefix: "/models", first: 5) { totalCount nodes { path size modifiedAt } } }'
    found = (await ask(house, query))["assets"]
    assert (found["totalCount"], [node["path"] for node in found["nodes"]]) == (1, ["/models/a.glb"])
    delete = "mutation($i: DeleteAssetInput!) { deleteAsset(input: $i) { asset { path } users { message } dryRun } }"
    tried = (await ask(house, delete, i={"path": "/icons/pump.svg", "dryRun": True}))["deleteAsset"]
    assert tried["dryRun"]
    assert len(tried["users"]) == 1
    assert (await refused(house, delete, i={"path": "/icons/pump.svg"}))["extensions"]["code"] == "ASSET_IN_USE"
    other = {"path": "/models/a.glb", "expectedEtag": '"other"'}
    assert (await refused(house, delete, i=other))["extensions"]["code"] == "ASSET_CHANGED"
    done = (await ask(house, delete, i={"path": "icons/pump.svg", "force": True}))["deleteAsset"]
    assert done["asset"] == {"path": "/icons/pump.svg"}
    answer = await post(house, {"query": delete, "variables": {"i": {"path": "../../etc/passwd"}}})
    assert answer.json()["errors"][0]["extensions"]["code"] == "ASSET_NOT_FOUND"
