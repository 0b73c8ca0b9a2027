"""A part of the plant decides what the whole would, and the live engine knows nothing of it."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.engine import Engine
from app.engine.part import TooWide
from app.model.conditions import Bound
from app.model.events import Delivery, EngineSettings, Reading, Sample, Samples, SetManual, Started
from app.model.plan import Plan, PropertyKey, Shape
from app.model.time import SECOND
from tests.engine.plant import Plant, alert, compare, hot, pump, pump_shape, rule, station, write
from tests.engine.test_replay import NAMES, TWINS, live_run, scripts, values


@settings(max_examples=100, deadline=None)
@given(scripts, st.sampled_from(TWINS), st.lists(st.tuples(st.sampled_from(NAMES), values), min_size=1, max_size=3))
def test_a_part_decides_what_the_whole_does(script: Any, twin: str, changes: list[tuple[str, Any]]) -> None:
    engine, entries, _ = live_run(script)
    now = entries[-1].now + SECOND
    probe = Samples((Reading("opc", now, tuple(Sample(twin, name, value, now) for name, value in changes)),))
    before = engine.state_digest()
    part = engine.part([PropertyKey(twin, name) for name, _ in changes], (), 100)
    whole = copied(engine)
    due = whole.next_due()
    if due is None or due > now:  # else timers of others are met too, which are no part of it
        assert part.engine().decide(probe, now) == whole.decide(probe, now)
        manual = SetManual(twin, changes[0][0], changes[0][1], "eva")
        assert part.engine().decide(manual, now) == copied(engine).decide(manual, now)
    assert engine.state_digest() == before


def copied(engine: Engine) -> Engine:
    copy = Engine()
    copy.restore(engine.snapshot())
    return copy


def chained(length: int) -> Plant:
    """p1's heat sets p2's limit, that sets p3's, and so on: a station between each pair."""
    rules = (rule("pass", compare("temperature", ">", 80.0, "here"), write("limit", 5.0, "there"), alert()),
             rule("on", compare("limit", "<", 10.0, "here"), write("limit", 5.0, "there")))  # fmt: skip
    twins = tuple(pump(f"p{number}") for number in range(1, length + 2))
    overlays = tuple(
        msgspec.structs.replace(station({"here": f"p{number}", "there": f"p{number + 1}"}), overlay_id=f"s{number}")
        for number in range(1, length + 1)
    )
    return Plant(plan=Plan(1, (pump_shape(), Shape("station@1", rules=rules)), twins, overlays))


def test_alerts_are_counted_under_overlays_that_are_no_part_of_it() -> None:
    shapes = (pump_shape(rule("hot", hot(), alert())), Shape("station@1"))
    plant = Plant(plan=Plan(1, shapes, (pump(), pump("p2"), pump("p3")), (station({"a": "p1", "b": "p2", "c": "p3"}),)))
    plant.do(Started(EngineSettings(flood_limit=1)))
    plant.alive("p1", "p2", "p3")
    plant.read("p1", temperature=90.0)
    for twin in ("p2", "p3"):
        now = plant.now
        probe = Samples((Reading("opc", now, (Sample(twin, "temperature", 90.0, now),)),))
        apart = plant.engine.part([PropertyKey(twin, "temperature")], (), 100)
        assert (apart.part.twins, apart.part.overlays, apart.part.around) == ((twin,), (), ("station",))
        foreseen = copied(apart.engine()).decide(probe, now)
        assert foreseen == copied(plant.engine).decide(probe, now)
        assert [item.alert.code for item in foreseen.alerts] == ["0", "alert_flood"]
        plant.read(twin, temperature=90.0)


def test_readers_are_followed_through_what_they_set() -> None:
    engine = chained(6).engine
    far = engine.part([PropertyKey("p1", "temperature")], (), 100).part
    assert set(far.overlays) == {f"s{number}" for number in range(1, 7)}
    near = engine.part([PropertyKey("p6", "temperature")], (), 100).part
    assert (set(near.overlays), set(near.twins)) == ({"s6"}, {"p6", "p7"})
    assert engine.part([PropertyKey("p7", "speed")], (), 100).part.overlays == ()
    assert (
        engine.part([PropertyKey("nobody", "speed"), PropertyKey("p7", "nothing")], ("nobody",), 100).part.overlays
        == ()
    )


def test_a_part_that_is_too_wide_is_refused() -> None:
    engine = chained(6).engine
    with pytest.raises(TooWide):
        engine.part([PropertyKey("p1", "temperature")], (), 5)


def test_a_silent_path_reaches_all_that_is_read_over_it() -> None:
    shapes = (pump_shape(rule("hot", hot())), Shape("station@1", rules=(rule("there", Bound("primary")),)))
    plant = Plant(plan=Plan(1, shapes, (pump(), pump("p2")), (station({"primary": "p1"}),)))
    assert plant.engine.part((), ("p1",), 100).part.twins == ("p1",)
    assert plant.engine.part((), ("p2",), 100).part.behaviors == 1


def test_a_part_has_no_messages_of_the_whole_in_it() -> None:
    plant = Plant(rule("hot", hot()))
    at = plant.now + SECOND
    delivery = Delivery(1, b"a")
    plant.do(Samples((Reading("opc", at, (Sample("p1", "temperature", 20.0, at),), delivery=delivery),)))
    apart = plant.engine.part([PropertyKey("p1", "temperature")], (), 100)
    assert apart.state.deliveries == ()
    rows = plant.engine.live.deliveries.rows()
    assert [(name, count, len(pages)) for name, count, pages in rows] == [("opc", 1, 1)]
    assert plant.restart().engine.live.deliveries.rows() == rows
