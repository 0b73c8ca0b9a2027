"""A running runtime on a real journal, with a fake engine, for the tests of ingest, effects and the graph writer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import Reading, Sample
from app.model.time import Micros
from app.model.values import Value
from app.ports import EngineClock, Journal
from app.runtime.bus import Bus
from app.runtime.clock import SystemClock
from app.runtime.effects import Effects
from app.runtime.ingest import Ingest
from app.runtime.metrics import Metrics
from app.runtime.recover import recover
from app.settings import IngestSettings
from tests.runtime.fakes import FakeDevices, LastValueEngine

T: Micros = 1_767_323_045_000_000


def reading(*values: tuple[str, Value], source: str = "opcua") -> Reading:
    """Of ("twin/property", value)."""
    samples = []
    for where, value in values:
        twin, _, property = where.partition("/")
        samples.append(Sample(twin, property, value, T))
    return Reading(source, T, tuple(samples))


@dataclass
class Running:
    engine: LastValueEngine
    journal: Journal
    bus: Bus
    ingest: Ingest
    devices: FakeDevices
    registry: CollectorRegistry
    effects: Effects
    tasks: list["asyncio.Task[None]"]

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"twin_overlay_{name}", labels) or 0.0


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    *,
    journal: Journal | None = None,
    clock: EngineClock | None = None,
    settings: IngestSettings | None = None,
    snapshot_every: int = 5000,
    timeout_seconds: float = 10,
    effects: bool = True,
) -> AsyncIterator[Running]:
    """`effects=False` leaves calls decided and unsent. The journal is opened in `folder` where none is given."""
    journal = journal or SqliteJournal.open(folder, keep=0, segment=SegmentSize(records=5))
    engine, bus, devices, registry = LastValueEngine(), Bus(), FakeDevices(), CollectorRegistry()
    recover(engine, journal)
    metrics = Metrics(registry)
    ingest = Ingest(engine, journal, bus, clock or SystemClock(), metrics, settings or IngestSettings(), snapshot_every)
    sender = Effects(ingest, devices, timeout_seconds, metrics)
    ingest.perform = sender.perform if effects else lambda calls: None
    tasks = [asyncio.create_task(ingest.run()), asyncio.create_task(sender.run())]
    try:
        yield Running(engine, journal, bus, ingest, devices, registry, sender, tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await journal.close()
