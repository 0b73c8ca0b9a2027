"""Any text at all gives a script or problems, and what can be run is run: never an exception."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.scenarios.actions import ACTIONS
from app.scenarios.expectations import EXPECTATIONS
from app.scenarios.parse import FIRST_WORDS, MAX_SOURCE, parse
from app.test import Files, run_text

PLANT = """define json
[{"type_id": "pump",
  "properties": [{"name": "status", "data_type": "enum", "enum_values": ["off", "fault"]},
                 {"name": "speed", "data_type": "float", "access": "read-write", "max_value": 100.0}],
  "methods": [{"name": "start"}], "events": [{"name": "tripped"}],
  "behaviors": [{"name": "failed", "conditions": ["status == 'fault'"],
                 "actions": [{"type": "alert", "severity": "error", "message": "failed"},
                             {"type": "method_call", "method": "start"}]}],
  "connectivity": {"protocol": "opc-ua", "endpoint": "opc.tcp://127.0.0.1:1", "mapping": {
      "properties": {"status": {"node_id": "ns=2;s={twin_id}.s"}}, "methods": {"start": {"node_id": "ns=2;s=m"}}}}},
 {"twin_id": "pump_1", "twin_type": "pump"}]
end
scenario "any"
"""
WORDS = st.sampled_from(
    [
        *FIRST_WORDS,
        *ACTIONS,
        *EXPECTATIONS,
        *("Pump1", '"P-1"', "status", "speed", "start", "tripped", "failed", ".", "=", "==", "(", ")", ",", "[", "{"),
        *(
            "0s",
            "30s",
            "1h30m",
            "100d",
            "+",
            "-",
            "5",
            "-1.5",
            "1e308",
            "true",
            "null",
            "nan",
            '"fault"',
            '"off"',
            "'x'",
        ),
        *("all", "active", "evidence", "unknown", "bad", "good", "measured", "ago", "accepted", "refused", "after"),
        *("json", "end", "\n", "\n", "//", '"', "\\", "\ud800", "\ufeff", "é", "of", "service", "override", "calls"),
        *('"2026-03-29T00:30:00Z"', "Pump1.status", "Pump1.speed", "Pump1.failed", "Pump1.start()", "twin", "overlay"),
    ]
)
LINES = st.lists(WORDS, max_size=8).map(" ".join)
GOOD_LINES = st.sampled_from(
    [
        'set Pump1.status = "fault"',
        'set Pump1.status = "off" bad measured 10s ago',
        "set Pump1.status = nan",
        'quality Pump1.status = uncertain "why"',
        "disconnect Pump1",
        "reconnect all",
        "reread all",
        "event Pump1.tripped measured 5s ahead",
        "write Pump1.speed = 50",
        "write Pump1.speed = 500",
        "call Pump1.start()",
        "acknowledge Pump1.failed",
        "shelve Pump1.failed for 1m",
        "unshelve Pump1.failed",
        "force Pump1.status = 'fault' because \"x\"",
        "out of service Pump1.status",
        "clear override Pump1.status",
        "answer all failed",
        "hold calls",
        "send calls",
        "remove twin Pump1",
        "remove twin type pump",
        "restart after 1m",
        "clock -1h",
        "clock +1h",
        "at +10s",
        "at 1h",
        "expect nothing",
        "expect nothing else",
        "expect Pump1.failed active",
        "expect alert Pump1.failed",
        "expect no alert",
        "expect Pump1.status == 'fault' good",
        "expect call Pump1.start()",
        "expect refused VALUE_OUT_OF_RANGE",
        "expect rejected Pump1.status TypeMismatch",
        "edit json\n[]\nend",
        "edit\noverlay X {}\nend",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(LINES, max_size=12).map("\n".join)))
def test_any_text_gives_a_script_or_problems(text: str) -> None:
    script, problems = parse(text, "any.twins")
    assert script.scenarios or any(item.severity == "error" for item in problems)
    for item in problems:
        assert item.code.startswith("TWINS")
        assert item.render(text)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(LINES, GOOD_LINES, GOOD_LINES), max_size=12).map("\n".join))
def test_whatever_can_be_run_is_run_and_reported(text: str) -> None:
    suite = run_text(PLANT + text, "any.twins", Files(), "")
    assert suite.unreadable or suite.results


@settings(max_examples=100, deadline=None)
@given(st.lists(GOOD_LINES, max_size=12))
def test_lines_that_can_be_done_are_done_or_told(lines: list[str]) -> None:
    suite = run_text(PLANT + "\n".join(lines), "any.twins", Files(), "")
    assert suite.unreadable == []
    ((result, _),) = suite.results
    told = [failure.found for failure in result.failures]
    assert all("the state read from" not in line for found in told for line in found)


def test_a_script_has_a_largest_size() -> None:
    _, problems = parse("x" * (MAX_SOURCE + 1), "any.twins")
    assert next(item.code for item in problems) == "TWINS111"
