"""Alerts: two flags, one open alert an identity, and when one closes."""

from app.model.events import AcknowledgeAlert, Alert
from app.model.plan import OwnerKey
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
