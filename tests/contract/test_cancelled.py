"""Who asked has gone: what the graph was doing for them is ended, nothing of it stays, and nobody waits for it."""

import asyncio

import pytest
from neo4j import AsyncGraphDatabase

from app.graph.session import Graph, Transaction
from app.graph.statements import Statement
from tests.servers.graph import GraphAddress

SECONDS = 10.0
LONG = (
    "UNWIND range(1, 3000) AS x UNWIND range(1, 3000) AS y UNWIND range(1, 3) AS z RETURN sum((x + y + z) % 7) AS total"
)


def statement(text: str) -> Statement:
    return Statement("test", text, frozenset(), ("total",), "write", False, "")


async def test_a_transaction_whose_task_is_cancelled_is_ended_and_leaves_nothing(
    graph: GraphAddress, request: pytest.FixtureRequest
) -> None:
    await graph.clean()
    under_way = asyncio.Event()

    async def work(transaction: Transaction) -> None:
        await transaction.run(statement("CREATE (n:Probe {name: 'one', by: 'cancelled'}) RETURN count(n) AS total"))
        under_way.set()
        await transaction.run(statement(LONG))

    async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
        database = Graph(driver, graph.database)
        task = asyncio.ensure_future(database.write(work))
        async with asyncio.timeout(SECONDS):
            await under_way.wait()
        await asyncio.sleep(0.2)  # now the database is in the midst of the long statement
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if request.node.callspec.params["graph"] == "neo4j":
            async with asyncio.timeout(SECONDS):
                while await running(graph):  # noqa: ASYNC110 - the database has no event for it
                    await asyncio.sleep(0.05)

        async def another(transaction: Transaction) -> None:
            await transaction.run(
                statement("MERGE (n:Probe {name: 'one'}) SET n.by = 'another' RETURN count(n) AS total")
            )

        async with asyncio.timeout(SECONDS):
            await database.write(another)
    assert await graph.run("MATCH (n:Probe) RETURN n.by AS by") == [{"by": "another"}]


async def running(graph: GraphAddress) -> list[dict[str, object]]:
    found = await graph.run("SHOW TRANSACTIONS YIELD currentQuery, status RETURN currentQuery AS query, status")
    return [row for row in found if str(row["query"]).startswith("UNWIND range(1, 3000)")]
