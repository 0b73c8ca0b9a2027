"""A computed property's expression, compiled once for all twins of a shape, and what its results are worth as values.

What it reads are properties of the same twin, whose types the shape knows; so nothing here depends on a twin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.engine.compile import ARITHMETIC, TYPE_OF, TooDeep, compile_expression
from app.engine.slots import Test
from app.engine.values import Spec
from app.model.computed import feeding, in_order, needs_of
from app.model.conditions import (
    And,
    Arithmetic,
    Compare,
    Condition,
    Negative,
    Not,
    Or,
    PropertyRef,
    references,
)
from app.model.conditions import Literal as Constant
from app.model.values import Value

CIRCLE = "ComputedCycle"
TOO_DEEP = "ComputedTooDeep"
NOT_WHOLE = "NotWhole"
OVERFLOW = "Overflow"
DIVISION_BY_ZERO = "DivisionByZero"
NOT_COMPARABLE = "NotComparable"


@dataclass(frozen=True, slots=True)
class Formula:
    name: str
    rank: int
    """Its place in the order in which a twin's properties are computed."""
    expression: Condition
    test: Test
    reads: tuple[str, ...]
    """Property names, in the order in which `test` takes their cells."""
    spec: Spec

    def fit(self, result: Any) -> tuple[Value, str]:
        """(the result as a value of the property's type, "") or (None, why it can't be one)."""
        if self.spec.is_float and result.__class__ is float:
            return result, ""  # arithmetic gives finite numbers or none
        if self.spec.plan.data_type == "integer" and result.__class__ is float:
            if not result.is_integer():
                return None, NOT_WHOLE
            result = int(result)
        value, why = self.spec.accept(result)
        return value, OVERFLOW if why and isinstance(result, int) and not isinstance(result, bool) else why

    def why_none(self, values: Mapping[str, Value]) -> str:
        """Why it has no result although every property that it reads is known."""
        return _why(self.expression, values)[1] or NOT_COMPARABLE


@dataclass(frozen=True, slots=True)
class Formulas:
    """Of one shape. `feeds` has, for each property, those computed from it, in the order of their ranks; `unusable`
    the reason of each that can't be computed."""

    formulas: tuple[Formula, ...]
    feeds: Mapping[str, tuple[str, ...]]
    unusable: Mapping[str, str]


NO_FORMULAS = Formulas((), {}, {})


def formulas_of(specs: Mapping[str, Spec]) -> Formulas:
    unusable = {name: spec.plan.error for name, spec in specs.items() if spec.plan.error}
    expressions = {
        name: spec.plan.computed
        for name, spec in specs.items()
        if spec.plan.computed is not None and name not in unusable
    }
    if not expressions:
        return Formulas((), {}, unusable) if unusable else NO_FORMULAS
    needs = {name: [need for need in needs_of(item) if need in specs] for name, item in expressions.items()}
    order, circles = in_order(needs)
    unusable |= {name: CIRCLE for circle in circles for name in circle}
    formulas: list[Formula] = []
    for name in order:
        if name in unusable:
            continue
        try:
            formulas.append(_formula(len(formulas), name, expressions[name], specs))
        except TooDeep:
            unusable[name] = TOO_DEEP
    usable = {item.name: needs[item.name] for item in formulas}
    return Formulas(tuple(formulas), feeding(usable, list(usable)), unusable)


def _formula(rank: int, name: str, expression: Condition, specs: Mapping[str, Spec]) -> Formula:
    types = {
        ref: TYPE_OF[specs[ref.name].plan.data_type] if ref.owner is None and ref.name in specs else None
        for ref in references(expression)
    }
    compiled = compile_expression(expression, types)
    return Formula(name, rank, expression, compiled.test, tuple(ref.name for ref in compiled.reads), specs[name])


def _why(node: Condition, values: Mapping[str, Value]) -> tuple[Value, str]:
    """The value of a number's tree, or the first operation of it that has none; ("" where it is none of arithmetic)."""
    match node:
        case Constant(value=value):
            return value, ""
        case PropertyRef(name=name):
            return values.get(name), ""
        case Negative(item=item):
            return _operation("-", 0, _why(item, values))
        case Arithmetic(op=op, left=left, right=right):
            found, why = _why(left, values)
            return (None, why) if found is None else _operation(op, found, _why(right, values))
        case Compare(left=left, right=right):
            return None, _why(left, values)[1] or _why(right, values)[1]
        case Not(item=item):
            return None, _why(item, values)[1]
        case And(items=items) | Or(items=items):
            return None, next((why for item in items if (why := _why(item, values)[1])), "")
        case _:
            return None, ""


def _operation(op: Literal["+", "-", "*", "/", "%"], left: Value, right: tuple[Value, str]) -> tuple[Value, str]:
    value, why = right
    if value is None:
        return None, why
    result = ARITHMETIC[op](left, value)
    if result is not None:
        return result, ""
    return None, DIVISION_BY_ZERO if op in "/%" and value == 0 else OVERFLOW
