"""What a restart does and does not: nothing fires again, nothing is lost, and open calls are settled."""

import msgspec
import pytest

from app.engine.engine import Engine
from app.errors import Unavailable
from app.model.conditions import And, Arithmetic, Compare, Literal, Or
from app.model.events import (
    AcknowledgeAlert,
    AttemptCall,
    CallResult,
    DeviceEvent,
    Load,
    RequestCall,
    SetManual,
    Started,
    Tick,
)
from app.model.plan import OwnerKey, Plan
from app.model.time import SECOND
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
    ref,
    rule,
    sample,
    sent,
    station,
    turns,
    write,
)

STOP = rule("hot", hot(), alert("0", "critical"), call("stop"))
START = rule("hot", hot(), call("start"))  # start is not idempotent, stop is


def crashed(plant: Plant, snapshot_after: int = 0) -> Plant:
    other = plant.restart(snapshot_after)
    assert other.engine.state_digest() == plant.engine.state_digest()
    return other


def test_nothing_fires_because_of_a_restart_and_states_and_alerts_are_held() -> None:
    plant = Plant(STOP)
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    call_id = next(iter(plant.engine.live.calls))
    plant.do(AttemptCall(call_id))
    plant.do(CallResult(call_id, "accepted"))
    open_before = list(plant.engine.live.open_alerts())
    again = crashed(plant)
    outcome = again.do(Started())
    assert (outcome.behaviors, outcome.alerts, outcome.calls, outcome.changes) == ((), (), (), ())
    assert list(again.engine.live.open_alerts()) == open_before
    assert again.behavior("hot") == ("active", "unknown")
    state = again.state("temperature")
    assert (state.value, state.known, state.quality, state.reason) == (90.0, False, "bad", "PathSilent")
    connectivity = again.engine.live.connectivity("p1")
    assert connectivity is not None
    assert connectivity.status == "connecting"
    assert connectivity.last_contact is not None
    again.alive()
    outcome = again.read(temperature=90.0)
    assert (turns(outcome), outcome.alerts, outcome.calls) == ([], (), ())
    assert again.behavior("hot") == ("active", "true")


def test_what_a_load_made_known_and_took_away_again_counts_as_known_after_a_restart() -> None:
    plant = Plant(rule("low", compare("limit", ">", 10.0), call("stop")))
    plant.do(SetManual("p1", "limit", 50.0, "eva"))
    share = Compare(">", Arithmetic("/", Literal(10), ref("limit")), Literal(0.1))
    full = rule("full", compare("limit", "==", 50.0), write("limit", 0.0), act_on_load=True)
    plant.load(rule("low", share, call("stop")), full, revision=2)
    assert plant.behavior("low") == ("active", "unknown")
    for each in (plant, crashed(plant)):
        each.do(SetManual("p1", "limit", 100.0, "eva"))
        assert each.behavior("low") == ("inactive", "false")
        assert sent(each.do(SetManual("p1", "limit", 20.0, "eva"))) == [("p1", "stop")]


def test_after_a_restart_the_first_false_ends_what_was_active() -> None:
    plant = Plant(rule("hot", hot(), alert()))
    plant.read(temperature=90.0)
    again = crashed(plant)
    again.do(Started())
    again.alive()
    outcome = again.read(temperature=70.0)
    assert turns(outcome) == [("hot", "inactive")]
    assert alerts(outcome) == [("0", "cleared"), ("0", "closed")]


def test_manual_values_are_known_after_a_restart_and_so_is_what_only_they_decide() -> None:
    plant = Plant(
        rule("hand", compare("mode", "==", "hand")), rule("both", And((compare("mode", "==", "hand"), hot())))
    )
    plant.do(SetManual("p1", "mode", "hand", "eva"))
    plant.read(temperature=90.0)
    again = crashed(plant)
    again.do(Started())
    assert again.behavior("hand") == ("active", "true")
    assert again.behavior("both") == ("active", "unknown")


def test_an_acknowledgement_after_a_restart_finds_its_alert() -> None:
    plant = Plant(STOP)
    plant.read(temperature=90.0)
    (before,) = plant.engine.live.open_alerts()
    again = crashed(plant)
    again.do(Started())
    assert again.do(AcknowledgeAlert(before.alert_id, "eva")).refused == ""


