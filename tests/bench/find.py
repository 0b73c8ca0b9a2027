"""Finding among 100,000 twins: pages from both ends, filters, orders, and the range filter beside raw Cypher.

The Cypher asks both engines the same question over the same values in the same run, through the driver that the
server uses; both answers must be equal. Memory is what the indexes add to a catalogue and an engine that are there.

    make bench SUITE=find
"""

import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.engine.engine import Engine
from app.find.finder import Finder, Found
from app.find.query import Box, Order, Place, PropertyTest, TwinFilter, Window
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import Twin, TwinType
from app.model.events import Load, PathStatus, Reading, Sample, Samples, SourceStatus, Started
from app.model.plan import Plan, PropertyPlan, Shape, TwinPlan
from app.model.time import SECOND
from app.topology.topology import Topology
from tests.bench.engines import ENGINES, StartEngine
from tests.servers.graph import GraphAddress

TWINS, PAGE, ROUNDS = 100_000, 100, 9
_T0 = 1_767_000_000 * SECOND
RANGE = TwinFilter(properties=(PropertyTest("temperature", gte=80, lt=90),))
SCHEMA = (
    "CREATE CONSTRAINT IF NOT EXISTS FOR (t:Twin) REQUIRE t.twin_id IS UNIQUE",
    "CREATE INDEX IF NOT EXISTS FOR (p:Property) ON (p.name, p.number)",
)
LOAD = (
    "UNWIND $rows AS row CREATE (:Twin {twin_id: row.id})-[:HAS_PROPERTY]->"
    "(:Property {twin_id: row.id, name: 'temperature', number: row.value, known: true})"
)
QUESTION = (
    "MATCH (t:Twin)-[:HAS_PROPERTY]->(p:Property {name: 'temperature'}) "
    "WHERE p.number >= 80 AND p.number < 90 AND p.known RETURN t.twin_id AS id ORDER BY id LIMIT $size"
)
COUNT = (
    "MATCH (p:Property {name: 'temperature'}) WHERE p.number >= 80 AND p.number < 90 AND p.known "
    "RETURN count(p) AS found"
)


def main() -> None:
    values = _values()
    catalogue, engine = _catalogue(), _engine(values)
    finder = _made(catalogue, engine)
    _pages(finder)
    _filters(finder)
    _changes(catalogue)
    for name, started in ENGINES.items():
        asyncio.run(_beside_cypher(finder, values, name, started))


# ------------------------------------------------------------ the plant


def _id(number: int) -> str:
    return f"pump_{number:06}"


def _values() -> list[float]:
    dice = random.Random(4)
    return [round(dice.uniform(0, 100), 3) for _ in range(TWINS)]


def _catalogue() -> Catalogue:
    pump = TwinType.model_validate(
        {
            "type_id": "pump",
            "properties": [
                {"name": "temperature", "data_type": "float"},
                {"name": "status", "data_type": "enum", "enum_values": ["running", "fault"]},
            ],
        }
    )
    stored = [StoredDefinition("twin_type", "pump", pump, 1, 1, _T0, "ann", _T0, "ann")]
    stored += [_stored(number) for number in range(TWINS)]
    return Catalogue.of(1, stored)


def _stored(number: int, description: str = "Feeds the cooling tower of its line", at: int = 0) -> StoredDefinition:
    twin = Twin.model_validate(
        {
            "twin_id": _id(number),
            "twin_type": "pump",
            "description": description,
            "manufacturer": "Acme Pumps",
            "model": f"CP-{number % 50}",
            "serial_number": f"SN{number * 7919 % 10_000_019:08}",
            "location": {
                "site": f"Site {number % 5}",
                "building": f"Building {number % 100}",
                "room": f"Room {number % 2000}",
                "coordinates": {"x": float(number % 317), "y": float(number // 317)},
            },
            "metadata": {"tags": ["water", f"line_{number % 1000}"]},
        }
    )
    return StoredDefinition("twin", _id(number), twin, 1, 1, _T0, "ann", _T0 + number % 977 + at, "ann")


def _engine(values: list[float]) -> Engine:
    properties = (
        PropertyPlan("temperature", "float"),
        PropertyPlan("status", "enum", enum_values=("running", "fault")),
    )
    mapped = ("temperature", "status")
    twins = tuple(TwinPlan(_id(n), "pump", "pump@1", 1, 1, mapped, connected=True) for n in range(TWINS))
    engine = Engine()
    engine.decide(Started(), _T0)
    engine.decide(Load(Plan(1, (Shape("pump@1", properties, (), ()),), twins)), _T0)
    engine.decide(SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in twins)), _T0)
    samples = tuple(Sample(_id(n), "temperature", value, _T0) for n, value in enumerate(values))
    engine.decide(Samples((Reading("opc", _T0, samples),)), _T0)
    return engine


