"""`impact` and `causes` on a live plant: real engine, real behaviors and alerts, over HTTP."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant
from tests.api.pump_house import DOCUMENTS

IMPACT = """query($input: ImpactInput!) { impact(input: $input) { sequence notRehearsed
  summary { lost degraded disconnected changed beyond alreadyLost alreadyDegraded overlaysLost overlaysDegraded
    behaviorsBlind behaviorsDisarmed interlocksBlind alerts }
  twins { totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor }
    nodes { twinId state named depth reason requiredRoles troubles twin { twinId }
      path { fromTwinId toTwinId name relationshipType group }
      groups { group died width lost lostCount remaining { twinId troubles twin { twinId } } remainingCount } } }
  overlays { overlayId state overlay { overlayId }
    roles { role required died lostTwinIds lostOverlayIds remaining } }
  behaviors { ownerId name severity blind whollyBlind reads { twinId property } readsCount disarmed actsOn
    behavior { state } }
  interlocks { ownerId name whollyBlind reads { twinId property } guards }
  alertsThatWouldFollow { transition alert { code ownerId severity } }
  rehearsal { twins transitions { ownerId behavior evidence } } } }"""
CAUSES = """query($input: CausesInput!) { causes(input: $input) { sequence text twinIds upstream alerts totalCount
  causes { twinId depth path { fromTwinId toTwinId name group } alerts { message } troubles explains explainedAlertIds
    effect twin { twinId } } } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.save(*DOCUMENTS)
    plant.start()
    for twin_id in ("p1", "p2", "gauge_1"):
        plant.reach(twin_id)
    for twin_id in ("p1", "p2"):
        plant.hear(twin_id, "flow", 10.0)
        plant.hear(twin_id, "heat", 20.0)
    plant.hear("gauge_1", "level", 3.0)
    return plant


async def impact(plant: Plant, change: dict[str, Any], **more: Any) -> Any:
    return (await ask(plant, IMPACT, input={"change": change, **more}))["impact"]


async def causes(plant: Plant, of: dict[str, Any], **more: Any) -> Any:
    return (await ask(plant, CAUSES, input={"of": of, **more}))["causes"]


def states(found: Any) -> list[tuple[str, str, int]]:
    return [(item["twinId"], item["state"], item["depth"]) for item in found["twins"]["nodes"]]


async def test_the_failure_of_one_of_two_pumps_degrades_the_header_and_stops_there(plant: Plant) -> None:
    found = await impact(plant, {"failure": ["p1"]})
    assert states(found) == [("p1", "LOST", 0), ("header", "DEGRADED", 1)]
    pump, header = found["twins"]["nodes"]
    assert (pump["named"], pump["reason"], pump["requiredRoles"], pump["path"]) == (True, "it fails", 1, [])
    assert header["reason"] == "1 of 2 left in 'physical_connection'"
    assert header["path"] == [
        {"fromTwinId": "p1", "toTwinId": "header", "name": "lifts", "relationshipType": "physical_connection",
         "group": "physical_connection"}
    ]  # fmt: skip
    assert header["groups"] == [
        {"group": "physical_connection", "died": False, "width": 2, "lost": ["p1"], "lostCount": 1,
         "remaining": [{"twinId": "p2", "troubles": [], "twin": {"twinId": "p2"}}], "remainingCount": 1}
    ]  # fmt: skip
    assert found["sequence"] == plant.engine.live.sequence


async def test_what_one_source_feeds_is_lost_with_it_along_every_group(plant: Plant) -> None:
    found = await impact(plant, {"failure": ["panel"]})
    assert states(found) == [
        ("p1", "LOST", 1), ("panel", "LOST", 0), ("p2", "LOST", 1), ("plc", "LOST", 1), ("header", "LOST", 2),
        ("j1", "LOST", 3), ("j2", "LOST", 4),
    ]  # fmt: skip
    by_id = {item["twinId"]: item for item in found["twins"]["nodes"]}
    assert by_id["p1"]["reason"] == "none of 1 is left in 'control'; none of 1 is left in 'power'"
    assert [(hop["fromTwinId"], hop["name"], hop["group"]) for hop in by_id["j2"]["path"]] == [
        ("panel", "feeds_1", "power"), ("p1", "lifts", "physical_connection"),
        ("header", "main", "physical_connection"), ("j1", "street", "pipe"),
    ]  # fmt: skip
    assert found["summary"]["lost"] == 7
    assert found["summary"]["degraded"] == 0


async def test_overlays_are_lost_by_their_required_roles_and_those_around_them_too(plant: Plant) -> None:
    found = await impact(plant, {"maintenance": ["p1"]})
    assert found["twins"]["nodes"][0]["reason"] == "it is taken out"
    assert found["overlays"] == [
        {"overlayId": "house", "state": "LOST", "overlay": {"overlayId": "house"}, "roles": [
            {"role": "duty", "required": True, "died": True, "lostTwinIds": ["p1"], "lostOverlayIds": [],
             "remaining": 0}]},
        {"overlayId": "village", "state": "LOST", "overlay": {"overlayId": "village"}, "roles": [
            {"role": "water", "required": True, "died": True, "lostTwinIds": [], "lostOverlayIds": ["house"],
             "remaining": 0}]},
    ]  # fmt: skip
    spare = await impact(plant, {"maintenance": ["p2"]})
    assert [(item["overlayId"], item["state"]) for item in spare["overlays"]] == [("house", "DEGRADED")]
    assert (spare["summary"]["overlaysLost"], spare["summary"]["overlaysDegraded"]) == (0, 1)


async def test_behaviors_go_blind_and_are_disarmed_and_interlocks_go_blind(plant: Plant) -> None:
    found = await impact(plant, {"failure": ["p1", "p2"]})
    assert [
        (item["ownerId"], item["name"], item["severity"], item["blind"], item["whollyBlind"], item["actsOn"])
        for item in found["behaviors"]
    ] == [
        ("house", "dry", "CRITICAL", False, False, ["p1"]),
        ("house", "weak", "ERROR", True, True, []),
        ("p1", "hot", "WARNING", True, True, []),
        ("p2", "hot", "WARNING", True, True, []),
    ]
    assert found["behaviors"][1]["reads"] == [
        {"twinId": "p1", "property": "flow"}, {"twinId": "p2", "property": "flow"}
    ]  # fmt: skip
    assert found["interlocks"] == [
        {"ownerId": "house", "name": "no_stop", "whollyBlind": True,
         "reads": [{"twinId": "p2", "property": "heat"}], "guards": ["p1"]}
    ]  # fmt: skip
    counted = found["summary"]
    assert (counted["behaviorsBlind"], counted["behaviorsDisarmed"], counted["interlocksBlind"]) == (3, 1, 1)
    assert {(item["ownerId"], item["evidence"]) for item in found["rehearsal"]["transitions"]} == {
        ("house", "UNKNOWN"), ("p1", "UNKNOWN"), ("p2", "UNKNOWN")
    }  # fmt: skip


async def test_a_disconnected_twin_runs_on_and_only_its_readings_and_calls_are_gone(plant: Plant) -> None:
    found = await impact(plant, {"disconnected": ["gauge_1"]})
    assert states(found) == [("gauge_1", "DISCONNECTED", 0)]
    assert (found["overlays"], found["summary"]["lost"]) == ([], 0)
    assert [(item["name"], item["blind"], item["disarmed"]) for item in found["behaviors"]] == [("dry", True, False)]
    pump = await impact(plant, {"disconnected": ["p1"]})
    assert [(item["name"], item["blind"], item["whollyBlind"], item["disarmed"]) for item in pump["behaviors"]] == [
        ("dry", False, False, True), ("weak", True, False, False), ("hot", True, True, False)
    ]  # fmt: skip


async def test_changed_values_are_rehearsed_and_nothing_happens(plant: Plant) -> None:
    before = plant.engine.state_digest()
    found = await impact(plant, {"properties": [{"twinId": "gauge_1", "property": "level", "value": 0.5}]})
    assert [(item["transition"], item["alert"]["ownerId"], item["alert"]["severity"]) for item in
            found["alertsThatWouldFollow"]] == [("RAISED", "house", "CRITICAL")]  # fmt: skip
    assert states(found) == [("gauge_1", "CHANGED", 0), ("p1", "CHANGED", 1)]
    assert [item["reason"] for item in found["twins"]["nodes"]] == ["its values change", "stop of it would be called"]
    assert found["summary"]["alerts"] == 1
    assert plant.engine.state_digest() == before
    assert plant.devices.sent == []


async def test_those_that_are_gone_already_keep_nobody_alive(plant: Plant) -> None:
    found = await impact(plant, {"failure": ["p1"]}, without=["p2"])
    assert states(found) == [("p1", "LOST", 0), ("header", "LOST", 1), ("j1", "LOST", 2), ("j2", "LOST", 3)]
    assert (found["summary"]["alreadyLost"], found["summary"]["alreadyDegraded"]) == (1, 1)
    header = found["twins"]["nodes"][1]
    assert header["troubles"] == ["DEGRADED"]
    assert (header["groups"][0]["width"], header["groups"][0]["lost"]) == (1, ["p1"])


async def test_a_role_that_is_filled_by_somebody_gone_already_or_too_far_away_is_lost(plant: Plant) -> None:
    plant.save(
        ("overlay_type", {"type_id": "pair", "twin_roles": [
            {"role": "pumps", "twin_type": "house_pump", "many": True, "required": True}]}),
        ("overlay", {"overlay_id": "pair_1", "overlay_type": "pair", "twins": [
            {"twin_id": "p1", "role": "pumps"}, {"twin_id": "p2", "role": "pumps"}]}),
        ("overlay_type", {"type_id": "pairs", "twin_roles": [
            {"role": "of", "overlay_type": "pair", "many": True, "required": True}]}),
        ("overlay", {"overlay_id": "pair_2", "overlay_type": "pair", "twins": [{"twin_id": "p2", "role": "pumps"}]}),
        ("overlay", {"overlay_id": "all", "overlay_type": "pairs", "twins": [
            {"overlay_id": "pair_1", "role": "of"}, {"overlay_id": "pair_2", "role": "of"}]}),
    )  # fmt: skip
    found = await impact(plant, {"failure": ["p1"]}, without=["p2"])
    overlays = {item["overlayId"]: (item["state"], item["roles"]) for item in found["overlays"]}
    assert overlays["pair_1"] == ("LOST", [
        {"role": "pumps", "required": True, "died": True, "lostTwinIds": ["p1"], "lostOverlayIds": [], "remaining": 0}
    ])  # fmt: skip
    assert overlays["all"] == ("LOST", [
        {"role": "of", "required": True, "died": True, "lostTwinIds": [], "lostOverlayIds": ["pair_1"], "remaining": 0}
    ])  # fmt: skip
    assert "pair_2" not in overlays
    assert found["twins"]["nodes"][0]["requiredRoles"] == 2
    near = await impact(plant, {"failure": ["plc", "well"]}, maxDepth=1)
    assert {item["overlayId"]: item["state"] for item in near["overlays"]}["pair_1"] == "LOST"


async def test_a_behavior_is_wholly_blind_where_the_rest_of_what_it_reads_is_gone_already(plant: Plant) -> None:
    found = await impact(plant, {"failure": ["p1"]}, without=["p2"])
    weak = next(item for item in found["behaviors"] if item["name"] == "weak")
    assert (weak["whollyBlind"], weak["reads"]) == (True, [{"twinId": "p1", "property": "flow"}])
    cut = await impact(plant, {"disconnected": ["p1"]}, without=["p2"])
    assert next(item for item in cut["behaviors"] if item["name"] == "weak")["whollyBlind"]


async def test_what_a_disconnected_twin_computes_of_what_nobody_feeds_is_not_gone(plant: Plant) -> None:
    plant.save(
        ("twin", {"twin_id": "p3", "twin_type": "part",
            "connectivity": {"protocol": "opc-ua", "endpoint": "opc.tcp://127.0.0.1:4840",
                             "mapping": {"properties": {"flow": {"node_id": "ns=2;s=p3.flow"}}}},
            "properties": [
                {"name": "flow", "data_type": "float"},
                {"name": "goal", "data_type": "float", "access": "read-write"},
                {"name": "twice", "data_type": "float", "computed": "goal * 2"},
                {"name": "off", "data_type": "float", "computed": "twice - flow"},
                {"name": "far_off", "data_type": "float", "computed": "off * 10"}],
            "behaviors": [
                {"name": "asked", "conditions": ["twice > 3"], "actions": [
                    {"type": "alert", "severity": "info", "message": "Asked"}]},
                {"name": "astray", "conditions": ["far_off > 3"], "actions": [
                    {"type": "alert", "severity": "info", "message": "Astray"}]}]}),
    )  # fmt: skip
    found = await impact(plant, {"disconnected": ["p3"]})
    assert [(item["name"], item["blind"]) for item in found["behaviors"]] == [("astray", True)]


async def test_how_a_twin_stands_now_is_told_of_it_and_of_what_is_left(plant: Plant) -> None:
    plant.reach("p2", alive=False, reason="no answer")
    plant.hear("p1", "heat", 95.0)
    found = await impact(plant, {"failure": ["p1"]})
    pump, header = found["twins"]["nodes"]
    assert pump["troubles"] == ["ALERTING"]
    assert header["groups"][0]["remaining"][0]["troubles"] == ["DISCONNECTED", "UNKNOWN"]


async def test_only_what_is_near_is_told_of_and_the_rest_is_counted(plant: Plant) -> None:
    found = await impact(plant, {"failure": ["panel"]}, maxDepth=1)
    assert {twin_id for twin_id, _, _ in states(found)} == {"panel", "p1", "p2", "plc"}
    assert found["summary"]["beyond"] == 3
    assert found["summary"]["lost"] == 4


async def test_pages_follow_the_order_of_severity_without_gap_or_repeat(plant: Plant) -> None:
    whole = await impact(plant, {"failure": ["p1", "plc"]})
    seen: list[str] = []
    after, more = None, True
    while more:
        found = await impact(plant, {"failure": ["p1", "plc"]}, first=1, after=after)
        seen += [item["twinId"] for item in found["twins"]["nodes"]]
        assert found["twins"]["totalCount"] == len(whole["twins"]["nodes"])
        assert found["twins"]["pageInfo"]["hasPreviousPage"] is (after is not None)
        after, more = found["twins"]["pageInfo"]["endCursor"], found["twins"]["pageInfo"]["hasNextPage"]
    assert seen == [item["twinId"] for item in whole["twins"]["nodes"]]


async def test_a_new_relationship_counts_from_the_next_question_on(plant: Plant) -> None:
    assert len(states(await impact(plant, {"failure": ["well"]}))) == 6
    spare = {"twin_id": "spring", "twin_type": "part", "relationships": [
        {"name": "gravity", "target_twin_id": "header", "relationship_type": "physical_connection"}]}  # fmt: skip
    save = "mutation($twin: JSON!) { saveTwin(input: {document: $twin}) { twin { twinId } } }"
    await ask(plant, save, twin=spare)
    assert states(await impact(plant, {"failure": ["well"]}))[-1] == ("header", "DEGRADED", 2)


async def test_every_problem_of_a_question_is_told_at_once(plant: Plant) -> None:
    asked = {"change": {"failure": ["p11", "p1"]}, "without": ["nobody_at_all"], "maxDepth": -1, "wait": -2.0}
    error = await refused(plant, IMPACT, input=asked)
    assert error["extensions"]["code"] == "IMPACT_INVALID"
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [
        ("TWIN_NOT_FOUND", "/change/failure/0"),
        ("TWIN_NOT_FOUND", "/without/0"),
        ("DEPTH_INVALID", "/maxDepth"),
        ("WAIT_INVALID", "/wait"),
    ]
    assert error["extensions"]["hint"].startswith("did you mean 'p")
    for wait in (1.7e308, -1.7e308):
        error = await refused(plant, IMPACT, input={"change": {"failure": ["p1"]}, "wait": wait})
        assert [item["code"] for item in error["extensions"]["problems"]] == ["WAIT_INVALID"]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"failure": []}, "NOTHING_CHANGES", "/change/failure"),
        ({"properties": []}, "NOTHING_CHANGES", "/change/properties"),
        ({"maintenance": ["p1"] * 1001}, "TOO_MANY_TWINS", "/change/maintenance"),
        ({"disconnected": ["well"]}, "TWIN_NOT_CONNECTED", "/change/disconnected/0"),
        ({"properties": [{"twinId": "p3", "property": "heat", "value": 1}]}, "TWIN_NOT_FOUND",
         "/change/properties/0/twin_id"),
        ({"properties": [{"twinId": "p1", "property": "haet", "value": 1}]}, "PROPERTY_NOT_FOUND",
         "/change/properties/0/property"),
        ({"properties": [{"twinId": "p1", "property": "heat", "value": "hot"}]}, "VALUE_INVALID",
         "/change/properties/0/value"),
    ],
)  # fmt: skip
async def test_a_change_that_cannot_be(plant: Plant, change: Any, code: str, path: str) -> None:
    error = await refused(plant, IMPACT, input={"change": change})
    assert error["extensions"]["code"] == "IMPACT_INVALID"
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [(code, path)]


