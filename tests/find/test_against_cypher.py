"""Where Cypher can answer the same question (type, text, place, membership, edges), it gives the Finder's answer.

One random plant is saved through the real commands into the embedded engine; the questions are drawn.
"""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands
from app.find.finder import Finder
from app.find.query import Membership, Order, Place, Related, TwinFilter, Window
from app.graph.store import GraphStore
from app.model.catalogue import Catalogue
from app.model.definitions import Kind
from app.topology.topology import Topology, Way
from tests.api.parts import FakeClock, FakeDevices, FakeLive, QuietInbox
from tests.assets.everything import EveryAsset
from tests.find.plant import TYPES
from tests.servers.graph import GraphAddress

IDS = [f"t{number}" for number in range(60)]
OVERLAYS = [f"o{number}" for number in range(8)]
BUILDINGS = ["Hall A", "Hall B", "hall a"]
TEXTS = ["Acme Überpumpe", "ACME", "cellar pump", "Cellar"]
EVERYONE = Window(1000)
asked = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Both:
    def __init__(self, store: GraphStore, graph: GraphAddress) -> None:
        self.store = store
        self._graph = graph
        self._catalogue = Catalogue()
        self._commands = DefinitionCommands(
            store, self._catalogue, QuietInbox(), FakeDevices(), FakeClock(), EveryAsset()
        )
        self._finder = Finder(self._catalogue, Topology(self._catalogue), FakeLive())

    async def save(self, *documents: tuple[Kind, dict[str, Any]]) -> None:
        await self._commands.save(documents, Actor("ann", "test"))

    def found(self, where: TwinFilter) -> list[str]:
        return list(self._finder.twins(where, Order(), EVERYONE).ids)

    async def neighbours(self, related: Related) -> list[str]:
        arrow = {"outgoing": "-[e:RELATED]->", "incoming": "<-[e:RELATED]-", "both": "-[e:RELATED]-"}[related.way]
        query = (
            f"MATCH (h:Twin {{twin_id: $here}}){arrow}(t:Twin) "
            "WHERE t.twin_id <> $here AND ($any OR e.relationship_type IN $types)"
        )
        types = list(related.relationship_types)
        return await self.cypher(query, here=related.twin_id, any=not types, types=types)

    async def cypher(self, text: str, **params: Any) -> list[str]:
        rows = await self._graph.run(f"{text} RETURN DISTINCT t.twin_id AS id", **params)
        return sorted(str(row["id"]) for row in rows)


def _types(**kinds: str) -> list[tuple[Kind, dict[str, Any]]]:
    return [
        (kind, {**document, "kind": kinds[document["type_id"]]} if document["type_id"] in kinds else document)
        for kind, document in TYPES
    ]


def _documents() -> list[tuple[Kind, dict[str, Any]]]:
    dice = random.Random(7)
    found = _types(pump="controller", valve="sensor")
    for twin_id in IDS:
        document: dict[str, Any] = {"twin_id": twin_id, "twin_type": dice.choice(["device", "pump", "valve"])}
        if dice.random() < 0.7:
            document["manufacturer"] = dice.choice(TEXTS)
        if dice.random() < 0.7:
            document["location"] = {"building": dice.choice(BUILDINGS)}
        document["relationships"] = [
            {
                "name": f"r{number}",
                "target_twin_id": dice.choice([*IDS, "nobody"]),
                **dice.choice([{"relationship_type": "control"}, {"relationship_type": "monitoring"}, {}]),
                **dice.choice([{"direction": "incoming"}, {"direction": "outgoing"}, {}]),
            }
            for number in range(dice.randrange(3))
        ]
        found.append(("twin", document))
    devices = [item["twin_id"] for _, item in found if item.get("twin_type") in ("device", "pump")]
    valves = [item["twin_id"] for _, item in found if item.get("twin_type") == "valve"]
    for overlay_id in OVERLAYS:
        document = {"overlay_id": overlay_id, "overlay_type": "line", "twins": []}
        document["twins"] += [{"role": "first", "twin_id": dice.choice(devices)}] if dice.random() < 0.8 else []
        document["twins"] += [{"role": "second", "twin_id": dice.choice(valves)}] if dice.random() < 0.8 else []
        found.append(("overlay", document))
    roles: list[dict[str, Any]] = [
        {"role": "inner", "overlay_type": "line", "many": True},
        {"role": "around", "twin_type": "valve"},
    ]
    ends = {"name": "feeds", "source_role": "around", "target_role": "inner.first", "relationship_type": "control"}
    found.append(("overlay_type", {"type_id": "lines", "twin_roles": roles, "relationship_types": [ends]}))
    inner = [{"role": "inner", "overlay_id": overlay_id} for overlay_id in OVERLAYS]
    around = {"role": "around", "twin_id": dice.choice(valves)}
    found.append(("overlay", {"overlay_id": "all", "overlay_type": "lines", "twins": [*inner, around]}))
    return found


