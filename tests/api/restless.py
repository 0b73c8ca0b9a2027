"""A plant that never rests, for live queries to look at: random changes of every kind, and random questions.

Everything comes from one `random.Random`: the same seed is the same plant, the same changes and the same questions.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from random import Random
from typing import Any, cast

import msgspec
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type
from graphql.type import GraphQLNonNull, GraphQLUnionType
from strawberry.types import ExecutionResult

from app.api.context import Context
from app.api.limits.admission import Admission
from app.api.live.shape import NOT_LIVE
from app.api.loaders import Loaders
from app.api.order import Order
from app.api.schema import schema
from app.commands.actor import Actor
from app.errors import TwinOverlayError
from app.model.definitions import Kind
from app.model.events import (
    AcknowledgeAlert,
    ClearOverride,
    ClockStepped,
    CommentAlert,
    DeviceEvent,
    Input,
    PathStatus,
    Reading,
    RequestCall,
    ResetAlert,
    Sample,
    Samples,
    SetManual,
    SetOverride,
    ShelveAlert,
    SourceStatus,
    Tick,
    UnshelveAlert,
)
from app.model.events import AlertKey as Key
from app.model.time import SECOND
from app.settings import GraphQLSettings
from tests.api.json_patch import patched
from tests.api.plant import Plant

PATIENCE = 60.0
"""Seconds that a screen may take to agree, on a machine that does other things too."""
ANN = Actor("ann", "graphql")
TWINS = [f"m_{number}" for number in range(1, 7)]
OVERLAYS = ["north", "south", "site"]
STATUSES = ["off", "running", "fault"]
TYPES: list[tuple[Kind, dict[str, Any]]] = [
    (
        "twin_type",
        {
            "type_id": "machine",
            "properties": [
                {"name": "heat", "data_type": "float", "unit": "celsius", "max_value": 100.0},
                {"name": "status", "data_type": "enum", "enum_values": STATUSES},
                {"name": "goal", "data_type": "float", "access": "read-write"},
                {"name": "margin", "data_type": "float", "computed": "100 - heat"},
            ],
            "methods": [{"name": "stop"}, {"name": "start", "min_interval": 5}],
            "events": [{"name": "knock", "parameters": [{"name": "code", "data_type": "integer"}]}],
            "interlocks": [{"name": "too_hot", "method": "start", "while": "heat > 90"}],
            "behaviors": [
                {
                    "name": "hot",
                    "conditions": ["heat >= 80.0"],
                    "actions": [
                        {"type": "alert", "severity": "error", "message": "hot: {heat}", "code": "hot"},
                        {"type": "method_call", "method": "stop"},
                    ],
                },
                {
                    "name": "warm",
                    "conditions": ["heat >= 60.0 for 10s"],
                    "actions": [
                        {"type": "alert", "severity": "warning", "message": "warm", "code": "warm", "delay_on": 5.0}
                    ],
                },
                {
                    "name": "wrong",
                    "conditions": ["status == 'fault'"],
                    "suppressed_by": ["hot"],
                    "actions": [{"type": "alert", "severity": "info", "message": "wrong", "latched": True}],
                },
            ],
            "visualization": {"icon_2d": "/icons/machine.svg"},
        },
    ),
    (
        "twin_type",
        {
            "type_id": "pump",
            "extends": "machine",
            "properties": [{"name": "level", "data_type": "float", "stale_after": 30.0}],
        },
    ),
    (
        "overlay_type",
        {
            "type_id": "line",
            "twin_roles": [
                {"role": "first", "twin_type": "machine"},
                {"role": "spare", "twin_type": "machine", "required": False},
                {"role": "others", "twin_type": "machine", "required": False, "many": True},
            ],
            "relationship_types": [{"name": "feeds", "source_role": "first", "target_role": "spare"}],
            "behaviors": [
                {
                    "name": "failing",
                    "conditions": ["first.status == 'fault' || any(others.heat > 70)"],
                    "actions": [{"type": "alert", "severity": "critical", "message": "The line fails", "code": "line"}],
                }
            ],
        },
    ),
    (
        "overlay_type",
        {
            "type_id": "area",
            "twin_roles": [
                {"role": "a", "overlay_type": "line", "required": False},
                {"role": "b", "overlay_type": "line", "required": False},
                {"role": "guard", "twin_type": "machine", "required": False},
            ],
        },
    ),
]


class Restless(Plant):
    """`stir` does one thing at random and says what."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.save(*TYPES)
        self.save(*(("twin", self._twin(twin_id)) for twin_id in TWINS[:-1]))
        self.save(("overlay", self._line("north")), ("overlay", self._line("south")), ("overlay", self._area()))
        self._calls = 0
        self._kinds: list[Callable[[], Any]] = [
            *[self._hear] * 6,
            self._be_reached,
            self._raise_event,
            self._wait,
            self._step_the_clock,
            *[self._answer_an_alert] * 2,
            self._shelve,
            self._override,
            self._set,
            self._call,
            *[self._save_a_twin] * 2,
            self._delete_a_twin,
            self._save_an_overlay,
            self._move_an_overlay,
            self._delete_an_overlay,
            self._save_a_type,
        ]

    async def stir(self) -> str:
        kind = self.random.choice(self._kinds)
        with contextlib.suppress(TwinOverlayError):  # what is refused is a change of nothing
            found = kind()
            if found is not None:
                await found
        return kind.__name__

    # ------------------------------------------------------------ the plant

    def _hear(self) -> None:
        """One message of a device, of one value or several, known again or not, late or not."""
        random, clock = self.random, self.clock
        clock.at += random.choice([0, 1, SECOND, 5 * SECOND])
        samples = []
        for _ in range(random.choice([1, 1, 1, 4])):
            name, value = random.choice(
                [
                    ("heat", random.choice([20.0, 61.0, 65.0, 75.0, 81.0, 95.0, 120.0, "odd"])),
                    ("status", random.choice(STATUSES)),
                    ("level", random.choice([1.0, 2.0])),
                ]
            )
            late = random.choice([0, 0, 0, 60 * SECOND])
            quality = random.choice(["good", "good", "good", "uncertain", "bad"])
            samples.append(Sample(random.choice(TWINS), name, value, clock.at - late, cast(Any, quality)))
        self.line.take(Samples((Reading("opcua", clock.at, tuple(samples)),)))

    def _be_reached(self) -> None:
        paths = [
            PathStatus(
                twin_id, self.random.random() < 0.7, self.random.choice(["", "lost"]), self.random.choice([0, 0, 1])
            )
            for twin_id in self.random.sample(TWINS, self.random.choice([1, 3]))
        ]
        self.line.take(SourceStatus(self.random.choice(["opcua", "other"]), tuple(paths)))

    def _raise_event(self) -> None:
        event = DeviceEvent(self.random.choice(TWINS), "knock", self.clock.at, {"code": self.random.randrange(9)})
        self.line.take(Samples((Reading("opcua", self.clock.at, (), (event,)),)))

    def _wait(self) -> None:
        self.clock.at += self.random.choice([SECOND, 6 * SECOND, 40 * SECOND])
        self.line.take(Tick())

    def _step_the_clock(self) -> None:
        self.line.take(ClockStepped(self.random.choice([0, 60 * SECOND]), 0))

    # ------------------------------------------------------------ people

    def _answer_an_alert(self) -> None:
        alerts = sorted(item.alert_id for item in self.engine.live.open_alerts())
        if alerts:
            alert_id = self.random.choice(alerts)
            self._one_of(
                AcknowledgeAlert(alert_id, "ann", "seen"),
                ResetAlert(alert_id, "ann"),
                CommentAlert(alert_id, "bob", f"at {self.clock.at}"),
            )

    def _shelve(self) -> None:
        alerts = sorted(self.engine.live.open_alerts(), key=lambda item: item.alert_id)
        if alerts:
            alert = self.random.choice(alerts)
            key = Key(alert.owner, alert.behavior, alert.code)
            shelve = ShelveAlert(key, self.random.choice([10, 100]) * SECOND, "ann", "known")
            self._one_of(shelve, shelve, UnshelveAlert(key, "ann"))

    def _override(self) -> None:
        twin_id, name = self.random.choice(TWINS), self.random.choice(["heat", "status", "level"])
        if self.engine.live.cell(twin_id, name) is None:
            return
        forced = self.random.choice(STATUSES) if name == "status" else self.random.choice([10.0, 85.0])
        self._one_of(
            SetOverride(twin_id, name, "forced", "ann", "test", forced),
            SetOverride(twin_id, name, "out_of_service", "ann", "broken"),
            ClearOverride(twin_id, name, "ann"),
        )

    def _set(self) -> None:
        twin_id = self.random.choice(TWINS)
        if self.engine.live.cell(twin_id, "goal") is not None:
            self.line.take(SetManual(twin_id, "goal", self.random.choice([1.0, 2.0]), "ann"))

    def _call(self) -> None:
        twin_id = self.random.choice(TWINS)
        if twin_id in self.engine.live.twins:
            self._calls += 1
            method = self.random.choice(["stop", "start"])
            self.line.take(RequestCall(f"call-{self._calls}", twin_id, "ann", method))

    def _one_of(self, *inputs: Input) -> None:
        self.line.take(self.random.choice(inputs))

    # ------------------------------------------------------------ definitions

    async def _save(self, kind: Kind, document: dict[str, Any]) -> None:
        await self.services.commands.definitions.save([(kind, document)], ANN)

    async def _save_a_twin(self) -> None:
        await self._save("twin", self._twin(self.random.choice(TWINS)))

    async def _delete_a_twin(self) -> None:
        await self.services.commands.definitions.delete("twin", self.random.choice(TWINS), ANN, unbind=True)

    async def _save_an_overlay(self) -> None:
        overlay_id = self.random.choice(OVERLAYS)
        await self._save("overlay", self._area() if overlay_id == "site" else self._line(overlay_id))

    async def _move_an_overlay(self) -> None:
        states = ["active", "suspended", "retired", "draft"]
        overlay_id, state = self.random.choice(OVERLAYS), cast(Any, self.random.choice(states))
        await self.services.commands.definitions.set_lifecycle(overlay_id, state, ANN, reason="so")

    async def _delete_an_overlay(self) -> None:
        await self.services.commands.definitions.delete("overlay", self.random.choice(OVERLAYS), ANN, unbind=True)

    async def _save_a_type(self) -> None:
        """The machine again, with another text, another limit, and one behavior or property more or less."""
        machine = json.loads(json.dumps(TYPES[0][1]))
        machine["description"] = self.random.choice(["", "Turns"])
        machine["behaviors"][0]["conditions"] = [f"heat >= {self.random.choice([70.0, 80.0])}"]
        if self.random.random() < 0.3:
            machine["properties"].append({"name": "noise", "data_type": "float"})
        if self.random.random() < 0.3:
            del machine["behaviors"][1]
        await self._save("twin_type", machine)

    def _twin(self, twin_id: str) -> dict[str, Any]:
        random = self.random
        others = random.sample([other for other in TWINS if other != twin_id], random.choice([0, 1, 2]))
        fed = [name for name in ("heat", "status", "level") if random.random() < 0.9]
        twin_type = random.choice(["machine", "pump", "pump"])
        found: dict[str, Any] = {
            "twin_id": twin_id,
            "twin_type": twin_type,
            "description": random.choice(["", "Old"]),
            "metadata": {"tags": random.choice([[], ["red"], ["red", "blue"]])},
            "location": {"site": random.choice(["East", "West"])},
            "relationships": [
                {"name": f"to_{other}", "target_twin_id": other, "relationship_type": "physical_connection"}
                for other in others
            ],
        }
        if random.random() < 0.8:
            names = [name for name in fed if name != "level" or twin_type == "pump"]
            found["connectivity"] = {
                "protocol": "opc-ua",
                "endpoint": "opc.tcp://127.0.0.1:4840",
                "mapping": {
                    "properties": {name: {"node_id": f"ns=2;s={name}"} for name in names},
                    "methods": {"stop": {"node_id": "ns=2;s=stop"}, "start": {"node_id": "ns=2;s=start"}},
                },
            }
        if random.random() < 0.3:
            found["behaviors"] = [{"name": "own", "conditions": ["goal > 1.5"]}]
        return found

    def _line(self, overlay_id: str) -> dict[str, Any]:
        first, spare, *others = self.random.sample(TWINS[:-1], 4)
        twins = [{"twin_id": first, "role": "first"}]
        twins += [{"twin_id": spare, "role": "spare"}] if self.random.random() < 0.7 else []
        twins += [{"twin_id": other, "role": "others"} for other in others if self.random.random() < 0.7]
        return {"overlay_id": overlay_id, "overlay_type": "line", "name": overlay_id.title(), "twins": twins}

    def _area(self) -> dict[str, Any]:
        twins: list[dict[str, str]] = [{"overlay_id": "north", "role": "a"}]
        twins += [{"overlay_id": "south", "role": "b"}] if self.random.random() < 0.6 else []
        twins += [{"twin_id": self.random.choice(TWINS[:-1]), "role": "guard"}] if self.random.random() < 0.6 else []
        return {"overlay_id": "site", "overlay_type": "area", "twins": twins}


