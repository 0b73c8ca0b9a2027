"""`twins` and `overlays` with filters, orders and pages, over HTTP; find/ has the meaning, tested against an oracle."""

from typing import Any

import pytest

from app.model.live import BehaviorView, Connectivity
from app.model.plan import BehaviorKey, OwnerKey
from tests.api.client import ask, refused
from tests.api.parts import NOON, Installation, an_alert

PUMPS = ["pump_123", "pump_124"]


@pytest.fixture
def plant() -> Installation:
    """One hot pump that its overlay and an alert know of, one without a reading, and an open valve."""
    installation = Installation()
    installation.change("pump_123", "temperature", 85.5)
    installation.change("pump_123", "status", "running")
    installation.change("pump_124", "temperature", 99.0, quality="bad", known=False)
    installation.change("valve_234", "open", True)
    installation.live.paths["pump_123"] = Connectivity("connected")
    installation.behave(BehaviorView(BehaviorKey(OwnerKey("twin", "pump_123"), "hot"), "active", "true", NOON))
    installation.raise_alert(an_alert())
    return installation


async def twins(plant: Installation, where: str) -> list[str]:
    answer = await ask(plant, f"{{ twins(where: {where}) {{ totalCount nodes {{ twinId }} }} }}")
    found = [node["twinId"] for node in answer["twins"]["nodes"]]
    assert answer["twins"]["totalCount"] == len(found)
    return found


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("{}", [*PUMPS, "valve_234"]),
        ('{type: ["pump", "valve"]}', [*PUMPS, "valve_234"]),
        ('{type: "valve"}', ["valve_234"]),
        ('{tag: "water"}', ["pump_123"]),
        ('{location: {site: "Plant 1"}}', ["pump_123"]),
        ("{location: {within: {minX: 100, maxX: 123.45}}}", ["pump_123"]),
        ("{location: {within: {minX: 124}}}", []),
        ('{text: "cp5000-12"}', ["pump_123"]),
        ('{text: "CELLAR"}', ["pump_123"]),
        ('{text: "plant 1"}', ["pump_123"]),
        ('{text: "WATER"}', ["pump_123"]),
        ('{relatedTo: {twinId: "pump_123"}}', ["valve_234"]),
        ('{relatedTo: {twinId: "pump_123", direction: INCOMING}}', []),
        ('{relatedTo: {twinId: "valve_234", relationshipTypes: "control"}}', []),
        ('{member: {overlayId: "cellar"}}', ["pump_123", "valve_234"]),
        ('{member: {role: "outlet"}}', ["valve_234"]),
        ("{connectivity: CONNECTED}", ["pump_123"]),
        ('{activeBehavior: "hot"}', ["pump_123"]),
        ("{alertSeverity: [WARNING, CRITICAL]}", ["pump_123"]),
        ("{alertSeverity: CRITICAL}", []),
        ('{properties: {property: "temperature", gte: 80, lt: 90}}', ["pump_123"]),
        ('{properties: {property: "temperature", gt: 85.5}}', []),
        ('{properties: {property: "temperature", known: false}}', ["pump_124"]),
        ('{properties: {property: "temperature", quality: BAD}}', ["pump_124"]),
        ('{properties: {property: "status", eq: "running"}}', ["pump_123"]),
        ('{properties: {property: "status", in: ["off", "fault"]}}', []),
        ('{properties: {property: "open", eq: true}}', ["valve_234"]),
        ('{type: "pump", tag: "water", properties: [{property: "temperature", lte: 85.5}]}', ["pump_123"]),
    ],
)
async def test_twins_are_found_by(plant: Installation, where: str, expected: list[str]) -> None:
    assert await twins(plant, where) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ('{type: "pumping"}', ["cellar"]),
        ('{text: "cell"}', ["cellar"]),
        ('{members: {role: "primary", twinId: "pump_123"}}', ["cellar"]),
        ('{members: {role: "outlet", twinId: "pump_123"}}', []),
        ('{members: {role: "primary", where: {properties: {property: "temperature", gt: 80}}}}', ["cellar"]),
        ('{members: {where: {properties: {property: "temperature", gt: 90}}}}', []),
        ("{alertSeverity: WARNING}", ["cellar"]),
        ('{activeBehavior: "failing"}', []),
    ],
)
async def test_overlays_are_found_by(plant: Installation, where: str, expected: list[str]) -> None:
    answer = await ask(plant, f"{{ overlays(where: {where}) {{ nodes {{ overlayId }} }} }}")
    assert [node["overlayId"] for node in answer["overlays"]["nodes"]] == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("{}", [*PUMPS, "valve_234"]),
        ("{direction: DESC}", ["valve_234", *PUMPS[::-1]]),
        ("{field: TYPE, direction: DESC}", ["valve_234", *PUMPS[::-1]]),
        ("{field: UPDATED}", [*PUMPS, "valve_234"]),
        ('{property: "temperature"}', [*PUMPS, "valve_234"]),
        ('{property: "temperature", direction: DESC}', ["pump_123", "valve_234", "pump_124"]),
    ],
)
async def test_twins_come_in_the_order_asked_for(plant: Installation, order: str, expected: list[str]) -> None:
    answer = await ask(plant, f"{{ twins(orderBy: {order}) {{ nodes {{ twinId }} }} }}")
    assert [node["twinId"] for node in answer["twins"]["nodes"]] == expected


