"""docs/operating.md lists every setting with its real default, and no other; its queries answer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr

from app.settings import Settings
from tests.api.client import ask
from tests.api.plant import Plant

TEXT = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()


def _settings(section: BaseModel | Settings, prefix: str) -> Iterator[tuple[str, str]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _settings(value, f"{prefix}{name.upper()}__")
        elif isinstance(value, SecretStr):
            yield prefix + name.upper(), value.get_secret_value()
        elif isinstance(value, tuple):
            yield prefix + name.upper(), json.dumps(value)
        elif isinstance(value, bool):
            yield prefix + name.upper(), str(value).lower()
        elif isinstance(value, float):
            yield prefix + name.upper(), f"{value:g}"
        elif value is None:
            yield prefix + name.upper(), ""
        else:
            yield prefix + name.upper(), str(value)


def test_the_table_of_settings_is_complete_and_true() -> None:
    documented = dict(re.findall(r"^\| `(TWIN_OVERLAY_\w+)` \| (?:`([^`]*)`)? ?\|", TEXT, re.MULTILINE))
    assert documented == dict(_settings(Settings(), "TWIN_OVERLAY_"))


async def test_the_server_can_be_asked_for_its_disk_and_how_far_the_graph_is_behind() -> None:
    answers = [await ask(Plant(), query) for query in re.findall(r"```graphql\n(.*?)```", TEXT, re.S)]
    assert answers == [
        {"server": {"disk": {"state": "ENOUGH", "freeBytes": 0, "reserveBytes": 0, "problem": None}}},
        {"server": {"graph": {"behindEntries": 0, "behindSeconds": 0.0, "problem": None, "setAside": 0}}},
    ]
