"""Everything that a behavior does, in a script: what it means, its one form, the way back, and what is said of slips.

After a change that is meant: `REWRITE_EXPECTED=1 pytest tests/dtsl/test_behaviors.py`, then read the difference.
"""

import json
import os
from typing import Any

import pytest

from app.commands.check_scripts import check_script
from app.dtsl.ast import Script
from app.dtsl.format_script import format_script, format_text
from app.dtsl.raise_definitions import raised
from app.dtsl.references import dtsl_reference, json_reference, read_reference
from app.dtsl.spelling import letters_of, unquote
from app.model.conditions import PropertyRef
from app.model.definitions import OverlayType, to_document
from tests.dtsl.corpus import CORPUS
from tests.dtsl.plant import catalogue

FOLDER = CORPUS / "reflexes"
SCRIPT = (FOLDER / "script.dtsl").read_text(encoding="utf-8")
PLANT = catalogue()


def _as_written(name: str, text: str) -> str:
    """What the corpus has; rewritten first where that is asked for."""
    if os.environ.get("REWRITE_EXPECTED"):
        (FOLDER / name).write_text(text, encoding="utf-8")
    return (FOLDER / name).read_text(encoding="utf-8")


def _meant(script: str) -> dict[str, Any]:
    checked = check_script(script, PLANT)
    assert [item.render(script) for item in checked.diagnostics if item.severity == "error"] == []
    return to_document(checked.definitions[0])


def test_a_script_means_its_document() -> None:
    found = json.dumps(_meant(SCRIPT), indent=2, ensure_ascii=False) + "\n"
    assert found == _as_written("overlay_type.json", found)


def test_it_has_one_form_that_keeps_every_comment() -> None:
    found = format_text(SCRIPT).text
    assert found is not None
    assert found == _as_written("formatted.dtsl", found)
    assert format_text(found).text == found
    assert _meant(found) == _meant(SCRIPT)


def test_the_document_comes_back_from_its_script() -> None:
    document = _meant(SCRIPT)
    script = format_script(Script((raised(OverlayType.model_validate(document)),)))
    assert _meant(script) == document


BEHAVIOR = """overlay Station {
  twins { CentrifugalPump pump; CentrifugalPump? spare; Valve valve; }
  behaviors {
    behavior other { when { pump.remote } }
    behavior hot {
      %s
    }
  }
}
"""
THEN = "when { pump.temperature > 80.0 } then { %s }"
SLIPS = [
    # (in the behavior, code, the text under the carets, a part of the hint)
    (THEN % 'alert(info, "{pump.temperatur}");', "DTSL205", "pump.temperatur", "'temperature'"),
    (THEN % r'alert(info, "\"\t{pmp.speed}");', "DTSL204", "pmp.speed", "'pump'"),
    (THEN % 'alert(info, "{pump.speed");', "DTSL160", "{", "{{"),
    (THEN % 'alert(info, "{pump.speed * 2}");', "DTSL161", "pump.speed * 2", "let"),
    (THEN % 'alert(info, "{pump.speed:wide}");', "DTSL160", ":wide", "{name:.1f}"),
    (THEN % 'alert(info "x");', "DTSL162", " ", "commas"),
    (THEN % 'alert(info, "x", delayOm 5s);', "DTSL261", "delayOm", "'delayOn'"),
    (THEN % 'alert(info, "x", lached);', "DTSL261", "lached", "'latched'"),
    (THEN % 'alert(info, "x", 5);', "DTSL261", "5", "options"),
    (THEN % 'alert(info, "x", latched, latched);', "DTSL140", "latched", "leave one"),
    (THEN % 'alert(info, "x", delayOn true);', "DTSL370", "delayOn", ""),
    (THEN % 'alert(info, "x", deadband = 2.0);', "DTSL370", "deadband", "without '='"),
    (THEN % 'alert(info, "x", code a); alert(info, "y", code a);', "DTSL209", "code", "own code"),
    (THEN % 'required alert(info, "x");', "DTSL371", 'required alert(info, "x")', "remove 'required'"),
    (THEN % 'emit pump.triped(1, "x");', "DTSL260", "triped", "'tripped'"),
    (THEN % "emit tripped(1);", "DTSL210", "tripped", "'pump.tripped'"),
    (THEN % 'emit pump.tripped("1", "x");', "DTSL307", '"1"', ""),
    (THEN % "emit pump.tripped(1);", "DTSL306", "emit pump.tripped(1)", "code, reason"),
    (THEN % 'pump.schedule(mode = "eco", 3);', "DTSL338", 'pump.schedule(mode = "eco", 3)', "front"),
    (THEN % 'pump.schedule("eco", cycle = 3);', "DTSL337", "cycle", "'cycles'"),
    (THEN % "within 5s expect pump.sped > 1;", "DTSL205", "sped", "'speed'"),
    (THEN % "within 5s expect pump.remote for 5s;", "DTSL372", "pump.remote for 5s", "leave out"),
    (THEN % "within 5s expect pump.remote else { pump.strt(); }", "DTSL206", "strt", "'start'"),
    (THEN % "" + " otherwise { pump.strt(); }", "DTSL206", "strt", "'start'"),
    (THEN % "" + ' otherwise { alert(info, "x", delayOn 5s); }', "DTSL372", "delayOn", "among the actions"),
    (THEN % "" + " escalate after 5m { pump.strt(); }", "DTSL206", "strt", "'start'"),
    ("suppressed by hot; " + THEN % "", "DTSL264", "hot", "another"),
    ("suppressed by othr; " + THEN % "", "DTSL263", "othr", "'other'"),
    ("on load actt; " + THEN % "", "DTSL262", "actt", "'act'"),
    ("let x = pump.sped; when { x > 1 }", "DTSL205", "sped", "'speed'"),
    ("when { on pump.tripped } otherwise { pump.start(); }", "DTSL372", "otherwise", "lasts"),
]


