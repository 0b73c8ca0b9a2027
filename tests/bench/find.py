"""Finding among 100,000 twins: pages from both ends, filters, orders, and the range filter beside raw Cypher.

make bench SUITE=find
"""

import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
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
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, alternated
from tests.servers import neo4j
from tests.servers.graph import GraphAddress

TWINS, PAGE, REPEATS = 100_000, 100, 3
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


def run(quick: bool) -> Report:
    rounds, twins = (1, 2_000) if quick else (LEAST_ROUNDS, TWINS)
    values = _values(twins)
    catalogue, engine = _catalogue(twins), _engine(values)
    figures = [_made(catalogue, engine, rounds)]
    finder = Finder(catalogue, Topology(catalogue), engine.live)
    figures += [*_pages(finder, rounds), *_filters(finder, rounds), _changes(catalogue, rounds)]
    for name, started in ENGINES.items():
        figures += asyncio.run(_beside_cypher(finder, values, name, started, rounds))
    return Report(figures=tuple(figures))


# ------------------------------------------------------------ the plant


def _id(number: int) -> str:
    return f"pump_{number:06}"


def _values(twins: int) -> list[float]:
    dice = random.Random(4)
    return [round(dice.uniform(0, 100), 3) for _ in range(twins)]


def _catalogue(twins: int) -> Catalogue:
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
    stored += [_stored(number) for number in range(twins)]
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
    twins = tuple(TwinPlan(_id(n), "pump", "pump@1", 1, 1, mapped, connected=True) for n in range(len(values)))
    engine = Engine()
    engine.decide(Started(), _T0)
    engine.decide(Load(Plan(1, (Shape("pump@1", properties, (), ()),), twins)), _T0)
    engine.decide(SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in twins)), _T0)
    samples = tuple(Sample(_id(n), "temperature", value, _T0) for n, value in enumerate(values))
    engine.decide(Samples((Reading("opc", _T0, samples),)), _T0)
    return engine


# ------------------------------------------------------------ measuring


def _made(catalogue: Catalogue, engine: Engine, rounds: int) -> Figure:
    """Made anew each round; what is held is told of the first, whose memory nobody had before."""
    process, following, times = psutil.Process(), len(catalogue.followers), []
    held = 0.0
    for round in range(rounds):
        gc.collect()
        before, began = process.memory_info().rss, time.perf_counter()
        finder = Finder(catalogue, Topology(catalogue), engine.live)
        for by in ("id", "type", "updated"):
            finder.twins(TwinFilter(), Order(by), Window(1))
        times.append(time.perf_counter() - began)
        gc.collect()
        if round == 0:
            held = (process.memory_info().rss - before) / len(engine.live.twins)
        del finder, catalogue.followers[following:]
    return Figure(
        key="made",
        what=f"indexes and three orders of {len(engine.live.twins):,} twins made",
        unit="s",
        rounds=tuple(times),
        note=f"{held:.0f} bytes a twin",
    )


def _pages(finder: Finder, rounds: int) -> Iterator[Figure]:
    for key, name, order in (
        ("id", "id", Order()),
        ("updated", "time of the last change", Order("updated")),
        ("property", "a live property", Order("property", "temperature")),
        ("descending", "a live property, descending", Order("property", "temperature", descending=True)),
    ):
        first, last = _pair(
            rounds,
            partial(finder.twins, TwinFilter(), order, Window(PAGE)),
            partial(finder.twins, TwinFilter(), order, Window(PAGE, backward=True)),
        )
        yield Figure(
            key=f"page_{key}",
            what=f"the first page of {PAGE} by {name}",
            unit="ms",
            rounds=tuple(first),
            beside=(Beside(what="the last page", rounds=tuple(last)),),
        )
        apart = tuple(max(pair) / min(pair) for pair in zip(first, last, strict=True))
        yield Figure(
            key=f"ends_{key}", what=f"the slower of the two by {name} over the faster", unit="times", rounds=apart
        )


