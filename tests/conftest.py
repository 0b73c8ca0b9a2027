"""Fixtures that several rooms' tests share; the servers behind them are in tests/servers.

A test that takes `store` (or `graph`) runs once on each engine. Where Neo4j can't be had its half is skipped, and the
last lines of the run say so; with REQUIRE_NEO4J=1 it fails instead.
"""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio

from app.graph.embedded import EmbeddedEngine
from app.graph.store import GraphStore
from tests.servers import mosquitto, neo4j
from tests.servers.graph import QUICK_JAVA, GraphAddress
from tests.servers.missing import NotHere

_NOT_RUN = "NEO4J LANE NOT RUN"
os.environ.setdefault("TWIN_OVERLAY_GRAPH__JAVA_OPTIONS", json.dumps(QUICK_JAVA))  # of servers that tests start
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # they find their bytecode, as installed ones do
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parents[1] / ".cache" / "bytecode"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def embedded_graph(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GraphAddress]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("embedded"), java_options=QUICK_JAVA)
    await engine.start()
    yield GraphAddress(engine.uri, engine.user, engine.password, engine.database)
    await engine.stop()


@pytest.fixture(scope="session")
def neo4j_jars(tmp_path_factory: pytest.TempPathFactory) -> neo4j.Neo4jServer | None:
    """A server that can be started; None where NEO4J_URI names one."""
    if neo4j.given():
        return None
    try:
        return neo4j.Neo4jServer(neo4j.provision(), tmp_path_factory.mktemp("neo4j"))
    except NotHere as reason:
        _no_lane(str(reason))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def neo4j_graph(neo4j_jars: neo4j.Neo4jServer | None) -> AsyncIterator[GraphAddress]:
    if neo4j_jars is None:
        address = neo4j.given()
        assert address is not None
        store = await address.connect()
        await store.close()
        if not await address.claim():
            _no_lane("the database of NEO4J_URI has data, and these tests delete everything; give an empty one")
        yield address
        return
    try:
        await neo4j_jars.start()
    except NotHere as reason:
        await neo4j_jars.stop()
        _no_lane(str(reason))
    yield neo4j_jars.address
    await neo4j_jars.stop()


@pytest.fixture(
    params=[
        pytest.param("embedded", marks=pytest.mark.xdist_group("embedded")),
        pytest.param("neo4j", marks=[pytest.mark.xdist_group("neo4j"), pytest.mark.timeout(600)]),
    ]
)
def graph(request: pytest.FixtureRequest) -> GraphAddress:
    """A running graph database of each kind; use `store` unless a test needs it before the migrations."""
    address: GraphAddress = request.getfixturevalue(f"{request.param}_graph")
    return address


@pytest.fixture
async def store(graph: GraphAddress) -> AsyncIterator[GraphStore]:
    """Migrated and empty."""
    store = await graph.connect()
    await graph.clean()
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
def mosquitto_program() -> str:
    return mosquitto.demanded()


def _no_lane(reason: str) -> NoReturn:
    if os.environ.get("REQUIRE_NEO4J") == "1":
        pytest.fail(f"REQUIRE_NEO4J=1, but {reason}", pytrace=False)
    pytest.skip(f"{_NOT_RUN}: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What this machine could not show, each kind of test once, where nobody overlooks it."""
    lines = dict.fromkeys(
        line
        for report in terminalreporter.stats.get("skipped", ())
        for line in str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).splitlines()
        if "LANE NOT RUN" in line
    )
    for line in lines:
        terminalreporter.write_line("")
        terminalreporter.write_line(line.removeprefix("Skipped: "), red=True, bold=True)
