"""Twins, overlays and types over REST: the same commands, with the manners of HTTP."""

import json
from typing import Any

import pytest

from app.errors import Unavailable
from tests.api.parts import Installation
from tests.api.plant import Plant
from tests.api.rest.client import JSON, faults, refusal, send

TWIN = {"twin_id": "pump_9", "twin_type": "pump", "description": "New"}
KINDS = [("/twins", "pump_123"), ("/overlays", "cellar"), ("/twin-types", "pump"), ("/overlay-types", "pumping")]


@pytest.fixture
def plant() -> Plant:
    return Plant()


async def test_a_new_twin_is_created_with_its_place_and_its_revision(plant: Plant) -> None:
    answer = await send(plant, "POST", "/twins", json=TWIN, headers={"X-Actor": "ann"}, params={"reason": "spare"})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/twins/pump_9"
    assert answer.headers["etag"] == '"1"'
    assert answer.json() == TWIN
    stored = plant.catalogue.get("twin", "pump_9")
    assert stored is not None
    assert stored.created_by == "ann"
    assert plant.store.changes[-1].reason == "spare"


async def test_creating_it_again_is_a_retry_where_nothing_differs_and_a_conflict_where_something_does(
    plant: Plant,
) -> None:
    await send(plant, "POST", "/twins", json=TWIN)
    again = await send(plant, "POST", "/twins", json=TWIN)
    assert (again.status_code, again.headers["etag"]) == (200, '"1"')
    other = await send(plant, "POST", "/twins", json={**TWIN, "description": "Other"})
    assert refusal(other) == (409, "ALREADY_EXISTS")
    assert len(plant.store.changes) == 1


async def test_warnings_come_beside_the_document(plant: Plant) -> None:
    pipe = {"name": "inlet", "target_twin_id": "pipe_1", "relationship_type": "physical_connection"}
    answer = await send(plant, "POST", "/twins", json={**TWIN, "relationships": [pipe]})
    [warning] = json.loads(answer.headers["x-warnings"])
    assert (warning["code"], warning["path"]) == ("UNRESOLVED_TARGET", "/relationships/0/target_twin_id")
    assert answer.json() == {**TWIN, "relationships": [pipe]}


@pytest.mark.parametrize(("path", "id"), KINDS)
async def test_every_kind_is_read_with_an_etag_and_not_sent_again_to_who_has_it(
    plant: Plant, path: str, id: str
) -> None:
    answer = await send(plant, "GET", f"{path}/{id}")
    assert answer.status_code == 200
    assert id in answer.json().values()
    tag = answer.headers["etag"]
    for given in (tag, f"W/{tag}", f'"0", {tag}', "*"):
        same = await send(plant, "GET", f"{path}/{id}", headers={"If-None-Match": given})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (await send(plant, "GET", f"{path}/{id}", headers={"If-None-Match": '"7"'})).status_code == 200


@pytest.mark.parametrize(("path", "id"), KINDS)
async def test_an_id_that_nothing_has_is_404_with_a_suggestion(plant: Plant, path: str, id: str) -> None:
    wrong = await send(plant, "GET", f"{path}/{id[:-1]}")
    assert wrong.status_code == 404
    assert wrong.json()["hint"].startswith("did you mean '")
    assert (await send(plant, "DELETE", f"{path}/nothing")).status_code == 404


async def test_a_delete_needs_the_revision_that_it_names(plant: Plant) -> None:
    await send(plant, "POST", "/twins", json=TWIN)
    for given in ('"2"', 'W/"1"', '"x"', '"2", "3"'):
        moved = await send(plant, "DELETE", "/twins/pump_9", headers={"If-Match": given})
        assert refusal(moved) == (412, "REVISION_MOVED")
    kept = await send(plant, "DELETE", "/twins/pump_9", headers={"If-None-Match": "*"})
    assert refusal(kept) == (412, "REVISION_MOVED")
    assert plant.catalogue.twin("pump_9") is not None
    gone = await send(plant, "DELETE", "/twins/pump_9", headers={"If-Match": '"2", "1"'})
    assert (gone.status_code, gone.content) == (204, b"")
    assert refusal(await send(plant, "DELETE", "/twins/pump_9")) == (404, "TWIN_NOT_FOUND")


@pytest.mark.parametrize("given", ['"1', "", '"1" "2"', "abc", ",", '""'])
async def test_what_is_no_etag_of_ours_matches_nothing(plant: Plant, given: str) -> None:
    answer = await send(plant, "DELETE", "/twins/pump_124", headers={"If-Match": given})
    assert refusal(answer) == (412, "REVISION_MOVED")
    assert (await send(plant, "GET", "/twins/pump_124", headers={"If-None-Match": given})).status_code == 200


