"""Where a test's graph database is, and how it is emptied between tests (by deleting nodes, not by a restart)."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from neo4j import AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession

from app.graph.connect import connect
from app.graph.embedded import EmbeddedEngine
from app.graph.store import GraphStore
from tests.servers.proxy import Proxy, proxied

QUICK_JAVA = ("-XX:TieredStopAtLevel=1",)
"""No optimizing compiler: a test is over before its work pays. (tests/graph/test_embedded.py is without this.)"""
_BATCH = 2000
_DELETE = (
    "MATCH (n) WHERE NOT n:Migration AND NOT n:TestDatabase WITH n LIMIT $batch DETACH DELETE n "
    "RETURN count(*) AS deleted"
)


@dataclass(frozen=True)
class GraphAddress:
    uri: str
    user: str
    password: str
    database: str

    @property
    def settings(self) -> dict[str, str]:
        """As `graph` of a server's settings."""
        return {"uri": self.uri, "user": self.user, "password": self.password, "database": self.database}

    async def connect(self, **options: float) -> GraphStore:
        return await connect(self.uri, self.user, self.password, self.database, **options)

    @contextlib.asynccontextmanager
    async def behind_proxy(self) -> AsyncIterator[tuple[Proxy, "GraphAddress"]]:
        """The same database through a proxy that can be told to fail."""
        parts = urlsplit(self.uri)
        async with proxied(parts.hostname or "", parts.port or 7687) as proxy:
            yield proxy, replace(self, uri=f"bolt://127.0.0.1:{proxy.port}")

    async def run(self, text: str, **params: object) -> list[dict[str, object]]:
        """One statement of a test's own, in a transaction; its rows."""
        async with self._session() as session:
            return [dict(row) for row in await _rows(session, text, params)]

    async def clean(self) -> None:
        """Leaves the schema, and the memory of which migrations made it."""
        async with self._session() as session:
            deleted = _BATCH
            while deleted == _BATCH:
                [row] = await _rows(session, _DELETE, {"batch": _BATCH})
                deleted = row["deleted"]

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        async with (
            AsyncGraphDatabase.driver(self.uri, auth=(self.user, self.password)) as driver,
            driver.session(database=self.database) as session,
        ):
            yield session

    async def claim(self) -> bool:
        """Whether tests may delete everything here: it was empty, or tests have claimed it before."""
        rows = await self.run("MATCH (n) RETURN count(n) AS nodes")
        marks = await self.run("MATCH (n:TestDatabase) RETURN count(n) AS marks")
        if rows[0]["nodes"] == 0:
            await self.run("MERGE (:TestDatabase {name: 'twin-overlay'})")
            return True
        return marks[0]["marks"] != 0


@contextlib.asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[GraphAddress]:
    """The embedded engine on what lies in `folder`, a stopped server's perhaps."""
    engine = EmbeddedEngine(folder, java_options=QUICK_JAVA)
    await engine.start()
    try:
        yield GraphAddress(engine.uri, engine.user, engine.password, engine.database)
    finally:
        await engine.stop()


async def _rows(session: AsyncSession, text: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    async def work(transaction: AsyncManagedTransaction) -> list[dict[str, Any]]:
        result = await transaction.run(text, dict(params))
        return [dict(record) async for record in result]

    return await session.execute_write(work)
