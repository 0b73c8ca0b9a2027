"""GraphQL over HTTP at 16 clients: our server beside a peer of the same purpose and beside the bare driver.

make bench SUITE=graphql
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.client import GraphqlClient
from tests.bench.engines import ENGINES
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, percentile
from tests.e2e.processes import REPO, running_server, until
from tests.servers import neo4j, npm
from tests.servers.graph import GraphAddress

TWINS, CLIENTS, SECONDS = 300, 16, 3.0
_PEER_NAME = "@neo4j/graphql"
_PEER = Path(__file__).with_name("neo4j_graphql")
NAMES = ("temperature", "pressure", "flow_rate", "speed", "power", "vibration", "running_hours")
_AT_ONCE = 100


@dataclass(frozen=True)
class Question:
    """What is asked, in each one's words, and how an answer of each is reduced to the same plain data."""

    what: str
    ours: str
    peer: str
    cypher: str
    plain: Callable[[dict[str, Any]], Any]
    plain_peer: Callable[[dict[str, Any]], Any]
    plain_rows: Callable[[list[dict[str, Any]]], Any]


def _twin(found: dict[str, Any]) -> Any:
    values = sorted((item["name"], item.get("value", item)["number"]) for item in found["properties"])
    return found["twinId"], found["twinType"], values


def _row(row: dict[str, Any]) -> Any:
    return row["twinId"], row["twinType"], sorted((item["name"], item["number"]) for item in row["properties"])


_OURS = "twinId twinType version properties { name unit value { number quality timestamp } }"
_PEERS = "twinId twinType version properties { name unit number quality timestamp }"
_RETURN = (
    "RETURN t.twin_id AS twinId, t.twin_type AS twinType, t.version AS version, collect({name: p.name, unit: p.unit, "
    "number: p.number, quality: p.quality, timestamp: p.timestamp}) AS properties"
)
_START = "pump_00001"
QUESTIONS = {
    "one": Question(
        "one twin with 7 properties",
        f'{{ twin(twinId: "{_START}") {{ {_OURS} }} }}',
        f'{{ twins(where: {{ twinId: {{ eq: "{_START}" }} }}) {{ {_PEERS} }} }}',
        f"MATCH (t:Twin {{twin_id: '{_START}'}})-[:HAS_PROPERTY]->(p:Property) {_RETURN}",
        lambda data: _twin(data["twin"]),
        lambda data: _twin(data["twins"][0]),
        lambda rows: _row(rows[0]),
    ),
    "page": Question(
        "a page of 100 twins with 7 properties each",
        f"{{ twins(first: 100) {{ nodes {{ {_OURS} }} }} }}",
        f"{{ twins(limit: 100, sort: [{{ twinId: ASC }}]) {{ {_PEERS} }} }}",
        "MATCH (t:Twin) WITH t ORDER BY t.twin_id LIMIT 100 "
        f"MATCH (t)-[:HAS_PROPERTY]->(p:Property) {_RETURN} ORDER BY twinId",
        lambda data: [_twin(item) for item in data["twins"]["nodes"]],
        lambda data: [_twin(item) for item in data["twins"]],
        lambda rows: [_row(item) for item in rows],
    ),
    "hops": Question(
        "what is up to 3 hops away, 14 twins",
        f'{{ twin(twinId: "{_START}") {{ related(direction: OUTGOING, maxDepth: 3) '
        "{ edges { depth node { twinId twinType version } } } } }",
        f'{{ twins(where: {{ twinId: {{ eq: "{_START}" }} }}) {{ related {{ twinId twinType version '
        "related { twinId twinType version related { twinId twinType version } } } } }",
        f"MATCH way = (:Twin {{twin_id: '{_START}'}})-[:RELATED*1..3]->(t:Twin) "
        "RETURN t.twin_id AS twinId, t.twin_type AS twinType, t.version AS version, min(length(way)) AS depth",
        lambda data: sorted((item["depth"], item["node"]["twinId"]) for item in data["twin"]["related"]["edges"]),
        lambda data: sorted(_below(data["twins"][0])),
        lambda rows: sorted((row["depth"], row["twinId"]) for row in rows),
    ),
}


