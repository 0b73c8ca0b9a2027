"""Every document and script of docs/model.md saves, and the script means what the JSON beside it means."""

import json
import re
from pathlib import Path
from typing import Any

from app.bulk.kinds import kind_of_document
from app.commands.scripts import ScriptCommands
from app.model.definitions import Kind, OverlayType
from app.model.relationship_types import BUILT_IN
from tests.commands.ports import ANN, House

TEXT = (Path(__file__).parents[2] / "docs" / "model.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def _kind(document: dict[str, Any]) -> Kind:
    kind = kind_of_document(document)
    assert kind is not None
    return kind


async def _house() -> House:
    documents = [json.loads(block) for block in _blocks("json")]
    house = House()
    saved = await house.save(*((_kind(document), document) for document in documents))
    assert len(saved.created) == len(documents) == TEXT.count("```json")
    assert saved.warnings == ()
    return house


def _meaning(found: OverlayType | None) -> object:
    assert found is not None
    behaviors = [(item.name, item.conditions, item.actions) for item in found.behaviors]
    edges = [
        (item.name, item.source_role, item.target_role, item.relationship_type) for item in found.relationship_types
    ]
    return [(role.role, role.twin_type, role.required) for role in found.twin_roles], edges, behaviors


async def test_the_documents_save_and_the_script_says_the_same() -> None:
    house = await _house()
    written = _meaning(house.catalogue.overlay_type("boosting"))
    (script,) = _blocks("dtsl")
    result = await ScriptCommands(house.definitions, house.scripts).execute(script, ANN)
    assert not result.saved.created
    assert _meaning(house.catalogue.overlay_type("boosting")) == written
    assert [item.message for item in result.diagnostics] == []


def test_the_table_of_built_in_relationship_types_is_complete_and_true() -> None:
    rows = re.findall(r"^\| `(\w+)`[^|]* \| `(\w+)` \| `(\w+)` \|$", TEXT, re.MULTILINE)
    assert rows == [(name, item.inverse, item.impact) for name, item in BUILT_IN.items()]
