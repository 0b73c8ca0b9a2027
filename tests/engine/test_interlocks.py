"""Interlocks stand against sends at the last moment, on TRUE and on what nobody knows, and name what it is."""

import pytest

from app.model.conditions import And, Bound, Compare, Duration, Evidence, Literal, Not, PropertyRef
from app.model.events import AttemptCall, CallResult, Load, Outcome, RequestCall, SetManual, Started
from app.model.plan import OwnerKey, Plan, Shape
from app.model.time import SECOND
from tests.engine.plant import (
    STATION,
    Plant,
    alert,
    alerts,
    call,
    compare,
    hot,
    never,
    pump,
    pump_shape,
    rule,
    sample,
    sent,
    station,
    write,
)

LIMIT = never(compare("limit", "<", 10.0), call="start", name="dry_run")


def ask(plant: Plant, call_id: str = "c1", *, method: str | None = "start", reason: str = "") -> Outcome:
    """A person's call, to the moment in which it would be sent."""
    plant.do(RequestCall(call_id, "p1", "eva", method, override_reason=reason))
    return plant.do(AttemptCall(call_id))


def test_a_call_is_refused_while_the_interlock_is_true_and_sent_while_it_is_false() -> None:
    plant = Plant(interlocks=[LIMIT])
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    outcome = ask(plant)
    assert outcome.refused == (
        "CALL_INTERLOCKED call 'c1' is not sent: interlock 'dry_run' of twin 'p1' stands against it: as written"
    )
    (fact,) = outcome.calls
    assert (fact.call.status, fact.call.finished_at, fact.call.attempted_at) == ("refused", plant.now, None)
    refusal = fact.call.refusal
    assert refusal is not None
    (verdict,) = refusal.interlocks
    assert (refusal.code, verdict.owner, verdict.name, verdict.truth) == (
        "CALL_INTERLOCKED",
        OwnerKey("twin", "p1"),
        "dry_run",
        "true",
    )
    assert verdict.basis is not None
    assert [(read.fact.property, read.fact.value) for read in verdict.basis.reads] == [("limit", 5.0)]
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    assert ask(plant, "c2").refused == ""


def test_an_interlock_refuses_on_unknown_and_names_the_input() -> None:
    plant = Plant(interlocks=[LIMIT])
    outcome = ask(plant)
    assert "it is unknown whether as written: p1.limit (NoReading)" in outcome.refused
    refusal = outcome.calls[0].call.refusal
    assert refusal is not None
    (verdict,) = refusal.interlocks
    assert verdict.truth == "unknown"
    assert [(item.what, item.reason) for item in verdict.unknown] == [("p1.limit", "NoReading")]


def test_it_is_looked_at_when_the_call_would_be_sent_and_not_when_it_was_decided() -> None:
    plant = Plant(rule("hot", hot(), call("start")), interlocks=[LIMIT])
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    plant.read(temperature=20.0)
    decided = plant.read(temperature=90.0)
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    assert plant.do(AttemptCall(decided.calls[0].call.call_id)).refused.startswith("CALL_INTERLOCKED ")


def test_a_behavior_s_refused_call_raises_one_alert_of_its_own_that_clears_with_the_next_accepted_one() -> None:
    plant = Plant(rule("hot", hot(), call("start")), interlocks=[LIMIT])
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    plant.read(temperature=20.0)
    refused = plant.do(AttemptCall(plant.read(temperature=90.0).calls[0].call.call_id))
    (raised,) = refused.alerts
    assert (raised.alert.code, raised.alert.behavior, raised.alert.severity) == (
        "start_call_interlocked",
        "hot",
        "error",
    )
    assert "the call 'start' of twin 'p1' was refused: interlock 'dry_run'" in raised.alert.message
    plant.read(temperature=20.0)
    second = plant.do(AttemptCall(plant.read(temperature=90.0).calls[0].call.call_id))
    assert alerts(second) == [("start_call_interlocked", "raised")]
    assert len(list(plant.engine.live.open_alerts())) == 1
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    plant.read(temperature=20.0)
    third = plant.read(temperature=90.0).calls[0].call.call_id
    plant.do(AttemptCall(third))
    plant.do(CallResult(third, "accepted"))
    assert [it.active for it in plant.engine.live.open_alerts()] == [False]


