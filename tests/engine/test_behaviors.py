"""Behaviors: edges, evidence, actions and what becomes of those that can't be taken, cascades and causes."""

from app.engine.behaviors import MAX_ROUNDS
from app.engine.step import MAX_CAUSES, led_to
from app.model.conditions import And, Bound, Not
from app.model.events import Cause, Load, SetManual
from app.model.plan import BehaviorKey, OwnerKey, Plan, Shape
from tests.engine.plant import (
    STATION,
    Plant,
    alert,
    alerts,
    call,
    compare,
    failure,
    hot,
    pump,
    pump_shape,
    rule,
    sample,
    sent,
    station,
    turns,
    write,
)


def station_plant(*rules: object, bindings: dict[str, str] | None = None) -> Plant:
    shape = Shape("station@1", rules=rules)  # type: ignore[arg-type]
    bound = {"primary": "p1", "backup": "p2"} if bindings is None else bindings
    return Plant(plan=Plan(1, (pump_shape(), shape), (pump("p1"), pump("p2")), (station(bound),)))


def test_a_behavior_acts_once_when_its_condition_becomes_true_and_ends_when_it_becomes_false() -> None:
    plant = Plant(rule("hot", hot(), alert(), call()))
    assert turns(plant.read(temperature=70.0)) == []
    first = plant.read(temperature=90.0)
    assert (turns(first), alerts(first), sent(first)) == ([("hot", "active")], [("0", "raised")], [("p1", "stop")])
    second = plant.read(temperature=95.0)
    assert (second.behaviors, second.alerts, second.calls) == ((), (), ())
    third = plant.read(temperature=70.0)
    assert turns(third) == [("hot", "inactive")]
    assert alerts(third) == [("0", "cleared"), ("0", "closed")]
    assert sent(plant.read(temperature=90.0)) == [("p1", "stop")]


def test_unknown_holds_the_state_and_moves_the_evidence_only() -> None:
    plant = Plant(rule("hot", hot(), alert(), call()))
    plant.read(temperature=90.0)
    outcome = plant.take(sample("temperature", None, plant.now, "bad"))
    (fact,) = outcome.behaviors
    assert (fact.state, fact.was, fact.evidence) == ("active", "active", "unknown")
    assert (outcome.alerts, outcome.calls) == ((), ())
    back = plant.read(temperature=91.0)
    assert [(it.state, it.was, it.evidence) for it in back.behaviors] == [("active", "active", "true")]
    assert (back.alerts, back.calls) == ((), ())


def test_since_is_when_a_behavior_came_into_its_state() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0)
    at = plant.now
    plant.take(sample("temperature", None, plant.now, "bad"))
    (view,) = plant.engine.live.behaviors(OwnerKey("twin", "p1"))
    assert view.since == at


def test_an_overlay_reads_its_twins_and_calls_them() -> None:
    plant = station_plant(failure(alert("0", "critical"), call("start", "backup")))
    plant.read("p1", temperature=50.0, status="running")
    outcome = plant.read("p1", status="fault")
    assert turns(outcome) == [("failure", "active")]
    assert sent(outcome) == [("p2", "start")]
    assert [it.alert.twins for it in outcome.alerts] == [("p1",)]
    assert plant.behavior("failure", STATION) == ("active", "true")


def test_actions_on_an_unbound_role_are_skipped_with_the_reason_and_the_others_run() -> None:
    plant = station_plant(
        failure(call("start", "backup"), write("speed", 10.0, "backup"), alert()), bindings={"primary": "p1"}
    )
    outcome = plant.read("p1", status="fault", temperature=50.0)
    (fact,) = [it for it in outcome.behaviors if it.state != it.was]
    assert fact.skipped == ("call backup.start: 'backup' is not bound", "write backup.speed: 'backup' is not bound")
    assert alerts(outcome) == [("0", "raised")]
    assert outcome.calls == ()


def test_an_unbound_role_is_unknown_unless_it_is_tested_for() -> None:
    running = compare("status", "==", "running", "backup")
    plant = station_plant(
        rule("naive", running),
        rule("careful", And((Bound("backup"), running))),
        rule("alone", Not(Bound("backup"))),
        bindings={"primary": "p1"},
    )
    assert plant.behavior("naive", STATION) == ("inactive", "unknown")
    assert plant.behavior("careful", STATION) == ("inactive", "false")
    assert plant.behavior("alone", STATION) == ("active", "true")


