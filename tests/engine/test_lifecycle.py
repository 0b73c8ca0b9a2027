"""Suspending an overlay: its behaviors fall silent, what it reads goes on, and it wakes as if newly loaded."""

from typing import Any

import pytest

from app.model.events import AttemptCall, Load, Outcome, Started
from app.model.plan import Plan, Shape
from tests.engine.plant import STATION, Plant, alert, alerts, call, failure, pump, pump_shape, sent, station, turns


def running(*, lifecycle: str = "active") -> Plant:
    """The primary pump has failed: the alert stands and the backup was started."""
    rules = (failure(alert("0", "critical"), call("start", "backup")),)
    shapes = (pump_shape(), Shape("station@1", rules=rules))
    bindings = {"primary": "p1", "backup": "p2"}
    plant = Plant(plan=Plan(1, shapes, (pump("p1"), pump("p2")), (station(bindings, lifecycle=lifecycle),)))
    plant.read("p1", status="running", temperature=20.0)
    plant.read("p1", status="fault")
    return plant


def becomes(plant: Plant, lifecycle: str, revision: int, **more: Any) -> Outcome:
    bindings = more.pop("bindings", {"primary": "p1", "backup": "p2"})
    return plant.do(Load(Plan(revision, overlays=(station(bindings, revision=revision, lifecycle=lifecycle, **more),))))


@pytest.mark.parametrize(
    ("lifecycle", "reason"),
    [("suspended", "OverlaySuspended"), ("retired", "OverlayRetired"), ("draft", "OverlayDraft")],
)
def test_what_stands_ends_with_the_reason_and_nothing_is_called(lifecycle: str, reason: str) -> None:
    plant = running()
    assert plant.behavior("failure", STATION) == ("active", "true")
    outcome = becomes(plant, lifecycle, 2)
    assert turns(outcome) == [("failure", "inactive")]
    assert [(item.alert.clear_reason, item.transition) for item in outcome.alerts] == [(reason, "cleared")]
    assert sent(outcome) == []
    [view] = plant.engine.live.behaviors(STATION)
    assert (view.state, view.evidence) == ("inactive", "unknown")
    assert view.error is not None
    assert view.error.startswith(f"OVERLAY_{lifecycle.upper()} ")


def test_a_call_that_was_decided_before_and_is_not_sent_yet_is_not_sent_any_more() -> None:
    plant = running()
    [waiting] = plant.engine.live.calls.values()
    becomes(plant, "suspended", 2)
    outcome = plant.do(AttemptCall(waiting.call_id))
    assert outcome.refused.startswith("CALL_EXPIRED ")
    assert [item.call.status for item in outcome.calls] == ["expired"]
    assert outcome.alerts == ()
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()


def test_that_nothing_is_known_of_a_suspended_behavior_is_told_also_where_it_was_not_active() -> None:
    plant = running()
    plant.read("p1", status="running")
    [before] = plant.engine.live.behaviors(STATION)
    [fact] = becomes(plant, "suspended", 2).behaviors
    assert (fact.was, fact.state, fact.evidence, fact.since) == ("inactive", "inactive", "unknown", before.since)
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()


def test_a_suspended_overlay_evaluates_nothing_while_its_values_go_on() -> None:
    plant = running()
    becomes(plant, "suspended", 2)
    plant.read("p1", status="running")
    outcome = plant.read("p1", status="fault")
    assert (outcome.behaviors, outcome.alerts, outcome.calls) == ((), (), ())
    assert plant.state("status").value == "fault"


def test_resuming_raises_what_is_true_already_and_withholds_its_calls_until_it_turns_true_again() -> None:
    plant = running()
    becomes(plant, "suspended", 2)
    outcome = becomes(plant, "active", 3)
    assert turns(outcome) == [("failure", "active")]
    assert alerts(outcome) == [("0", "raised")]
    assert sent(outcome) == []
    plant.read("p1", status="running")
    assert sent(plant.read("p1", status="fault")) == [("p2", "start")]


def test_a_rule_that_is_not_true_any_more_says_nothing_on_resume() -> None:
    plant = running()
    becomes(plant, "suspended", 2)
    plant.read("p1", status="running")
    outcome = becomes(plant, "active", 3)
    assert (alerts(outcome), sent(outcome)) == ([], [])
    assert sent(plant.read("p1", status="fault")) == [("p2", "start")]


def test_an_overlay_that_starts_suspended_is_silent_from_the_first_reading_on() -> None:
    plant = running(lifecycle="suspended")
    assert list(plant.engine.live.open_alerts()) == []
    assert becomes(plant, "active", 2).calls[0].call.status == "withheld"


def test_a_restart_keeps_it_suspended_whether_it_folds_or_restores() -> None:
    plant = running()
    becomes(plant, "suspended", 2)
    plant.read("p1", status="running")
    for after in (0, len(plant.journal)):
        other = plant.restart(after)
        assert other.engine.state_digest() == plant.engine.state_digest()
        other.do(Started())
        other.alive("p1", "p2")
        assert other.read("p1", status="fault", temperature=20.0).behaviors == ()
        assert turns(becomes(other, "active", 3)) == [("failure", "active")]
