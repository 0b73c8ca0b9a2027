"""Both graph engines for the benches, each on a fresh folder: its address and its process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from app.graph.embedded import EmbeddedEngine
from tests.servers import neo4j
from tests.servers.graph import GraphAddress

StartEngine = Callable[[Path], AbstractAsyncContextManager[tuple[GraphAddress, int]]]


@asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[tuple[GraphAddress, int]]:
    engine = EmbeddedEngine(folder)
    await engine.start()
    try:
        assert engine.pid is not None
        yield GraphAddress(engine.uri, engine.user, engine.password, engine.database), engine.pid
    finally:
        await engine.stop()


@asynccontextmanager
async def _neo4j(folder: Path) -> AsyncIterator[tuple[GraphAddress, int]]:
    server = neo4j.Neo4jServer(neo4j.provision(), folder)
    await server.start()
    try:
        assert server.process is not None
        yield server.address, server.process.pid
    finally:
        await server.stop()


ENGINES: dict[str, StartEngine] = {"embedded": _embedded, "Neo4j": _neo4j}