async def test_an_etag_whose_quotes_the_shell_took_is_understood(plant: Plant) -> None:
    assert (await send(plant, "GET", "/twins/pump_124", headers={"If-None-Match": "1"})).status_code == 304
    assert (await send(plant, "DELETE", "/twins/pump_124", headers={"If-Match": "1"})).status_code == 204


async def test_deleting_what_others_use_is_refused_with_the_list(plant: Plant) -> None:
    answer = await send(plant, "DELETE", "/twins/pump_123")
    assert refusal(answer) == (409, "IN_USE")
    assert answer.json()["problems"]


async def test_a_wrong_document_is_refused_with_every_fault_and_its_pointer(plant: Plant) -> None:
    answer = await send(plant, "POST", "/twins", json={"twin_id": "a b", "twin_typ": "pump", "properties": 5})
    assert refusal(answer) == (422, "DOCUMENT_INVALID")
    assert {place for _, place in faults(answer)} >= {"/twin_id", "/twin_typ", "/properties"}
    unknown = await send(plant, "POST", "/twins", json={**TWIN, "twin_type": "pumpe"})
    assert refusal(unknown) == (422, "DEFINITION_INVALID")
    assert faults(unknown) == [("UNKNOWN_TWIN_TYPE", "/twin_type")]


async def test_a_document_over_the_limit_is_413(plant: Plant) -> None:
    answer = await send(plant, "POST", "/twins", json={**TWIN, "metadata": {"x": "y" * 1_100_000}})
    assert answer.status_code == 413
    assert faults(answer)[0][0] == "DOCUMENT_TOO_LARGE"


async def test_a_graph_that_is_down_is_503() -> None:
    plant = Plant()

    async def down(change: object) -> None:
        raise Unavailable("the graph does not answer", hint="try again later")

    plant.store.save = down  # type: ignore[method-assign]
    assert refusal(await send(plant, "POST", "/twins", json=TWIN)) == (503, "UNAVAILABLE")


# ------------------------------------------------------------ lists


async def test_pages_forward_and_backward_follow_their_links() -> None:
    installation = Installation()
    forward = await send(installation, "GET", "/twins", params={"first": 2})
    assert [item["twin_id"] for item in forward.json()["items"]] == ["pump_123", "pump_124"]
    assert forward.json()["total_count"] == 3
    assert forward.links.keys() == {"next"}
    second = await send(installation, "GET", forward.links["next"]["url"].removeprefix("/api/v1"))
    assert [item["twin_id"] for item in second.json()["items"]] == ["valve_234"]
    assert second.json()["page_info"]["has_next_page"] is False
    back = await send(installation, "GET", second.links["prev"]["url"].removeprefix("/api/v1"))
    assert [item["twin_id"] for item in back.json()["items"]] == ["pump_123", "pump_124"]


async def test_lists_filter_by_type_and_keep_the_filter_in_their_links() -> None:
    installation = Installation()
    pumps = await send(installation, "GET", "/twins", params={"twin_type": "pump", "first": 1})
    assert pumps.json()["total_count"] == 2
    assert "twin_type=pump" in pumps.links["next"]["url"]
    overlays = await send(installation, "GET", "/overlays", params={"overlay_type": "pumping"})
    assert [item["overlay_id"] for item in overlays.json()["items"]] == ["cellar"]
    wrong = await send(installation, "GET", "/twins", params={"twin_type": "pumb"})
    assert refusal(wrong) == (400, "UNKNOWN_TWIN_TYPE")
    assert "pump" in wrong.json()["hint"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"tag": "water"}, ["pump_123"]),
        ({"site": "Plant 1"}, ["pump_123"]),
        ({"text": "ACME"}, ["pump_123"]),
        ({"overlay": "cellar", "role": "outlet"}, ["valve_234"]),
        ({"related_to": "valve_234"}, ["pump_123"]),
        (
            {"twin_type": ["pump", "valve"], "order_by": "type", "descending": "true"},
            ["valve_234", "pump_124", "pump_123"],
        ),
    ],
)
async def test_twins_are_found_as_in_graphql(params: dict[str, Any], found: list[str]) -> None:
    answer = await send(Installation(), "GET", "/twins", params=params)
    assert [item["twin_id"] for item in answer.json()["items"]] == found


