"""One graph database as the rest of this room sees it: reads and writes in managed transactions, errors translated.

Work given to `read` or `write` may run twice: the driver runs it again after an error that it calls retryable. So it
must not change anything outside the transaction. What an error's text says differs by engine and is never looked at.
Nothing waits for ever: a graph that has not answered for `answer_seconds` is unavailable, its connection dropped.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from neo4j import READ_ACCESS, WRITE_ACCESS, AsyncDriver, AsyncManagedTransaction, Record, unit_of_work
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from app.errors import Misconfigured, Unavailable
from app.graph.patience import Patience
from app.graph.statements import Statement

log = logging.getLogger("twin_overlay.graph")

BATCH_ROWS = 500
"""Rows of one UNWIND."""
FAILED = "GRAPH_FAILED"
"""The code of an Unavailable that trying again would meet again."""
ANSWER_SECONDS = 15.0
LONGEST_SECONDS = 600.0
_TIMED_OUT = tuple(f"Neo.ClientError.Transaction.TransactionTimedOut{of}" for of in ("", "ClientConfiguration"))
"""Neo4j's, where it ends a transaction for its length: said of the moment, not of what is in it."""
_LONGEST_REASON = 2000
_FETCH = 1000
"""Rows between two signs of life."""
_T = TypeVar("_T")
_UNREACHABLE_HINT = "nothing was changed; try again when the graph database answers"


class Transaction:
    """What work gets: statements to run, all of them in one transaction."""

    def __init__(self, transaction: AsyncManagedTransaction, patience: Patience) -> None:
        self._transaction = transaction
        self._patience = patience

    async def run(self, statement: Statement, **params: Any) -> list[Record]:
        """All rows. Parameters must be exactly those of the statement's header."""
        assert params.keys() == statement.params, f"{statement.name}: {params.keys() ^ statement.params}"
        try:
            result = await self._transaction.run(statement.text, params)
        except (TypeError, ValueError, OverflowError) as error:  # Bolt has no form for a parameter
            raise _refused(error) from error
        records: list[Record] = []
        while part := await result.fetch(_FETCH):
            self._patience.answered()
            records += part
        self._patience.answered()
        return records

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

    def __init__(
        self,
        driver: AsyncDriver | None,
        database: str,
        first: Work[None] | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Without a driver until `attach`: whatever is asked before raises Unavailable (GRAPH_UNAVAILABLE)."""
        self._driver = driver
        self._database = database
        self._first = first
        self.answer_seconds = answer_seconds
        # The embedded engine detects colliding writers at commit only, and nothing here wants two at once.
        self._writing = asyncio.Lock()

    async def read(self, work: Work[_T], answer_seconds: float | None = None) -> _T:
        """Raises Unavailable (GRAPH_UNAVAILABLE, GRAPH_FAILED) and whatever `work` raises. `answer_seconds`: other
        than the usual."""
        return await self._run(READ_ACCESS, work, answer_seconds or self.answer_seconds, LONGEST_SECONDS)

    async def write(
        self, work: Work[_T], answer_seconds: float | None = None, longest_seconds: float = LONGEST_SECONDS
    ) -> _T:
        """As `read`; where it raises, nothing was changed (unless the connection broke during the commit itself).
        `longest_seconds` is for the database: it ends a transaction that is still open then. Where the line was cut it
        has not heard that we gave up, and would hold what the transaction has locked for hours."""
        async with self._writing:
            return await self._run(WRITE_ACCESS, work, answer_seconds or self.answer_seconds, longest_seconds)

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Nothing is written through this meanwhile: whoever wants to waits."""
        async with self._writing:
            yield

    async def stream(self, statement: Statement, size: int) -> AsyncIterator[list[Record]]:
        """What it finds, so many records at a time, however many there are. Raises as `read`."""
        with translated():
            async with (
                self._there().session(database=self._database, default_access_mode=READ_ACCESS) as session,
                await session.begin_transaction(timeout=LONGEST_SECONDS) as transaction,
            ):
                result = await asyncio.wait_for(transaction.run(statement.text), LONGEST_SECONDS)
                while records := await asyncio.wait_for(result.fetch(size), LONGEST_SECONDS):
                    yield records

    async def _run(self, access: str, work: Work[_T], answer_seconds: float, longest_seconds: float) -> _T:
        with translated():
            async with (
                Patience(answer_seconds) as patience,
                self._there().session(database=self._database, default_access_mode=access) as session,
            ):
                if access == READ_ACCESS:
                    return await session.execute_read(unit_of_work(timeout=longest_seconds)(_wrapped(work, patience)))
                wrapped = _wrapped(work, patience, self._first)
                return await session.execute_write(unit_of_work(timeout=longest_seconds)(wrapped))

    def attach(self, other: "Graph") -> None:
        """Take over what another is connected to; that one is done with."""
        self._driver, self._database, other._driver = other._driver, other._database, None

    def _there(self) -> AsyncDriver:
        if self._driver is None:
            raise Unavailable(
                "the graph database was not there when this server started",
                code="GRAPH_UNAVAILABLE",
                hint="alarms, calls and live values go on without it; what needs it works again once it is back",
            )
        return self._driver

    async def use(self, driver: AsyncDriver) -> None:
        """From now on; the one before is closed, and what it still does ends with it."""
        former, self._driver = self._driver, driver
        if former is not None:
            await former.close()

    async def close(self) -> None:
        if self._driver is not None:
            await self._driver.close()


def _wrapped(
    work: Work[_T], patience: Patience, first: Work[None] | None = None
) -> Callable[[AsyncManagedTransaction], Awaitable[_T]]:
    async def run(transaction: AsyncManagedTransaction) -> _T:
        patience.answered()
        found = Transaction(transaction, patience)
        if first is not None:
            await first(found)
        return await work(found)

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
    except TimeoutError as error:
        log.warning("the graph database has stopped answering; its connection is dropped")
        raise _away() from error
    except (Neo4jError, DriverError) as error:
        if isinstance(error, Neo4jError) and not error.is_retryable():
            if error.code in _TIMED_OUT:
                raise _away() from error
            raise _refused(error) from error
        log.warning("the graph database does not answer: %s", error)
        raise _away() from error


def _away() -> Unavailable:
    return Unavailable("the graph database does not answer", code="GRAPH_UNAVAILABLE", hint=_UNREACHABLE_HINT)


def _refused(error: Exception) -> Unavailable:
    """It answers, and does not do it."""
    log.error("the graph database refused a statement: %s", str(error)[:_LONGEST_REASON])
    return Unavailable(
        "the graph database could not do what was asked",
        code=FAILED,
        hint="nothing was changed; the server's log has the reason",
    )


def in_batches(rows: Sequence[_T], size: int = BATCH_ROWS) -> Iterator[list[_T]]:
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])
