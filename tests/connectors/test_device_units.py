"""Device units: converted on the way in and out of any connector, here through the supervisor."""

import asyncio
import contextlib
from typing import Any

from app.connectors.protocols import Group
from app.connectors.supervise import Supervisor
from app.model.connection import CallAnswer, TwinConnection
from app.model.definitions import Connectivity
from app.model.events import PathStatus, Reading, Sample, SourceStatus
from app.model.plan import MethodPlan, PropertyPlan
from app.model.units import Conversion, conversion
from app.model.values import Value
from app.ports import Sink
from tests.connectors.parts import FakeSink, until
from tests.connectors.test_supervise import FakeClock

PARAMETERS = (PropertyPlan("to", "float", "celsius"), PropertyPlan("ramp", "integer"))
PROPERTIES = {
    "temperature": PropertyPlan("temperature", "float", "celsius", -20.0, 120.0),
    "power": PropertyPlan("power", "integer", "W"),
    "plain": PropertyPlan("plain", "integer"),
    "zones": PropertyPlan(
        "zones", "array", items=PropertyPlan("", "array", items=PropertyPlan("", "integer", "celsius", 0.0, 300.0))
    ),
}


def _needed(given: str, wanted: str) -> Conversion:
    found = conversion(given, wanted)
    assert found is not None
    return found


FAHRENHEIT = _needed("fahrenheit", "celsius")
TWIN = TwinConnection(
    "oven",
    Connectivity(protocol="opc-ua", endpoint="opc.tcp://127.0.0.1:1"),
    PROPERTIES,
    {"heat": MethodPlan("heat", PARAMETERS)},
    conversions={"temperature": FAHRENHEIT, "power": _needed("kW", "W"), "zones": FAHRENHEIT},
    argument_conversions={"heat": {"to": FAHRENHEIT}},
)


class Device:
    """Implements ports.Connector: tells `samples` once, and remembers what is sent to it."""

    protocol = "opc-ua"
    security = "none"

    def __init__(self, group: Group, *samples: Sample) -> None:
        self.name = group.name
        self.endpoint = group.endpoint
        self.twin = group.twins[0]
        self.samples = samples
        self.sent: list[Any] = []

    async def run(self, sink: Sink) -> None:
        sink.connected(self.name)
        sink.status(SourceStatus(self.name, (PathStatus("oven", True),)))
        sink.offer(Reading(self.name, 1, self.samples))
        await asyncio.get_running_loop().create_future()

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        self.sent.append((property, value))
        return CallAnswer("accepted")

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        self.sent.append((method, arguments))
        return CallAnswer("accepted")


async def test_values_come_in_the_definitions_unit_and_go_out_in_the_devices() -> None:
    devices: list[Device] = []

    def make(group: Group, clock: Any, installation: str) -> Device:
        told: list[tuple[str, Any]] = [
            ("temperature", 212.0),
            ("power", 0.5),
            ("plain", 7),
            ("power", 0.0001),
            ("temperature", None),
        ]
        told += [("zones", [[212.0], []]), ("zones", [[212.0, 33.0]])]
        devices.append(Device(group, *(Sample("oven", name, value, 1) for name, value in told)))
        return devices[-1]

    sink = FakeSink()
    supervisor = Supervisor(sink, FakeClock(), protocols={"opc-ua": make}, installation="test")
    supervisor.configure([TWIN])
    task = asyncio.create_task(supervisor.run())
    try:
        await until(lambda: bool(sink.readings), "the first reading")
        assert [(item.property, item.value) for item in sink.readings[0].samples] == [
            ("temperature", 100.0),
            ("power", 500),
            ("plain", 7),
            ("temperature", None),
            ("zones", [[100], []]),
        ]
        assert isinstance(sink.readings[0].samples[1].value, int)
        assert sink.rejected == {"TypeMismatch": 2}
        (device,) = devices
        assert device.twin.properties["power"] == PropertyPlan("power", "float", "W")
        assert device.twin.properties["plain"] is PROPERTIES["plain"]
        await supervisor.write("oven", "temperature", 100.0)
        await supervisor.write("oven", "power", 1500)
        await supervisor.write("oven", "plain", 3)
        await supervisor.write("oven", "zones", [[100, 37.5]])
        await supervisor.call("oven", "heat", {"to": 37.5, "ramp": 2})
        assert device.sent == [
            ("temperature", 212.0),
            ("power", 1.5),
            ("plain", 3),
            ("zones", [[212.0, 99.5]]),
            ("heat", {"to": 99.5, "ramp": 2}),
        ]
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
