"""Types, units and places of the forms of conditions: what makes sense, what does not, and what is said of it."""

import pytest

from app.dtsl.examine import examine
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Owner, Scope
from app.model.definitions import EventDefinition, ParameterDefinition, PropertyDefinition
from tests.dtsl.plant import catalogue

_PLANT = catalogue()
_PUMP, _VALVE = _PLANT.type_capabilities("centrifugal_pump"), _PLANT.type_capabilities("valve")


def _number(name: str, unit: str | None, low: float | None = None, high: float | None = None) -> PropertyDefinition:
    return PropertyDefinition(name=name, data_type="float", unit=unit, min_value=low, max_value=high)


METER = {
    item.name: item
    for item in [
        _number("bar", "bar"),
        _number("kpa", "kPa"),
        _number("celsius", "celsius"),
        _number("other", "celsius"),
        _number("fahrenheit", "degF"),
        _number("hours", "h"),
        _number("seconds", "s"),
        _number("meters", "m"),
        _number("flow", "m3/h"),
        _number("watt", "W"),
        _number("volt", "V"),
        _number("ampere", "A"),
        _number("loud", "dB"),
        _number("odd", "frobs"),
        _number("plain", None),
        _number("ranged", "bar", 0.0, 10.0),
        PropertyDefinition(name="on", data_type="boolean"),
        PropertyDefinition(name="mode", data_type="enum", enum_values=["a", "b", "c"]),
        PropertyDefinition(name="text", data_type="string"),
    ]
}
CODE = ParameterDefinition(name="code", data_type="integer")
EVENTS = {"tripped": EventDefinition(name="tripped", parameters=[CODE])}
TWIN = Scope(METER, {}, own_events=EVENTS)
OVERLAY = Scope(
    None,
    {
        "pump": Owner(_PUMP.properties, _PUMP.methods, events=_PUMP.events),
        "spare": Owner(_PUMP.properties, _PUMP.methods, optional=True),
        "pumps": Owner(_PUMP.properties, _PUMP.methods, optional=True, many=True, events=_PUMP.events),
        "valves": Owner(_VALVE.properties, _VALVE.methods, many=True),
        "lines": Owner({}, {}, many=True, inside=("pump", "pumps", "spare")),
        "lines/pump": Owner(_PUMP.properties, _PUMP.methods),
        "lines/pumps": Owner(_PUMP.properties, _PUMP.methods, many=True),
        "lines/spare": Owner(_PUMP.properties, _PUMP.methods, optional=True),
        "line": Owner({}, {}, inside=("pumps",)),
        "line/pumps": Owner(_PUMP.properties, _PUMP.methods, many=True),
    },
)


def _errors(text: str, scope: Scope) -> list[str]:
    return [finding.message.code for finding in examine(parse_condition(text), scope).errors]


def _warnings(text: str, scope: Scope) -> list[str]:
    return [finding.message.code for finding in examine(parse_condition(text), scope).warnings]


@pytest.mark.parametrize(
    "text",
    [
        "bar > 5 bar",
        "bar > 500 kPa",
        "bar > kpa",
        "bar - kpa > 50 kPa",
        "bar > 5 && kpa > plain",
        "bar between 1 bar and 500 kPa",
        "bar in [1, 2 bar, 300 kPa]",
        "5 psi < bar + kpa",
        "celsius > 176 degF && fahrenheit < 80 '°C'",
        "celsius - other > 5 celsius",
        "(celsius + other) / 2 > 176 degF",
        "flow > 5 'l/s'",
        "volt * ampere > 5 kW",
        "watt / volt < 16 A",
        "bar / kpa > 2",
        "bar * 2 > 200 kPa",
        "-bar < 100 kPa",
        "plain * bar > 5 celsius",
        "plain > 5 bar",
        "odd > 5 bar",
        "rate(celsius, 1m) > 0.5 'K/s'",
        "rate(bar, 10s) > 0.5 'kPa/min'",
        "rate(bar, 10s) > 0.5",
        "hours > 30m",
        "seconds between 5s and 1m",
        "hours > 30 min",
        "age(bar) > 30s && age(bar) <= 5m",
        "age(bar) between 5s and 1m",
        "age(bar) > 5 min",
        "30s < age(bar)",
        "quality(bar) == 'bad' || quality(bar) in ['uncertain']",
        "known(bar) && isStale(mode) && !known(text)",
        "previous(mode) == 'a' && previous(bar) - bar > 10 kPa",
        "changed(mode) && mode == 'a'",
        "on tripped && bar > 3",
        "changed(mode) || on tripped",
        "on tripped within 10s of changed(mode)",
        "every weekday at 06:00 'Europe/Berlin' && on",
        "every 5m",
        "bar > 3 for 30s && !(bar > 3 for 5s)",
        "on within 5s of !on",
        "mode in ['a', 'b'] && text in ['x']",
        "loud > 5 dB",
    ],
)
def test_what_makes_sense_in_a_twin_is_let_pass(text: str) -> None:
    assert _errors(text, TWIN) == []
    assert examine(parse_condition(text), TWIN).resolved is not None