def context_of(plant: Plant, **headers: str) -> Context:
    """As a connection has it, to a server that lets any operation in."""
    services, anything = plant.services, Admission(GraphQLSettings(max_cost=10**9))
    return Context(services, Order(), Loaders(services), headers, admission=anything)


# ---------------------------------------------------------------- questions

_WHERE = [
    "",
    'where: {type: ["pump"]}',
    'where: {properties: [{property: "heat", gte: 61}]}',
    'where: {properties: [{property: "heat", known: true}, {property: "status", quality: [GOOD]}]}',
    "where: {alertSeverity: [ERROR, CRITICAL]}",
    "where: {connectivity: [CONNECTED]}",
    'where: {activeBehavior: "hot"}',
    'where: {tag: ["red"]}',
    "where: {overridden: true}",
    'where: {member: {overlayId: "north"}}',
    'where: {relatedTo: {twinId: "m_1"}}',
]
_ORDER = ["", 'orderBy: {property: "heat", direction: DESC}', "orderBy: {field: UPDATED, direction: DESC}"]
_GIVEN = {
    "Twin.property": '(name: "heat")',
    "Twin.related": "(maxDepth: 2)",
}
_LIVELY = {
    *("nodes", "edges", "node", "properties", "property", "value", "json", "number", "quality", "known", "reason"),
    *("behaviors", "state", "evidence", "timers", "alerts", "acknowledged", "active", "shelved", "explanation"),
    *("connectivity", "status", "memberships", "overlay", "roles", "twins", "twin", "related", "guards", "truth"),
    *("instance", "lastEvents", "document", "override", "reported", "reportedAt", "totalCount", "unknownBecause"),
}
"""Chosen more often than what changes with definitions alone."""
_MOVES_BY_ITSELF = {"Explanation.at", "ImpactAnalysis.rehearsal", "RehearsedAlert.alert"}
"""At the moment of the last entry, whatever that was about; and ids that a rehearsal gives out."""


