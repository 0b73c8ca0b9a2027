"""`planDefinitions`: what saving would do to the documents and at once to the plant, and nothing of it done."""

from typing import Any

import pytest

from app.model.definitions import to_document
from tests.api.client import ask, refused
from tests.api.parts import services
from tests.api.plant import Plant

PLAN = """query($definitions: DefinitionsInput!) { planDefinitions(input: $definitions) {
    created { id } updated { id } unchanged { id } changes { changes { where before after } }
    twins overlays openAlerts { code behavior }
    transitions { ownerId behavior was state evidence withheld made }
    alerts { transition alert { code behavior clearReason } } } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.services = services(plant, plant.engine.live, plant.line, plant.engine)
    plant.start()
    plant.hear("pump_123", "temperature", 85.0)
    return plant


def pump_type(plant: Plant, **changed: Any) -> dict[str, Any]:
    standing = plant.catalogue.twin_type("pump")
    assert standing is not None
    return {"kind": "TWIN_TYPE", "document": {**to_document(standing), **changed}}


async def _plan(plant: Plant, **variables: Any) -> Any:
    before = plant.catalogue.revision, plant.engine.state_digest()
    found = (await ask(plant, PLAN, definitions=variables))["planDefinitions"]
    assert (plant.catalogue.revision, plant.engine.state_digest()) == before
    return found


async def test_a_rule_that_is_true_already_raises_at_once_and_withholds_its_calls(plant: Plant) -> None:
    warm = {
        "name": "warm",
        "conditions": ["temperature > 60"],
        "actions": [
            {"type": "alert", "severity": "warning", "message": "warm", "code": "warm"},
            {"type": "method_call", "method": "stop"},
        ],
    }
    standing = to_document(plant.catalogue.twin_type("pump"))  # type: ignore[arg-type]
    found = await _plan(plant, documents=[pump_type(plant, behaviors=[*standing["behaviors"], warm])])
    assert found["updated"] == [{"id": "pump"}]
    assert [item["where"] for item in found["changes"][0]["changes"]] == ["/behaviors/warm"]
    assert "pump_123" in found["twins"]
    assert [(item["behavior"], item["code"]) for item in found["openAlerts"]] == [("hot", "0")]
    turned = [item for item in found["transitions"] if item["ownerId"] == "pump_123"]
    assert [(item["behavior"], item["was"], item["state"], item["withheld"], item["made"]) for item in turned] == [
        ("warm", "INACTIVE", "ACTIVE", ["call stop"], [])
    ]
    assert [(item["transition"], item["alert"]["code"]) for item in found["alerts"]] == [("RAISED", "warm")]


async def test_a_rule_that_goes_takes_its_alert_along(plant: Plant) -> None:
    found = await _plan(plant, documents=[pump_type(plant, behaviors=[])])
    first = found["alerts"][0]
    assert (first["transition"], first["alert"]["clearReason"]) == ("CLEARED", "BehaviorRemoved")


async def test_what_changes_nothing_is_told_as_unchanged(plant: Plant) -> None:
    found = await _plan(plant, documents=[pump_type(plant)])
    assert found["unchanged"] == [{"id": "pump"}]
    assert (found["changes"], found["transitions"], found["alerts"]) == ([], [], [])


async def test_a_script_may_be_planned(plant: Plant) -> None:
    found = await _plan(plant, source="overlay Fans {\n  twins {\n    Pump fan;\n  }\n}\n")
    assert found["created"] == [{"id": "fans"}]


async def test_what_can_not_be_saved_is_refused_as_saving_it_would_be(plant: Plant) -> None:
    error = await refused(plant, PLAN, definitions={"documents": [pump_type(plant, extends="none")]})
    assert error["extensions"]["problems"][0]["code"] == "UNKNOWN_TWIN_TYPE"
    assert (await refused(plant, PLAN, definitions={"documents": []}))["extensions"]["code"] == "NOTHING_TO_REHEARSE"
