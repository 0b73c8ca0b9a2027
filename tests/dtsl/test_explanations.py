"""Every code has its long form, whose example really gives it and whose mended form gives nothing at all."""

import json
import re
from pathlib import Path

import pytest

from app.bulk.kinds import kind_of_document
from app.commands.check_scripts import check_script
from app.commands.check_together import check_together
from app.commands.documents import definition_of
from app.dtsl import diagnostics
from app.dtsl.examine import check_condition
from app.dtsl.explain import Explanation, explain, explanations, is_fragment, whole
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Scope
from app.errors import Invalid
from app.model.definitions import OverlayType, RoleDefinition
from tests.dtsl.plant import catalogue

PLANT = catalogue(
    OverlayType(type_id="drain", twin_roles=[RoleDefinition(role="pump", twin_type="centrifugal_pump")]),
    OverlayType(type_id="site", twin_roles=[RoleDefinition(role="cellar", overlay_type="drain")]),
)
FILES = sorted(Path(diagnostics.__file__).parent.glob("diagnostics*.py"))
CODES = sorted({code for file in FILES for code in re.findall(r'"(DTSL\d{3})"', file.read_text(encoding="utf-8"))})


def test_every_code_is_explained_and_no_other() -> None:
    assert list(explanations()) == CODES
    assert len(CODES) > 60


def test_a_code_has_one_meaning() -> None:
    """One text explains it, and its messages stand in one file, but for three that say one thing in two."""
    homes = [{*re.findall(r'"(DTSL\d{3})"', file.read_text(encoding="utf-8"))} for file in FILES]
    texts = [file.read_text(encoding="utf-8") for file in (FILES[0].parent / "explanations").glob("*.md")]
    explained = [code for text in texts for code in re.findall(r"^## (DTSL\d{3})", text, re.MULTILINE)]

    assert sorted(explained) == CODES
    assert {code for code in CODES if sum(code in home for home in homes) > 1} == {"DTSL210", "DTSL217", "DTSL260"}


@pytest.mark.parametrize("item", explanations().values(), ids=lambda item: item.code)
def test_an_example_gives_its_code_and_the_mended_one_nothing(item: Explanation) -> None:
    assert item.code in _codes(item.language, item.wrong)
    assert _codes(item.language, item.mended) == set()


def _codes(language: str, example: str) -> set[str]:
    if language == "dtsl":
        return {found.code for found in check_script(whole(example), PLANT).diagnostics}
    if language == "condition":
        return _codes_of_condition(whole(example).strip())
    content = json.loads(example)
    definitions = []
    for document in content if isinstance(content, list) else [content]:
        kind = kind_of_document(document)
        assert kind is not None
        definitions.append(definition_of(kind, document))
    together = check_together([], definitions, PLANT)
    return {found.code for item in together.definitions for found in (*item.problems, *item.warnings)}


def _codes_of_condition(text: str) -> set[str]:
    pump = PLANT.type_capabilities("centrifugal_pump")
    try:
        condition = parse_condition(text)
    except Invalid as error:
        return {problem.code for problem in error.problems}
    return {problem.code for problem in check_condition(condition, Scope(pump.properties, {}), "")}


def test_an_explanation_is_found_by_its_number_alone() -> None:
    assert explain("204") == explain("dtsl204") == explain("DTSL204")
    assert explain("DTSL999") is None
    assert explain("") is None


def test_an_explanation_reads_well_on_a_terminal() -> None:
    text = explain("DTSL111")

    assert text is not None
    assert text.startswith("DTSL111 One equals sign in a condition\n\n")
    assert '    when { pump.status = "fault" }\n' in text
    assert "Mended:\n\n    when {" in text
    assert "CentrifugalPump? spare;" in text  # a fragment says what it stands in
    assert "```" not in text
    assert not is_fragment("overlay X {}")
