"""Queries of every type over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from app.api.ids import global_id
from app.model.events import Cause, TwinEventOccurred
from app.model.ledger import Account, Ledger
from app.model.live import BehaviorView, Connectivity, Fault
from app.model.plan import BehaviorKey, OwnerKey
from app.model.time import SECOND
from tests.api.client import ask, refused
from tests.api.parts import NOON, Installation, a_call, an_alert

AT_NOON = "2026-01-02T12:00:00.000000Z"
HOT_CAUSE = Cause("reading", "opcua", NOON)
HOT = BehaviorView(BehaviorKey(OwnerKey("twin", "pump_123"), "hot"), "active", "true", NOON)


@pytest.fixture
def installation() -> Installation:
    return Installation()


async def test_a_twin_shows_its_document_its_types_parts_and_its_live_values(installation: Installation) -> None:
    installation.change("pump_123", "temperature", 85.5)
    installation.behave(HOT)
    twin = (
        await ask(
            installation,
            """{ twin(twinId: "pump_123") {
              id twinId twinType version description manufacturer model serialNumber installationDate location
              type { typeId kind name } metadata revision createdAt createdBy updatedBy
              properties { name description dataType unit minValue maxValue enumValues access mapped
                           value { json number text quality known timestamp } }
              methods { name returnType parameters { name unit dataType } }
              events { name parameters { name dataType } }
              behaviors { name description conditions actions state evidence since error owner { __typename } }
              relationships { nodes { name relationshipType sourceTwinId targetTwinId source { twinId }
                                      target { twinId } owner { __typename } } }
              simulation visualization
              memberships { nodes { role overlay { overlayId } } }
            } }""",
        )
    )["twin"]
    assert twin["id"] == global_id("Twin", "pump_123")
    assert twin["model"] == "CP-5000"
    assert twin["location"] == {"site": "Plant 1", "coordinates": {"x": 123.45}}
    assert twin["type"] == {"typeId": "pump", "kind": "EQUIPMENT", "name": "Pump"}
    assert twin["createdAt"] == AT_NOON
    temperature, status, starts, speed = twin["properties"]
    assert temperature == {
        "name": "temperature",
        "description": "Of the bearing",
        "dataType": "FLOAT",
        "unit": "celsius",
        "minValue": -20.0,
        "maxValue": 100.0,
        "enumValues": None,
        "access": "READ",
        "mapped": True,
        "value": {
            "json": 85.5,
            "number": 85.5,
            "text": "85.5",
            "quality": "GOOD",
            "known": True,
            "timestamp": AT_NOON,
        },
    }
    assert status["enumValues"] == ["off", "running", "fault"]
    assert status["value"] == {
        "json": None, "number": None, "text": None, "quality": "BAD", "known": False, "timestamp": None,
    }  # fmt: skip
    assert (starts["access"], starts["mapped"], speed["mapped"]) == ("READ_WRITE", False, True)
    assert twin["methods"][0] == {"name": "stop", "returnType": "BOOLEAN", "parameters": []}
    assert twin["events"] == [{"name": "fault_occurred", "parameters": [{"name": "code", "dataType": "INTEGER"}]}]
    assert twin["behaviors"] == [
        {
            "name": "hot",
            "description": "Too hot",
            "conditions": ["temperature >= 80.0"],
            "actions": [{"type": "alert", "severity": "warning", "message": "Pump is hot", "latched": False}],
            "state": "ACTIVE",
            "evidence": "TRUE",
            "since": AT_NOON,
            "error": None,
            "owner": {"__typename": "Twin"},
        }
    ]
    drive, out, outlet = twin["relationships"]["nodes"]
    assert (drive["sourceTwinId"], drive["source"], drive["target"]) == ("motor_9", None, {"twinId": "pump_123"})
    assert (out["owner"], out["target"]) == ({"__typename": "Overlay"}, {"twinId": "valve_234"})
    assert (outlet["owner"], outlet["target"]) == ({"__typename": "Twin"}, {"twinId": "valve_234"})
    assert twin["simulation"] == {"enabled": True, "model_type": "physics_based"}
    assert twin["visualization"] == {"icon_2d": "/icons/pump.svg"}
    assert twin["memberships"]["nodes"] == [{"role": "primary", "overlay": {"overlayId": "cellar"}}]


async def test_the_document_of_a_twin_is_what_its_author_wrote(installation: Installation) -> None:
    answer = await ask(installation, '{ twin(twinId: "pump_124") { document } }')
    assert answer["twin"]["document"] == {"twin_id": "pump_124", "twin_type": "pump"}


async def test_connectivity_shows_the_path_and_never_the_credentials(installation: Installation) -> None:
    installation.disconnect("pump_123", "connection refused")
    fields = "protocol endpoint mapping status { status reason lastConnected quality }"
    twin = (await ask(installation, f'{{ twin(twinId: "pump_123") {{ connectivity {{ {fields} }} }} }}'))["twin"]
    assert twin["connectivity"] == {
        "protocol": "opc-ua",
        "endpoint": "opc.tcp://127.0.0.1:4840",
        "mapping": {
            "properties": {
                "temperature": {"node_id": "ns=2;s=T", "sampling_interval": 100.0},
                "speed": {"node_id": "ns=2;s=S"},
            },
            "methods": {"stop": {"node_id": "ns=2;s=Stop"}, "set_speed": {"node_id": "ns=2;s=SetSpeed"}},
        },
        "status": {
            "status": "DISCONNECTED",
            "reason": "connection refused",
            "lastConnected": AT_NOON,
            "quality": "BAD",
        },
    }


@pytest.mark.parametrize(
    ("value", "number", "text", "boolean"),
    [
        (2**63 + 1, 9.223372036854775808e18, "9223372036854775809", None),
        (10**400, None, str(10**400), None),
        (True, None, "true", True),
        ("running", None, "running", None),
        (0.1, 0.1, "0.1", None),
        ([1, 2], None, "[1,2]", None),
    ],
)
async def test_a_value_is_exact_as_text(
    installation: Installation, value: Any, number: float | None, text: str, boolean: bool | None
) -> None:
    installation.change("pump_124", "starts", value)
    found = await ask(
        installation, '{ twin(twinId: "pump_124") { property(name: "starts") { value { number text boolean } } } }'
    )
    assert found["twin"]["property"]["value"] == {"number": number, "text": text, "boolean": boolean}


async def test_the_instance_has_the_specifications_form(installation: Installation) -> None:
    installation.live.paths["pump_123"] = Connectivity("connected", last_contact=NOON)
    installation.live.events["pump_123"] = [
        TwinEventOccurred("pump_123", "fault_occurred", NOON, {"code": 7}, HOT_CAUSE)
    ]
    installation.change("pump_123", "temperature", 65.3, reported_at=NOON + SECOND)
    installation.behave(HOT)
    instance = (
        await ask(
            installation,
            """{ twin(twinId: "pump_123") { instance {
              id instanceId twinId version document
              state { properties { name value { json } timestamp quality } activeBehaviors
                      lastEvents { name timestamp parameters } }
              connectivityStatus { status lastConnected quality reason } simulationStatus { status }
            } } }""",
        )
    )["twin"]["instance"]
    assert instance["document"] == {
        "instance_id": "pump_123_instance",
        "twin_id": "pump_123",
        "version": "1.2.0",
        "state": {
            "properties": {
                "temperature": {"value": 65.3, "timestamp": AT_NOON, "quality": "good"},
                "status": {"value": None, "timestamp": None, "quality": "bad"},
                "starts": {"value": None, "timestamp": None, "quality": "bad"},
                "speed": {"value": None, "timestamp": None, "quality": "bad"},
            },
            "active_behaviors": ["hot"],
            "last_events": [{"name": "fault_occurred", "timestamp": AT_NOON, "parameters": {"code": 7}}],
        },
        "connectivity_status": {"status": "connected", "last_connected": AT_NOON, "quality": "good"},
        "simulation_status": {"status": "stopped", "last_updated": None},
        "metadata": {
            "created_at": AT_NOON,
            "created_by": "ann",
            "updated_at": "2026-01-02T12:00:01.000000Z",
            "updated_by": "system",
        },
    }
    assert instance["instanceId"] == "pump_123_instance"
    assert instance["state"]["properties"][0] == {
        "name": "temperature", "value": {"json": 65.3}, "timestamp": AT_NOON, "quality": "GOOD",
    }  # fmt: skip
    assert instance["state"]["activeBehaviors"] == ["hot"]
    assert instance["connectivityStatus"] == {
        "status": "CONNECTED", "lastConnected": AT_NOON, "quality": "GOOD", "reason": None,
    }  # fmt: skip
    assert instance["simulationStatus"] == {"status": "STOPPED"}


async def test_twins_come_in_keyset_pages_in_both_directions(installation: Installation) -> None:
    page = "nodes { twinId } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    first = (await ask(installation, f"{{ twins(first: 2) {{ {page} edges {{ cursor }} }} }}"))["twins"]
    assert [node["twinId"] for node in first["nodes"]] == ["pump_123", "pump_124"]
    assert first["totalCount"] == 3
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert first["edges"][1]["cursor"] == first["pageInfo"]["endCursor"]
    after = first["pageInfo"]["endCursor"]
    rest = (await ask(installation, f"query($a: String) {{ twins(after: $a) {{ {page} }} }}", a=after))["twins"]
    assert [node["twinId"] for node in rest["nodes"]] == ["valve_234"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)
    before = rest["pageInfo"]["startCursor"]
    back = await ask(installation, f"query($b: String) {{ twins(last: 1, before: $b) {{ {page} }} }}", b=before)
    assert [node["twinId"] for node in back["twins"]["nodes"]] == ["pump_124"]


async def test_a_page_does_not_shift_when_its_last_twin_is_deleted(installation: Installation) -> None:
    page = (await ask(installation, "{ twins(first: 2) { pageInfo { endCursor } } }"))["twins"]
    await ask(installation, 'mutation { deleteTwin(input: {twinId: "pump_124"}) { deletedId } }')
    query = "query($a: String) { twins(first: 1, after: $a) { nodes { twinId } } }"
    rest = await ask(installation, query, a=page["pageInfo"]["endCursor"])
    assert rest["twins"]["nodes"] == [{"twinId": "valve_234"}]


async def test_twins_of_one_type(installation: Installation) -> None:
    answer = await ask(installation, '{ twins(where: {type: "valve"}) { totalCount nodes { twinId } } }')
    assert answer["twins"] == {"totalCount": 1, "nodes": [{"twinId": "valve_234"}]}


async def test_twins_of_an_unknown_type_are_an_error_with_a_suggestion(installation: Installation) -> None:
    error = await refused(installation, '{ twins(where: {type: "pmp"}) { totalCount } }')
    assert error["extensions"]["code"] == "UNKNOWN_TWIN_TYPE"
    assert error["extensions"]["problems"] == [
        {
            "code": "UNKNOWN_TWIN_TYPE",
            "message": "there is no twin type 'pmp'",
            "path": "/where/type/0",
            "hint": "did you mean 'pump'?",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: 1001", "PAGE_SIZE_INVALID"),
        ("first: -1", "PAGE_SIZE_INVALID"),
        ("first: 1, last: 1", "PAGE_SIZE_INVALID"),
        ('after: "nonsense"', "CURSOR_INVALID"),
        ('after: "bm9uc2Vuc2U="', "CURSOR_INVALID"),
    ],
)
async def test_a_page_that_makes_no_sense_is_refused(installation: Installation, arguments: str, code: str) -> None:
    assert (await refused(installation, f"{{ twins({arguments}) {{ totalCount }} }}"))["extensions"]["code"] == code


async def test_an_unknown_id_is_null_and_an_impossible_one_an_error(installation: Installation) -> None:
    answer = await ask(
        installation,
        '{ twin(twinId: "pump_9") { id } twinType(typeId: "x") { id } overlay(overlayId: "x") { id } '
        'overlayType(typeId: "x") { id } alert(alertId: "x") { id } call(callId: "x") { id } }',
    )
    assert set(answer.values()) == {None}
    error = await refused(installation, '{ twin(twinId: "pump 123") { id } }')
    assert error["extensions"]["code"] == "ID_INVALID"
    assert error["path"] == ["twin"]


async def test_a_twin_type_shows_its_parts_and_its_twins(installation: Installation) -> None:
    answer = await ask(
        installation,
        """{ twinTypes { totalCount } twinType(typeId: "pump") {
          id typeId name kind description version properties { name access } methods { name } events { name }
          behaviors { name onLoad conditions actions } simulation visualization document revision
          twins(first: 1) { totalCount nodes { twinId } } } }""",
    )
    assert answer["twinTypes"] == {"totalCount": 2}
    found = answer["twinType"]
    assert [item["name"] for item in found["properties"]] == ["temperature", "status", "starts", "speed"]
    assert found["behaviors"][0]["onLoad"] == "WITHHOLD"
    assert found["twins"] == {"totalCount": 2, "nodes": [{"twinId": "pump_123"}]}
    assert found["document"]["type_id"] == "pump"


async def test_an_overlay_shows_roles_edges_and_behaviors_of_its_type(installation: Installation) -> None:
    answer = await ask(
        installation,
        """{ overlays { nodes { overlayId } } overlay(overlayId: "cellar") {
          id overlayId name overlayType type { typeId overlays { totalCount } }
          roles { role required twinType twinId twin { twinId } }
          relationships { nodes {
            name relationshipType sourceTwinId targetTwinId source { twinId } target { twinId } } }
          behaviors { id name conditions state evidence owner { ... on Overlay { overlayId } } }
          document } }""",
    )
    overlay = answer["overlay"]
    assert overlay["type"] == {"typeId": "pumping", "overlays": {"totalCount": 1}}
    primary, backup, _ = overlay["roles"]
    assert primary["twin"] == {"twinId": "pump_123"}
    assert backup == {"role": "backup", "required": False, "twinType": "pump", "twinId": None, "twin": None}
    assert [(edge["sourceTwinId"], edge["targetTwinId"]) for edge in overlay["relationships"]["nodes"]] == [
        ("pump_123", "valve_234")
    ]
    [failing] = overlay["behaviors"]
    assert failing["conditions"] == ["primary.status == 'fault'"]
    assert (failing["state"], failing["evidence"]) == ("INACTIVE", "UNKNOWN")
    assert failing["owner"] == {"overlayId": "cellar"}


async def test_an_overlay_type_shows_its_roles(installation: Installation) -> None:
    answer = await ask(
        installation,
        """{ overlayTypes { totalCount } overlayType(typeId: "pumping") {
          typeId name roles { role required twinType } relationships { name sourceRole targetRole }
          behaviors { name } document } }""",
    )
    found = answer["overlayType"]
    assert found["roles"][1] == {"role": "backup", "required": False, "twinType": "pump"}
    assert found["relationships"] == [{"name": "out", "sourceRole": "primary", "targetRole": "outlet"}]


async def test_every_id_finds_its_node_again(installation: Installation) -> None:
    installation.live.alerts["alert-1"] = an_alert()
    installation.live.calls["call-1"] = a_call(method="stop")
    answer = await ask(
        installation,
        """{ twin(twinId: "pump_123") { id type { id } instance { id } property(name: "status") { id }
                                        behaviors { id } }
             overlay(overlayId: "cellar") { id type { id } behaviors { id } }
             alert(alertId: "alert-1") { id } call(callId: "call-1") { id } connectors { id } }""",
    )
    twin, overlay = answer["twin"], answer["overlay"]
    expected = {
        twin["id"]: "Twin",
        twin["type"]["id"]: "TwinType",
        twin["instance"]["id"]: "TwinInstance",
        twin["property"]["id"]: "Property",
        twin["behaviors"][0]["id"]: "Behavior",
        overlay["id"]: "Overlay",
        overlay["type"]["id"]: "OverlayType",
        overlay["behaviors"][0]["id"]: "Behavior",
        answer["alert"]["id"]: "Alert",
        answer["call"]["id"]: "Call",
        answer["connectors"][0]["id"]: "Connector",
    }
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Definition { revision } } }"
    nodes = (await ask(installation, query, ids=list(expected)))["nodes"]
    assert {node["id"]: node["__typename"] for node in nodes} == expected


async def test_a_node_that_is_gone_is_null_and_a_wrong_id_an_error(installation: Installation) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    assert await ask(installation, query, id=global_id("Twin", "gone")) == {"node": None}
    for wrong in ("pump_123", global_id("Nothing", "x"), "!!!"):
        assert (await refused(installation, query, id=wrong))["extensions"]["code"] == "ID_INVALID"


async def test_alerts_are_newest_first_with_their_cause(installation: Installation) -> None:
    for number in range(3):
        severity = "critical" if number == 1 else "warning"
        alert = an_alert(f"alert-{number}", raised_at=NOON + number * SECOND, severity=severity)
        installation.live.alerts[alert.alert_id] = alert
    answer = await ask(
        installation,
        """{ alerts(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes {
          alertId severity message code behavior ownerKind ownerId twinIds twins { twinId } active acknowledged
          ackRequired latched raisedAt clearedAt closedAt cause { kind ref at } owner { __typename } } } }""",
    )
    found = answer["alerts"]
    assert [node["alertId"] for node in found["nodes"]] == ["alert-2", "alert-1"]
    assert found["totalCount"] == 3
    assert found["nodes"][0]["cause"] == [
        {"kind": "BEHAVIOR", "ref": "pump_123/hot", "at": AT_NOON},
        {"kind": "READING", "ref": "opcua", "at": AT_NOON},
    ]
    assert found["nodes"][0]["twins"] == [{"twinId": "pump_123"}]
    query = "query($a: String) { alerts(after: $a) { nodes { alertId } pageInfo { hasNextPage } } }"
    rest = await ask(installation, query, a=found["pageInfo"]["endCursor"])
    assert rest["alerts"] == {"nodes": [{"alertId": "alert-0"}], "pageInfo": {"hasNextPage": False}}
    critical = await ask(installation, "{ alerts(where: {severity: CRITICAL}) { totalCount nodes { alertId } } }")
    assert critical["alerts"] == {"totalCount": 1, "nodes": [{"alertId": "alert-1"}]}


async def test_closed_alerts_come_from_the_graph_page_by_page(installation: Installation) -> None:
    installation.store.closed = [
        an_alert(f"old-{number}", raised_at=NOON + number, closed_at=NOON + 9, severity=severity)
        for number, severity in enumerate(["warning", "error", "warning", "error", "warning"])
    ]
    query = """query($a: String, $s: [AlertSeverity!]) {
      alerts(where: {open: false, severity: $s}, first: 2, after: $a) {
      totalCount nodes { alertId } pageInfo { hasNextPage endCursor } } }"""
    first = (await ask(installation, query))["alerts"]
    assert [node["alertId"] for node in first["nodes"]] == ["old-4", "old-3"]
    assert first["totalCount"] is None
    second = (await ask(installation, query, a=first["pageInfo"]["endCursor"]))["alerts"]
    assert [node["alertId"] for node in second["nodes"]] == ["old-2", "old-1"]
    assert second["pageInfo"]["hasNextPage"]
    errors = (await ask(installation, query, s=["ERROR"]))["alerts"]
    assert [node["alertId"] for node in errors["nodes"]] == ["old-3", "old-1"]
    assert not errors["pageInfo"]["hasNextPage"]


async def test_open_alerts_are_there_while_the_graph_is_down_and_closed_ones_say_why_not(
    installation: Installation,
) -> None:
    installation.store.down = True
    installation.live.alerts["alert-1"] = an_alert()
    assert (await ask(installation, "{ alerts { totalCount } }"))["alerts"] == {"totalCount": 1}
    error = await refused(installation, "{ alerts(where: {open: false}) { totalCount } }")
    assert error["extensions"] == {"code": "UNAVAILABLE", "hint": "it is tried again by itself"}


async def test_the_alerts_of_a_page_of_twins_are_searched_once(installation: Installation) -> None:
    installation.live.alerts["alert-1"] = an_alert(twins=("pump_123", "valve_234"))
    answer = await ask(installation, "{ twins { nodes { twinId alerts { nodes { alertId } } } } }")
    assert [len(node["alerts"]["nodes"]) for node in answer["twins"]["nodes"]] == [1, 0, 1]
    assert installation.live.alert_searches == 1


async def test_an_overlay_shows_the_alerts_of_its_twins_and_its_own(installation: Installation) -> None:
    own = an_alert("own", owner=OwnerKey("overlay", "cellar"), twins=())
    for alert in (an_alert("member"), own, an_alert("other", twins=("pump_124",))):
        installation.live.alerts[alert.alert_id] = alert
    answer = await ask(installation, '{ overlay(overlayId: "cellar") { alerts { nodes { alertId } } } }')
    assert {item["alertId"] for item in answer["overlay"]["alerts"]["nodes"]} == {"member", "own"}


async def test_several_old_alerts_and_calls_are_one_statement_each(installation: Installation) -> None:
    installation.store.closed = [an_alert("old-1"), an_alert("old-2")]
    installation.store.old_calls = {"call-9": a_call("call-9", method="stop")}
    answer = await ask(
        installation,
        '{ a: alert(alertId: "old-1") { alertId } b: alert(alertId: "old-2") { alertId } '
        '  c: call(callId: "call-9") { callId status method property arguments twin { twinId } finishedAt error } }',
    )
    assert (answer["a"], answer["b"]) == ({"alertId": "old-1"}, {"alertId": "old-2"})
    assert answer["c"]["status"] == "ACCEPTED"
    assert answer["c"]["error"] is None
    assert sorted(installation.store.statements) == ["alerts old-1,old-2", "calls call-9"]


async def test_connectors_show_their_health(installation: Installation) -> None:
    fields = "name protocol endpoint status twins lastError since samples rejected { reason count }"
    assert (await ask(installation, f"{{ connectors {{ {fields} }} }}"))["connectors"] == [
        {
            "name": "opc-ua 127.0.0.1:4840",
            "protocol": "opc-ua",
            "endpoint": "opc.tcp://127.0.0.1:4840",
            "status": "CONNECTED",
            "twins": 2,
            "lastError": None,
            "since": AT_NOON,
            "samples": 3_000_000_000,
            "rejected": [{"reason": "NotFinite", "count": 2}],
        }
    ]


async def test_the_ledger_says_what_became_of_every_sample(installation: Installation) -> None:
    account = Account("mqtt a", 5_000_000_010, 3, {"Overflow": 1, "BadPayload": 2}, 1, 5_000_000_001, 5)
    account = replace(account, applied=5_000_000_000, unchanged=1, written=4_999_999_990, superseded=8, pending=2)
    lost = Account("opc", 3, journaled=2, applied=2)
    found = Ledger(NOON, (account, lost))
    installation.services = replace(installation.services, ledger=lambda: found)
    numbers = (
        "received rejected duplicate journaled inFlight applied late unchanged written superseded pending balanced"
    )
    whole = "since balanced imbalances { source equation by } total { received written balanced }"
    sources = f"sources {{ source {numbers} reasons {{ reason count }} }}"
    pushes = "subscribers { number } topics { topic }"
    answer = await ask(installation, f"{{ ingestLedger {{ {whole} {sources} {pushes} }} }}")
    ledger = answer["ingestLedger"]
    assert ledger["sources"][0] == {
        "source": "mqtt a",
        "received": 5_000_000_010,
        "rejected": 3,
        "duplicate": 1,
        "journaled": 5_000_000_001,
        "inFlight": 5,
        "applied": 5_000_000_000,
        "late": 0,
        "unchanged": 1,
        "written": 4_999_999_990,
        "superseded": 8,
        "pending": 2,
        "balanced": True,
        "reasons": [{"reason": "BadPayload", "count": 2}, {"reason": "Overflow", "count": 1}],
    }
    assert ledger["total"] == {"received": 5_000_000_013, "written": None, "balanced": False}
    assert (ledger["since"], ledger["balanced"]) == (AT_NOON, False)
    equation = "received = rejected + duplicate + journaled + in_flight"
    assert ledger["imbalances"] == [{"source": "opc", "equation": equation, "by": 1}]
    assert (ledger["subscribers"], ledger["topics"]) == ([], [])


async def test_the_server_says_where_it_stands(installation: Installation) -> None:
    installation.live.sequence = 5_000_000_000
    answer = await ask(installation, "{ sequence server { version time sequence catalogueRevision } }")
    assert answer["sequence"] == answer["server"]["sequence"] == 5_000_000_000
    assert answer["server"]["time"] == AT_NOON
    assert answer["server"]["catalogueRevision"] == 1


async def test_a_subtype_shows_what_it_inherits_and_its_twins_are_its_supertypes_too(
    installation: Installation,
) -> None:
    noise = {"name": "noise", "data_type": "float"}
    installation.save(
        ("twin_type", {"type_id": "booster", "extends": "pump", "properties": [noise]}),
        ("twin", {"twin_id": "booster_1", "twin_type": "booster"}),
    )
    answer = await ask(
        installation,
        """{ pump: twinType(typeId: "pump") { extends { typeId } subtypes { nodes { typeId } } twins { totalCount } }
             booster: twinType(typeId: "booster") { extends { typeId } kind properties { name } methods { name } }
             twins(where: {type: "pump"}) { nodes { twinId } }
             twin(twinId: "booster_1") { properties { name } } }""",
    )
    assert answer["pump"] == {
        "extends": None,
        "subtypes": {"nodes": [{"typeId": "booster"}]},
        "twins": {"totalCount": 3},
    }
    booster = answer["booster"]
    assert booster["extends"] == {"typeId": "pump"}
    assert booster["kind"] == "EQUIPMENT"
    names = ["temperature", "status", "starts", "speed", "noise"]
    assert [item["name"] for item in booster["properties"]] == names
    assert booster["methods"]
    assert [item["name"] for item in answer["twin"]["properties"]] == names
    assert [item["twinId"] for item in answer["twins"]["nodes"]] == ["booster_1", "pump_123", "pump_124"]


async def test_behaviors_that_come_to_nothing_by_a_mistake_are_listed_with_it(installation: Installation) -> None:
    query = """query($reason: [BehaviorFaultReason!], $first: Int, $after: String) {
      behaviors(where: {faulty: true, fault: $reason}, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { ownerKind ownerId name fault { reason text } } } }"""
    assert (await ask(installation, query))["behaviors"]["nodes"] == []
    key = HOT.key
    installation.live.broken[key] = Fault(key, "division_by_zero", "it is divided by zero")
    other = BehaviorKey(OwnerKey("twin", "pump_124"), "hot")
    installation.live.broken[other] = Fault(other, "type_mismatch", "a text is compared with a number")
    page = (await ask(installation, query, first=1))["behaviors"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, True)
    assert page["nodes"] == [
        {
            "ownerKind": "TWIN",
            "ownerId": "pump_123",
            "name": "hot",
            "fault": {"reason": "DIVISION_BY_ZERO", "text": "it is divided by zero"},
        }
    ]
    rest = (await ask(installation, query, after=page["pageInfo"]["endCursor"]))["behaviors"]
    assert [node["ownerId"] for node in rest["nodes"]] == ["pump_124"]
    only = (await ask(installation, query, reason=["TYPE_MISMATCH", "OVERFLOW"]))["behaviors"]
    assert [node["ownerId"] for node in only["nodes"]] == ["pump_124"]
    answer = await ask(installation, '{ twin(twinId: "pump_125") { behaviors { fault { reason } } } }')
    assert all(item["fault"] is None for item in (answer["twin"] or {"behaviors": []})["behaviors"])