def test_what_waits_for_a_required_call_is_left_out_where_an_interlock_refuses_it() -> None:
    plant = Plant(rule("hot", hot(), call("start", required=True), write("mode", "hand")), interlocks=[LIMIT])
    plant.read(temperature=20.0)
    outcome = plant.do(AttemptCall(plant.read(temperature=90.0).calls[0].call.call_id))
    ((action, result),) = [(item.action, item.result) for item in outcome.behaviors[0].actions]
    assert (action, result) == ("write mode", "skipped")
    assert plant.state("mode").value is None


def test_a_person_may_override_it_with_a_reason_that_is_kept_with_what_stood_against_it() -> None:
    plant = Plant(interlocks=[LIMIT])
    outcome = ask(plant, reason="the gauge is broken")
    (fact,) = outcome.calls
    assert (outcome.refused, fact.call.status, fact.call.override_reason) == ("", "attempted", "the gauge is broken")
    assert [(verdict.name, verdict.truth) for verdict in fact.call.overrode] == [("dry_run", "unknown")]


def test_an_interlock_on_one_method_leaves_the_others_alone() -> None:
    plant = Plant(interlocks=[LIMIT])
    assert ask(plant, method="stop").refused == ""


@pytest.mark.parametrize("reason", ["", "commissioning"])
def test_a_write_to_a_device_is_a_send_like_any_other(reason: str) -> None:
    plant = Plant(interlocks=[never(compare("limit", "<", 10.0), write="speed")])
    request = RequestCall("c1", "p1", "eva", property="speed", arguments={"value": 5.0}, override_reason=reason)
    plant.do(request)
    assert (plant.do(AttemptCall("c1")).refused == "") == (reason != "")


def test_a_person_s_setting_of_a_manual_property_is_refused_too_and_may_be_overridden() -> None:
    plant = Plant(interlocks=[never(compare("mode", "==", "hand"), write="limit")])
    plant.do(SetManual("p1", "mode", "hand", "eva"))
    refused = plant.do(SetManual("p1", "limit", 5.0, "eva"))
    assert refused.refused.startswith("CALL_INTERLOCKED interlock 'lock' of twin 'p1' stands against it")
    assert plant.state("limit").value is None
    assert plant.do(SetManual("p1", "limit", 5.0, "eva", override_reason="test")).refused == ""
    assert plant.state("limit").value == 5.0


def test_a_behavior_s_write_to_a_manual_property_is_skipped_with_an_alert_until_it_may_be_done() -> None:
    lock = never(compare("mode", "==", "hand"), write="limit")
    plant = Plant(rule("hot", hot(), write("limit", 5.0)), interlocks=[lock])
    plant.do(SetManual("p1", "mode", "hand", "eva"))
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    assert outcome.behaviors[0].actions[0].result == "skipped"
    assert "interlock 'lock' of twin 'p1'" in outcome.behaviors[0].actions[0].reason
    assert alerts(outcome) == [("limit_write_interlocked", "raised")]
    plant.do(SetManual("p1", "mode", "auto", "eva"))
    plant.read(temperature=20.0)
    assert plant.read(temperature=90.0).behaviors[0].actions[0].result == "done"
    assert [it.active for it in plant.engine.live.open_alerts()] == [False]


def test_it_sees_what_earlier_actions_of_the_same_behavior_have_written() -> None:
    lock = never(compare("mode", "==", "hand"), write="limit")
    plant = Plant(rule("hot", hot(), write("mode", "hand"), write("limit", 5.0)), interlocks=[lock])
    plant.read(temperature=20.0)
    assert [item.result for item in plant.read(temperature=90.0).behaviors[0].actions] == ["done", "skipped"]


def test_an_interlock_that_can_not_be_run_stands_against_everything_it_covers() -> None:
    plant = Plant(interlocks=[never(None, call="start", error="UNKNOWN_ROLE there is no role 'x'")])
    outcome = ask(plant)
    refusal = outcome.calls[0].call.refusal
    assert refusal is not None
    assert [(item.what, item.reason) for item in refusal.interlocks[0].unknown] == [
        ("there is no role 'x'", "UNKNOWN_ROLE")
    ]


def test_an_age_is_that_of_the_moment_of_the_send() -> None:
    age = Evidence("age", PropertyRef(None, "temperature"))
    plant = Plant(interlocks=[never(Compare(">", age, Duration(30 * SECOND)), call="start")])
    plant.read(temperature=50.0)
    plant.now += 25 * SECOND
    assert ask(plant, "c1").refused == ""
    plant.now += 25 * SECOND
    assert ask(plant, "c2").refused.startswith("CALL_INTERLOCKED ")
    assert [view.truth for view in plant.engine.live.guards("p1")] == ["true"]
    plant.read(temperature=50.0)
    assert ask(plant, "c3").refused == ""


