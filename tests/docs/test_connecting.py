"""docs/connecting.md as a promise: its document saves, its script says the same, and its queries are answered."""

import json
import re
from pathlib import Path
from typing import get_args

from graphql import build_schema, parse, validate

from app.api.schema import sdl
from app.commands.scripts import ScriptCommands
from app.connectors.health import Status
from app.model.audit_kind import AuditKind
from app.settings import ConnectorSettings
from tests.commands.ports import ANN, House

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = build_schema(sdl())
TEXT = (DOCS / "connecting.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


async def test_the_document_saves_and_the_script_says_the_same() -> None:
    (document,) = map(json.loads, _blocks("json"))
    house = House()
    saved = await house.save(("twin_type", document))
    assert saved.warnings == ()
    written = house.catalogue.twin_type("boiler_pump")
    same, _ = _blocks("dtsl")
    result = await ScriptCommands(house.definitions, house.scripts).execute(same, ANN)
    assert [item.message for item in result.diagnostics] == []
    found = house.catalogue.twin_type("boiler_pump")
    assert written is not None
    assert found is not None
    for field in ("connectivity", "properties"):
        assert getattr(found, field) == getattr(written, field)
    assert [(item.name, item.timeout) for item in found.methods] == [("start", 30.0)]


async def test_the_behaviors_of_a_device_that_does_not_respond_run() -> None:
    house = House()
    scripts = ScriptCommands(house.definitions, house.scripts)
    for script in _blocks("dtsl"):
        result = await scripts.execute(script, ANN)
        assert [item.message for item in result.diagnostics] == []
    shapes = [shape for plan in house.inbox.plans for shape in plan.shapes]
    (rule,) = [rule for shape in shapes for rule in shape.rules if rule.name == "unresponsive"]
    assert rule.error is None
    assert [alert.code for alert in rule.all_alerts()] == ["UNRESPONSIVE", "UNRESPONSIVE_LONG"]


def test_the_queries_are_of_the_schema() -> None:
    assert len(_blocks("graphql")) == 2
    for query in _blocks("graphql"):
        assert validate(SCHEMA, parse(query)) == []


def test_the_table_of_states_is_complete() -> None:
    assert re.findall(r"^\| `([A-Z]+)` \|", TEXT, re.MULTILINE) == [status.upper() for status in get_args(Status)]


def test_what_it_names_is_there() -> None:
    assert "path" in get_args(AuditKind)
    settings = (DOCS / "operating.md").read_text(encoding="utf-8")
    for name, field in ConnectorSettings.model_fields.items():
        assert re.search(rf"\| `TWIN_OVERLAY_CONNECTORS__{name.upper()}` \| `{field.default:g}` \|", settings), name