async def test_one_change_a_question_and_a_cursor_of_its_own(plant: Plant) -> None:
    both = await refused(plant, IMPACT, input={"change": {"failure": ["p1"], "disconnected": ["p2"]}})
    assert "exactly one" in both["message"]
    foreign = await refused(plant, IMPACT, input={"change": {"failure": ["p1"]}, "after": "YXQ6cDE="})
    assert foreign["extensions"]["code"] == "CURSOR_INVALID"
    few = "query($input: ImpactInput!) { impact(input: $input) { twins { totalCount } } }"
    large = await refused(plant, few, input={"change": {"failure": ["p1"]}, "first": 1001})
    assert large["extensions"]["code"] == "PAGE_SIZE_INVALID"


# ---------------------------------------------------------------- causes


async def test_an_alert_leads_upstream_to_what_explains_most(plant: Plant) -> None:
    """Both pumps are hot and the station is weak; the first pump is silent besides."""
    plant.hear("p1", "heat", 95.0)
    plant.hear("p2", "heat", 95.0)
    plant.reach("p1", alive=False)
    found = await causes(plant, {"twinId": "j2"})
    assert [(item["twinId"], item["depth"], item["explains"], item["effect"]) for item in found["causes"]] == [
        ("p1", 3, 1, "NONE"), ("p2", 3, 1, "NONE")
    ]  # fmt: skip
    first = found["causes"][0]
    assert first["troubles"] == ["DISCONNECTED", "UNKNOWN", "ALERTING"]
    assert [(hop["fromTwinId"], hop["name"]) for hop in first["path"]] == [
        ("p1", "lifts"), ("header", "main"), ("j1", "street")
    ]  # fmt: skip
    assert (found["upstream"], found["alerts"], found["totalCount"]) == (7, 2, 2)
    assert found["text"] == (
        "2 of the 7 twins upstream of 'j2' and itself are in trouble: likeliest 'p1', "
        "which explains 1 of 2 active alerts"
    )


