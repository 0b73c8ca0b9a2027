"""Filters in an address mean what GraphQL's mean: the same twins, the same faults, each at its parameter."""

from typing import Any

import pytest

from tests.api.client import ask
from tests.api.parts import Installation
from tests.api.rest.client import faults, refusal, send


@pytest.fixture
def house() -> Installation:
    """pump_123 is hot and runs, pump_124 is off and of unknown temperature, valve_234 is open."""
    house = Installation()
    house.change("pump_123", "temperature", 85.5)
    house.change("pump_123", "status", "running")
    house.change("pump_124", "status", "off")
    house.change("pump_124", "temperature", 20.0, known=False, quality="bad")
    house.change("valve_234", "open", True)
    return house


SAME: list[tuple[list[tuple[str, str]], str]] = [
    ([("property", "temperature>=80")], '{properties: {property: "temperature", gte: 80}}'),
    ([("property", "temperature<80")], '{properties: {property: "temperature", lt: 80}}'),
    (
        [("property", "temperature>80"), ("property", "temperature<=90")],
        '{properties: {property: "temperature", gt: 80, lte: 90}}',
    ),
    ([("property", "status=running")], '{properties: {property: "status", eq: "running"}}'),
    ([("property", "status==running")], '{properties: {property: "status", eq: "running"}}'),
    ([("property", 'status=["off","fault"]')], '{properties: {property: "status", in: ["off", "fault"]}}'),
    ([("property", "open=true")], '{properties: {property: "open", eq: true}}'),
    ([("known", "temperature")], '{properties: {property: "temperature", known: true}}'),
    ([("unknown", "temperature")], '{properties: {property: "temperature", known: false}}'),
    ([("quality", "temperature:bad")], '{properties: {property: "temperature", quality: [BAD]}}'),
    (
        [("quality", "temperature:bad"), ("quality", "temperature:good")],
        '{properties: {property: "temperature", quality: [BAD, GOOD]}}',
    ),
    ([("min_x", "100"), ("max_x", "200.5")], "{location: {within: {minX: 100, maxX: 200.5}}}"),
    ([("min_x", "200")], "{location: {within: {minX: 200}}}"),
    (
        [("related_to", "pump_123"), ("relationship_type", "physical_connection"), ("direction", "outgoing")],
        '{relatedTo: {twinId: "pump_123", relationshipTypes: ["physical_connection"], direction: OUTGOING}}',
    ),
    ([("related_to", "pump_123"), ("direction", "incoming")], '{relatedTo: {twinId: "pump_123", direction: INCOMING}}'),
]


@pytest.mark.parametrize(("query", "where"), SAME)
async def test_a_filter_finds_the_twins_that_graphql_finds(
    house: Installation, query: list[tuple[str, str]], where: str
) -> None:
    there = await ask(house, f"{{ twins(where: {where}) {{ nodes {{ twinId }} }} }}")
    here = await send(house, "GET", "/twins", params=query)
    assert here.status_code == 200, here.text
    assert [item["twin_id"] for item in here.json()["items"]] == [node["twinId"] for node in there["twins"]["nodes"]]


