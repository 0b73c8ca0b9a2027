"""Traversals as clients ask for them: related twins in pages, shortest paths, drawings and components."""

import asyncio
from typing import Any

import pytest

from app.model.definitions import Kind
from tests.api.client import ask, refused
from tests.api.parts import Installation

# A main from `source` over two pumps in parallel to `tank`, a sensor at the tank, and two valves on their own:
#   source -> p1 -> tank -> v1 -> v2       level -(monitoring)-> tank      lone -> other
#   source -> p2 -> tank
EDGES = {
    "source": ["p1", "p2"],
    "p1": ["tank"],
    "p2": ["tank"],
    "tank": ["v1"],
    "v1": ["v2"],
    "lone": ["other"],
}
PUMPS = ("p1", "p2")


def _documents() -> list[tuple[Kind, dict[str, Any]]]:
    found: list[tuple[Kind, dict[str, Any]]] = [("twin_type", {"type_id": "gauge", "kind": "sensor"})]
    for twin_id in ("source", *PUMPS, "tank", "v1", "v2", "lone", "other", "level"):
        document: dict[str, Any] = {
            "twin_id": twin_id,
            "twin_type": "pump" if twin_id in PUMPS else "gauge" if twin_id == "level" else "valve",
            "location": {"site": "East" if twin_id in ("lone", "other", "v1", "v2") else "West"},
            "relationships": [
                {"name": "feeds", "target_twin_id": target, "relationship_type": "physical_connection"}
                for target in EDGES.get(twin_id, ())
            ],
        }
        if twin_id == "level":
            document["relationships"] = [{"name": "watches", "target_twin_id": "tank"}]
        found.append(("twin", document))
    overlay = {
        "overlay_id": "filling",
        "twins": [
            {"role": "source", "twin_id": "source"},
            {"role": "pump", "twin_id": "p1"},
            {"role": "valve", "twin_id": "v2"},
        ],
        "relationships": [
            {
                "name": "backup",
                "source_twin_id": "source",
                "target_twin_id": "p1",
                "relationship_type": "physical_connection",
                "group": "supply",
            }
        ],
    }
    return [*found, ("overlay", overlay)]


@pytest.fixture
def plant() -> Installation:
    installation = Installation()
    installation.save(*_documents())
    return installation


async def _related(plant: Installation, twin_id: str, arguments: str, fields: str = "nodes { twinId }") -> Any:
    query = f'{{ twin(twinId: "{twin_id}") {{ related({arguments}) {{ {fields} }} }} }}'
    return (await ask(plant, query))["twin"]["related"]


async def _ids(plant: Installation, twin_id: str, arguments: str) -> list[str]:
    return [node["twinId"] for node in (await _related(plant, twin_id, arguments))["nodes"]]


async def test_related_twins_come_nearest_first_with_depth_and_path(plant: Installation) -> None:
    ends = "sourceTwinId targetTwinId name"
    hop = f"{ends} relationshipType direction ownerKind ownerId group parallel {{ {ends} group }}"
    fields = f"sequence totalCount edges {{ depth node {{ twinId }} path {{ {hop} }} }}"
    answer = await _related(plant, "source", "direction: OUTGOING, maxDepth: 2", fields)
    assert (answer["sequence"], answer["totalCount"]) == (plant.live.sequence, 3)
    found = [(edge["node"]["twinId"], edge["depth"]) for edge in answer["edges"]]
    assert found == [("p1", 1), ("p2", 1), ("tank", 2)]
    assert [hop["targetTwinId"] for hop in answer["edges"][2]["path"]] == ["p1", "tank"]
    assert answer["edges"][0]["path"] == [
        {
            "sourceTwinId": "source",
            "targetTwinId": "p1",
            "name": "backup",
            "relationshipType": "physical_connection",
            "direction": "OUTGOING",
            "ownerKind": "OVERLAY",
            "ownerId": "filling",
            "group": "supply",
            "parallel": [{"sourceTwinId": "source", "targetTwinId": "p1", "name": "feeds", "group": None}],
        }
    ]
    against = await _related(plant, "p2", "direction: INCOMING", "edges { path { direction targetTwinId } }")
    assert against["edges"] == [{"path": [{"direction": "INCOMING", "targetTwinId": "p2"}]}]


