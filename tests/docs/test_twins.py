"""docs/twins.md as a promise: every scenario on it holds, and what it says of one that fails is what is said."""

import re
from pathlib import Path

import pytest

from app.dtsl.format_script import format_text
from app.scenarios import messages
from app.scenarios.actions import ACTIONS
from app.scenarios.expectations import EXPECTATIONS
from app.scenarios.junit import Suite
from app.scenarios.parse import MAX_LINES, MAX_PROBLEMS, MAX_SOURCE
from app.scenarios.report import problems
from app.scenarios.stage import MAX_TICKS
from app.test import Files, run_text

PAGE = Path(__file__).parents[2] / "docs" / "twins.md"
TEXT = PAGE.read_text(encoding="utf-8")
FRAGMENT = 'use "plant.json"\nuse "station.dtsl"\nscenario "of the page"\n'


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"```{re.escape(kind)}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("json plant.json", "dtsl station.dtsl"):
        (block,) = _blocks(kind)
        (tmp_path / kind.split()[1]).write_text(block, encoding="utf-8")
    return tmp_path


def _run(folder: Path, script: str) -> Suite:
    return run_text(script, str(folder / "station.twins"), Files(), "")


def test_the_page_has_its_examples() -> None:
    assert (len(_blocks("twins")), len(_blocks("twins-lines")) >= 6) == (2, True)


@pytest.mark.parametrize("script", [*_blocks("twins"), *(FRAGMENT + lines for lines in _blocks("twins-lines"))])
def test_an_example_holds(folder: Path, script: str) -> None:
    suite = _run(folder, script)
    assert suite.unreadable == []
    assert suite.results
    assert [list(problems(result, script)) for result, _ in suite.results] == [[]] * len(suite.results)


def test_the_example_of_the_readme_holds(folder: Path) -> None:
    text = (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")
    (script,), (overlay, *_) = (
        re.findall(r"```twins\n(.*?)```", text, re.DOTALL),
        re.findall(r"```dtsl\n(.*?)```", text, re.DOTALL),
    )
    plant = (folder / "plant.json").read_text(encoding="utf-8").replace('"pump"', '"centrifugal_pump"')
    (folder / "pump.json").write_text(plant, encoding="utf-8")
    instance = "instance NorthStation of PumpingSystem { twins { primaryPump = Pump123; backupPump = Pump124; } }"
    (folder / "pumping_system.dtsl").write_text(overlay + instance, encoding="utf-8")
    suite = _run(folder, script)
    assert suite.unreadable == []
    assert [result.passed for result, _ in suite.results] == [True]


def test_the_overlay_of_the_page_is_formatted() -> None:
    (script,) = _blocks("dtsl station.dtsl")
    assert format_text(script).text == script


def test_a_failure_is_told_as_the_page_says(folder: Path) -> None:
    (script,), (told,) = _blocks("twins-wrong"), _blocks("told")
    ((result, _),) = _run(folder, script).results
    assert "\n\n".join(problems(result, script)).replace(f"{folder}/", "") + "\n" == told


def test_every_first_word_is_on_the_page() -> None:
    told = set(re.findall(r"(?:^|`|\| )(?:[^`|\n]*`)?([a-z]+)", TEXT)) | set(re.findall(r"`([a-z]+)", TEXT))
    assert {*ACTIONS, "use", "define", "scenario", "edit", "expect"} <= told
    assert set(EXPECTATIONS) <= set(re.findall(r"expect ([a-z_]+)", TEXT)) | set(re.findall(r"`([a-z_]+)`", TEXT))


def test_the_limits_are_those_of_the_program() -> None:
    for limit in (MAX_SOURCE, MAX_LINES, MAX_PROBLEMS, MAX_TICKS):
        assert f"{limit:,}" in TEXT


def test_every_code_is_on_the_page() -> None:
    source = Path(messages.__file__).read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r'"TWINS(\d+)"', source)} | {
        int(code) for code in re.findall(r"unknown\((\d+),", source)
    }
    told: set[int] = set()
    for row in re.findall(r"^\| TWINS([^|]*)\|", TEXT, re.MULTILINE):
        for part in row.replace("TWINS", "").split(","):
            first, _, last = part.strip().partition(" to ")
            told.update(range(int(first), int(last or first) + 1))
    assert codes == told
