"""What happened, written behind the journal, and read back where memory no longer has it.

The cursor moves in the same transaction as the facts, so a batch is in the graph whole or not at all, and a batch that
is sent twice finds the cursor moved.
"""

from collections import defaultdict
from collections.abc import Sequence

from app.errors import Conflict, Unavailable
from app.graph import codec
from app.graph.audit import Audit
from app.graph.codec import Row
from app.graph.session import FAILED, Graph, Transaction
from app.graph.statements import Statement, Statements
from app.model.change import FactBatch, LiveFacts
from app.model.events import Alert, Call, TwinEventOccurred
from app.model.ledger import Books


class Facts:
    def __init__(self, graph: Graph, statements: Statements, audit: Audit) -> None:
        def named(name: str) -> Statement:
            return statements[f"telemetry/{name}"]

        self._graph = graph
        self._audit = audit
        self._advance = named("advance_cursor")
        self._cursor = named("cursor")
        self._write_properties = named("write_properties")
        self._write_behaviors = named("write_behaviors")
        self._write_alerts = named("write_alerts")
        self._link_to_behaviors = named("link_alerts_to_behaviors")
        self._link_to_twins = named("link_alerts_to_twins")
        self._link_to_overlays = named("link_alerts_to_overlays")
        self._write_calls = named("write_calls")
        self._last_events = named("last_events")
        self._write_last_events = named("write_last_events")
        self._live_properties = named("live_properties")
        self._live_behaviors = named("live_behaviors")
        self._live_alerts = named("live_alerts")
        self._open_alerts = named("open_alerts")
        self._alerts = named("alerts")
        self._calls = named("calls")

    async def cursor(self) -> int:
        return await self._graph.read(self._position)

    async def books(self) -> tuple[int, Books]:
        async def work(transaction: Transaction) -> tuple[int, Books]:
            found = await transaction.run(self._cursor)
            return (found[0]["sequence"], codec.books_from(found[0]["books"])) if found else (0, Books())

        return await self._graph.read(work)

    async def write(self, batch: FactBatch) -> None:
        async def work(transaction: Transaction) -> None:
            books = None if batch.books is None else codec.books_text(batch.books)
            if not await transaction.run(self._advance, after=batch.after, upto=batch.upto, books=books):
                raise _moved(batch, await self._position(transaction))
            properties = [codec.property_row(life, change) for life, change in batch.properties]
            await transaction.each(self._write_properties, properties, sequence=batch.upto)
            behaviors = [codec.behavior_state_row(item) for item in batch.behaviors]
            await transaction.each(self._write_behaviors, behaviors, sequence=batch.upto)
            await self._save_alerts(transaction, batch.alerts, batch.upto)
            await transaction.each(self._write_calls, [codec.call_row(call) for call in batch.calls])
            await self._save_events(transaction, batch.events)
            await self._audit.save(transaction, batch.audits, batch.records)

        try:
            await self._graph.write(work, longest_seconds=2 * self._graph.answer_seconds)
        except Unavailable as error:
            # As in Definitions.save: the second of two writers may be told another reason first.
            if error.code == FAILED and (position := await self.cursor()) != batch.after:
                raise _moved(batch, position) from error
            raise

    async def _position(self, transaction: Transaction) -> int:
        found = await transaction.run(self._cursor)
        return found[0]["sequence"] if found else 0

    async def _save_alerts(self, transaction: Transaction, alerts: Sequence[Alert], sequence: int) -> None:
        rows = [codec.alert_row(alert) for alert in alerts]
        await transaction.each(self._write_alerts, rows, sequence=sequence)
        await transaction.each(self._link_to_behaviors, rows)
        twins: list[Row] = [
            {"alert_id": alert.alert_id, "twin_id": twin_id} for alert in alerts for twin_id in alert.twins
        ]
        await transaction.each(self._link_to_twins, twins)
        overlays: list[Row] = [
            {"alert_id": alert.alert_id, "overlay_id": alert.owner.id}
            for alert in alerts
            if alert.owner.kind == "overlay"
        ]
        await transaction.each(self._link_to_overlays, overlays)

    async def _save_events(self, transaction: Transaction, events: Sequence[TwinEventOccurred]) -> None:
        new: dict[str, list[TwinEventOccurred]] = defaultdict(list)
        for event in events:
            new[event.twin_id].append(event)
        stored = {record["id"]: record["events"] for record in await transaction.run_each(self._last_events, list(new))}
        rows: list[Row] = [
            {"twin_id": twin_id, "events": codec.merged_events(stored.get(twin_id), items)}
            for twin_id, items in new.items()
        ]
        await transaction.each(self._write_last_events, rows)

    # ------------------------------------------------------------ reading

    async def live(self, after: int | None) -> LiveFacts:
        """What was written since the graph's cursor was at `after`; None for everything that stands."""

        async def work(transaction: Transaction) -> LiveFacts:
            since = -1 if after is None else after
            properties = [
                codec.property_from(row)
                for record in await transaction.run(self._live_properties, after=since)
                for row in record["found"]
            ]
            behaviors = await transaction.run(self._live_behaviors, after=since)
            if after is None:
                alerts = await transaction.run(self._open_alerts)
            else:
                alerts = await transaction.run(self._live_alerts, after=after)
            return LiveFacts(
                tuple(properties),
                tuple(codec.behavior_from(record) for record in behaviors),
                tuple(codec.alert_from(record["document"]) for record in alerts),
            )

        return await self._graph.read(work)

    async def alerts(self, alert_ids: Sequence[str]) -> list[Alert]:
        """Those that exist, in the order asked for."""
        found = await self._documents(self._alerts, alert_ids)
        return [codec.alert_from(found[id]) for id in dict.fromkeys(alert_ids) if id in found]

    async def calls(self, call_ids: Sequence[str]) -> list[Call]:
        """Those that exist, in the order asked for."""
        found = await self._documents(self._calls, call_ids)
        return [codec.call_from(found[id]) for id in dict.fromkeys(call_ids) if id in found]

    async def _documents(self, statement: Statement, ids: Sequence[str]) -> dict[str, str]:
        async def work(transaction: Transaction) -> dict[str, str]:
            records = await transaction.run(statement, rows=list(dict.fromkeys(ids)))
            return {record["id"]: record["document"] for record in records}

        return await self._graph.read(work)


def _moved(batch: FactBatch, position: int) -> Conflict:
    return Conflict(
        f"the graph's journal cursor is at {position}, not {batch.after}: nothing was written",
        code="CURSOR_MOVED",
        hint="read the graph's cursor and go on from there",
    )