async def test_filters_say_who_is_shown_and_not_who_is_walked_through(plant: Installation) -> None:
    assert await _ids(plant, "source", "direction: OUTGOING, maxDepth: 9") == ["p1", "p2", "tank", "v1", "v2"]
    assert await _ids(plant, "source", 'direction: OUTGOING, maxDepth: 9, twinTypes: ["valve"]') == ["tank", "v1", "v2"]
    assert await _ids(plant, "source", "direction: OUTGOING, minDepth: 2, maxDepth: 3") == ["tank", "v1"]
    east = 'direction: OUTGOING, maxDepth: 9, where: {location: {site: "East"}}'
    assert await _ids(plant, "source", east) == ["v1", "v2"]
    open_ones = 'maxDepth: 9, where: {properties: [{property: "open", eq: true}]}'
    assert await _ids(plant, "source", open_ones) == []
    plant.change("v2", "open", True)
    answer = await _related(plant, "source", open_ones, "sequence nodes { twinId }")
    assert answer == {"sequence": plant.live.sequence, "nodes": [{"twinId": "v2"}]}
    assert await _ids(plant, "tank", 'relationshipTypes: ["monitoring"]') == ["level"]
    assert await _ids(plant, "tank", "first: 10") == ["level", "p1", "p2", "v1"]