def test_a_snapshot_with_the_tail_gives_what_the_whole_journal_gives() -> None:
    plan = Plan(
        1,
        (
            pump_shape(STOP),
            station_shape := msgspec.structs.replace(pump_shape(failure(alert())), shape_id="station@1", properties=()),
        ),
        (pump("p1"), pump("p2")),
        (station({"primary": "p1"}),),
    )
    assert station_shape.shape_id == "station@1"
    plant = Plant(plan=plan)
    plant.read("p1", temperature=90.0, status="fault")
    plant.take(events=[DeviceEvent("p2", "fault_occurred", plant.now, {"code": 7})])
    plant.silent("p2")
    plant.read("p1", temperature=70.0)
    for after in range(1, len(plant.journal) + 1):
        again = crashed(plant, snapshot_after=after)
        assert again.engine.live.sequence == len(plant.journal)
        assert again.behavior("failure", STATION) == plant.behavior("failure", STATION)
        again.do(Started())
        again.alive("p1", "p2")
        assert turns(again.read("p1", temperature=95.0, status="running")) == [
            ("hot", "active"),
            ("failure", "inactive"),
        ]


def test_a_snapshot_needs_no_graph_and_no_journal() -> None:
    plant = Plant(STOP)
    plant.read(temperature=90.0)
    engine = Engine()
    live = engine.live
    engine.restore(plant.engine.snapshot())
    assert engine.live is live
    assert engine.state_digest() == plant.engine.state_digest()
    assert engine.loaded() == plant.engine.loaded()
    assert engine.snapshot() == plant.engine.snapshot()
    assert live.sequence == plant.engine.live.sequence


NO_TEXT, DEEP = b"\x91\xa2\xff\xfe", b"\x91" * 100_000


@pytest.mark.parametrize("state", [b"", b"nonsense", msgspec.msgpack.encode([99]), NO_TEXT, DEEP])
def test_bytes_that_are_no_snapshot_are_refused(state: bytes) -> None:
    with pytest.raises(Unavailable) as error:
        Engine().restore(state)
    assert error.value.code == "SNAPSHOT_UNREADABLE"


def test_a_snapshot_of_another_version_is_told_from_a_damaged_one_and_says_what_next() -> None:
    older = msgspec.msgpack.encode([1, 0, {"a": "shape of its own"}])
    with pytest.raises(Unavailable, match="is of version 1, this program reads") as error:
        Engine().restore(older)
    assert error.value.hint.startswith("start the version that wrote it, or move the journal folder aside")


def test_definitions_loaded_at_start_meet_the_state_of_the_last_run() -> None:
    plant = Plant(rule("hot", hot(), alert(), call("stop")))
    plant.read(temperature=90.0)
    again = crashed(plant)
    again.do(Started())
    shape = pump_shape(rule("hot", hot(85.0), alert()), shape_id="pump@2")
    outcome = again.do(Load(Plan(2, (shape,), (pump(shape_id="pump@2", revision=2),)), starting=True))
    assert (turns(outcome), outcome.alerts) == ([], ())
    assert again.behavior("hot") == ("active", "unknown")


def test_a_re_based_clock_is_learned_again() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=50.0)
    for number in range(4):
        plant.take(sample("temperature", 60.0 + number, plant.now - 60 * SECOND))
    again = crashed(plant)
    again.do(Started())
    clock = again.engine.live.clock("p1")
    assert clock is not None
    assert clock.offset == 0


# ---------------------------------------------------------------- calls after a crash


def test_a_call_attempted_without_a_result_is_indeterminate_with_an_alert_and_not_sent_again() -> None:
    plant = Plant(START)
    plant.read(temperature=20.0)
    call_id = plant.read(temperature=90.0).calls[0].call.call_id
    plant.do(AttemptCall(call_id))
    again = crashed(plant)
    outcome = again.do(Started())
    assert [(it.call.call_id, it.call.status, it.send) for it in outcome.calls] == [(call_id, "indeterminate", False)]
    assert alerts(outcome) == [("call_indeterminate", "raised")]
    raised = outcome.alerts[0].alert
    assert (raised.owner, raised.behavior, raised.severity) == (OwnerKey("twin", "p1"), "hot", "error")
    assert "may or may not have happened" in raised.message
    again.alive()
    outcome = again.read(temperature=90.0)
    assert outcome.calls == ()
    assert alerts(again.read(temperature=70.0)) == []  # no condition ends it
    closing = again.do(AcknowledgeAlert(raised.alert_id, "eva"))
    assert [it.transition for it in closing.alerts] == ["acknowledged", "cleared", "closed"]


def test_an_idempotent_call_attempted_without_a_result_is_sent_again_once_its_behavior_is_seen_active() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    call_id = plant.read(temperature=90.0).calls[0].call.call_id
    plant.do(AttemptCall(call_id))
    again = crashed(plant)
    outcome = again.do(Started())
    assert [(it.call.status, it.send) for it in outcome.calls] == [("decided", False)]
    assert alerts(outcome) == []
    again.alive()
    outcome = again.read(temperature=90.0)
    assert [(it.call.call_id, it.send) for it in outcome.calls] == [(call_id, True)]
    assert again.do(AttemptCall(call_id)).refused == ""


