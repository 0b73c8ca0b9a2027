"""The pointers of a refused update lead into the patch that was sent, not into a document that the client never saw."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.merge import merge
from app.commands.patch_places import in_patch
from app.commands.pointers import parts_of, pointer
from app.errors import Invalid, Problem
from app.model.definitions import Kind
from tests.commands.ports import ANN, House
from tests.commands.station import pump_type, station, station_type, twin, valve_type


@pytest.fixture
async def house() -> House:
    house = House()
    await house.save(
        ("twin_type", pump_type()),
        ("twin_type", valve_type()),
        ("overlay_type", station_type()),
        ("twin", twin("p1")),
        ("twin", twin("p2")),
        ("twin", twin("v1", "valve")),
        ("overlay", station()),
    )
    return house


@pytest.mark.parametrize(
    ("kind", "id", "patch", "found"),
    [
        (
            "twin_type",
            "pump",
            {"properties": [{"name": "note", "colour": 1}]},
            ("UNKNOWN_FIELD", "/properties/0/colour"),
        ),
        (
            "twin_type",
            "pump",
            {"properties": [{"name": "speed", "unit": "rpn"}]},
            ("UNKNOWN_UNIT", "/properties/0/unit"),
        ),
        (
            "twin_type",
            "pump",
            {"properties": [{"name": "note", "remove": True}, {"name": "x"}]},
            ("MISSING_FIELD", "/properties/1/data_type"),
        ),
        ("twin_type", "pump", {"properties": [{"data_type": "float"}]}, ("MISSING_FIELD", "/properties/0/name")),
        (
            "twin_type",
            "pump",
            {"behaviors": [{"name": "hot", "conditions": ["speed > 1", "sped > 1"]}]},
            ("DTSL205", "/behaviors/0/conditions/1"),
        ),
        ("twin", "p1", {"twin_type": "pumpe"}, ("UNKNOWN_TWIN_TYPE", "/twin_type")),
        ("twin", "p1", {"twin_type": None}, ("MISSING_FIELD", "/twin_type")),
        ("overlay", "north", {"twins": [{"role": "outlet", "twin_id": "p9"}]}, ("UNKNOWN_TWIN", "/twins/0/twin_id")),
        ("overlay", "north", {"twins": [{"role": "spar", "twin_id": "p2"}]}, ("UNKNOWN_ROLE", "/twins/0/role")),
        ("overlay", "north", {"twins": [{"role": "main", "twin_id": None}]}, ("ROLE_UNBOUND", "/twins")),
    ],
)
async def test_a_fault_that_the_patch_brought_is_told_at_its_place_in_the_patch(
    house: House, kind: Kind, id: str, patch: dict[str, Any], found: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as caught:
        await house.definitions.update(kind, id, patch, ANN)
    assert found in {(problem.code, problem.path) for problem in caught.value.problems}
    assert "merged document" not in caught.value.message


async def test_a_fault_in_what_stood_before_says_where_and_that_it_is_not_in_the_patch(house: House) -> None:
    """The patch takes the property away that a behavior of the standing document reads."""
    with pytest.raises(Invalid) as caught:
        await house.definitions.update("twin_type", "pump", {"properties": [{"name": "status", "remove": True}]}, ANN)
    [problem] = [item for item in caught.value.problems if item.code == "DTSL205"]
    assert problem.path == ""
    assert problem.message.endswith("(not in the patch itself: /behaviors/0/conditions/0 of the merged document)")


async def test_a_fault_beside_what_the_patch_gave_leads_to_the_item_that_it_touched(house: House) -> None:
    for patch, path, inside in (
        ({"name": "speed", "min_value": 4000.0}, "/properties/0/min_value", True),
        ({"name": "speed", "data_type": "string"}, "/properties/0", False),
    ):
        with pytest.raises(Invalid) as caught:
            await house.definitions.update("twin_type", "pump", {"properties": [patch]}, ANN)
        [problem] = caught.value.problems
        assert (problem.code, problem.path) == ("BAD_LIMITS", path)
        assert ("/properties/2/max_value of the merged document" in problem.message) is not inside


async def test_warnings_lead_into_the_patch_too(house: House) -> None:
    edge = {"name": "feeds", "target_twin_id": "p77", "relationship_type": "control"}
    await house.definitions.update("twin", "p1", {"relationships": [{**edge, "name": "first"}]}, ANN)
    saved = await house.definitions.update("twin", "p1", {"relationships": [edge]}, ANN)
    paths = [warning.path for warning in saved.warnings if warning.code == "UNRESOLVED_TARGET"]
    assert paths == ["/relationships", "/relationships/0/target_twin_id"]


NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"x": st.integers(0, 9), "y": st.integers(0, 9)}),
    max_size=3,
    unique_by=lambda item: item["name"],
)


@given(NAMED, NAMED)
def test_a_pointer_leads_to_the_very_value_that_the_patch_gave(
    standing: list[dict[str, Any]], sent: list[dict[str, Any]]
) -> None:
    patch = {"properties": sent}
    merged = merge("twin", {"properties": standing}, patch).document
    given = {item["name"]: item for item in sent}
    for index, item in enumerate(merged["properties"]):
        for key, value in item.items():
            [problem] = in_patch([Problem("X", "x", pointer(("properties", index, key)))], "twin", merged, patch)
            if key in given.get(item["name"], {}):
                at: Any = patch
                for part in parts_of(problem.path):
                    at = at[int(part)] if isinstance(at, list) else at[part]
                assert (problem.message, at) == ("x", value)
            else:
                assert "not in the patch itself" in problem.message
