"""What behaviors do, as documents: every fault at its pointer, and the rule that the engine is given."""

from typing import Any

import pytest

from app.commands.behavior_plans import rule
from app.commands.check_behaviors import Place
from app.commands.part_plans import micros
from app.errors import Invalid, Problem
from app.model.behaviors import BehaviorDefinition
from app.model.conditions import Compare, Literal, PropertyRef
from app.model.plan import AlertPlan, CallPlan, EmitPlan, EscalationPlan, ExpectPlan, MessageValue, Rule
from app.model.time import SECOND
from tests.commands.ports import House
from tests.commands.station import pump_type, station_type, twin, whole

EVENT = {"name": "tripped", "parameters": [{"name": "code", "data_type": "integer", "max_value": 99.0}]}


def alert(**more: Any) -> dict[str, Any]:
    return {"type": "alert", "severity": "error", "message": "m", **more}


def call(method: str = "stop", **more: Any) -> dict[str, Any]:
    return {"type": "method_call", "method": method, **more}


def emit(event: str = "tripped", *, role: str | None = None, **parameters: Any) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    return {"type": "emit_event", "event": event, "parameters": listed, **({"role": role} if role else {})}


def expect(condition: str = "status == 'off'", *otherwise: dict[str, Any], within: float = 10.0) -> dict[str, Any]:
    return {"type": "expect", "within": within, "condition": condition, "otherwise": list(otherwise)}


def behavior(*actions: dict[str, Any], name: str = "b", condition: str = "speed > 1", **more: Any) -> dict[str, Any]:
    return {"name": name, "conditions": [condition], "actions": list(actions), **more}


def pump(*behaviors: dict[str, Any]) -> dict[str, Any]:
    return pump_type(behaviors=list(behaviors), events=[EVENT])


def escalation(*actions: dict[str, Any], after: float = 300.0, **more: Any) -> dict[str, Any]:
    return {"after": after, "actions": list(actions), **more}


AT = "/behaviors/0"
OF_PUMP: list[tuple[dict[str, Any], str, str]] = [
    (behavior(alert(message="{sped}")), "DTSL205", f"{AT}/actions/0/message"),
    (behavior(alert(message="{main.speed}")), "DTSL", f"{AT}/actions/0/message"),
    (behavior(alert(message="{speed * 2}")), "DTSL161", f"{AT}/actions/0/message"),
    (behavior(alert(message="{speed")), "DTSL160", f"{AT}/actions/0/message"),
    (behavior(alert(message="{speed:wide}")), "DTSL160", f"{AT}/actions/0/message"),
    (behavior(otherwise=[alert(message="{sped}")]), "DTSL205", f"{AT}/otherwise/0/message"),
    (behavior(expect("sped > 1")), "DTSL205", f"{AT}/actions/0/condition"),
    (behavior(expect("!" * 64 + "(speed > 1)")), "DTSL122", f"{AT}/actions/0/condition"),
    (behavior(alert(), condition="!" * 62 + "(age(speed) > 1s)"), "DTSL122", f"{AT}/conditions/0"),
    (
        behavior(
            alert(),
            condition="!" * 40 + "deep",
            let=[{"name": "deep", "value": "!" * 40 + "(speed > 1)"}],
        ),
        "DTSL122",
        f"{AT}/conditions/0",
    ),
    (behavior(expect("speed >")), "DTSL", f"{AT}/actions/0/condition"),
    (behavior(expect("speed")), "DTSL303", f"{AT}/actions/0/condition"),
    (behavior(expect("speed > 1", call("stopp"))), "UNKNOWN_METHOD", f"{AT}/actions/0/otherwise/0/method"),
    (behavior(emit("triped", code=1)), "UNKNOWN_EVENT", f"{AT}/actions/0/event"),
    (behavior(emit()), "MISSING_PARAMETER", f"{AT}/actions/0/parameters"),
    (behavior(emit(code=1, more=2)), "UNKNOWN_PARAMETER", f"{AT}/actions/0/parameters/1/value"),
    (behavior(emit(code=100)), "VALUE_OUT_OF_RANGE", f"{AT}/actions/0/parameters/0/value"),
    (behavior(emit(role="main", code=1)), "TARGET_NOT_ALLOWED", f"{AT}/actions/0/role"),
    (behavior(otherwise=[call("stopp")]), "UNKNOWN_METHOD", f"{AT}/otherwise/0/method"),
    (
        behavior(escalations=[escalation(call("stopp"))]),
        "UNKNOWN_METHOD",
        f"{AT}/escalations/0/actions/0/method",
    ),
    (
        behavior(alert(code="hot"), escalations=[escalation(alert(code="hot"))]),
        "DUPLICATE_NAME",
        f"{AT}/escalations/0/actions/0/code",
    ),
    (behavior(alert(), expect("speed > 1", alert(code="0"))), "DUPLICATE_NAME", f"{AT}/actions/1/otherwise/0/code"),
    (behavior(otherwise=[alert(delay_off=5.0)]), "OPTION_NOT_HERE", f"{AT}/otherwise/0/delay_off"),
    (
        behavior(escalations=[escalation(alert(delay_on=5.0))]),
        "OPTION_NOT_HERE",
        f"{AT}/escalations/0/actions/0/delay_on",
    ),
    (behavior(alert(), suppressed_by=["b"]), "SUPPRESSES_ITSELF", f"{AT}/suppressed_by/0"),
    (behavior(alert(), suppressed_by=["other"]), "UNKNOWN_BEHAVIOR", f"{AT}/suppressed_by/0"),
]