def test_an_idempotent_call_that_is_not_sent_again_in_time_is_indeterminate() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    call_id = plant.read(temperature=90.0).calls[0].call.call_id
    plant.do(AttemptCall(call_id))
    again = crashed(plant)
    again.do(Started())
    outcome = again.do(Tick(), 60 * SECOND)
    assert [it.call.status for it in outcome.calls] == ["indeterminate"]
    assert alerts(outcome) == [("call_indeterminate", "raised")]


def test_a_person_s_calls_are_never_sent_after_a_restart() -> None:
    plant = Plant(rule("hot", hot()))
    plant.do(RequestCall("asked", "p1", "eva", method="stop"))
    plant.do(RequestCall("sent", "p1", "eva", method="stop"))
    plant.do(AttemptCall("sent"))
    again = crashed(plant)
    outcome = again.do(Started())
    assert {it.call.call_id: (it.call.status, it.send) for it in outcome.calls} == {
        "asked": ("expired", False),
        "sent": ("indeterminate", False),
    }
    assert alerts(outcome) == [("call_indeterminate", "raised")]
    assert again.engine.next_due() is None


def test_a_call_decided_and_not_attempted_is_sent_once_its_behavior_is_active_on_values_of_this_run() -> None:
    plant = Plant(START)
    plant.read(temperature=20.0)
    call_id = plant.read(temperature=90.0).calls[0].call.call_id
    decided_at = plant.now
    again = crashed(plant)
    assert again.do(Started()).calls == ()
    assert again.engine.next_due() == decided_at + 30 * SECOND
    assert again.do(AttemptCall(call_id)).refused.startswith("CALL_NOT_SENDABLE ")
    assert again.alive().calls == ()
    outcome = again.read(temperature=95.0)
    assert [(it.call.call_id, it.call.status, it.send) for it in outcome.calls] == [(call_id, "decided", True)]
    assert again.engine.next_due() is None
    assert sent(again.read(temperature=96.0)) == []


def test_every_property_the_behavior_reads_must_have_been_read_in_this_run() -> None:
    condition = Or((hot(), compare("speed", ">", 5.0)))
    plant = Plant(rule("either", condition, call("start")))
    plant.read(temperature=20.0, speed=1.0)
    plant.read(temperature=90.0, speed=1.0)
    again = crashed(plant)
    again.do(Started())
    again.alive()
    assert sent(again.read(temperature=90.0)) == []
    assert again.behavior("either") == ("active", "true")
    assert sent(again.read(speed=1.0)) == [("p1", "start")]


def test_a_call_not_attempted_expires_with_an_alert_at_its_deadline() -> None:
    plant = Plant(START)
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    decided_at = plant.now
    again = crashed(plant)
    again.do(Started())
    assert again.do(Tick(), decided_at + 30 * SECOND - 1 - again.now).calls == ()
    outcome = again.do(Tick(), 1)
    assert [(it.call.status, it.send) for it in outcome.calls] == [("expired", False)]
    assert alerts(outcome) == [("call_expired", "raised")]
    assert again.engine.next_due() is None
    again.alive()
    assert sent(again.read(temperature=95.0)) == []


def test_a_call_whose_behavior_turns_out_false_is_not_sent() -> None:
    plant = Plant(START)
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    again = crashed(plant)
    again.do(Started())
    again.alive()
    outcome = again.read(temperature=70.0)
    assert [(it.call.status, it.send) for it in outcome.calls] == [("expired", False)]
    assert alerts(outcome) == [("call_expired", "raised")]
    assert sent(again.read(temperature=90.0)) == [("p1", "start")]  # a new activation, a new call


def test_a_call_whose_behavior_was_removed_is_not_sent() -> None:
    plant = Plant(START)
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    again = crashed(plant)
    again.do(Started())
    outcome = again.load(revision=2)
    assert [it.call.status for it in outcome.calls] == ["expired"]


def test_a_deadline_of_one_s_own_is_kept() -> None:
    plant = Plant(START, call_deadline=2 * SECOND)
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    again = crashed(plant)
    again.do(Started())
    assert [it.call.status for it in again.do(Tick()).calls] == ["expired"]


def test_a_second_crash_while_calls_wait_settles_them_the_same_way() -> None:
    plant = Plant(START)
    plant.read(temperature=20.0)
    call_id = plant.read(temperature=90.0).calls[0].call.call_id
    first = crashed(plant)
    first.do(Started())
    second = crashed(first)
    second.do(Started())
    second.alive()
    assert [(it.call.call_id, it.send) for it in second.read(temperature=90.0).calls] == [(call_id, True)]
