"""Units as people write them, and how a number in one becomes a number in another.

The library (pint) takes two seconds to import and set up, so it comes on first use, and never for what a plant usually
writes (`USUAL`). Call `prepare` off the event loop before asking about anything else there.

Turns and radians are not plain numbers here: pint would make 60 rpm 6.28 Hz without a word. What is refused can be
corrected; a silently wrong reading can't.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from app.model.near import near

if TYPE_CHECKING:
    from pint import Unit, UnitRegistry

MAX_LENGTH = 64
_USUAL = """
% A C F GJ GW GWh Hz J K MJ MPa MW MWh N NTU Nm Pa V VA W bar barg celsius cm count deg degC degF fahrenheit g gpm h
hertz hour hours kA kJ kN kPa kV kVA kW kWh kelvin kg kg/h kg/m3 kg/s km km/h kmol kvar l l/h l/min l/s liter m m/s m/s2
m2 m3 m3/h m3/min m3/s mA mS/cm mV mbar meter mg mg/l min minute minutes mm mm/s mol ms ohm pH percent ppb ppm psi psig
rad rad/s rpm s second seconds t t/h um var volt watt °C °F
"""
USUAL = frozenset(_USUAL.split())
"""Known without asking the library; a test asks it about each."""
_OWN = (
    "nephelometric_turbidity_unit = [turbidity] = NTU = FNU",
    "acidity = [acidity] = pH",
    "bar_gauge = [gauge_pressure] = barg",  # above the ambient pressure, which nobody tells us: never mixed with bar
    "psi_gauge = 0.0689475729317831 * bar_gauge = psig",
    "volt_ampere_reactive = volt * ampere = var",
    "gallon_per_minute = gallon / minute = gpm",
    "newton_meter = newton * meter = Nm",
    "normal_cubic_meter = [normal_volume] = Nm3",
    "parts_per_billion = 1e-9 = ppb",
    "@alias revolution = rev",
)
_MARKS = {"²": "2", "³": "3", "·": "*", "⁻¹": "**-1"}
_SPELLED = {"bar(g)": "barg", "bar(a)": "bar", "bara": "bar", "psia": "psi", "": "dimensionless", "1": "dimensionless"}
_TOKEN = re.compile(r"[^\W\d]\w*|[°%]\w*|\*\*|[0-9]|[*/^() -]")
_POWER = re.compile(r"([^\W\d]+)([2-9])")
_lock = Lock()
_made: "list[UnitRegistry[Fraction]]" = []


class NotConvertible(ValueError):
    """Two units that measure different things, or one whose scale is not a straight line (decibel)."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """(x * factor + shift) / divisor, in three numbers because 9/5 and 5/9 have no exact float."""

    factor: float
    shift: float
    divisor: float

    def apply(self, number: float) -> float:
        return _settled((number * self.factor + self.shift) / self.divisor)

    def back(self, number: float) -> float:
        return _settled((number * self.divisor - self.shift) / self.factor)


def _settled(number: float) -> float:
    """Without the last digits' noise next to a whole number: an integer register takes 30, not 29.999999999999996."""
    if abs(number) < 1e15 and abs(number - round(number)) < 1e-12 * max(1.0, abs(number)):
        return float(round(number))
    return number


def prepare() -> None:
    """Sets the library up (two seconds, once). May be called from any thread."""
    _registry()


@lru_cache(maxsize=10_000)
def is_unit(text: str) -> bool:
    return text in USUAL or _parsed(text) is not None


def suggestion(text: str) -> str:
    """ "did you mean 'celsius'?", or how to find the right one."""
    cased = {unit.lower(): unit for unit in USUAL}.get(text.lower())
    if cased is not None:
        return f"did you mean '{cased}'?"
    return near(text, USUAL) or near(text, _registry()) or "write it like m3/h, bar, celsius, kW, rpm, %"


@lru_cache(maxsize=10_000)
def conversion(given: str, wanted: str) -> Conversion | None:
    """From numbers in `given` to numbers in `wanted`; None where they are the same. Raises NotConvertible, for an
    unknown unit too."""
    if given == wanted:
        return None
    source, target = _parsed(given), _parsed(wanted)
    if source is None or target is None:
        raise NotConvertible(f"there is no unit '{given if source is None else wanted}'")
    registry = _registry()
    if registry.get_root_units(source)[1] != registry.get_root_units(target)[1]:
        raise NotConvertible(f"'{given}' and '{wanted}' measure different things")
    try:
        points = [registry.Quantity(Fraction(x), source).to(target).magnitude for x in (0, 1, 2)]
    except TypeError:  # a logarithmic scale has no fractions
        points = []
    if not points or points[2] - points[1] != points[1] - points[0]:
        raise NotConvertible(f"'{given}' to '{wanted}' is not a straight line")
    factor, shift = Fraction(points[1] - points[0]), Fraction(points[0])
    if factor == 1 and shift == 0:
        return None
    common = factor.denominator * shift.denominator
    numbers = (factor * common, shift * common, Fraction(common))
    if max(map(abs, numbers)) > 2**53:
        return Conversion(float(factor), float(shift), 1.0)
    return Conversion(*map(float, numbers))


def _parsed(text: str) -> "Unit | None":
    spelled = text.strip()
    for mark, plain in _MARKS.items():
        spelled = spelled.replace(mark, plain)
    spelled = _SPELLED.get(spelled, spelled)
    tokens = _TOKEN.findall(spelled)
    if len(spelled) > MAX_LENGTH or "".join(tokens) != spelled or not _is_harmless(tokens):
        return None
    registry = _registry()
    try:
        for index, token in enumerate(tokens):
            power = _POWER.fullmatch(token)  # m3, but not H2O
            if power is not None and token not in registry:
                tokens[index] = f"{power[1]}**{power[2]}"
        return registry.Unit("".join(tokens))
    except Exception:  # it raises whatever its tokenizer does; whatever it is, this is no unit
        return None


def _is_harmless(parts: list[str]) -> bool:
    """Numbers are one-digit exponents, or the 1 of `1/min`: an expression such as 9**9**9 must never be computed."""
    for index, part in enumerate(parts):
        before = parts[index - 1] if index else ""
        after = parts[index + 1] if index + 1 < len(parts) else ""
        exponent = before in ("**", "^", "-")
        allowed = exponent and after not in ("**", "^") and not after.isdigit()
        if part.isdigit() and not allowed and (index, part, after) != (0, "1", "/"):
            return False
        if part == "-" and before not in ("**", "^"):
            return False
    return True


def _registry() -> "UnitRegistry[Fraction]":
    with _lock:
        if not _made:
            import pint

            registry: UnitRegistry[Fraction] = pint.UnitRegistry(non_int_type=Fraction)
            for definition in _OWN:
                registry.define(definition)
            _made.append(registry)
        return _made[0]
