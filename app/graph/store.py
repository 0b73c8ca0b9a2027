"""GraphStore: the TwinStore port on Cypher, the same statements for Neo4j and for the embedded engine.

It only hands out: what is done is in definitions.py, facts.py, audit.py, installation.py and
migrate.py, one idea each.
"""

import asyncio
from collections.abc import Sequence

from neo4j import AsyncDriver

from app.errors import Unavailable
from app.graph.audit import Audit
from app.graph.contents import Contents
from app.graph.definitions import Definitions
from app.graph.facts import Facts
from app.graph.installation import Installation
from app.graph.migrate import Migrations
from app.graph.recall import Recall
from app.graph.scripts import Scripts
from app.graph.session import ANSWER_SECONDS, FAILED, Graph, Transaction
from app.graph.statements import Statements
from app.model.asked import Calls, ClosedAlerts, Place, Sought
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace
from app.model.change import (
    DefinitionChange,
    FactBatch,
    LifecycleRecord,
    LiveFacts,
    RevisionRecord,
    StoredDefinition,
)
from app.model.definitions import Kind
from app.model.events import Alert, Call
from app.model.ledger import Books
from app.model.time import Micros

_TAKES = 10
_PING_SECONDS = 3.0
"""Whoever asks whether we are ready does not wait for long."""
_TAKE_AGAIN_SECONDS = 0.05


class GraphStore:
    """Owns the driver. Every method may raise Unavailable (GRAPH_UNAVAILABLE, GRAPH_FAILED); then nothing was changed.
    What each gives and raises besides is said in ports.TwinStore."""

    def __init__(
        self,
        driver: AsyncDriver | None,
        database: str,
        statements: Statements | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        uri: str = "",
    ) -> None:
        """Without a driver everything is unavailable until `attach`. `answer_seconds`: how long the graph may take to
        answer before it counts as away. `statements`: other than the program's own (tests). Raises Misconfigured for
        one that is broken."""
        statements = statements or Statements.load()
        self.uri = uri
        """Where it is, as far as that is known."""
        self._installation = Installation(statements)
        self._graph = Graph(driver, database, self._installation.hold, answer_seconds)
        self._ping = statements["definitions/catalogue_revision"]
        self._migrations = Migrations(self._graph, statements)
        self._definitions = Definitions(self._graph, statements)
        self._audit = Audit(self._graph, statements)
        self._facts = Facts(self._graph, statements, self._audit)
        self._recall = Recall(self._graph, statements)
        self.scripts = Scripts(self._graph, statements)
        self.contents = Contents(self._graph, statements)

    def attach(self, other: "GraphStore") -> None:
        """Take over what another store is connected to, and the epoch it holds; that one is done with."""
        self._graph.attach(other._graph)
        self.uri = other.uri
        self._installation.epoch = other._installation.epoch

    async def migrate(self) -> list[int]:
        return await self._migrations.run()

    async def take_over(self) -> int:
        """Raises Unavailable where a writer that still believes itself the actor is always in the way."""
        self._installation.epoch = None
        for left in reversed(range(_TAKES)):
            try:
                self._installation.epoch = await self._graph.write(self._installation.take)
                return self._installation.epoch
            except Unavailable as error:
                # The embedded engine lets two writers in and refuses one of them at its commit.
                if error.code != FAILED or not left:
                    raise
            await asyncio.sleep(_TAKE_AGAIN_SECONDS)
        raise AssertionError("the last one returns or raises")

    async def load(self) -> tuple[int, list[StoredDefinition]]:
        return await self._definitions.load()

    async def catalogue_revision(self) -> int:
        return await self._definitions.catalogue_revision()

    async def last_revisions(self, keys: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        return await self._definitions.last_revisions(keys)

    async def save(self, change: DefinitionChange) -> None:
        await self._definitions.save(change)

    async def revisions(
        self, kind: Kind, id: str, *, first: int = 100, before: int | None = None
    ) -> list[RevisionRecord]:
        return await self._definitions.revisions(kind, id, first, before)

    async def changes_after(self, catalogue_revision: int, most: int) -> list[RevisionRecord]:
        return await self._definitions.changes_after(catalogue_revision, most)

    async def revisions_of(
        self, askers: Sequence[tuple[Kind, str, int | None]], first: int
    ) -> list[list[RevisionRecord]]:
        return await self._definitions.revisions_of(askers, first)

    async def revisions_at(self, askers: Sequence[tuple[Kind, str, Micros]]) -> list[RevisionRecord | None]:
        return await self._definitions.revisions_at(askers)

    async def lifecycles(self, overlay_ids: Sequence[str]) -> dict[str, list[LifecycleRecord]]:
        return await self._definitions.lifecycles(overlay_ids)

    async def alerts(self, alert_ids: Sequence[str]) -> list[Alert]:
        return await self._facts.alerts(alert_ids)

    async def closed_alerts(self, asked: ClosedAlerts, first: int, before: Place | None) -> list[Alert]:
        return await self._recall.closed_alerts(asked, first, before)

    async def closed_alerts_of(
        self, sought: Sequence[Sought], asked: ClosedAlerts, first: int, before: Place | None
    ) -> list[list[Alert]]:
        return await self._recall.closed_alerts_of(sought, asked, first, before)

    async def calls(self, call_ids: Sequence[str]) -> list[Call]:
        return await self._facts.calls(call_ids)

    async def call_page(self, asked: Calls, first: int, before: Place | None) -> list[Call]:
        return await self._recall.calls(asked, first, before)

    async def calls_of(
        self, sought: Sequence[Sought], asked: Calls, first: int, before: Place | None
    ) -> list[list[Call]]:
        return await self._recall.calls_of(sought, asked, first, before)

    async def audit(self, query: AuditQuery, first: int, before: AuditPlace | None) -> list[AuditEntry]:
        return await self._audit.entries(query, first, before)

    async def audit_entries(self, entry_ids: Sequence[str]) -> list[AuditEntry]:
        return await self._audit.by_id(entry_ids)

    async def audit_of(
        self, subjects: Sequence[str], query: AuditQuery, first: int, before: AuditPlace | None
    ) -> list[list[AuditEntry]]:
        return await self._audit.entries_about(subjects, query, first, before)

    async def alert_records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        return await self._audit.records(query, first, before)

    async def forget(self, before: Micros, most: int) -> int:
        return await self._audit.forget(before, most)

    async def live(self, after: int | None) -> LiveFacts:
        return await self._facts.live(after)

    def only_read(self) -> None:
        """From now on every method that writes raises Refused (OBSERVER)."""
        self._installation.only_read = True

    async def cursor(self) -> int:
        return await self._facts.cursor()

    async def books(self) -> tuple[int, Books]:
        return await self._facts.books()

    async def write(self, batch: FactBatch) -> None:
        await self._facts.write(batch)

    async def ping(self) -> None:
        async def work(transaction: Transaction) -> None:
            await transaction.run(self._ping)

        await self._graph.read(work, min(_PING_SECONDS, self._graph.answer_seconds))

    async def use(self, driver: AsyncDriver, uri: str) -> None:
        """The same database is reached by another driver from now on."""
        self.uri = uri
        await self._graph.use(driver)

    async def close(self) -> None:
        await self._graph.close()
