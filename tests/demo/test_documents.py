"""The demo's definitions are documents of the specification's form, and fit the plant they describe."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from app.demo.control import state_of
from app.demo.documents import load_documents
from app.demo.physics import Station
from app.model.definitions import MODELS, Twin, TwinType
from app.scenarios.report import problems
from app.test import run_paths

OPCUA, MQTT = "opc.tcp://127.0.0.1:4840", "mqtt://127.0.0.1:1883"
SPECIFICATION = (
    Path(__file__).parents[3] / "shared" / "spec" / "digital-twin-overlay-specification.md"
)  # beside the repository where the project is worked on; not part of it


def loaded() -> tuple[dict[str, TwinType], dict[str, Twin]]:
    types: dict[str, TwinType] = {}
    twins: dict[str, Twin] = {}
    for kind, document in load_documents(OPCUA, MQTT):
        definition = MODELS[kind].model_validate(document)
        if isinstance(definition, TwinType):
            types[definition.type_id] = definition
        elif isinstance(definition, Twin):
            twins[definition.twin_id] = definition
    return types, twins


def printed(language: str) -> list[str]:
    if not SPECIFICATION.is_file():
        pytest.skip("the specification does not lie beside this repository")
    return re.findall(rf"```{language}\n(.*?)```", SPECIFICATION.read_text(encoding="utf-8"), re.DOTALL)


def test_every_document_is_valid_and_its_type_comes_before_it() -> None:
    types, twins = loaded()
    kinds = [kind for kind, _ in load_documents(OPCUA, MQTT)]
    assert kinds == ["twin_type"] * len(types) + ["twin"] * len(twins)
    assert sorted(types) == ["centrifugal_pump", "controller", "flow_sensor", "pipe", "pressure_sensor", "valve"]
    assert {twin.twin_type for twin in twins.values()} == set(types)
    assert {name: item.kind for name, item in types.items() if item.kind != "equipment"} == {
        "flow_sensor": "sensor",
        "pressure_sensor": "sensor",
        "controller": "controller",
    }


def test_the_twins_are_those_of_the_plant_and_two_pipes() -> None:
    _, twins = loaded()
    assert sorted(twins) == sorted([*state_of(Station()), "pipe_456", "pipe_789"])


def test_the_endpoints_are_filled_in_and_no_placeholder_is_left() -> None:
    _, twins = loaded()
    endpoints = {twin.connectivity.endpoint for twin in twins.values() if twin.connectivity}
    assert endpoints == {OPCUA, MQTT}
    assert "{" not in f"{endpoints}".strip("{}")


def test_every_property_and_method_of_a_connected_twin_is_mapped_and_nothing_else() -> None:
    types, twins = loaded()
    for twin in twins.values():
        if twin.connectivity is None:
            assert twin.twin_type == "pipe"
            continue
        kind, mapping = types[twin.twin_type], twin.connectivity.mapping
        assert set(mapping.properties) == {item.name for item in kind.properties}, twin.twin_id
        assert set(mapping.methods) == {item.name for item in kind.methods}, twin.twin_id
        assert set(mapping.events) == {item.name for item in kind.events}, twin.twin_id
        assert twin.connectivity.authentication is None


def test_relationships_lead_to_twins_that_exist() -> None:
    _, twins = loaded()
    targets = {item.target_twin_id for twin in twins.values() for item in twin.relationships}
    assert targets <= set(twins)


def test_the_pump_type_is_the_specification_s_own() -> None:
    wanted = next(
        document for text in printed("json") if (document := json.loads(text)).get("type_id") == "centrifugal_pump"
    )
    assert (
        next(found for _, found in load_documents(OPCUA, MQTT) if found.get("type_id") == "centrifugal_pump") == wanted
    )


def test_pump_123_is_mapped_to_the_node_ids_that_the_specification_prints() -> None:
    def without_pace(properties: dict[str, Any]) -> dict[str, str]:
        return {name: mapping["node_id"] for name, mapping in properties.items()}

    wanted = next(document for text in printed("json") if (document := json.loads(text)).get("twin_id") == "pump_123")
    found = next(document for _, document in load_documents(OPCUA, MQTT) if document.get("twin_id") == "pump_123")
    theirs, ours = wanted["connectivity"], found["connectivity"]
    assert (ours["namespace"], ours["node_id"]) == (theirs["namespace"], theirs["node_id"])
    assert without_pace(ours["mapping"]["properties"]) == without_pace(theirs["mapping"]["properties"])
    assert ours["mapping"]["methods"] == theirs["mapping"]["methods"]
    assert ours["mapping"]["events"] == theirs["mapping"]["events"]


def test_the_script_is_the_specification_s_own_as_printed() -> None:
    ours = files("app.demo").joinpath("pumping_system.dtsl").read_text(encoding="utf-8")
    assert ours in printed("dtsl")


def test_the_scenarios_of_the_demo_hold() -> None:
    folder = Path(str(files("app.demo")))
    (suite,) = run_paths([folder / "pumping_system.twins"], "")
    assert suite.unreadable == []
    assert len(suite.results) >= 6
    assert [list(problems(result, suite.text)) for result, _ in suite.results] == [[]] * len(suite.results)
