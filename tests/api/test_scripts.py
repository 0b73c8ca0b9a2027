"""Scripts over GraphQL as an editor asks for them: diagnostics with ranges, the formatted text, and nothing changed."""

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant

CHECK = """query($source: String!) { checkDtsl(source: $source, name: "fans.dtsl") { valid diagnostics {
  code severity message hint file replacement rendered
  range { start { line column offset } end { line column offset } } } } }"""
FORMAT = "query($source: String!) { formatDtsl(source: $source) { text diagnostics { code rendered } } }"
EXECUTE = """mutation($source: String!) {
  executeDtsl(input: {script: {source: $source}, name: "fans.dtsl"}) { created { id } } }"""
WRONG = """overlay Fans {
  twins {
    Pmp mainFan;
    Pump? spareFan;
  }
  relationships { mainFan -> spareFan as x; }
}
"""


@pytest.fixture
def plant() -> Plant:
    return Plant()


async def test_a_script_is_checked_with_ranges_and_nothing_is_changed(plant: Plant) -> None:
    answer = (await ask(plant, CHECK, source=WRONG))["checkDtsl"]

    assert answer["valid"] is False
    wrong, warning = answer["diagnostics"]
    assert (wrong["code"], wrong["severity"], wrong["replacement"]) == ("DTSL201", "ERROR", "Pump")
    start, end = wrong["range"]["start"], wrong["range"]["end"]
    assert (start["line"], start["column"], end["line"], end["column"]) == (3, 5, 3, 8)
    assert WRONG[start["offset"] : end["offset"]] == "Pmp"
    assert wrong["rendered"].startswith("fans.dtsl:3:5: DTSL201 ")
    assert (warning["code"], warning["severity"], warning["replacement"]) == ("DTSL503", "WARNING", None)
    mended = await ask(plant, CHECK, source=WRONG.replace("Pmp", "Pump"))
    assert mended["checkDtsl"]["valid"] is True
    assert plant.store.changes == []


async def test_a_script_is_formatted(plant: Plant) -> None:
    answer = (await ask(plant, FORMAT, source="overlay Fans { // of the roof\n}"))["formatDtsl"]
    assert answer == {"text": "overlay Fans {\n  // of the roof\n}\n", "diagnostics": []}
    broken = (await ask(plant, FORMAT, source="overlay Fans {"))["formatDtsl"]
    assert broken["text"] is None
    assert broken["diagnostics"][0]["rendered"].startswith("script.dtsl:1:14: DTSL106 ")


async def test_a_refused_script_tells_the_same_as_checking_it(plant: Plant) -> None:
    error = await refused(plant, EXECUTE, source=WRONG)

    told = error["extensions"]["diagnostics"]
    checked = (await ask(plant, CHECK, source=WRONG))["checkDtsl"]["diagnostics"]
    assert [item["range"] for item in told] == [item["range"] for item in checked]
    assert [(item["code"], item["replacement"]) for item in told] == [("DTSL201", "Pump"), ("DTSL503", None)]
    assert [problem["code"] for problem in error["extensions"]["problems"]] == ["DTSL201"]


async def test_a_script_beyond_the_limit_is_a_diagnostic_too(plant: Plant) -> None:
    (found,) = (await ask(plant, CHECK, source="//" * 600_000))["checkDtsl"]["diagnostics"]
    assert found["code"] == "DTSL120"
