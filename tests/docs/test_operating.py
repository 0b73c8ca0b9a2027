"""docs/operating.md lists every setting with its real default, and no other; its queries answer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from app.api.reader import FACTS_WAITING
from app.connectors.mqtt_session import MAX_UNREAD_BYTES, MAX_UNREAD_QOS0, MOST_UNACKNOWLEDGED, RECEIVE_MAXIMUM
from app.connectors.opcua import QUEUE_SIZE
from app.engine.deliveries import KEPT
from app.model.ledger import WORDS
from app.runtime.effects import MAX_PARALLEL, MAX_WAITING
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


def test_the_table_of_settings_is_complete_and_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWIN_OVERLAY_GRAPH__JAVA_OPTIONS")  # which tests give to the servers that they start
    documented = dict(re.findall(r"^\| `(TWIN_OVERLAY_\w+)` \| (?:`([^`]*)`)? ?\|", TEXT, re.MULTILINE))
    assert documented == dict(_settings(Settings(), "TWIN_OVERLAY_"))


def _queries(word: str) -> list[str]:
    return [query for query in re.findall(r"```graphql\n(.*?)```", TEXT, re.S) if word in query]


def test_every_word_of_the_ledger_is_explained_as_the_schema_does() -> None:
    table = TEXT.split("| word | what it counts |")[1].split("\n\n")[0]
    assert dict(re.findall(r"^\| (\w+) \| (.+) \|$", table, re.MULTILINE)) == WORDS


async def test_the_ledger_can_be_asked_what_became_of_samples() -> None:
    [query] = _queries("ingestLedger")
    found = (await ask(Plant(), query))["ingestLedger"]
    assert (found["balanced"], found["imbalances"], found["sources"]) == (True, [], [])


def test_the_table_of_bounds_is_true() -> None:
    section = TEXT.split("## Overload")[1].split("\n## ")[0]
    bounds = {
        "MQTT QoS 1": (f"{RECEIVE_MAXIMUM:,}", f"{MOST_UNACKNOWLEDGED:,} or {MAX_UNREAD_BYTES >> 20} MiB"),
        "MQTT QoS 0": (f"{MAX_UNREAD_QOS0:,}, or {MAX_UNREAD_BYTES >> 20} MiB",),
        "OPC UA": (f"({QUEUE_SIZE} values an item)",),
        "calls to one twin": (f"{MAX_WAITING}, and {MAX_PARALLEL} at once",),
        "alerts, behaviors, calls": (f"{FACTS_WAITING:,}",),
        "operations on one": ("`GRAPHQL__MAX_OPERATIONS_PER_SOCKET`", "OPERATIONS_EXCEEDED"),
    }
    for what, told in bounds.items():
        [row] = [line for line in section.splitlines() if line.startswith(f"| {what}")]
        assert all(number in row for number in told), row
    assert f"the last {KEPT:,} that were journaled" in TEXT


async def test_the_server_can_be_asked_for_its_disk_and_how_far_the_graph_is_behind() -> None:
    [query] = _queries("freeBytes")
    assert await ask(Plant(), query) == {
        "server": {"disk": {"state": "ENOUGH", "freeBytes": 0, "reserveBytes": 0, "problem": None}}
    }
    [query] = _queries("behindEntries")
    assert await ask(Plant(), query) == {
        "server": {"graph": {"behindEntries": 0, "behindSeconds": 0.0, "problem": None, "setAside": 0}}
    }
