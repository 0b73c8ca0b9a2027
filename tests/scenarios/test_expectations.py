"""Every kind of expectation, as it holds and as it does not: one that could not fail would say nothing."""

from typing import get_args

import pytest

from app.model.events import AlertTransition
from app.scenarios.expectations import EXPECTATIONS
from app.test import Files, run_text

PLANT = """define json
[{"type_id": "pump",
  "properties": [{"name": "status", "data_type": "enum", "enum_values": ["off", "fault"]},
                 {"name": "level", "data_type": "float"},
                 {"name": "speed", "data_type": "float", "access": "read-write", "max_value": 100.0},
                 {"name": "limit", "data_type": "float", "access": "read-write"}],
  "methods": [{"name": "start"}, {"name": "move", "parameters": [{"name": "to", "data_type": "float"},
                                                                {"name": "how", "data_type": "string"}]}],
  "events": [{"name": "tripped", "parameters": [{"name": "code", "data_type": "integer"}]}],
  "behaviors": [{"name": "failed", "conditions": ["status == 'fault'"],
                 "actions": [{"type": "alert", "severity": "error", "message": "it failed", "code": "f"},
                             {"type": "method_call", "method": "move",
                              "parameters": [{"name": "to", "value": 5.0}, {"name": "how", "value": "fast"}]},
                             {"type": "property_write", "property": "speed", "value": 10.0}]}],
  "connectivity": {"protocol": "opc-ua", "endpoint": "opc.tcp://127.0.0.1:1", "mapping": {
      "properties": {"status": {"node_id": "ns=2;s=a"}, "level": {"node_id": "ns=2;s=c"},
                     "speed": {"node_id": "ns=2;s=b"}},
      "methods": {"start": {"node_id": "ns=2;s=m"}, "move": {"node_id": "ns=2;s=n"}},
      "events": {"tripped": {"node_id": "ns=2;s=e"}}}}},
 {"twin_id": "pump_1", "twin_type": "pump"}]
end
scenario "x"
  set Pump1.status = "off", Pump1.level = 3.0 uncertain "Substituted"
  expect Pump1.status == "off"
  set Pump1.status = "fault"
"""
HOLDS = [
    'Pump1.status == "fault"',
    'Pump1.status != "off" good known',
    "Pump1.level == 3",
    "Pump1.level < 3.5",
    "Pump1.level >= 3.0 uncertain known",
    'Pump1.level uncertain "Substituted"',
    'Pump1.speed unknown bad "NoReading"',
    "Pump1 connected",
    "Pump1.failed active",
    "Pump1.failed evidence true",
    "Pump1.failed active fired",
    "twin Pump1.failed active evidence true",
    "alert Pump1.failed",
    'alert Pump1.failed error "it failed" code f active unacknowledged',
    'alert Pump1.failed containing "failed" active code f',
    "no alert Pump1.failed code g",
    "raised Pump1.failed",
    "raised alert Pump1.failed code f",
    "call Pump1.move",
    'call Pump1.move(5, "fast")',
    'call Pump1.move(to = 5.0, how = "fast") decided',
    "call Pump1.move attempted",
    "write Pump1.speed",
    "write Pump1.speed = 10",
    "no call Pump1.start",
    "no call Pump1.move(4, 'fast')",
    "no write Pump1.speed = 11",
    'why Pump1.failed containing "is active"',
    'why alert Pump1.failed containing "was raised"',
    'why not Pump1.failed containing "is active"',
]
FAILS = [
    ('Pump1.status == "off"', 'Pump1.status = "fault" good, reported 0s ago'),
    ('Pump1.status != "fault"', 'Pump1.status = "fault" good, reported 0s ago'),
    ("Pump1.level > 3.0", "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ('Pump1.level < "x"', "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ("Pump1.level == true", "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ("Pump1.level == 3.0 good", "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ("Pump1.level unknown", "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ('Pump1.level uncertain "Other"', "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ("Pump1.level forced", "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ("Pump1.level out of service", "Pump1.level = 3.0 uncertain (Substituted), reported 0s ago"),
    ("Pump1.speed == 0", "Pump1.speed unknown (NoReading)"),
    ("Pump1.speed known", "Pump1.speed unknown (NoReading)"),
    ("Pump1 disconnected", "Pump1 connected"),
    ('Pump1 connected "cable"', "Pump1 connected"),
    ("Pump1.failed inactive", "Pump1.failed active evidence true"),
    ("Pump1.failed active evidence unknown", "Pump1.failed active evidence true"),
    ('Pump1.failed skipped "call"', "Pump1.failed active evidence true"),
    ('Pump1.failed error "x"', "Pump1.failed active evidence true"),
    ("alert Pump1.failed warning", 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ('alert Pump1.failed "it"', 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ("alert Pump1.failed code g", 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ("alert Pump1.failed cleared", 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ("alert Pump1.failed acknowledged", 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ("alert Pump1.failed latched", 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ("no alert", 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ("no alert Pump1.failed", 'alert Pump1.failed error "it failed" code f active unacknowledged'),
    ("cleared Pump1.failed", 'alert raised: Pump1.failed error "it failed" code f active unacknowledged'),
    ("call Pump1.start", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("call Pump1.move(4, 'fast')", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("call Pump1.move(to = 5)", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("call Pump1.move accepted", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("call Pump1.move decided CALL_INTERLOCKED", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("write Pump1.speed = 11", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("no call", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("no call Pump1.move", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("no call Pump1.move(to = 5, how = 'fast')", 'call decided: Pump1.move(to = 5.0, how = "fast")'),
    ("no write Pump1.speed = 10", "write decided: Pump1.speed = 10.0"),
    ("no write", "write decided: Pump1.speed = 10.0"),
    ("no write Pump1.speed", "write decided: Pump1.speed = 10.0"),
    ("event Pump1.tripped", "no event in this step"),
    ("nothing", "Pump1.failed inactive -> active, evidence true"),
    ("nothing else", "Pump1.failed inactive -> active, evidence true"),
    ("refused VALUE_OUT_OF_RANGE", "nothing was refused"),
    ("rejected Pump1.status NotInEnum", "nothing was rejected"),
    ('why Pump1.failed containing "nonsense"', "Behavior 'failed' of twin 'pump_1' is active since"),
]


def _failures(lines: str) -> list[tuple[str, ...]]:
    suite = run_text(f"{PLANT}{lines}\n", "any.twins", Files(), "")
    assert suite.unreadable == []
    ((result, _),) = suite.results
    assert result.errors == []
    return [failure.found for failure in result.failures]


@pytest.mark.parametrize("line", HOLDS)
def test_what_is_so_holds(line: str) -> None:
    assert _failures(f"expect {line}") == []


@pytest.mark.parametrize(("line", "found"), FAILS)
def test_what_is_not_so_fails_and_shows_what_is(line: str, found: str) -> None:
    ((first, *_),) = _failures(f"expect {line}")
    assert first.startswith(found)


def test_every_first_word_is_tried_both_ways() -> None:
    tried = {line.split()[0] for line, _ in FAILS}
    assert tried >= set(EXPECTATIONS) - set(get_args(AlertTransition))
    assert tried & set(get_args(AlertTransition)), "they are all one expectation"


def test_nothing_else_is_what_no_expectation_of_the_step_has_named() -> None:
    lines = "expect Pump1.failed active\nexpect alert Pump1.failed\nexpect call Pump1.move\nexpect write Pump1.speed\n"
    assert _failures(lines + "expect nothing else") == []
    told = _failures("expect Pump1.failed active\nexpect call Pump1.move\nexpect nothing else")
    assert told == [
        (
            'alert raised: Pump1.failed error "it failed" code f active unacknowledged',
            "write decided: Pump1.speed = 10.0",
        )
    ]


def test_what_fired_before_this_step_has_not_fired_in_it() -> None:
    assert _failures("expect Pump1.failed fired\nat +1s\nexpect Pump1.failed active fired") == [
        ("Pump1.failed active evidence true",)
    ]


def test_a_step_begins_with_the_first_line_that_does_something_after_an_expectation() -> None:
    assert _failures("expect call Pump1.move\nexpect call Pump1.move\nat +1s\nexpect no call\nexpect nothing") == []


def test_expectations_that_stand_together_are_all_judged_and_then_it_ends() -> None:
    assert len(_failures("expect no call\nexpect no alert\nset Pump1.status = 'off'\nexpect Pump1.level == 7")) == 2


@pytest.mark.parametrize(
    ("line", "expected", "told"),
    [
        ("write Pump1.speed = 500", "refused VALUE_OUT_OF_RANGE", "refused VALUE_OUT_OF_RANGE"),
        ("call Pump1.move()", 'refused ARGUMENTS_INVALID containing "needs"', "refused ARGUMENTS_INVALID"),
        ("set Pump1.status = 'x'", "rejected Pump1.status NotInEnum", "rejected Pump1.status NotInEnum"),
    ],
)
def test_a_refusal_fails_the_scenario_unless_it_is_expected(line: str, expected: str, told: str) -> None:
    assert _failures(f"{line}\nexpect {expected}") == []
    for after in ("", "expect Pump1.failed active", "at +1s", f"expect {expected}\n{line}"):
        ((first, *_),) = _failures(f"{line}\n{after}")
        assert first.startswith(told)
    other = expected.replace("VALUE_OUT_OF_RANGE", "OTHER").replace("needs", "nonsense").replace("NotInEnum", "Late")
    ((first, *_),) = _failures(f"{line}\nexpect {other}")
    assert first.startswith(told)


def test_events_are_told_apart_by_their_parameters() -> None:
    event = "event Pump1.tripped(code = 3)\nexpect event Pump1.tripped"
    assert _failures(event) == []
    assert _failures(event + "(code = 3)") == []
    assert _failures(event + "(code = 4)") == [("event Pump1.tripped(code = 3)",)]


def test_an_override_is_expected_by_its_kind() -> None:
    assert _failures("force Pump1.level = 4\nexpect Pump1.level == 4 forced") == []
    assert _failures("out of service Pump1.level\nexpect Pump1.level out of service unknown") == []
    ((first, *_),) = _failures("out of service Pump1.level\nexpect Pump1.level forced")
    assert first.startswith("Pump1.level unknown (OutOfService), was 3.0")


def test_an_open_alert_is_acknowledged_commented_and_closed() -> None:
    done = 'comment Pump1.failed "seen"\nacknowledge Pump1.failed\nset Pump1.status = "off"\n'
    expected = "expect commented Pump1.failed\nexpect acknowledged Pump1.failed\nexpect cleared Pump1.failed\n"
    assert (
        _failures(done + expected + "expect closed Pump1.failed\nexpect no alert\nexpect Pump1.failed inactive") == []
    )


def test_what_was_answered_is_over() -> None:
    assert _failures('answer Pump1.move refused "busy"\nexpect call Pump1.move refused containing "busy"') == []
    ((*_, last),) = _failures("answer Pump1.move accepted\nexpect call Pump1.move refused")
    assert last.startswith("call accepted: Pump1.move")
