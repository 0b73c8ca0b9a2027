"""Every edge of the graph is a field in both directions, on the real engine: what is on one end leads to the other."""

from typing import Any

import pytest

from app.model.plan import BehaviorKey, OwnerKey
from tests.api.client import ask, refused
from tests.api.parts import a_call, an_alert
from tests.api.plant import Plant

TYPES: list[Any] = [
    (
        "twin_type",
        {
            "type_id": "meter",
            "kind": "sensor",
            "properties": [{"name": "flow", "data_type": "float"}],
        },
    ),
    (
        "overlay_type",
        {
            "type_id": "line",
            "twin_roles": [{"role": "meter", "twin_type": "meter"}, {"role": "pump", "twin_type": "pump"}],
            "relationship_types": [{"name": "watches", "source_role": "meter", "target_role": "pump"}],
            "behaviors": [
                {
                    "name": "dry",
                    "conditions": ["meter.flow < 1.0"],
                    "actions": [
                        {"type": "alert", "severity": "error", "message": "Runs dry", "code": "dry"},
                        {"type": "method_call", "role": "pump", "method": "stop"},
                        {"type": "property_write", "role": "pump", "property": "speed", "value": 0.0},
                    ],
                }
            ],
            "interlocks": [{"name": "empty", "role": "pump", "method": "stop", "while": "meter.flow > 100.0"}],
        },
    ),
    ("twin", {"twin_id": "meter_1", "twin_type": "meter"}),
    (
        "overlay",
        {
            "overlay_id": "line_1",
            "overlay_type": "line",
            "twins": [{"role": "meter", "twin_id": "meter_1"}, {"role": "pump", "twin_id": "pump_124"}],
        },
    ),
    ("overlay", {"overlay_id": "site", "twins": [{"role": "first", "overlay_id": "line_1"}]}),
]
DRY = BehaviorKey(OwnerKey("overlay", "line_1"), "dry")


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.save(*TYPES)
    plant.start()
    plant.report("meter_1", "flow", 0.5)
    return plant


async def test_a_property_leads_to_who_reads_it_and_back(plant: Plant) -> None:
    query = """{ twin(twinId: "meter_1") {
      property(name: "flow") {
        readers { totalCount nodes { name ownerId reads { nodes { name twin { twinId } } } } }
        guards { nodes { interlock truth twin { twinId } owner { id ... on Overlay { overlayId } } } } }
      readers { nodes { name } } } }"""
    found = (await ask(plant, query))["twin"]
    reads = {"nodes": [{"name": "flow", "twin": {"twinId": "meter_1"}}]}
    assert found["property"]["readers"] == {
        "totalCount": 1, "nodes": [{"name": "dry", "ownerId": "line_1", "reads": reads}]
    }  # fmt: skip
    [guard] = found["property"]["guards"]["nodes"]
    assert (guard["interlock"], guard["twin"], guard["owner"]["overlayId"]) == (
        "empty",
        {"twinId": "pump_124"},
        "line_1",
    )
    assert found["readers"]["nodes"] == [{"name": "dry"}]


async def test_a_twin_leads_to_who_acts_on_it_and_back(plant: Plant) -> None:
    query = """{ twin(twinId: "pump_124") { actors { nodes { name owner { ... on Overlay { overlayId } }
      actsOn { nodes { method property event twin { twinId } } } } } } }"""
    [dry] = (await ask(plant, query))["twin"]["actors"]["nodes"]
    assert (dry["name"], dry["owner"]) == ("dry", {"overlayId": "line_1"})
    twin = {"twinId": "pump_124"}
    assert dry["actsOn"]["nodes"] == [
        {"method": None, "property": "speed", "event": None, "twin": twin},
        {"method": "stop", "property": None, "event": None, "twin": twin},
    ]


async def test_a_draft_reads_and_acts_on_paper_too(plant: Plant) -> None:
    plant.save(("overlay", TYPES[3][1] | {"lifecycle": "suspended"}))
    query = """{ twin(twinId: "pump_124") { actors { nodes { name error } } relationships(direction: INCOMING) {
      totalCount nodes { name relationshipType impact owner { ... on Overlay { overlayId } } } } } }"""
    found = (await ask(plant, query))["twin"]
    assert [item["name"] for item in found["actors"]["nodes"]] == ["dry"]
    edge = {
        "name": "watches",
        "relationshipType": "monitoring",
        "impact": "NONE",
        "owner": {"overlayId": "line_1"},
    }
    assert found["relationships"] == {"totalCount": 1, "nodes": [edge]}