@pytest.fixture
async def both(embedded_graph: GraphAddress) -> AsyncIterator[Both]:
    store = await embedded_graph.connect()
    await embedded_graph.clean()
    await store.migrate()
    both = Both(store, embedded_graph)
    await both.save(*_documents())
    yield both
    await store.close()


@pytest.mark.xdist_group("embedded")
@pytest.mark.parametrize("type_id", ["device", "pump", "valve"])
async def test_types_with_their_subtypes(both: Both, type_id: str) -> None:
    text = "MATCH (t:Twin)-[:INSTANCE_OF]->(:TwinType)-[:EXTENDS*0..5]->(:TwinType {type_id: $type})"
    assert both.found(TwinFilter(types=(type_id,))) == await both.cypher(text, type=type_id) != []


@pytest.mark.xdist_group("embedded")
@asked
@given(text=st.sampled_from(["acme", "ÜBER", "cellar PUMP", "CELLAR", "t1", "t59", "no such"]))
async def test_text_in_any_case(both: Both, text: str) -> None:
    # Documents are kept as text; the ids of targets are in them too, hence ids are asked of twin_id.
    field = "t.twin_id" if text.startswith("t") else "t.document"
    query = f"MATCH (t:Twin) WHERE toLower({field}) CONTAINS toLower($wanted)"
    assert both.found(TwinFilter(text=text)) == await both.cypher(query, wanted=text)


@pytest.mark.xdist_group("embedded")
@pytest.mark.parametrize("building", BUILDINGS)
async def test_places_are_taken_as_written(both: Both, building: str) -> None:
    query = "MATCH (t:Twin) WHERE t.document CONTAINS $quoted"
    assert both.found(TwinFilter(location=Place(building=building))) == await both.cypher(query, quoted=f'"{building}"')


@pytest.mark.xdist_group("embedded")
@asked
@given(overlay_id=st.none() | st.sampled_from(OVERLAYS), role=st.none() | st.sampled_from(["first", "second"]))
async def test_membership_and_role(both: Both, overlay_id: str | None, role: str | None) -> None:
    query = (
        "MATCH (o:Overlay)-[b:BINDS]->(t:Twin) WHERE ($overlay IS NULL OR o.overlay_id = $overlay) "
        "AND ($role IS NULL OR b.role = $role)"
    )
    found = both.found(TwinFilter(member=Membership(overlay_id, role)))
    assert found == await both.cypher(query, overlay=overlay_id, role=role)


@pytest.mark.xdist_group("embedded")
@asked
@given(
    twin_id=st.sampled_from(IDS),
    way=st.sampled_from(["incoming", "outgoing", "both"]),
    types=st.sampled_from([(), ("control",), ("monitoring", "physical_connection")]),
)
async def test_edges_with_those_of_overlays(both: Both, twin_id: str, way: Way, types: tuple[str, ...]) -> None:
    related = Related(twin_id, way, types)
    assert both.found(TwinFilter(related_to=related)) == await both.neighbours(related)


@pytest.mark.xdist_group("embedded")
async def test_edges_follow_a_change_of_kind_in_both(both: Both) -> None:
    asked_for = [Related(twin_id, "both", (name,)) for twin_id in IDS for name in ("control", "monitoring")]
    before = [both.found(TwinFilter(related_to=related)) for related in asked_for]
    await both.save(*_types(pump="sensor", valve="controller"))
    after = [both.found(TwinFilter(related_to=related)) for related in asked_for]
    assert after != before
    for related, found in zip(asked_for, after, strict=True):
        assert found == await both.neighbours(related)