async def test_twins_known_to_be_gone_are_causes_and_so_is_what_they_cost(plant: Plant) -> None:
    plant.hear("p1", "heat", 95.0)
    alert = next(iter(plant.engine.live.alerts.values()))
    found = await causes(plant, {"alertId": alert.alert_id}, without=["panel"])
    assert [(item["twinId"], item["depth"], item["explains"], item["effect"]) for item in found["causes"]] == [
        ("panel", 1, 1, "LOST"), ("plc", 1, 1, "LOST"), ("p1", 0, 1, "NONE")
    ]  # fmt: skip
    assert found["causes"][0]["troubles"][0] == "LOST"
    assert found["causes"][0]["explainedAlertIds"] == [alert.alert_id]


@pytest.mark.parametrize("groups", [("air", "steam"), ("steam", "air")])
async def test_a_cause_in_several_groups_is_told_of_by_the_first_by_name(plant: Plant, groups: tuple[str, str]) -> None:
    edges = [
        {"name": group, "target_twin_id": "mill", "relationship_type": "physical_connection", "group": group}
        for group in groups
    ]
    plant.save(
        ("twin", {"twin_id": "mill", "twin_type": "part"}),
        ("twin", {"twin_id": "boiler", "twin_type": "part", "relationships": edges}),
    )
    found = (await causes(plant, {"twinId": "mill"}, without=["boiler"]))["causes"]
    cause = next(cause for cause in found if cause["twinId"] == "boiler")
    assert cause["path"] == [{"fromTwinId": "boiler", "toTwinId": "mill", "name": "air", "group": "air"}]


async def test_that_nothing_is_found_is_said(plant: Plant) -> None:
    found = await causes(plant, {"twinId": "j2"})
    assert (found["causes"], found["totalCount"]) == ([], 0)
    assert found["text"] == ("nothing upstream of 'j2' has an active alert, is disconnected or lost: 7 twins looked at")
    assert (await causes(plant, {"twinId": "j2"}, maxDepth=1))["upstream"] == 1


async def test_a_search_for_causes_that_cannot_be(plant: Plant) -> None:
    error = await refused(plant, CAUSES, input={"of": {"twinId": "j22"}, "maxDepth": -1})
    assert error["extensions"]["code"] == "CAUSES_INVALID"
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [
        ("TWIN_NOT_FOUND", "/of/twinId"), ("DEPTH_INVALID", "/maxDepth")
    ]  # fmt: skip
    gone = await refused(plant, CAUSES, input={"of": {"alertId": "a-1"}})
    assert gone["extensions"]["code"] == "ALERT_NOT_OPEN"
