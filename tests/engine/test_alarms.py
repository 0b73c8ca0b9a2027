"""Alerts: two flags, one open alert an identity, and when one closes."""

from app.engine.alarms import KEPT_COMMENTS
from app.engine.engine import Engine
from app.model.events import (
    AcknowledgeAlert,
    AcknowledgeAlerts,
    Alert,
    AlertComment,
    CommentAlert,
    ResetAlert,
)
from app.model.plan import OwnerKey
from app.model.time import Micros
from tests.engine.plant import Plant, alert, alerts, hot, rule, turns


def only(plant: Plant) -> Alert:
    (found,) = plant.engine.live.open_alerts()
    return found


def acknowledge(plant: Plant, alert_id: str) -> tuple[list[tuple[str, str]], str]:
    outcome = plant.do(AcknowledgeAlert(alert_id, "eva", "seen"))
    return alerts(outcome), outcome.refused.split(" ")[0]


def test_an_alert_tells_who_raised_it_and_why() -> None:
    plant = Plant(rule("hot", hot(), alert("trip", "critical")))
    plant.read(temperature=90.0)
    found = only(plant)
    assert (found.owner, found.behavior, found.code) == (OwnerKey("twin", "p1"), "hot", "trip")
    assert (found.severity, found.message, found.twins) == ("critical", "alert trip", ("p1",))
    assert (found.active, found.acknowledged, found.ack_required) == (True, False, True)
    assert found.raised_at == plant.now
    assert found.cause.ref == "p1/hot"
    assert found.cause.parent is not None
    assert found.cause.parent.kind == "reading"
    assert plant.engine.live.alert(found.alert_id) == found


def test_an_alert_that_needs_no_acknowledgement_closes_when_it_clears() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "warning")))
    plant.read(temperature=90.0)
    outcome = plant.read(temperature=70.0)
    assert alerts(outcome) == [("0", "cleared"), ("0", "closed")]
    assert outcome.alerts[-1].alert.closed_at == plant.now
    assert list(plant.engine.live.open_alerts()) == []


def test_an_alert_that_clears_unacknowledged_stays_open_until_a_person_has_seen_it() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    assert alerts(plant.read(temperature=70.0)) == [("0", "cleared")]
    found = only(plant)
    assert (found.active, found.clear_reason, found.cleared_at) == (False, "ConditionFalse", plant.now)
    assert acknowledge(plant, found.alert_id) == ([("0", "acknowledged"), ("0", "closed")], "")
    assert list(plant.engine.live.open_alerts()) == []


def test_an_alert_that_is_acknowledged_first_closes_when_it_clears() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    assert acknowledge(plant, only(plant).alert_id) == ([("0", "acknowledged")], "")
    found = only(plant)
    assert (found.acknowledged_by, found.comment, found.acknowledged_at) == ("eva", "seen", plant.now)
    assert alerts(plant.read(temperature=70.0)) == [("0", "cleared"), ("0", "closed")]


def test_an_unknown_alert_and_one_acknowledged_already_are_refused_with_their_codes() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    assert acknowledge(plant, "alert-0-0") == ([], "ALERT_NOT_FOUND")
    plant.read(temperature=90.0)
    alert_id = only(plant).alert_id
    acknowledge(plant, alert_id)
    assert acknowledge(plant, alert_id) == ([], "ALERT_ALREADY_ACKNOWLEDGED")
    plant.read(temperature=70.0)
    assert acknowledge(plant, alert_id) == ([], "ALERT_NOT_FOUND")


def test_an_identity_has_one_open_alert_which_becomes_active_again() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    first = only(plant)
    plant.read(temperature=70.0)
    assert alerts(plant.read(temperature=90.0)) == [("0", "raised")]
    again = only(plant)
    assert (again.alert_id, again.raised_at) == (first.alert_id, first.raised_at)
    assert (again.active, again.cleared_at, again.clear_reason) == (True, None, None)


def test_a_closed_alert_never_opens_again() -> None:
    plant = Plant(rule("hot", hot(), alert()))
    plant.read(temperature=90.0)
    first = only(plant).alert_id
    plant.read(temperature=70.0)
    plant.read(temperature=90.0)
    assert only(plant).alert_id != first


