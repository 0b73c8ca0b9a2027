"""Whether the types and units in a condition make sense, and whether each form stands where it means something.

Types and units are looked at once for each node, and kept: resolve.py makes from them what the engine runs.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from math import nan
from typing import Literal as OneOf

from app.dtsl import diagnostics
from app.dtsl import diagnostics_conditions as messages
from app.dtsl.check_names import NameChecker
from app.dtsl.functions import QUALITIES
from app.dtsl.lengths import write_duration
from app.dtsl.measures import (
    NUMBER_OF,
    Apart,
    Measure,
    Meeting,
    meeting,
    per_second,
    product,
    quotient,
    straight,
    summed,
)
from app.dtsl.scope import Finding, Scope
from app.dtsl.types import (
    BOOLEAN,
    COUNT,
    NUMBER,
    UNKNOWN,
    Type,
    comparison_fault,
    shown_value,
    type_of_duration,
    type_of_literal,
    type_of_quantity,
)
from app.dtsl.when import zones
from app.model.conditions import (
    Aggregate,
    Among,
    And,
    Arithmetic,
    Between,
    Bound,
    Changed,
    Compare,
    Condition,
    Duration,
    Every,
    Evidence,
    Held,
    Literal,
    Negative,
    Not,
    Occurred,
    Or,
    Previous,
    PropertyRef,
    Quantity,
    Rate,
    Within,
    is_pulse,
    owners,
)
from app.model.units import is_unit, suggestion

_MOST_FOUND = 200
"""In one condition: more than that nobody is told."""
_SECONDS = Measure("s", 0.0)
_NO_PLACE_FOR_PULSES: Mapping[type[Condition], str] = {
    Compare: "in a comparison",
    Among: "in a comparison",
    Between: "in a comparison",
    Arithmetic: "in arithmetic",
    Negative: "in arithmetic",
    Not: "behind '!'",
    Held: "with 'for'",
    Aggregate: "in an aggregate",
}
"""What a pulse may not stand in, and how that is told."""
Use = OneOf["condition", "let", "computed"]


class TypeChecker(NameChecker):
    def __init__(self, scope: Scope, use: Use = "condition") -> None:
        super().__init__(scope)
        self.types: dict[int, Type] = {}
        """By the id of the node."""
        self.warned: list[Finding] = []
        self._no_pulses = {"condition": "", "let": "in a 'let'", "computed": "in what is computed"}[use]
        """Where it stands that a pulse may not."""

    def truth(self, node: Condition) -> None:
        """`node` must be true or false."""
        kind = self.type(node)
        if kind.kind not in ("boolean", "unknown"):
            self.say(diagnostics.not_a_condition(kind.shown), node)

    def number(self, node: Condition, sign: str) -> Type:
        kind = self.type(node)
        if kind.kind not in ("number", "unknown"):
            self.say(diagnostics.not_a_number(kind.shown, sign), node)
            return UNKNOWN
        return kind

    def type(self, node: Condition) -> Type:
        if len(self.found) >= _MOST_FOUND:
            return UNKNOWN
        place = _NO_PLACE_FOR_PULSES.get(type(node))
        before = self._no_pulses
        if place is not None and not before:
            self._no_pulses = place
        found = self.types[id(node)] = self._type(node)
        self._no_pulses = before
        return found

    def _type(self, node: Condition) -> Type:
        match node:
            case Literal(value=value):
                return type_of_literal(value)
            case Quantity():
                return self._quantity(node)
            case Duration():
                return type_of_duration(node)
            case PropertyRef():
                return self.property(node)
            case Bound():
                self.bound(node)
            case Compare(op=op, left=left, right=right):
                self._compared(op, left, right, node)
            case Among(item=item, values=values):
                for each in values:
                    self._compared("==", item, each, node)
            case Between(item=item, low=low, high=high):
                self._compared(">=", item, low, node)
                self._compared("<=", item, high, node)
            case Arithmetic():
                return self._arithmetic(node)
            case Negative(item=item):
                return self._negative(item)
            case Not(item=item):
                self.truth(item)
            case And(items=items) | Or(items=items):
                for item in items:
                    self.truth(item)
                if isinstance(node, Or) and len({is_pulse(item) for item in items}) == 2:
                    self.say(messages.pulse_or_state(), next(item for item in items if not is_pulse(item)))
            case Held(item=item):
                if self._over is not None:
                    self.say(messages.waits_in_aggregate("for"), node)
                self.truth(item)
            case Within(item=item, other=other):
                if self._over is not None:
                    self.say(messages.waits_in_aggregate("within"), node)
                self.truth(item)
                self.truth(other)
            case Evidence() | Previous() | Rate() | Changed():
                return self._of_property(node)
            case Occurred() | Every():
                self._pulse(node)
            case Aggregate():
                return self._aggregate(node)
        return BOOLEAN

    # ------------------------------------------------------------ operators

    def _compared(self, op: str, left: Condition, right: Condition, node: Condition) -> None:
        one = self.types.get(id(left)) or self.type(left)
        other = self.type(right)
        if "duration" in (one.kind, other.kind):
            self._lengths_compared(op, (left, one), (right, other), node)
            return
        fault = comparison_fault(op, one, other)
        if fault:
            literal = right if isinstance(right, Literal) else left
            self.say(fault, literal if fault.code == diagnostics.UNKNOWN_VALUE else node)
        elif one.kind == other.kind == "number":
            self._meet(one, other, node)
            self._look_at_range(one, other, right)
            self._look_at_range(other, one, left)
            part = next((each.constant for each in (one, other) if each.constant is not None), 0)
            if COUNT in (one, other) and op in ("==", "!=") and part != int(part):
                self.warned.append(Finding(messages.never() if op == "==" else messages.always(), node))

    def _lengths_compared(
        self, op: str, left: tuple[Condition, Type], right: tuple[Condition, Type], node: Condition
    ) -> None:
        """An age has a length of time beside it; so may a number of a unit of time."""
        if "unknown" in (left[1].kind, right[1].kind):
            return
        for (length, kind), (other, met) in ((left, right), (right, left)):
            if kind.kind != "duration":
                continue
            age = kind.constant is None
            if met.kind == "duration":
                if age and (met.constant is None or op in ("==", "!=")):
                    self.say(messages.age_compared(), node)
                return
            if met.kind != "number":
                self.say(diagnostics.incompatible(left[1].shown, right[1].shown), node)
            elif met.measure.unit is None or met.measure == NUMBER_OF:
                instead = f"{other.value}s" if isinstance(other, Literal) else None
                self.say(messages.no_length_of_time(met.shown, instead), other if instead else node)
            elif age and (met.constant is None or op in ("==", "!=")):
                self.say(messages.age_compared(), node)
            else:
                try:
                    straight(replace(met.measure, weight=0.0), _SECONDS)
                except Apart:
                    instead = _as_quantity(length) if isinstance(length, Duration) else None
                    self.say(messages.length_and_unit(kind.shown, met.shown, met.measure.unit, instead), node)
            return

    def _arithmetic(self, node: Arithmetic) -> Type:
        if self._is_unquoted_unit(node):
            return UNKNOWN
        left, right = self.number(node.left, node.op), self.number(node.right, node.op)
        if node.op in "/%" and isinstance(node.right, Literal) and node.right.value == 0:
            self.say(diagnostics.division_by_zero(), node)
        if "unknown" in (left.kind, right.kind):
            return UNKNOWN
        match node.op:
            case "*":
                factor = left.constant if left.measure.unit is None else right.constant
                return replace(NUMBER, measure=product(left.measure, right.measure, factor))
            case "/":
                return replace(NUMBER, measure=quotient(left.measure, right.measure, right.constant))
        met = self._meet(left, right, node, summing=True)
        if met is None:
            return UNKNOWN
        measure = summed(left.measure, right.measure, -1 if node.op == "-" else 1, met)
        return replace(NUMBER, measure=measure if node.op != "%" else replace(measure, weight=nan))

    def _is_unquoted_unit(self, node: Arithmetic) -> bool:
        """`20 m3/h`: twenty cubic meters by something called h; told as what it is meant to be."""
        match node:
            case Arithmetic(op="*" | "/" as op, left=Quantity(value=value, unit=unit), right=PropertyRef(None, name)):
                own = self.scope.own
                known = name in self.scope.given or (own is not None and name in own)
                if not known and is_unit(f"{unit}{op}{name}"):
                    self.say(messages.unquoted_unit(shown_value(value), f"{unit}{op}{name}"), node)
                    return True
        return False

    def _negative(self, item: Condition) -> Type:
        kind = self.number(item, "-")
        weight = kind.measure.weight
        measure = replace(kind.measure, weight=None if weight is None else -weight)
        constant = None if kind.constant is None else -kind.constant
        return replace(NUMBER, kind=kind.kind, shown=kind.shown, measure=measure, constant=constant)

    def _meet(self, left: Type, right: Type, node: Condition, *, summing: bool = False) -> Meeting | None:
        """None, and reported, where the two can't be numbers of one unit."""
        try:
            return meeting(left.measure, right.measure, summing=summing)
        except Apart as apart:
            self.say(messages.units_apart(left.shown, right.shown, str(apart)), node)
            return None

    def _quantity(self, node: Quantity) -> Type:
        found = type_of_quantity(node)
        if is_unit(node.unit):
            return found
        self.say(messages.unknown_unit(node.unit, suggestion(node.unit)), node)
        return replace(found, measure=replace(found.measure, unit=None))

    def _look_at_range(self, property: Type, other: Type, node: Condition) -> None:
        if other.constant is None:
            return
        try:
            conversion = straight(other.measure, property.measure)
        except Apart:
            return
        value = other.constant if conversion is None else conversion.apply(other.constant)
        low, high = property.lowest, property.highest
        if (low is not None and value < low) or (high is not None and value > high):
            unit = property.measure.unit if property.measure != NUMBER_OF else None
            self.warned.append(Finding(messages.outside_range(other.shown, property.shown, low, high, unit), node))

    # ------------------------------------------------------------ functions

    def _of_property(self, node: Evidence | Previous | Rate | Changed) -> Type:
        ref = node.ref
        if ref.owner is None and ref.name in self.scope.given:
            self.say(messages.no_property(self.scope.spell(ref.name)), ref)
            return UNKNOWN
        kept = _kept(node)
        if kept and self._over is not None:
            self.say(messages.remembers_in_aggregate(kept), node)
            return UNKNOWN
        kind = self.type(ref)
        match node:
            case Previous():
                return kind
            case Rate():
                if kind.kind not in ("number", "unknown"):
                    self.say(diagnostics.not_a_number(kind.shown, "rate"), ref)
                shown_as = f"the rate of {kind.shown}"
                return replace(NUMBER, shown=shown_as, measure=per_second(kind.measure))
            case Changed():
                self._must_be_no_pulse(node)
                return BOOLEAN
            case Evidence(function="quality"):
                return Type("enum", f"the quality of {kind.shown}", QUALITIES)
            case Evidence(function="age"):
                return Type("duration", f"the age of {kind.shown}")
            case _:
                return BOOLEAN

    def _aggregate(self, node: Aggregate) -> Type:
        if self._over is not None:
            self.say(messages.nested_aggregate(node.function), node)
            return UNKNOWN
        role = self.counted(node)
        if role is not None:
            return self._count_of(role, node)
        assert node.item is not None
        item = node.item
        over = sorted({path for owner in owners(item) for path in self.many_on(owner)})
        if len(over) > 1:
            self.say(messages.several_roles_of_many(node.function, [self.scope.shown(path) for path in over]), node)
            return UNKNOWN
        self._over = over[0] if len(over) == 1 else ""
        kind = self.type(item)
        self._over = None
        if len(over) != 1:
            named = owners(item)
            told = not named and kind.kind == "unknown"
            if not told and all((owner := self.scope.owners.get(path)) is not None and owner.known for path in named):
                self.say(messages.nothing_of_many(node.function), node)
            return UNKNOWN
        truths = node.function in ("any", "all", "count")
        if kind.kind not in ("boolean" if truths else "number", "unknown"):
            self.say(messages.aggregated(node.function, kind.shown, truths=truths), item)
            return UNKNOWN
        if node.function in ("any", "all"):
            return BOOLEAN
        if node.function == "count":
            return COUNT
        if kind.kind == "unknown":
            return UNKNOWN
        measure = kind.measure if node.function != "sum" else replace(kind.measure, weight=nan)
        low, high = (None, None) if node.function == "sum" else (kind.lowest, kind.highest)
        shown_as = f"the {node.function} of {kind.shown}"
        return replace(NUMBER, shown=shown_as, measure=measure, lowest=low, highest=high)

    def _count_of(self, role: str, node: Aggregate) -> Type:
        owner = self.scope.owners.get(role)
        if owner is None:
            if self.scope.own is not None:
                self.say(messages.no_roles("count"), node)
            else:
                self._unknown_owner(role, node)
        elif owner.known:
            shown = [self.scope.shown(path) for path in self.many_on(role)]
            if not owner.many:
                self.say(messages.counts_one(self.scope.shown(role)), node)
            elif len(shown) > 1:
                self.say(messages.several_roles_of_many("count", shown), node)
        return COUNT

    # ------------------------------------------------------------ pulses

    def _pulse(self, node: Occurred | Every) -> None:
        self._must_be_no_pulse(node)
        if isinstance(node, Every):
            if node.interval is None and node.zone not in zones():
                self.say(messages.unknown_zone(node.zone, zones()), node, "name")
            return
        event = self.event(node)
        if event is not None and len(node.names) > len(event.parameters):
            parameters = [self.scope.spell(item.name) for item in event.parameters]
            self.say(messages.parameter_count(self.scope.spell(node.event), parameters, len(node.names)), node)

    def _must_be_no_pulse(self, node: Condition) -> None:
        if self._no_pulses:
            self.say(messages.misplaced_pulse(self._no_pulses), node)


def _kept(node: Evidence | Previous | Rate | Changed) -> str:
    """The function, where it looks back or at a clock: the engine does neither for each member."""
    match node:
        case Previous():
            return "previous"
        case Rate():
            return "rate"
        case Evidence(function="age"):
            return "age"
        case _:
            return ""


def _as_quantity(length: Duration) -> str | None:
    """`5 m` of `5m`, where it is one number of one letter."""
    written = write_duration(length.micros)
    match = re.fullmatch(r"([0-9]+)([a-z]+)", written)
    return f"{match[1]} {match[2]}" if match else None
