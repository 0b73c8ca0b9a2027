"""Trials over REST, on the real engine: they tell what GraphQL tells, and do nothing."""

import pytest

from app.model import listed
from tests.api.parts import services
from tests.api.plant import Plant
from tests.api.rest.client import faults, refusal, send
from tests.api.test_rehearse_definitions import RecentPast


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.past = RecentPast(plant.store.journal)
    plant.services = services(plant, plant.engine.live, plant.line, plant.engine)
    plant.start()
    for value in (20.0, 85.0, 20.0):
        plant.hear("pump_123", "temperature", value)
    return plant


def hotter(**changes: object) -> dict[str, object]:
    return {"kind": "twin_type", "document": {"type_id": "fan", **changes}}


async def test_what_would_follow_is_told_and_nothing_of_it_happens(plant: Plant) -> None:
    before = plant.engine.live.sequence
    steps = [
        {"set": [{"twin_id": "pump_123", "property": "temperature", "value": 95.0}]},
        {"disconnect": ["pump_123"], "wait": 1.5},
    ]
    answer = await send(plant, "POST", "/rehearse", json={"steps": steps, "answers": "refuse"})
    found = answer.json()
    turned = [(item["step"], item["behavior"], item["state"], item["evidence"]) for item in found["transitions"]]
    assert turned == [(0, "hot", "active", "true"), (1, "hot", "active", "unknown")]
    assert "is 95.0 celsius" in found["transitions"][0]["explanation"]["text"]
    assert found["alerts"][0]["transition"] == "raised"
    assert found["calls"] == []
    assert found["totals"]["transitions"] == 2
    assert found["truncated"] is False
    assert plant.engine.live.sequence == before
    assert not plant.devices.sent


async def test_a_call_that_would_follow_has_the_form_of_a_real_one(plant: Plant) -> None:
    stopper = {
        "name": "stopper",
        "conditions": ["temperature > 94"],
        "actions": [{"type": "method_call", "method": "stop"}],
    }
    assert (await send(plant, "PATCH", "/twins/pump_123", json={"behaviors": [stopper]})).status_code == 200
    plant.hear("pump_123", "temperature", 20.0)
    step = {"set": [{"twin_id": "pump_123", "property": "temperature", "value": 95.0}]}
    found = (await send(plant, "POST", "/rehearse", json={"steps": [step], "answers": "refuse"})).json()
    last = found["calls"][-1]["call"]
    assert (last["twin_id"], last["method"], last["status"]) == ("pump_123", "stop", "refused")
    assert not plant.devices.sent


async def test_every_fault_of_a_body_is_told_with_its_place(plant: Plant) -> None:
    steps = [
        {"set": [{"twin_id": 3, "value": 1}, {"twin_id": "p", "property": "x", "quality": "god"}], "wiat": 1},
        {"disconnect": "pump_123", "connect": [1], "wait": "soon"},
        7,
    ]
    answer = await send(plant, "POST", "/rehearse", json={"steps": steps, "answers": "yes", "more": 1})
    assert answer.status_code == 422
    assert sorted(faults(answer)) == [
        ("MISSING_FIELD", "/steps/0/set/0"),
        ("NOT_ALLOWED", "/answers"),
        ("NOT_ALLOWED", "/steps/0/set/1/quality"),
        ("UNKNOWN_FIELD", "/more"),
        ("UNKNOWN_FIELD", "/steps/0/wiat"),
        ("WRONG_TYPE", "/steps/0/set/0/twin_id"),
        ("WRONG_TYPE", "/steps/1/connect/0"),
        ("WRONG_TYPE", "/steps/1/disconnect"),
        ("WRONG_TYPE", "/steps/1/wait"),
        ("WRONG_TYPE", "/steps/2"),
    ]
    answer = await send(plant, "POST", "/rehearse", json={"steps": [{"connect": ["pump_1"]}]})
    assert (*refusal(answer), *faults(answer)) == (422, "REHEARSAL_INVALID", ("TWIN_NOT_FOUND", "/steps/0/connect/0"))
    for wait in (1e300, 1.7e308, -1, 10**400):
        answer = await send(plant, "POST", "/rehearse", json={"steps": [{"wait": wait}]})
        assert answer.status_code == 422


async def test_what_saving_would_do_is_told_and_not_done(plant: Plant) -> None:
    body = {"documents": [hotter(name="A fan"), {"kind": "twin", "document": {"twin_id": "f1", "twin_type": "fan"}}]}
    found = (await send(plant, "POST", "/plan", json=body)).json()
    assert found["created"] == [{"kind": "twin_type", "id": "fan"}, {"kind": "twin", "id": "f1"}]
    assert found["totals"]["twins"] == len(found["twins"])
    assert plant.catalogue.twin("f1") is None
    script = (await send(plant, "POST", "/plan", json={"source": "define\n  twin Fan { }\nend"})).json()
    assert script.get("code", "").startswith("DTSL") or script["created"]


async def test_a_fault_of_a_document_is_told_where_it_stands_in_the_body(plant: Plant) -> None:
    one = await send(plant, "POST", "/plan", json={"documents": [hotter(nmae="x")]})
    assert faults(one) == [("UNKNOWN_FIELD", "/documents/0/document/nmae")]
    two = await send(plant, "POST", "/plan", json={"documents": [hotter(), {**hotter(nmae="x"), "kind": "twin_type"}]})
    assert faults(two) == [("UNKNOWN_FIELD", "/documents/1/document/nmae")]
    wrong = {"documents": [{"kind": "twn", "document": {}}, {"kind": "twin", "document": []}, {"document": {}}]}
    assert sorted(faults(await send(plant, "POST", "/plan", json=wrong))) == [
        ("MISSING_FIELD", "/documents/2"),
        ("NOT_ALLOWED", "/documents/0/kind"),
        ("WRONG_TYPE", "/documents/1/document"),
    ]
    bodies: list[dict[str, object]] = [{}, {"documents": []}, {"documents": [hotter()], "source": "define end"}]
    for nothing in bodies:
        assert refusal(await send(plant, "POST", "/plan", json=nothing)) == (422, "NOTHING_TO_REHEARSE")


async def test_changed_definitions_are_run_beside_the_running_ones(plant: Plant) -> None:
    document = (await send(plant, "GET", "/twin-types/pump")).json()
    changed = document | {"behaviors": [{**document["behaviors"][0], "conditions": ["temperature >= 90.0"]}]}
    body = {"documents": [{"kind": "twin_type", "document": changed}], "hours": 2}
    found = (await send(plant, "POST", "/rehearse/definitions", json=body)).json()
    activation = next(row for row in found["differences"] if row["fact"] == "activation")
    assert (activation["owner_id"], activation["behavior"]) == ("pump_123", "hot")
    assert (activation["before"], activation["after"], len(activation["gone"])) == (1, 0, 1)
    assert found["totals"]["differences"] == len(found["differences"])
    for hours, code in ((0, "HOURS_INVALID"), ("day", "DOCUMENT_INVALID")):
        refused = await send(plant, "POST", "/rehearse/definitions", json={**body, "hours": hours})
        assert refusal(refused) == (422, code)


def test_what_is_left_out_of_a_list_is_counted() -> None:
    many = listed.listed(range(5), 3)
    assert (list(many.items), many.total, many.truncated) == ([0, 1, 2], 5, True)
    assert not listed.listed(range(3), 3).truncated
