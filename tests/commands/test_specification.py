"""The specification's own documents and script save as printed and come back as written.

They are read from ../shared/spec beside the repo; where it is not there (a clone of its own), the test says so.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.bulk.kinds import kind_of_document
from app.commands.definitions import Saved
from app.commands.scripts import ScriptCommands
from app.model.definitions import Kind
from app.model.plan import BehaviorKey, OwnerKey, PropertyKey
from tests.commands.ports import ANN, House

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "spec"
DEMO = Path(__file__).resolve().parents[2] / "app" / "demo" / "definitions"


def _specification() -> str:
    files = sorted(FOLDER.glob("*.md")) if FOLDER.is_dir() else []
    if not files:
        pytest.skip("../shared/spec IS NOT THERE: the specification's documents were NOT tested")
    return files[0].read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _specification(), re.DOTALL)


def _documents() -> dict[Kind, dict[str, Any]]:
    """The specification's four definitions by kind."""
    found: dict[Kind, dict[str, Any]] = {}
    for document in map(json.loads, _blocks("json")):
        if "overlay_id" in document:
            found["overlay"] = document
        elif "twin_roles" in document:
            found["overlay_type"] = document
        elif "type_id" in document:
            found["twin_type"] = document
        elif "instance_id" not in document and "twin_type" in document:
            found["twin"] = document
    assert sorted(found) == ["overlay", "overlay_type", "twin", "twin_type"]
    return found


def _fixtures(documents: dict[Kind, dict[str, Any]]) -> list[tuple[Kind, dict[str, Any]]]:
    """What the specification's overlay needs and does not print: types and twins of the other roles."""
    flow = {"name": "flow_rate", "data_type": "float"}
    pressure = {"name": "pressure", "data_type": "float"}
    status = {"name": "status", "data_type": "enum", "enum_values": ["open", "closed"]}
    position = {"name": "position", "data_type": "float", "min_value": 0.0, "max_value": 100.0}
    opening = {"name": "open", "parameters": [position], "return_type": "boolean"}
    types: list[dict[str, Any]] = [
        {"type_id": "valve", "properties": [status], "methods": [opening]},
        {"type_id": "pipe"},
        {"type_id": "controller", "kind": "controller"},
        {"type_id": "flow_sensor", "kind": "sensor", "properties": [flow]},
        {"type_id": "pressure_sensor", "kind": "sensor", "properties": [pressure]},
    ]
    of_role = {role["role"]: role["twin_type"] for role in documents["overlay_type"]["twin_roles"]}
    twins = [
        {"twin_id": binding["twin_id"], "twin_type": of_role[binding["role"]]}
        for binding in documents["overlay"]["twins"]
        if binding["twin_id"] != documents["twin"]["twin_id"]
    ]
    return [*(("twin_type", item) for item in types), *(("twin", item) for item in twins)]


async def _saved() -> tuple[House, dict[Kind, dict[str, Any]], Saved]:
    documents = _documents()
    house = House()
    sent = [*documents.items(), *_fixtures(documents)]
    return house, documents, await house.save(*sent)


async def test_the_specifications_documents_save_in_one_go_and_come_back_as_printed() -> None:
    house, documents, saved = await _saved()
    assert len(saved.created) == 4 + 5 + 8
    assert len(house.store.changes) == 1
    ids: dict[Kind, str] = {
        "twin": "twin_id",
        "twin_type": "type_id",
        "overlay_type": "type_id",
        "overlay": "overlay_id",
    }
    for kind, document in documents.items():
        assert house.document(kind, document[ids[kind]]) == document
    unresolved, *unreached = saved.warnings
    assert (unresolved.code, "pumping_system_345" in unresolved.message) == ("UNRESOLVED_TARGET", True)
    assert {problem.code for problem in unreached} == {"CALL_WITHOUT_CONNECTIVITY"}  # only one twin is printed whole


async def test_the_specifications_twin_alone_is_saved_with_its_targets_unresolved() -> None:
    documents = _documents()
    house = House()
    saved = await house.save(("twin_type", documents["twin_type"]), ("twin", documents["twin"]))
    targets = [relationship["target_twin_id"] for relationship in documents["twin"]["relationships"]]
    assert (
        [problem.code for problem in saved.warnings]
        == ["UNRESOLVED_TARGET"] * len(targets)
        == ["UNRESOLVED_TARGET"] * 4
    )
    assert house.store.changes[0].relationships[OwnerKey("twin", "pump_123")] == ()


async def test_twin_ids_in_the_specifications_untyped_overlay_mean_the_bound_twins() -> None:
    house, documents, _ = await _saved()
    plan = house.inbox.plans[-1]
    overlay = plan.overlays[0]
    rules = next(shape for shape in plan.shapes if shape.shape_id == overlay.shape_id).rules
    assert [rule.error for rule in rules] == [None] * 5
    assert overlay.bindings["pump_123"] == overlay.bindings["primary_pump"] == "pump_123"
    owner = OwnerKey("overlay", documents["overlay"]["overlay_id"])
    nodes = {node.key: node for node in house.store.changes[0].behaviors[owner]}
    failure = nodes[BehaviorKey(owner, "primary_pump_failure")]
    assert failure.reads == (PropertyKey("pump_123", "status"), PropertyKey("pump_124", "status"))
    assert failure.acts_on == ("pump_124",)


async def test_the_specifications_scripts_execute_over_its_documents() -> None:
    house, _, _ = await _saved()
    scripts = ScriptCommands(house.definitions, house.scripts)
    source = next(block for block in _blocks("dtsl") if "overlay PumpingSystem" in block)
    result = await scripts.execute(source, ANN)
    assert result.saved.updated == (("overlay_type", "pumping_system"),)
    assert result.saved.created == (("overlay", "building_a_pumping_system"),)
    again = await scripts.execute(source, ANN)
    assert again.saved.unchanged == (("overlay_type", "pumping_system"), ("overlay", "building_a_pumping_system"))
    owner = OwnerKey("overlay", "building_a_pumping_system")
    names = {edge.name for edge in house.store.changes[-1].relationships[owner]}
    assert {"inlet_connection", "backup_inlet_connection", "outlet_valve_control"} <= names
    assert len(names) == 12


async def test_the_demos_definitions_save_in_one_go() -> None:
    documents: list[tuple[Kind, dict[str, Any]]] = []
    for file in sorted(DEMO.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        kind = kind_of_document(document)
        assert kind is not None
        documents.append((kind, document))
    house = House()
    saved = await house.save(*documents)
    assert len(saved.created) == len(documents) > 10
    assert {problem.code for problem in saved.warnings} <= {"UNRESOLVED_TARGET"}