def _below(twin: dict[str, Any], depth: int = 1) -> list[tuple[int, str]]:
    near = twin.get("related", [])
    return [(depth, item["twinId"]) for item in near] + [found for item in near for found in _below(item, depth + 1)]


@dataclass(frozen=True)
class Answered:
    rate: float
    p99: float
    """Milliseconds."""
    cost: float
    """Milliseconds of processors that an answer took, the database's included: hardly moved by what else runs."""


@dataclass(frozen=True)
class Way:
    ask: Callable[[Question], Awaitable[dict[str, float]]]
    processes: tuple[int, ...]
    """Whose processor time is its cost."""

    async def measure(self, question: Question) -> Answered:
        before = self._seconds()
        found = await self.ask(question)
        cost = (self._seconds() - before) / found["answered"]
        return Answered(found["rate"], found["p99"] * 1000, cost * 1000)

    def _seconds(self) -> float:
        times = [psutil.Process(pid).cpu_times() for pid in self.processes]
        return float(sum(item.user + item.system for item in times))


def run(quick: bool) -> Report:
    return asyncio.run(_bench(1, 30, 2.0) if quick else _bench(LEAST_ROUNDS, TWINS, SECONDS))


async def _bench(rounds: int, twins: int, seconds: float) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        async with ENGINES["Neo4j"](Path(folder, "graph")) as (graph, database):
            environment = {f"TWIN_OVERLAY_GRAPH__{name.upper()}": value for name, value in graph.settings.items()}
            async with (
                running_server(Path(folder, "data"), environment=environment) as server,
                server.client as client,
                _peer(graph) as (peer, node),
                AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver,
            ):
                await _fill(client, graph, twins)
                await _same(server.url + "/graphql", peer, driver)
                ours = server.url + "/graphql"
                ways = {
                    "ours": Way(lambda question: _load(ours, question.ours, seconds), (server.process.pid,)),
                    _PEER_NAME: Way(lambda question: _load(peer, question.peer, seconds), (node, database)),
                    "the driver alone": Way(
                        lambda question: _driver(driver, question.cypher, seconds), (os.getpid(), database)
                    ),
                }
                figures: list[Figure] = []
                for key, question in QUESTIONS.items():
                    figures += _figures(key, question.what, await _alternated(question, ways, rounds))
    return Report(figures=tuple(figures), versions=_versions())


async def _alternated(question: Question, ways: dict[str, Way], rounds: int) -> dict[str, list[Answered]]:
    found: dict[str, list[Answered]] = {way: [] for way in ways}
    for round in range(rounds):
        for way in list(ways) if round % 2 == 0 else reversed(ways):
            found[way].append(await ways[way].measure(question))
    return found


def _figures(key: str, what: str, found: dict[str, list[Answered]]) -> Iterator[Figure]:
    def figure(key: str, what: str, unit: str, of: Callable[[Answered], float]) -> Figure:
        ours, *others = ((way, tuple(of(one) for one in answered)) for way, answered in found.items())
        beside = tuple(Beside(what=way, rounds=rounds) for way, rounds in others)
        return Figure(key=key, what=what, unit=unit, rounds=ours[1], beside=beside)

    yield figure(key, what, "answers/s", lambda one: one.rate)
    yield figure(f"{key}_p99", f"{what}: p99", "ms", lambda one: one.p99)
    yield figure(
        f"{key}_cost", f"{what}: processor time of an answer, the database's included", "ms", lambda one: one.cost
    )


def _versions() -> dict[str, str]:
    wanted: dict[str, str] = json.loads((_PEER / "package.json").read_text())["dependencies"]
    return wanted


# ------------------------------------------------------------ the data


