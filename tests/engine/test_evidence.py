"""Evidence: what a condition asks about a property beside its value. Never unknown, once its path was heard of."""

import pytest

from app.model.conditions import Among, Between, Compare, Duration, Literal, Not, Or
from app.model.events import ClearOverride, PathStatus, SetManual, SetOverride, SourceStatus, Started, Tick
from app.model.plan import BehaviorKey, OwnerKey, PropertyPlan
from app.model.time import SECOND
from tests.engine.plant import PUMP_PROPERTIES, Plant, alert, alerts, call, compare, ref, rule, sample, sent, turns
from tests.engine.timed import evidence, older

P1 = OwnerKey("twin", "p1")
TEMPERATURE = "temperature"


def truth(plant: Plant, name: str = "it") -> str:
    return plant.behavior(name)[1]


def test_known_follows_the_path_and_the_quality() -> None:
    plant = Plant(rule("it", evidence("known", TEMPERATURE)))
    assert truth(plant) == "false"
    plant.read(temperature=20.0)
    assert truth(plant) == "true"
    plant.take(sample(TEMPERATURE, None, plant.now, "bad", reason="SensorFailure"))
    assert truth(plant) == "false"
    plant.read(temperature=20.0)
    plant.silent()
    assert truth(plant) == "false"


def test_quality_tells_good_uncertain_and_bad_although_the_value_is_the_same() -> None:
    plant = Plant(
        *(rule(name, Compare("==", evidence("quality", TEMPERATURE), Literal(name))) for name in ("good", "uncertain")),
        rule("poor", Among(evidence("quality", TEMPERATURE), (Literal("uncertain"), Literal("bad")))),
    )
    plant.read(temperature=20.0)
    assert [truth(plant, name) for name in ("good", "uncertain", "poor")] == ["true", "false", "false"]
    plant.take(sample(TEMPERATURE, 20.0, plant.now, "uncertain"))
    assert [truth(plant, name) for name in ("good", "uncertain", "poor")] == ["false", "true", "true"]
    plant.silent()
    assert [truth(plant, name) for name in ("good", "uncertain", "poor")] == ["false", "false", "true"]


def test_stale_is_about_the_path_also_of_what_was_never_reported() -> None:
    plant = Plant(rule("it", evidence("isStale", TEMPERATURE)))
    assert truth(plant) == "false"
    plant.silent()
    assert truth(plant) == "true"
    plant.alive()
    assert truth(plant) == "false"
    plant.read(temperature=20.0)
    plant.silent()
    plant.alive()
    assert truth(plant) == "true", "it is from before, and was not read back yet"
    plant.read(temperature=20.0)
    assert truth(plant) == "false"


def test_silent_is_about_the_device_alone_whatever_the_property_is_like() -> None:
    plant = Plant(rule("it", evidence("isSilent", TEMPERATURE)), rule("mode", evidence("isSilent", "mode")))
    assert [truth(plant, "it"), truth(plant, "mode")] == ["false", "false"]
    plant.read(temperature=20.0)
    plant.do(SetOverride("p1", "temperature", "forced", "eva", "test", 1.0))
    plant.silent()
    assert [truth(plant, "it"), truth(plant, "mode")] == ["true", "false"], "a manual property has no device"
    plant.alive()
    assert truth(plant) == "false", "though it was not read back yet"
    assert truth(Plant(rule("it", evidence("isSilent", TEMPERATURE)), alive=False)) == "unknown"


def test_a_path_that_does_not_bring_a_property_is_no_silent_device() -> None:
    plant = Plant(rule("silent", evidence("isSilent", TEMPERATURE)), rule("stale", evidence("isStale", TEMPERATURE)))
    plant.read(temperature=20.0)
    plant.do(SourceStatus("mqtt", (PathStatus("p1", True, "", 1, ("temperature",)),)))
    assert [truth(plant, "silent"), truth(plant, "stale")] == ["false", "true"]


