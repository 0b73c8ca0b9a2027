"""What of a journal entry is audited: the real engine decides, and each command leaves its entry."""

import pytest

from app.model.audit import AuditEntry
from app.model.events import (
    AcknowledgeAlert,
    AcknowledgeAlerts,
    AlertKey,
    AttemptCall,
    CallResult,
    ClearOverride,
    CommentAlert,
    Input,
    Load,
    Note,
    Origin,
    RequestCall,
    ResetAlert,
    SetManual,
    SetOverride,
    ShelveAlert,
    Tick,
    UnshelveAlert,
)
from app.model.plan import OwnerKey, Plan
from app.model.time import SECOND
from app.runtime.audited import audited, recorded
from tests.engine.plant import Plant, alert, call, hot, rule, write

HERE = Origin("rest", "10.0.0.7")


def told(plant: Plant, input: Input) -> list[AuditEntry]:
    plant.do(input)
    return audited(plant.journal[-1])


def brief(entries: list[AuditEntry]) -> list[tuple[str, str, str, str]]:
    return [(item.kind, item.outcome, item.actor, item.what) for item in entries]


def test_a_persons_call_is_told_as_it_is_decided_and_as_it_ends() -> None:
    plant = Plant(rule("hot", hot()))
    (decided,) = told(plant, RequestCall("c1", "p1", "eva", "stop", origin=HERE))
    assert (decided.kind, decided.outcome, decided.actor, decided.what) == ("call", "decided", "eva", "stop")
    assert (decided.origin, decided.subjects) == (HERE, ("twin/p1", "call/c1"))
    assert (decided.entry_id, decided.at) == (f"journal/{len(plant.journal):012}/0000", plant.now)
    assert told(plant, AttemptCall("c1")) == []
    (ended,) = told(plant, CallResult("c1", "refused", error="locked"))
    assert (ended.outcome, ended.actor, ended.actor_kind, ended.message) == ("refused", "eva", "person", "locked")
    (again,) = told(plant, RequestCall("c1", "p1", "eva", "stop", origin=HERE))
    assert (again.outcome, again.code) == ("refused", "CALL_EXISTS")


def test_a_behaviors_call_is_told_in_the_behaviors_name() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    (decided,) = audited(plant.journal[-1])
    assert (decided.kind, decided.outcome, decided.actor) == ("call", "decided", "p1/hot")
    assert (decided.actor_kind, decided.origin) == ("behavior", Origin())
    assert [record.change.transition for record in recorded(plant.journal[-1])] == []


def test_a_call_that_is_withheld_is_told_once() -> None:
    plant = Plant(rule("hot", hot(), call("stop")))
    plant.read(temperature=90.0)
    assert brief(audited(plant.journal[-1])) == [("call", "withheld", "p1/hot", "stop")]


def test_what_people_do_with_alerts_names_the_alert_its_owner_and_its_twins() -> None:
    plant = Plant(rule("hot", hot(), alert("a", "critical", latched=True), alert("b", "critical")))
    plant.read(temperature=90.0)
    a, b = (item.alert_id for item in plant.engine.live.open_alerts())
    (seen,) = told(plant, AcknowledgeAlert(a, "eva", "seen", HERE))
    assert (seen.kind, seen.subjects, seen.what) == ("acknowledgement", (f"alert/{a}", "twin/p1"), "hot/a")
    assert (seen.reason, seen.origin) == ("seen", HERE)
    (rest,) = told(plant, AcknowledgeAlerts((a, b, "x"), "eva", "all"))
    assert (rest.outcome, rest.subjects) == ("done", (f"alert/{b}", "twin/p1"))
    (noted,) = told(plant, CommentAlert(a, "eva", "bearing ordered"))
    assert (noted.kind, noted.reason) == ("comment", "bearing ordered")
    (refused,) = told(plant, ResetAlert(a, "eva"))
    assert (refused.kind, refused.outcome, refused.code) == ("reset", "refused", "ALERT_STILL_ACTIVE")
    plant.read(temperature=70.0)
    assert brief(told(plant, ResetAlert(a, "eva", "done"))) == [("reset", "done", "eva", "hot/a")]


def test_a_record_of_an_alert_leaves_the_comments_to_records_of_their_own() -> None:
    plant = Plant(rule("hot", hot(), alert("a", "critical")))
    plant.read(temperature=90.0)
    (found,) = plant.engine.live.open_alerts()
    plant.do(CommentAlert(found.alert_id, "eva", "one"))
    (record,) = recorded(plant.journal[-1])
    assert (record.place, record.change.transition) == ((len(plant.journal), 0), "commented")
    assert (record.change.by, record.change.comment, record.change.alert.comments) == ("eva", "one", ())


@pytest.mark.parametrize("value", [5.0, "x"])
def test_a_manual_write_is_told_whether_it_was_done_or_refused(value: object) -> None:
    plant = Plant(rule("hot", hot()))
    (entry,) = told(plant, SetManual("p1", "limit", value, "eva", HERE))
    outcome = "done" if value == 5.0 else "refused"
    assert (entry.kind, entry.outcome, entry.what) == ("write", outcome, "limit")
    assert (entry.details, bool(entry.code)) == ({"value": value}, outcome == "refused")


