"""The corpus, to the letter: what a script means, and what is said of one full of mistakes.

After a change that is meant: `REWRITE_EXPECTED=1 pytest tests/dtsl/test_examples.py`, then read the difference.
"""

import json
import os

import pytest

from app.bulk.canonical import in_order
from app.commands.check_scripts import check_script
from app.dtsl.format_script import format_script
from app.dtsl.parse import parse_script
from app.model.catalogue import Catalogue
from app.model.definitions import Overlay, OverlayType, RoleDefinition, Twin, TwinType, to_document
from tests.dtsl.corpus import CORPUS
from tests.dtsl.plant import catalogue


def test_our_own_script_means_its_json_documents() -> None:
    folder = CORPUS / "cooling_loop"

    checked = check_script((folder / "script.dtsl").read_text(encoding="utf-8"), catalogue())

    assert checked.diagnostics == ()
    expected = [
        json.loads((folder / name).read_text(encoding="utf-8")) for name in ("overlay_type.json", "overlay.json")
    ]
    # as text: 35 and 35.0, 1 and true are different here
    assert [json.dumps(to_document(item), sort_keys=True) for item in checked.definitions] == [
        json.dumps(item, sort_keys=True) for item in expected
    ]


def test_declarations_of_every_kind_mean_their_documents() -> None:
    folder = CORPUS / "pump_house"
    expected = folder / "documents.json"

    checked = check_script((folder / "script.dtsl").read_text(encoding="utf-8"), Catalogue())

    assert {item.code for item in checked.diagnostics} == {"DTSL513"}  # its twins have no devices
    said = json.dumps([in_order(item) for item in checked.definitions], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("REWRITE_EXPECTED"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", ["many_mistakes", "many_declarations", "syntax"])
def test_every_mistake_is_said_at_once_and_to_the_letter(case: str) -> None:
    source = (CORPUS / case / "script.dtsl").read_text(encoding="utf-8")
    expected = CORPUS / case / "expected.txt"

    checked = check_script(source, catalogue(), f"{case}.dtsl")

    said = "\n\n".join(found.render(source) for found in checked.diagnostics) + "\n"
    if os.environ.get("REWRITE_EXPECTED"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert checked.definitions == ()
    assert len(checked.diagnostics) >= 10


@pytest.mark.parametrize("case", ["cooling_loop", "pump_house"])
def test_formatting_is_canonical(case: str) -> None:
    source = (CORPUS / case / "script.dtsl").read_text(encoding="utf-8")
    expected = CORPUS / case / "formatted.dtsl"

    said = format_script(parse_script(source)[0])

    if os.environ.get("REWRITE_EXPECTED"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert format_script(parse_script(said)[0]) == said


def test_a_twin_of_a_subtype_fills_a_role_of_its_supertype() -> None:
    script = """
        overlay Drain { twins { CentrifugalPump pump; } }
        instance Drain1 of Drain { twins { pump = PumpB1; } }
    """
    booster = TwinType(type_id="booster_pump", extends="centrifugal_pump")
    plain = TwinType(type_id="booster_pump")
    pump = Twin(twin_id="pump_b_1", twin_type="booster_pump")

    checked = check_script(script, catalogue(booster, pump))
    assert [item.message for item in checked.diagnostics] == []
    assert len(checked.definitions) == 2

    assert [item.severity for item in check_script(script, catalogue(plain, pump)).diagnostics] == ["error"]


def test_a_role_of_an_overlay_type_takes_overlays_of_that_type() -> None:
    inner = OverlayType(type_id="drain", twin_roles=[RoleDefinition(role="pump", twin_type="centrifugal_pump")])
    outer = OverlayType(type_id="site", twin_roles=[RoleDefinition(role="drain", overlay_type="drain")])
    drain = "instance DrainA of Drain { twins { pump = Pump123; } }"
    plant = catalogue(inner, outer)

    checked = check_script(drain + "instance S of Site { twins { drain = DrainA; } }", plant)
    assert checked.diagnostics == ()
    overlay = checked.definitions[1]
    assert isinstance(overlay, Overlay)
    assert to_document(overlay)["twins"] == [{"overlay_id": "drain_a", "role": "drain"}]

    for script, code in (
        ("instance S of Site { }", "DTSL220"),
        ("instance S of Site { twins { drain = twin Pump123; } }", "DTSL220"),
        ("instance S of Site { twins { drain = DrainB; } }", "DTSL231"),
        ("instance S of Site { twins { drain = Other; } } instance Other { }", "DTSL212"),
    ):
        assert [item.code for item in check_script(drain + script, plant).diagnostics] == [code]