def test_stale_after_counts_too() -> None:
    properties = (*PUMP_PROPERTIES[1:], PropertyPlan(TEMPERATURE, "float", stale_after=10 * SECOND))
    plant = Plant()
    plant.load(rule("it", evidence("isStale", TEMPERATURE)), revision=1, properties=properties)
    plant.alive()
    plant.read(temperature=20.0)
    assert truth(plant) == "false"
    plant.wait(10)
    assert truth(plant) == "true"


def test_what_a_person_has_put_over_it_is_neither_stale_nor_old() -> None:
    plant = Plant(
        rule("stale", evidence("isStale", TEMPERATURE)),
        rule("old", older(TEMPERATURE, 5 * SECOND)),
        rule("known", evidence("known", TEMPERATURE)),
        rule("bad", Compare("==", evidence("quality", TEMPERATURE), Literal("bad"))),
    )
    plant.read(temperature=20.0)
    plant.silent()
    plant.wait(5)
    assert [truth(plant, name) for name in ("stale", "old", "known", "bad")] == ["true", "true", "false", "true"]
    plant.do(SetOverride("p1", TEMPERATURE, "forced", "eva", "test", 50.0))
    plant.wait(100)
    assert [truth(plant, name) for name in ("stale", "old", "known", "bad")] == ["false", "false", "true", "false"]
    plant.do(SetOverride("p1", TEMPERATURE, "out_of_service", "eva", "test"))
    assert [truth(plant, name) for name in ("stale", "old", "known", "bad")] == ["false", "false", "false", "true"]
    plant.do(ClearOverride("p1", TEMPERATURE, "eva"))
    assert [truth(plant, name) for name in ("stale", "old", "known", "bad")] == ["true", "true", "false", "true"]


def test_after_a_start_nothing_can_be_said_until_the_path_was_heard_of() -> None:
    plant = Plant(rule("it", Not(evidence("known", TEMPERATURE)), alert(), call()))
    plant.read(temperature=20.0)
    other = plant.restart()
    other.do(Started())
    assert other.behavior("it") == ("inactive", "unknown")
    assert other.engine.live.why_unknown(BehaviorKey(P1, "it")) == ["p1 had no contact in this run yet"]
    assert alerts(other.silent()) == [("0", "raised")]


def test_a_device_that_is_found_silent_when_the_rule_is_loaded_is_no_reason_to_call() -> None:
    plant = Plant(rule("it", evidence("isStale", TEMPERATURE), alert(), call()), alive=False)
    outcome = plant.silent()
    assert (alerts(outcome), sent(outcome)) == ([("0", "raised")], [])


# ---------------------------------------------------------------- age


def test_age_flips_by_time_alone_and_back_by_any_report() -> None:
    plant = Plant(rule("it", older(TEMPERATURE, 30 * SECOND), alert()))
    plant.read(temperature=20.0)
    assert truth(plant) == "false"
    assert alerts(plant.do(Tick(), 30 * SECOND)) == []
    assert plant.engine.next_due() == plant.now + 1, "older than means more than"
    assert alerts(plant.do(Tick(), 1)) == [("0", "raised")]
    assert alerts(plant.read(temperature=20.0)) == [("0", "cleared"), ("0", "closed")]


def test_reports_move_no_timer_and_one_that_comes_early_is_put_back() -> None:
    plant = Plant(rule("it", older(TEMPERATURE, 30 * SECOND), alert()))
    plant.read(temperature=20.0)
    for _ in range(20):
        assert plant.read(temperature=20.0).timers == ()
    outcome = plant.wait(10.5)
    assert [item.change for item in outcome.timers] == ["met", "started"]
    assert alerts(outcome) == []
    assert alerts(plant.wait(19.4)) == []
    assert alerts(plant.wait(0.2)) == [("0", "raised")]


