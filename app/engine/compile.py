"""Compiles a condition tree to one Python function over property cells that answers True, False or None (UNKNOWN),
and a computed property's expression to one that answers its value or None.

The source text is made of names that this file invents and of operators from a fixed table; whatever a person wrote
(constants, property names) reaches the function through its closure only, so no input can become code. The types of
all operands are known before compiling (cells are typed and hold nothing else), hence a comparison needs no type test
when it runs: a mismatch is UNKNOWN from the start and is noted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import fmod, isfinite
from typing import Any, Literal

from app.engine.values import normal_datetime
from app.model.conditions import (
    And,
    Arithmetic,
    Bound,
    Compare,
    Condition,
    Negative,
    Not,
    Or,
    PropertyRef,
    children,
    owners,
    references,
    written,
)
from app.model.conditions import Literal as Constant
from app.model.definitions import DataType

ValueType = Literal["number", "boolean", "text", "time", "composed"]
Test = Callable[..., bool | None]

MAX_DEPTH = 60
"""Levels of nesting; a deeper tree is shown as the behavior's error instead of running into Python's own limits."""

TYPE_OF: Mapping[DataType, ValueType] = {
    "float": "number",
    "integer": "number",
    "boolean": "boolean",
    "string": "text",
    "enum": "text",
    "datetime": "time",
    "array": "composed",
    "object": "composed",
}
_ORDERED = ("number", "text", "time")
_OPERATORS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Compiled:
    """`test` takes the cells of `reads`, in order; `notes` say why a part of it can only be UNKNOWN."""

    test: Test
    reads: tuple[PropertyRef, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reads:
    """What a condition names: every property, every owner."""

    condition: Condition
    properties: tuple[PropertyRef, ...]
    owners: tuple[str, ...]


class TooDeep(Exception):
    """The condition nests deeper than MAX_DEPTH."""


def check_depth(condition: Condition) -> None:
    """Raises TooDeep. Walks without recursion, so that it may be asked of any tree."""
    level: list[Condition] = [condition]
    for _ in range(MAX_DEPTH):
        below: list[Condition] = []
        for node in level:
            below += children(node)
        if not below:
            return
        level = below
    raise TooDeep


def reads(condition: Condition) -> Reads:
    """Raises TooDeep."""
    check_depth(condition)
    return Reads(condition, tuple(references(condition)), tuple(sorted(owners(condition))))


def compile_condition(
    condition: Condition, types: Mapping[PropertyRef, ValueType | None], bound: Mapping[str, bool]
) -> Compiled:
    """`types` has every property that the condition reads, None for one that isn't there; `bound` every owner it names.
    Raises TooDeep."""
    check_depth(condition)
    return _Writer(condition, types, bound).compiled(_Writer.truth)


def compile_expression(
    expression: Condition, types: Mapping[PropertyRef, ValueType | None], bound: Mapping[str, bool] | None = None
) -> Compiled:
    """The same for an expression of any type: `test` answers its value, or None. Raises TooDeep."""
    check_depth(expression)
    return _Writer(expression, types, bound or dict.fromkeys(owners(expression), False)).compiled(_Writer.value)


@dataclass(frozen=True, slots=True)
class _Operand:
    """`name` in the generated source; `sure` where it can't be None; no type where it can only be UNKNOWN."""

    name: str
    type: ValueType | None
    sure: bool = False
    text_constant: str | None = None


_UNKNOWN = _Operand("None", None)