def test_actions_that_can_not_be_taken_are_skipped_with_the_reason() -> None:
    plant = Plant(
        plan=Plan(
            1,
            (
                pump_shape(
                    rule(
                        "hot",
                        hot(),
                        call("explode"),
                        call("stop"),
                        write("colour", 1),
                        write("shown", 1.0),
                        write("speed", 10.0),
                        write("limit", 500.0),
                        write("mode", "wild"),
                    )
                ),
            ),
            (pump(connected=False),),
        ),
        alive=False,
    )
    outcome = plant.read(temperature=90.0)
    (fact,) = outcome.behaviors
    assert fact.skipped == (
        "call explode: twin 'p1' has no such method",
        "call stop: twin 'p1' has no connectivity",
        "write colour: twin 'p1' has no such property",
        "write shown: the property is read-only",
        "write speed: twin 'p1' has no connectivity",
        "write limit: VALUE_OUT_OF_RANGE 'limit' takes 0.0 to 200.0, not 500.0",
        "write mode: VALUE_NOT_IN_ENUM 'mode' takes one of auto, hand",
    )
    assert outcome.calls == ()


def test_a_write_to_a_mapped_property_is_a_call_and_moves_no_live_value() -> None:
    plant = Plant(rule("hot", hot(), write("speed", 10)))
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    assert sent(outcome) == [("p1", "speed")]
    assert outcome.calls[0].call.arguments == {"value": 10.0}
    assert plant.state("speed").value is None


def test_a_write_to_a_manual_property_lands_in_the_step_and_wakes_others() -> None:
    plant = Plant(
        rule("hot", hot(), write("mode", "hand")),
        rule("by_hand", compare("mode", "==", "hand"), write("limit", 5.0)),
        rule("limited", compare("limit", "<", 10.0), alert()),
    )
    plant.read(temperature=20.0)
    outcome = plant.read(temperature=90.0)
    assert turns(outcome) == [("hot", "active"), ("by_hand", "active"), ("limited", "active")]
    assert [(it.property, it.value) for it in outcome.changes] == [
        ("temperature", 90.0),
        ("mode", "hand"),
        ("limit", 5.0),
    ]
    chain = outcome.alerts[0].cause
    kinds = []
    link: Cause | None = chain
    while link is not None:
        kinds.append((link.kind, link.ref))
        link = link.parent
    assert kinds == [("behavior", "p1/limited"), ("behavior", "p1/by_hand"), ("behavior", "p1/hot"), ("reading", "opc")]


def test_a_loop_of_behaviors_is_cut_with_an_alert_that_says_so() -> None:
    plant = Plant(
        rule("to_hand", compare("mode", "==", "auto"), write("mode", "hand")),
        rule("to_auto", compare("mode", "==", "hand"), write("mode", "auto")),
    )
    outcome = plant.do(SetManual("p1", "mode", "auto", "eva"))
    assert len(outcome.behaviors) <= 2 * MAX_ROUNDS + 2
    cut = [it.alert for it in outcome.alerts if it.alert.code == "cascade_limit"]
    assert cut
    assert "woke each other" in cut[0].message
    again = plant.do(SetManual("p1", "mode", "auto", "eva"))
    assert [it for it in again.alerts if it.transition == "raised"] == []  # one open alert each


def test_behind_a_cut_what_is_shown_is_so_and_what_was_left_out_is_told() -> None:
    plant = Plant(
        rule("to_hand", compare("mode", "==", "auto"), write("mode", "hand")),
        rule("to_auto", compare("mode", "==", "hand"), write("mode", "auto")),
        rule("watch", compare("mode", "==", "auto"), alert("watch"), call("stop")),
        rule("other", compare("mode", "==", "auto"), otherwise=(alert("other"), write("limit", 1.0))),
    )
    outcome = plant.do(SetManual("p1", "mode", "auto", "eva"))
    rules = {item.key.name: item for item in plant.engine.live.twins["p1"].rules.values()}
    for item in rules.values():
        assert item.evidence is item.evaluate() is item.active
    assert rules["to_hand"].active
    assert [turned for turned in turns(outcome)[-4:] if turned[1] == "active"] == [
        ("to_hand", "active"),
        ("watch", "active"),
        ("other", "active"),
    ]
    last = {it.key.name: it for it in outcome.behaviors}
    why = "behaviors woke each other 16 times in one step and were stopped"
    assert [(it.action, it.result, it.reason) for it in last["to_hand"].actions] == [
        ("write mode", "skipped", why),
    ]
    assert [(it.action, it.result, it.reason) for it in last["watch"].actions] == [
        ("alert watch", "done", ""),
        ("call stop", "skipped", why),
    ]
    cut = {it.alert.behavior for it in outcome.alerts if it.alert.code == "cascade_limit"}
    assert cut == {"to_hand", "watch"}  # the others had nothing to leave out
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()
    assert turns(plant.read(temperature=20.0)) == []


