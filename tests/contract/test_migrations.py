"""The schema and its migrations, the same on both engines."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from neo4j import AsyncDriver, AsyncGraphDatabase

from app.errors import Misconfigured
from app.graph.statements import Statement, Statements
from app.graph.store import GraphStore
from tests.contract.samples import change, pump_type, stored
from tests.servers.graph import GraphAddress

EXTRA = "schema/999_extra"


@pytest.fixture
async def driver(graph: GraphAddress, store: GraphStore) -> AsyncIterator[AsyncDriver]:
    """To make stores with other statements on the same graph, which is left as it was."""
    async with AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver:
        yield driver
    await graph.run("MATCH (m:Migration) WHERE m.number >= 900 DELETE m")


def with_extra(text: str) -> Statements:
    known = Statements.load()
    extra = Statement(EXTRA, text, frozenset(), (), "write", True, checksum=text)
    return Statements({**known, EXTRA: extra})


INDEX = "CREATE INDEX script_author IF NOT EXISTS FOR (n:Script) ON (n.author)"


async def test_a_second_migrate_runs_nothing(store: GraphStore, graph: GraphAddress) -> None:
    assert await store.migrate() == []
    rows = await graph.run("MATCH (m:Migration) RETURN m.number AS number ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) == sum(name.startswith("schema/") for name in Statements.load())


async def test_a_new_migration_runs_alone_and_once(driver: AsyncDriver, graph: GraphAddress) -> None:
    newer = GraphStore(driver, graph.database, with_extra(INDEX))
    assert await newer.migrate() == [999]
    assert await newer.migrate() == []


async def test_an_edited_migration_is_refused_by_name(driver: AsyncDriver, graph: GraphAddress) -> None:
    await GraphStore(driver, graph.database, with_extra(INDEX)).migrate()
    edited = GraphStore(driver, graph.database, with_extra(INDEX.replace("author", "title")))
    with pytest.raises(Misconfigured) as caught:
        await edited.migrate()
    assert caught.value.code == "MIGRATION_EDITED"
    assert "999_extra" in caught.value.message


async def test_a_graph_of_a_newer_version_is_refused(driver: AsyncDriver, graph: GraphAddress) -> None:
    await GraphStore(driver, graph.database, with_extra(INDEX)).migrate()
    with pytest.raises(Misconfigured) as caught:
        await GraphStore(driver, graph.database).migrate()
    assert caught.value.code == "GRAPH_TOO_NEW"


async def test_a_migration_that_was_cut_off_before_it_was_recorded_runs_again(
    store: GraphStore, graph: GraphAddress
) -> None:
    await graph.run("MATCH (m:Migration {number: 5}) DELETE m")
    assert await store.migrate() == [5]


async def test_two_migrations_of_one_number_are_refused(driver: AsyncDriver, graph: GraphAddress) -> None:
    known = Statements.load()
    twice = replace(known["schema/001_migration"], name="schema/001_other")
    with pytest.raises(Misconfigured) as caught:
        GraphStore(driver, graph.database, Statements({**known, twice.name: twice}))
    assert caught.value.code == "MIGRATION_INVALID"


@pytest.mark.parametrize("label_and_key", ["Twin.twin_id", "Property.key", "Alert.alert_id", "Catalogue.name"])
async def test_keys_are_unique(store: GraphStore, graph: GraphAddress, label_and_key: str) -> None:
    label, key = label_and_key.split(".")
    await store.save(change(0, stored(pump_type())))
    await graph.run(f"MERGE (:{label} {{{key}: 'catalogue'}})")
    with pytest.raises(Exception) as caught:
        await graph.run(f"CREATE (:{label} {{{key}: 'catalogue'}})")
    assert "Neo4jError" in {kind.__name__ for kind in type(caught.value).__mro__}


async def test_every_statement_of_the_program_runs_and_returns_what_its_header_says(
    store: GraphStore, graph: GraphAddress
) -> None:
    """With no rows and an empty graph: the engine parses and plans each, which a text check can't."""
    values: dict[str, object] = {
        "rows": [],
        "subjects": [],
        "keys": [],
        "everything": True,
        "twins": [],
        "owners": [],
        "statuses": [],
        "severities": [],
        "shelved": [],
        "suppressed": [],
        "acknowledged": [],
        "kinds": [],
        "outcomes": [],
        "transitions": [],
        "number": 900,
        "expected": -1,
        "after": -1,
        "upto": 0,
        "first": 1,
        "most": 1,
    }
    async with (
        AsyncGraphDatabase.driver(graph.uri, auth=(graph.user, graph.password)) as driver,
        driver.session(database=graph.database) as session,
    ):
        for statement in Statements.load().values():
            transaction = await session.begin_transaction()
            result = await transaction.run(statement.text, {name: values.get(name, "x") for name in statement.params})
            # The embedded engine names no columns where there is no row.
            assert tuple(sorted(result.keys())) in (statement.returns, ()), statement.name
            await result.consume()
            await transaction.rollback()