@pytest.mark.parametrize("params", [{"tag": "wat"}, {"site": "Plant 9"}, {"overlay": "celar"}, {"order_by": "size"}])
async def test_a_filter_that_names_what_is_not_there_is_no_empty_page(params: dict[str, str]) -> None:
    assert (await send(Installation(), "GET", "/twins", params=params)).status_code == 400


@pytest.mark.parametrize("path", ["/twin-types", "/overlay-types", "/relationship-types"])
async def test_types_are_listed_too(path: str) -> None:
    answer = await send(Installation(), "GET", path)
    assert answer.json()["total_count"] == len(answer.json()["items"]) > 0


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"frist": "1"}, "UNKNOWN_QUERY_PARAMETER"),
        ({"first": "x"}, "REQUEST_INVALID"),
        ({"first": "1001"}, "REQUEST_INVALID"),
        ({"last": "-1"}, "REQUEST_INVALID"),
        ({"first": "1", "last": "1"}, "PAGE_SIZE_INVALID"),
        ({"after": "nonsense"}, "CURSOR_INVALID"),
    ],
)
async def test_a_query_that_means_nothing_is_400(params: dict[str, str], code: str) -> None:
    assert refusal(await send(Installation(), "GET", "/twins", params=params)) == (400, code)


async def test_a_reason_that_is_too_long_and_an_actor_without_a_name_are_400(plant: Plant) -> None:
    long = await send(plant, "POST", "/twins", json=TWIN, params={"reason": "x" * 1001})
    assert refusal(long) == (400, "REQUEST_INVALID")
    assert faults(long)[0][1] == "/reason"
    assert refusal(await send(plant, "POST", "/twins", json=TWIN, headers={"X-Actor": " "})) == (400, "ACTOR_INVALID")


# ------------------------------------------------------------ relationship types


async def test_a_relationship_type_is_created_changed_and_deleted(plant: Plant) -> None:
    steam = {"relationship_type": "steam_supply", "inverse": "steam_supplied_by", "impact": "forward"}
    answer = await send(plant, "POST", "/relationship-types", json=steam)
    assert (answer.status_code, answer.headers["etag"], answer.json()) == (201, '"1"', steam)
    assert answer.headers["location"] == "/api/v1/relationship-types/steam_supply"
    path, tagged = "/relationship-types/steam_supply", {"If-Match": '"1"'}
    changed = await send(plant, "PATCH", path, json={"impact": "both"}, headers=tagged)
    assert (changed.status_code, changed.json()["impact"]) == (200, "both")
    assert refusal(await send(plant, "DELETE", path, headers=tagged)) == (412, "REVISION_MOVED")
    assert (await send(plant, "DELETE", path)).status_code == 204
    assert refusal(await send(plant, "GET", path)) == (404, "RELATIONSHIP_TYPE_NOT_FOUND")
    assert faults(await send(plant, "POST", "/relationship-types", json={**steam, "inverse": "controlled_by"})) == [
        ("NAME_TAKEN", "/inverse")
    ]


async def test_a_built_in_relationship_type_is_read_at_revision_0_and_overridden_by_a_change(plant: Plant) -> None:
    path = "/relationship-types/monitoring"
    answer = await send(plant, "GET", path)
    assert (answer.headers["etag"], answer.json()["impact"]) == ('"0"', "none")
    assert refusal(await send(plant, "DELETE", path)) == (409, "BUILT_IN")
    changed = await send(plant, "PUT", path, json={"impact": "forward"}, headers={"If-Match": '"0"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"1"')
    assert changed.json() == {**answer.json(), "impact": "forward"}
    assert (await send(plant, "DELETE", path)).status_code == 204
    assert (await send(plant, "GET", path)).json() == answer.json()


# ------------------------------------------------------------ bodies


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_a_body_that_is_not_json_is_415(plant: Plant, media: str) -> None:
    headers = {"content-type": media} if media else {}
    answer = await send(plant, "POST", "/twins", content=json.dumps(TWIN).encode(), headers=headers)
    assert refusal(answer) == (415, "CONTENT_TYPE_NOT_ALLOWED")
    assert plant.catalogue.twin("pump_9") is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, '{"a": 1}'.encode("utf-16"), b'{"a": +1}'])
