"""A checked condition as the engine takes it: names stand for what they mean, and all that meets is in one unit.

What a person reads keeps its units (the text of the definition); here numbers are plain. A condition with errors is
never resolved.
"""

from dataclasses import replace

from app.dtsl.check_types import TypeChecker
from app.dtsl.measures import Measure, meeting, straight
from app.dtsl.scope import Scope
from app.dtsl.types import Type
from app.model.conditions import (
    Aggregate,
    Among,
    Arithmetic,
    Between,
    Compare,
    Condition,
    Duration,
    Literal,
    Negative,
    PropertyRef,
    Quantity,
    nodes,
    owners,
    rebuilt,
)
from app.model.time import SECOND
from app.model.units import Conversion

SECONDS = Measure("s", 0.0)


def has_units(condition: Condition) -> bool:
    """Whether units may have to be converted, so that the library of units is better set up before (units.prepare)."""
    return any(isinstance(node, Quantity | Duration) for node in nodes(condition))


def resolved(condition: Condition, scope: Scope) -> Condition:
    checker = TypeChecker(scope)
    checker.type(condition)
    return Resolver(checker).resolved(condition)


class Resolver:
    def __init__(self, checker: TypeChecker) -> None:
        self._checker = checker
        self.origins: dict[int, Condition] = {}
        """What each node of the answer has come from, by its id; kept alive by the answer."""

    def resolved(self, node: Condition) -> Condition:
        made = self._resolved(node)
        self.origins[id(made)] = node
        return made

    def in_unit(self, node: Condition, unit: str | None) -> Condition:
        """A number, in the unit that is wanted of it. Only of units that its checking let pass."""
        conversion = straight(self._type(node).measure, Measure(unit, None))
        return self.resolved(node) if conversion is None else self._converted(node, conversion)

    def _resolved(self, node: Condition) -> Condition:
        match node:
            case PropertyRef(owner=None, name=name) if name in self._checker.scope.given:
                return self._checker.scope.given[name].stands_for
            case Quantity(value=value):
                return Literal(value)
            case Compare(left=left, right=right):
                one, other = self._together(left, right)
                return replace_sides(node, one, other)
            case Among(item=item, values=values):
                return Among(self.resolved(item), tuple(self._beside(item, value) for value in values))
            case Between(item=item, low=low, high=high):
                return Between(self.resolved(item), self._beside(item, low), self._beside(item, high))
            case Arithmetic(op=op, left=left, right=right) if op in "+-%":
                one, other = self._together(left, right, summing=True)
                return replace_sides(node, one, other)
            case Aggregate():
                return self._aggregate(node)
            case _:
                return rebuilt(node, self.resolved)

    def _aggregate(self, node: Aggregate) -> Condition:
        role = self._checker.counted(node)
        if role is not None:
            return Aggregate("count", None, node.known, role)
        assert node.item is not None
        roles = (path for owner in sorted(owners(node.item)) for path in self._checker.many_on(owner))
        over = next(roles, "")  # none where nothing is known of who is named, which is told elsewhere
        return Aggregate(node.function, self.resolved(node.item), node.known, over)

    # ------------------------------------------------------------ units

    def _together(self, left: Condition, right: Condition, *, summing: bool = False) -> tuple[Condition, Condition]:
        one, other = self._type(left), self._type(right)
        if "duration" in (one.kind, other.kind):
            return self._length(left, one, other), self._length(right, other, one)
        met = meeting(one.measure, other.measure, summing=summing)
        if met.conversion is None:
            return self.resolved(left), self.resolved(right)
        if met.right_leads:
            return self._converted(left, met.conversion), self.resolved(right)
        return self.resolved(left), self._converted(right, met.conversion)

    def _beside(self, item: Condition, value: Condition) -> Condition:
        """The value, in the unit of what it is compared with."""
        one, other = self._type(item), self._type(value)
        if "duration" in (one.kind, other.kind):
            return self._length(value, other, one)
        conversion = straight(other.measure, one.measure)
        return self.resolved(value) if conversion is None else self._converted(value, conversion)

    def _length(self, node: Condition, kind: Type, met: Type) -> Condition:
        """A length of time beside a number is one of the number's unit; a number beside an age, a length of time."""
        made = self.resolved(node)
        if isinstance(made, Duration) and met.kind == "number":
            seconds = made.micros / SECOND
            conversion = straight(SECONDS, replace(met.measure, weight=0.0))
            return Literal(conversion.apply(seconds) if conversion else seconds)
        if kind.kind == "number" and kind.constant is not None and met.kind == "duration" and kind.measure.unit:
            conversion = straight(replace(kind.measure, weight=0.0), SECONDS)
            seconds = conversion.apply(kind.constant) if conversion else kind.constant
            return Duration(round(seconds * SECOND))
        return made

    def _converted(self, node: Condition, conversion: Conversion) -> Condition:
        made = self.resolved(node)
        constant = _constant(made)
        if constant is not None:
            made = Literal(conversion.apply(constant))
        else:
            if conversion.factor != 1:
                made = Arithmetic("*", made, Literal(conversion.factor))
            if conversion.shift != 0:
                made = Arithmetic("+", made, Literal(conversion.shift))
            if conversion.divisor != 1:
                made = Arithmetic("/", made, Literal(conversion.divisor))
        self.origins[id(made)] = node
        return made

    def _type(self, node: Condition) -> Type:
        return self._checker.types[id(node)]


def replace_sides(node: Compare | Arithmetic, left: Condition, right: Condition) -> Condition:
    if isinstance(node, Compare):
        return Compare(node.op, left, right)
    return Arithmetic(node.op, left, right)


def _constant(node: Condition) -> float | None:
    match node:
        case Literal(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case Negative(item=item):
            inner = _constant(item)
            return None if inner is None else -inner
        case _:
            return None
