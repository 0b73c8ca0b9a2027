"""What people do with alerts, over GraphQL: real commands on the real engine."""

import pytest

from tests.api.client import ask, connected, post, refused
from tests.api.plant import Plant

SAVE = "mutation($document: JSON!) { saveTwin(input: {document: $document}) { result } }"
SET = """mutation($value: JSON!) {
  setProperty(input: {twinId: "pump_124", property: "starts", value: $value}) { value { number } } }"""
RESET = """mutation($id: ID!, $dryRun: Boolean) {
  resetAlert(input: {alertId: $id, comment: "looked at", dryRun: $dryRun}) {
    dryRun effects alert { active clearReason closedAt } } }"""
COMMENT = """mutation($id: ID!, $comment: String!) {
  commentAlert(input: {alertId: $id, comment: $comment}) { alert { comments { by text } } } }"""
ALL = """mutation($ids: [ID!]!) { acknowledgeAlerts(input: {alertIds: $ids, comment: "all seen"}) {
  alerts { alertId acknowledgedBy comment } leftOut { alertId code message } } }"""
TRIPPING = {
    "twin_id": "pump_124",
    "twin_type": "pump",
    "behaviors": [
        {
            "name": "tripped",
            "conditions": ["starts > 5"],
            "actions": [
                {"type": "alert", "severity": "critical", "message": "tripped", "latched": True, "code": "trip"},
                {"type": "alert", "severity": "error", "message": "worn", "code": "wear"},
            ],
        }
    ],
}


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    await ask(plant, SAVE, document=TRIPPING)
    await ask(plant, SET, value=6)
    return plant


def alert_ids(plant: Plant) -> dict[str, str]:
    return {alert.code: alert.alert_id for alert in plant.engine.live.open_alerts()}


async def test_a_latched_alert_is_reset_once_its_behavior_is_over(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    for dry_run in (True, False):
        error = await refused(plant, RESET, id=trip, dryRun=dry_run)
        assert error["extensions"]["code"] == "ALERT_STILL_ACTIVE"
    await ask(plant, SET, value=1)
    told = (await ask(plant, RESET, id=trip, dryRun=True))["resetAlert"]
    assert told == {
        "dryRun": True,
        "effects": [f"alert '{trip}' is cleared"],
        "alert": {"active": True, "clearReason": None, "closedAt": None},
    }
    done = (await ask(plant, RESET, id=trip))["resetAlert"]
    assert done == {
        "dryRun": False,
        "effects": [],
        "alert": {"active": False, "clearReason": "Reset", "closedAt": None},
    }
    assert (await refused(plant, RESET, id=trip))["extensions"]["code"] == "ALERT_ALREADY_CLEARED"


async def test_several_alerts_are_acknowledged_at_once_and_those_left_out_are_told(plant: Plant) -> None:
    ids = alert_ids(plant)
    body = {"query": ALL, "variables": {"ids": [ids["trip"], "nothing", ids["wear"]]}}
    done = (await post(plant, body, **{"X-Actor": "ann"})).json()["data"]["acknowledgeAlerts"]
    assert done["alerts"] == [
        {"alertId": ids[code], "acknowledgedBy": "ann", "comment": "all seen"} for code in ("trip", "wear")
    ]
    assert [(item["alertId"], item["code"]) for item in done["leftOut"]] == [("nothing", "ALERT_NOT_FOUND")]
    assert (await refused(plant, ALL, ids=[]))["extensions"]["code"] == "NO_ALERTS"


async def test_comments_are_shown_with_who_made_them(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    body = {"query": COMMENT, "variables": {"id": trip, "comment": "bearing ordered"}}
    done = (await post(plant, body, **{"X-Actor": "ann"})).json()["data"]["commentAlert"]
    assert done["alert"]["comments"] == [{"by": "ann", "text": "bearing ordered"}]
    assert (await refused(plant, COMMENT, id=trip, comment="  "))["extensions"]["code"] == "COMMENT_MISSING"
    assert (await refused(plant, COMMENT, id="nothing", comment="x"))["extensions"]["code"] == "ALERT_NOT_FOUND"


async def test_a_push_says_who_did_it_and_what_they_said(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    query = "subscription { alertChanged { transition by comment initial alert { code } } }"
    async with connected(plant) as socket:
        await socket.subscribe(query)
        assert [(await socket.next("alertChanged"))["by"] for _ in range(2)] == [None, None]
        await ask(plant, COMMENT, id=trip, comment="on it")
        assert await socket.next("alertChanged") == {
            "transition": "COMMENTED",
            "by": "anonymous",
            "comment": "on it",
            "initial": False,
            "alert": {"code": "trip"},
        }