def test_an_override_is_told_as_it_is_put_and_as_it_ends_and_a_retry_is_not() -> None:
    plant = Plant(rule("hot", hot()))
    force = SetOverride("p1", "temperature", "forced", "eva", "calibration", 50.0, HERE)
    (put,) = told(plant, force)
    assert (put.kind, put.reason, put.details) == ("override", "calibration", {"override": "forced", "value": 50.0})
    assert told(plant, force) == []
    (refused,) = told(plant, ClearOverride("p1", "temperature", "eva", "", "out_of_service"))
    assert (refused.outcome, refused.code) == ("refused", "PROPERTY_FORCED")
    (over,) = told(plant, ClearOverride("p1", "temperature", "adam", "done", origin=HERE))
    assert (over.kind, over.actor, over.origin, over.reason) == ("override_end", "adam", HERE, "done")
    assert told(plant, ClearOverride("p1", "temperature", "adam")) == []


def test_an_override_that_a_definition_change_ends_is_told_in_the_name_of_its_author() -> None:
    plant = Plant(rule("hot", hot()))
    plant.do(SetOverride("p1", "temperature", "forced", "eva", "calibration", 50.0))
    (over,) = told(plant, Load(Plan(2, removed_twins=("p1",)), "adam", origin=HERE))
    assert (over.kind, over.actor, over.origin, over.what) == ("override_end", "adam", HERE, "temperature")
    assert over.reason == "TwinRemoved"


def test_a_shelving_is_told_as_it_is_made_and_as_it_ends_whoever_ended_it() -> None:
    plant = Plant(rule("hot", hot(), alert("a", "critical")))
    plant.read(temperature=90.0)
    key = AlertKey(OwnerKey("twin", "p1"), "hot", "a")
    (made,) = told(plant, ShelveAlert(key, SECOND, "eva", "noisy", HERE))
    assert (made.kind, made.outcome, made.what, made.reason, made.origin) == (
        "shelving",
        "done",
        "hot/a",
        "noisy",
        HERE,
    )
    assert (made.subjects, list(made.details)) == (("twin/p1",), ["until"])
    (over,) = told(plant, Tick())
    assert (over.kind, over.actor, over.actor_kind, over.reason) == ("unshelving", "timer", "engine", "TimeOver")
    (refused,) = told(plant, UnshelveAlert(key, "eva"))
    assert (refused.kind, refused.outcome, refused.code) == ("unshelving", "refused", "ALERT_NOT_SHELVED")
    told(plant, ShelveAlert(key, SECOND, "eva", "noisy"))
    (ended,) = told(plant, Load(Plan(2, removed_twins=("p1",)), "adam", origin=HERE))
    assert (ended.kind, ended.actor, ended.origin, ended.reason) == ("unshelving", "adam", HERE, "BehaviorRemoved")


def test_what_was_refused_or_done_beside_the_engine_is_told_as_it_was_noted() -> None:
    plant = Plant(rule("hot", hot()))
    before = plant.engine.live.open_alerts()
    note = Note("write", "refused", "eva", HERE, ("twin/p1",), "speed", "", "PROPERTY_READ_ONLY", "it can only be read")
    (entry,) = told(plant, note)
    assert (entry.kind, entry.outcome, entry.actor, entry.what) == ("write", "refused", "eva", "speed")
    assert (entry.origin, entry.subjects, entry.code) == (HERE, ("twin/p1",), "PROPERTY_READ_ONLY")
    assert list(before) == list(plant.engine.live.open_alerts())
    (file,) = told(plant, Note("asset", "done", "eva", HERE, ("asset/a.svg",), "added", details={"size": 3}))
    assert (file.kind, file.outcome, file.details) == ("asset", "done", {"size": 3})


def test_a_behaviors_write_to_a_manual_property_is_told_in_its_name_where_it_changed_the_value() -> None:
    plant = Plant(rule("hot", hot(), write("mode", "hand")))
    plant.read(temperature=20.0)
    plant.read(temperature=90.0)
    (written,) = audited(plant.journal[-1])
    assert (written.kind, written.outcome, written.actor, written.what) == ("write", "done", "p1/hot", "mode")
    assert (written.actor_kind, written.subjects, written.details) == ("behavior", ("twin/p1",), {"value": "hand"})
    plant.read(temperature=20.0)
    plant.read(temperature=91.0)
    assert audited(plant.journal[-1]) == []  # it was so already


def test_what_comes_due_beside_a_refused_command_is_told_too() -> None:
    plant = Plant(rule("hot", hot(), alert("a", "critical")))
    plant.read(temperature=90.0)
    key = AlertKey(OwnerKey("twin", "p1"), "hot", "a")
    plant.do(ShelveAlert(key, 10 * SECOND, "eva", "later"))
    plant.now += 11 * SECOND
    assert brief(told(plant, AcknowledgeAlert("none", "eva"))) == [
        ("acknowledgement", "refused", "eva", ""),
        ("unshelving", "done", "timer", "hot/a"),
    ]
