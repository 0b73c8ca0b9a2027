"""The specification's scripts and JSON examples, as printed, against our reading of them."""

from typing import Any

from app.commands.check_scripts import check_script
from app.dtsl.examine import check_condition
from app.dtsl.guards import check_guards
from app.dtsl.parse import parse_condition, parse_conditions
from app.dtsl.scope import Owner, Scope
from app.model.definitions import Overlay, OverlayType, Twin, TwinType, to_document
from app.model.relationships import type_by_kind
from tests.dtsl.corpus import specified_json, specified_scripts
from tests.dtsl.plant import catalogue


def _without_descriptions(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in item.items() if key != "description"} for item in items]


def test_the_script_means_what_the_json_overlay_type_means() -> None:
    script = specified_scripts()[0]
    (expected,) = specified_json("type_id", "pumping_system")

    checked = check_script(script, catalogue())

    assert checked.diagnostics == ()
    overlay_type = checked.definitions[0]
    assert isinstance(overlay_type, OverlayType)
    assert (overlay_type.type_id, overlay_type.name) == (expected["type_id"], expected["name"])
    said, meant = _in_effect(overlay_type), _in_effect(OverlayType.model_validate(expected))
    for part in ("twin_roles", "relationship_types", "behaviors"):
        assert said[part] == meant[part]


def _in_effect(overlay_type: OverlayType) -> dict[str, Any]:
    """With what is not written, as that is in effect; without descriptions."""
    plant = catalogue()
    document = overlay_type.model_dump(mode="json")
    types = {role.role: role.twin_type for role in overlay_type.twin_roles}
    for relationship in document["relationship_types"]:
        if relationship["relationship_type"] is None:
            relationship["relationship_type"] = type_by_kind(plant, types[relationship["source_role"]])
    return {key: _without_descriptions(value) if isinstance(value, list) else value for key, value in document.items()}


def test_the_scripts_instance_becomes_an_overlay() -> None:
    overlay = to_document(check_script(specified_scripts()[0], catalogue()).definitions[1])

    (expected,) = specified_json("overlay_id", "pumping_system_345_overlay")
    assert overlay == {
        "overlay_id": "building_a_pumping_system",
        "overlay_type": "pumping_system",
        "name": "Building A Pumping System",
        "twins": expected["twins"],
        "metadata": {"tags": ["pumping", "water", "building_a"]},
    }


def test_the_apis_first_script_makes_an_overlay_type_and_an_overlay() -> None:
    checked = check_script(specified_scripts()[1], catalogue())

    assert checked.diagnostics == ()
    assert [type(item) for item in checked.definitions] == [OverlayType, Overlay]


def test_the_apis_second_script_uses_an_overlay_type_that_is_in_the_catalogue() -> None:
    (overlay_type,) = specified_json("type_id", "pumping_system")
    known = OverlayType.model_validate(overlay_type)

    checked = check_script(specified_scripts()[2], catalogue(known))

    assert checked.diagnostics == ()
    (overlay,) = checked.definitions
    assert isinstance(overlay, Overlay)
    assert (overlay.overlay_id, overlay.overlay_type) == ("building_b_pumping_system", "pumping_system")
    assert overlay.metadata == {"tags": ["pumping", "water", "building_b"]}


def test_the_conditions_of_the_json_examples_fit_their_capabilities() -> None:
    (overlay_type,) = specified_json("type_id", "pumping_system")
    (overlay,) = specified_json("overlay_id", "pumping_system_345_overlay")
    (twin_type,) = specified_json("type_id", "centrifugal_pump")
    twin = specified_json("twin_id", "pump_123")[0]
    pump = TwinType.model_validate(twin_type)
    plant = catalogue(pump)
    own = plant.type_capabilities("centrifugal_pump")

    def owner(type_id: str, required: bool = True) -> Owner:
        offered = plant.type_capabilities(type_id)
        return Owner(offered.properties, offered.methods, optional=not required)

    roles = {item["role"]: owner(item["twin_type"], item["required"]) for item in overlay_type["twin_roles"]}
    type_of = {item["role"]: item["twin_type"] for item in overlay_type["twin_roles"]}
    twins = {item["twin_id"]: owner(type_of[item["role"]]) for item in overlay["twins"]}
    twin_scope = Scope(own.properties, {})
    documents: list[tuple[OverlayType | Overlay | TwinType | Twin, Scope]] = [
        (OverlayType.model_validate(overlay_type), Scope(None, roles)),
        (Overlay.model_validate(overlay), Scope(None, twins)),
        (pump, twin_scope),
        (Twin.model_validate(twin), twin_scope),
    ]
    for definition, scope in documents:
        assert len(definition.behaviors) >= 3
        for behavior in definition.behaviors:
            conditions = [parse_condition(text) for text in behavior.conditions]
            assert check_condition(parse_conditions(behavior.conditions), scope, "") == []
            assert check_guards(conditions, scope, "") == []