@pytest.mark.parametrize(
    ("text", "codes", "says"),
    [
        ("bar > 5 celsius", ["DTSL341"], "'celsius' and 'bar' measure different things"),
        ("bar > celsius", ["DTSL341"], "measure different things"),
        ("bar + celsius > 3", ["DTSL341"], "measure different things"),
        ("bar between 1 bar and 5 m", ["DTSL341"], "measure different things"),
        ("bar in [1 bar, 5 m]", ["DTSL341"], "measure different things"),
        ("volt * ampere > 5 bar", ["DTSL341"], "measure different things"),
        ("rate(bar, 10s) > 5 bar", ["DTSL341"], "measure different things"),
        ("fahrenheit + 5 celsius > 3", ["DTSL341"], "only for a reading, or for a difference"),
        ("fahrenheit * plain > celsius", [], ""),
        ("celsius - other > fahrenheit", ["DTSL341"], "only for a reading, or for a difference"),
        ("loud > 5 bar", ["DTSL341"], "measure different things"),
        ("bar > 5 brr", ["DTSL245"], "there is no unit 'brr'"),
        ("plain > 5 frobs", ["DTSL245"], "there is no unit 'frobs'"),
        ("age(bar) > 30", ["DTSL340"], "no length of time"),
        ("age(bar) > plain", ["DTSL340"], "no length of time"),
        ("age(bar) > 5 bar", ["DTSL340"], "it is in 'bar'"),
        ("meters > 5m", ["DTSL340"], "it is in 'm'"),
        ("plain > 5m", ["DTSL340"], "no length of time"),
        ("on == 5m", ["DTSL301"], "can't be compared"),
        ("age(bar) == 5s", ["DTSL342"], "not with == or !="),
        ("age(bar) in [5s]", ["DTSL342"], "not with == or !="),
        ("age(bar) > age(kpa)", ["DTSL342"], "written out"),
        ("age(bar) > hours", ["DTSL342"], "written out"),
        ("age(bar) + 5s > 1m", ["DTSL304", "DTSL304"], "not a number"),
        ("quality(bar) == 'god'", ["DTSL302"], "'god' is no value of the quality"),
        ("quality(bar) > 'bad'", ["DTSL305"], "no order"),
        ("mode in ['a', 'd']", ["DTSL302"], "'d' is no value"),
        ("mode between 'a' and 'b'", ["DTSL305", "DTSL305"], "no order"),
        ("bar in ['a']", ["DTSL301"], "can't be compared"),
        ("rate(mode, 5s) > 1", ["DTSL304"], "'rate' can't be applied"),
        ("bar for 5s", ["DTSL303"], "not true or false"),
        ("on within 5s of bar", ["DTSL303"], "not true or false"),
        ("previous(on) > 3", ["DTSL301"], "can't be compared"),
        ("!changed(mode)", ["DTSL343"], "nothing behind '!'"),
        ("changed(mode) for 5s", ["DTSL343"], "nothing with 'for'"),
        ("every 5m for 5s", ["DTSL343"], "nothing with 'for'"),
        ("changed(mode) == true", ["DTSL343"], "in a comparison"),
        ("!(on && on tripped)", ["DTSL343"], "behind '!'"),
        ("changed(mode) || on", ["DTSL344"], "can't both fire and be active"),
        ("on triped", ["DTSL243"], "unknown event 'triped' of 'this twin'"),
        ("on tripped(code, more)", ["DTSL248"], "has 1 parameter, not 2"),
        ("every day at 06:00 'Europe/Berln'", ["DTSL244"], "unknown time zone 'Europe/Berln'"),
        ("count(pumps) > 1", ["DTSL345"], "a twin has no roles"),
        ("any(on)", ["DTSL345"], "nothing here is of one"),
        ("quality(nothing) == 'bad'", ["DTSL205"], "unknown property"),
    ],
)
def test_what_makes_no_sense_in_a_twin_is_told(text: str, codes: list[str], says: str) -> None:
    found = examine(parse_condition(text), TWIN).errors

    assert [finding.message.code for finding in found] == codes
    assert says in " ".join(f"{finding.message.text} {finding.message.hint}" for finding in found)


