"""Conditions of JSON documents against what their twins and roles offer."""

import pytest

from app.dtsl.examine import check_condition
from app.dtsl.guards import check_guards
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Owner, Scope
from tests.dtsl.plant import catalogue

_PLANT = catalogue()
_PUMP, _VALVE = _PLANT.type_capabilities("centrifugal_pump"), _PLANT.type_capabilities("valve")
TWIN = Scope(_PUMP.properties, {})
OVERLAY = Scope(
    None,
    {
        "pump": Owner(_PUMP.properties, _PUMP.methods),
        "spare": Owner(_PUMP.properties, _PUMP.methods, optional=True),
        "P-101A": Owner(_PUMP.properties, _PUMP.methods),
        "valve": Owner(_VALVE.properties, _VALVE.methods),
        "mystery": Owner({}, {}, known=False),
    },
)


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (TWIN, "status == 'running' && temperature * 2 > starts - 1 && !remote"),
        (TWIN, "label == status || label != 'x'"),
        (TWIN, "serviced_at < '2026-01-31T12:00:00Z'"),
        (TWIN, "remote == true && (remote != (temperature > 1))"),
        (TWIN, "this.'FIC-1.PV' > 1"),
        (TWIN, "starts % 2 == 0"),
        (OVERLAY, "pump.status == spare.status && 'P-101A'.remote"),
        (OVERLAY, "spare != null && valve.position > 3"),
        (OVERLAY, "mystery.anything == 'goes' && mystery.more + 1 > 2"),
    ],
)
def test_what_makes_sense_has_no_problems(scope: Scope, text: str) -> None:
    assert check_condition(parse_condition(text), scope, "/x") == []


@pytest.mark.parametrize(
    ("scope", "text", "codes"),
    [
        (TWIN, "staus == 'on'", ["DTSL205"]),
        (TWIN, "pump_1.status == 'off'", ["DTSL215"]),
        (TWIN, "pump_1 != null", ["DTSL213"]),
        (TWIN, "status == 'on' && temperature == true && label > 'a'", ["DTSL302", "DTSL301", "DTSL305"]),
        (TWIN, "'running' == status && 'walking' == status", ["DTSL302"]),
        (TWIN, "speed + remote > 1 && -label < 2", ["DTSL304", "DTSL304"]),
        (TWIN, "speed || status", ["DTSL303", "DTSL303"]),
        (TWIN, "!speed", ["DTSL303"]),
        (TWIN, "'text'", ["DTSL303"]),
        (TWIN, "password == 'x'", ["DTSL312"]),
        (OVERLAY, "status == 'off'", ["DTSL210"]),
        (OVERLAY, "pmp.status == 'off' && pmp != null", ["DTSL204", "DTSL204"]),
        (OVERLAY, "pump.staus == 'on' && pump.staus > 3", ["DTSL205", "DTSL205"]),
        (OVERLAY, "pump.status == valve.status", ["DTSL317"]),
        (OVERLAY, "pump.speed % 0.0 == 1", ["DTSL310"]),
    ],
)
def test_every_problem_is_found_and_none_because_of_another(scope: Scope, text: str, codes: list[str]) -> None:
    problems = check_condition(parse_condition(text), scope, "/behaviors/0/conditions/1")

    assert [problem.code for problem in problems] == codes
    assert {problem.path for problem in problems} == {"/behaviors/0/conditions/1"}


def test_names_in_the_messages_are_spelled_as_in_the_document() -> None:
    (problem,) = check_condition(parse_condition("primary_pmp.x > 1"), Scope(None, {"primary_pump": Owner({}, {})}), "")
    assert (problem.message, problem.hint) == (
        "unknown role 'primary_pmp' in this overlay",
        "did you mean 'primary_pump'?",
    )


@pytest.mark.parametrize(
    ("conditions", "warned"),
    [
        (["spare.remote"], ["/c/0"]),
        (["spare != null", "spare.remote"], []),
        (["spare.remote", "spare != null"], []),
        (["spare != null && spare.remote"], []),
        (["spare == null || spare.remote"], []),
        (["spare != null || spare.remote"], ["/c/0"]),
        (["!(spare == null) && spare.remote"], []),
        (["!(spare == null || spare.remote)"], []),
        (["(spare != null && spare.remote) || spare.speed > 1"], ["/c/0"]),
        (["(spare != null && pump.remote) || (spare != null && valve.position > 1)", "spare.speed > 1"], []),
        (["pump.remote", "spare.speed + spare.temperature > 1"], ["/c/1", "/c/1"]),
    ],
)
def test_an_optional_role_without_a_guard_is_warned_of(conditions: list[str], warned: list[str]) -> None:
    problems = check_guards([parse_condition(text) for text in conditions], OVERLAY, "/c")

    assert [problem.path for problem in problems] == warned
    assert {problem.code for problem in problems} <= {"DTSL501"}