def test_the_quality_of_what_an_interlock_reads_is_never_unknown() -> None:
    quality = Compare("!=", Evidence("quality", PropertyRef(None, "temperature")), Literal("good"))
    plant = Plant(interlocks=[never(quality, call="start")])
    plant.take(sample("temperature", 50.0, plant.now, "uncertain"))
    refusal = ask(plant).calls[0].call.refusal
    assert refusal is not None
    assert refusal.interlocks[0].truth == "true"
    plant.read(temperature=50.0)
    assert ask(plant, "c2").refused == ""


# ---------------------------------------------------------------- of overlays


def grouped(lifecycle: str = "active", **bindings: str) -> Plant:
    locks = (
        never(compare("limit", "<", 10.0, "valve"), call="start", owner="primary", name="dry_run"),
        never(compare("limit", ">", 90.0, "valve"), call="start", owner="spares", name="spare"),
    )
    shape = Shape("station@1", interlocks=locks)
    overlay = station(bindings, lifecycle=lifecycle)
    return Plant(plan=Plan(1, (pump_shape(), shape), (pump("p1"), pump("p2"), pump("p3")), (overlay,)))


def test_an_overlay_s_interlock_stands_before_whoever_fills_the_role_and_reads_the_others() -> None:
    plant = grouped(primary="p1", valve="p2")
    assert ask(plant).refused != ""
    plant.do(SetManual("p2", "limit", 50.0, "eva"))
    assert ask(plant, "c2").refused == ""
    plant.do(SetManual("p2", "limit", 5.0, "eva"))
    assert ask(plant, "c3").calls[0].call.refusal.interlocks[0].owner == STATION  # type: ignore[union-attr]


def test_an_interlock_on_a_role_of_many_stands_before_each_that_fills_it() -> None:
    plant = grouped(**{"spares/p1": "p1", "spares/p3": "p3"}, valve="p2")
    plant.do(SetManual("p2", "limit", 99.0, "eva"))
    for twin in ("p1", "p3"):
        plant.do(RequestCall(twin, twin, "eva", "start"))
        assert "interlock 'spare' of overlay 'station'" in plant.do(AttemptCall(twin)).refused


@pytest.mark.parametrize(("lifecycle", "stands"), [("suspended", True), ("draft", False), ("retired", False)])
def test_interlocks_of_a_suspended_overlay_stand_and_those_of_one_that_is_not_in_place_do_not(
    lifecycle: str, stands: bool
) -> None:
    plant = grouped(lifecycle, primary="p1", valve="p2")
    assert (ask(plant).refused != "") == stands


def test_rebinding_moves_an_interlock_and_removing_its_overlay_ends_it() -> None:
    plant = grouped(primary="p1", valve="p2")
    plant.do(Load(Plan(2, overlays=(station({"primary": "p3", "valve": "p2"}, revision=2),))))
    assert ask(plant).refused == ""
    plant.do(RequestCall("c2", "p3", "eva", "start"))
    assert plant.do(AttemptCall("c2")).refused != ""
    plant.do(Load(Plan(3, removed_overlays=("station",))))
    plant.do(RequestCall("c3", "p3", "eva", "start"))
    assert plant.do(AttemptCall("c3")).refused == ""


def test_an_interlock_goes_on_where_its_twin_is_edited() -> None:
    plant = grouped(primary="p1", valve="p2")
    plant.do(Load(Plan(2, (pump_shape(shape_id="pump@2"),), (pump("p1", "pump@2", 2),))))
    assert ask(plant).refused != ""


def test_an_open_role_that_it_asks_for_is_no_unknown_input() -> None:
    open_role = And((Not(Bound("valve")), compare("limit", "<", 10.0, "primary")))
    shape = Shape("station@1", interlocks=(never(open_role, call="start", owner="primary"),))
    plan = Plan(1, (pump_shape(), shape), (pump("p1"), pump("p2")), (station({"primary": "p1", "valve": "p2"}),))
    assert ask(Plant(plan=plan)).refused == ""


def test_interlocks_stand_after_a_restart() -> None:
    plant = Plant(rule("hot", hot(), alert()), interlocks=[LIMIT])
    again = plant.restart(snapshot_after=len(plant.journal))
    again.do(Started())
    assert ask(again).refused != ""
    assert sent(plant.do(RequestCall("c9", "p1", "eva", "start"))) == [("p1", "start")]
