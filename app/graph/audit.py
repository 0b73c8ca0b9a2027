"""The audit and the history of alerts: written with the facts they come from, read in pages, newest first.

A page is looked for backwards in time, in spans, because both engines sort all that a range over time holds.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from app.graph import codec
from app.graph.session import Graph, Transaction
from app.graph.statements import Statement, Statements
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace
from app.model.time import SECOND, Micros, iso

_FIRST = ""
"""Before every ISO time, and before every key."""
_LAST = "~"
"""After every ISO time, and after every key."""
_FIRST_SPAN = 3600 * SECOND
_LAST_SPAN = 4096 * _FIRST_SPAN
"""Half a year; what is not found in it is looked for in everything."""
Item = TypeVar("Item")


class Audit:
    def __init__(self, graph: Graph, statements: Statements) -> None:
        self._graph = graph
        self._write_entries = statements["audit/write_entries"]
        self._write_records = statements["audit/write_alert_records"]
        self._entries = statements["audit/entries"]
        self._entries_about = statements["audit/entries_about"]
        self._entries_by_id = statements["audit/entries_by_id"]
        self._records = statements["audit/alert_records"]
        self._records_of_alert = statements["audit/records_of_alert"]
        self._forgetting = [
            (statements[f"audit/old_{what}"], statements[f"audit/forget_{what}"])
            for what in ("entries", "alert_records")
        ]

    async def save(
        self, transaction: Transaction, entries: Sequence[AuditEntry], records: Sequence[AlertRecord]
    ) -> None:
        await transaction.each(self._write_entries, [codec.audit_row(entry) for entry in entries])
        await transaction.each(self._write_records, [codec.record_row(record) for record in records])

    async def forget(self, before: Micros, most: int) -> int:
        """How many went. Looked for first: what goes is locked no longer than its own deletion takes."""
        gone = 0
        for old, forget in self._forgetting:
            ids = await self._graph.read(partial(_ids, statement=old, before=iso(before), first=most - gone))
            if ids:
                await self._graph.write(partial(_each, statement=forget, rows=ids))
            gone += len(ids)
            if gone >= most:
                break
        return gone

    async def entries(self, query: AuditQuery, first: int, before: AuditPlace | None) -> list[AuditEntry]:
        asked = _asked(query, first, before)

        async def work(transaction: Transaction, since: str) -> list[AuditEntry]:
            found = await transaction.run(self._entries, since=since, subject=query.subject or "", **asked)
            return [codec.audit_from(row["document"]) for row in found]

        newest = query.until if before is None else before[0]
        return await self._backwards(work, query.since, newest, first)

    async def by_id(self, entry_ids: Sequence[str]) -> list[AuditEntry]:
        """Those that are still kept."""

        async def work(transaction: Transaction) -> list[AuditEntry]:
            found = await transaction.run(self._entries_by_id, rows=list(dict.fromkeys(entry_ids)))
            return [codec.audit_from(row["document"]) for row in found]

        return await self._graph.read(work)

    async def entries_about(
        self, subjects: Sequence[str], query: AuditQuery, first: int, before: AuditPlace | None
    ) -> list[list[AuditEntry]]:
        """In one statement over all of the time: where each subject's page ends is not known before."""

        async def work(transaction: Transaction) -> list[list[AuditEntry]]:
            found = await transaction.run(
                self._entries_about,
                subjects=list(dict.fromkeys(subjects)),
                since=_since(query.since),
                **_asked(query, first, before),
            )
            by_subject = {row["subject"]: [codec.audit_from(text) for text in row["documents"]] for row in found}
            return [by_subject.get(subject, []) for subject in subjects]

        return await self._graph.read(work)

    async def records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        asked = {
            "until": _LAST if query.until is None else iso(query.until),
            "before_id": _LAST if before is None else codec.record_id(before),
            "transitions": list(query.transitions),
            "first": first,
        }

        async def work(transaction: Transaction, since: str) -> list[AlertRecord]:
            if query.alert_id is not None:
                found = await transaction.run(self._records_of_alert, alert_id=query.alert_id, since=since, **asked)
            else:
                found = await transaction.run(
                    self._records, owner=query.owner or "", twin_id=query.twin_id or "", since=since, **asked
                )
            return [codec.record_from(row["document"]) for row in found]

        if query.alert_id is not None:
            return await self._graph.read(lambda transaction: work(transaction, _since(query.since)))
        return await self._backwards(work, query.since, query.until, first)

    async def _backwards(
        self,
        look: Callable[[Transaction, str], Awaitable[list[Item]]],
        since: Micros | None,
        newest: Micros | None,
        first: int,
    ) -> list[Item]:
        """Over wider and wider spans until the page is full: no engine reads an order from an index, so a page costs
        what its span holds (50,000 entries: 3.3 s, the newest thousand of them: 0.09 s)."""

        async def work(transaction: Transaction) -> list[Item]:
            end = newest if newest is not None else time.time_ns() // 1000
            span = _FIRST_SPAN
            while span < _LAST_SPAN and (since is None or end - span > since) and end - span > 0:
                found = await look(transaction, iso(end - span))
                if len(found) >= first:
                    return found
                span *= 16
            return await look(transaction, _since(since))

        return await self._graph.read(work)


def _asked(query: AuditQuery, first: int, before: AuditPlace | None) -> dict[str, Any]:
    at = _LAST if query.until is None else iso(query.until)
    id = _FIRST
    if before is not None and (query.until is None or before[0] < query.until):
        at, id = iso(before[0]), before[1]
    return {
        "before": at,
        "before_id": id,
        "kinds": list(query.kinds),
        "outcomes": list(query.outcomes),
        "actor": query.actor or "",
        "first": first,
    }


async def _ids(transaction: Transaction, statement: Statement, before: str, first: int) -> list[str]:
    return [row["id"] for row in await transaction.run(statement, before=before, first=first)]


async def _each(transaction: Transaction, statement: Statement, rows: Sequence[str]) -> None:
    await transaction.each(statement, rows)


def _since(moment: Micros | None) -> str:
    return _FIRST if moment is None else iso(moment)
