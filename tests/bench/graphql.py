"""GraphQL over HTTP: our server beside a peer of the same purpose and beside the bare driver.

On a plant that stands still our server may answer with bytes that it has kept of a twin (app/api/selections), which
spares it most of the work; so a page is asked for while values change too, and with all of it changed before each
answer.

make bench SUITE=graphql
"""

import asyncio
import contextlib
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction

from app.client import GraphqlClient
from tests.bench.engines import ENGINES
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, percentile
from tests.bench.http_load import Asking, request
from tests.e2e.processes import REPO, running_server, until
from tests.servers import neo4j, npm
from tests.servers.graph import GraphAddress

TWINS, CLIENTS, SECONDS = 300, 16, 3.0
_PEER_NAME = "@neo4j/graphql"
_PEER = Path(__file__).with_name("neo4j_graphql")
NAMES = ("temperature", "pressure", "flow_rate", "speed", "power", "vibration", "running_hours")
_AT_ONCE = 100
REPORTS_A_SECOND, SAMPLES = 10, 10
"""While values change: over all twins and properties in turn."""


@dataclass(frozen=True)
class Question:
    """What is asked, in each one's words, and how an answer of each is reduced to the same plain data."""

    what: str
    twins: int
    """How many of the first are asked for."""
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
        1,
        f'{{ twin(twinId: "{_START}") {{ {_OURS} }} }}',
        f'{{ twins(where: {{ twinId: {{ eq: "{_START}" }} }}) {{ {_PEERS} }} }}',
        f"MATCH (t:Twin {{twin_id: '{_START}'}})-[:HAS_PROPERTY]->(p:Property) {_RETURN}",
        lambda data: _twin(data["twin"]),
        lambda data: _twin(data["twins"][0]),
        lambda rows: _row(rows[0]),
    ),
    "page": Question(
        "a page of 100 twins with 7 properties each",
        100,
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
        14,
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
    processes: tuple[int, ...] = ()
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
    return asyncio.run(_bench(1, 120, 2.0) if quick else _bench(LEAST_ROUNDS, TWINS, SECONDS))


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
                    "ours": Way(lambda question: _load(ours, question.ours, seconds), (server.process.pid, database)),
                    _PEER_NAME: Way(lambda question: _load(peer, question.peer, seconds), (node, database)),
                    "the driver alone": Way(
                        lambda question: _driver(driver, question.cypher, seconds), (os.getpid(), database)
                    ),
                }
                figures: list[Figure] = []
                for key, question in QUESTIONS.items():
                    figures += _figures(key, question.what, await _alternated(question, ways, rounds), costs=True)
                async with _changes(ours, twins):
                    told = f"the same page at {REPORTS_A_SECOND * SAMPLES} changes a second of all {twins} twins"
                    figures += _figures("page_live", told, await _alternated(QUESTIONS["page"], ways, rounds))
                figures += await _changed(ours, peer, driver, rounds, seconds / 2)
                await until(lambda: _alike(ours, peer, driver), "the three answer alike again")
    return Report(figures=tuple(figures), versions=_versions())


async def _alternated(question: Question, ways: dict[str, Way], rounds: int) -> dict[str, list[Answered]]:
    """After one round that does not count: what is compiled while it runs, compiles itself for what it is asked."""
    found: dict[str, list[Answered]] = {way: [] for way in ways}
    for round in range(rounds + 1):
        for way in list(ways) if round % 2 == 0 else reversed(ways):
            answered = await ways[way].measure(question)
            if round:
                found[way].append(answered)
    return found


def _figures(key: str, what: str, found: dict[str, list[Answered]], *, costs: bool = False) -> Iterator[Figure]:
    def figure(key: str, what: str, unit: str, of: Callable[[Answered], float]) -> Figure:
        ours, *others = ((way, tuple(of(one) for one in answered)) for way, answered in found.items())
        beside = tuple(Beside(what=way, rounds=rounds) for way, rounds in others)
        return Figure(key=key, what=what, unit=unit, rounds=ours[1], beside=beside)

    yield figure(key, what, "answers/s", lambda one: one.rate)
    yield figure(f"{key}_p99", f"{what}: p99", "ms", lambda one: one.p99)
    if costs:
        yield figure(
            f"{key}_cost", f"{what}: processor time of an answer, the database's included", "ms", lambda one: one.cost
        )


def _versions() -> dict[str, str]:
    wanted: dict[str, str] = json.loads((_PEER / "package.json").read_text())["dependencies"]
    return wanted


# ------------------------------------------------------------ while values change


