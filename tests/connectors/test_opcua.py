"""The OPC UA connector against a real server; what only a dead server can show is in test_outages.py."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from app.connectors.opcua import OpcUaConnector
from app.connectors.opcua_session import Timing
from app.errors import Misconfigured, Unavailable
from app.model.connection import TwinConnection
from app.model.time import from_datetime
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.connectors.test_outages import Plc
from tests.servers.mosquitto import free_port
from tests.servers.opcua import NAMESPACE, OpcUaServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

NODES = {
    "flow_rate": "FlowRate",
    "temperature": "Temperature",
    "status": "Status",
    "mode": "Mode",
    "speed": "Speed",
    "count": "Count",
    "enabled": "Enabled",
    "started_at": "StartedAt",
    "blob": "Blob",
    "profile": "Profile",
    "matrix": "Matrix",
    "span": "Span",
    "recipe": "Recipe",
}
METHODS = {
    "start": "Start",
    "set_speed": "SetSpeed",
    "reset": "Reset",
    "unknown": "Unknown",
    "take_profile": "TakeProfile",
}


def twin(plc: OpcUaServer | Plc, *properties: str, sampling: float = 50, **given: Any) -> TwinConnection:
    """A pump whose document says `ns=2`, which is another namespace on this server."""
    mapping = {name: {"node_id": f"ns=2;s=Pump123.{NODES[name]}", "sampling_interval": sampling} for name in properties}
    methods = {name: {"node_id": f"ns=2;s=Pump123.{node}"} for name, node in METHODS.items()}
    given.setdefault("namespace", NAMESPACE)
    given.setdefault("node_id", "ns=2;s=Pump123")
    return pump(plc.endpoint, mapping, methods, **given)


def connector(*twins: TwinConnection, timing: Timing | None = None) -> OpcUaConnector:
    return OpcUaConnector("plc", twins[0].connectivity.endpoint, twins, clock=SystemClock(), timing=timing)


async def test_values_of_every_type_arrive_before_the_twin_is_called_alive(plc: OpcUaServer) -> None:
    sink = FakeSink()
    wanted = ("flow_rate", "temperature", "status", "mode", "speed", "count", "enabled", "started_at")
    async with running(connector(twin(plc, *wanted)), sink):
        first = {sample.property: sample.value for sample in sink.readings[0].samples}
        await until(sink.alive, "the twin is alive")
    assert first == {
        "flow_rate": 42.5,
        "temperature": 65.25,
        "status": "running",
        "mode": "automatic",
        "speed": 2500.0,
        "count": 7,
        "enabled": True,
        "started_at": "2026-01-02T03:04:05.000000Z",
    }
    assert sink.sources == ["plc"]
    assert sink.rejected == {}


async def test_a_change_arrives_with_its_source_time_and_quality(plc: OpcUaServer) -> None:
    sink = FakeSink()
    at = datetime(2026, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC)
    async with running(connector(twin(plc, "flow_rate")), sink):
        await plc.set("FlowRate", 51.5, at=at)
        await until(lambda: sink.value("flow_rate") == 51.5, "the change arrives")
        sample = sink.last("flow_rate")
        assert sample is not None
        assert (sample.timestamp, sample.quality) == (from_datetime(at), "good")

        await plc.set("FlowRate", 0.0, status=StatusCodes.BadSensorFailure)
        await until(lambda: (found := sink.last("flow_rate")) and found.quality == "bad", "the bad quality arrives")
        sample = sink.last("flow_rate")
        assert sample is not None
        assert (sample.value, sample.reason) == (None, "BadSensorFailure")

        await plc.set("FlowRate", 52.5, status=StatusCodes.UncertainLastUsableValue)
        await until(lambda: sink.value("flow_rate") == 52.5, "the uncertain value arrives")
        sample = sink.last("flow_rate")
        assert sample is not None
        assert (sample.quality, sample.reason) == ("uncertain", "UncertainLastUsableValue")


async def test_what_changed_together_is_one_reading(plc: OpcUaServer) -> None:
    sink = FakeSink()
    async with running(connector(twin(plc, "flow_rate", "speed", sampling=300)), sink):
        await until(lambda: len(sink.readings) >= 2, "the first notification")  # it comes at a publishing interval's
        await plc.set("FlowRate", 1.5)  # start, so these three fall into one
        await plc.set("Speed", 2.5)
        await plc.set("FlowRate", 3.5)
        await until(lambda: sink.value("flow_rate") == 3.5, "the changes arrive")
    last = [(sample.property, sample.value) for sample in sink.readings[-1].samples]
    assert last == [("flow_rate", 1.5), ("flow_rate", 3.5), ("speed", 2.5)]


async def test_a_wrong_node_is_shown_and_the_others_go_on(plc: OpcUaServer) -> None:
    sink = FakeSink()
    mapping: dict[str, dict[str, Any]] = {
        "flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate", "sampling_interval": 50},
        "speed": {"node_id": "ns=2;s=Pump123.Sped"},
        "count": {"node_id": "Pump123.Count"},
        "mode": {},
        "temperature": {"node_id": "ns=2;s=Pump123"},
    }
    broken = pump(plc.endpoint, mapping, namespace=NAMESPACE)
    async with running(connector(broken), sink):
        await until(sink.alive, "the twin is alive")
        await plc.set("FlowRate", 8.5)
        await until(lambda: sink.value("flow_rate") == 8.5, "the good property goes on")
    assert sink.rejected == {"UnknownNode": 2, "BadNodeId": 1, "NoNodeId": 1}
    assert "pump_123.speed: node ns=3;s=Pump123.Sped is not a variable of the server (BadNodeIdUnknown)" in sink.details
    shown = {name: sample for name in ("speed", "count", "mode", "temperature") if (sample := sink.last(name))}
    assert {name: (sample.quality, sample.reason) for name, sample in shown.items()} == {
        "speed": ("bad", "UnknownNode"),
        "temperature": ("bad", "UnknownNode"),
        "count": ("bad", "BadNodeId"),
        "mode": ("bad", "NoNodeId"),
    }


async def test_a_twin_none_of_whose_nodes_exist_is_silent_with_the_reason_and_its_neighbour_lives(
    plc: OpcUaServer,
) -> None:
    sink = FakeSink()
    lost = twin(plc, "flow_rate", "speed", namespace="http://acme.com/pump/", twin_id="pump_999")
    async with running(connector(twin(plc, "flow_rate"), lost), sink):
        await until(sink.alive, "the neighbour is alive")
    assert sink.rejected == {"UnknownNamespace": 2}
    path = sink.path("pump_999")
    assert path is not None
    assert not path.alive
    assert path.reason.startswith("none of its 2 properties can be read: flow_rate: the server has no namespace")
    assert "did you mean 'http://acme.com/pumps/'?" in path.reason


async def test_what_a_server_did_not_have_at_the_connect_is_taken_up_once_it_is_there(plc: OpcUaServer) -> None:
    eager = Timing(missing_seconds=0.05)
    mapping: dict[str, dict[str, Any]] = {
        "flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate", "sampling_interval": 50},
        "speed": {"node_id": "ns=2;s=Pump123.Late"},
        "count": {"node_id": "no node id"},
    }
    device, sink = connector(pump(plc.endpoint, mapping, namespace=NAMESPACE), timing=eager), FakeSink()
    added = []
    async with running(device, sink) as task:
        await until(lambda: sink.rejected["UnknownNode"], "the node is missed")
        readings = len(sink.readings)
        await plc.set("FlowRate", 31.5)
        await until(lambda: sink.value("flow_rate") == 31.5, "the others go on")
        assert len(sink.readings) > readings
        assert not task.done()
        added.append(await plc.add("Late", 12.5))
        await until(task.done, "the connection is given up")
        with pytest.raises(Unavailable, match=r"Pump123\.Late of pump_123\.speed is there now"):
            task.result()
    try:
        async with running(device, sink):
            await until(lambda: sink.value("speed") == 12.5, "its value arrives")
    finally:
        await plc.server.delete_nodes(added)


async def test_namespaces_that_a_server_registers_later_are_taken_up(plc: OpcUaServer) -> None:
    later = twin(plc, "flow_rate", namespace="http://acme.com/later/")
    async with running(connector(later, timing=Timing(missing_seconds=0.05)), FakeSink()) as task:
        await asyncio.wait({task}, timeout=0.3)
        assert not task.done()
        await plc.server.register_namespace("http://acme.com/later/")
        await until(task.done, "the connection is given up")
        with pytest.raises(Unavailable, match="namespaces have changed"):
            task.result()


async def test_a_value_that_does_not_fit_is_counted_and_the_next_one_arrives(plc: OpcUaServer) -> None:
    sink = FakeSink()
    async with running(connector(twin(plc, "status", "blob", "flow_rate")), sink):
        await plc.set("Status", 9)
        await until(lambda: sink.rejected["NotInEnum"], "the bad value is counted")
        await plc.set("Status", 4)
        await plc.set("FlowRate", float("nan"))
        await until(lambda: sink.value("status") == "fault", "the next value arrives")
        await until(lambda: sink.rejected["NotFinite"], "the NaN is counted")
    assert sink.rejected["TypeMismatch"] >= 1, "the ByteString has no plain value"


async def test_the_devices_own_overflow_is_counted(plc: OpcUaServer) -> None:
    sink = FakeSink()
    async with running(connector(twin(plc, "flow_rate")), sink):
        await plc.set("FlowRate", 3.25, status=0x0480)
        await until(lambda: sink.value("flow_rate") == 3.25, "the value arrives")
    assert sink.rejected == {"Overflow": 1}


async def test_a_full_sink_slows_the_server_and_the_last_value_still_converges(plc: OpcUaServer) -> None:
    sink = FakeSink()
    patient = Timing(keep_alive_seconds=0.1, probe_seconds=0.5)
    async with running(connector(twin(plc, "flow_rate"), timing=patient), sink) as task:
        await until(lambda: len(sink.readings) >= 2, "the first notification")
        sink.full = True
        await plc.set("FlowRate", 10.5)
        await until(lambda: sink.asked_in_vain, "the sink says no")
        taken = len(sink.readings)
        for number in range(30):
            await plc.set("FlowRate", 100.5 + number)
        await asyncio.wait({task}, timeout=1.5)  # longer than the keep-alive watch allows a server to be quiet
        assert not task.done(), "our own fullness is not the server's silence"
        assert len(sink.readings) == taken
        sink.make_room()
        await until(lambda: sink.value("flow_rate") == 129.5, "the last value arrives")
    values = [sample.value for sample in sink.samples]
    assert 10.5 in values, "what was offered in vain was not lost"


async def test_a_write_reaches_the_node_in_its_own_type(plc: OpcUaServer) -> None:
    sink = FakeSink()
    device = connector(twin(plc, "speed", "count", "status", "mode"))
    async with running(device, sink):
        assert (await device.write("pump_123", "speed", 1500)).status == "accepted"
        assert (await device.write("pump_123", "count", 9.0)).status == "accepted"
        assert (await device.write("pump_123", "status", "fault")).status == "accepted"
        await until(lambda: sink.value("status") == "fault", "the written value is read back")
        assert await plc.get("Speed") == 1500.0
        assert await plc.get("Count") == 9
        assert await plc.get("Status") == 4

        refused = await device.write("pump_123", "count", 9.5)
        assert (refused.status, await plc.get("Count")) == ("refused", 9)
        assert "pump_123.count: the node takes Int16, and 9.5 is not a whole number" in refused.error
        assert (await device.write("pump_123", "count", 70_000)).status == "refused"


async def test_arrays_and_structures_come_in_and_go_out(plc: OpcUaServer) -> None:
    sink = FakeSink()
    device = connector(twin(plc, "profile", "matrix", "span"))
    async with running(device, sink):
        assert {sample.property: sample.value for sample in sink.readings[0].samples} == {
            "profile": [1.5, 2.5],
            "matrix": [[1, 2], [3, 4]],
            "span": {"Low": 1.0, "High": 9.0},
        }
        assert (await device.write("pump_123", "profile", [4, 5.25, 6.0])).status == "accepted"
        assert (await device.write("pump_123", "matrix", [[5, 6], [7, 8]])).status == "accepted"
        assert (await device.write("pump_123", "span", {"Low": 0.5})).status == "accepted"
        await until(lambda: sink.value("span") == {"Low": 0.5, "High": 0.0}, "the written structure is read back")
        await until(lambda: sink.value("matrix") == [[5, 6], [7, 8]], "the written matrix is read back")
        assert await plc.get("Profile") == [4.0, 5.25, 6.0]
        for name, value, part in (
            ("matrix", [[1], [2, 3]], "of one length"),
            ("matrix", [[1, 70_000]], "Int16"),
            ("profile", ["x"], "the node takes Float"),
            ("span", {"Low": "x"}, "the node takes Double"),
        ):
            answer = await device.write("pump_123", name, value)
            assert (answer.status, part in answer.error) == ("refused", True), answer
        answer = await device.call("pump_123", "take_profile", {"profile": [1.5, 2.5]})
        assert (answer.status, answer.value) == ("accepted", [2.5, 1.5])
        assert plc.calls == [("take_profile", ua.VariantType.Float, [1.5, 2.5])]
        await plc.set("Profile", [1.0, float("nan")])
        await until(lambda: sink.rejected == {"NotFinite": 1}, "the odd element is counted")
        assert sink.details[-1] == "pump_123.profile: /1: nan is not a finite number"
    assert sink.rejected == {"NotFinite": 1}


async def test_a_structure_of_the_servers_own_is_read_and_written_by_its_fields() -> None:
    plc, sink = Plc(free_port()), FakeSink()
    await plc.start()
    try:
        device = connector(twin(plc, "recipe"))
        async with running(device, sink):
            assert sink.value("recipe") == {"Name": "bake", "Steps": [1, 2], "Within": {"High": 9.0}}
            answer = await device.write("pump_123", "recipe", {"Name": "cool", "Steps": [3], "Within": {"High": 4}})
            assert answer.status == "accepted"
            await until(lambda: sink.value("recipe")["Steps"] == [3], "the written structure is read back")
            assert sink.value("recipe") == {"Name": "cool", "Steps": [3], "Within": {"High": 4.0}}
            answer = await device.write("pump_123", "recipe", {"Name": "x", "Steps": ["y"]})
            assert (answer.status, "Int32" in answer.error) == ("refused", True)
    finally:
        await plc.kill()


async def test_a_write_that_the_device_does_not_take_fails_with_its_status(plc: OpcUaServer) -> None:
    sink = FakeSink()
    device = connector(
        pump(plc.endpoint, {"speed": {"node_id": "ns=3;s=Pump123.Speed"}, "count": {"node_id": "ns=3;s=Nothing"}})
    )
    await plc.variables["Speed"].set_writable(False)
    try:
        async with running(device, sink):
            answer = await device.write("pump_123", "speed", 1.0)
            assert (answer.status, "BadUserAccessDenied" in answer.error) == ("failed", True)
            answer = await device.write("pump_123", "count", 1)
            assert (answer.status, "BadNodeIdUnknown" in answer.error) == ("failed", True)
    finally:
        await plc.variables["Speed"].set_writable()


async def test_a_method_is_called_with_its_arguments_in_the_declared_order(plc: OpcUaServer) -> None:
    sink = FakeSink()
    device = connector(twin(plc, "speed"))
    async with running(device, sink):
        answer = await device.call("pump_123", "set_speed", {"ramp": 3.0, "speed": 1200})
        assert (answer.status, answer.value) == ("accepted", 2400.0)
        assert plc.calls == [("set_speed", ua.VariantType.Double, 1200.0, ua.VariantType.Int16, 3)]
        answer = await device.call("pump_123", "set_speed", {"ramp": 3.5, "speed": 1200})
        assert answer.status == "refused"
        answer = await device.call("pump_123", "set_speed", {"speed": 1200})
        assert (answer.status, "no value for ramp" in answer.error) == ("refused", True)
        assert len(plc.calls) == 1


async def test_a_method_without_an_object_in_the_document_is_called_on_the_object_that_has_it(plc: OpcUaServer) -> None:
    device = connector(twin(plc, "speed", node_id=None))
    async with running(device, FakeSink()):
        assert (await device.call("pump_123", "start", {})).status == "accepted"
    assert plc.calls == [("start",)]


async def test_a_method_that_answers_false_is_refused_and_a_bad_status_failed(plc: OpcUaServer) -> None:
    device = connector(twin(plc, "speed"))
    plc.refuse = True
    async with running(device, FakeSink()):
        answer = await device.call("pump_123", "start", {})
        assert (answer.status, answer.value) == ("refused", False)
        assert plc.calls == [("start",)]
        answer = await device.call("pump_123", "reset", {})
        assert (answer.status, "BadInvalidState" in answer.error) == ("failed", True)
        answer = await device.call("pump_123", "unknown", {})
        assert answer.status == "failed"


async def test_events_are_recognised_by_their_type_and_carry_its_fields(plc: OpcUaServer) -> None:
    sink = FakeSink()
    events = {"fault_occurred": {"node_id": "ns=2;s=Pump123.FaultOccurred"}, "maintenance_due": {}}
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert plc.fault is not None
    assert plc.maintenance is not None
    async with running(connector(twin(plc, "flow_rate", events=events)), sink):
        await plc.raise_event(plc.fault, at, fault_code=17, FaultDescription="bearing")
        await plc.raise_event(plc.maintenance, at)
        await until(lambda: len(sink.events) == 2, "both events arrive")
    fault, maintenance = sink.events
    assert (fault.twin_id, fault.name, fault.timestamp) == ("pump_123", "fault_occurred", from_datetime(at))
    assert fault.parameters == {"fault_code": 17, "fault_description": "bearing"}
    assert (maintenance.name, maintenance.parameters) == ("maintenance_due", {"message": "look"})
    assert sink.rejected == {}


async def test_an_event_mapped_to_what_is_no_event_type_is_shown_and_the_others_arrive(plc: OpcUaServer) -> None:
    sink = FakeSink()
    events = {
        "status_changed": {"node_id": "ns=2;s=Pump123.Status"},
        "fault_occurred": {"node_id": "ns=2;s=Pump123.FaultOccurred"},
    }
    assert plc.fault is not None
    async with running(connector(twin(plc, "flow_rate", events=events)), sink):
        await plc.raise_event(plc.fault, datetime.now(UTC), fault_code=1)
        await until(lambda: sink.events, "the good event arrives")
    assert sink.rejected == {"UnknownNode": 1}
    assert "event pump_123.status_changed: ns=2;s=Pump123.Status is not an event type of the server" in sink.details


async def test_an_object_without_events_is_counted_and_its_values_arrive(plc: OpcUaServer) -> None:
    sink = FakeSink()
    quiet = twin(plc, "flow_rate", node_id="i=85", events={"maintenance_due": {}})
    async with running(connector(quiet), sink):
        await until(sink.alive, "the twin is alive")
    assert sink.rejected == {"NotMonitored": 1}
    assert sink.value("flow_rate") == 42.5


async def test_nobody_there_is_unavailable_with_the_reason() -> None:
    endpoint = f"opc.tcp://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable) as caught:
        await connector(pump(endpoint, {"speed": {"node_id": "i=1"}})).run(FakeSink())
    assert "refused" in caught.value.message
    assert endpoint in caught.value.message


async def test_a_server_that_never_answers_is_given_up() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    endpoint = f"opc.tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    device = connector(pump(endpoint, {"speed": {"node_id": "i=1"}}), timing=Timing(connect_seconds=0.3))
    with pytest.raises(Unavailable, match="no answer"):
        await device.run(FakeSink())
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4840", "opc.tcp://", "plc1", "opc.tcp://127.0.0.1:notaport"])
async def test_an_endpoint_that_is_none_is_misconfigured(endpoint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        await connector(pump(endpoint, {"speed": {"node_id": "i=1"}})).run(FakeSink())
    assert caught.value.code == "ENDPOINT_INVALID"


@pytest.mark.parametrize(
    ("authentication", "endpoint", "code"),
    [
        ({"type": "certificate"}, "opc.tcp://h:1", "AUTHENTICATION_INCOMPLETE"),
        ({"type": "kerberos"}, "opc.tcp://h:1", "AUTHENTICATION_UNKNOWN"),
        ({"type": "password", "username": "u"}, "opc.tcp://h:1", "AUTHENTICATION_INCOMPLETE"),
        (
            {"type": "password", "username": "u", "password_env": "NOWHERE"},
            "opc.tcp://h:1",
            "PASSWORD_NOT_SET",
        ),
        (None, "opc.tcp://user:hunter2@h:1", "CREDENTIALS_IN_ENDPOINT"),
    ],
)
async def test_authentication_that_cannot_be_had_is_misconfigured_and_says_what_is_missing(
    authentication: Any, endpoint: str, code: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        await connector(pump(endpoint, {"speed": {"node_id": "i=1"}}, authentication=authentication)).run(FakeSink())
    assert caught.value.code == code
    assert caught.value.hint
    assert "hunter2" not in str(caught.value)
