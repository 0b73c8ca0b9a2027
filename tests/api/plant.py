"""The same installation on the real engine: what a command decides is what the engine decides.

Only the journal is left out of the data path: `Line` decides, gives the sequence and publishes, as Ingest does.
"""

import asyncio
from typing import Any

from app.commands.plan import plan_for
from app.engine.engine import Engine
from app.model.events import (
    AttemptCall,
    Call,
    CallResult,
    ClockStepped,
    Entry,
    Input,
    Load,
    Outcome,
    PathStatus,
    Reading,
    Redefined,
    ReportSamples,
    Sample,
    Samples,
    SourceStatus,
    Started,
)
from app.model.time import SECOND, Micros
from app.ports import AssetStore
from app.runtime.bus import Bus
from tests.api.parts import FakeDevices, Installation, services


class Line:
    """Implements Inbox."""

    def __init__(self, engine: Engine, installation: Installation) -> None:
        self._engine = engine
        self._installation = installation
        self._sequence = 0
        self._sending: set[asyncio.Task[None]] = set()

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        return self.take(input)

    def take(self, input: Input) -> tuple[int, Outcome]:
        parts = self._installation
        outcome = self._engine.decide(input, parts.clock.now())
        self._sequence += 1
        self._engine.live.sequence = self._sequence
        parts.store.journal.append(Entry(self._sequence, parts.clock.now(), input, outcome))
        if isinstance(input, Redefined):
            parts.bus.redefined(self._sequence, parts.clock.now(), input)
        parts.bus.publish(self._sequence, parts.clock.now(), outcome)
        if isinstance(input, Load | ClockStepped):
            parts.bus.changed_by_rule(input)
        if isinstance(input, Load | Redefined):
            parts.bus.definitions_changed()
        for item in outcome.calls:
            if item.send:
                task = asyncio.get_running_loop().create_task(self._send(item.call, parts.devices))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
        return self._sequence, outcome

    async def _send(self, call: Call, devices: FakeDevices) -> None:
        _, outcome = await self.submit(AttemptCall(call.call_id))
        if outcome.refused:
            return
        if call.property is not None:
            answer = await devices.write(call.twin_id, call.property, call.arguments["value"])
        else:
            answer = await devices.call(call.twin_id, call.method or "", call.arguments)
        await self.submit(CallResult(call.call_id, answer.status, answer.value, answer.error))


class Plant(Installation):
    """`hear` is a device's reading; everything else comes in through the API."""

    def __init__(self, assets: AssetStore | None = None, **settings: Any) -> None:
        super().__init__(assets, **settings)
        self.engine = Engine()
        self.bus = Bus(self.engine.live.deadband)
        self.line = Line(self.engine, self)
        self.services = services(self, self.engine.live, self.line, self.engine)

    def start(self) -> None:
        """Inside the loop: calls are sent by tasks."""
        self.line.take(Started())
        twins, overlays = list(self.catalogue.ids("twin")), list(self.catalogue.ids("overlay"))
        self.line.take(Load(plan_for(self.catalogue, twins=twins, overlays=overlays), starting=True))
        self.reach("pump_123")

    def reach(self, twin_id: str, alive: bool = True, reason: str = "") -> None:
        self.line.take(SourceStatus("opcua", (PathStatus(twin_id, alive, reason),)))

    def report(self, twin_id: str, name: str, value: Any) -> None:
        """A property that no device feeds, as a person or a tool reports it."""
        self.clock.at += SECOND
        sample = Sample(twin_id, name, value, self.clock.at)
        self.line.take(ReportSamples((Reading("api", self.clock.at, (sample,)),), "ann"))

    def hear(self, twin_id: str, name: str, value: Any, at: Micros | None = None) -> None:
        self.clock.at += SECOND
        moment = self.clock.at if at is None else at
        self.line.take(Samples((Reading("opcua", self.clock.at, (Sample(twin_id, name, value, moment),)),)))
