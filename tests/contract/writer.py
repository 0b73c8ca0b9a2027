"""The real graph writer between a journal and a real graph, until the graph has everything."""

import asyncio
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.graph.store import GraphStore
from app.journal.sqlite import SqliteJournal
from app.runtime.clock import SystemClock
from app.runtime.graph_writer import GraphWriter
from app.runtime.metrics import Metrics
from app.runtime.set_aside import SetAside
from app.settings import GraphWriterSettings
from tests.runtime.fakes import until


async def write_all(
    journal: SqliteJournal, store: GraphStore, aside: Path, settings: GraphWriterSettings | None = None
) -> GraphWriter:
    """Every twin has life 1. The writer, which has ended."""
    metrics = Metrics(CollectorRegistry())
    kept = SetAside(aside, metrics)
    writer = GraphWriter(
        journal, store, lambda twin_id, at: 1, SystemClock(), metrics, settings or GraphWriterSettings(), kept
    )
    task = asyncio.create_task(writer.run())
    try:
        await until(lambda: writer.lag == 0 or task.done(), 60)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return writer
