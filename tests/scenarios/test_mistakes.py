"""What is told of lines that are wrong: the code, the place, and what was meant."""

import pytest

from app.scenarios.parse import parse
from app.test import Files, run_text
from tests.scenarios.test_any_text import PLANT

UNREADABLE = [
    ("set Pump1.status ~ 5", "2:18 TWINS101", "names with other signs in them are quoted"),
    ('set Pump1.status = "off', "2:20 TWINS102", 'close it with " on the same line'),
    ('set Pump1.status = "o\\qff"', "2:22 TWINS103", "known:"),
    ("set Pump1.speed = 99999999999999999999", "2:19 TWINS104", "integers end at 2^63 - 1"),
    ("sett Pump1.status = 5", "2:1 TWINS105", "did you mean 'set'?"),
    ("Pump1.status = 5", "2:1 TWINS105", "a line begins with use, define"),
    ("set Pump1.status 5", "2:18 TWINS106", ""),
    ("set Pump1.status = off", "2:20 TWINS106", 'write a text in quotes: "off"'),
    ("set Pump1.status = 5 gud", "2:22 TWINS106", ""),
    ("set Pump1 = 5", "2:11 TWINS106", ""),
    ("quality Pump1.status = goood", "2:24 TWINS106", "did you mean 'good'?"),
    ("answer all acepted", "2:12 TWINS106", "did you mean 'accepted'?"),
    ("clock 1h", "2:7 TWINS106", "write 'clock +1h' or 'clock -1h'"),
    ("remove Pump1", "2:8 TWINS106", "write twin type, overlay type, relationship type, twin or overlay before"),
    ("lifecycle Here pending", "2:16 TWINS106", "known: draft, active, suspended, retired"),
    ("expect", "2:7 TWINS106", ""),
    ("expect Pump1", "2:13 TWINS106", "a twin is connected"),
    ("expect Pump1.failed", "2:20 TWINS106", "'active', 'inactive', 'evidence'"),
    ("expect alert Pump1.failed acknowleged", "2:27 TWINS106", "did you mean 'acknowledged'?"),
    ("expect no alrt", "2:11 TWINS106", "did you mean 'alert'?"),
    ("expect refused", "2:15 TWINS106", "such as VALUE_OUT_OF_RANGE"),
    ("edit\noverlay X {}", "2:1 TWINS107", "write 'end' on a line of its own"),
    ('scenario "x"', "2:10 TWINS109", "the first is in line 1"),
    ('use "more.dtsl"', "2:1 TWINS110", "in a scenario definitions are changed by 'edit'"),
    ("at 30sec", "2:4 TWINS113", "write it like 30s, 5m, 1h30m, 500ms or 2d"),
    ("at 30", "2:4 TWINS106", "write it like 30s"),
    ('at "tomorrow"', "2:4 TWINS114", 'write it like "2026-01-31T12:00:00Z"'),
    ("set Pump1.status = " + "[" * 30, "2:37 TWINS115", "write it flatter"),
    ("at 40000000d", "2:4 TWINS307", "choose an earlier moment"),
    ('set "a b".status = 5', "2:5 TWINS106", "an id is 1 to 128 characters"),
]
UNDOABLE = [
    ("set Pmp1.status = 5", "1:5 TWINS201", "did you mean 'Pump1'?"),
    ("set Pump1.sped = 5", "1:11 TWINS202", "did you mean 'speed'?"),
    ("expect Pump1.faild active", "1:14 TWINS203", "did you mean 'failed'?"),
    ("call Pump1.strt()", "1:12 TWINS204", "did you mean 'start'?"),
    ("expect Pmp1.failed active", "1:8 TWINS205", "did you mean 'Pump1'?"),
    ("lifecycle Here active", "1:11 TWINS206", ""),
    ("event Pump1.triped", "1:13 TWINS208", "did you mean 'tripped'?"),
    ("remove overlay type Station", "1:21 TWINS209", ""),
    ('set Pump1.status = "off", Pump1.speed = 5', "1:1 TWINS301", "write two lines"),
    ("answer Pump1.start accepted", "1:1 TWINS303", "no call was sent that is not answered yet"),
    ("acknowledge Pump1.failed", "1:1 TWINS304", "no alert is open"),
    ("at 5s\nat 4s", "2:1 TWINS306", "write '+' before it for 'later'"),
    ("at 36600d\nat +1s", "2:1 TWINS307", "choose an earlier moment"),
    ("reread Pump1", "1:1 TWINS310", "set its properties first"),
]


@pytest.mark.parametrize(("line", "told", "hint"), UNREADABLE)
def test_a_line_that_can_not_be_read_is_told_at_its_place(line: str, told: str, hint: str) -> None:
    text = f'scenario "x"\n{line}\nexpect nothing\n'
    _, problems = parse(text, "any.twins")
    assert [f"{item.line}:{item.column} {item.code}" for item in problems] == [told]
    assert hint in problems[0].hint


@pytest.mark.parametrize(("line", "told", "hint"), UNDOABLE)
def test_a_line_that_can_not_be_done_is_told_at_its_place(line: str, told: str, hint: str) -> None:
    suite = run_text(f"{PLANT}{line}\n", "any.twins", Files(), "")
    assert suite.unreadable == []
    ((result, _),) = suite.results
    before = PLANT.count("\n")
    assert [f"{item.line - before}:{item.column} {item.code}" for item in result.errors] == [told]
    assert hint in result.errors[0].hint


def test_all_lines_that_are_wrong_are_told_at_once() -> None:
    text = 'scenario "x"\n' + "".join(f"{line}\n" for line, _, _ in UNREADABLE[:10])
    _, problems = parse(text, "any.twins")
    assert [item.line for item in problems] == list(range(2, 12))


def test_all_names_that_are_wrong_are_told_at_once_and_nothing_is_judged_with_them() -> None:
    lines = "set Pmp1.status = 'off'\nexpect Pump1.failed active\nexpect Pump1.faild active\nset Pump1.sped = 5\n"
    ((result, _),) = run_text(PLANT + lines, "any.twins", Files(), "").results
    assert [item.code for item in result.errors] == ["TWINS201", "TWINS203", "TWINS202"]
    assert result.failures == []


def test_a_script_without_a_scenario_is_told_what_one_looks_like() -> None:
    for text in ("", "// nothing\n", "\ufeffset Pump1.status = 5\n"):
        _, problems = parse(text, "any.twins")
        assert [item.code for item in problems] == ["TWINS108"]
        assert problems[0].hint == 'write: scenario "what should happen"'


def test_there_is_an_end_to_what_is_told() -> None:
    _, problems = parse('scenario "x"\n' + "sett\n" * 1000, "any.twins")
    assert (len(problems), problems[-1].code) == (201, "TWINS112")


def test_windows_line_ends_tabs_and_a_byte_order_mark_are_no_mistakes() -> None:
    text = "\ufeff" + PLANT.replace("\n", "\r\n") + "\tset\tPump1.status = 'fault'\r\n\texpect Pump1.failed active\r\n"
    suite = run_text(text, "any.twins", Files(), "")
    assert suite.unreadable == []
    assert [result.passed for result, _ in suite.results] == [True]