def test_two_codes_of_one_behavior_are_two_alerts() -> None:
    plant = Plant(rule("hot", hot(), alert("a"), alert("b", "critical")))
    assert alerts(plant.read(temperature=90.0)) == [("a", "raised"), ("b", "raised")]
    plant.read(temperature=70.0)
    assert only(plant).code == "b"


def test_a_latched_alert_stays_active_after_its_condition() -> None:
    plant = Plant(rule("hot", hot(), alert("trip", "critical", latched=True)))
    plant.read(temperature=90.0)
    outcome = plant.read(temperature=70.0)
    assert turns(outcome) == [("hot", "inactive")]
    assert outcome.alerts == ()
    acknowledge(plant, only(plant).alert_id)
    assert (only(plant).active, only(plant).acknowledged) == (True, True)
    assert alerts(plant.read(temperature=90.0)) == []


def test_alerts_raised_and_closed_at_the_same_moment_have_ids_of_their_own() -> None:
    plant = Plant(rule("hot", hot(), alert()))
    seen = set()
    for value in (90.0, 70.0, 91.0, 71.0, 92.0):
        at = plant.now
        for fact in plant.read(temperature=value).alerts:
            seen.add(fact.alert.alert_id)
        plant.now = at
    assert len(seen) == 3


def reset(plant: Plant, alert_id: str) -> tuple[list[tuple[str, str]], str]:
    outcome = plant.do(ResetAlert(alert_id, "eva", "looked at it"))
    return alerts(outcome), outcome.refused.split(" ")[0]


def test_a_latched_alert_is_reset_once_its_behavior_is_over_and_closes_where_it_was_acknowledged() -> None:
    plant = Plant(rule("hot", hot(), alert("trip", "critical", latched=True)))
    plant.read(temperature=90.0)
    found = only(plant)
    assert reset(plant, found.alert_id) == ([], "ALERT_STILL_ACTIVE")
    plant.read(temperature=70.0)
    assert reset(plant, found.alert_id) == ([("trip", "reset")], "")
    was = only(plant)
    assert (was.active, was.cleared_at, was.clear_reason) == (False, plant.now, "Reset")
    assert reset(plant, found.alert_id) == ([], "ALERT_ALREADY_CLEARED")
    assert acknowledge(plant, found.alert_id) == ([("trip", "acknowledged"), ("trip", "closed")], "")
    assert reset(plant, found.alert_id) == ([], "ALERT_NOT_FOUND")


def test_a_latched_alert_that_was_acknowledged_closes_with_its_reset() -> None:
    plant = Plant(rule("hot", hot(), alert("trip", "critical", latched=True)))
    plant.read(temperature=90.0)
    acknowledge(plant, only(plant).alert_id)
    plant.read(temperature=70.0)
    assert reset(plant, only(plant).alert_id) == ([("trip", "reset"), ("trip", "closed")], "")
    assert list(plant.engine.live.open_alerts()) == []


def test_a_latched_alert_is_not_reset_while_nobody_knows_whether_its_behavior_is_over() -> None:
    plant = Plant(rule("hot", hot(), alert("trip", "critical", latched=True)))
    plant.read(temperature=90.0)
    plant.silent()
    outcome = plant.do(ResetAlert(only(plant).alert_id, "eva"))
    assert outcome.refused.startswith("ALERT_STILL_ACTIVE")
    assert "unknown" in outcome.refused


def test_what_clears_by_itself_is_not_reset() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    assert reset(plant, only(plant).alert_id) == ([], "ALERT_NOT_LATCHED")


def test_a_latched_alert_becomes_active_again_after_its_reset() -> None:
    plant = Plant(rule("hot", hot(), alert("trip", "critical", latched=True)))
    plant.read(temperature=90.0)
    plant.read(temperature=70.0)
    first = only(plant).alert_id
    reset(plant, first)
    assert alerts(plant.read(temperature=90.0)) == [("trip", "raised")]
    assert only(plant).alert_id == first


def test_comments_are_kept_with_who_and_when_and_only_the_last_ones_stay_on_the_alert() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    alert_id = only(plant).alert_id
    outcome = plant.do(CommentAlert(alert_id, "eva", "bearing ordered"))
    assert alerts(outcome) == [("0", "commented")]
    assert (outcome.alerts[0].by, outcome.alerts[0].comment) == ("eva", "bearing ordered")
    assert only(plant).comments == (AlertComment(plant.now, "eva", "bearing ordered"),)
    acknowledge(plant, alert_id)
    for number in range(KEPT_COMMENTS):
        plant.do(CommentAlert(alert_id, "adam", str(number)))
    assert [item.text for item in only(plant).comments] == [str(number) for number in range(KEPT_COMMENTS)]
    assert plant.do(CommentAlert("nothing", "eva", "x")).refused.startswith("ALERT_NOT_FOUND")


