"""Mutations of many things at once: what can't be done is told beside what was."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant

SET = """mutation($input: SetPropertiesInput!) { setProperties(input: $input) {
  dryRun properties { property { name twinId } value { json } call { status } effects }
  leftOut { index code path } } }"""
SHELVE = """mutation($input: ShelveAlertsInput!) { shelveAlerts(input: $input) {
  dryRun effects shelvings { id code ownerId } leftOut { index code message } } }"""
HOT = {"behavior": "hot", "code": "0"}


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    plant.hear("pump_123", "temperature", 90.0)
    return plant


def value(twin_id: str, name: str, value: Any) -> dict[str, Any]:
    return {"twinId": twin_id, "property": name, "value": value}


async def test_several_properties_are_set_and_those_that_can_not_be_are_told(plant: Plant) -> None:
    values = [
        value("pump_124", "starts", 3),
        value("pump_124", "temperature", 1.0),
        value("pump_123", "speed", 900.0),
        value("nobody", "speed", 1.0),
    ]
    done = (await ask(plant, SET, input={"values": values}))["setProperties"]
    assert [(item["property"]["name"], item["call"] and item["call"]["status"]) for item in done["properties"]] == [
        ("starts", None),
        ("speed", "ACCEPTED"),
    ]
    assert [(item["index"], item["code"]) for item in done["leftOut"]] == [
        (1, "PROPERTY_READ_ONLY"),
        (3, "TWIN_NOT_FOUND"),
    ]
    tried = (await ask(plant, SET, input={"values": values[:1], "dryRun": True}))["setProperties"]
    assert tried["dryRun"] is True
    assert tried["properties"][0]["effects"] != []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([], "NOTHING_GIVEN"),
        ([value("pump_124", "starts", 1)] * 2, "GIVEN_TWICE"),
        ([value(f"p{number}", "starts", 1) for number in range(1001)], "TOO_MANY_GIVEN"),
    ],
)
async def test_a_batch_that_makes_no_sense_is_refused_whole(plant: Plant, values: list[Any], code: str) -> None:
    assert (await refused(plant, SET, input={"values": values}))["extensions"]["code"] == code


async def test_several_alerts_are_shelved_commented_reset_and_unshelved(plant: Plant) -> None:
    [alert] = plant.engine.live.open_alerts()
    alerts = [
        {"alertId": alert.alert_id},
        {"identity": {"owner": {"twinId": "pump_124"}, **HOT}},
        {"identity": {"owner": {"overlayId": "nowhere"}, **HOT}},
    ]
    dry = {"alerts": alerts, "seconds": 60, "reason": "test", "dryRun": True}
    told = (await ask(plant, SHELVE, input=dry))["shelveAlerts"]
    assert (len(told["shelvings"]), [item["index"] for item in told["leftOut"]]) == (2, [2])
    assert plant.engine.live.shelved() == {}
    done = (await ask(plant, SHELVE, input={**dry, "dryRun": False}))["shelveAlerts"]
    assert [item["ownerId"] for item in done["shelvings"]] == ["pump_123", "pump_124"]
    assert done["leftOut"][0]["code"] == "ALERT_NOT_FOUND"
    found = await ask(
        plant, "query($id: ID!) { node(id: $id) { ... on Shelving { ownerId } } }", id=done["shelvings"][1]["id"]
    )
    assert found["node"] == {"ownerId": "pump_124"}
    over = """mutation($a: [AlertInput!]!) { unshelveAlerts(input: {alerts: $a}) {
      shelvings { ownerId } leftOut { index code } } }"""
    ended = (await ask(plant, over, a=[*alerts[:2], alerts[0]]))["unshelveAlerts"]
    assert [item["ownerId"] for item in ended["shelvings"]] == ["pump_123", "pump_124"]
    assert ended["leftOut"] == [{"index": 2, "code": "ALERT_NOT_SHELVED"}]
    note = """mutation($ids: [ID!]!) { commentAlerts(input: {alertIds: $ids, comment: "seen"}) {
      alerts { comments { text } } leftOut { alertId code } } }"""
    noted = (await ask(plant, note, ids=[alert.alert_id, "nothing"]))["commentAlerts"]
    assert noted["alerts"] == [{"comments": [{"text": "seen"}]}]
    assert noted["leftOut"] == [{"alertId": "nothing", "code": "ALERT_NOT_FOUND"}]
    reset = "mutation($ids: [ID!]!) { resetAlerts(input: {alertIds: $ids}) { alerts { code } leftOut { code } } }"
    assert (await ask(plant, reset, ids=[alert.alert_id]))["resetAlerts"] == {
        "alerts": [],
        "leftOut": [{"code": "ALERT_NOT_LATCHED"}],
    }
