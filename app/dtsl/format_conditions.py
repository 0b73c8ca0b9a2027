"""Conditions to their one canonical text, in either notation; `parse(format(x)) == x`.

Parentheses are put only where the tree needs them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.dtsl.lengths import write_duration
from app.dtsl.spelling import SELF, dtsl_member, json_name, quote, write_number
from app.dtsl.when import write_days, write_minute
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
)

_OR, AND, _TIMED, _COMPARE, _SUM, _PRODUCT, _UNARY, _ATOM = range(1, 9)
"""How tightly a form binds; an operand that binds less than its place needs goes into parentheses."""
_UNIT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GO_ON = frozenset(
    {"and", "as", "between", "else", "false", "for", "if", "in", "let", "null", "of", "then", "true", "unless", "when"}
    | {"within"}
)
"""Words that go on in another way behind a number or `on`: quoted there."""

_READS_AS_OPERATOR = re.compile(r"between [^=!<>]")
"""A property of that name behind `known`, which would itself be between two values."""
_WRITTEN = {"isStale": "is_stale", "isSilent": "is_silent"}
"""Functions whose names are two words, as ids."""


def format_condition(condition: Condition) -> str:
    """In the notation of JSON documents: snake_case, single quotes. Raises ValueError for infinity and NaN."""
    return JSON.text(condition)


def dtsl_condition(condition: Condition) -> str:
    """In the notation of scripts: camelCase, double quotes."""
    return DTSL.text(condition)


def conjuncts(condition: Condition) -> list[Condition]:
    """The conditions that must all hold, one by one: what a document's `conditions` list has."""
    if not isinstance(condition, And):
        return [condition]
    return [part for item in condition.items for part in conjuncts(item)]


@dataclass(frozen=True, slots=True)
class Notation:
    name: Callable[[str], str]
    mark: str

    def text(self, condition: Condition) -> str:
        return self._form(condition)[1]

    def operand(self, condition: Condition, least: int) -> str:
        binds, text = self._form(condition)
        return text if binds >= least else f"({text})"

    def _form(self, node: Condition) -> tuple[int, str]:
        match node:
            case Literal(value=value):
                return self._number(value_text(value, self.mark))
            case Quantity(value=value, unit=unit):
                return self._number(f"{write_number(value)} {self._unit(unit)}")
            case Duration(micros=micros):
                return _ATOM, write_duration(micros)
            case PropertyRef(owner=owner, name=name):
                return _ATOM, self._reference(owner, name)
            case Bound(owner=owner):
                return _COMPARE, f"{self.path(owner)} != null"
            case Not(item=Bound(owner=owner)):
                return _COMPARE, f"{self.path(owner)} == null"
            case Compare(op=op, left=left, right=right):
                return _COMPARE, f"{self.operand(left, _SUM)} {op} {self.operand(right, _SUM)}"
            case Among(item=item, values=values):
                return _COMPARE, f"{self.operand(item, _SUM)} in [{', '.join(map(self.text, values))}]"
            case Between(item=item, low=low, high=high):
                text = f"{self.operand(item, _SUM)} between {self.operand(low, _SUM)} and {self.operand(high, _SUM)}"
                return _COMPARE, text
            case Arithmetic(op=op, left=left, right=right):
                binds = _SUM if op in "+-" else _PRODUCT
                return binds, f"{self.operand(left, binds)} {op} {self.operand(right, binds + 1)}"
            case Negative(item=Literal() | Quantity() as item) if not self.text(item).startswith("-"):
                return _UNARY, f"-({self.text(item)})"  # `-5` would be a number
            case Negative(item=item):
                return _UNARY, "-" + self.operand(item, _UNARY)
            case Not(item=item):
                return _UNARY, "!" + self.operand(item, _UNARY)
            case And(items=items):
                return AND, " && ".join(self.operand(item, AND + 1) for item in items)
            case Or(items=items):
                return _OR, " || ".join(self.operand(item, _OR + 1) for item in items)
            case Held(item=item, duration=duration):
                return _TIMED, f"{self.operand(item, _TIMED)} for {write_duration(duration)}"
            case Within(item=item, duration=duration, other=other):
                length = write_duration(duration)
                return _TIMED, f"{self.operand(item, _TIMED)} within {length} of {self.operand(other, _COMPARE)}"
            case _:
                return _ATOM, self._atom(node)

    def _atom(self, node: Condition) -> str:
        match node:
            case Evidence(function=function, ref=ref):
                return f"{self.name(_WRITTEN.get(function, function))}({self.text(ref)})"
            case Previous(ref=ref):
                return f"previous({self.text(ref)})"
            case Changed(ref=ref):
                return f"changed({self.text(ref)})"
            case Rate(ref=ref, window=window):
                return f"rate({self.text(ref)}, {write_duration(window)})"
            case Aggregate(function=function, item=None, over=over):
                return f"{function}({self.path(over)})"
            case Aggregate(function="count", item=PropertyRef(owner=None, name=name), known=False):
                return f"count({SELF}.{self.name(name)})"  # alone it would be a role
            case Aggregate(function=function, item=inner, known=known):
                assert inner is not None
                text = self.text(inner)
                if known:
                    own = _READS_AS_OPERATOR.match(text)
                    return f"{function}(known {f'{SELF}.{text}' if own else text})"
                return f"{function}({f'{SELF}.{text}' if text.startswith('known - ') else text})"
            case Occurred(owner=owner, event=event, names=names):
                path = self.path(event if owner is None else f"{owner}/{event}")
                first, dot, rest = path.partition(".")
                path = (quote(first, self.mark) if first in _GO_ON else first) + dot + rest
                told = f"({', '.join(map(self.name, names))})" if names else ""
                return f"on {path}{told}"
            case Every(interval=int() as interval):
                return f"every {write_duration(interval)}"
            case Every(days=days, minute=minute, zone=zone):
                where = f" {quote(zone, self.mark)}" if zone != "UTC" else ""
                return f"every {write_days(days)} at {write_minute(minute)}{where}"
            case _:
                raise AssertionError(f"no notation for {type(node).__name__}")

    def path(self, owner: str) -> str:
        return ".".join(map(self.name, owner.split("/")))

    def _reference(self, owner: str | None, name: str) -> str:
        written = self.name(name)
        if owner is not None:
            return f"{self.path(owner)}.{written}"
        return f"{SELF}.{written}" if written.startswith(self.mark) else written  # alone it would be a text

    def _unit(self, unit: str) -> str:
        return unit if _UNIT.fullmatch(unit) and unit not in _GO_ON else quote(unit, self.mark)

    @staticmethod
    def _number(text: str) -> tuple[int, str]:
        return (_UNARY if text.startswith("-") else _ATOM), text


JSON = Notation(json_name, "'")
DTSL = Notation(dtsl_member, '"')


def value_text(value: Any, mark: str = '"') -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value, mark)
        case list():
            return f"[{', '.join(value_text(item, mark) for item in value)}]"
        case dict():
            return f"{{ {' '.join(_entry(key, item) for key, item in value.items())} }}" if value else "{}"
        case _:
            return write_number(value)


def _entry(key: str, value: Any) -> str:
    written = dtsl_member(key)
    return f"{written} {value_text(value)}" if isinstance(value, dict) else f"{written} = {value_text(value)};"
