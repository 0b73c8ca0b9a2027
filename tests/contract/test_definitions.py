"""Definitions in the graph, the same on both engines."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from app.errors import Conflict
from app.graph.store import GraphStore
from app.model.audit import AuditQuery
from app.model.change import DefinitionChange, PropertyRow
from app.model.definitions import Lifecycle, Overlay, OverlayType, RoleDefinition, TwinType, to_document
from app.model.plan import OwnerKey
from tests.contract.samples import (
    STATION,
    STATUS,
    T0,
    TEMPERATURE,
    batch,
    behavior,
    change,
    edge,
    interlock,
    plant,
    pump,
    pump_type,
    reading,
    station,
    station_type,
    stored,
    twin_owner,
)
from tests.servers.graph import GraphAddress

_EDGES = (
    "MATCH (s:Twin)-[e:RELATED]->(t:Twin) "
    "RETURN s.twin_id AS s, t.twin_id AS t, e.name AS name, e.declared_by AS by ORDER BY s, t, name, by"
)


async def edges(graph: GraphAddress) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await graph.run(_EDGES)]


async def test_an_empty_graph_is_at_revision_zero_with_nothing_in_it(store: GraphStore) -> None:
    assert await store.load() == (0, [])
    assert await store.last_revisions([("twin", "pump_1")]) == {}
    assert await store.revisions("twin", "pump_1") == []
    await store.ping()


async def test_what_was_saved_is_loaded_without_any_loss(store: GraphStore) -> None:
    saved = plant()
    await store.save(saved)
    revision, loaded = await store.load()
    assert revision == 1
    by_key = {(item.kind, item.id): item for item in loaded}
    assert by_key == {(item.kind, item.id): item for item in saved.saved}
    for item in saved.saved:
        assert to_document(by_key[(item.kind, item.id)].definition) == to_document(item.definition)


async def test_a_change_of_a_moved_catalogue_is_a_conflict_and_saves_nothing(store: GraphStore) -> None:
    await store.save(plant())
    with pytest.raises(Conflict) as caught:
        await store.save(change(0, stored(pump("pump_9"))))
    assert caught.value.code == "CATALOGUE_MOVED"
    revision, loaded = await store.load()
    assert revision == 1
    assert "pump_9" not in {item.id for item in loaded}


async def test_of_two_stores_that_save_at_once_exactly_one_wins(store: GraphStore, graph: GraphAddress) -> None:
    other = await graph.connect()
    try:
        for at in range(5):
            results = await asyncio.gather(
                store.save(change(at, stored(pump_type(name="mine"), at + 1))),
                other.save(change(at, stored(pump_type(name="theirs"), at + 1))),
                return_exceptions=True,
            )
            refused = [result for result in results if result is not None]
            assert [getattr(error, "code", error) for error in refused] == ["CATALOGUE_MOVED"]
            assert (await store.load())[0] == at + 1
    finally:
        await other.close()


async def test_of_two_tasks_that_save_at_once_exactly_one_wins(store: GraphStore) -> None:
    results = await asyncio.gather(
        *(store.save(change(0, stored(pump_type(name=f"writer {n}")))) for n in range(5)), return_exceptions=True
    )
    assert [result for result in results if result is None] == [None]
    assert (await store.load())[0] == 1


async def test_an_update_keeps_every_revision_with_author_time_and_reason(store: GraphStore) -> None:
    await store.save(change(0, stored(pump_type()), reason="first"))
    await store.save(change(1, stored(pump_type(name="Better pump"), 2), reason="a better name"))
    found = await store.revisions("twin_type", "pump")
    assert [(item.number, item.author, item.reason) for item in found] == [
        (2, "bob", "a better name"),
        (1, "bob", "first"),
    ]
    assert found[0].at == stored(pump_type(), 2).updated_at
    assert json.loads(found[0].document)["name"] == "Better pump"
    assert json.loads(found[1].document) == to_document(pump_type())
    assert await store.last_revisions([("twin_type", "pump"), ("twin", "pump")]) == {("twin_type", "pump"): 2}


async def test_every_change_leaves_an_audit_entry_in_its_own_transaction(
    store: GraphStore, graph: GraphAddress
) -> None:
    await store.save(plant())
    (entry,) = await store.audit(AuditQuery(), 10, None)
    assert (entry.entry_id, entry.kind, entry.outcome) == ("definitions/000000000001", "definition", "done")
    assert (entry.actor, entry.reason, entry.at) == ("bob", "because", plant().at)
    assert set(entry.subjects) == {
        "twin_type/pump",
        "overlay_type/pumping_station",
        "twin/pump_1",
        "twin/pump_2",
        "overlay/station_a",
    }
    assert entry.details == {"catalogue_revision": 1, "saved": 5, "removed": 0}
    assert (await graph.run("MATCH (a:AuditEntry) RETURN a.kind AS kind")) == [{"kind": "definition"}]


async def test_definitions_become_the_edges_of_the_design(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    rows = await graph.run(
        "MATCH (a)-[e]->(b) WHERE type(e) <> 'HAS_REVISION' "
        "RETURN type(e) AS type, coalesce(a.key, a.twin_id, a.overlay_id, a.type_id) AS a, "
        "coalesce(b.key, b.twin_id, b.overlay_id, b.type_id) AS b, e.role AS role"
    )
    assert sorted((r["type"], r["a"], r["b"], r["role"] or "") for r in rows) == [
        ("ACTS_ON", "overlay/station_a/failover", "pump_2", ""),
        ("ACTS_ON", "twin/pump_1/too_hot", "pump_1", ""),
        ("BINDS", "station_a", "pump_1", "primary_pump"),
        ("BINDS", "station_a", "pump_2", "backup_pump"),
        ("FILLED_BY", "pumping_station/backup_pump", "pump", ""),
        ("FILLED_BY", "pumping_station/primary_pump", "pump", ""),
        ("GUARDS", "overlay/station_a/one", "pump_2", ""),
        ("GUARDS", "twin/pump_2/hot", "pump_2", ""),
        ("HAS_BEHAVIOR", "pump_1", "twin/pump_1/too_hot", ""),
        ("HAS_BEHAVIOR", "station_a", "overlay/station_a/failover", ""),
        ("HAS_INTERLOCK", "pump_2", "twin/pump_2/hot", ""),
        ("HAS_INTERLOCK", "station_a", "overlay/station_a/one", ""),
        ("HAS_PROPERTY", "pump_1", "pump_1/status", ""),
        ("HAS_PROPERTY", "pump_1", "pump_1/temperature", ""),
        ("HAS_PROPERTY", "pump_2", "pump_2/status", ""),
        ("HAS_PROPERTY", "pump_2", "pump_2/temperature", ""),
        ("HAS_ROLE", "pumping_station", "pumping_station/backup_pump", ""),
        ("HAS_ROLE", "pumping_station", "pumping_station/primary_pump", ""),
        ("INSTANCE_OF", "pump_1", "pump", ""),
        ("INSTANCE_OF", "pump_2", "pump", ""),
        ("INSTANCE_OF", "station_a", "pumping_station", ""),
        ("READS", "overlay/station_a/failover", "pump_1/status", ""),
        ("READS", "overlay/station_a/one", "pump_1/status", ""),
        ("READS", "twin/pump_1/too_hot", "pump_1/temperature", ""),
        ("READS", "twin/pump_2/hot", "pump_2/temperature", ""),
        ("RELATED", "pump_1", "pump_2", ""),
        ("RELATED", "pump_2", "pump_1", ""),
    ]


async def test_an_interlock_is_found_by_the_property_that_it_goes_blind_without(
    store: GraphStore, graph: GraphAddress
) -> None:
    await store.save(plant())
    blind = (
        "MATCH (:Property {key: 'pump_1/status'})<-[:READS]-(i:Interlock)-[:GUARDS]->(t:Twin) "
        "RETURN i.key AS key, i.method AS method, i.condition AS condition, t.twin_id AS twin"
    )
    assert await graph.run(blind) == [
        {"key": "overlay/station_a/one", "method": "start", "condition": "as written", "twin": "pump_2"}
    ]
    other = interlock(STATION, "other", ["pump_2/status"], ["pump_1", "pump_2"])
    await store.save(change(1, stored(station(), 2), interlocks={STATION: (other,)}))
    assert await graph.run(blind) == []
    left = "MATCH (i:Interlock) OPTIONAL MATCH (i)-[e:GUARDS|READS]->() RETURN i.key AS key, count(e) AS edges"
    rows = await graph.run(left)
    assert sorted((row["key"], row["edges"]) for row in rows) == [
        ("overlay/station_a/other", 3),
        ("twin/pump_2/hot", 2),
    ]
    await store.save(change(2, removed=[("overlay", "station_a"), ("twin", "pump_2")]))
    assert await graph.run(left) == []


async def test_what_a_change_leaves_out_of_an_owner_is_removed_there_and_nowhere_else(
    store: GraphStore, graph: GraphAddress
) -> None:
    await store.save(plant())
    one = twin_owner("pump_1")
    await store.save(
        change(
            1,
            stored(pump("pump_1"), 2),
            properties={"pump_1": (STATUS,)},
            relationships={one: (edge("pump_2", "pump_1", "returns_to"),)},
            behaviors={one: (behavior(one, "idle", ["pump_1/status"]),)},
        )
    )
    assert await edges(graph) == [
        ("pump_2", "pump_1", "backs_up", "overlay/station_a"),
        ("pump_2", "pump_1", "returns_to", "twin/pump_1"),
    ]
    properties = await graph.run("MATCH (p:Property) RETURN p.key AS key ORDER BY key")
    assert [row["key"] for row in properties] == ["pump_1/status", "pump_2/status", "pump_2/temperature"]
    behaviors = await graph.run("MATCH (b:Behavior) RETURN b.key AS key ORDER BY key")
    assert [row["key"] for row in behaviors] == ["overlay/station_a/failover", "twin/pump_1/idle"]


async def test_saving_the_same_edges_again_makes_no_second_ones(store: GraphStore, graph: GraphAddress) -> None:
    edges = "MATCH ()-[e]->() WHERE type(e) <> 'HAS_REVISION' RETURN count(e) AS edges"
    await store.save(plant())
    before = await graph.run(edges)
    await store.save(plant(1))
    assert await graph.run(edges) == before


async def test_parallel_edges_between_two_twins_all_stay(store: GraphStore, graph: GraphAddress) -> None:
    one = twin_owner("a")
    await store.save(
        change(
            0,
            stored(pump_type()),
            stored(pump("a")),
            stored(pump("b")),
            relationships={
                one: (edge("a", "b", "feeds"), edge("a", "b", "cools"), edge("b", "a", "heats"), edge("a", "a", "self"))
            },
        )
    )
    assert [row[:3] for row in await edges(graph)] == [
        ("a", "a", "self"),
        ("a", "b", "cools"),
        ("a", "b", "feeds"),
        ("b", "a", "heats"),
    ]
    await store.save(change(1, stored(pump("a"), 2), relationships={one: ()}))
    assert await edges(graph) == []


async def test_edges_of_one_name_lead_to_several_twins_and_go_one_by_one(
    store: GraphStore, graph: GraphAddress
) -> None:
    one = twin_owner("a")
    everyone = [stored(pump(id)) for id in ("a", "b", "c")]
    await store.save(change(0, stored(pump_type()), *everyone, relationships={one: (edge("a", "b"), edge("a", "c"))}))
    assert [row[:3] for row in await edges(graph)] == [("a", "b", "feeds"), ("a", "c", "feeds")]
    await store.save(change(1, stored(pump("a"), 2), relationships={one: (edge("a", "c"),)}))
    assert [row[:3] for row in await edges(graph)] == [("a", "c", "feeds")]


async def test_a_rebound_overlay_and_a_changed_type_move_their_edges(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    motor = pump_type(type_id="motor")
    roles = station_type().model_copy(update={"twin_roles": station_type().twin_roles[:1]})
    await store.save(
        change(
            1,
            stored(motor),
            stored(roles, 2),
            stored(pump("pump_1", twin_type="motor"), 2),
            stored(station(("primary_pump", "pump_2"), overlay_type=None), 2),
        )
    )
    binds = await graph.run("MATCH (o:Overlay)-[e:BINDS]->(t:Twin) RETURN e.role AS role, t.twin_id AS twin")
    assert binds == [{"role": "primary_pump", "twin": "pump_2"}]
    types = await graph.run(
        "MATCH (n)-[:INSTANCE_OF]->(k) RETURN coalesce(n.twin_id, n.overlay_id) AS id, k.type_id AS k"
    )
    assert sorted((row["id"], row["k"]) for row in types) == [("pump_1", "motor"), ("pump_2", "pump")]
    left = await graph.run("MATCH (r:Role) RETURN r.role AS role")
    assert left == [{"role": "primary_pump"}]


async def test_overlays_in_overlays_and_roles_of_many_are_edges_that_move(
    store: GraphStore, graph: GraphAddress
) -> None:
    kind = OverlayType.model_validate(
        {
            "type_id": "site",
            "twin_roles": [
                {"role": "pumping", "overlay_type": "pumping_station"},
                {"role": "spares", "twin_type": "pump", "many": True},
            ],
        }
    )

    def site(*twins: dict[str, str]) -> Overlay:
        return Overlay.model_validate({"overlay_id": "site_a", "overlay_type": "site", "twins": list(twins)})

    async def fills() -> list[tuple[Any, Any, Any]]:
        rows = await graph.run(
            "MATCH (:Overlay {overlay_id: 'site_a'})-[e:BINDS|CONTAINS]->(n) "
            "RETURN type(e) AS type, e.role AS role, coalesce(n.twin_id, n.overlay_id) AS id"
        )
        return sorted((row["type"], row["role"], row["id"]) for row in rows)

    await store.save(plant())
    inner = {"role": "pumping", "overlay_id": "station_a"}
    pumps = [{"role": "spares", "twin_id": f"pump_{number}"} for number in (1, 2)]
    await store.save(change(1, stored(kind), stored(site(inner, *pumps))))
    assert await fills() == [
        ("BINDS", "spares", "pump_1"),
        ("BINDS", "spares", "pump_2"),
        ("CONTAINS", "pumping", "station_a"),
    ]
    roles = "MATCH (r:Role {key: $key})-[:FILLED_BY]->(k) RETURN labels(k) AS labels, k.type_id AS id, r.many AS many"
    assert await graph.run(roles, key="site/pumping") == [
        {"labels": ["OverlayType"], "id": "pumping_station", "many": False}
    ]
    assert await graph.run(roles, key="site/spares") == [{"labels": ["TwinType"], "id": "pump", "many": True}]
    turned = kind.model_copy(update={"twin_roles": [RoleDefinition(role="pumping", twin_type="pump")]})
    await store.save(change(2, stored(turned, 2), stored(site({"role": "pumping", "twin_id": "pump_1"}), 2)))
    assert await fills() == [("BINDS", "pumping", "pump_1")]
    assert [row["id"] for row in await graph.run(roles, key="site/pumping")] == ["pump"]
    _, loaded = await store.load()
    assert stored(turned, 2) in loaded


async def test_a_role_of_thousands_is_filled_changed_and_goes(store: GraphStore, graph: GraphAddress) -> None:
    """What looks through all edges of an end for each edge, or keeps the overlay beside each, can't do this in the time
    that a test has. And the embedded engine forgets edges of such an end where they are deleted while they are still
    being matched."""
    ids = [f"pump_{number}" for number in range(4000)]
    edges_of, hub = OwnerKey("overlay", "station_a"), twin_owner("hub")

    def filled(first: int, at: int) -> DefinitionChange:
        overlay = station(*(("pumps", id) for id in ids[first:]), overlay_type=None)
        edges = tuple(edge("hub", id) for id in ids[first:])
        return change(at, stored(overlay, at, 1), relationships={edges_of: edges, hub: edges})

    await store.save(change(0, stored(pump_type()), stored(pump("hub")), *(stored(pump(id)) for id in ids)))
    await store.save(filled(0, 1))
    await store.save(filled(1, 2))
    counted = (
        "OPTIONAL MATCH (:Overlay)-[b:BINDS]->() WITH count(b) AS bound "
        "OPTIONAL MATCH ()-[r:RELATED]->() RETURN bound, count(r) AS n"
    )
    assert await graph.run(counted) == [{"bound": 3999, "n": 7998}]
    await store.save(change(3, removed=[("overlay", "station_a"), ("twin", "hub")]))
    assert await graph.run(counted) == [{"bound": 0, "n": 0}]
    left = "MATCH (t:Twin) WHERE t.twin_id IN ['hub', 'pump_1', 'pump_3999'] RETURN t.twin_id AS id ORDER BY id"
    assert await graph.run(left) == [{"id": "pump_1"}, {"id": "pump_3999"}]


async def test_it_is_remembered_who_brought_an_overlay_into_which_state(store: GraphStore, graph: GraphAddress) -> None:
    def lived(revision: int, lifecycle: Lifecycle, began: bool) -> DefinitionChange:
        overlay = station(("primary_pump", "pump_1")).model_copy(update={"lifecycle": lifecycle})
        made = change(revision, stored(overlay, revision + 1), reason=f"reason {revision}")
        return replace(made, lifecycles={"station_a": lifecycle} if began else {})

    await store.save(plant())
    await store.save(lived(1, "suspended", began=True))
    await store.save(lived(2, "suspended", began=False))
    await store.save(lived(3, "active", began=True))
    found = await store.lifecycles(["station_a", "nobody"])
    assert found["nobody"] == []
    assert [(item.number, item.lifecycle, item.author, item.reason) for item in found["station_a"]] == [
        (4, "active", "bob", "reason 3"),
        (2, "suspended", "bob", "reason 1"),
    ]
    assert await graph.run("MATCH (o:Overlay) RETURN o.lifecycle AS lifecycle") == [{"lifecycle": "active"}]


async def test_a_deleted_twin_takes_its_parts_and_leaves_its_revisions(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    await store.save(change(1, removed=[("overlay", "station_a"), ("twin", "pump_1")], reason="scrapped"))
    _, loaded = await store.load()
    assert {item.id for item in loaded} == {"pump", "pumping_station", "pump_2"}
    assert await edges(graph) == []
    assert await graph.run("MATCH (b:Behavior) RETURN b.key AS key") == []
    properties = await graph.run("MATCH (p:Property) RETURN p.key AS key ORDER BY key")
    assert [row["key"] for row in properties] == ["pump_2/status", "pump_2/temperature"]
    found = await store.revisions("twin", "pump_1")
    assert [(item.number, item.document == "", item.reason) for item in found] == [
        (2, True, "scrapped"),
        (1, False, "because"),
    ]
    assert await store.last_revisions([("twin", "pump_1")]) == {("twin", "pump_1"): 2}


async def test_a_recreated_id_begins_a_new_life_without_the_old_values(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    await store.write(batch(0, 1, properties=(reading("pump_1", "temperature", 81.5),)))
    await store.save(change(1, removed=[("twin", "pump_1")]))
    await store.save(change(2, stored(pump("pump_1"), 3, life=3), properties={"pump_1": (TEMPERATURE,)}))
    await store.write(batch(1, 2, properties=(reading("pump_1", "temperature", 99.0, life=1),)))
    value = "MATCH (p:Property {key: 'pump_1/temperature'}) RETURN p.value AS value, p.life AS life"
    assert await graph.run(value) == [{"value": None, "life": 3}]
    await store.write(batch(2, 3, properties=(reading("pump_1", "temperature", 20.5, life=3),)))
    assert await graph.run(value) == [{"value": 20.5, "life": 3}]
    assert [item.number for item in await store.revisions("twin", "pump_1")] == [3, 2, 1]


async def test_an_id_deleted_and_made_anew_in_one_change_keeps_one_revision_each(store: GraphStore) -> None:
    await store.save(plant())
    await store.save(change(1, stored(pump("pump_2", description="new"), 2, life=2), removed=[("twin", "pump_2")]))
    assert [(item.number, item.document != "") for item in await store.revisions("twin", "pump_2")] == [
        (2, True),
        (1, True),
    ]


async def test_live_values_outlive_an_edit_but_not_another_data_type(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    facts = (reading("pump_1", "temperature", 81.5), reading("pump_1", "status", "running"))
    await store.write(batch(0, 1, properties=facts))
    retyped = (TEMPERATURE, PropertyRow("status", "integer", None))
    await store.save(change(1, stored(pump("pump_1"), 2), properties={"pump_1": retyped}))
    rows = await graph.run(
        "MATCH (:Twin {twin_id: 'pump_1'})-[:HAS_PROPERTY]->(p:Property) "
        "RETURN p.name AS name, p.value AS value, p.quality AS quality, p.data_type AS type ORDER BY name"
    )
    assert rows == [
        {"name": "status", "value": None, "quality": None, "type": "integer"},
        {"name": "temperature", "value": 81.5, "quality": "good", "type": "float"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "'}) DETACH DELETE t //",
        '"; MATCH (n) DETACH DELETE n; //',
        "$rows ` \\ \\u0027 {{}}",
        "日本語 🏭 \u2028",
        "x" * 10_000,
    ],
)
async def test_hostile_text_is_only_ever_data(store: GraphStore, text: str) -> None:
    twin = pump("P-101A.PV:x", description=text, metadata={"note": text, "k" + text: [text]})
    await store.save(
        change(
            0,
            stored(pump_type(name=text)),
            stored(twin),
            reason=text,
            properties={"P-101A.PV:x": (TEMPERATURE,)},
            behaviors={twin_owner("P-101A.PV:x"): (behavior(twin_owner("P-101A.PV:x"), "a.b:c-d"),)},
        )
    )
    _, loaded = await store.load()
    assert {item.id: item.definition for item in loaded} == {"pump": pump_type(name=text), "P-101A.PV:x": twin}
    assert (await store.revisions("twin", "P-101A.PV:x"))[0].reason == text
    assert await store.last_revisions([("twin", text)]) == {}
    assert await store.alerts([text]) == []


async def test_a_thousand_twins_are_one_change_in_several_batches(store: GraphStore) -> None:
    twins = [stored(pump(f"pump_{n}")) for n in range(1_100)]
    rows = {item.id: (TEMPERATURE,) for item in twins}
    await store.save(change(0, stored(pump_type()), *twins, properties=rows))
    revision, loaded = await store.load()
    assert (revision, len(loaded)) == (1, 1_101)
    numbers = await store.last_revisions([("twin", item.id) for item in twins])
    assert set(numbers.values()) == {1}
    assert len(numbers) == 1_100


async def test_times_come_back_to_the_microsecond(store: GraphStore) -> None:
    await store.save(change(0, stored(pump_type())))
    _, (item,) = await store.load()
    assert (item.created_at, item.created_by) == (T0, "ada")


async def test_types_are_tied_to_what_they_extend_and_no_longer_when_they_stop(
    store: GraphStore, graph: GraphAddress
) -> None:
    lines = "MATCH (a:TwinType)-[:EXTENDS]->(b:TwinType) RETURN a.type_id AS a, b.type_id AS b ORDER BY a"

    def below(type_id: str, revision: int = 1, **more: Any) -> Any:
        return stored(TwinType.model_validate({"type_id": type_id, **more}), revision)

    await store.save(change(0, below("big", extends="booster"), below("booster", extends="pump"), stored(pump_type())))
    assert await graph.run(lines) == [{"a": "big", "b": "booster"}, {"a": "booster", "b": "pump"}]
    await store.save(change(1, below("big", 2, extends="pump"), below("booster", 2)))
    assert await graph.run(lines) == [{"a": "big", "b": "pump"}]
    _, loaded = await store.load()
    assert {item.id: item.definition.extends for item in loaded if isinstance(item.definition, TwinType)} == {
        "big": "pump",
        "booster": None,
        "pump": None,
    }