def _filters(finder: Finder, rounds: int) -> Iterator[Figure]:
    box = TwinFilter(location=Place(within=Box(min_x=10, max_x=20, min_y=10, max_y=20)))
    for key, name, where in (
        ("range", "a range of a property", RANGE),
        ("text", "text", TwinFilter(text="sn0000")),
        ("tag", "a tag", TwinFilter(tags=("line_7",))),
        ("room", "building and room", TwinFilter(location=Place(building="Building 7", room="Room 7"))),
        ("box", "a box of coordinates", box),
        ("type", "type and a range of a property", TwinFilter(types=("pump",), properties=RANGE.properties)),
        ("connectivity", "connectivity", TwinFilter(connectivity=("disconnected",))),
    ):
        page, counted = _pair(
            rounds, partial(finder.twins, where, Order(), Window(PAGE)), partial(_with_count, finder, where)
        )
        total = finder.twins(where, Order(), Window(PAGE)).count()
        yield Figure(
            key=f"where_{key}",
            what=f"the first page by {name}",
            unit="ms",
            rounds=tuple(page),
            beside=(Beside(what=f"with `totalCount`, {total:,}", rounds=tuple(counted)),),
        )


def _changes(catalogue: Catalogue, rounds: int) -> Figure:
    def change() -> None:
        saved = tuple(_stored(number, "Changed", 7) for number in range(10))
        catalogue.apply(DefinitionChange(catalogue.revision, _T0, "ann", "", saved))

    times = tuple(_timed(change) for _ in range(rounds))
    return Figure(key="change", what="a change of 10 twins, indexes and orders kept", unit="ms", rounds=times)


async def _beside_cypher(
    finder: Finder, values: list[float], name: str, started: StartEngine, rounds: int
) -> list[Figure]:
    page, raw_page, count, raw_count = [], [], [], []
    found: list[dict[str, Any]] = []
    counted: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        async with started(Path(folder)) as (graph, _):
            for statement in SCHEMA:
                await graph.run(statement)
            rows = [{"id": _id(number), "value": value} for number, value in enumerate(values)]
            for at in range(0, len(rows), 5000):
                await graph.run(LOAD, rows=rows[at : at + 5000])
            async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
                for _ in range(rounds):
                    took, found = await _asked(graph, driver, QUESTION, size=PAGE)
                    raw_page.append(took)
                    page.append(_timed(lambda: finder.twins(RANGE, Order(), Window(PAGE))))
                    took, counted = await _asked(graph, driver, COUNT)
                    raw_count.append(took)
                    count.append(_timed(lambda: _with_count(finder, RANGE)))
    answer = finder.twins(RANGE, Order(), Window(PAGE))
    assert list(answer.ids) == [row["id"] for row in found]
    assert answer.count() == counted[0]["found"]
    key = name.lower()
    return [
        Figure(
            key=f"range_{key}",
            what="the first page by a range of a property",
            unit="ms",
            rounds=tuple(page),
            beside=(Beside(what=f"raw Cypher, {name}", rounds=tuple(raw_page)),),
        ),
        Figure(
            key=f"count_{key}",
            what="the same with `totalCount`",
            unit="ms",
            rounds=tuple(count),
            beside=(Beside(what=f"the count alone in Cypher, {name}", rounds=tuple(raw_count)),),
        ),
    ]


async def _asked(
    graph: GraphAddress, driver: AsyncDriver, statement: str, **params: object
) -> tuple[float, list[dict[str, Any]]]:
    """Over a driver that is connected, as the server's store asks: connecting is not counted."""
    times: list[float] = []
    rows: list[dict[str, Any]] = []

    async def work(transaction: AsyncManagedTransaction) -> list[dict[str, Any]]:
        return [dict(record) async for record in await transaction.run(statement, params)]

    async with driver.session(database=graph.database) as session:
        for _ in range(REPEATS + 1):
            began = time.perf_counter()
            rows = await session.execute_read(work)
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:]), rows


def _with_count(finder: Finder, where: TwinFilter) -> Found:
    found = finder.twins(where, Order(), Window(PAGE))
    found.count()
    return found


def _pair(rounds: int, one: Callable[[], object], other: Callable[[], object]) -> list[list[float]]:
    return alternated(rounds, lambda _: _timed(one), lambda _: _timed(other))


def _timed(work: Callable[[], object]) -> float:
    """Milliseconds, the median of a few after one that warms up."""
    work()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


SUITE = Suite(
    title="Finding",
    about=(
        f"Pages, filters and orders among {TWINS:,} twins, answered from memory, without HTTP or GraphQL, while no "
        "value changes. The range filter stands beside raw "
        "Cypher that asks each graph engine the same question over the same values, through the driver that the server "
        "uses; both answers must be equal. Memory is what the indexes add to a catalogue and an engine that are there."
    ),
    run=run,
    needs=(neo4j.provision,),
)
