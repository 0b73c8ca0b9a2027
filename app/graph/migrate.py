"""Brings the schema up to date: cypher/schema/NNN_*.cypher, each once, in order of their numbers.

A migration that has landed is never edited: databases that ran it would differ from those that run it later, and
nobody would know. Its checksum is kept, and an edited one is refused.
"""

import re

from app.errors import Misconfigured
from app.graph import codec
from app.graph.session import LONGEST_SECONDS, Graph, Transaction
from app.graph.statements import Statement, Statements

_NAME = re.compile(r"schema/(\d{3})_\w+")


class Migrations:
    def __init__(self, graph: Graph, statements: Statements) -> None:
        """Raises Misconfigured (MIGRATION_INVALID) for a misnamed file or a number given twice."""
        self._graph = graph
        self._applied = statements["migrations/applied"]
        self._begin = statements["migrations/begin"]
        self._record = statements["migrations/record"]
        self._built_in = statements["definitions/keep_built_in_relationship_types"]
        self._known = _numbered(statements)

    async def run(self) -> list[int]:
        """The numbers that ran. Raises Misconfigured (MIGRATION_EDITED, GRAPH_TOO_NEW)."""
        applied = await self._graph.read(self._found)
        for number, checksum in applied.items():
            if number not in self._known:
                raise Misconfigured(
                    f"the graph has migration {number:03d}, which this version does not know",
                    code="GRAPH_TOO_NEW",
                    hint="a newer version wrote this graph; use that one or a newer one",
                )
            if self._known[number].checksum != checksum:
                raise Misconfigured(
                    f"the migration {self._known[number].name}.cypher was edited after this graph had run it",
                    code="MIGRATION_EDITED",
                    hint="restore the file, and put the change into a new migration",
                )
        missing = [number for number in sorted(self._known) if number not in applied]
        for number in missing:
            await self._apply(number, self._known[number])
        await self._graph.write(self._make_single_nodes)
        return missing

    async def _make_single_nodes(self, transaction: Transaction) -> None:
        await transaction.run(self._begin)
        await transaction.each(self._built_in, codec.built_in_rows())

    async def _found(self, transaction: Transaction) -> dict[int, str]:
        return {record["number"]: record["checksum"] for record in await transaction.run(self._applied)}

    async def _apply(self, number: int, statement: Statement) -> None:
        # Two transactions: neither engine takes schema and data in one. A crash between them runs the statement a
        # second time, which `idempotent: yes` and IF NOT EXISTS make harmless.
        async def change(transaction: Transaction) -> None:
            await transaction.run(statement)

        async def remember(transaction: Transaction) -> None:
            await transaction.run(self._record, number=number, checksum=statement.checksum, name=statement.name)

        await self._graph.write(change, LONGEST_SECONDS)  # an index over a large graph is long in the making
        await self._graph.write(remember)


def _numbered(statements: Statements) -> dict[int, Statement]:
    found: dict[int, Statement] = {}
    for name, statement in statements.items():
        if not name.startswith("schema/"):
            continue
        match = _NAME.fullmatch(name)
        fault = ""
        if match is None:
            fault = "is not named NNN_what.cypher"
        elif not statement.idempotent or statement.params:
            fault = "must be idempotent and take no parameters"
        elif (number := int(match.group(1))) in found:
            fault = f"has the number of {found[number].name}.cypher"
        else:
            found[number] = statement
        if fault:
            raise Misconfigured(
                f"the migration {name}.cypher {fault}",
                code="MIGRATION_INVALID",
                hint="give it the next free number",
            )
    return found
