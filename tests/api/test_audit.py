"""The history of alerts and the audit, over GraphQL and REST: what the real engine decided is what they tell."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.assets.folder import AssetFolder
from app.model.time import SECOND, iso
from app.settings import AssetSettings
from tests.api.client import ask, post, refused
from tests.api.plant import Plant
from tests.api.rest.client import refusal, send

SAVE = "mutation($document: JSON!) { saveTwin(input: {document: $document, reason: $reason}) { result } }".replace(
    "($document: JSON!)", "($document: JSON!, $reason: String)"
)
SET = """mutation($value: JSON!) {
  setProperty(input: {twinId: "pump_124", property: "starts", value: $value}) { value { number } } }"""
HISTORY = """query($where: AlertHistoryWhere, $first: Int, $after: String) {
  alertHistory(where: $where, first: $first, after: $after) {
    sequence nodes { transition by comment sequence alert { code active } cause { kind ref } }
    pageInfo { hasNextPage endCursor } } }"""
OF_ONE = "query($id: ID!) { alert(alertId: $id) { history { nodes { transition by } } } }"
AUDIT = """query($where: AuditWhere, $first: Int, $after: String) {
  auditLog(where: $where, first: $first, after: $after) {
    sequence nodes { entryId at kind outcome actor actorKind via address subjects what reason code message details
      sequence } pageInfo { hasNextPage endCursor } } }"""
TRIPPING = {
    "twin_id": "pump_124",
    "twin_type": "pump",
    "behaviors": [
        {
            "name": "tripped",
            "conditions": ["starts > 5"],
            "actions": [{"type": "alert", "severity": "critical", "message": "tripped", "code": "trip"}],
        }
    ],
}


async def act(plant: Plant, query: str, by: str = "ann", **variables: Any) -> Any:
    plant.clock.at += SECOND
    answer = await post(plant, {"query": query, "variables": variables}, **{"X-Actor": by})
    return answer.json()


@pytest.fixture
async def plant() -> Plant:
    """An alert that was raised, commented, acknowledged twice, and cleared."""
    plant = Plant()
    plant.start()
    await act(plant, SAVE, document=TRIPPING, reason="it trips")
    await act(plant, SET, value=6)
    (alert,) = plant.engine.live.open_alerts()
    comment = 'mutation($id: ID!) { commentAlert(input: {alertId: $id, comment: "on it"}) { alert { alertId } } }'
    seen = 'mutation($id: ID!) { acknowledgeAlert(input: {alertId: $id, comment: "seen"}) { alert { alertId } } }'
    await act(plant, comment, "bob", id=alert.alert_id)
    await act(plant, seen, id=alert.alert_id)
    await act(plant, seen, "bob", id=alert.alert_id)
    await act(plant, SET, value=1)
    return plant


async def test_an_alert_tells_everything_that_happened_to_it_newest_first(plant: Plant) -> None:
    found = (await ask(plant, HISTORY))["alertHistory"]
    assert [(item["transition"], item["by"], item["comment"]) for item in found["nodes"]] == [
        ("CLOSED", None, None),
        ("CLEARED", None, None),
        ("ACKNOWLEDGED", "ann", "seen"),
        ("COMMENTED", "bob", "on it"),
        ("RAISED", None, None),
    ]
    assert [item["alert"]["active"] for item in found["nodes"]] == [False, False, True, True, True]
    assert found["nodes"][-1]["cause"][0] == {"kind": "BEHAVIOR", "ref": "pump_124/tripped"}
    assert found["sequence"] == plant.engine.live.sequence


async def test_the_history_is_paged_and_filtered_alike_on_both_faces(plant: Plant) -> None:
    first = (await ask(plant, HISTORY, first=2))["alertHistory"]
    assert first["pageInfo"]["hasNextPage"]
    rest = (await ask(plant, HISTORY, first=3, after=first["pageInfo"]["endCursor"]))["alertHistory"]
    assert [item["transition"] for item in rest["nodes"]] == ["ACKNOWLEDGED", "COMMENTED", "RAISED"]
    assert not rest["pageInfo"]["hasNextPage"]
    page = (await send(plant, "GET", "/alert-history?first=2")).json()
    assert page["page_info"] == {
        "has_next_page": True,
        "has_previous_page": False,
        "start_cursor": page["page_info"]["start_cursor"],
        "end_cursor": first["pageInfo"]["endCursor"],
    }
    where = {"owner": {"twinId": "pump_124"}, "transition": ["CLEARED", "RAISED"]}
    found = (await ask(plant, HISTORY, where=where))["alertHistory"]["nodes"]
    path = "/alert-history?owner=twin/pump_124&transition=cleared&transition=raised"
    same = (await send(plant, "GET", path)).json()["items"]
    assert [item["transition"] for item in found] == ["CLEARED", "RAISED"]
    assert [item["transition"] for item in same] == ["cleared", "raised"]
    assert (await ask(plant, HISTORY, where={"twinId": "pump_123"}))["alertHistory"]["nodes"] == []
    error = await refused(plant, HISTORY, where={"owner": {}})
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_one_alert_has_its_history_beside_it_on_both_faces(plant: Plant) -> None:
    (closed,) = {entry.outcome.alerts[-1].alert for entry in plant.store.journal[-1:]}
    plant.store.closed.append(closed)
    found = (await ask(plant, OF_ONE, id=closed.alert_id))["alert"]["history"]["nodes"]
    assert [item["transition"] for item in found] == ["CLOSED", "CLEARED", "ACKNOWLEDGED", "COMMENTED", "RAISED"]
    same = (await send(plant, "GET", f"/alerts/{closed.alert_id}/history?transition=acknowledged")).json()["items"]
    assert [(item["transition"], item["by"], item["alert"]["code"]) for item in same] == [
        ("acknowledged", "ann", "trip")
    ]


async def test_the_audit_says_who_did_what_from_where_and_why_and_what_was_refused(plant: Plant) -> None:
    found = (await ask(plant, AUDIT))["auditLog"]["nodes"]
    assert [(item["kind"], item["outcome"], item["actor"], item["what"], item["reason"]) for item in found] == [
        ("WRITE", "DONE", "ann", "starts", ""),
        ("ACKNOWLEDGEMENT", "REFUSED", "bob", "", "seen"),
        ("ACKNOWLEDGEMENT", "DONE", "ann", "tripped/trip", "seen"),
        ("COMMENT", "DONE", "bob", "tripped/trip", "on it"),
        ("WRITE", "DONE", "ann", "starts", ""),
        ("DEFINITION", "DONE", "ann", "", "it trips"),
    ]
    assert found[1]["code"] == "ALERT_ALREADY_ACKNOWLEDGED"
    assert {(item["via"], item["address"]) for item in found} == {("graphql", "127.0.0.1")}
    assert found[0]["details"] == {"value": 1}
    assert found[-1]["subjects"] == ["twin/pump_124"]
    assert found[-1]["sequence"] is None


async def test_the_audit_is_paged_and_filtered_alike_on_both_faces(plant: Plant) -> None:
    first = (await ask(plant, AUDIT, first=2))["auditLog"]
    rest = (await ask(plant, AUDIT, first=4, after=first["pageInfo"]["endCursor"]))["auditLog"]
    assert (len(rest["nodes"]), rest["pageInfo"]["hasNextPage"]) == (4, False)
    since = iso(plant.clock.at - SECOND)
    assert len((await ask(plant, AUDIT, where={"since": since}))["auditLog"]["nodes"]) == 2
    where = {"actor": "bob", "kind": ["ACKNOWLEDGEMENT"], "outcome": ["REFUSED"], "subject": None}
    (found,) = (await ask(plant, AUDIT, where=where))["auditLog"]["nodes"]
    path = "/audit?actor=bob&kind=acknowledgement&outcome=refused"
    (same,) = (await send(plant, "GET", path)).json()["items"]
    assert same["entry_id"] == found["entryId"]
    about = (await send(plant, "GET", f"/audit?subject=twin/pump_124&until={since}")).json()["items"]
    assert [item["kind"] for item in about] == ["acknowledgement", "comment", "write", "definition"]


async def test_the_audit_is_exported_an_entry_a_line(plant: Plant) -> None:
    answer = await send(plant, "GET", "/audit.ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == (await send(plant, "GET", "/audit")).json()["items"]
    some = await send(plant, "GET", "/audit.ndjson?kind=comment")
    assert [json.loads(line)["reason"] for line in some.text.splitlines()] == ["on it"]
    plant.store.down = True
    assert refusal(await send(plant, "GET", "/audit.ndjson")) == (503, "UNAVAILABLE")


async def test_a_question_that_is_wrong_in_the_address_is_400(plant: Plant) -> None:
    assert refusal(await send(plant, "GET", "/audit?since=yesterday")) == (400, "TIME_INVALID")
    assert refusal(await send(plant, "GET", "/audit?after=nonsense")) == (400, "CURSOR_INVALID")
    assert refusal(await send(plant, "GET", "/alert-history?after=YXQ6eA==")) == (400, "CURSOR_INVALID")
    assert refusal(await send(plant, "GET", "/alerts?after=YXQ6eA==")) == (400, "CURSOR_INVALID")
    assert refusal(await send(plant, "GET", "/audit?kind=nonsense")) == (400, "REQUEST_INVALID")


@pytest.fixture
async def refusing(tmp_path: Path) -> Plant:
    plant = Plant(AssetFolder(tmp_path / "assets", AssetSettings()))
    plant.start()
    return plant


async def told(plant: Plant) -> list[tuple[Any, ...]]:
    """Oldest first."""
    found = (await ask(plant, AUDIT))["auditLog"]["nodes"]
    fields = ("kind", "outcome", "actor", "via", "subjects", "what", "code")
    return [tuple(item[name] for name in fields) for item in reversed(found)]


async def test_what_is_refused_before_the_engine_is_audited_once_and_a_dry_run_never(refusing: Plant) -> None:
    plant, bob = refusing, {"X-Actor": "bob"}
    write = """mutation($dry: Boolean!) {
      setProperty(input: {twinId: "pump_123", property: "temperature", value: 1, dryRun: $dry}) { dryRun } }"""
    for dry in (True, False):
        assert (await act(plant, write, dry=dry))["errors"][0]["extensions"]["code"] == "PROPERTY_READ_ONLY"
    delete = 'mutation { deleteTwin(input: {twinId: "pump_123", expectedRevision: 7}) { dryRun } }'
    assert (await act(plant, delete))["errors"][0]["extensions"]["code"] == "REVISION_MOVED"
    script = 'mutation { executeDtsl(input: {script: {source: "overlay X {"}}) { dryRun } }'
    assert (await act(plant, script))["errors"][0]["extensions"]["code"] == "DTSL_INVALID"
    await act(plant, SAVE, document={"twin_id": "p9", "twin_type": "none"}, reason="new")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("/twins/nobody/instance/methods/start", {"parameters": []}),
        ("/alerts/x/acknowledgement", {}),
    ]
    for path, body in calls:
        plant.clock.at += SECOND
        assert (await send(plant, "POST", path, json=body, headers=bob)).status_code == 404
    assert await told(plant) == [
        ("WRITE", "REFUSED", "ann", "graphql", ["twin/pump_123"], "temperature", "PROPERTY_READ_ONLY"),
        ("DEFINITION", "REFUSED", "ann", "graphql", ["twin/pump_123"], "", "REVISION_MOVED"),
        ("DEFINITION", "REFUSED", "ann", "graphql", [], "", "DTSL_INVALID"),
        ("DEFINITION", "REFUSED", "ann", "graphql", ["twin/p9"], "", "DEFINITION_INVALID"),
        ("CALL", "REFUSED", "bob", "rest", ["twin/nobody"], "start", "TWIN_NOT_FOUND"),
        ("ACKNOWLEDGEMENT", "REFUSED", "bob", "rest", ["alert/x"], "", "ALERT_NOT_FOUND"),
    ]


async def test_files_that_are_added_replaced_and_deleted_are_audited(refusing: Plant) -> None:
    plant, path, ann = refusing, "/assets/models/p.glb", {"X-Actor": "ann"}
    for content in (b"a", b"bb"):
        assert (await send(plant, "PUT", path, content=content, headers=ann)).is_success
    assert (await send(plant, "DELETE", path, headers={**ann, "If-Match": '"x"'})).status_code == 412
    assert (await send(plant, "DELETE", path, headers=ann)).is_success
    about = ["asset/models/p.glb"]
    assert await told(plant) == [
        ("ASSET", "DONE", "ann", "rest", about, "added", None),
        ("ASSET", "DONE", "ann", "rest", about, "replaced", None),
        ("ASSET", "REFUSED", "ann", "rest", about, "", "ASSET_CHANGED"),
        ("ASSET", "DONE", "ann", "rest", about, "deleted", None),
    ]
