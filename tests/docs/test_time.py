"""docs/time.md as a promise: every scenario on it holds."""

import re
from pathlib import Path

import pytest

from app.scenarios.report import problems
from app.test import Files, run_text

TEXT = (Path(__file__).parents[2] / "docs" / "time.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```twins\n(.*?)```", TEXT, re.DOTALL)


def test_the_page_has_its_examples() -> None:
    assert len(SCRIPTS) == 4


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_holds(tmp_path: Path, script: str) -> None:
    (plant,) = re.findall(r"```json plant.json\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "plant.json").write_text(plant, encoding="utf-8")
    whole = f'use "plant.json"\n{script}'
    suite = run_text(whole, str(tmp_path / "time.twins"), Files(), "")
    assert suite.unreadable == []
    assert suite.results
    assert [list(problems(result, whole)) for result, _ in suite.results] == [[]] * len(suite.results)