# ------------------------------------------------------------ measuring


def _made(catalogue: Catalogue, engine: Engine) -> Finder:
    gc.collect()
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    finder = Finder(catalogue, Topology(catalogue), engine.live)
    for by in ("id", "type", "updated"):
        finder.twins(TwinFilter(), Order(by), Window(1))
    took = time.perf_counter() - began
    gc.collect()
    added = (process.memory_info().rss - before) / TWINS
    print(f"{TWINS:,} twins: indexes and all three lines made in {took:.2f} s, {added:.0f} bytes a twin")
    return finder


def _pages(finder: Finder) -> None:
    for name, order in (
        ("id", Order()),
        ("updated", Order("updated")),
        ("temperature", Order("property", "temperature")),
        ("temperature, descending", Order("property", "temperature", descending=True)),
    ):
        first, _ = _median(partial(finder.twins, TwinFilter(), order, Window(PAGE)))
        last, _ = _median(partial(finder.twins, TwinFilter(), order, Window(PAGE, backward=True)))
        ratio = max(first, last) / min(first, last)
        print(f"by {name}: page 1 {first:.2f} ms, last page {last:.2f} ms, {ratio:.2f}x apart")


def _filters(finder: Finder) -> None:
    box = TwinFilter(location=Place(within=Box(min_x=10, max_x=20, min_y=10, max_y=20)))
    for name, where in (
        ("temperature 80 to 90", RANGE),
        ("text 'sn0000'", TwinFilter(text="sn0000")),
        ("tag", TwinFilter(tags=("line_7",))),
        ("building and room", TwinFilter(location=Place(building="Building 7", room="Room 7"))),
        ("box", box),
        ("type and temperature", TwinFilter(types=("pump",), properties=RANGE.properties)),
        ("connectivity", TwinFilter(connectivity=("disconnected",))),
    ):
        page, found = _median(partial(finder.twins, where, Order(), Window(PAGE)))
        counted, _ = _median(partial(_with_count, finder, where))
        print(f"where {name}: page {page:.2f} ms, with totalCount ({found.count():,}) {counted:.2f} ms")


def _changes(catalogue: Catalogue) -> None:
    def change() -> Found | None:
        saved = tuple(_stored(number, "Changed", 7) for number in range(10))
        catalogue.apply(DefinitionChange(catalogue.revision, _T0, "ann", "", saved))
        return None

    took, _ = _median(change)
    print(f"a change of 10 twins, indexes and lines kept: {took:.2f} ms")


async def _beside_cypher(finder: Finder, values: list[float], name: str, started: StartEngine) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with started(Path(folder)) as (graph, _):
            for statement in SCHEMA:
                await graph.run(statement)
            rows = [{"id": _id(number), "value": value} for number, value in enumerate(values)]
            for at in range(0, TWINS, 5000):
                await graph.run(LOAD, rows=rows[at : at + 5000])
            async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
                raw_page, found = await _asked(graph, driver, QUESTION, size=PAGE)
                raw_count, counted = await _asked(graph, driver, COUNT)
    page, answer = _median(lambda: finder.twins(RANGE, Order(), Window(PAGE)))
    count, _ = _median(lambda: _with_count(finder, RANGE))
    assert list(answer.ids) == [row["id"] for row in found]
    assert answer.count() == counted[0]["found"]
    print(f"the range filter's first page: {page:.2f} ms; {name}, raw {raw_page:.1f} ms ({raw_page / page:.0f}x)")
    print(f"with its count: {count:.2f} ms; {name}, its count alone {raw_count:.1f} ms ({raw_count / count:.1f}x)")


async def _asked(
    graph: GraphAddress, driver: AsyncDriver, statement: str, **params: object
) -> tuple[float, list[dict[str, Any]]]:
    """Over a driver that is connected, as the server's store asks: connecting is not counted."""
    times: list[float] = []
    rows: list[dict[str, Any]] = []

    async def work(transaction: AsyncManagedTransaction) -> list[dict[str, Any]]:
        return [dict(record) async for record in await transaction.run(statement, params)]

    async with driver.session(database=graph.database) as session:
        for _ in range(ROUNDS + 1):
            began = time.perf_counter()
            rows = await session.execute_read(work)
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:]), rows


def _with_count(finder: Finder, where: TwinFilter) -> Found:
    found = finder.twins(where, Order(), Window(PAGE))
    found.count()
    return found


def _median(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and what came back last; the first round warms up."""
    times, found = [], work()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), found


if __name__ == "__main__":
    main()
