"""docs/control.md: every block of it does what it says, in their order, on the real engine."""

import re
from pathlib import Path
from typing import Any

from tests.api.client import ask
from tests.api.plant import Plant

PAGE = Path(__file__).parents[2] / "docs" / "control.md"
BLOCKS = re.findall(r"```graphql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


async def test_the_page_does_what_it_says() -> None:
    plant = Plant()
    plant.start()
    plant.hear("pump_123", "temperature", 60.0)
    answers: list[Any] = [(await ask(plant, block)) for block in BLOCKS]
    out, back, forced, standing, released, reported = answers
    value = out["takeOutOfService"]["value"]
    assert (value["known"], value["reason"], value["reported"]["known"]) == (False, "OutOfService", True)
    assert back["returnToService"]["value"] == {"number": 60.0, "known": True, "override": None}
    assert forced["forceValue"]["value"]["number"] == 20.0
    assert standing["overrides"]["totalCount"] == 1
    assert standing["overrides"]["nodes"][0]["value"]["reported"]["number"] == 60.0
    assert reported["reportSamples"]["accepted"] == 2
    assert reported["reportSamples"]["rejected"] == [{"index": 2, "property": "open", "reason": "TypeMismatch"}]
    assert released["releaseForce"] == {"changed": True, "value": {"number": 60.0, "override": None}}
