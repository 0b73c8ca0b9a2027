"""Explanations over REST, on the real engine."""

import pytest

from tests.api.plant import Plant
from tests.api.rest.client import send


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    plant.hear("pump_123", "temperature", 91.5)
    return plant


async def test_a_behavior_and_its_alert_explain_themselves(plant: Plant) -> None:
    found = (await send(plant, "GET", "/twins/pump_123/behaviors/hot/explanation")).json()
    assert (found["state"], found["evidence"], found["nodes"][0]["text"]) == ("active", "true", "temperature >= 80.0")
    assert (found["inputs"][0]["value"], found["inputs"][0]["source"]) == (91.5, "opcua")
    plant.hear("pump_123", "temperature", 99.0)
    [alert] = plant.engine.live.open_alerts()
    raised = (await send(plant, "GET", f"/alerts/{alert.alert_id}/explanation")).json()
    assert raised["inputs"][0]["value"] == 91.5
    assert [link["kind"] for link in raised["cause"]] == ["behavior", "reading"]


async def test_why_not_names_what_it_would_take(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 78.4)
    found = (await send(plant, "GET", "/twins/pump_123/behaviors/hot/why-not")).json()
    [part] = found["ways"][0]["parts"]
    assert (part["text"], part["nearest"]) == ("temperature of 'pump_123' is 78.4 celsius, needs >= 80.0", 80.0)
    overlay = (await send(plant, "GET", "/overlays/cellar/behaviors/failing/why-not")).json()
    assert "needs == 'fault'" in overlay["text"]


async def test_what_is_not_there_is_said_with_a_suggestion(plant: Plant) -> None:
    for path, code in (
        ("/twins/pump_12/behaviors/hot/explanation", "TWIN_NOT_FOUND"),
        ("/twins/pump_123/behaviors/hott/why-not", "BEHAVIOR_NOT_FOUND"),
        ("/overlays/nobody/behaviors/hot/why-not", "OVERLAY_NOT_FOUND"),
        ("/alerts/nothing/explanation", "ALERT_NOT_FOUND"),
    ):
        answer = await send(plant, "GET", path)
        assert answer.status_code == 404
        assert answer.json()["code"] == code