async def test_overlays_come_by_a_property_of_a_role(plant: Installation) -> None:
    query = '{ overlays(orderBy: {role: "primary", property: "temperature"}) { nodes { overlayId } } }'
    assert (await ask(plant, query))["overlays"]["nodes"] == [{"overlayId": "cellar"}]
    error = await refused(plant, '{ overlays(orderBy: {property: "temperature"}) { totalCount } }')
    assert error["extensions"]["code"] == "MISSING_ROLE"


@pytest.mark.parametrize(
    ("where", "code", "path", "hint"),
    [
        ('{type: "pmp"}', "UNKNOWN_TWIN_TYPE", "/where/type/0", "did you mean 'pump'?"),
        ('{tag: "watr"}', "UNKNOWN_TAG", "/where/tag/0", "did you mean 'water'?"),
        ('{location: {site: "Plant"}}', "UNKNOWN_SITE", "/where/location/site", "did you mean 'Plant 1'?"),
        ('{relatedTo: {twinId: "pump_12"}}', "UNKNOWN_TWIN", "/where/relatedTo/twinId", "did you mean 'pump_12"),
        (
            '{relatedTo: {twinId: "pump_123", relationshipTypes: "contrl"}}',
            "UNKNOWN_RELATIONSHIP_TYPE", "/where/relatedTo/relationshipTypes/0", "did you mean 'control'?",
        ),
        ('{member: {overlayId: "celar"}}', "UNKNOWN_OVERLAY", "/where/member/overlayId", "did you mean 'cellar'?"),
        ('{member: {role: "primry"}}', "UNKNOWN_ROLE", "/where/member/role", "did you mean 'primary'?"),
        ('{activeBehavior: "hott"}', "UNKNOWN_BEHAVIOR", "/where/activeBehavior", "did you mean 'hot'?"),
        (
            '{properties: {property: "temprature", gt: 1}}',
            "UNKNOWN_PROPERTY", "/where/properties/0/property", "did you mean 'temperature'?",
        ),
        (
            '{type: "valve", properties: {property: "temperature", gt: 1}}',
            "UNKNOWN_PROPERTY", "/where/properties/0/property", "known are open",
        ),
        (
            '{properties: {property: "status", eq: "runing"}}',
            "UNKNOWN_VALUE", "/where/properties/0/eq", "did you mean 'running'?",
        ),
        ('{properties: {property: "temperature", gt: "hot"}}', "TYPE_MISMATCH", "/where/properties/0/gt", ""),
        ('{properties: {property: "open", gt: 1}}', "TYPE_MISMATCH", "/where/properties/0/gt", "compare it with eq"),
        ('{text: ""}', "BAD_TEXT", "/where/text", ""),
    ],
)  # fmt: skip
async def test_a_misspelled_name_is_an_error_with_a_suggestion(
    plant: Installation, where: str, code: str, path: str, hint: str
) -> None:
    error = await refused(plant, f"{{ twins(where: {where}) {{ totalCount }} }}")
    assert error["extensions"]["code"] == code
    [problem] = error["extensions"]["problems"]
    assert (problem["code"], problem["path"]) == (code, path)
    assert hint in problem["hint"]


