"""Subscriptions through a real uvicorn, with a client that speaks graphql-transport-ws by hand."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest
from graphql.execution.collect_fields import CollectedFields

from app.api.membership import MAX_TWIN_IDS
from app.model.live import BehaviorView, Connectivity
from app.model.plan import BehaviorKey, OwnerKey
from tests.api.client import DEADLINE, Socket, ask, connected
from tests.api.parts import NOON, Installation, an_alert
from tests.api.plant import Plant

AT_NOON = "2026-01-02T12:00:00.000000Z"
VALUES = """subscription($twins: [ID!], $type: ID, $overlay: ID, $properties: [String!]) {
  propertyChanged(twinIds: $twins, twinType: $type, overlayId: $overlay, properties: $properties) {
    twinId property initial sequence skipped value { json unit quality } } }"""
BEHAVIORS = """subscription($twins: [ID!], $type: ID, $overlay: ID) {
  behaviorChanged(twinIds: $twins, twinType: $type, overlayId: $overlay) {
    ownerKind ownerId behavior state was evidence since initial sequence cause { kind ref }
    actions { action result reason callId } } }"""
ALERTS = """subscription($twins: [ID!], $type: ID, $overlay: ID, $severity: [AlertSeverity!]) {
  alertChanged(twinIds: $twins, twinType: $type, overlayId: $overlay, severity: $severity) {
    transition initial sequence alert { alertId severity } } }"""
PATHS = """subscription($twins: [ID!], $type: ID, $overlay: ID) {
  connectivityChanged(twinIds: $twins, twinType: $type, overlayId: $overlay) {
    twinId status reason lastContact initial sequence skipped } }"""


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def listeners(installation: Installation) -> int:
    """Operations of clients that are there."""
    return len(installation.bus.pushes())


async def initial(socket: Socket, field: str, count: int) -> list[dict[str, Any]]:
    found = [await socket.next(field) for _ in range(count)]
    assert all(item["initial"] for item in found)
    return found


async def test_values_start_with_how_they_stand_and_go_on_with_every_change() -> None:
    installation = Installation()
    installation.change("pump_123", "temperature", 65.0)
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, twins=["pump_123"])
        found = await initial(socket, "propertyChanged", 4)
        assert {item["property"]: item["value"]["json"] for item in found} == {
            "temperature": 65.0, "status": None, "starts": None, "speed": None,
        }  # fmt: skip
        assert {item["sequence"] for item in found} == {1}
        installation.change("pump_124", "temperature", 1.0)
        installation.change("pump_123", "temperature", 85.5, quality="uncertain")
        assert await socket.next("propertyChanged") == {
            "twinId": "pump_123",
            "property": "temperature",
            "initial": False,
            "sequence": 3,
            "skipped": 0,
            "value": {"json": 85.5, "unit": "celsius", "quality": "UNCERTAIN"},
        }


async def test_a_push_leads_to_what_a_client_s_cache_knows_by_its_id() -> None:
    plant = Plant()
    plant.start()
    found = await ask(plant, '{ twin(twinId: "pump_123") { property(name: "temperature") { id } behaviors { id } } }')
    async with connected(plant) as socket:
        await socket.subscribe(
            """subscription { propertyChanged(twinIds: ["pump_123"], properties: ["temperature"]) {
              value { json } node { id value { json } } } }"""
        )
        await socket.next("propertyChanged")
        await socket.subscribe(
            'subscription { behaviorChanged(twinIds: ["pump_123"]) { state node { id state } } }', id="2"
        )
        await socket.next("behaviorChanged")
        plant.hear("pump_123", "temperature", 91.5)
        value = await socket.next("propertyChanged")
        turned = await socket.next("behaviorChanged")
    assert value == {"value": {"json": 91.5}, "node": {**found["twin"]["property"], "value": {"json": 91.5}}}
    assert turned == {"state": "ACTIVE", "node": {**found["twin"]["behaviors"][0], "state": "ACTIVE"}}


async def test_values_of_some_properties_of_a_type() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, type="pump", properties=["status"])
        found = await initial(socket, "propertyChanged", 2)
        assert [item["twinId"] for item in found] == ["pump_123", "pump_124"]
        installation.change("pump_123", "temperature", 85.5)
        installation.change("valve_234", "open", True)
        installation.change("pump_124", "status", "running")
        change = await socket.next("propertyChanged")
        assert (change["twinId"], change["property"], change["value"]["json"]) == ("pump_124", "status", "running")


async def test_filters_hold_together() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(PATHS, twins=["pump_123", "pump_124"], type="pump", overlay="cellar")
        installation.disconnect("pump_124", "gone")
        await until(lambda: listeners(installation) == 1)
        installation.disconnect("pump_124", "gone")
        installation.disconnect("valve_234", "gone")
        installation.disconnect("pump_123", "refused")
        change = await socket.next("connectivityChanged")
        assert (change["twinId"], change["reason"]) == ("pump_123", "refused")


async def test_a_slow_reader_gets_the_newest_value_and_learns_what_it_missed() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, twins=["pump_123"], properties=["temperature"])
        await initial(socket, "propertyChanged", 1)
        for number in range(50):  # all within one turn of the loop: nobody can read in between
            installation.change("pump_123", "temperature", float(number))
        change = await socket.next("propertyChanged")
        assert (change["value"]["json"], change["skipped"], change["sequence"]) == (49.0, 49, 50)


async def test_a_twin_that_joins_a_type_is_shown_and_followed() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, type="valve")
        await initial(socket, "propertyChanged", 1)
        installation.save(("twin", {"twin_id": "valve_9", "twin_type": "valve"}))
        installation.change("valve_9", "open", True)
        found = await socket.next("propertyChanged")
        assert (found["twinId"], found["initial"], found["value"]["json"]) == ("valve_9", True, True)
        installation.change("valve_9", "open", False)
        found = await socket.next("propertyChanged")
        assert (found["twinId"], found["initial"], found["value"]["json"]) == ("valve_9", False, False)


async def test_a_twin_that_joins_an_overlay_is_shown_although_nothing_of_it_changes() -> None:
    installation = Installation()
    installation.change("pump_124", "temperature", 2.0)
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, overlay="cellar", properties=["temperature"])
        await initial(socket, "propertyChanged", 1)
        twins = [{"twin_id": "pump_124", "role": "primary"}, {"twin_id": "valve_234", "role": "outlet"}]
        installation.save(("overlay", {"overlay_id": "cellar", "overlay_type": "pumping", "twins": twins}))
        installation.bus.definitions_changed()
        found = await socket.next("propertyChanged")
        assert (found["twinId"], found["initial"], found["value"]["json"]) == ("pump_124", True, 2.0)


async def test_a_type_is_followed_with_its_subtypes_and_what_they_add() -> None:
    installation = Installation()
    noise = {"name": "noise", "data_type": "float"}
    installation.save(
        ("twin_type", {"type_id": "gate", "extends": "valve", "properties": [noise]}),
        ("twin", {"twin_id": "gate_1", "twin_type": "gate"}),
    )
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, type="valve", properties=["noise"])
        assert [item["twinId"] for item in await initial(socket, "propertyChanged", 1)] == ["gate_1"]
        installation.change("gate_1", "noise", 3.5)
        found = await socket.next("propertyChanged")
        assert (found["twinId"], found["property"], found["value"]["json"]) == ("gate_1", "noise", 3.5)


async def test_an_overlay_is_followed_as_it_is_rebound() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, overlay="cellar", properties=["temperature"])
        assert [item["twinId"] for item in await initial(socket, "propertyChanged", 1)] == ["pump_123"]
        twins = [{"twin_id": "pump_124", "role": "primary"}, {"twin_id": "valve_234", "role": "outlet"}]
        installation.save(("overlay", {"overlay_id": "cellar", "overlay_type": "pumping", "twins": twins}))
        installation.change("pump_123", "temperature", 1.0)
        installation.change("pump_124", "temperature", 2.0)
        found = await socket.next("propertyChanged")
        assert (found["twinId"], found["value"]["json"]) == ("pump_124", 2.0)


async def test_behaviors_of_an_overlay_are_its_own_and_its_twins() -> None:
    installation = Installation()
    hot = BehaviorKey(OwnerKey("twin", "pump_123"), "hot")
    failing = BehaviorKey(OwnerKey("overlay", "cellar"), "failing")
    for key in (hot, failing):
        installation.live.views[key.owner] = {key.name: BehaviorView(key, "inactive", "unknown", 0)}
    async with connected(installation) as socket:
        await socket.subscribe(BEHAVIORS, overlay="cellar")
        found = await initial(socket, "behaviorChanged", 2)
        assert [(item["ownerId"], item["state"], item["evidence"], item["since"]) for item in found] == [
            ("pump_123", "INACTIVE", "UNKNOWN", None),
            ("cellar", "INACTIVE", "UNKNOWN", None),
        ]
        other = BehaviorKey(OwnerKey("twin", "pump_124"), "hot")
        installation.behave(BehaviorView(other, "active", "true", NOON))
        installation.behave(BehaviorView(failing, "active", "true", NOON))
        assert await socket.next("behaviorChanged") == {
            "ownerKind": "OVERLAY",
            "ownerId": "cellar",
            "behavior": "failing",
            "state": "ACTIVE",
            "was": "INACTIVE",
            "evidence": "TRUE",
            "since": AT_NOON,
            "initial": False,
            "sequence": 2,
            "cause": [{"kind": "READING", "ref": "opcua"}],
            "actions": [],
        }


async def test_behaviors_of_twins_leave_overlays_out() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(BEHAVIORS, twins=["pump_123"])
        await until(lambda: listeners(installation) == 1)
        failing = BehaviorKey(OwnerKey("overlay", "cellar"), "failing")
        hot = BehaviorKey(OwnerKey("twin", "pump_123"), "hot")
        installation.behave(BehaviorView(failing, "active", "true", NOON))
        installation.behave(BehaviorView(hot, "active", "true", NOON))
        assert (await socket.next("behaviorChanged"))["behavior"] == "hot"


async def test_alerts_start_with_the_open_ones_of_the_wanted_severity() -> None:
    installation = Installation()
    installation.live.alerts = {
        "a": an_alert("a", severity="critical"),
        "b": an_alert("b", severity="info"),
        "c": an_alert("c", severity="critical", twins=("pump_124",), owner=OwnerKey("twin", "pump_124")),
    }
    async with connected(installation) as socket:
        await socket.subscribe(ALERTS, overlay="cellar", severity=["CRITICAL"])
        [found] = await initial(socket, "alertChanged", 1)
        assert (found["alert"]["alertId"], found["transition"]) == ("a", None)
        installation.raise_alert(an_alert("d", severity="info"))
        own = an_alert("e", severity="critical", owner=OwnerKey("overlay", "cellar"), twins=())
        installation.raise_alert(own)
        found = await socket.next("alertChanged")
        assert (found["alert"]["alertId"], found["transition"], found["initial"]) == ("e", "RAISED", False)


async def test_connectivity_starts_with_how_it_stands() -> None:
    installation = Installation()
    installation.live.paths["pump_123"] = Connectivity("connecting")
    async with connected(installation) as socket:
        await socket.subscribe(PATHS)
        [found] = await initial(socket, "connectivityChanged", 1)
        assert (found["twinId"], found["status"], found["lastContact"]) == ("pump_123", "CONNECTING", None)
        installation.disconnect("pump_123", "refused")
        found = await socket.next("connectivityChanged")
        assert found == {
            "twinId": "pump_123",
            "status": "DISCONNECTED",
            "reason": "refused",
            "lastContact": AT_NOON,
            "initial": False,
            "sequence": 1,
            "skipped": 0,
        }


async def test_nothing_falls_between_the_snapshot_and_the_changes() -> None:
    """Changes go on while the snapshot is being sent: the client ends with the newest value of every property."""
    installation = Installation()
    installation.save(*(("twin", {"twin_id": f"valve_{number}", "twin_type": "valve"}) for number in range(300)))
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, type="valve")
        seen = {}
        for count in range(301):
            found = await socket.next("propertyChanged")
            seen[found["twinId"]] = found["value"]["json"]
            installation.change(f"valve_{count % 300}", "open", count % 2 == 0)
        expected = {f"valve_{count % 300}": count % 2 == 0 for count in range(301)}
        async with asyncio.timeout(DEADLINE):
            while any(seen.get(twin_id) != value for twin_id, value in expected.items()):
                found = await socket.next("propertyChanged")
                seen[found["twinId"]] = found["value"]["json"]


async def test_an_alarm_reaches_a_subscriber_from_the_real_engine() -> None:
    plant = Plant()
    async with connected(plant) as socket:
        plant.start()
        await socket.subscribe(BEHAVIORS, "behaviors", twins=["pump_123"])
        await socket.subscribe(ALERTS, "alerts", twins=["pump_123"])
        await until(lambda: listeners(plant) == 2)
        messages = [await socket.receive()]
        plant.hear("pump_123", "temperature", 95.0)
        while len(messages) < 3:
            messages.append(await socket.receive())
        pushes = {message["id"]: message["payload"]["data"] for message in messages}
        assert pushes["behaviors"]["behaviorChanged"]["state"] == "ACTIVE"
        assert pushes["behaviors"]["behaviorChanged"]["cause"][-1]["kind"] == "READING"
        assert pushes["alerts"]["alertChanged"]["transition"] == "RAISED"


@pytest.mark.parametrize(
    ("variables", "code", "hint"),
    [
        ({"twins": ["pump_12"]}, "TWIN_NOT_FOUND", "did you mean 'pump_12"),
        ({"type": "pomp"}, "TWIN_TYPE_NOT_FOUND", "did you mean 'pump'?"),
        ({"overlay": "celler"}, "OVERLAY_NOT_FOUND", "did you mean 'cellar'?"),
        ({"properties": ["temprature"]}, "PROPERTY_NOT_FOUND", "did you mean 'temperature'?"),
        ({"twins": ["x"] * (MAX_TWIN_IDS + 1)}, "TOO_MANY_IDS", "filter by twinType"),
    ],
)
async def test_an_unknown_name_is_an_error_with_a_suggestion_and_not_silence(
    variables: dict[str, Any], code: str, hint: str
) -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(VALUES, **variables)
        message = await socket.receive()
        assert message["type"] == "error"
        [error] = message["payload"]
        assert error["extensions"]["code"] == code
        assert error["extensions"]["hint"].startswith(hint)
        assert error["path"] == ["propertyChanged"]
    assert listeners(installation) == 0


async def test_complete_ends_a_subscription_and_its_listening() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(PATHS)
        await until(lambda: listeners(installation) == 1)
        await socket.send({"id": "1", "type": "complete"})
        await until(lambda: listeners(installation) == 0)
        assert not installation.bus._places
        assert not len(installation.services.sharing)
        await socket.subscribe("{ sequence }", "2")
        assert (await socket.receive())["payload"]["data"] == {"sequence": 0}


async def test_a_client_that_goes_away_leaves_no_listener() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(PATHS)
        await socket.subscribe(VALUES, "2")
        await until(lambda: listeners(installation) == 2)
        await socket._connection.close()
        await until(lambda: listeners(installation) == 0)


async def test_the_end_of_the_bus_completes_subscriptions() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(PATHS)
        await until(lambda: listeners(installation) == 1)
        installation.bus.close()
        assert await socket.receive() == {"id": "1", "type": "complete"}


async def test_queries_and_mutations_run_over_the_socket_in_the_name_of_its_user() -> None:
    plant = Plant()
    async with connected(plant, start=False) as socket:
        await socket.start(actor="ann")
        plant.start()
        await socket.subscribe(
            'mutation { saveTwin(input: {document: {twin_id: "x", twin_type: "pump"}}) { twin { updatedBy } } }'
        )
        assert (await socket.next("saveTwin"))["twin"] == {"updatedBy": "ann"}
        assert await socket.receive() == {"id": "1", "type": "complete"}


async def test_the_own_origin_may_subscribe() -> None:
    async with connected(Installation(), origin="http://localhost:{port}") as socket:
        await socket.subscribe("{ sequence }")
        assert await socket.next("sequence") == 0


@pytest.mark.parametrize(("query", "code"), [("{", "GRAPHQL_PARSE_FAILED"), ("{ x }", "GRAPHQL_VALIDATION_FAILED")])
async def test_a_wrong_document_is_an_error_message_and_the_socket_lives_on(query: str, code: str) -> None:
    async with connected(Installation()) as socket:
        await socket.subscribe(query)
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        await socket.subscribe("{ sequence }", "2")
        assert await socket.next("sequence") == 0


@pytest.mark.parametrize(
    "message",
    [
        "nonsense", "[]", "5", '{"type": 5}', '{"type": "unheard_of"}', '{"type": "subscribe", "id": 1}',
        '{"type": "subscribe", "id": "1", "payload": "{ sequence }"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ sequence }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ sequence }", "operationName": 1}}',
        '{"type": "complete", "id": []}',
    ],
)  # fmt: skip
async def test_a_message_that_is_not_of_the_protocol_closes_the_socket_with_a_reason(message: str) -> None:
    async with connected(Installation()) as socket:
        await socket.send(message)
        code, reason = await socket.closed()
        assert code == 4400
        assert reason


async def test_a_subscription_that_stays_keeps_nothing_of_what_it_has_pushed() -> None:
    installation = Installation()

    def kept() -> int:
        gc.collect()
        return sum(isinstance(item, CollectedFields) for item in gc.get_objects())

    async def push(socket: Socket, count: int) -> None:
        for number in range(count):
            installation.change("pump_123", "temperature", float(number))
            await socket.next("propertyChanged")

    async with connected(installation) as socket:
        await socket.subscribe(VALUES, twins=["pump_123"])
        await initial(socket, "propertyChanged", 4)
        await push(socket, 10)
        before = kept()
        await push(socket, 100)
        assert kept() < before + 20


async def test_a_client_that_is_gone_while_something_is_pushed_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    installation = Installation()
    async with connected(installation) as socket:
        for number in range(5):
            await socket.subscribe(VALUES, id=str(number))
        await until(lambda: listeners(installation) == 5)
        socket.cut()
        for number in range(100):
            installation.change("pump_123", "temperature", float(number))
            await asyncio.sleep(0)
        await until(lambda: listeners(installation) == 0)
    assert [record.message for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []
