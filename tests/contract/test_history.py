"""The history of definitions in the graph, the same on both engines."""

import json

from app.graph.store import GraphStore
from app.model.time import SECOND
from tests.contract.samples import T0, change, pump_type, stored


async def _history(store: GraphStore) -> None:
    """Revisions 1 to 4 of the type, each a second after the one before, 3 being a deletion."""
    await store.save(change(0, stored(pump_type(name="one"))))
    await store.save(change(1, stored(pump_type(name="two"), 2)))
    await store.save(change(2, removed=[("twin_type", "pump")]))
    await store.save(change(3, stored(pump_type(name="four"), 4, life=4)))


async def test_pages_of_a_history_meet_without_a_gap_or_an_overlap(store: GraphStore) -> None:
    await _history(store)
    assert [item.number for item in await store.revisions("twin_type", "pump", first=2)] == [4, 3]
    assert [item.number for item in await store.revisions("twin_type", "pump", first=2, before=3)] == [2, 1]
    assert await store.revisions("twin_type", "pump", first=2, before=1) == []
    assert await store.revisions("twin_type", "pump", first=0) == []
    assert len(await store.revisions("twin_type", "pump", before=2**63)) == 4
    assert await store.revisions("twin", "pump") == []


async def test_a_revision_says_which_change_of_the_catalogue_it_was_part_of(store: GraphStore) -> None:
    await _history(store)
    assert [item.catalogue_revision for item in await store.revisions("twin_type", "pump")] == [4, 3, 2, 1]


async def test_a_moment_has_the_last_revision_made_by_then(store: GraphStore) -> None:
    await _history(store)
    made = {item.number: item.at for item in await store.revisions("twin_type", "pump")}

    async def at(moment: int) -> int | None:
        found = (await store.revisions_at([("twin_type", "pump", moment)]))[0]
        return found.number if found else None

    assert await at(T0 - 1) is None
    assert [await at(made[number]) for number in (1, 3, 4)] == [1, 3, 4]
    assert await at(made[4] + 99 * SECOND) == 4
    assert await store.revisions_at([("twin_type", "nothing", made[4])]) == [None]
    (found,) = await store.revisions_at([("twin_type", "pump", made[1])])
    assert found is not None
    assert json.loads(found.document)["name"] == "one"


async def test_what_was_changed_behind_a_catalogue_revision_is_told_in_order(store: GraphStore) -> None:
    await _history(store)
    found = await store.changes_after(1, 10)
    assert [(item.kind, item.id, item.number, item.catalogue_revision, item.document) for item in found] == [
        ("twin_type", "pump", 2, 2, "{}"),
        ("twin_type", "pump", 3, 3, ""),
        ("twin_type", "pump", 4, 4, "{}"),
    ]
    assert [item.number for item in await store.changes_after(1, 2)] == [2, 3]
    assert await store.changes_after(4, 10) == []