async def test_all_that_is_wrong_is_said_at_once(plant: Installation) -> None:
    where = '{type: "pmp", tag: "watr", activeBehavior: "hott"}'
    error = await refused(plant, f"{{ twins(where: {where}) {{ totalCount }} }}")
    assert [problem["code"] for problem in error["extensions"]["problems"]] == [
        "UNKNOWN_TWIN_TYPE", "UNKNOWN_TAG", "UNKNOWN_BEHAVIOR",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({"type": ["pump"] * 101}, "/where/type"),
        ({"tag": ["water"] * 101}, "/where/tag"),
        ({"properties": [{"property": "temperature", "known": True}] * 21}, "/where/properties"),
        ({"properties": [{"property": "starts", "in": [1] * 101}]}, "/where/properties/0/in"),
    ],
)
async def test_a_filter_has_a_size(plant: Installation, where: Any, path: str) -> None:
    error = await refused(plant, "query($w: TwinWhere) { twins(where: $w) { totalCount } }", w=where)
    [problem] = error["extensions"]["problems"]
    assert (problem["code"], problem["path"]) == ("TOO_MANY_VALUES", path)


async def test_a_comparison_with_null_is_refused(plant: Installation) -> None:
    error = await refused(plant, '{ twins(where: {properties: {property: "temperature", eq: null}}) { totalCount } }')
    assert error["extensions"]["code"] == "TYPE_MISMATCH"
    assert "known: false" in error["extensions"]["hint"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('orderBy: {field: TYPE, property: "temperature"}', "ORDER_INVALID"),
        ('orderBy: {property: "temprature"}', "UNKNOWN_PROPERTY"),
        ("first: 1001", "PAGE_SIZE_INVALID"),
        ("first: 1, last: 1", "PAGE_SIZE_INVALID"),
        ('after: "nonsense"', "CURSOR_INVALID"),
        ('before: "WyJ4IiwieSJd"', "CURSOR_FOREIGN"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(plant: Installation, arguments: str, code: str) -> None:
    assert (await refused(plant, f"{{ twins({arguments}) {{ totalCount }} }}"))["extensions"]["code"] == code


async def test_a_cursor_of_another_filter_or_order_is_refused(plant: Installation) -> None:
    page = "{ pageInfo { endCursor } }"
    cursor = (await ask(plant, f"{{ twins(first: 1) {page} }}"))["twins"]["pageInfo"]["endCursor"]
    for other in ('where: {type: "pump"}', "orderBy: {direction: DESC}", 'orderBy: {property: "temperature"}'):
        error = await refused(plant, f"query($c: String) {{ twins(after: $c, {other}) {page} }}", c=cursor)
        assert error["extensions"]["code"] == "CURSOR_FOREIGN"


async def test_pages_by_a_value_go_on_where_they_were_while_values_change(plant: Installation) -> None:
    plant.change("pump_124", "temperature", 70.0)
    query = """query($after: String) {
      twins(where: {type: "pump"}, orderBy: {property: "temperature"}, first: 1, after: $after) {
        sequence nodes { twinId } pageInfo { endCursor hasNextPage }
      }
    }"""
    first = (await ask(plant, query))["twins"]
    assert first["nodes"] == [{"twinId": "pump_124"}]
    assert first["sequence"] == plant.live.sequence
    plant.change("pump_124", "temperature", 60.0)
    second = (await ask(plant, query, after=first["pageInfo"]["endCursor"]))["twins"]
    assert second["nodes"] == [{"twinId": "pump_123"}]
    assert second["sequence"] == first["sequence"] + 1
    assert second["pageInfo"]["hasNextPage"] is False


async def test_a_saved_twin_is_found_at_once_and_a_deleted_one_no_more(plant: Installation) -> None:
    document: dict[str, Any] = {"twin_id": "pump_9", "twin_type": "pump", "metadata": {"tags": ["fresh"]}}
    await ask(plant, "mutation($d: JSON!) { saveTwin(input: {document: $d}) { result } }", d=document)
    assert await twins(plant, '{tag: "fresh"}') == ["pump_9"]
    await ask(plant, 'mutation { deleteTwin(input: {twinId: "pump_9"}) { deletedId } }')
    assert (await refused(plant, '{ twins(where: {tag: "fresh"}) { totalCount } }'))["extensions"][
        "code"
    ] == "UNKNOWN_TAG"