def test_of_several_alerts_those_that_can_be_are_acknowledged() -> None:
    plant = Plant(rule("hot", hot(), alert("a", "critical"), alert("b", "critical"), alert("c", "critical")))
    plant.read(temperature=90.0)
    ids = tuple(item.alert_id for item in plant.engine.live.open_alerts())
    acknowledge(plant, ids[0])
    outcome = plant.do(AcknowledgeAlerts((*ids, "nothing", ids[1]), "eva", "all seen"))
    assert outcome.refused == ""
    assert alerts(outcome) == [("b", "acknowledged"), ("c", "acknowledged")]
    assert {item.comment for item in outcome.alerts} == {"all seen"}
    assert plant.do(AcknowledgeAlerts(ids, "eva")).refused.startswith("ALERT_ALREADY_ACKNOWLEDGED")


def test_a_transition_of_a_person_says_who_and_one_of_the_plant_does_not() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    raised = plant.read(temperature=90.0).alerts[0]
    assert (raised.by, raised.comment) == (None, "")
    seen = plant.do(AcknowledgeAlert(only(plant).alert_id, "eva", "seen")).alerts[0]
    assert (seen.by, seen.comment, seen.cause.kind) == ("eva", "seen", "command")


def evidence(plant: Plant) -> tuple[str, Micros | None] | None:
    found = plant.engine.live.alert_evidence(only(plant).alert_id)
    return (found.evidence, found.unknown_since) if found is not None else None


def test_an_alert_says_when_its_evidence_went_unknown_and_stays_as_it_was() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    raised = only(plant)
    assert evidence(plant) == ("true", None)
    plant.silent()
    gone = plant.now
    plant.wait(60)
    assert evidence(plant) == ("unknown", gone)
    assert only(plant) == raised
    assert plant.restart().engine.live.alert_evidence(raised.alert_id) == plant.engine.live.alert_evidence(
        raised.alert_id
    )
    other = Engine()
    other.restore(plant.engine.snapshot())
    assert other.live.alert_evidence(raised.alert_id) == plant.engine.live.alert_evidence(raised.alert_id)
    plant.alive()
    assert evidence(plant) == ("unknown", gone)
    plant.read(temperature=70.0)
    assert evidence(plant) == ("false", None)  # cleared, not acknowledged
    plant.silent()
    assert evidence(plant) == ("unknown", plant.now)


def test_an_edit_does_not_begin_the_time_anew_for_which_evidence_is_unknown() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    plant.silent()
    gone = plant.now
    plant.load(rule("hot", hot(85.0), alert("0", "critical")), revision=2)
    assert evidence(plant) == ("unknown", gone)
    plant.load(rule("hot", None, alert("0", "critical"), error="DTSL204 unknown role"), revision=3)
    assert evidence(plant) == ("unknown", gone)
    assert plant.restart().engine.state_digest() == plant.engine.state_digest()


def test_evidence_of_what_no_longer_loads_is_unknown_from_then_on() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")))
    plant.read(temperature=90.0)
    plant.load(rule("hot", None, alert("0", "critical"), error="DTSL204 unknown role"), revision=2)
    assert evidence(plant) == ("unknown", plant.now)


def test_nothing_is_said_of_the_evidence_of_a_closed_alert_or_of_a_behavior_that_is_gone() -> None:
    plant = Plant(rule("hot", hot(), alert("0", "critical")), rule("warm", hot(50.0), alert("w", ack=False)))
    plant.read(temperature=90.0)
    plant.load(rule("warm", hot(50.0), alert("w", ack=False)), revision=2)
    hot_one, warm = sorted(plant.engine.live.open_alerts(), key=lambda it: it.code)
    assert not hot_one.active
    assert plant.engine.live.alert_evidence(hot_one.alert_id) is None
    plant.read(temperature=20.0)
    assert plant.engine.live.alert(warm.alert_id) is None
    assert plant.engine.live.alert_evidence(warm.alert_id) is None
