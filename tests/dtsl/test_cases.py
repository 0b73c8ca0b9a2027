"""Case folders, to the letter: a script, its formatted form, and all that is said of it (nothing of the valid ones).

After a change that is meant: `REWRITE_EXPECTED=1 pytest tests/dtsl/test_cases.py`, then read the difference.
"""

import os
from pathlib import Path

import pytest

from app.commands.check_scripts import check_script
from app.dtsl.explain import explanations, whole
from app.dtsl.format_script import format_text
from tests.dtsl.corpus import CORPUS
from tests.dtsl.plant import catalogue

CASES = sorted((CORPUS / "cases").glob("*/*"))
PLANT = catalogue()
_WIDEST = 200


def _holds(file: Path, said: str) -> None:
    if os.environ.get("REWRITE_EXPECTED"):
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_case_is_said_to_the_letter(folder: Path) -> None:
    source = (folder / "script.dtsl").read_text(encoding="utf-8")

    found = check_script(source, PLANT, f"{folder.name}.dtsl").diagnostics
    formatted = format_text(source)

    _holds(folder / "diagnostics.txt", "".join(item.render(source) + "\n" for item in found))
    _holds(folder / "formatted.dtsl", formatted.text or "")
    assert (found == ()) == (folder.parent.name == "valid")
    if formatted.text is not None:
        assert format_text(formatted.text).text == formatted.text


def test_there_are_cases_enough() -> None:
    assert len(CASES) + len(list(CORPUS.glob("*/script.dtsl"))) >= 120


def test_every_message_is_in_one_file() -> None:
    """What the example of each code gives, as a terminal shows it."""
    said = []
    for item in explanations().values():
        if item.language == "dtsl":
            source = whole(item.wrong)
            found = [one for one in check_script(source, PLANT, "example.dtsl").diagnostics if one.code == item.code]
            lines = [line[:_WIDEST] for one in found[:2] for line in one.render(source).split("\n")]
            said += ["\n".join(lines)] if lines else []

    _holds(CORPUS / "messages.txt", "\n\n".join(said) + "\n")
    assert len(said) > 90