@pytest.mark.parametrize(("inside", "code", "under", "hint"), SLIPS, ids=[f"{slip[1]} {slip[2]}" for slip in SLIPS])
def test_a_slip_is_told_where_it_is(inside: str, code: str, under: str, hint: str) -> None:
    script = BEHAVIOR % inside

    errors = [item for item in check_script(script, PLANT).diagnostics if item.severity == "error"]

    assert len(errors) == 1, [item.render(script) for item in errors]
    shown = errors[0].render(script)
    assert code in shown
    assert script[errors[0].offset : errors[0].end_offset].startswith(under), shown
    assert hint in errors[0].hint


def test_what_surely_has_no_effect_is_warned_of_at_its_place() -> None:
    script = BEHAVIOR % ('when { pump.remote } then { alert(info, "x", deadband 2.0); spare.start(); }')
    found = [(item.severity, script[item.offset : item.end_offset]) for item in check_script(script, PLANT).diagnostics]
    assert found == [("warning", "deadband"), ("warning", "spare")]


def test_a_behavior_of_a_twin_type_says_all_of_it_about_itself() -> None:
    script = """twin type Booster extends CentrifugalPump {
      behaviors {
        behavior hot {
          when { temperature > 80.0 }
          then {
            alert(info, "{temperature} {this.speed}");
            required start();
            emit tripped(1, "hot");
            within 5s expect status == "running" else { this.speed = 10.0; }
          }
        }
      }
    }"""
    (behavior,) = _meant(script)["behaviors"]
    alert, call, event, expected = behavior["actions"]
    assert alert["message"] == "{temperature} {speed}"
    assert (call["method"], call["required"], "role" in call) == ("start", True, False)
    assert (event["event"], "role" in event) == ("tripped", False)
    assert (expected["within"], expected["condition"]) == (5.0, "status == 'running'")
    assert expected["otherwise"] == [{"type": "property_write", "property": "speed", "value": 10.0}]


def test_a_second_of_what_is_said_once_is_told() -> None:
    script = BEHAVIOR % ("on load act; on load withhold; " + THEN % "" + " otherwise { } otherwise { }")
    codes = [item.code for item in check_script(script, PLANT).diagnostics]
    assert codes == ["DTSL116", "DTSL116"]


@pytest.mark.parametrize(
    ("written", "reference", "as_json", "as_dtsl"),
    [
        ("temperature", PropertyRef(None, "temperature"), "temperature", "temperature"),
        (" flowRate ", PropertyRef(None, "flow_rate"), "flow_rate", "flowRate"),
        ("primaryPump.flow_rate", PropertyRef("primary_pump", "flow_rate"), "primary_pump.flow_rate",
         "primaryPump.flowRate"),
        ("a.b.c", PropertyRef("a/b", "c"), "a.b.c", "a.b.c"),
        ("'P-1'.x", PropertyRef("P-1", "x"), "'P-1'.x", "'P-1'.x"),
        ('"P:1" . "x"', PropertyRef("P:1", "x"), "'P:1'.x", "'P:1'.x"),
        ("this.'X-1'", PropertyRef(None, "X-1"), "this.'X-1'", "this.'X-1'"),
        ("this.x", PropertyRef(None, "x"), "x", "x"),
    ],
)  # fmt: skip
def test_a_reference_reads_the_same_in_both_notations(
    written: str, reference: PropertyRef, as_json: str, as_dtsl: str
) -> None:
    assert read_reference(written) == reference
    assert (json_reference(reference), dtsl_reference(reference)) == (as_json, as_dtsl)
    assert read_reference(as_json) == read_reference(as_dtsl) == reference


@pytest.mark.parametrize(
    "text", ["", "true", "'x'", "a.", ".a", "a b", "a + b", "5", "this.a.b", "'x", "a..b", "'\\q'.x."]
)
def test_whatever_else_is_no_reference(text: str) -> None:
    assert read_reference(text) is None


@pytest.mark.parametrize("written", ['"abc"', r'"a\"b\n"', r'"\u00e4x"', r'"\ud83d\ude00!"', '""', r"'\\'"])
def test_every_letter_of_a_text_has_its_place(written: str) -> None:
    places = letters_of(written)
    assert len(places) == len(unquote(written)[0]) + 1
    assert places[-1] == len(written) - 1
    assert places == sorted(places)
