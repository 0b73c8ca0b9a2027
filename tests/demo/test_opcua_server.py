"""The plant's PLC answers a real OPC UA client as the specification's node ids, methods and events promise."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from app.demo.opcua_server import NAMESPACE, OpcUaPlant
from app.demo.physics import Station
from app.errors import Misconfigured


class Plc:
    """A station behind its server, with a client; time passes where the test says so."""

    def __init__(self, station: Station, server: OpcUaPlant, client: Client, endpoint: str) -> None:
        self.station = station
        self.server = server
        self.client = client
        self.endpoint = endpoint

    async def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.station.step(0.1)
            await self.server.publish()

    async def read(self, name: str) -> Any:
        return await self.client.get_node(f"ns=2;s={name}").read_value()

    async def write(self, name: str, value: Any, kind: ua.VariantType = ua.VariantType.Double) -> None:
        await self.client.get_node(f"ns=2;s={name}").write_value(ua.DataValue(ua.Variant(value, kind)))

    async def call(self, name: str, *arguments: ua.Variant) -> Any:
        owner = self.client.get_node(f"ns=2;s={name.partition('.')[0]}")
        return await owner.call_method(ua.NodeId.from_string(f"ns=2;s={name}"), *arguments)


@pytest.fixture
async def plc() -> AsyncIterator[Plc]:
    station = Station()
    server = OpcUaPlant(station)
    endpoint = await server.start(0)
    try:
        async with Client(endpoint) as client:
            yield Plc(station, server, client, endpoint)
    finally:
        await server.stop()


class Heard:
    """A subscription handler that can be waited on."""

    def __init__(self) -> None:
        self.values: list[tuple[str, Any]] = []
        self.events: list[Any] = []
        self._arrived = asyncio.Event()

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        self.values.append((str(node.nodeid.Identifier), value))
        self._arrived.set()

    def event_notification(self, event: Any) -> None:
        self.events.append(event)
        self._arrived.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                await self._arrived.wait()
                self._arrived.clear()


def double(value: float) -> ua.Variant:
    return ua.Variant(value, ua.VariantType.Double)


def status_of(error: UaStatusCodeError) -> int:
    return int(error.code)


async def test_the_namespace_has_index_2_and_the_printed_node_ids_are_there(plc: Plc) -> None:
    assert (await plc.client.get_namespace_array())[2] == NAMESPACE
    await plc.run(1)
    assert await plc.read("Pump123.FlowRate") == pytest.approx(75, rel=0.01)
    assert await plc.read("Pump123.Pressure") == pytest.approx(6, rel=0.01)
    assert await plc.read("Pump123.Temperature") == pytest.approx(65, rel=0.01)
    assert await plc.read("Pump123.Power") == pytest.approx(32, rel=0.05)
    assert await plc.read("Pump123.Status") == "running"
    assert await plc.read("Pump123.Speed") == pytest.approx(2500, rel=0.001)
    assert await plc.read("Pump123.TargetFlowRate") == 75.0
    assert await plc.read("Pump124.Status") == "off"
    assert (await plc.read("Valve234.Status"), await plc.read("Valve235.Position")) == ("open", 100.0)
    assert (await plc.read("Controller234.Status"), await plc.read("Controller234.Mode")) == ("running", "automatic")


async def test_values_carry_the_time_at_which_they_were_measured(plc: Plc) -> None:
    before = datetime.now(UTC)
    await plc.run(0.1)
    value = await plc.client.get_node("ns=2;s=Pump123.FlowRate").read_data_value()
    assert value.SourceTimestamp is not None
    measured = value.SourceTimestamp.replace(tzinfo=UTC)
    assert before - timedelta(milliseconds=1) <= measured <= datetime.now(UTC)


async def test_a_subscriber_sees_each_change_and_nothing_where_nothing_changes(plc: Plc) -> None:
    heard = Heard()
    subscription = await plc.client.create_subscription(20, heard)
    await subscription.subscribe_data_change(
        [plc.client.get_node(f"ns=2;s={name}") for name in ("Pump123.FlowRate", "Pump124.FlowRate")]
    )
    await heard.until(lambda: len(heard.values) == 2)
    await plc.run(1)
    await heard.until(lambda: len([name for name, _ in heard.values if name == "Pump123.FlowRate"]) > 8)
    assert [name for name, _ in heard.values].count("Pump124.FlowRate") == 1
    await subscription.delete()


async def test_stop_and_start_move_the_pumps(plc: Plc) -> None:
    assert await plc.call("Pump123.Stop") is True
    assert await plc.read("Pump123.Status") == "stopping", "a command shows at once, not at the next step"
    assert await plc.call("Pump124.Start") is True
    await plc.run(4)
    assert (await plc.read("Pump123.Status"), await plc.read("Pump124.Status")) == ("off", "running")
    assert await plc.read("Pump124.FlowRate") == pytest.approx(75, rel=0.01)


async def test_a_faulted_pump_answers_false_until_it_is_reset(plc: Plc) -> None:
    plc.station.pumps["pump_123"].fail(17, "bearing seized")
    assert await plc.call("Pump123.Start") is False
    assert await plc.call("Pump123.SetSpeed", double(1000.0)) is False
    with pytest.raises(UaStatusCodeError) as refused:
        await plc.write("Pump123.Speed", 1000.0)
    assert status_of(refused.value) == StatusCodes.BadInvalidState
    assert await plc.read("Controller234.Status") == "degraded"
    await plc.run(2)
    assert await plc.call("Pump123.ResetFault") is True
    assert await plc.call("Pump123.ResetFault") is False
    assert await plc.call("Pump123.Start") is True


async def test_a_written_speed_is_ramped_to_and_never_echoed(plc: Plc) -> None:
    heard = Heard()
    subscription = await plc.client.create_subscription(20, heard)
    await subscription.subscribe_data_change(plc.client.get_node("ns=2;s=Pump123.Speed"))
    await heard.until(lambda: len(heard.values) == 1)
    await plc.write("Pump123.Speed", 1000.0)
    assert await plc.read("Pump123.Speed") == pytest.approx(2500, rel=0.001)
    await plc.run(2)
    assert await plc.read("Pump123.Speed") == pytest.approx(1000, rel=0.001)
    await heard.until(lambda: heard.values[-1][1] < 1001)
    assert len(heard.values) > 10
    assert await plc.read("Controller234.Mode") == "manual"
    await subscription.delete()


async def test_a_written_target_flow_rate_shows_and_is_reached(plc: Plc) -> None:
    await plc.write("Pump123.TargetFlowRate", 60.0)
    assert await plc.read("Pump123.TargetFlowRate") == 60.0
    await plc.run(3)
    assert await plc.read("Pump123.FlowRate") == pytest.approx(60, rel=0.01)
    assert await plc.read("Controller234.Mode") == "automatic"


async def test_the_valves_obey_open_close_and_a_written_position(plc: Plc) -> None:
    assert await plc.call("Valve235.Close") is True
    assert await plc.read("Valve235.Status") == "moving"
    await plc.run(6)
    assert (await plc.read("Valve235.Status"), await plc.read("Valve235.Position")) == ("closed", 0.0)
    assert await plc.call("Valve235.Open", double(50.0)) is True
    await plc.run(6)
    assert (await plc.read("Valve235.Status"), await plc.read("Valve235.Position")) == ("open", 50.0)
    await plc.write("Valve235.Position", 100.0)
    await plc.run(6)
    assert await plc.read("Valve235.Position") == 100.0


async def test_a_wrong_write_is_refused_with_its_reason(plc: Plc) -> None:
    wrong = [
        ("Pump123.Speed", 3000.1, ua.VariantType.Double, StatusCodes.BadOutOfRange),
        ("Pump123.Speed", float("nan"), ua.VariantType.Double, StatusCodes.BadOutOfRange),
        ("Valve235.Position", -1.0, ua.VariantType.Double, StatusCodes.BadOutOfRange),
        ("Pump123.TargetFlowRate", "fast", ua.VariantType.String, StatusCodes.BadTypeMismatch),
        ("Pump123.Speed", [1.0, 2.0], ua.VariantType.Double, StatusCodes.BadTypeMismatch),
        ("Pump123.FlowRate", 1.0, ua.VariantType.Double, StatusCodes.BadUserAccessDenied),
        ("Pump123.Status", "off", ua.VariantType.String, StatusCodes.BadUserAccessDenied),
        ("Pump999.Speed", 1.0, ua.VariantType.Double, StatusCodes.BadUserAccessDenied),
    ]
    for name, value, kind, expected in wrong:
        with pytest.raises(UaStatusCodeError) as refused:
            await plc.write(name, value, kind)
        assert status_of(refused.value) == expected, (name, value)
    assert plc.station.pumps["pump_123"].setpoint_rpm == 2500.0


async def test_one_wrong_write_among_several_fails_alone(plc: Plc) -> None:
    names = ("Pump123.Speed", "Pump123.FlowRate", "Valve235.Position")
    nodes = [plc.client.get_node(f"ns=2;s={name}") for name in names]
    values = [ua.DataValue(double(value)) for value in (1000.0, 1.0, 500.0)]
    answers = await plc.client.write_values(nodes, values, raise_on_partial_error=False)
    assert [answer.value for answer in answers] == [
        StatusCodes.Good,
        StatusCodes.BadUserAccessDenied,
        StatusCodes.BadOutOfRange,
    ]
    assert plc.station.pumps["pump_123"].setpoint_rpm == 1000.0


async def test_a_call_with_wrong_arguments_is_refused_with_its_reason(plc: Plc) -> None:
    wrong: list[tuple[list[ua.Variant], int]] = [
        ([], StatusCodes.BadArgumentsMissing),
        ([double(1.0), double(2.0)], StatusCodes.BadTooManyArguments),
        ([double(5000.0)], StatusCodes.BadInvalidArgument),
        ([ua.Variant("fast", ua.VariantType.String)], StatusCodes.BadInvalidArgument),
    ]
    for arguments, expected in wrong:
        with pytest.raises(UaStatusCodeError) as refused:
            await plc.call("Pump123.SetSpeed", *arguments)
        assert status_of(refused.value) == expected, arguments
    assert plc.station.pumps["pump_123"].setpoint_rpm == 2500.0


async def test_the_events_arrive_with_their_parameters_as_fields(plc: Plc) -> None:
    heard = Heard()
    subscription = await plc.client.create_subscription(20, heard)
    pump = plc.client.get_node("ns=2;s=Pump123")
    types = [
        plc.client.get_node(f"ns=2;s=Pump123.{name}") for name in ("StatusChanged", "FaultOccurred", "MaintenanceDue")
    ]
    await subscription.subscribe_events(pump, types)
    plc.station.pumps["pump_123"].fail(17, "bearing seized")
    plc.station.pumps["pump_124"].start()
    await plc.run(2)
    await plc.call("Pump123.ResetFault")
    await heard.until(lambda: len(heard.events) == 4)
    changed, fault, reset, due = heard.events
    assert changed.EventType == ua.NodeId.from_string("ns=2;s=Pump123.StatusChanged")
    assert (changed.old_status, changed.new_status) == ("running", "fault")
    assert changed.SourceNode == pump.nodeid
    assert (fault.fault_code, fault.fault_description, fault.Severity) == (17, "bearing seized", 800)
    assert fault.Message.Text == "pump_123: fault 17, bearing seized"
    assert (reset.old_status, reset.new_status) == ("fault", "off")
    assert due.maintenance_type == "inspection_after_fault"
    assert due.due_date.replace(tzinfo=UTC) > datetime.now(UTC) + timedelta(days=6)
    await subscription.delete()


async def test_a_taken_port_is_one_clear_error(plc: Plc) -> None:
    port = int(plc.endpoint.rpartition(":")[2])
    with pytest.raises(Misconfigured) as refused:
        await OpcUaPlant(Station()).start(port)
    assert (refused.value.code, str(port) in refused.value.message) == ("PORT_TAKEN", True)