class Question:
    """A random live query, and the query that it is."""

    def __init__(self, random: Random, *, delta: bool) -> None:
        self._random = random
        self.delta = delta
        kind = random.choice(["twins", "twins", "twin", "overlay", "overlay", "impact"])
        match kind:
            case "twins":
                pages = [*("first: 3", "first: 3", "last: 2", "")]
                given = [random.choice(_WHERE), random.choice(_ORDER), random.choice(pages)]
                answered = "TwinConnection"
            case "twin":
                given, answered = [f'twinId: "{random.choice(TWINS[:-1])}"'], "Twin"
            case "impact":
                change = random.choice([f'failure: ["{random.choice(TWINS[:-1])}"]', 'maintenance: ["m_1", "m_2"]'])
                given, answered = [f"input: {{change: {{{change}}}}}"], "ImpactAnalysis"
            case _:
                given, answered = [f'overlayId: "{random.choice(OVERLAYS)}"'], "Overlay"
        arguments = " ".join(filter(None, given))
        selected = self._selection(cast(GraphQLObjectType, schema._schema.type_map[answered]), random.choice([3, 4, 5]))
        more = f"minIntervalMs: 0 delta: {'true' if delta else 'false'}"
        asked = f"({arguments})" if arguments else ""
        self.query = f"{{ it: {kind}{asked} {selected} }}"
        self.live = (
            f"subscription {{ live{kind.title()}({arguments} {more}) "
            f"{{ sequence initial skipped patch it: {kind} {selected} }} }}"
        )

    def _selection(self, parent: Any, depth: int) -> str:
        names = ["__typename"] if self._random.random() < 0.1 else []
        fields = [(name, field) for name, field in parent.fields.items() if self._may(parent, name, field, depth)]
        fields.sort(key=lambda item: self._random.random() * (0.3 if item[0] in _LIVELY else 1.0))
        for name, field in fields[: self._random.choice([2, 4, 8])]:
            kind = get_named_type(field.type)
            given = _GIVEN.get(f"{parent.name}.{name}", "")
            if is_leaf_type(kind):
                names.append(f"{name}{given}")
            elif isinstance(kind, GraphQLUnionType):
                inner = " ".join(f"... on {one.name} {self._selection(one, depth - 2)}" for one in kind.types)
                names.append(f"{name}{given} {{ __typename {inner} }}")
            else:
                names.append(f"{name}{given} {self._selection(kind, depth - 1)}")
        return f"{{ {' '.join(names) or '__typename'} }}"

    def _may(self, parent: Any, name: str, field: GraphQLField, depth: int) -> bool:
        full = {f"{parent.name}.{name}", *(f"{above.name}.{name}" for above in parent.interfaces)}
        if not full.isdisjoint(NOT_LIVE) or not full.isdisjoint(_MOVES_BY_ITSELF) or name == "sequence":
            return False
        needs = any(isinstance(item.type, GraphQLNonNull) and item.default is None for item in field.args.values())
        if needs and not full & _GIVEN.keys():
            return False
        kind = get_named_type(field.type)
        return is_leaf_type(kind) or depth > 1


