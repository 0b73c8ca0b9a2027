"""Every query and mutation of docs/schema.md answers, and every field that its table names is there."""

import re
from pathlib import Path

from graphql import build_schema

from app.api.schema import sdl
from tests.api.client import ask
from tests.api.plant import Plant

PAGE = (Path(__file__).parents[2] / "docs" / "schema.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```graphql\n(.*?)```", PAGE, re.S)


async def test_every_block_of_the_page_does_what_it_says() -> None:
    plant = Plant()
    plant.start()
    plant.hear("pump_123", "temperature", 90.0)
    twin, behaviors, alerts, calls, then, done = [await ask(plant, block) for block in BLOCKS]
    assert [item["name"] for item in twin["twin"]["relationships"]["nodes"]] == ["out", "outlet"]
    assert [item["name"] for item in twin["twin"]["readers"]["nodes"]] == ["failing", "hot"]
    assert [item["name"] for item in behaviors["behaviors"]["nodes"]] == ["hot"]
    assert alerts["alerts"]["totalCount"] == 1
    assert calls["calls"]["nodes"] == []
    assert [item["definitionId"] for item in then["overlay"]["asOf"]["members"]["nodes"]] == ["valve_234", "pump_123"]
    assert [item["property"]["name"] for item in done["setProperties"]["properties"]] == ["speed", "starts"]
    assert [item["code"] for item in done["setProperties"]["leftOut"]] == ["PROPERTY_READ_ONLY"]


def test_every_field_that_the_page_names_is_there() -> None:
    types = build_schema(sdl()).type_map
    named = re.findall(r"`([A-Z]\w+)\.(\w+)`", PAGE)
    assert len(named) > 30
    missing = [f"{name}.{field}" for name, field in named if field not in types[name].fields]  # type: ignore[attr-defined]
    assert missing == []