async def test_edges_are_filtered_and_paged_both_ways_and_found_again_by_their_id(plant: Plant) -> None:
    query = """query($d: TraversalDirection!, $t: [String!], $n: [String!], $first: Int, $after: String, $last: Int) {
      twin(twinId: "pump_123") {
        relationships(direction: $d, relationshipTypes: $t, names: $n, first: $first, after: $after, last: $last) {
          totalCount nodes { id name sourceTwinId targetTwinId } pageInfo { hasNextPage endCursor } } } }"""

    async def edges(**arguments: Any) -> Any:
        return (await ask(plant, query, **{"d": "BOTH", **arguments}))["twin"]["relationships"]

    assert [item["name"] for item in (await edges())["nodes"]] == ["drive", "out", "outlet"]
    assert [item["name"] for item in (await edges(d="INCOMING"))["nodes"]] == ["drive"]
    assert [item["name"] for item in (await edges(d="OUTGOING", t=["physical_connection"], n=["out"]))["nodes"]] == [
        "out"
    ]
    page = await edges(first=2)
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    assert [item["name"] for item in (await edges(after=page["pageInfo"]["endCursor"]))["nodes"]] == ["outlet"]
    assert [item["name"] for item in (await edges(last=1))["nodes"]] == ["outlet"]
    again = await ask(
        plant,
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Relationship { name source { twinId } type { inverse } } } }",
        ids=[item["id"] for item in page["nodes"]],
    )
    assert again["nodes"] == [
        {"name": "drive", "source": None, "type": {"inverse": "controlled_by"}},
        {"name": "out", "source": {"twinId": "pump_123"}, "type": {"inverse": "connected_from"}},
    ]
    wrong = await refused(plant, query, d="BOTH", t=["contrl"])
    assert wrong["extensions"]["code"] == "UNKNOWN_RELATIONSHIP_TYPE"
    elsewhere = await refused(plant, query, d="INCOMING", after=page["pageInfo"]["endCursor"])
    assert elsewhere["extensions"]["code"] == "CURSOR_FOREIGN"


