"""The plant's physics obeys its own laws, whatever is commanded."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.demo.physics import FaultOccurred, MaintenanceDue, Station, StatusChanged


def run(station: Station, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        station.step(0.1)


def test_normal_operation_reads_as_the_specification_prints_it() -> None:
    station = Station()
    run(station, 30)
    pump = station.pumps["pump_123"]
    assert pump.status == "running"
    assert pump.flow_rate == pytest.approx(75, rel=0.01)
    assert pump.pressure == pytest.approx(6.0, rel=0.01)
    assert pump.temperature == pytest.approx(65, rel=0.01)
    assert pump.power == pytest.approx(32, rel=0.05)
    assert pump.speed == pytest.approx(2500, rel=0.001)
    assert station.flow_rate == pytest.approx(75, rel=0.01)
    assert station.pressure == pytest.approx(6.0, rel=0.01)
    assert (station.pumps["pump_124"].status, station.pumps["pump_124"].flow_rate) == ("off", 0.0)
    assert station.events == []


def test_two_stations_of_one_seed_measure_the_same() -> None:
    one, other = Station(seed=7), Station(seed=7)
    run(one, 5)
    run(other, 5)
    assert (one.flow_rate, one.pressure) == (other.flow_rate, other.pressure)


def test_blocked_cooling_takes_the_pump_past_80_and_then_90_within_seconds() -> None:
    station = Station()
    pump = station.pumps["pump_123"]
    pump.cooling_blocked = True
    warm = []
    for _ in range(100):
        station.step(0.1)
        warm.append(pump.temperature)
    past_80 = next(step for step, value in enumerate(warm) if value >= 80)
    past_90 = next(step for step, value in enumerate(warm) if value >= 90)
    assert 10 <= past_80 <= 50, "seconds, and not so fast that nobody sees the warning"
    assert past_80 + 10 <= past_90 <= 90


def test_a_stopped_pump_cools_even_while_its_cooling_is_blocked() -> None:
    station = Station()
    pump = station.pumps["pump_123"]
    pump.cooling_blocked = True
    run(station, 6)
    hot = pump.temperature
    assert pump.stop()
    run(station, 10)
    assert pump.status == "off"
    assert pump.temperature < hot - 20


def test_a_pump_starts_and_stops_over_its_ramps_and_says_so() -> None:
    station = Station()
    pump = station.pumps["pump_124"]
    assert pump.start()
    station.step(0.1)
    assert (pump.status, 0 < pump.speed < 2500) == ("starting", True)
    run(station, 3)
    assert pump.status == "running"
    assert pump.stop()
    run(station, 3)
    assert (pump.status, pump.speed, pump.power) == ("off", 0.0, 0.0)
    assert station.events == [
        StatusChanged("pump_124", "off", "starting"),
        StatusChanged("pump_124", "starting", "running"),
        StatusChanged("pump_124", "running", "stopping"),
        StatusChanged("pump_124", "stopping", "off"),
    ]


def test_a_fault_collapses_the_flow_and_the_backup_pump_brings_it_back() -> None:
    station = Station()
    station.pumps["pump_123"].fail(17, "bearing seized")
    run(station, 3)
    assert station.status == "degraded"
    assert station.flow_rate == 0.0
    assert station.pumps["pump_124"].start()
    run(station, 4)
    assert station.flow_rate == pytest.approx(75, rel=0.02)


def test_a_fault_is_latched_until_it_is_reset() -> None:
    station = Station()
    pump = station.pumps["pump_123"]
    assert pump.fail(17, "bearing seized")
    run(station, 60)
    refused = (
        pump.start(),
        pump.stop(),
        pump.set_speed(2000.0),
        pump.set_target_flow(50.0),
        pump.fail(18, "another"),
    )
    assert refused == (False,) * 5
    assert pump.status == "fault"
    assert pump.reset_fault()
    assert (pump.status, pump.reset_fault()) == ("off", False)
    assert pump.start()
    assert FaultOccurred("pump_123", 17, "bearing seized") in station.events
    assert MaintenanceDue("pump_123", "inspection_after_fault", 7) in station.events


def test_a_fault_reset_while_the_pump_still_spins_lets_it_run_down() -> None:
    station = Station()
    pump = station.pumps["pump_123"]
    pump.fail(17, "bearing seized")
    station.step(0.1)
    pump.reset_fault()
    run(station, 3)
    assert station.events[-2:] == [
        MaintenanceDue("pump_123", "inspection_after_fault", 7),
        StatusChanged("pump_123", "stopping", "off"),
    ]


def test_shutting_the_outlet_valve_raises_the_pressure_past_the_critical_mark() -> None:
    station = Station()
    station.outlet.close()
    stages = []
    for _ in range(7):
        stages.append(station.outlet.status)
        run(station, 1)
    assert stages == ["moving"] * 5 + ["closed"] * 2
    assert station.pressure >= 9.5
    assert 0.0 < station.flow_rate < 20.0
    assert station.outlet.open(100.0)
    run(station, 6)
    assert station.pressure == pytest.approx(6.0, rel=0.01)


def test_shutting_the_inlet_valve_starves_the_pump() -> None:
    station = Station()
    station.inlet.close()
    run(station, 6)
    assert station.pressure < 0.1
    assert station.flow_rate < 1.0


def test_two_pumps_give_more_than_one_and_raise_no_pressure_warning() -> None:
    station = Station()
    station.pumps["pump_124"].start()
    run(station, 5)
    assert 80 < station.flow_rate < 100
    assert station.pressure < 8.0


def test_a_target_flow_rate_is_reached_by_changing_the_speed() -> None:
    station = Station()
    assert station.pumps["pump_123"].set_target_flow(60.0)
    run(station, 5)
    assert station.flow_rate == pytest.approx(60, rel=0.01)
    assert station.pumps["pump_123"].speed == pytest.approx(2000, rel=0.01)


@pytest.mark.parametrize("value", [-0.1, 3000.1, math.nan, math.inf, -math.inf])
def test_a_speed_that_is_no_speed_is_refused(value: float) -> None:
    station = Station()
    assert not station.pumps["pump_123"].set_speed(value)
    run(station, 3)
    assert station.pumps["pump_123"].speed == pytest.approx(2500, rel=0.001)


def test_reset_brings_everything_back_to_normal_operation() -> None:
    station = Station()
    station.pumps["pump_123"].fail(17, "bearing seized")
    station.pumps["pump_124"].start()
    station.pumps["pump_124"].cooling_blocked = True
    station.inlet.open(40.0)
    station.outlet.close()
    station.mode = "manual"
    run(station, 10)
    station.reset()
    run(station, 60)
    assert [pump.status for pump in station.pumps.values()] == ["running", "off"]
    assert station.flow_rate == pytest.approx(75, rel=0.01)
    assert station.pressure == pytest.approx(6.0, rel=0.01)
    assert station.pumps["pump_123"].temperature == pytest.approx(65, rel=0.01)
    assert (station.status, station.mode) == ("running", "automatic")


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 3000) | st.floats(0, 100)
pump_ids = st.sampled_from(["pump_123", "pump_124"])
commands = st.one_of(
    st.tuples(st.sampled_from(["start", "stop", "reset_fault", "fail", "heat", "cool"]), pump_ids, st.none()),
    st.tuples(st.sampled_from(["set_speed", "set_target_flow"]), pump_ids, numbers),
    st.tuples(st.sampled_from(["inlet", "outlet"]), st.none(), numbers),
    st.tuples(st.just("reset"), st.none(), st.none()),
    st.tuples(st.just("wait"), st.none(), st.integers(1, 300)),
)


def command(station: Station, what: str, pump_id: str | None, value: float | None) -> None:
    if pump_id is not None:
        pump = station.pumps[pump_id]
        match what:
            case "fail":
                pump.fail(1, "x")
            case "heat" | "cool":
                pump.cooling_blocked = what == "heat"
            case "set_speed" | "set_target_flow":
                getattr(pump, what)(value)
            case _:
                getattr(pump, what)()
    elif what in ("inlet", "outlet"):
        assert value is not None
        (station.inlet if what == "inlet" else station.outlet).open(value)
    elif what == "reset":
        station.reset()
    else:
        run(station, (value or 0) / 10)


@settings(max_examples=60, deadline=None)
@given(st.lists(commands, max_size=30), st.floats(0, 10))
@example([("set_speed", "pump_123", 5e-324)], 10.0)
@example([("start", "pump_124", None)], 5e-324)
def test_whatever_is_commanded_the_plant_stays_within_its_bounds(
    plan: list[tuple[str, str | None, float | None]], dt: float
) -> None:
    station = Station()
    for what, pump_id, value in plan:
        command(station, what, pump_id, value)
        station.step(dt)
        for pump in station.pumps.values():
            assert 0.0 <= pump.speed <= 3000.0
            assert 0.0 <= pump.flow_rate <= 100.0
            assert 0.0 <= pump.pressure <= 10.0
            assert 0.0 <= pump.power <= 50.0
            assert 21.0 <= pump.temperature <= 200.0
            assert 0.0 <= pump.target_flow_rate <= 100.0
        for valve in station.valves:
            assert 0.0 <= valve.position <= 100.0
        assert 0.0 <= station.flow_rate <= 150.0
        assert 0.0 <= station.pressure <= 10.0


@settings(max_examples=60, deadline=None)
@given(st.lists(commands, max_size=30))
def test_whatever_is_commanded_reset_finds_the_way_back(plan: list[tuple[str, str | None, float | None]]) -> None:
    station = Station()
    for what, pump_id, value in plan:
        command(station, what, pump_id, value)
        station.step(0.1)
    station.reset()
    run(station, 90)
    assert station.flow_rate == pytest.approx(75, rel=0.01)
    assert station.pumps["pump_123"].temperature == pytest.approx(65, rel=0.02)
