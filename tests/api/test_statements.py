"""How many Cypher statements a query makes: as many as its shape says, whatever there is of what it asks for.

Counted on their way to a real database, on a small plant and on one six times as large.
"""

import httpx

from app.model.plan import BehaviorKey, PropertyKey
from tests.api.graph_plant import GraphPlant, graph_plant
from tests.api.parts import PORT
from tests.servers.graph import GraphAddress

SMALL, LARGE = 4, 24
TWIN = '{ twin(twinId: "pump_0") { %s } }'
TWINS = "{ twins(first: 1000) { nodes { twinId %s } } }"
OVERLAYS = "{ overlays(first: 1000) { nodes { overlayId %s } } }"
TYPES = "{ twinTypes { nodes { typeId %s } } }"

FROM_MEMORY = [
    TWIN % "id properties { name value { json quality } } behaviors { name state evidence }",
    TWINS % "total: document properties { name value { json known } }",
    TWINS % "type { typeId extends { typeId } subtypes { nodes { typeId } } fillsRoles { nodes { role } } }",
    TWINS % "relationships { nodes { name relationshipType source { twinId } target { twinId } owner { id } } }",
    TWINS % 'relationships(direction: INCOMING, names: ["behind"], first: 1) { totalCount nodes { id impact } }',
    TWINS % "memberships { nodes { role overlay { overlayId memberships { nodes { role overlay { overlayId } } } } } }",
    TWINS % "readers { totalCount nodes { name owner { id } reads { nodes { name twin { twinId } } } } }",
    TWINS % "actors { nodes { name actsOn { nodes { method property twin { twinId } } } } }",
    TWINS % "properties { readers { nodes { id } } guards { nodes { interlock truth owner { id } twin { twinId } } } }",
    TWINS % "alerts { totalCount nodes { code raisedBy { id } overlay { overlayId } twins { twinId } } }",
    TWINS % "guards { interlock truth owner { __typename } }",
    OVERLAYS % "members(nested: true) { totalCount nodes { path twin { twinId } overlay { overlayId } } }",
    OVERLAYS % "relationships { nodes { name source { twinId } target { twinId } } } behaviors { name owner { id } }",
    OVERLAYS % "roles { declared { filledBy { id } } twins { nodes { twinId } } overlays { nodes { overlayId } } }",
    OVERLAYS % "alerts { totalCount nodes { code } } interlocks { name }",
    '{ overlayType(typeId: "pair") { roles { role twins { totalCount nodes { twinId } } } overlays { totalCount } } }',
    TYPES % "twins(orderBy: {field: UPDATED}) { totalCount nodes { twinId } }",
    '{ relationshipType(relationshipType: "feeds") { relationships { totalCount nodes { name owner { id } } } } }',
    '{ behaviors(where: {overlayId: "hall"}) { totalCount nodes { id state owner { id } } } }',
    '{ behaviors(where: {state: [INACTIVE], text: "HO"}, last: 2) { nodes { id reads { nodes { name } } } } }',
    '{ alerts(where: {overlayId: "hall", severity: [WARNING]}) { totalCount } shelvings { totalCount } }',
    '{ overrides(where: {twinType: "pump"}) { totalCount } server { sequence } connectors { name } }',
]
"""Definitions and live values: no statement at all."""
FROM_THE_GRAPH: list[tuple[str, int]] = [
    (TWINS % "alerts(where: {open: false}, first: 2) { nodes { code message } }", 1),
    (TWINS % "alerts(where: {open: null}, first: 2) { nodes { code } }", 1),
    (TWINS % "a: alerts(where: {open: false}) { nodes { code } } b: alerts(where: {open: null}) { nodes { code } }", 2),
    (TWINS % "calls(first: 3) { nodes { callId status twin { twinId } decidedBy { id } owner { id } } }", 1),
    (TWINS % "behaviors { calls { nodes { method } } alerts(where: {open: false}) { nodes { code } } }", 2),
    (OVERLAYS % "alerts(where: {open: false}) { nodes { code } }", 2),
    (OVERLAYS % "calls(where: {status: [ACCEPTED, DECIDED, ATTEMPTED]}) { nodes { callId } }", 1),
    (TWINS % "auditLog(first: 2) { nodes { kind outcome actor } }", 1),
    (TWINS % "revisions(first: 2) { nodes { number document author } }", 1),
    (TWINS % 'asOf(time: "2100-01-01T00:00:00Z") { revision { number document } }', 1),
    (TWINS % "diff(from: 1) { path before after }", 2),
    (OVERLAYS % "lifecycle { state since by reason }", 1),
    ("{ overlayTypes { nodes { scripts { nodes { scriptId declares { nodes { definition { id } } } } } } } }", 2),
    ("{ dtslScripts { totalCount nodes { scriptId declares { totalCount } } } }", 2),
    ("{ dtslScripts(first: 3) { nodes { auditLog(first: 1) { nodes { kind } } } } }", 3),
    ("{ calls(first: 5) { nodes { callId alerts { code } auditLog(first: 1) { nodes { kind } } } } }", 3),
    ('{ calls(where: {overlayId: "hall", method: "stop", since: "2026-01-01T00:00:00Z"}) { nodes { callId } } }', 1),
    ('{ calls(where: {owner: {twinId: "pump_0"}, behavior: "hot"}) { nodes { callId cause { kind } } } }', 1),
    ("{ alerts(where: {open: false}, first: 5) { nodes { code calls { nodes { method } } } } }", 2),
    ('{ alerts(where: {open: false, twinIds: ["pump_0"], code: "hot", text: "HOT"}) { nodes { code } } }', 1),
    ("{ alerts(where: {open: false}, first: 3) { nodes { auditLog(first: 1) { nodes { kind } } } } }", 2),
    (
        '{ alertHistory(where: {since: "2026-01-02T11:59:30Z", until: "2026-01-02T12:30:00Z"}) { nodes { at } } }',
        1,
    ),
    (
        '{ auditLog(where: {since: "2026-01-02T11:59:30Z", until: "2026-01-02T12:30:00Z"}) { nodes { at } } }',
        1,
    ),
    ('{ definition(kind: TWIN, id: "pump_0") { revisions { nodes { id number } } current { id } } }', 1),
]


