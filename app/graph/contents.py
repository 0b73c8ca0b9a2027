"""Everything in the graph, out of one and into another, the same on every engine: what a backup is made of.

Rows carry names (labels, types) as data, and no statement is made from data (design D9): each name must be one of the
model's, which stand here, and a row with another is left out, or refused on the way in.
"""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from typing import Any

from neo4j import Record

from app.errors import Invalid, Unavailable
from app.graph.session import LONGEST_SECONDS, Graph, Transaction
from app.graph.statements import Statement, Statements

Row = dict[str, Any]
KEYS = {
    "RelationshipType": "name",
    "TwinType": "type_id",
    "OverlayType": "type_id",
    "Role": "key",
    "Twin": "twin_id",
    "Property": "key",
    "Overlay": "overlay_id",
    "Behavior": "key",
    "Interlock": "key",
    "Alert": "alert_id",
    "AlertRecord": "record_id",
    "Call": "call_id",
    "Revision": "key",
    "AuditEntry": "entry_id",
    "Script": "script_id",
    "Catalogue": "name",
    "Cursor": "name",
    "Installation": "name",
}
"""By label, what a node of it is found by."""
TYPES = frozenset(
    (
        "ACTS_ON",
        "BINDS",
        "CONCERNS",
        "CONTAINS",
        "EXTENDS",
        "FILLED_BY",
        "GUARDS",
        "HAS_BEHAVIOR",
        "HAS_INTERLOCK",
        "HAS_PROPERTY",
        "HAS_RECORD",
        "HAS_REVISION",
        "HAS_ROLE",
        "INSTANCE_OF",
        "RAISED_BY",
        "READS",
        "RELATED",
    )
)
_AT_ONCE = 500
_CLEARED_AT_ONCE = 2000


class Contents:
    def __init__(self, graph: Graph, statements: Statements) -> None:
        self._graph = graph
        self._nodes = statements["contents/nodes"]
        self._edges = statements["contents/edges"]
        self._create_nodes = statements["contents/create_nodes"]
        self._create_edges = statements["contents/create_edges"]
        self._clear = statements["contents/clear"]
        self._counts = (statements["contents/count_nodes"], statements["contents/count_edges"])
        self._inhabited = statements["contents/inhabited"]
        self._epoch = statements["installation/epoch"]

    # ------------------------------------------------------------ out

    def still(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Inside it this process writes nothing to the graph; whoever wants to waits."""
        return self._graph.still()

    async def nodes(self) -> AsyncIterator[list[Row]]:
        """{label, properties}, some at a time; Migration nodes are left out."""
        async for records in self._graph.stream(self._nodes, _AT_ONCE):
            yield [
                {"label": label, "properties": dict(record["properties"])}
                for record in records
                if (label := _label(record["labels"])) is not None
            ]

    async def edges(self) -> AsyncIterator[list[Row]]:
        """{type, from_label, from_key, to_label, to_key, properties}, some at a time."""
        async for records in self._graph.stream(self._edges, _AT_ONCE):
            yield [row for record in records if (row := _edge(record)) is not None]

    # ------------------------------------------------------------ in

    async def inhabited(self) -> bool:
        async def work(transaction: Transaction) -> bool:
            return any(row["revision"] or row["sequence"] for row in await transaction.run(self._inhabited))

        return await self._graph.read(work)

    async def epoch(self) -> int:
        """0 where there never was an actor."""

        async def work(transaction: Transaction) -> int:
            found = await transaction.run(self._epoch)
            return int(found[0]["epoch"]) if found else 0

        return await self._graph.read(work)

    async def clear(self) -> None:
        """Everything but the schema. Not in one transaction: where it is cut off, a part is gone."""

        async def work(transaction: Transaction) -> int:
            return int((await transaction.run(self._clear, most=_CLEARED_AT_ONCE))[0]["removed"])

        removed = 1
        while removed:
            removed = await self._graph.write(work, LONGEST_SECONDS)

    async def put_nodes(self, label: str, rows: Sequence[Row]) -> None:
        """Raises Invalid (BACKUP_INVALID) for a label that the model does not have."""
        if label not in KEYS:
            raise _strange(f"nodes of the label '{label}'")
        await self._put(_named(self._create_nodes, Label=label), rows, f"{label} nodes")

    async def put_edges(self, type: str, from_label: str, to_label: str, rows: Sequence[Row]) -> None:
        """{from_key, to_key, properties}. Raises as `put_nodes`, and Unavailable where an end is missing."""
        if type not in TYPES or from_label not in KEYS or to_label not in KEYS:
            raise _strange(f"edges ({from_label})-[{type}]->({to_label})")
        statement = _named(
            self._create_edges,
            FromLabel=from_label,
            from_name=KEYS[from_label],
            ToLabel=to_label,
            to_name=KEYS[to_label],
            TYPE=type,
        )
        await self._put(statement, rows, f"{type} edges")

    async def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Nodes by label and edges by type: what was sent twice, because an answer was lost, is there twice."""

        async def work(transaction: Transaction) -> list[dict[str, int]]:
            found = [await transaction.run(statement) for statement in self._counts]
            return [{record["name"]: record["found"] for record in records} for records in found]

        nodes, edges = await self._graph.read(work, LONGEST_SECONDS)
        return {label: count for label, count in nodes.items() if label in KEYS}, edges

    async def _put(self, statement: Statement, rows: Sequence[Row], what: str) -> None:
        async def work(transaction: Transaction) -> None:
            made = sum(record["made"] for record in await transaction.run_each(statement, rows))
            if made != len(rows):
                raise Unavailable(f"{made} of {len(rows)} {what} could be made", code="RESTORE_FAILED")

        await self._graph.write(work, LONGEST_SECONDS)


def _named(statement: Statement, **names: str) -> Statement:
    text = statement.text
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return dataclasses.replace(statement, text=text)


def _label(labels: Sequence[str]) -> str | None:
    return next((label for label in labels if label in KEYS), None)


def _edge(record: Record) -> Row | None:
    ends = _label(record["from_labels"]), _label(record["to_labels"])
    if None in ends or record["type"] not in TYPES:
        return None
    return {
        "type": record["type"],
        "from_label": ends[0],
        "from_key": record["from_key"],
        "to_label": ends[1],
        "to_key": record["to_key"],
        "properties": dict(record["properties"]),
    }


def _strange(what: str) -> Invalid:
    return Invalid(
        f"the backup has {what}, which this version does not know",
        code="BACKUP_INVALID",
        hint="restore it with the version that made it, or a newer one",
    )