class _Writer:
    def __init__(
        self, condition: Condition, types: Mapping[PropertyRef, ValueType | None], bound: Mapping[str, bool]
    ) -> None:
        self._condition = condition
        self._types = types
        self._bound = bound
        self._reads = [ref for ref in references(condition) if types[ref] is not None]
        self._loaded: dict[PropertyRef, _Operand] = {}
        self._constants: dict[str, Any] = {}
        self._lines: list[str] = []
        self._notes: list[str] = []
        self._count = 0

    def compiled(self, read: "Callable[[_Writer, Condition], _Operand]") -> Compiled:
        self._statement(self._condition, read)
        cells = ", ".join(f"c{index}" for index in range(len(self._reads)))
        constants = ", ".join(self._constants)
        body = "\n".join(f"        {line}" for line in self._lines)
        source = f"def make({constants}):\n    def condition({cells}):\n{body}\n    return condition\n"
        names: dict[str, Any] = {"__builtins__": {}}
        exec(compile(source, "<condition>", "exec"), names)  # noqa: S102 - the source has no text of the user's
        return Compiled(names["make"](**self._constants), tuple(self._reads), tuple(self._notes))

    # ------------------------------------------------------------ statements

    def _statement(self, node: Condition, read: "Callable[[_Writer, Condition], _Operand]") -> None:
        """The outermost node: its parts end the function as soon as one of them decides."""
        match node:
            case And(items=items):
                self._until(items, "False", "True")
            case Or(items=items):
                self._until(items, "True", "False")
            case _:
                self._lines.append(f"return {read(self, node).name}")

    def _until(self, items: tuple[Condition, ...], winner: str, otherwise: str) -> None:
        unsure = []
        for item in items:
            part = self.truth(item)
            if part.name in ("True", "False"):
                if part.name == winner:
                    self._lines.append(f"return {winner}")
                    return
                continue
            if part.name != "None":
                self._lines.append(f"if {part.name} is {winner}: return {winner}")
            if not part.sure:
                unsure.append(f"{part.name} is None" if part.name != "None" else "True")
        self._lines.append(
            f"return None if {' or '.join(unsure)} else {otherwise}" if unsure else f"return {otherwise}"
        )

    # ------------------------------------------------------------ expressions

    def _keep(self, expression: str, type: ValueType, sure: bool = False) -> _Operand:
        name = f"t{self._count}"
        self._count += 1
        self._lines.append(f"{name} = {expression}")
        return _Operand(name, type, sure)

    def _constant(self, value: Any) -> str:
        name = f"k{len(self._constants)}"
        self._constants[name] = value
        return name

    def _mismatch(self, note: str) -> _Operand:
        self._notes.append(note)
        return _UNKNOWN

    def truth(self, node: Condition) -> _Operand:
        part = self.value(node)
        if part.type not in ("boolean", None):
            return self._mismatch(f"a {part.type} is used where true or false is needed")
        return part

    def value(self, node: Condition) -> _Operand:
        match node:
            case Constant(value=value):
                return self._literal(value)
            case PropertyRef():
                return self._property(node)
            case Bound(owner=owner):
                return _Operand("True" if self._bound[owner] else "False", "boolean", sure=True)
            case Compare(op=op, left=left, right=right):
                return self._compare(op, self.value(left), self.value(right))
            case Arithmetic(op=op, left=left, right=right):
                return self._arithmetic(op, self.value(left), self.value(right))
            case Negative(item=item):
                return self._arithmetic("-", _Operand(self._constant(0), "number", sure=True), self.value(item))
            case Not(item=item):
                part = self.truth(item)
                return self._keep(self._guarded([part], f"not {part.name}"), "boolean", part.sure)
            case And(items=items):
                return self._both(items, "False", "True")
            case Or(items=items):
                return self._both(items, "True", "False")
            case _:
                return self._mismatch(f"{type(node).__name__} can't be run")

    def _literal(self, value: object) -> _Operand:
        if isinstance(value, bool):
            return _Operand("True" if value else "False", "boolean", sure=True)
        if isinstance(value, str):
            return _Operand(self._constant(value), "text", sure=True, text_constant=value)
        if isinstance(value, float) and not isfinite(value):
            return self._mismatch("a number in it is not finite")
        return _Operand(self._constant(value), "number", sure=True)

    def _property(self, ref: PropertyRef) -> _Operand:
        found = self._loaded.get(ref)
        if found is None:
            type = self._types[ref]
            if type is None:
                where = f"{written(ref.owner)}.{ref.name}" if ref.owner else ref.name
                return self._mismatch(f"there is no '{where}' to read")
            found = self._loaded[ref] = self._keep(f"c{self._reads.index(ref)}.live", type)
        return found

    def _compare(self, op: str, left: _Operand, right: _Operand) -> _Operand:
        if left.type is None or right.type is None:
            return _UNKNOWN
        if left.type == "time" and right.text_constant is not None:
            right = self._moment(right)
        elif right.type == "time" and left.text_constant is not None:
            left = self._moment(left)
        if left.type is None or right.type is None:
            return _UNKNOWN
        if "composed" in (left.type, right.type):
            return self._mismatch("a list or an object can't be compared")
        if left.type != right.type:
            return self._mismatch(f"a {left.type} is compared with a {right.type}")
        if left.type not in _ORDERED and op not in ("==", "!="):
            return self._mismatch(f"a {left.type} has no order for '{op}'")
        sure = left.sure and right.sure
        return self._keep(self._guarded([left, right], f"{left.name} {_OPERATORS[op]} {right.name}"), "boolean", sure)

    def _moment(self, constant: _Operand) -> _Operand:
        moment = normal_datetime(constant.text_constant or "")
        if moment is None:
            return self._mismatch(f"'{constant.text_constant}' is not a date and time")
        return _Operand(self._constant(moment), "time", sure=True)

    def _arithmetic(self, op: str, left: _Operand, right: _Operand) -> _Operand:
        if left.type is None or right.type is None:
            return _UNKNOWN
        if left.type != "number" or right.type != "number":
            return self._mismatch(f"'{op}' needs numbers, not a {left.type} and a {right.type}")
        function = self._constant(ARITHMETIC[op])
        return self._keep(self._guarded([left, right], f"{function}({left.name}, {right.name})"), "number")

    def _both(self, items: tuple[Condition, ...], winner: str, otherwise: str) -> _Operand:
        parts = [self.truth(item) for item in items]
        wins = " or ".join(f"{part.name} is {winner}" for part in parts)
        unsure = " or ".join(f"{part.name} is None" for part in parts if not part.sure)
        rest = f"(None if {unsure} else {otherwise})" if unsure else otherwise
        return self._keep(f"{winner} if {wins} else {rest}" if wins else rest, "boolean", not unsure)

    @staticmethod
    def _guarded(parts: list[_Operand], expression: str) -> str:
        unsure = " or ".join(dict.fromkeys(f"{part.name} is None" for part in parts if not part.sure))
        return f"None if {unsure} else {expression}" if unsure else expression


def _total(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Division by zero, overflow and whatever is not finite are UNKNOWN, never an exception."""

    def safe(left: Any, right: Any) -> Any:
        try:
            result = function(left, right)
            return result if isfinite(result) else None
        except (ArithmeticError, ValueError):
            return None

    return safe


def _remainder(left: Any, right: Any) -> Any:
    """With the sign of the dividend, as in C and JavaScript; exact where both are integers."""
    if isinstance(left, int) and isinstance(right, int):
        result = abs(left) % abs(right)
        return -result if left < 0 else result
    return fmod(left, right)


ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": _total(lambda left, right: left + right),
    "-": _total(lambda left, right: left - right),
    "*": _total(lambda left, right: left * right),
    "/": _total(lambda left, right: left / right),
    "%": _total(_remainder),
}