async def test_pages_are_places_in_the_order_and_go_on_after_a_change(plant: Installation) -> None:
    whole = await _ids(plant, "source", "direction: OUTGOING, maxDepth: 9")
    fields = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { twinId }"
    found, after = [], ""
    for page in range(3):
        answer = await _related(plant, "source", f"direction: OUTGOING, maxDepth: 9, first: 2{after}", fields)
        found += [node["twinId"] for node in answer["nodes"]]
        assert answer["totalCount"] == 5
        assert answer["pageInfo"]["hasNextPage"] is (page < 2)
        assert answer["pageInfo"]["hasPreviousPage"] is (page > 0)
        after = f', after: "{answer["pageInfo"]["endCursor"]}"'
        if page == 0:
            gone = {"twin_id": "source", "twin_type": "valve", "relationships": _feeds("p1")}
            plant.save(("twin", gone))  # its cursor was p2's, which is not downstream any more
            plant.save(("twin", {**gone, "relationships": _feeds("p1", "p2")}))
    assert found == whole
    empty = await _related(plant, "v2", "direction: OUTGOING, first: 0", fields)
    assert empty["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert (await _related(plant, "source", "first: 0", fields))["pageInfo"]["hasNextPage"] is True


def _feeds(*targets: str) -> list[dict[str, str]]:
    return [
        {"name": "feeds", "target_twin_id": target, "relationship_type": "physical_connection"} for target in targets
    ]


async def test_a_cursor_of_another_question_is_refused(plant: Installation) -> None:
    answer = await _related(plant, "source", "maxDepth: 2, first: 1", "pageInfo { endCursor }")
    cursor = answer["pageInfo"]["endCursor"]
    for arguments, code in (
        (f'maxDepth: 3, after: "{cursor}"', "CURSOR_FOREIGN"),
        ('maxDepth: 2, after: "nonsense"', "CURSOR_INVALID"),
        ("first: 1001", "PAGE_SIZE_INVALID"),
    ):
        query = f'{{ twin(twinId: "source") {{ related({arguments}) {{ totalCount }} }} }}'
        assert (await refused(plant, query))["extensions"]["code"] == code
    components = await ask(plant, "{ components(first: 1) { pageInfo { endCursor } } }")
    cursor = components["components"]["pageInfo"]["endCursor"]
    error = await refused(plant, f'{{ components(minSize: 2, after: "{cursor}") {{ totalCount }} }}')
    assert error["extensions"]["code"] == "CURSOR_FOREIGN"


async def test_everything_wrong_with_a_question_is_told_at_once(plant: Installation) -> None:
    query = """{ twin(twinId: "source") { related(relationshipTypes: ["control", "monitord_by"], twinTypes: ["pumb"],
      minDepth: 0, maxDepth: 101, where: {tag: ["cold"]}) { totalCount } } }"""
    problems = (await refused(plant, query))["extensions"]["problems"]
    assert [(item["code"], item["path"]) for item in problems] == [
        ("UNKNOWN_RELATIONSHIP_TYPE", "/relationshipTypes/1"),
        ("UNKNOWN_TWIN_TYPE", "/twinTypes/0"),
        ("UNKNOWN_TAG", "/where/tag/0"),
        ("DEPTH_INVALID", "/maxDepth"),
        ("DEPTH_INVALID", "/minDepth"),
    ]
    assert "did you mean 'pump'" in problems[1]["hint"]
    for depths in ("minDepth: 3, maxDepth: 2", "minDepth: 0"):
        error = await refused(plant, f'{{ twin(twinId: "source") {{ related({depths}) {{ totalCount }} }} }}')
        [problem] = error["extensions"]["problems"]
        assert (problem["code"], problem["path"]) == ("DEPTH_INVALID", "/minDepth")


async def test_twins_so_many_hops_from_another_are_a_filter_too(plant: Installation) -> None:
    query = '{ twins(where: {relatedTo: {twinId: "source", direction: OUTGOING, maxDepth: %d}}) { nodes { twinId } } }'
    for depth, expected in ((1, ["p1", "p2"]), (2, ["p1", "p2", "tank"]), (9, ["p1", "p2", "tank", "v1", "v2"])):
        answer = await ask(plant, query % depth)
        assert [node["twinId"] for node in answer["twins"]["nodes"]] == expected
    [problem] = (await refused(plant, query % 0))["extensions"]["problems"]
    assert (problem["code"], problem["path"]) == ("DEPTH_INVALID", "/where/relatedTo/maxDepth")


async def test_all_shortest_paths_up_to_so_many(plant: Installation) -> None:
    fields = "length hasMore sequence paths { twins { twinId } hops { name direction parallel { name ownerId } } }"
    query = f'query($first: Int!) {{ shortestPaths(from: "source", to: "v1", first: $first) {{ {fields} }} }}'
    answer = (await ask(plant, query, first=10))["shortestPaths"]
    ways = [[twin["twinId"] for twin in path["twins"]] for path in answer["paths"]]
    assert ways == [["source", "p1", "tank", "v1"], ["source", "p2", "tank", "v1"]]
    assert (answer["length"], answer["hasMore"], answer["sequence"]) == (3, False, plant.live.sequence)
    first, second = (path["hops"][0] for path in answer["paths"])
    assert first == {"name": "backup", "direction": "OUTGOING", "parallel": [{"name": "feeds", "ownerId": "source"}]}
    assert second == {"name": "feeds", "direction": "OUTGOING", "parallel": []}
    answer = (await ask(plant, query, first=1))["shortestPaths"]
    assert (len(answer["paths"]), answer["hasMore"]) == (1, True)
    assert (await ask(plant, query, first=0))["shortestPaths"]["length"] == 3


async def test_more_paths_than_a_hundred_are_not_shown(plant: Installation) -> None:
    error = await refused(plant, '{ shortestPaths(from: "source", to: "v1", first: 101) { length } }')
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("PAGE_SIZE_INVALID", "/first")


@pytest.mark.parametrize(
    "arguments",
    [
        'from: "v1", to: "source", direction: OUTGOING',
        'from: "source", to: "lone"',
        'from: "source", to: "v2", maxDepth: 3',
    ],
)
async def test_where_there_is_no_path_there_is_no_length(plant: Installation, arguments: str) -> None:
    answer = await ask(plant, f"{{ shortestPaths({arguments}) {{ length hasMore paths {{ hops {{ name }} }} }} }}")
    assert answer["shortestPaths"] == {"length": None, "hasMore": False, "paths": []}


async def test_the_way_back_goes_against_the_edges(plant: Installation) -> None:
    query = '{ shortestPaths(from: "v1", to: "p1", direction: INCOMING) { paths { hops { direction sourceTwinId } } } }'
    [path] = (await ask(plant, query))["shortestPaths"]["paths"]
    assert path["hops"] == [
        {"direction": "INCOMING", "sourceTwinId": "tank"},
        {"direction": "INCOMING", "sourceTwinId": "p1"},
    ]


async def test_a_subgraph_is_what_is_drawn(plant: Installation) -> None:
    fields = "nodes { depth twin { twinId } } edges { sourceTwinId targetTwinId name } nodesLeftOut edgesLeftOut"

    async def drawn(arguments: str) -> Any:
        return (await ask(plant, f"{{ subgraph({arguments}) {{ sequence {fields} }} }}"))["subgraph"]

    answer = await drawn('around: ["p1"]')
    nodes = [(node["twin"]["twinId"], node["depth"]) for node in answer["nodes"]]
    assert nodes == [("p1", 0), ("source", 1), ("tank", 1)]
    assert {tuple(edge.values()) for edge in answer["edges"]} == {
        ("source", "p1", "feeds"),
        ("source", "p1", "backup"),
        ("p1", "tank", "feeds"),
    }
    assert (answer["nodesLeftOut"], answer["edgesLeftOut"]) == (0, 0)
    assert answer["sequence"] == plant.live.sequence

    answer = await drawn('around: ["p1", "lone", "p1"], depth: 9, maxNodes: 4')
    assert [node["twin"]["twinId"] for node in answer["nodes"]] == ["lone", "p1", "other", "source"]
    assert answer["nodesLeftOut"] == 5

    answer = await drawn('around: ["tank"], depth: 9, twinTypes: ["valve"]')
    assert [node["twin"]["twinId"] for node in answer["nodes"]] == ["tank", "v1", "v2"], "not around the pumps"
    answer = await drawn('around: ["tank"], relationshipTypes: ["monitoring"]')
    assert [edge["name"] for edge in answer["edges"]] == ["watches"]
    assert len((await drawn('around: ["tank"], depth: 0'))["nodes"]) == 1


async def test_components_of_everything_of_a_filter_and_of_an_overlay(plant: Installation) -> None:
    fields = "totalCount sequence nodes { size leastTwinId members(first: 3) { totalCount nodes { twinId } } }"

    async def parts(arguments: str) -> list[list[str]]:
        answer = (await ask(plant, f"{{ components{arguments} {{ {fields} }} }}"))["components"]
        for node in answer["nodes"]:
            assert node["members"]["totalCount"] == node["size"]
            assert node["members"]["nodes"][0]["twinId"] == node["leastTwinId"]
        return [[twin["twinId"] for twin in node["members"]["nodes"]] for node in answer["nodes"]]

    assert (await parts("(minSize: 2)"))[0] == ["level", "p1", "p2"]
    assert ["lone", "other"] in await parts("(minSize: 2)")
    assert await parts('(where: {location: {site: "East"}})') == [["lone", "other"], ["v1", "v2"]]
    assert await parts('(overlayId: "filling")') == [["p1", "source"], ["v2"]]
    assert await parts('(overlayId: "filling", where: {type: ["valve"]})') == [["source"], ["v2"]]
    assert await parts('(relationshipTypes: ["monitoring"], minSize: 2)') == [["level", "tank"]]
    plant.save(("twin", {"twin_id": "lone", "twin_type": "valve"}))
    assert ["lone", "other"] not in await parts("(minSize: 2)"), "as edges are now"


async def test_components_come_in_pages(plant: Installation) -> None:
    answer = await ask(plant, "{ components { nodes { leastTwinId } } }")
    whole = [node["leastTwinId"] for node in answer["components"]["nodes"]]
    assert len(whole) > 3
    found: list[str] = []
    after = ""
    while True:
        answer = await ask(
            plant,
            f"{{ components(first: 2{after}) {{ totalCount nodes {{ leastTwinId }} "
            "pageInfo { hasNextPage hasPreviousPage endCursor } } }",
        )
        page = answer["components"]
        assert page["totalCount"] == len(whole)
        assert page["pageInfo"]["hasPreviousPage"] is bool(found)
        found += [node["leastTwinId"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
    assert found == whole


@pytest.mark.parametrize(
    ("question", "code", "path"),
    [
        ('shortestPaths(from: "sauce", to: "v1") { length }', "UNKNOWN_TWIN", "/from"),
        ('shortestPaths(from: "source", to: "tonk") { length }', "UNKNOWN_TWIN", "/to"),
        ('shortestPaths(from: "v1", to: "v1") { length }', "SAME_TWIN", "/to"),
        ('shortestPaths(from: "source", to: "v1", maxDepth: 1001) { length }', "DEPTH_INVALID", "/maxDepth"),
        ("subgraph(around: []) { nodesLeftOut }", "NO_IDS", "/around"),
        ('subgraph(around: ["v1", "levle"]) { nodesLeftOut }', "UNKNOWN_TWIN", "/around/1"),
        ('subgraph(around: ["v1"], depth: -1) { nodesLeftOut }', "DEPTH_INVALID", "/depth"),
        ('subgraph(around: ["v1"], maxNodes: 0) { nodesLeftOut }', "SIZE_INVALID", "/maxNodes"),
        ('subgraph(around: ["v1"], twinTypes: ["valf"]) { nodesLeftOut }', "UNKNOWN_TWIN_TYPE", "/twinTypes/0"),
        ('components(overlayId: "feeling") { totalCount }', "UNKNOWN_OVERLAY", "/overlayId"),
        ("components(minSize: 0) { totalCount }", "SIZE_INVALID", "/minSize"),
        ('components(where: {tag: ["none"]}) { totalCount }', "UNKNOWN_TAG", "/where/tag/0"),
        (
            'components(relationshipTypes: ["monitored_by"]) { totalCount }',
            "UNKNOWN_RELATIONSHIP_TYPE",
            "/relationshipTypes/0",
        ),
    ],
)
async def test_what_is_asked_wrongly_is_refused(plant: Installation, question: str, code: str, path: str) -> None:
    extensions = (await refused(plant, f"{{ {question} }}"))["extensions"]
    [problem] = extensions["problems"]
    assert (extensions["code"], problem["code"], problem["path"]) == (code, code, path)
    if code in ("UNKNOWN_TWIN", "UNKNOWN_OVERLAY"):
        assert "did you mean" in problem["hint"]


async def test_too_many_twins_to_begin_at_are_refused(plant: Installation) -> None:
    error = await refused(plant, "query($ids: [ID!]!) { subgraph(around: $ids) { nodesLeftOut } }", ids=["v1"] * 101)
    assert error["extensions"]["code"] == "TOO_MANY_IDS"


async def test_others_have_their_turn_between_the_walks_of_a_request(plant: Installation) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def turns_for(query: str) -> int:
        before = turns
        await ask(plant, query)
        return turns - before

    beside = asyncio.create_task(others())
    few = await turns_for("{ components { totalCount } }")
    many = await turns_for("{" + "".join(f" c{number}: components {{ totalCount }}" for number in range(60)) + "}")
    beside.cancel()
    assert many - few >= 59
