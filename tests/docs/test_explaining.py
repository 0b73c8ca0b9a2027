"""docs/explaining.md: every query of it answers, on the real engine, and every command line is one."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from app.__main__ import app
from app.model.events import Reading, ReportSamples, Sample
from tests.api.client import ask
from tests.api.plant import Plant

PAGE = (Path(__file__).parents[2] / "docs" / "explaining.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```graphql\n(.*?)```", PAGE, re.S)
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.strip().splitlines()]


async def test_the_page_does_what_it_says() -> None:
    plant = Plant()
    plant.start()
    sample = Sample("pump_124", "temperature", 78.4, plant.clock.now())
    plant.line.take(ReportSamples((Reading("report", plant.clock.now(), (sample,)),), "eva"))
    plant.hear("pump_123", "temperature", 91.5)
    answers: list[Any] = [await ask(plant, block) for block in BLOCKS]
    why, raised, earlier, faulty, why_not, foreseen, beside = answers
    assert earlier["behavior"] == {"explanation": None}
    assert faulty["behaviors"]["totalCount"] == 0
    explanation = why["behavior"]["explanation"]
    assert "is 91.5 celsius, at least 80.0 celsius" in explanation["text"]
    assert explanation["nodes"][1]["value"] == 91.5
    assert raised["alerts"]["nodes"][0]["explanation"]["inputs"][0]["value"]["json"] == 91.5
    parts = why_not["behavior"]["whyNot"]["ways"][0]["parts"]
    assert parts[0]["text"] == "temperature of 'pump_124' is 78.4 celsius, needs >= 80.0"
    turned = [(item["step"], item["behavior"], item["state"]) for item in foreseen["rehearse"]["transitions"]]
    assert turned == [(0, "hot", "INACTIVE"), (1, "hot", "ACTIVE"), (2, "hot", "ACTIVE")]
    assert beside["rehearseDefinitions"]["whole"] is True


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_is_one(line: str) -> None:
    program, name, *arguments = shlex.split(line)
    assert program == "twin-overlay"
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    command.make_context(name, arguments, resilient_parsing=False)
