"""The lifecycle of overlays over GraphQL and REST: set with a reason, shown with its history, found by it."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant
from tests.api.rest.client import faults, refusal, send

SET = """mutation($to: OverlayState!, $reason: String!, $dry: Boolean! = false) {
  setOverlayLifecycle(input: {overlayId: "cellar", lifecycle: $to, reason: $reason, dryRun: $dry}) {
    result changes { where after }
    overlay { revision lifecycle { state by reason since history { state by reason revision } } } } }"""
ALL = """query($of: [OverlayState!]) {
  overlays(where: {lifecycle: $of}) { nodes { overlayId } } every: overlays { nodes { overlayId } }
  overlayType(typeId: "pumping") { overlays { nodes { overlayId } } } overlay(overlayId: "cellar") { overlayId } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    return plant


def ids(connection: Any) -> list[str]:
    return [node["overlayId"] for node in connection["nodes"]]


async def test_a_state_is_shown_with_who_brought_it_there_and_why(plant: Plant) -> None:
    found = (await ask(plant, SET, to="SUSPENDED", reason="rebuilt"))["setOverlayLifecycle"]
    assert found["result"] == "UPDATED"
    lifecycle = found["overlay"]["lifecycle"]
    assert (lifecycle["state"], lifecycle["reason"]) == ("SUSPENDED", "rebuilt")
    assert lifecycle["since"] is not None
    assert [(item["state"], item["revision"]) for item in lifecycle["history"]] == [("SUSPENDED", 2)]
    assert (await ask(plant, SET, to="SUSPENDED", reason="again"))["setOverlayLifecycle"]["result"] == "UNCHANGED"
    dry = (await ask(plant, SET, to="ACTIVE", reason="try", dry=True))["setOverlayLifecycle"]
    assert dry["changes"] == [{"where": "/lifecycle", "after": "active"}]
    error = await refused(plant, SET, to="DRAFT", reason="x")
    assert error["extensions"]["code"] == "TRANSITION_NOT_ALLOWED"
    assert "active or retired" in error["extensions"]["hint"]
    assert (await refused(plant, SET, to="RETIRED", reason=" "))["extensions"]["code"] == "REASON_REQUIRED"


async def test_behaviors_of_a_silent_overlay_say_why_they_do_not_run(plant: Plant) -> None:
    await ask(plant, SET, to="SUSPENDED", reason="rebuilt")
    plant.hear("pump_123", "status", "fault")
    answer = await ask(plant, """{ overlay(overlayId: "cellar") { behaviors { name state evidence error } } }""")
    [behavior] = answer["overlay"]["behaviors"]
    assert (behavior["state"], behavior["evidence"]) == ("INACTIVE", "UNKNOWN")
    assert behavior["error"].startswith("OVERLAY_SUSPENDED ")


async def test_states_of_many_overlays_are_asked_of_the_graph_at_once(plant: Plant) -> None:
    save = """mutation($d: JSON!) { saveOverlay(input: {document: $d}) { result } }"""
    for number in range(3):
        await ask(plant, save, d={"overlay_id": f"o{number}"})
    plant.store.statements.clear()
    answer = await ask(plant, "{ overlays { nodes { lifecycle { state since by history { at } } } } }")
    assert len(answer["overlays"]["nodes"]) == 4
    assert plant.store.statements == ["lifecycles"]


async def test_a_retired_overlay_is_found_only_when_asked_for(plant: Plant) -> None:
    answer = await ask(plant, ALL, of=["RETIRED"])
    assert (ids(answer["overlays"]), ids(answer["every"])) == ([], ["cellar"])
    await ask(plant, SET, to="RETIRED", reason="demolished")
    answer = await ask(plant, ALL, of=["RETIRED", "DRAFT"])
    assert (ids(answer["overlays"]), ids(answer["every"])) == (["cellar"], [])
    assert ids(answer["overlayType"]["overlays"]) == []
    assert answer["overlay"] == {"overlayId": "cellar"}
    listed = await send(plant, "GET", "/overlays", params={"lifecycle": "retired"})
    assert [item["overlay_id"] for item in listed.json()["items"]] == ["cellar"]
    assert (await send(plant, "GET", "/overlays")).json()["total_count"] == 0


async def test_over_rest_it_is_a_resource_of_its_own(plant: Plant) -> None:
    place, wanted = "/overlays/cellar/lifecycle", {"lifecycle": "suspended", "reason": "rebuilt"}
    answer = await send(plant, "PUT", place, json=wanted, headers={"X-Actor": "ann", "If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    found = answer.json()
    assert (found["lifecycle"], found["by"], found["reason"]) == ("suspended", "ann", "rebuilt")
    assert [item["lifecycle"] for item in found["history"]] == ["suspended"]
    assert (await send(plant, "GET", place)).json() == found
    assert (await send(plant, "GET", "/overlays/cellar")).json()["lifecycle"] == "suspended"
    assert refusal(await send(plant, "PUT", place, json={**wanted, "lifecycle": "draft"})) == (
        409,
        "TRANSITION_NOT_ALLOWED",
    )
    bad = await send(plant, "PUT", place, json={"lifecycle": "suspendd", "reason": ""})
    assert faults(bad) == [("NOT_ALLOWED", "/lifecycle"), ("REASON_REQUIRED", "/reason")]
    assert faults(await send(plant, "PUT", place, json={"lifecycel": "draft"}))[0] == ("UNKNOWN_FIELD", "/lifecycel")
    stale = await send(plant, "PUT", place, json={**wanted, "lifecycle": "active"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert refusal(await send(plant, "GET", "/overlays/celar/lifecycle")) == (404, "OVERLAY_NOT_FOUND")
