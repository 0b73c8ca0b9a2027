"""The audit and the history of alerts: written with the facts they come from, read in pages, newest first.

A page is found by a range over time, and both engines sort what is in it: ask for a span where there are many years.
"""

from collections.abc import Sequence

from app.graph import codec
from app.graph.session import Graph, Transaction
from app.graph.statements import Statements
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace
from app.model.time import iso

_FIRST = ""
"""Before every ISO time, and before every key."""
_LAST = "~"
"""After every ISO time, and after every key."""


class Audit:
    def __init__(self, graph: Graph, statements: Statements) -> None:
        self._graph = graph
        self._write_entries = statements["audit/write_entries"]
        self._write_records = statements["audit/write_alert_records"]
        self._entries = statements["audit/entries"]
        self._records = statements["audit/alert_records"]
        self._records_of_alert = statements["audit/records_of_alert"]

    async def save(
        self, transaction: Transaction, entries: Sequence[AuditEntry], records: Sequence[AlertRecord]
    ) -> None:
        await transaction.each(self._write_entries, [codec.audit_row(entry) for entry in entries])
        await transaction.each(self._write_records, [codec.record_row(record) for record in records])

    async def entries(self, query: AuditQuery, first: int, before: AuditPlace | None) -> list[AuditEntry]:
        at = _LAST if query.until is None else iso(query.until)
        id = _FIRST
        if before is not None and (query.until is None or before[0] < query.until):
            at, id = iso(before[0]), before[1]

        async def work(transaction: Transaction) -> list[AuditEntry]:
            found = await transaction.run(
                self._entries,
                since=_FIRST if query.since is None else iso(query.since),
                before=at,
                before_id=id,
                kinds=list(query.kinds),
                outcomes=list(query.outcomes),
                actor=query.actor or "",
                subject=query.subject or "",
                first=first,
            )
            return [codec.audit_from(row["document"]) for row in found]

        return await self._graph.read(work)

    async def records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        asked = {
            "since": _FIRST if query.since is None else iso(query.since),
            "until": _LAST if query.until is None else iso(query.until),
            "before_id": _LAST if before is None else codec.record_id(before),
            "transitions": list(query.transitions),
            "first": first,
        }

        async def work(transaction: Transaction) -> list[AlertRecord]:
            if query.alert_id is not None:
                found = await transaction.run(self._records_of_alert, alert_id=query.alert_id, **asked)
            else:
                found = await transaction.run(
                    self._records, owner=query.owner or "", twin_id=query.twin_id or "", **asked
                )
            return [codec.record_from(row["document"]) for row in found]

        return await self._graph.read(work)
