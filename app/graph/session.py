"""One graph database as the rest of this room sees it: reads and writes in managed transactions, errors translated.

Work given to `read` or `write` may run twice: the driver runs it again after an error that it calls retryable. So it
must not change anything outside the transaction. What an error's text says differs by engine and is never looked at.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from neo4j import READ_ACCESS, WRITE_ACCESS, AsyncDriver, AsyncManagedTransaction, Record
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from app.errors import Misconfigured, Unavailable
from app.graph.statements import Statement

log = logging.getLogger("twin_overlay.graph")

BATCH_ROWS = 500
"""Rows of one UNWIND."""
FAILED = "GRAPH_FAILED"
"""The code of an Unavailable that trying again would meet again."""
_T = TypeVar("_T")
_UNREACHABLE_HINT = "nothing was changed; try again when the graph database answers"


class Transaction:
    """What work gets: statements to run, all of them in one transaction."""

    def __init__(self, transaction: AsyncManagedTransaction) -> None:
        self._transaction = transaction

    async def run(self, statement: Statement, **params: Any) -> list[Record]:
        """All rows. Parameters must be exactly those of the statement's header."""
        assert params.keys() == statement.params, f"{statement.name}: {params.keys() ^ statement.params}"
        result = await self._transaction.run(statement.text, params)
        return [record async for record in result]

    async def each(self, statement: Statement, rows: Sequence[Any], **params: Any) -> None:
        """`statement` over `rows`, in as many runs as they need; none for no rows."""
        for part in in_batches(rows):
            await self.run(statement, rows=part, **params)

    async def run_each(self, statement: Statement, rows: Sequence[Any], **params: Any) -> list[Record]:
        """As `each`; all rows of all runs."""
        return [record for part in in_batches(rows) for record in await self.run(statement, rows=part, **params)]


Work = Callable[[Transaction], Awaitable[_T]]


class Graph:
    """`first` runs at the beginning of every writing transaction; what it raises ends that."""

    def __init__(self, driver: AsyncDriver, database: str, first: Work[None] | None = None) -> None:
        self._driver = driver
        self._database = database
        self._first = first
        # The embedded engine detects colliding writers at commit only, and nothing here wants two at once.
        self._writing = asyncio.Lock()

    async def read(self, work: Work[_T]) -> _T:
        """Raises Unavailable (GRAPH_UNAVAILABLE, GRAPH_FAILED) and whatever `work` raises."""
        with translated():
            async with self._driver.session(database=self._database, default_access_mode=READ_ACCESS) as session:
                return await session.execute_read(_wrapped(work))

    async def write(self, work: Work[_T]) -> _T:
        """As `read`; where it raises, nothing was changed (unless the connection broke during the commit itself)."""
        async with self._writing:
            with translated():
                async with self._driver.session(database=self._database, default_access_mode=WRITE_ACCESS) as session:
                    return await session.execute_write(_wrapped(work, self._first))

    async def close(self) -> None:
        await self._driver.close()


def _wrapped(work: Work[_T], first: Work[None] | None = None) -> Callable[[AsyncManagedTransaction], Awaitable[_T]]:
    async def run(transaction: AsyncManagedTransaction) -> _T:
        if first is not None:
            await first(Transaction(transaction))
        return await work(Transaction(transaction))

    return run


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Driver errors as ours. The log gets all of it, the client one line."""
    try:
        yield
    except AuthError as error:
        raise Misconfigured(
            "the graph database no longer accepts this server's password",
            code="GRAPH_AUTH",
            hint="set TWIN_OVERLAY_GRAPH__USER and TWIN_OVERLAY_GRAPH__PASSWORD and start again",
        ) from error
    except (Neo4jError, DriverError) as error:
        if isinstance(error, Neo4jError) and not error.is_retryable():
            log.error("the graph database refused a statement: %s", error)
            raise Unavailable(
                "the graph database could not do what was asked",
                code=FAILED,
                hint="nothing was changed; the server's log has the reason",
            ) from error
        log.warning("the graph database does not answer: %s", error)
        raise Unavailable(
            "the graph database does not answer", code="GRAPH_UNAVAILABLE", hint=_UNREACHABLE_HINT
        ) from error


def in_batches(rows: Sequence[_T], size: int = BATCH_ROWS) -> Iterator[list[_T]]:
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])
