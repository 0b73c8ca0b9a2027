"""A plant of any size whose API reads a real graph: definitions saved by the real commands, facts written as the graph
writer does, and every statement that the API makes counted.
"""

from types import SimpleNamespace
from typing import Any

from neo4j import AsyncGraphDatabase

from app.commands.actor import Actor
from app.graph.store import GraphStore
from app.model.change import FactBatch
from app.model.definitions import Kind
from app.model.events import Call, Cause, Started
from app.model.plan import BehaviorKey, OwnerKey
from app.runtime.audited import audited, recorded
from app.runtime.bus import Bus
from tests.api.parts import NOON, FakeStore, services
from tests.api.plant import Line, Plant
from tests.servers.counting import CountingDriver
from tests.servers.graph import GraphAddress

TYPES: list[tuple[Kind, dict[str, Any]]] = [
    ("relationship_type", {"relationship_type": "feeds", "impact": "forward", "inverse": "fed_by"}),
    (
        "twin_type",
        {
            "type_id": "pump",
            "properties": [
                {"name": "temperature", "data_type": "float"},
                {"name": "speed", "data_type": "float", "access": "read-write"},
                {"name": "running", "data_type": "boolean", "access": "read-write"},
            ],
            "methods": [{"name": "stop"}],
            "behaviors": [
                {
                    "name": "hot",
                    "conditions": ["temperature >= 80.0"],
                    "actions": [
                        {"type": "alert", "severity": "warning", "message": "Pump is hot", "code": "hot"},
                        {"type": "method_call", "method": "stop"},
                    ],
                }
            ],
            "interlocks": [{"name": "cold", "method": "stop", "while": "temperature < 0.0"}],
        },
    ),
    ("twin_type", {"type_id": "booster", "extends": "pump"}),
    (
        "overlay_type",
        {
            "type_id": "pair",
            "twin_roles": [
                {"role": "lead", "twin_type": "pump"},
                {"role": "follow", "twin_type": "pump", "required": False},
            ],
            "relationship_types": [
                {"name": "next", "source_role": "lead", "target_role": "follow", "relationship_type": "feeds"}
            ],
            "behaviors": [
                {
                    "name": "takes_over",
                    "conditions": ["lead.temperature >= 80.0"],
                    "actions": [{"type": "property_write", "role": "follow", "property": "running", "value": True}],
                }
            ],
        },
    ),
    (
        "overlay_type",
        {"type_id": "hall", "twin_roles": [{"role": "pairs", "overlay_type": "pair", "many": True}]},
    ),
]


class GraphPlant(Plant):
    """`size` pumps in pairs, all in one hall. Every second pump has been hot and is not any more."""

    def __init__(self, store: GraphStore, counting: CountingDriver) -> None:
        self._begun = False
        self.size = 0
        super().__init__()
        self.limit(max_cost=10**9)
        self.graph = store
        self.counting = counting
        self.told = FakeStore()
        heard: Any = SimpleNamespace(clock=self.clock, store=self.told, bus=self.bus, devices=self.devices)
        self.bus = Bus(self.engine.live.deadband)
        self.line = Line(self.engine, heard)
        self.store = store  # type: ignore[assignment]
        self.services = services(self, self.engine.live, self.line, self.engine)
        self._begun = True

    def save(self, *documents: tuple[Kind, dict[str, Any]]) -> None:
        assert not self._begun, "what is to be in the graph goes through `fill`"

    async def fill(self, size: int) -> None:
        self.size = size
        self.line.take(Started())
        await self.services.commands.definitions.save([*TYPES, *_plant(size)], Actor("ann", "test"))
        again: list[tuple[Kind, dict[str, Any]]] = [
            ("twin", {**_pump(number), "description": "again"}) for number in range(size)
        ]
        await self.services.commands.definitions.save(again, Actor("ann", "test"))
        for number in range(size // 2):
            await self.services.commands.stored_scripts.save(
                "overlay Pair {\n  twins {\n    Pump lead;\n  }\n}\n",
                Actor("ann", "test"),
                script_id=f"script_{number}",
            )
        for value in (90.0, 20.0):
            for number in range(0, size, 2):
                self.report(f"pump_{number}", "temperature", value)
        for number in range(size):
            await self.services.commands.control.set_property(f"pump_{number}", "speed", 7.0, Actor("ann", "test"))
        await self._write()

    async def _write(self) -> None:
        entries = self.told.journal
        calls = {call.call_id: call for call in map(_call, range(self.size))}
        alerts = {item.alert.alert_id: item.alert for entry in entries for item in entry.outcome.alerts}
        await self.graph.write(
            FactBatch(
                0,
                len(entries),
                alerts=tuple(alerts.values()),
                calls=tuple(calls.values()),
                audits=tuple(item for entry in entries for item in audited(entry)),
                records=tuple(item for entry in entries for item in recorded(entry)),
            )
        )


async def graph_plant(graph: GraphAddress, size: int) -> GraphPlant:
    """On an emptied database; close its `graph` in the end."""
    await graph.clean()
    counting = CountingDriver(AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)))
    store = GraphStore(counting, graph.database)  # type: ignore[arg-type]
    await store.migrate()
    plant = GraphPlant(store, counting)
    await plant.fill(size)
    return plant


def _call(number: int) -> Call:
    """As a behavior that had a device to call would have made it."""
    key, at = BehaviorKey(OwnerKey("twin", f"pump_{number}"), "hot"), NOON + number
    cause = Cause("behavior", f"pump_{number}/hot", at)
    return Call(f"call-{number}", f"pump_{number}", "accepted", at, cause, method="stop", behavior=key)


def _pump(number: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "twin_id": f"pump_{number}",
        "twin_type": "booster" if number % 3 == 2 else "pump",
    }
    if number:
        found["relationships"] = [
            {"name": "behind", "target_twin_id": f"pump_{number - 1}", "relationship_type": "feeds"}
        ]
    return found


def _plant(size: int) -> list[tuple[Kind, dict[str, Any]]]:
    pairs = range(0, size - 1, 2)
    overlays: list[tuple[Kind, dict[str, Any]]] = [
        (
            "overlay",
            {
                "overlay_id": f"pair_{number}",
                "overlay_type": "pair",
                "twins": [
                    {"role": "lead", "twin_id": f"pump_{number}"},
                    {"role": "follow", "twin_id": f"pump_{number + 1}"},
                ],
            },
        )
        for number in pairs
    ]
    hall = {
        "overlay_id": "hall",
        "overlay_type": "hall",
        "twins": [{"role": "pairs", "overlay_id": f"pair_{number}"} for number in pairs],
    }
    return [*(("twin", _pump(number)) for number in range(size)), *overlays, ("overlay", hall)]
