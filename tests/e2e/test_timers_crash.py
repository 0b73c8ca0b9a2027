"""kill -9 at random moments while hundreds of timers are pending: what was to come comes, once and not early.

`CRASHES=50 python -m pytest tests/e2e/test_timers_crash.py` is the long run; a suite kills twice.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.client import GraphqlClient
from app.errors import TwinOverlayError
from tests.e2e.processes import running_server, until

ROUNDS = int(os.environ.get("CRASHES", "2"))
TWINS_A_ROUND = 150
SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""
REPORT = """
mutation Report($samples: [SampleInput!]!) { reportSamples(input: {samples: $samples}) { accepted } }
"""
LEVELS = """
query Levels($after: String) { twins(first: 1000, after: $after) {
  nodes { twinId property(name: "level") { value { json timestamp } } } pageInfo { hasNextPage endCursor } } }
"""
RAISED = """
query Raised($after: String) { alertHistory(first: 1000, after: $after, where: {transition: [RAISED]}) {
  nodes { alert { ownerId code raisedAt } } pageInfo { hasNextPage endCursor } } }
"""
SECONDS = {"held": 1.0, "late": 1.5, "unseen": 2.0}
"""By code, how long after the level rose its alert is due."""


@dataclass
class Told:
    made: int = 0
    asked: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)


def _types() -> list[dict[str, Any]]:
    def alert(code: str, **more: Any) -> dict[str, Any]:
        return {"type": "alert", "severity": "critical", "message": "{level} m", "code": code, **more}

    held = {"name": "held", "conditions": ["level > 90 for 1s"], "actions": [alert("held")]}
    late = {
        "name": "late",
        "conditions": ["level > 90"],
        "actions": [alert("late", delay_on=SECONDS["late"])],
        "escalations": [
            {"after": SECONDS["unseen"], "unless_acknowledged": True, "actions": [alert("unseen")]},
        ],
    }
    level = {"name": "level", "data_type": "float", "access": "read-write"}
    return [{"kind": "TWIN_TYPE", "document": {"type_id": "tank", "properties": [level], "behaviors": [held, late]}}]


def _tanks(first: int) -> list[dict[str, Any]]:
    twins = range(first, first + TWINS_A_ROUND)
    return [{"kind": "TWIN", "document": {"twin_id": f"t{number}", "twin_type": "tank"}} for number in twins]


async def _fill_on(client: GraphqlClient, told: Told, first: int) -> None:
    """Two tanks at a time; each is filled once and stays full."""
    for number in range(first, first + TWINS_A_ROUND, 2):
        twins = [f"t{number}", f"t{number + 1}"]
        told.asked.update(twins)
        samples = [{"twinId": twin, "property": "level", "value": 95.0} for twin in twins]
        await client.execute(REPORT, {"samples": samples})
        told.answered.update(twins)
    await asyncio.Event().wait()


async def _pages(client: GraphqlClient, query: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.execute(query, {"after": after}))[name]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def _crash_at(data_dir: Path, told: Told, seconds: float) -> None:
    async with running_server(data_dir) as server, server.client as client:
        first = told.made
        documents = _tanks(first) if first else [*_types(), *_tanks(first)]
        await client.execute(SAVE, {"documents": documents})
        told.made += TWINS_A_ROUND
        filling = asyncio.create_task(_fill_on(client, told, first))
        done, _ = await asyncio.wait([filling], timeout=seconds)
        assert not done, filling.exception()
        assert await server.end(signal.SIGKILL) == -signal.SIGKILL
        if not filling.done():
            filling.cancel()
        for error in await asyncio.gather(filling, return_exceptions=True):
            assert isinstance(error, TwinOverlayError | asyncio.CancelledError), error


@pytest.mark.timeout(60 + 60 * ROUNDS)
async def test_a_timer_that_was_pending_when_the_server_was_killed_is_met_once_and_not_early(tmp_path: Path) -> None:
    told, moments = Told(), random.Random(ROUNDS)
    for _ in range(ROUNDS):
        await _crash_at(tmp_path, told, moments.uniform(0.3, 3.0))
    async with running_server(tmp_path) as server, server.client as client:
        levels = {item["twinId"]: item["property"]["value"] for item in await _pages(client, LEVELS, "twins")}
        full = {twin: value["timestamp"] for twin, value in levels.items() if value["json"] == 95.0}
        assert told.answered <= full.keys() <= told.asked

        async def all_raised() -> list[dict[str, Any]]:
            raised = await _pages(client, RAISED, "alertHistory")
            return raised if len(raised) >= len(SECONDS) * len(full) else []

        raised = [item["alert"] for item in await until(all_raised, "every pending timer is met", 30.0 + 6 * ROUNDS)]
        counts = Counter((item["ownerId"], item["code"]) for item in raised)
        assert counts == Counter({(twin, code): 1 for twin in full for code in SECONDS})
        for item in raised:
            waited = datetime.fromisoformat(item["raisedAt"]) - datetime.fromisoformat(full[item["ownerId"]])
            assert waited >= timedelta(seconds=SECONDS[item["code"]]), item
        assert await server.end() == 0