@pytest.mark.parametrize(
    "text",
    [
        "any(pumps.status == 'fault')",
        "all(pumps.temperature < 80 celsius) for 30s",
        "count(pumps) > 1 && count(pumps.remote) >= 2",
        "count(lines) > 1 && count(line.pumps) < 5",
        "avg(known pumps.temperature) > pump.temperature",
        "max(pumps.speed) - min(pumps.speed) > 100 rpm",
        "sum(pumps.flow_rate) / count(pumps) > 2",
        "sum(pumps.speed) / count(pumps) > 2 rpm",
        "count(pumps.remote) * pump.speed > 2 rpm",
        "count(pumps.remote) / count(pumps) > 0.5",
        "count(pumps) > 1.5 && count(pumps) - 1 < 5 * 2",
        "any(pumps.temperature > pump.temperature)",
        "any(lines.pump.status == 'fault')",
        "any(lines.spare != null && lines.spare.remote)",
        "any(isStale(pumps.speed)) || any(quality(pumps.speed) == 'bad')",
        "on pump.tripped(code) && pump.remote",
    ],
)
def test_aggregates_go_over_the_one_role_of_many(text: str) -> None:
    assert _errors(text, OVERLAY) == []
    assert _warnings(text, OVERLAY) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("pumps.status == 'fault'", ["DTSL217"]),
        ("pumps != null", ["DTSL217"]),
        ("lines.pump.status == 'fault'", ["DTSL217"]),
        ("on pumps.tripped", ["DTSL217"]),
        ("any(pump.remote)", ["DTSL345"]),
        ("count(pump) > 1", ["DTSL345"]),
        ("count(pmps) > 1", ["DTSL204"]),
        ("count(lines.pumps) > 1", ["DTSL346"]),
        ("any(pumps.remote && valves.position > 1)", ["DTSL346"]),
        ("any(lines.pumps.remote)", ["DTSL346"]),
        ("any(pumps.speed > avg(pumps.speed))", ["DTSL347"]),
        ("any(pumps.remote for 5s)", ["DTSL348"]),
        ("any(pumps.remote within 5s of pump.remote)", ["DTSL348"]),
        ("any(age(pumps.speed) > 30s)", ["DTSL348"]),
        ("any(previous(pumps.speed) > 5)", ["DTSL348"]),
        ("max(rate(pumps.speed, 10s)) > 5", ["DTSL348"]),
        ("any(pumps.speed)", ["DTSL349"]),
        ("min(pumps.status) == 'fault'", ["DTSL349"]),
        ("any(pumps)", ["DTSL210"]),
        ("count(pumps) > 5 bar", ["DTSL341"]),
        ("count(pumps.remote) / count(pumps) > 50 %", ["DTSL341"]),
        ("count(pumps) > 2s", ["DTSL340"]),
        ("sum(pumps.temperature) > 80 K", ["DTSL341"]),
        ("any(on pumps.tripped)", ["DTSL343"]),
        ("avg(pumps.remote) > 1", ["DTSL349"]),
        ("max(age(pumps.speed)) > 5s", ["DTSL348"]),
        ("any(changed(pumps.status))", ["DTSL343"]),
        ("avg(pumps.temperature) > 5 bar", ["DTSL341"]),
        ("any(pumps.statos == 'fault')", ["DTSL205"]),
        ("on pump.triped", ["DTSL243"]),
        ("on pmp.tripped", ["DTSL204"]),
        ("on tripped", ["DTSL210"]),
        ("quality(status) == 'bad'", ["DTSL210"]),
    ],
)
def test_a_role_of_many_stands_in_an_aggregate_of_its_own(text: str, codes: list[str]) -> None:
    assert _errors(text, OVERLAY) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("ranged > 11", ["DTSL540"]),
        ("ranged > 2000 kPa", ["DTSL540"]),
        ("ranged > 900 kPa", []),
        ("-1 < ranged", ["DTSL540"]),
        ("ranged in [5, 50]", ["DTSL540"]),
        ("ranged between 1 and 1100 kPa", ["DTSL540"]),
        ("previous(ranged) > 11", ["DTSL540"]),
        ("ranged == 10 && ranged >= 0", []),
        ("bar > 5 && bar < 3", ["DTSL541"]),
        ("bar > 500 kPa && bar < 4", ["DTSL541"]),
        ("bar > 500 kPa && bar < 6", []),
        ("mode == 'a' && mode == 'b'", ["DTSL541"]),
        ("mode in ['a', 'b'] && mode == 'c'", ["DTSL541"]),
        ("bar between 5 and 3", ["DTSL541"]),
        ("on && (bar > 5 && bar < 3 || kpa > 1)", ["DTSL541"]),
        ("age(bar) > 5m && age(bar) < 1m", ["DTSL541"]),
        ("1 > 2", ["DTSL541"]),
        ("mode != 'a' || mode != 'b'", ["DTSL542"]),
        ("bar > 3 || bar <= 5", ["DTSL542"]),
        ("on && (bar > 3 || bar <= 5)", ["DTSL542"]),
        ("true", []),
        ("on || true", ["DTSL542"]),
        ("!(bar > 5 && bar < 3)", ["DTSL542"]),
        ("bar > 3 || bar < 1", []),
    ],
)
def test_what_is_hardly_meant_is_warned_of(text: str, codes: list[str]) -> None:
    assert _errors(text, TWIN) == []
    assert _warnings(text, TWIN) == codes


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("quality(spare.speed) == 'bad'", True),
        ("spare != null && quality(spare.speed) == 'bad'", False),
        ("known(spare.speed)", False),
        ("spare.remote for 5s", True),
        ("spare != null && spare.remote for 5s", False),
        ("(spare != null && spare.remote) for 5s && spare.speed > 1", False),
        ("spare.speed in [1] || spare == null", False),
        ("spare.speed between 1 and 2", True),
        ("rate(spare.speed, 5s) > 1", True),
        ("on spare.tripped", True),
        ("any(pumps.remote)", False),
        ("any(lines.spare.remote)", True),
        ("any(pumps.remote && spare.remote)", True),
        ("pump.remote within 5s of (spare != null)", False),
        ("spare.remote within 5s of (spare != null)", True),
    ],
)
def test_guards_count_through_every_form(text: str, warned: bool) -> None:
    found = [code for code in _warnings(text, OVERLAY) if code == "DTSL501"]

    assert bool(found) == warned


def test_of_names_that_nothing_is_known_of_nothing_is_said() -> None:
    scope = Scope(None, {"mystery": Owner({}, {}, known=False)}, lost=frozenset({"gone"}))

    for text in ("any(mystery.x > 1) && count(mystery) > 2", "on gone.happened", "age(gone.x) > 5s"):
        assert examine(parse_condition(text), scope).errors in ([], ())
