"""GraphQL over HTTP at 16 clients: our server beside a peer of the same purpose and beside the bare driver.

All three read the same Neo4j, which our server has filled. The peer is @neo4j/graphql behind Apollo Server; the floor
of what goes to the database is the Python driver with one statement for each question, without HTTP or GraphQL. Beside
the rate stands what an answer takes of the processors, which hardly depends on what else the machine does.

    make bench SUITE=graphql
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.client import GraphqlClient
from tests.bench.engines import ENGINES
from tests.e2e.processes import REPO, running_server, until
from tests.servers import npm
from tests.servers.graph import GraphAddress
from tests.servers.missing import NotHere

TWINS, ROUNDS, CLIENTS, SECONDS = 300, 5, 16, 4.0
_PEER = Path(__file__).with_name("neo4j_graphql")
NAMES = ("temperature", "pressure", "flow_rate", "speed", "power", "vibration", "running_hours")
_AT_ONCE = 100


@dataclass(frozen=True)
class Question:
    """What is asked, in each one's words, and how an answer of each is reduced to the same plain data."""

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
    "one twin with 7 properties": Question(
        f'{{ twin(twinId: "{_START}") {{ {_OURS} }} }}',
        f'{{ twins(where: {{ twinId: {{ eq: "{_START}" }} }}) {{ {_PEERS} }} }}',
        f"MATCH (t:Twin {{twin_id: '{_START}'}})-[:HAS_PROPERTY]->(p:Property) {_RETURN}",
        lambda data: _twin(data["twin"]),
        lambda data: _twin(data["twins"][0]),
        lambda rows: _row(rows[0]),
    ),
    "a page of 100 twins with 7 properties each": Question(
        f"{{ twins(first: 100) {{ nodes {{ {_OURS} }} }} }}",
        f"{{ twins(limit: 100, sort: [{{ twinId: ASC }}]) {{ {_PEERS} }} }}",
        "MATCH (t:Twin) WITH t ORDER BY t.twin_id LIMIT 100 "
        f"MATCH (t)-[:HAS_PROPERTY]->(p:Property) {_RETURN} ORDER BY twinId",
        lambda data: [_twin(item) for item in data["twins"]["nodes"]],
        lambda data: [_twin(item) for item in data["twins"]],
        lambda rows: [_row(item) for item in rows],
    ),
    "what is up to 3 hops away, 14 twins": Question(
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


@dataclass
class Figures:
    rates: list[float] = field(default_factory=list)
    p99s: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    """Seconds of processors that an answer took, the database's included: true on a machine in use as well."""

    def add(self, found: dict[str, float], seconds: float) -> None:
        self.rates.append(found["rate"])
        self.p99s.append(found["p99"])
        self.costs.append(seconds / found["answered"])

    def __str__(self) -> str:
        spread = f"{min(self.rates):,.0f} to {max(self.rates):,.0f}"
        p99 = statistics.median(self.p99s) * 1000
        cost = statistics.median(self.costs) * 1000
        return f"{statistics.median(self.rates):,.0f}/s ({spread}), p99 {p99:.1f} ms, {cost:.2f} ms of processors each"


@dataclass(frozen=True)
class Way:
    ask: Callable[[Question], Awaitable[dict[str, float]]]
    processes: tuple[int, ...]
    """Whose processor time is its cost."""

    def seconds(self) -> float:
        times = [psutil.Process(pid).cpu_times() for pid in self.processes]
        return float(sum(item.user + item.system for item in times))


def main() -> None:
    try:
        asyncio.run(_bench())
    except NotHere as reason:
        sys.exit(str(reason))


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with ENGINES["Neo4j"](Path(folder, "graph")) as (graph, database):
            environment = {f"TWIN_OVERLAY_GRAPH__{name.upper()}": value for name, value in graph.settings.items()}
            async with (
                running_server(Path(folder, "data"), environment=environment) as server,
                server.client as client,
                _peer(graph) as (peer, node),
                AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver,
            ):
                await _fill(client, graph)
                await _same(server.url + "/graphql", peer, driver)
                ours = server.url + "/graphql"
                ways = {
                    "ours": Way(lambda question: _load(ours, question.ours), (server.process.pid,)),
                    "@neo4j/graphql": Way(lambda question: _load(peer, question.peer), (node, database)),
                    "driver alone": Way(lambda question: _driver(driver, question.cypher), (os.getpid(), database)),
                }
                for name, question in QUESTIONS.items():
                    await _compare(name, question, ways)


async def _compare(name: str, question: Question, ways: dict[str, Way]) -> None:
    figures = {way: Figures() for way in ways}
    for number in range(ROUNDS):
        for way in list(ways) if number % 2 == 0 else reversed(list(ways)):
            before = ways[way].seconds()
            answered = await ways[way].ask(question)
            figures[way].add(answered, ways[way].seconds() - before)
    print(f"{name}, {CLIENTS} clients:")
    for way, found in figures.items():
        print(f"  {way}: {found}")
    mine = figures["ours"]
    for way, other in list(figures.items())[1:]:
        ratios = [ours / theirs for ours, theirs in zip(mine.rates, other.rates, strict=True)]
        costs = [theirs / ours for ours, theirs in zip(mine.costs, other.costs, strict=True)]
        print(
            f"  {statistics.median(ratios):.1f} times {way} ({min(ratios):.1f} to {max(ratios):.1f}), "
            f"by processor time {statistics.median(costs):.1f} times ({min(costs):.1f} to {max(costs):.1f})"
        )


# ------------------------------------------------------------ the data


async def _fill(client: GraphqlClient, graph: GraphAddress) -> None:
    """A tree of pumps, each feeding two, with values that reach the graph too."""
    properties = [{"name": name, "data_type": "float", "unit": "u", "access": "read-write"} for name in NAMES]
    documents: list[dict[str, Any]] = [
        {"kind": "TWIN_TYPE", "document": {"type_id": "pump", "name": "Pump", "properties": properties}}
    ]
    for number in range(1, TWINS + 1):
        fed = [target for target in (2 * number, 2 * number + 1) if target <= TWINS]
        edges = [
            {"name": f"feeds_{target}", "target_twin_id": _id(target), "relationship_type": "physical_connection"}
            for target in fed
        ]
        documents.append(
            {"kind": "TWIN", "document": {"twin_id": _id(number), "twin_type": "pump", "relationships": edges}}
        )
    await client.execute(SAVE, {"documents": documents})
    settings = [(_id(number), name) for number in range(1, TWINS + 1) for name in NAMES]
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


async def _load(url: str, query: str) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.http_load", url, str(CLIENTS), str(SECONDS)),
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
    async with httpx.AsyncClient() as client:
        answer = (await client.post(url, json={"query": query})).json()
    assert "errors" not in answer, answer["errors"]
    found: dict[str, Any] = answer["data"]
    return found


async def _driver(driver: AsyncDriver, cypher: str) -> dict[str, float]:
    took: list[float] = []
    begin = time.perf_counter() + SECONDS / 4
    end = begin + SECONDS
    answered = 0

    async def client() -> None:
        nonlocal answered
        while (before := time.perf_counter()) < end:
            await _run(driver, cypher)
            answered += 1
            if begin <= (now := time.perf_counter()) <= end:
                took.append(now - before)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    took.sort()
    return {"rate": len(took) / SECONDS, "p99": took[int(len(took) * 0.99)], "answered": answered}


async def _run(driver: AsyncDriver, cypher: str) -> list[dict[str, Any]]:
    async def work(transaction: AsyncManagedTransaction) -> list[dict[str, Any]]:
        result = await transaction.run(cypher)
        return [record.data() async for record in result]

    async with driver.session(database="neo4j") as session:
        return await session.execute_read(work)


if __name__ == "__main__":
    main()