async def _counts(plant: GraphPlant) -> dict[str, int]:
    found = {}
    transport = httpx.ASGITransport(plant.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        for query in [*FROM_MEMORY, *(query for query, _ in FROM_THE_GRAPH)]:
            plant.counting.statements.clear()
            answer = (await client.post("/graphql", json={"query": query})).json()
            assert "errors" not in answer, (query, answer["errors"])
            found[query] = len(plant.counting.statements)
    return found


async def test_the_statements_of_a_query_depend_on_its_shape_and_never_on_its_rows(graph: GraphAddress) -> None:
    expected = dict.fromkeys(FROM_MEMORY, 0) | dict(FROM_THE_GRAPH)
    assert len(expected) >= 40
    sizes = []
    for size in (SMALL, LARGE):
        plant = await graph_plant(graph, size)
        try:
            assert await _counts(plant) == expected, f"on {size} twins"
            sizes.append(len(plant.engine.live.twins))
            await _every_edge_is_that_of_the_graph(plant, graph)
        finally:
            await plant.graph.close()
    assert sizes == [SMALL, LARGE]


async def _every_edge_is_that_of_the_graph(plant: GraphPlant, graph: GraphAddress) -> None:
    """What memory answers, the graph answers too."""
    uses, edges = plant.services.uses, plant.services.finder.edges
    reads = await graph.run("MATCH (b:Behavior)-[:READS]->(p:Property) RETURN b.key AS b, p.key AS p")
    acts = await graph.run("MATCH (b:Behavior)-[:ACTS_ON]->(t:Twin) RETURN b.key AS b, t.twin_id AS t")
    related = await graph.run(
        "MATCH (s:Twin)-[r:RELATED]->(t:Twin) "
        "RETURN s.twin_id AS s, r.name AS n, t.twin_id AS t, r.relationship_type AS k, r.declared_by AS d"
    )
    properties = [
        PropertyKey(twin_id, name)
        for twin_id in plant.catalogue.ids("twin")
        for name in plant.catalogue.capabilities(twin_id).properties
    ]
    assert {(_text(key), f"{p.twin_id}/{p.name}") for p in properties for key in uses.readers(p)} == {
        (row["b"], row["p"]) for row in reads
    }
    assert {(_text(key), id) for id in plant.catalogue.ids("twin") for key in uses.actors(id)} == {
        (row["b"], row["t"]) for row in acts
    }
    assert {
        (edge.source, edge.name, edge.target, edge.relationship_type, f"{edge.kind}/{edge.declared_by}")
        for id in plant.catalogue.ids("twin")
        for edge in edges.of(id)
    } == {tuple(row[key] for key in "sntkd") for row in related}


def _text(key: BehaviorKey) -> str:
    return f"{key.owner.kind}/{key.owner.id}/{key.name}"