@contextlib.asynccontextmanager
async def _changes(ours: str, twins: int) -> AsyncIterator[None]:
    """Of values that our server takes, decides and writes to the graph, whoever is asked."""
    keys = itertools.cycle([(_id(number), name) for name in NAMES for number in range(1, twins + 1)])
    values = itertools.count(100.5)  # never one twice

    async def report() -> None:
        async with Asking(ours) as asking:
            due = time.perf_counter()
            while True:
                await asking.ask(_report(ours, {next(keys): next(values) for _ in range(SAMPLES)}))
                due += 1 / REPORTS_A_SECOND
                await asyncio.sleep(max(0.0, due - time.perf_counter()))

    reporting = asyncio.create_task(report())
    try:
        yield
        assert not reporting.done(), reporting.exception()
    finally:
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)


async def _changed(ours: str, peer: str, driver: AsyncDriver, rounds: int, seconds: float) -> list[Figure]:
    """One question at a time, and before each a report by which every twin that it asks for has another value."""
    changes = _Changes(ours, seconds)

    async def ask_ours(question: Question) -> dict[str, float]:
        async with Asking(ours) as asking:
            asked = _request(ours, question.ours)
            return await changes.before_each(lambda: asking.ask(asked), question.twins, fresh=True)

    async def ask_peer(question: Question) -> dict[str, float]:
        async with Asking(peer) as asking:
            asked = _request(peer, question.peer)
            return await changes.before_each(lambda: asking.ask(asked), question.twins)

    async def ask_driver(question: Question) -> dict[str, float]:
        return await changes.before_each(lambda: _run(driver, question.cypher), question.twins)

    ways = {"ours": Way(ask_ours), _PEER_NAME: Way(ask_peer), "the driver alone": Way(ask_driver)}
    figures: list[Figure] = []
    for key in ("one", "page"):
        told = f"{QUESTIONS[key].what}, one client, all that is asked for changed before each answer"
        figures += _figures(f"{key}_changed", told, await _alternated(QUESTIONS[key], ways, rounds))
    return figures


class _Changes:
    """Of the first twins, by our server's report; none has a value twice."""

    def __init__(self, ours: str, seconds: float) -> None:
        self._ours = ours
        self._seconds = seconds
        self._values = itertools.count(10_000.5)

    async def before_each(
        self, ask: Callable[[], Awaitable[object]], twins: int, *, fresh: bool = False
    ) -> dict[str, float]:
        """Of answers whose time is counted alone; `fresh` ones must have the new value of every twin."""
        took: list[float] = []
        async with Asking(self._ours) as reporting:
            end = time.perf_counter() + self._seconds
            while time.perf_counter() < end:
                value = next(self._values)
                reported = {(_id(number), NAMES[0]): value for number in range(1, twins + 1)}
                await reporting.ask(_report(self._ours, reported))
                began = time.perf_counter()
                answer = await ask()
                took.append(time.perf_counter() - began)
                if fresh:
                    assert isinstance(answer, bytes)
                    assert answer.count(b'"number":%r' % value) == twins, (value, answer[:2000])
        return {"rate": len(took) / sum(took), "p99": percentile(took, 99), "answered": len(took)}


def _report(url: str, values: Mapping[tuple[str, str], float]) -> bytes:
    samples = [{"twinId": twin, "property": name, "value": value} for (twin, name), value in values.items()]
    return request(url, json.dumps({"query": REPORT, "variables": {"samples": samples}}).encode())


def _request(url: str, query: str) -> bytes:
    return request(url, json.dumps({"query": query}).encode())


REPORT = "mutation ($samples: [SampleInput!]!) { reportSamples(input: {samples: $samples}) { accepted } }"


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


async def _alike(ours: str, peer: str, driver: AsyncDriver) -> bool:
    """Not at once: what was reported last is on its way to the graph."""
    with contextlib.suppress(AssertionError):
        await _same(ours, peer, driver)
        return True
    return False


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
    async with httpx.AsyncClient(timeout=60.0, trust_env=False) as client:  # the first of the peer takes it seconds
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
        f"GraphQL. The peer and the driver read a Neo4j with {TWINS} twins that our server has filled; our server "
        "answers from its memory, which it keeps equal to that graph. The answers of all three are compared first and "
        "last, and each is asked a round that does not count before those that do. Where nothing changes meanwhile, "
        "our server sends the bytes again that it made of a twin; so a page is asked for again while "
        f"{REPORTS_A_SECOND * SAMPLES} values a second change all over the plant (our server takes, decides and writes "
        "them to the graph, whoever is asked), and one question at a time with every twin in it changed before each "
        "answer, where the time is the answer's alone and ours is checked to have the new values. Beside the rate on "
        "the plant that stands still is what an answer takes of the processors."
    ),
    run=run,
    needs=(neo4j.provision, lambda: npm.provision(_PEER)),
)