OVERLAYS: list[tuple[list[tuple[str, str]], str, int]] = [
    (
        [("property", "primary.temperature>=80"), ("property", "primary.status=running")],
        '{members: {role: "primary", where: {properties: [{property: "temperature", gte: 80}, '
        '{property: "status", eq: "running"}]}}}',
        1,
    ),
    (
        [("property", "outlet.open=false")],
        '{members: {role: "outlet", where: {properties: {property: "open", eq: false}}}}',
        0,
    ),
    ([("role", "backup")], '{members: {role: "backup"}}', 0),
    (
        [("twin_id", "pump_123"), ("twin_id", "valve_234")],
        '{members: [{twinId: "pump_123"}, {twinId: "valve_234"}]}',
        1,
    ),
    (
        [("known", "primary.temperature")],
        '{members: {role: "primary", where: {properties: {property: "temperature", known: true}}}}',
        1,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("query", "where", "count"), OVERLAYS)
async def test_a_filter_finds_the_overlays_that_graphql_finds(
    house: Installation, query: list[tuple[str, str]], where: str, count: int
) -> None:
    there = await ask(house, f"{{ overlays(where: {where}) {{ totalCount }} }}")
    here = await send(house, "GET", "/overlays", params=query)
    assert here.status_code == 200, here.text
    assert here.json()["total_count"] == there["overlays"]["totalCount"] == count


async def test_lists_are_ordered_by_a_property_and_paged_in_that_order(house: Installation) -> None:
    house.change("pump_124", "temperature", 90.0)
    first = await send(house, "GET", "/twins?order_by_property=temperature&descending=true&first=1")
    assert [item["twin_id"] for item in first.json()["items"]] == ["pump_124"]
    link = first.headers["link"].partition("/api/v1")[2].partition(">")[0]
    assert [item["twin_id"] for item in (await send(house, "GET", link)).json()["items"]] == ["pump_123"]
    overlays = await send(house, "GET", "/overlays?order_by_property=temperature&order_by_role=primary")
    assert overlays.json()["total_count"] == 1


WRONG: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("/twins", "property=temprature>80", [("UNKNOWN_PROPERTY", "/property/0")]),
    ("/twins", "property=temperature>80&property=status=runing", [("UNKNOWN_VALUE", "/property/1")]),
    ("/twins", 'property=status=["off","runing"]', [("UNKNOWN_VALUE", "/property/0")]),
    ("/twins", "property=temperature<hot", [("TYPE_MISMATCH", "/property/0")]),
    ("/twins", "property=temperature=null", [("TYPE_MISMATCH", "/property/0")]),
    ("/twins", "property=temperature=", [("TYPE_MISMATCH", "/property/0")]),
    ("/twins", "property=temperature>{}", [("TYPE_MISMATCH", "/property/0")]),
    ("/twins", "property=temperature>[1]", [("TYPE_MISMATCH", "/property/0")]),
    ("/twins", "quality=temprature:bad&known=x", [
        ("UNKNOWN_PROPERTY", "/known/0"), ("UNKNOWN_PROPERTY", "/quality/0"),
    ]),
    ("/twins", "twin_type=pomp&tag=watr&site=Plant 2", [
        ("UNKNOWN_TWIN_TYPE", "/twin_type/0"), ("UNKNOWN_TAG", "/tag/0"), ("UNKNOWN_SITE", "/site"),
    ]),
    ("/twins", "related_to=pump_9&relationship_type=pipe", [
        ("UNKNOWN_TWIN", "/related_to"), ("UNKNOWN_RELATIONSHIP_TYPE", "/relationship_type/0"),
    ]),
    ("/twins", "relationship_type=pipe", [("FILTER_INVALID", "/relationship_type")]),
    ("/twins", "overlay=x&role=y", [("UNKNOWN_OVERLAY", "/overlay"), ("UNKNOWN_ROLE", "/role")]),
    ("/twins", "active_behavior=x", [("UNKNOWN_BEHAVIOR", "/active_behavior")]),
    ("/twins", "order_by_property=temprature", [("UNKNOWN_PROPERTY", "/order_by_property")]),
    ("/twins", "order_by_property=temperature&order_by=id", [("ORDER_INVALID", "/order_by_property")]),
    ("/twins", "first=1&last=1", [("PAGE_SIZE_INVALID", "/last")]),
    ("/overlays", "property=temperature>80", [("MISSING_ROLE", "/property/0")]),
    ("/overlays", "property=primry.temperature>80", [("UNKNOWN_ROLE", "/property/0")]),
    ("/overlays", "property=primary.temprature>80", [("UNKNOWN_PROPERTY", "/property/0")]),
    ("/overlays", "role=x&twin_id=y", [("UNKNOWN_ROLE", "/role/0"), ("UNKNOWN_TWIN", "/twin_id/0")]),
    ("/overlays", "order_by_property=temperature", [("MISSING_ROLE", "/order_by_role")]),
    ("/overlays", "order_by_role=primary", [("ORDER_INVALID", "/order_by_role")]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "query", "found"), WRONG)
async def test_what_nothing_carries_is_a_fault_at_its_parameter_and_never_an_empty_page(
    house: Installation, path: str, query: str, found: list[tuple[str, str]]
) -> None:
    params = [tuple(part.split("=", 1)) for part in query.split("&")]
    answer = await send(house, "GET", path, params=params)
    assert answer.status_code == 400
    assert faults(answer) == found
    assert answer.json()["code"] == found[0][0]


@pytest.mark.parametrize(
    "query", ["property=temperature", "property=temperature!=80", "quality=temperature:wrong", "min_x=nan"]
)
async def test_what_is_no_comparison_is_refused_with_how_to_write_one(house: Installation, query: str) -> None:
    answer = await send(house, "GET", f"/twins?{query}")
    assert refusal(answer) in ((400, "FILTER_INVALID"), (400, "REQUEST_INVALID"))


async def test_too_many_comparisons_are_refused(house: Installation) -> None:
    params: Any = [("property", "temperature>1")] * 21
    assert faults(await send(house, "GET", "/twins", params=params)) == [("TOO_MANY_VALUES", "/property")]