async def test_a_body_that_is_no_json_is_400(plant: Plant, content: bytes) -> None:
    assert refusal(await send(plant, "POST", "/twins", content=content, headers=JSON)) == (400, "REQUEST_INVALID")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"metadata": {"a/b": [1, NaN, -Infinity]}}', [
            ("NOT_FINITE", "/metadata/a~1b/1"), ("NOT_FINITE", "/metadata/a~1b/2"),
        ]),
        (b'{"metadata": {"x": 1e999}}', [("NOT_FINITE", "/metadata/x")]),
        (b'{"metadata": {"x": 1' + b"0" * 40 + b"}}", [("NUMBER_TOO_LARGE", "/metadata/x")]),
        (b'{"description": "\\ud800"}', [("BAD_TEXT", "/description")]),
        (b'{"twin_id": "a", "metadata": {"k": [{"x": 1, "x": 2}]}, "twin_id": "b"}', [
            ("DUPLICATE_KEY", "/twin_id"), ("DUPLICATE_KEY", "/metadata/k/0/x"),
        ]),
    ],
)  # fmt: skip
async def test_what_json_is_not_is_told_at_each_of_its_places(
    plant: Plant, content: bytes, found: list[tuple[str, str]]
) -> None:
    answer = await send(plant, "POST", "/twins", content=content, headers=JSON)
    assert refusal(answer) == (422, "DOCUMENT_INVALID")
    assert set(found) <= set(faults(answer))


async def test_a_byte_order_mark_is_no_fault(plant: Plant) -> None:
    content = b'\xef\xbb\xbf{"twin_id": "bom", "twin_type": "pump"}'
    assert (await send(plant, "POST", "/twins", content=content, headers=JSON)).status_code == 201


async def test_head_answers_what_get_answers(plant: Plant) -> None:
    for path in ("/twins/pump_123", "/twins", "/openapi.json"):
        get, head = await send(plant, "GET", path), await send(plant, "HEAD", path)
        assert (head.status_code, head.headers.get("etag")) == (200, get.headers.get("etag"))
        assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize("content", ["[]", "5", "null", '"text"'])
async def test_a_body_that_is_no_object_is_422(plant: Plant, content: Any) -> None:
    assert refusal(await send(plant, "POST", "/twins", content=content, headers=JSON)) == (422, "DOCUMENT_INVALID")


# ------------------------------------------------------------ changes


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_is_merged_whichever_verb_it_comes_with(plant: Plant, method: str) -> None:
    before = (await send(plant, "GET", "/twins/pump_123")).json()
    change = {"description": "Moved", "location": {"site": "Plant 2"}, "metadata": {"floor": "1"}, "model": None}
    answer = await send(plant, method, "/twins/pump_123", json=change, headers={"X-Actor": "ben"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    expected = {**before, **change, "metadata": {"tags": ["water"], "floor": "1"}}
    del expected["model"]
    assert answer.json() == expected
    assert plant.store.changes[-1].author == "ben"
    again = await send(plant, method, "/twins/pump_123", json=change)
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')


async def test_named_items_are_merged_by_name_and_removed_on_request(plant: Plant) -> None:
    relationships = [{"name": "drive", "remove": True}, {"name": "outlet", "relationship_type": "control"}]
    answer = await send(plant, "PATCH", "/twins/pump_123", json={"relationships": relationships})
    assert answer.json()["relationships"] == [
        {"name": "outlet", "target_twin_id": "valve_234", "relationship_type": "control"}
    ]


@pytest.mark.parametrize(("path", "id"), KINDS)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_of_every_kind_needs_the_revision_that_it_names(
    plant: Plant, method: str, path: str, id: str
) -> None:
    change = {"description": "Changed"}
    moved = await send(plant, method, f"{path}/{id}", json=change, headers={"If-Match": '"7"'})
    assert refusal(moved) == (412, "REVISION_MOVED")
    done = await send(plant, method, f"{path}/{id}", json=change, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["etag"], done.json()["description"]) == (200, '"2"', "Changed")
    assert refusal(await send(plant, method, f"{path}/nothing", json=change))[0] == 404


async def test_a_wrong_change_is_refused_with_every_fault(plant: Plant) -> None:
    other = await send(plant, "PUT", "/twins/pump_123", json={"twin_id": "pump_7"})
    assert other.status_code == 422
    wrong = await send(plant, "PATCH", "/twins/pump_123", json={"descriptoin": "x", "version": "one"})
    assert refusal(wrong) == (422, "DOCUMENT_INVALID")
    assert {place for _, place in faults(wrong)} == {"/descriptoin", "/version"}
    assert plant.store.changes == []


async def test_a_change_that_breaks_others_is_refused_with_the_list(plant: Plant) -> None:
    answer = await send(plant, "PATCH", "/twin-types/pump", json={"properties": [{"name": "status", "remove": True}]})
    assert answer.status_code in (409, 422)
    assert answer.json()["problems"]
    assert plant.store.changes == []