async def test_a_relationship_type_leads_to_its_edges(plant: Plant) -> None:
    query = """query($first: Int, $after: String, $last: Int, $before: String) {
      relationshipType(relationshipType: "physical_connection") {
        relationships(first: $first, after: $after, last: $last, before: $before) {
          totalCount nodes { name sourceTwinId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""

    async def edges(**arguments: Any) -> Any:
        return (await ask(plant, query, **arguments))["relationshipType"]["relationships"]

    every = await edges()
    assert [(item["sourceTwinId"], item["name"]) for item in every["nodes"]] == [
        ("pump_123", "out"), ("pump_123", "outlet"),
    ]  # fmt: skip
    first = await edges(first=1)
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    rest = await edges(after=first["pageInfo"]["endCursor"])
    assert [item["name"] for item in rest["nodes"]] == ["outlet"]
    assert rest["pageInfo"]["hasPreviousPage"] is True
    back = await edges(last=5, before=rest["pageInfo"]["startCursor"])
    assert [item["name"] for item in back["nodes"]] == ["out"]
    assert (back["pageInfo"]["hasNextPage"], back["pageInfo"]["hasPreviousPage"]) == (True, False)


async def test_an_overlay_leads_to_its_members_at_any_depth_and_they_lead_back(plant: Plant) -> None:
    query = """{ overlay(overlayId: "site") {
      own: members { nodes { role depth twinId overlay { overlayId } } }
      every: members(nested: true) { nodes { path depth twin { twinId memberships { nodes { role overlayId } } }
                                             overlayId within { overlayId } } }
      meters: members(nested: true, roles: ["meter"]) { nodes { twinId } } }
      overlay_1: overlay(overlayId: "line_1") { memberships { nodes { role overlay { overlayId } } } } }"""
    found = await ask(plant, query)
    line = {"role": "first", "depth": 1, "twinId": None, "overlay": {"overlayId": "line_1"}}
    assert found["overlay"]["own"]["nodes"] == [line]
    every = found["overlay"]["every"]["nodes"]
    assert [(item["path"], item["depth"], item["within"]["overlayId"]) for item in every] == [
        (["first", "meter"], 2, "line_1"),
        (["first"], 1, "site"),
        (["first", "pump"], 2, "line_1"),
    ]
    assert every[0]["twin"]["memberships"]["nodes"] == [{"role": "meter", "overlayId": "line_1"}]
    assert found["overlay"]["meters"]["nodes"] == [{"twinId": "meter_1"}]
    assert found["overlay_1"]["memberships"]["nodes"] == [{"role": "first", "overlay": {"overlayId": "site"}}]


async def test_a_role_leads_to_its_type_its_filler_and_who_fills_it_and_a_type_to_the_roles_it_fills(
    plant: Plant,
) -> None:
    query = """{ overlayType(typeId: "line") { roles { role filledBy { ... on TwinType { typeId } }
        twins { nodes { twinId } } type { typeId } } }
      twinType(typeId: "pump") { fillsRoles { nodes { role type { typeId } } } }
      overlay(overlayId: "line_1") { roles { role declared { type { typeId } } } } }"""
    found = await ask(plant, query)
    assert found["overlayType"]["roles"][0] == {
        "role": "meter",
        "filledBy": {"typeId": "meter"},
        "twins": {"nodes": [{"twinId": "meter_1"}]},
        "type": {"typeId": "line"},
    }
    assert [(item["type"]["typeId"], item["role"]) for item in found["twinType"]["fillsRoles"]["nodes"]] == [
        ("line", "pump"),
        ("pumping", "backup"),
        ("pumping", "primary"),
    ]
    assert found["overlay"]["roles"][0]["declared"] == {"type": {"typeId": "line"}}


async def test_an_alert_leads_to_its_behavior_overlay_and_calls_and_each_of_them_back(plant: Plant) -> None:
    [alert] = plant.engine.live.open_alerts()
    plant.store.old_calls["later"] = a_call("later", behavior=DRY, decided_at=alert.raised_at + 5, method="stop")
    plant.store.old_calls["before"] = a_call("before", behavior=DRY, decided_at=alert.raised_at - 5, method="stop")
    query = """query($id: ID!) { alert(alertId: $id) {
      raisedBy { name alerts { nodes { alertId } } calls { nodes { callId } } } overlay { overlayId }
      calls { nodes { callId method decidedBy { name } owner { ... on Overlay { overlayId } } alerts { code } } }
      auditLog { nodes { kind } } } }"""
    found = (await ask(plant, query, id=alert.alert_id))["alert"]
    assert found["overlay"] == {"overlayId": "line_1"}
    assert found["raisedBy"]["alerts"]["nodes"] == [{"alertId": alert.alert_id}]
    assert {"before", "later"} <= {item["callId"] for item in found["raisedBy"]["calls"]["nodes"]}
    calls = found["calls"]["nodes"]
    assert "before" not in {item["callId"] for item in calls}
    [later] = [item for item in calls if item["callId"] == "later"]
    assert (later["decidedBy"], later["owner"]) == ({"name": "dry"}, {"overlayId": "line_1"})
    assert later["alerts"] == [{"code": "dry"}]
    assert found["auditLog"]["nodes"] == []


async def test_a_twin_and_an_overlay_show_closed_alerts_calls_and_what_was_done_to_them(plant: Plant) -> None:
    plant.store.closed = [an_alert("old", owner=DRY.owner, behavior="dry", twins=("meter_1",), closed_at=1)]
    plant.store.old_calls["c1"] = a_call("c1", twin_id="pump_124", method="stop", behavior=DRY)
    await ask(plant, 'mutation { setProperty(input: {twinId: "pump_124", property: "starts", value: 1}) { dryRun } }')
    query = """{ twin(twinId: "pump_124") {
        calls(where: {method: "stop"}) { nodes { callId } } auditLog(where: {kind: WRITE}) { nodes { id what } }
        alerts(where: {open: false}) { totalCount nodes { alertId } } }
      meter: twin(twinId: "meter_1") { alerts(where: {open: null}) { nodes { alertId closedAt } } }
      overlay(overlayId: "site") { alerts(where: {open: false, severity: [WARNING]}) { nodes { alertId } } }
      overlay_1: overlay(overlayId: "line_1") { calls { nodes { callId } } } }"""
    found = await ask(plant, query)
    assert "c1" in {item["callId"] for item in found["twin"]["calls"]["nodes"]}
    assert [item["what"] for item in found["twin"]["auditLog"]["nodes"]] == ["starts"]
    assert found["twin"]["alerts"] == {"totalCount": None, "nodes": []}
    assert [item["alertId"] == "old" for item in found["meter"]["alerts"]["nodes"]] == [False, True]
    assert found["overlay"]["alerts"]["nodes"] == [{"alertId": "old"}]
    assert "c1" in {item["callId"] for item in found["overlay_1"]["calls"]["nodes"]}
    wrong = await refused(
        plant, '{ twin(twinId: "pump_124") { auditLog(where: {subject: "twin/x"}) { nodes { id } } } }'
    )
    assert wrong["extensions"]["code"] == "FILTER_INVALID"


async def test_a_script_leads_to_what_it_declares_and_back(plant: Plant) -> None:
    source = "overlay Fans {\n  twins {\n    Pump mainFan;\n  }\n}\n"
    save = "mutation($s: String!) { saveDtslScript(input: {source: $s}) { script { id } } }"
    await ask(plant, save, s=source)
    await ask(plant, "mutation($s: String!) { executeDtsl(input: {script: {source: $s}}) { dryRun } }", s=source)
    query = """{ overlayType(typeId: "fans") { scripts { totalCount nodes { scriptId
      declares { nodes { kind definitionId definition { id } } } auditLog { nodes { kind } } } } }
      twin(twinId: "pump_123") { scripts { totalCount } } }"""
    found = await ask(plant, query)
    [script] = found["overlayType"]["scripts"]["nodes"]
    [declared] = script["declares"]["nodes"]
    assert (script["scriptId"], declared["kind"], declared["definitionId"]) == ("fans", "OVERLAY_TYPE", "fans")
    assert declared["definition"] is not None
    assert found["twin"]["scripts"] == {"totalCount": 0}


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("{}", ["line_1/dry", "cellar/failing", "pump_123/hot", "pump_124/hot"]),
        ('{overlayId: "site"}', ["line_1/dry", "pump_124/hot"]),
        ("{state: [ACTIVE]}", ["line_1/dry"]),
        ('{evidence: [UNKNOWN], twinType: "pump"}', ["pump_123/hot", "pump_124/hot"]),
        ('{owner: {twinId: "pump_124"}}', ["pump_124/hot"]),
        ('{text: "TOO h"}', ["pump_123/hot", "pump_124/hot"]),
        ('{name: "failing"}', ["cellar/failing"]),
        ("{faulty: true}", []),
    ],
)
async def test_behaviors_are_found_by_whose_they_are_and_how_they_stand(
    plant: Plant, where: str, names: list[str]
) -> None:
    query = f"{{ behaviors(where: {where}) {{ totalCount nodes {{ ownerId name }} }} }}"
    found = (await ask(plant, query))["behaviors"]
    assert sorted(f"{item['ownerId']}/{item['name']}" for item in found["nodes"]) == sorted(names)
    assert found["totalCount"] == len(names)


async def test_calls_are_found_by_whom_they_go_to_and_who_decided_them(plant: Plant) -> None:
    plant.store.old_calls["c1"] = a_call("c1", twin_id="pump_123", method="stop", status="failed")
    query = "query($w: CallWhere) { calls(where: $w) { nodes { callId twinId } pageInfo { endCursor } } }"
    assert (await ask(plant, query, w={"twinIds": ["pump_123"]}))["calls"]["nodes"] == [
        {"callId": "c1", "twinId": "pump_123"}
    ]
    for where, code, path in (
        ({"twinIds": ["pump_12"]}, "TWIN_NOT_FOUND", "/where/twinIds/0"),
        ({"twinType": "pmp"}, "TWIN_TYPE_NOT_FOUND", "/where/twinType"),
        ({"overlayId": "sit"}, "OVERLAY_NOT_FOUND", "/where/overlayId"),
        ({"owner": {"twinId": "pump_12"}}, "TWIN_NOT_FOUND", "/where/owner/twinId"),
    ):
        error = (await refused(plant, query, w=where))["extensions"]
        assert (error["code"], error["path"]) == (code, path)
        assert error["hint"].startswith("did you mean")
    both = await refused(plant, query, w={"owner": {"twinId": "pump_123", "overlayId": "cellar"}})
    assert both["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_five_facts_of_a_call_are_read_later_by_its_id(plant: Plant) -> None:
    done = await ask(
        plant, 'mutation { invokeMethod(input: {twinId: "pump_123", method: "stop"}) { call { id callId status } } }'
    )
    call = done["invokeMethod"]["call"]
    facts = "status decidedAt attemptedAt finishedAt value error observedAt cause { kind ref } twin { twinId }"
    node = "node(id: $node) { ... on Call { callId } }"
    query = f"query($id: ID!, $node: ID!) {{ call(callId: $id) {{ {facts} }} {node} }}"
    found = await ask(plant, query, id=call["callId"], node=call["id"])
    told = found["call"]
    assert (told["status"], told["value"], told["error"], told["observedAt"]) == ("ACCEPTED", True, None, None)
    assert told["decidedAt"] <= told["attemptedAt"] <= told["finishedAt"]
    assert (told["cause"], told["twin"]) == ([{"kind": "COMMAND", "ref": "anonymous"}], {"twinId": "pump_123"})
    assert found["node"] == {"callId": call["callId"]}
