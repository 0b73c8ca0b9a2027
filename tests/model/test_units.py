"""Units: what people write is known, what nobody means is refused, and numbers come out right."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model import units
from app.model.units import USUAL, NotConvertible, conversion, is_unit, suggestion


def _converted(number: float, given: str, wanted: str) -> float:
    found = conversion(given, wanted)
    return number if found is None else found.apply(number)


@pytest.mark.parametrize("unit", ["m3/h", "bar", "celsius", "kW", "rpm", "%"])
def test_the_specifications_units_are_known_without_the_library(unit: str) -> None:
    assert unit in USUAL


def test_the_library_knows_every_usual_unit() -> None:
    assert [unit for unit in sorted(USUAL) if units._parsed(unit) is None] == []


@pytest.mark.parametrize(
    "unit", ["m³/h", "m^3/h", "m**3/h", "mm/s²", "kg/(m*s)", "1/min", "rev/min", "Nm3/h", "inH2O", "W/m2", "bar(g)", ""]
)
def test_units_are_known_as_people_spell_them(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize(
    "unit", ["9**9**9**9", "m**9**9", "m**99", "2 m", "((", "/", "m-3", "lambda: 0", "ª2", "m" * 65, "x\n"]
)
def test_what_is_no_unit_is_refused_and_never_computed(unit: str) -> None:
    assert not is_unit(unit)


@given(st.text(max_size=80))
def test_any_text_is_a_unit_or_not(text: str) -> None:
    is_unit(text)


@pytest.mark.parametrize(
    ("wrong", "meant"), [("celsuis", "celsius"), ("kw", "kW"), ("rmp", "rpm"), ("furlnog", "furlong")]
)
def test_a_misspelled_unit_is_suggested(wrong: str, meant: str) -> None:
    assert not is_unit(wrong)
    assert suggestion(wrong) == f"did you mean '{meant}'?"


@pytest.mark.parametrize(
    ("number", "given_unit", "wanted", "expected"),
    [
        (100.0, "celsius", "fahrenheit", 212.0),
        (212.0, "fahrenheit", "celsius", 100.0),
        (-40.0, "degF", "degC", -40.0),
        (0.0, "kelvin", "celsius", -273.15),
        (60.0, "l/min", "m3/h", 3.6),
        (2500.0, "mbar", "bar", 2.5),
        (1.0, "bar", "psi", 14.503773773020923),
        (2.0, "kW", "W", 2000.0),
        (50.0, "%", "1", 0.5),
        (30.0, "rpm", "rev/min", 30.0),
        (7.0, "m³/h", "m3/h", 7.0),
    ],
)
def test_numbers_are_converted_offsets_included(number: float, given_unit: str, wanted: str, expected: float) -> None:
    assert _converted(number, given_unit, wanted) == pytest.approx(expected, rel=1e-14)


def test_the_same_unit_in_another_spelling_needs_no_conversion() -> None:
    assert conversion("m³/h", "m3/h") is None
    assert conversion("celsius", "°C") is None


@pytest.mark.parametrize(
    ("given_unit", "wanted"),
    [("bar", "celsius"), ("barg", "bar"), ("rpm", "hertz"), ("dB", "%"), ("kW", "kWh"), ("nonsense", "bar")],
)
def test_what_measures_something_else_is_not_converted(given_unit: str, wanted: str) -> None:
    with pytest.raises(NotConvertible):
        conversion(given_unit, wanted)


@given(
    st.floats(-1e9, 1e9),
    st.sampled_from(
        [("celsius", "fahrenheit"), ("l/min", "m3/h"), ("psi", "bar"), ("rpm", "rad/s"), ("kelvin", "degF")]
    ),
)
def test_what_goes_out_comes_back(number: float, pair: tuple[str, str]) -> None:
    found = conversion(*pair)
    assert found is not None
    assert found.back(found.apply(number)) == pytest.approx(number, rel=1e-9, abs=1e-9)


def test_the_command_line_does_not_load_the_library() -> None:
    code = "import sys, app.__main__, app.main, app.model.units; sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