def test_a_cascade_that_ends_in_its_last_round_was_not_cut() -> None:
    steps = [rule(f"s{n}", compare("limit", "==", float(n)), write("limit", n + 1.0)) for n in range(MAX_ROUNDS)]
    plant = Plant(*steps, rule("end", compare("limit", "==", float(MAX_ROUNDS)), alert("end")))
    outcome = plant.do(SetManual("p1", "limit", 0.0, "eva"))
    assert alerts(outcome) == [("end", "raised")]
    again = Plant(*steps, rule("more", compare("limit", "==", float(MAX_ROUNDS)), write("limit", 99.0)))
    outcome = again.do(SetManual("p1", "limit", 0.0, "eva"))
    assert alerts(outcome) == [("cascade_limit", "raised")]
    assert again.state("limit").value == MAX_ROUNDS
    assert again.behavior("more") == ("active", "true")


def test_a_chain_of_causes_is_capped() -> None:
    cause: Cause | None = None
    for number in range(3 * MAX_CAUSES):
        cause = led_to("behavior", str(number), number, cause)
    kept = []
    while cause is not None:
        kept.append(cause.ref)
        cause = cause.parent
    assert kept == [str(number) for number in range(3 * MAX_CAUSES - 1, 2 * MAX_CAUSES - 1, -1)]


def test_a_rule_with_an_error_is_shown_and_never_runs_and_its_neighbours_go_on() -> None:
    plant = Plant(
        rule("broken", None, alert(), error="DTSL204 unknown role 'backupPmp'"),
        rule("empty", None),
        rule("hot", hot()),
    )
    assert turns(plant.read(temperature=90.0)) == [("hot", "active")]
    views = {view.key.name: view for view in plant.engine.live.behaviors(OwnerKey("twin", "p1"))}
    assert views["broken"].error == "DTSL204 unknown role 'backupPmp'"
    assert views["broken"].state == "inactive"
    assert (views["empty"].error or "").startswith("CONDITION_MISSING")
    assert views["hot"].error is None


def test_a_condition_that_can_only_be_unknown_says_why() -> None:
    plant = Plant(rule("odd", compare("status", ">", 5)))
    (view,) = plant.engine.live.behaviors(OwnerKey("twin", "p1"))
    assert view.error == "a text is compared with a number"
    assert view.evidence == "unknown"


def test_what_keeps_evidence_unknown_can_be_asked() -> None:
    plant = Plant(rule("both", And((hot(), compare("speed", ">", 5.0)))))
    key = BehaviorKey(OwnerKey("twin", "p1"), "both")
    assert plant.engine.live.why_unknown(key) == ["p1.temperature: NoReading", "p1.speed: NoReading"]
    plant.read(temperature=90.0, speed=9.0)
    assert plant.engine.live.why_unknown(key) == ()
    plant.silent()
    assert plant.engine.live.why_unknown(key) == ["p1.temperature: PathSilent", "p1.speed: PathSilent"]


def test_behaviors_of_a_shape_share_one_compiled_condition() -> None:
    twins = tuple(pump(f"p{number}") for number in range(3))
    plant = Plant(plan=Plan(1, (pump_shape(rule("hot", hot())),), twins))
    tests = {twin.rules["hot"].test for twin in plant.engine.live.twins.values()}
    assert len(tests) == 1


def test_a_role_bound_twice_to_one_twin_reads_one_cell() -> None:
    plant = station_plant(failure(), bindings={"primary": "p1", "backup": "p1"})
    plant.read("p1", status="fault", temperature=1.0)
    assert plant.behavior("failure", STATION) == ("active", "true")
    plant.do(Load(Plan(2, removed_overlays=("station",))))
    assert plant.read("p1", status="running").behaviors == ()