async def refused(*documents: Any) -> list[Problem]:
    house = House()
    await house.save(*whole())
    with pytest.raises(Invalid) as caught:
        await house.save(*documents)
    assert house.agrees()
    return list(caught.value.problems)


@pytest.mark.parametrize(("document", "code", "path"), OF_PUMP, ids=[f"{code} {path}" for _, code, path in OF_PUMP])
async def test_a_fault_is_told_at_its_place(document: dict[str, Any], code: str, path: str) -> None:
    problems = await refused(("twin_type", pump(document)))
    assert [(problem.code.startswith(code), problem.path) for problem in problems] == [(True, path)]


async def test_a_misspelled_name_in_a_message_is_told_with_its_column_and_what_was_meant() -> None:
    (problem,) = await refused(("twin_type", pump(behavior(alert(message="Hot: {temperatur} C")))))
    assert "at column 7 of the message" in problem.message
    assert problem.hint == "did you mean 'temperature'?"


async def test_behaviors_that_suppress_each_other_are_refused_with_the_circle() -> None:
    circle = [
        behavior(alert(), name=name, suppressed_by=[other]) for name, other in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    problems = await refused(("twin_type", pump(*circle)))
    assert [problem.message for problem in problems] == [
        "these suppress each other: a -> b -> c -> a",
        "these suppress each other: b -> c -> a -> b",
        "these suppress each other: c -> a -> b -> c",
    ]


async def test_a_behavior_may_be_suppressed_by_an_inherited_one() -> None:
    house = House()
    await house.save(*whole())
    await house.save(("twin", twin("p3", behaviors=[behavior(alert(), suppressed_by=["hot"])])))


async def test_an_overlay_names_whom_its_events_are_of_and_what_its_messages_show() -> None:
    good = behavior(
        emit("fault_occurred", role="main"),
        alert(message="{main.temperature} {outlet.position:.1f}"),
        condition="main.speed > 1",
    )
    house = House()
    await house.save(*whole())
    await house.save(("overlay_type", station_type(behaviors=[good])))
    wrong = behavior(emit("fault_occurred"), alert(message="{mian.temperature}"), condition="main.speed > 1")
    problems = await refused(("overlay_type", station_type(behaviors=[wrong])))
    assert [(problem.code, problem.path) for problem in problems] == [
        ("MISSING_TARGET", f"{AT}/actions/0"),
        ("DTSL204", f"{AT}/actions/1/message"),
    ]


async def test_what_has_no_effect_is_warned_of() -> None:
    document = behavior(
        alert(deadband=2.0),
        condition="status == 'off'",
        escalations=[escalation(call()), escalation(call("start"))],
    )
    silent = behavior(call(), name="c", escalations=[escalation(call(), unless_acknowledged=True)])
    house = House()
    await house.save(*whole())
    saved = await house.save(("twin_type", pump(document, silent)))
    warnings = [(warning.code, warning.path) for warning in saved.warnings]
    assert warnings == [
        ("DEADBAND_WITHOUT_EFFECT", f"{AT}/actions/0/deadband"),
        ("SAME_MOMENT", f"{AT}/escalations/1/after"),
        ("NOTHING_TO_ACKNOWLEDGE", "/behaviors/1/escalations/0/unless_acknowledged"),
    ]


async def planned(document: dict[str, Any]) -> Rule:
    house = House()
    await house.save(("twin_type", pump(document)))
    capabilities = house.catalogue.type_capabilities("pump")
    return rule(BehaviorDefinition.model_validate(document), Place("twin", "pump", capabilities))


async def test_a_behavior_becomes_a_rule_with_everything_in_it() -> None:
    document = behavior(
        alert(
            message="{{{temperature:.1f}}} at {speed}",
            code="hot",
            delay_on=5.0,
            delay_off=0.5,
            deadband=2.5,
            re_alarm=3600.0,
            group="trip",
        ),
        call(required=True),
        expect("status == 'off'", alert(), within=2.5),
        emit(code=3),
        on_load="act",
        otherwise=[alert(severity="info")],
        escalations=[escalation(alert(severity="critical"), unless_acknowledged=True)],
    )
    temperature, speed = PropertyRef(None, "temperature"), PropertyRef(None, "speed")
    assert await planned(document) == Rule(
        "b",
        Compare(">", speed, Literal(1)),
        (
            AlertPlan(
                "hot",
                "error",
                "{{{temperature:.1f}}} at {speed}",
                latched=False,
                ack_required=True,
                delay_on=5 * SECOND,
                delay_off=SECOND // 2,
                deadband=2.5,
                re_alarm=3600 * SECOND,
                group="trip",
                parts=("{", MessageValue(temperature, 1), "} at ", MessageValue(speed)),
            ),
            CallPlan(None, "stop", {}, required=True),
            ExpectPlan(
                5 * SECOND // 2,
                Compare("==", PropertyRef(None, "status"), Literal("off")),
                (AlertPlan("actions.2.otherwise.0", "error", "m", latched=False, ack_required=True),),
                2,
            ),
            EmitPlan(None, "tripped", {"code": 3}),
        ),
        act_on_load=True,
        otherwise=(AlertPlan("otherwise.0", "info", "m", latched=False, ack_required=False),),
        escalations=(
            EscalationPlan(
                300 * SECOND,
                True,
                (AlertPlan("escalations.0.actions.0", "critical", "m", latched=False, ack_required=True),),
            ),
        ),
    )


async def test_a_name_in_a_message_is_shown_in_the_unit_of_what_it_stands_for() -> None:
    document = behavior(
        alert(message="{excess} {ratio}"),
        let=[{"name": "excess", "value": "temperature - 80.0"}, {"name": "ratio", "value": "speed / 100"}],
        condition="excess > 0 && ratio > 0",
    )
    (plan,) = (await planned(document)).actions
    assert isinstance(plan, AlertPlan)
    excess, _, ratio = plan.parts
    assert isinstance(excess, MessageValue)
    assert isinstance(ratio, MessageValue)
    assert (excess.unit, ratio.unit) == ("celsius", "rpm")


def test_some_time_is_never_none() -> None:
    assert [micros(1e-9), micros(1.5)] == [1, 1_500_000]