@pytest.mark.parametrize(
    ("condition", "young", "exact", "old"),
    [
        (Compare(">", evidence("age", TEMPERATURE), Duration(5 * SECOND)), "false", "false", "true"),
        (Compare(">=", evidence("age", TEMPERATURE), Duration(5 * SECOND)), "false", "true", "true"),
        (Compare("<", evidence("age", TEMPERATURE), Duration(5 * SECOND)), "true", "false", "false"),
        (Compare("<=", evidence("age", TEMPERATURE), Duration(5 * SECOND)), "true", "true", "false"),
        (Compare("<", Duration(5 * SECOND), evidence("age", TEMPERATURE)), "false", "false", "true"),
        (
            Between(evidence("age", TEMPERATURE), Duration(5 * SECOND), Duration(6 * SECOND)),
            "false",
            "true",
            "true",
        ),
    ],
)
def test_every_order_is_exact(condition: Compare, young: str, exact: str, old: str) -> None:
    plant = Plant(rule("it", condition))
    plant.read(temperature=20.0)
    assert truth(plant) == young
    plant.wait(5)
    assert truth(plant) == exact
    plant.do(Tick(), 1)
    assert truth(plant) == old


def test_what_was_never_reported_is_older_than_anything() -> None:
    plant = Plant(rule("it", older(TEMPERATURE, 3600 * SECOND)))
    assert truth(plant) == "true"
    plant.read(temperature=20.0)
    assert truth(plant) == "false"


def test_the_time_that_the_server_was_down_and_found_nobody_is_not_age() -> None:
    plant = Plant(rule("it", older(TEMPERATURE, 30 * SECOND), alert()))
    plant.read(temperature=20.0)
    plant.wait(20)
    other = plant.restart()
    other.now += 3600 * SECOND
    other.do(Started())
    assert alerts(other.wait(100)) == []
    assert alerts(other.silent()) == []  # now somebody has tried
    assert truth(other) == "false"
    assert alerts(other.wait(9.9)) == []
    assert alerts(other.wait(0.2)) == [("0", "raised")]


def test_the_age_of_what_no_device_feeds_goes_on_over_a_restart() -> None:
    plant = Plant(rule("it", older("limit", 30 * SECOND), alert()))
    plant.do(SetManual("p1", "limit", 5.0, "eva"))
    other = plant.restart()
    other.now += 3600 * SECOND
    assert alerts(other.do(Started())) == [("0", "raised")]


def test_age_alone_can_be_compared_with_a_length_of_time_alone() -> None:
    plant = Plant(
        rule("it", Compare(">", evidence("age", TEMPERATURE), Literal(5))),
        rule("same", Compare("==", evidence("age", TEMPERATURE), Duration(5))),
    )
    [it, same] = plant.engine.live.behaviors(P1)
    assert it.error == "age() can only be compared with a length of time, as in age(x) > 30s"
    assert same.error == "age() is never known to be '==' a length of time: compare it with > or <"


def test_known_of_what_is_not_there_is_false_and_the_others_say_so() -> None:
    plant = Plant(
        rule("it", evidence("known", "nothing")),
        rule("other", Or((evidence("isStale", "nothing"), compare("a", "==", 1)))),
    )
    assert truth(plant) == "false"
    assert plant.engine.live.why_unknown(BehaviorKey(P1, "other")) == [
        "there is no 'nothing' to read",
        "there is no 'a' to read",
    ]


def test_a_computed_property_is_as_stale_as_what_it_comes_from() -> None:
    properties = (*PUMP_PROPERTIES, PropertyPlan("twice", "float", computed=ref(TEMPERATURE)))
    plant = Plant()
    plant.load(
        rule("stale", evidence("isStale", "twice")),
        rule("old", older("twice", 5 * SECOND)),
        revision=1,
        properties=properties,
    )
    assert truth(plant, "stale") == "unknown"
    plant.alive()
    plant.read(temperature=20.0)
    assert [truth(plant, name) for name in ("stale", "old")] == ["false", "false"]
    plant.do(SourceStatus("opc", (PathStatus("p1", False, "gone"),)))
    assert truth(plant, "stale") == "true"
    plant.wait(6)
    assert truth(plant, "old") == "true"


def test_a_rule_of_evidence_alone_is_woken_by_nothing_else() -> None:
    plant = Plant(rule("it", Compare("==", evidence("quality", TEMPERATURE), Literal("good")), alert()))
    assert turns(plant.read(temperature=20.0)) == [("it", "active")]
    assert plant.read(temperature=21.0).behaviors == ()