async def _fill(client: GraphqlClient, graph: GraphAddress, twins: int) -> None:
    """A tree of pumps, each feeding two, with values that reach the graph too."""
    properties = [{"name": name, "data_type": "float", "unit": "u", "access": "read-write"} for name in NAMES]
    documents: list[dict[str, Any]] = [
        {"kind": "TWIN_TYPE", "document": {"type_id": "pump", "name": "Pump", "properties": properties}}
    ]
    for number in range(1, twins + 1):
        fed = [target for target in (2 * number, 2 * number + 1) if target <= twins]
        edges = [
            {"name": f"feeds_{target}", "target_twin_id": _id(target), "relationship_type": "physical_connection"}
            for target in fed
        ]
        documents.append(
            {"kind": "TWIN", "document": {"twin_id": _id(number), "twin_type": "pump", "relationships": edges}}
        )
    await client.execute(SAVE, {"documents": documents})
    settings = [(_id(number), name) for number in range(1, twins + 1) for name in NAMES]
    for start in range(0, len(settings), _AT_ONCE):
        parts = [
            f'a{at}: setProperty(input: {{twinId: "{twin}", property: "{name}", value: {at + 0.5}}}) {{ dryRun }}'
            for at, (twin, name) in enumerate(settings[start : start + _AT_ONCE])
        ]
        await client.execute(f"mutation {{ {' '.join(parts)} }}")

    async def written() -> bool:
        rows = await graph.run("MATCH (p:Property) WHERE p.number IS NOT NULL RETURN count(p) AS found")
        return rows[0]["found"] == len(settings)

    await until(written, "every value reaches the graph")


SAVE = (
    "mutation ($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }"
)


def _id(number: int) -> str:
    return f"pump_{number:05}"


async def _same(ours: str, peer: str, driver: AsyncDriver) -> None:
    for name, question in QUESTIONS.items():
        found = question.plain(await _asked(ours, question.ours))
        assert found == question.plain_peer(await _asked(peer, question.peer)), name
        assert found == question.plain_rows(await _run(driver, question.cypher)), name


# ------------------------------------------------------------ the three


@contextlib.asynccontextmanager
async def _peer(graph: GraphAddress) -> AsyncIterator[tuple[str, int]]:
    """Its address and its process."""
    packages = npm.provision(_PEER)
    copy = packages / "server.js"
    copy.write_bytes((_PEER / "server.js").read_bytes())
    process = await asyncio.create_subprocess_exec(
        "node",
        copy.name,
        *(graph.uri, graph.user, graph.password),
        cwd=packages,
        env={**os.environ, "NODE_ENV": "production"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["url"], process.pid
    finally:
        process.stdin.close()
        await process.wait()


async def _load(url: str, query: str, seconds: float) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.http_load", url, str(CLIENTS), str(seconds)),
        cwd=REPO,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(json.dumps({"query": query}).encode())
    assert process.returncode == 0, errors.decode()
    found: dict[str, float] = json.loads(output)
    return found


async def _asked(url: str, query: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=60.0) as client:  # the first of the peer takes it seconds
        answer = (await client.post(url, json={"query": query})).json()
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]
    return found


async def _driver(driver: AsyncDriver, cypher: str, seconds: float) -> dict[str, float]:
    took: list[float] = []
    begin = time.perf_counter() + seconds / 4
    end = begin + seconds
    answered = 0

    async def client() -> None:
        nonlocal answered
        while (before := time.perf_counter()) < end:
            await _run(driver, cypher)
            answered += 1
            if begin <= (now := time.perf_counter()) <= end:
                took.append(now - before)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return {"rate": len(took) / seconds, "p99": percentile(took, 99), "answered": answered}


async def _run(driver: AsyncDriver, cypher: str) -> list[dict[str, Any]]:
    async def work(transaction: AsyncManagedTransaction) -> list[dict[str, Any]]:
        result = await transaction.run(cypher)
        return [record.data() async for record in result]

    async with driver.session(database="neo4j") as session:
        return await session.execute_read(work)


SUITE = Suite(
    title="GraphQL",
    about=(
        f"Questions over HTTP at {CLIENTS} clients: our server beside a peer of the same purpose, @neo4j/graphql "
        "behind Apollo Server, and beside the Python driver with one statement for each question, without HTTP or "
        f"GraphQL. All three read the same Neo4j with {TWINS} twins, which our server has filled, and their answers "
        "are compared first. Beside the rate stands what an answer takes of the processors, which hardly depends on "
        "what else the machine does."
    ),
    run=run,
    needs=(neo4j.provision, lambda: npm.provision(_PEER)),
)