class Screen:
    """A client of one live query: what it shows, by what was pushed to it and nothing else."""

    def __init__(self, plant: Restless, question: Question) -> None:
        self.question = question
        self.shown: Any = None
        self.pushes = 0
        self.sequence = 0
        self._plant = plant
        self._context = context_of(plant)
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        pushed = await schema.subscribe(self.question.live, context_value=self._context)
        async with contextlib.aclosing(pushed) as results:
            async for result in results:
                self._take(result)

    def _take(self, result: ExecutionResult) -> None:
        assert result.data is not None, result.errors
        [push] = json.loads(msgspec.json.encode(result.data)).values()
        own = {name: push.pop(name) for name in ("sequence", "initial", "skipped", "patch")}
        assert own["initial"] is (self.pushes == 0)
        assert own["sequence"] >= self.sequence
        if own["patch"] is None:
            shown = push
        else:
            assert self.question.delta
            assert push == {"it": None}
            shown = patched(self.shown["data"], own["patch"])
        self.pushes, self.sequence = self.pushes + 1, own["sequence"]
        self.shown = {"data": shown, "errors": told(result, below=1)}

    async def agrees(self) -> None:
        """What it shows comes to be what the query answers now."""
        queries = self._plant.services.live_queries
        async with asyncio.timeout(PATIENCE):
            while True:
                while queries.waiting:  # noqa: ASYNC110 - what is waited for has no event
                    await asyncio.sleep(0)
                if self._task.done():
                    self._task.result()
                    raise AssertionError(f"{self.question.live} has ended")
                answer = await schema.execute(self.question.query, context_value=self._context)
                data = json.loads(json.dumps(answer.data)) or {"it": None}  # which may not be null in a query
                wanted = {"data": data, "errors": told(answer, below=0)}
                if self.shown == wanted:
                    return
                await asyncio.sleep(0.001)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


def told(result: Any, *, below: int) -> list[tuple[str, tuple[Any, ...]]]:
    return sorted((str(error.message), tuple(error.path or ())[below:]) for error in result.errors or ())


async def watch(random: Random, changes: int, screens: int) -> tuple[int, int]:
    """After each of so many changes every screen shows what its query answers; how often was executed and pushed."""
    plant = Restless(random)
    plant.start()
    looking = [Screen(plant, Question(random, delta=number % 2 == 0)) for number in range(screens)]
    try:
        for screen in looking:
            await screen.agrees()
        for _ in range(changes):
            what = await plant.stir()
            for screen in looking:
                try:
                    await screen.agrees()
                except TimeoutError:
                    answer = await schema.execute(screen.question.query, context_value=context_of(plant))
                    raise AssertionError(
                        f"after {what}: {screen.question.live}\nshows {screen.shown}\nand should {answer}"
                    ) from None
    finally:
        for screen in looking:
            await screen.close()
    return plant.services.live_queries.executions, sum(screen.pushes for screen in looking)
