"""Compiles a condition tree to one Python function over property cells that answers True, False or None (UNKNOWN),
and a computed property's expression to one that answers its value or None.

The source text is made of names that this file invents and of operators from a fixed table; whatever a person wrote
(constants, property names) reaches the function through its closure only, so no input can become code. The types of
all operands are known before compiling (cells are typed and hold nothing else), hence a comparison needs no type test
when it runs: a mismatch is UNKNOWN from the start and is noted.

What depends on more than the values of now (time, events, what was before) is a slot: the function reads its `live` as
it reads a cell's, and memory.py sets that first. A condition without slots is compiled as if there were none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import fmod, isfinite
from typing import Any, Literal

from app.engine import slots
from app.engine.aggregates import compare, exactly
from app.engine.schedule import known_zone
from app.engine.slots import SlotPlan, Test
from app.engine.values import Spec, normal_datetime
from app.model.conditions import (
    MIRRORED,
    Aggregate,
    Among,
    And,
    Arithmetic,
    Between,
    Bound,
    Changed,
    Compare,
    CompareOp,
    Condition,
    Duration,
    EventValue,
    Every,
    Evidence,
    Held,
    Negative,
    Not,
    Occurred,
    Or,
    Previous,
    PropertyRef,
    Quantity,
    Rate,
    Within,
    nests_too_deeply,
    nodes,
    outside_members,
    owners,
    written,
)
from app.model.conditions import Literal as Constant
from app.model.definitions import DataType

ValueType = Literal["number", "boolean", "text", "time", "duration", "composed"]

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
_ORDERED = ("number", "text", "time", "duration")
_OPERATORS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TIMED = (Evidence, Previous, Rate, Changed, Occurred, EventValue, Every, Held, Within, Aggregate)
_EVIDENCE: Mapping[str, tuple[str, ValueType]] = {
    "quality": ("shown_quality", "text"),
    "isStale": ("is_stale", "boolean"),
    "isSilent": ("is_silent", "boolean"),
    "known": ("is_known", "boolean"),
}
"""Of each function the cell's method, and what it answers."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """`test` takes the slots, then the cells of `reads`, in order; `notes` say why a part of it can only be UNKNOWN."""

    test: Test
    reads: tuple[PropertyRef, ...]
    notes: tuple[str, ...]
    slots: tuple[SlotPlan, ...] = ()
    """Inner ones before those that they stand in."""
    slotted: tuple[Condition, ...] = ()
    """What each slot stands for; of `age(x) < 30s` and its like always `age(x) >= ...`."""
    watched: tuple[int, ...] = ()
    """Places in `reads` of what is asked for more than its value: any report of it may count."""
    valued: tuple[int, ...] = ()
    """Places in `reads` of what is asked for its value: UNKNOWN may come of it."""
    mismatches: tuple[str, ...] = ()
    """Those of the notes that no binding would help."""

    @property
    def timed(self) -> bool:
        """Whether it asks for more than the values of now."""
        return bool(self.slots or self.watched)


@dataclass(frozen=True, slots=True)
class Reads:
    """What a condition names: every property, every owner, every parameter of an event."""

    condition: Condition
    properties: tuple[PropertyRef, ...]
    named: tuple[str | None, ...]
    """Whose they are, as it names them."""
    owners: tuple[str, ...]
    parameters: tuple[EventValue, ...] = ()
    timed: bool = False
    """Whether it asks for more than the values of now."""


class TooDeep(Exception):
    """The condition nests deeper than MAX_NESTING: nobody can save one, and it is shown as the behavior's error."""


def check_depth(condition: Condition) -> None:
    """Raises TooDeep."""
    if nests_too_deeply(condition):
        raise TooDeep


def reads(condition: Condition) -> Reads:
    """Raises TooDeep."""
    check_depth(condition)
    parameters = dict.fromkeys(node for node in nodes(condition) if isinstance(node, EventValue))
    timed = any(isinstance(node, _TIMED) for node in nodes(condition))
    outside = dict.fromkeys(outside_members(condition))
    properties = tuple(node for node in outside if isinstance(node, PropertyRef))
    named = {node.owner for node in outside if isinstance(node, PropertyRef | Bound | Occurred | EventValue)}
    return Reads(
        condition,
        properties,
        tuple(ref.owner for ref in properties),
        tuple(sorted(name for name in named if name is not None)),
        tuple(parameters),
        timed,
    )


def compile_condition(
    condition: Condition,
    types: Mapping[PropertyRef, ValueType | None],
    bound: Mapping[str, bool],
    parameters: Mapping[EventValue, Spec | None] = {},
) -> Compiled:
    """`types` has every property that the condition reads, None for one that isn't there; `bound` every owner it names;
    `parameters` what an event's are. Raises TooDeep."""
    check_depth(condition)
    return _Writer(condition, types, bound, parameters).compiled(_Writer.truth)


def compile_expression(
    expression: Condition,
    types: Mapping[PropertyRef, ValueType | None],
    bound: Mapping[str, bool] | None = None,
    parameters: Mapping[EventValue, Spec | None] | None = None,
) -> Compiled:
    """The same for an expression of any type: `test` answers its value, or None. Without `parameters` nothing in it may
    ask for more than the values of now. Raises TooDeep."""
    check_depth(expression)
    return _Writer(expression, types, bound or dict.fromkeys(owners(expression), False), parameters).compiled(
        _Writer.value
    )


@dataclass(frozen=True, slots=True)
class _Operand:
    """`name` in the generated source; `sure` where it can't be None; no type where it can only be UNKNOWN."""

    name: str
    type: ValueType | None
    sure: bool = False
    text_constant: str | None = None


_UNKNOWN = _Operand("None", None)


class _Body:
    """Of one function: its lines so far, and what it has loaded from cells and slots."""

    __slots__ = ("lines", "loaded")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.loaded: dict[str, _Operand] = {}


class _Writer:
    def __init__(
        self,
        condition: Condition,
        types: Mapping[PropertyRef, ValueType | None],
        bound: Mapping[str, bool],
        parameters: Mapping[EventValue, Spec | None] | None,
    ) -> None:
        self._condition = condition
        self._types = types
        self._bound = bound
        self._parameters = parameters
        self._reads = {ref: place for place, ref in enumerate(ref for ref, type in types.items() if type is not None)}
        self._constants: dict[str, Any] = {}
        self._body = _Body()
        self._parts: list[_Body] = []
        self._slots: dict[Condition, int] = {}
        self._plans: list[Callable[[list[Test]], SlotPlan]] = []
        self._kinds: dict[str, int] = {}
        self._watched: set[int] = set()
        self._valued: set[int] = set()
        self._notes: dict[str, bool] = {}
        self._count = 0

    def compiled(self, read: "Callable[[_Writer, Condition], _Operand]") -> Compiled:
        self._statement(self._condition, read)
        arguments = ", ".join(
            [*(f"s{index}" for index in range(len(self._plans))), *(f"c{i}" for i in range(len(self._reads)))]
        )
        names = [*(f"part{index}" for index in range(len(self._parts))), "condition"]
        functions = "".join(
            f"    def {name}({arguments}):\n" + "".join(f"        {line}\n" for line in body.lines)
            for name, body in zip(names, [*self._parts, self._body], strict=True)
        )
        source = f"def make({', '.join(self._constants)}):\n{functions}    return [{', '.join(names)}]\n"
        made: dict[str, Any] = {"__builtins__": {}}
        exec(compile(source, "<condition>", "exec"), made)  # noqa: S102 - the source has no text of the user's
        *parts, test = made["make"](**self._constants)
        return Compiled(
            test,
            tuple(self._reads),
            tuple(self._notes),
            tuple([plan(parts) for plan in self._plans]),
            tuple(self._slots),
            tuple(sorted(self._watched)),
            tuple(sorted(self._valued)),
            tuple(note for note, mismatch in self._notes.items() if mismatch),
        )

    # ------------------------------------------------------------ statements

    def _statement(self, node: Condition, read: "Callable[[_Writer, Condition], _Operand]") -> None:
        """The outermost node: its parts end the function as soon as one of them decides."""
        match node:
            case And(items=items):
                self._until(items, "False", "True")
            case Or(items=items):
                self._until(items, "True", "False")
            case _:
                self._body.lines.append(f"return {read(self, node).name}")

    def _until(self, items: tuple[Condition, ...], winner: str, otherwise: str) -> None:
        unsure = []
        for item in items:
            part = self.truth(item)
            if part.name in ("True", "False"):
                if part.name == winner:
                    self._body.lines.append(f"return {winner}")
                    return
                continue
            if part.name != "None":
                self._body.lines.append(f"if {part.name} is {winner}: return {winner}")
            if not part.sure:
                unsure.append(f"{part.name} is None" if part.name != "None" else "True")
        self._body.lines.append(
            f"return None if {' or '.join(unsure)} else {otherwise}" if unsure else f"return {otherwise}"
        )

    # ------------------------------------------------------------ expressions

    def _keep(self, expression: str, type: ValueType, sure: bool = False) -> _Operand:
        name = f"t{self._count}"
        self._count += 1
        self._body.lines.append(f"{name} = {expression}")
        return _Operand(name, type, sure)

    def _constant(self, value: Any) -> str:
        name = f"k{len(self._constants)}"
        self._constants[name] = value
        return name

    def _mismatch(self, note: str) -> _Operand:
        self._notes[note] = True
        return _UNKNOWN

    def truth(self, node: Condition) -> _Operand:
        part = self.value(node)
        if part.type not in ("boolean", None):
            return self._mismatch(f"a {part.type} is used where true or false is needed")
        return part

    def value(self, node: Condition) -> _Operand:
        match node:
            case Constant(value=value) | Quantity(value=value):
                return self._literal(value)
            case Duration(micros=micros):
                return _Operand(self._constant(micros), "duration", sure=True)
            case PropertyRef():
                return self._property(node)
            case Bound(owner=owner):
                return _Operand("True" if self._bound[owner] else "False", "boolean", sure=True)
            case Compare(op=op, left=left, right=right):
                if _is_age(left) and isinstance(right, Duration):
                    return self._age(op, left, right)
                if _is_age(right) and isinstance(left, Duration):
                    return self._age(MIRRORED[op], right, left)
                if _has_bounds(left) or _has_bounds(right):
                    return self._within_bounds(op, left, right)
                return self._compare(op, self.value(left), self.value(right))
            case Among(item=item, values=values):
                return self._among(self.value(item), [self.value(value) for value in values])
            case Between(item=item, low=low, high=high):
                return self._both((Compare(">=", item, low), Compare("<=", item, high)), "False", "True")
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
            case Evidence(function=function, ref=ref):
                return self._evidence(function, ref)
            case Aggregate():
                return self._aggregate(node)
            case Every(zone=zone) if not known_zone(zone):
                return self._mismatch(f"there is no time zone '{zone}'")
            case Previous() | Rate() | Changed() | Occurred() | EventValue() | Every() | Held() | Within():
                return self._timed(node)

    def _literal(self, value: object) -> _Operand:
        if isinstance(value, bool):
            return _Operand("True" if value else "False", "boolean", sure=True)
        if isinstance(value, str):
            return _Operand(self._constant(value), "text", sure=True, text_constant=value)
        if isinstance(value, float) and not isfinite(value):
            return self._mismatch("a number in it is not finite")
        return _Operand(self._constant(value), "number", sure=True)

    def _property(self, ref: PropertyRef) -> _Operand:
        place = self._place(ref)
        if place is None:
            return _UNKNOWN
        self._valued.add(place)
        return self._load(f"c{place}.live", self._types[ref])

    def _place(self, ref: PropertyRef) -> int | None:
        """None, and noted, where there is no such property."""
        place = self._reads.get(ref)
        if place is None:
            where = f"{written(ref.owner)}.{ref.name}" if ref.owner else ref.name
            self._notes[f"there is no '{where}' to read"] = False
        return place

    def _load(self, expression: str, type: ValueType | None, sure: bool = False) -> _Operand:
        """Once per function."""
        found = self._body.loaded.get(expression)
        if found is None:
            assert type is not None
            found = self._body.loaded[expression] = self._keep(expression, type, sure)
        return found

    # ------------------------------------------------------------ more than the values of now

    def _evidence(self, function: str, ref: PropertyRef) -> _Operand:
        if self._parameters is None:
            return self._mismatch(f"{function}() can't be computed with")
        if function == "age":
            return self._mismatch("age() can only be compared with a length of time, as in age(x) > 30s")
        if function == "known" and ref not in self._reads:
            return _Operand("False", "boolean", sure=True)
        place = self._place(ref)
        if place is None:
            return _UNKNOWN
        self._watched.add(place)
        method, type = _EVIDENCE[function]
        return self._load(f"c{place}.{method}()", type)

    def _age(self, op: CompareOp, item: Condition, limit: Duration) -> _Operand:
        """Older than the limit, or at least as old; the other two are their opposites."""
        assert isinstance(item, Evidence)
        if op in ("==", "!="):
            return self._mismatch(f"age() is never known to be '{op}' a length of time: compare it with > or <")
        if self._parameters is None:
            return self._mismatch("age() can't be computed with")
        place = self._place(item.ref)
        if place is None:
            return _UNKNOWN
        self._watched.add(place)
        beyond = limit.micros + (1 if op in (">", "<=") else 0)
        older = Compare(">=", item, Duration(beyond))
        part = self._slot(older, "age", lambda name, _: slots.Age(name, place, beyond))
        if op in (">", ">="):
            return part
        return self._keep(self._guarded([part], f"not {part.name}"), "boolean")

    def _aggregate(self, node: Aggregate) -> _Operand:
        place = self._gathered(node)
        if place is None:
            return _UNKNOWN
        truth = node.function in ("any", "all")
        return self._load(f"s{place}.live", "boolean" if truth else "number")

    def _gathered(self, node: Aggregate) -> int | None:
        """The number of its slot; None, and noted, where it can't be run."""
        if self._parameters is None:
            self._mismatch(f"{node.function}() can't be computed with")
            return None
        outside = [item for item in outside_members(node) if isinstance(item, PropertyRef)]
        places = []
        for ref in dict.fromkeys(outside):
            place = self._place(ref)
            if place is None:
                return None
            places.append(place)
        refs, outer = tuple(dict.fromkeys(outside)), tuple(places)
        return self._number(node, lambda name, _: slots.Gathered(name, node, refs, outer), "gathered")

    def _within_bounds(self, op: CompareOp, left: Condition, right: Condition) -> _Operand:
        """What is not known to the last may be known well enough to be compared."""
        spans, parts = [], []
        for node in (left, right):
            if isinstance(node, Aggregate) and _has_bounds(node):
                place = self._gathered(node)
                if place is None:
                    return _UNKNOWN
                spans.append(self._load(f"s{place}.live", "number") and f"s{place}.span")
                continue
            part = self.value(node)
            if part.type is None:
                return _UNKNOWN
            if part.type != "number":
                return self._mismatch(f"a number is compared with a {part.type}")
            parts.append(part)
            spans.append(f"{self._constant(exactly)}({part.name})")
        compared = f"{self._constant(compare)}({spans[0]}, {self._constant(op)}, {spans[1]})"
        return self._keep(self._guarded(parts, compared), "boolean")

    def _timed(self, node: Condition) -> _Operand:
        if self._parameters is None:
            return self._mismatch(f"{type(node).__name__} can't be computed with")
        match node:
            case Previous(ref=ref) | Rate(ref=ref) | Changed(ref=ref):
                found = self._place(ref)
                return _UNKNOWN if found is None else self._kept(node, found, self._types[ref])
            case Occurred(owner=owner, event=event):
                return self._slot(node, "occurred", lambda name, _: slots.Occurred(name, owner, event), sure=True)
            case EventValue(owner=owner, event=event, parameter=parameter):
                spec = self._parameters.get(node)
                if spec is None:
                    return self._mismatch(f"there is no parameter '{parameter}' of event '{event}' to read")
                kind = TYPE_OF[spec.plan.data_type]
                return self._slot(
                    node, "value", lambda name, _: slots.Parameter(name, owner, event, parameter, spec), kind
                )
            case Every():
                return self._slot(node, "every", lambda name, _: slots.Every(name, node), sure=True)
            case Held(item=item, duration=duration):
                part = self._part(node, item)
                return self._slot(node, "held", lambda name, parts: slots.Held(name, duration, parts[part]))
            case Within(item=item, duration=duration, other=other):
                part = self._part(node, other)
                recent = self._slot(node, "within", lambda name, parts: slots.Within(name, duration, parts[part]))
                return self._joined([self.truth(item), recent], "False", "True")
            case _:
                return self._mismatch(f"{type(node).__name__} can't be run")

    def _kept(self, node: Previous | Rate | Changed, place: int, type: ValueType | None) -> _Operand:
        """What a cell is to keep of its past."""
        self._watched.add(place)
        if isinstance(node, Changed):
            return self._slot(node, "changed", lambda name, _: slots.Changed(name, place), sure=True)
        self._valued.add(place)
        if isinstance(node, Previous):
            self._number(node, lambda name, _: slots.Trailed(name, place), "trailed")
            return self._load(f"c{place}.previous()", type)
        if type != "number":
            return self._mismatch(f"rate() needs a number, not a {type}")
        return self._slot(node, "rate", lambda name, _: slots.Rate(name, place, node.window), "number")

    def _part(self, node: Condition, item: Condition) -> int:
        """A function of its own for what a slot asks itself; its number. Once per node."""
        if node in self._slots:
            return 0
        outer, self._body = self._body, _Body()
        self._statement(item, _Writer.truth)
        self._parts.append(self._body)
        self._body = outer
        return len(self._parts) - 1

    def _slot(
        self,
        node: Condition,
        kind: str,
        plan: Callable[[str, list[Test]], SlotPlan],
        type: ValueType = "boolean",
        *,
        sure: bool = False,
    ) -> _Operand:
        """The same node twice in one condition is one slot."""
        return self._load(f"s{self._number(node, plan, kind)}.live", type, sure)

    def _number(self, node: Condition, plan: Callable[[str, list[Test]], SlotPlan], kind: str) -> int:
        found = self._slots.get(node)
        if found is None:
            number = self._kinds.get(kind, 0)
            self._kinds[kind] = number + 1
            found = self._slots[node] = len(self._plans)
            self._plans.append(lambda parts: plan(f"{kind}/{number}", parts))
        return found

    # ------------------------------------------------------------ operators

    def _among(self, item: _Operand, values: list[_Operand]) -> _Operand:
        """Equal to one of them; where one of them can't be compared with it, UNKNOWN unless it is another one."""
        if item.type is None:
            return _UNKNOWN
        if item.type == "composed":
            return self._mismatch("a list or an object can't be compared")
        if item.type == "time":
            values = [self._moment(value) if value.text_constant is not None else value for value in values]
        fitting = []
        for value in values:
            if value.type == item.type:
                fitting.append(value)
            elif value.type is not None:
                self._mismatch(f"a {item.type} is compared with a {value.type}")
        if any(not value.name.startswith("k") for value in fitting):
            found = " or ".join(f"{item.name} is {value.name}" for value in fitting) or "False"  # booleans
        else:
            among = self._constant(frozenset(self._constants[value.name] for value in fitting))
            found = f"{item.name} in {among}"
        if len(fitting) < len(values):
            found = f"(True if {found} else None)"
        return self._keep(self._guarded([item], found), "boolean", item.sure and len(fitting) == len(values))

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
        return self._joined([self.truth(item) for item in items], winner, otherwise)

    def _joined(self, parts: list[_Operand], winner: str, otherwise: str) -> _Operand:
        wins = " or ".join(f"{part.name} is {winner}" for part in parts)
        unsure = " or ".join(f"{part.name} is None" for part in parts if not part.sure)
        rest = f"(None if {unsure} else {otherwise})" if unsure else otherwise
        return self._keep(f"{winner} if {wins} else {rest}" if wins else rest, "boolean", not unsure)

    @staticmethod
    def _guarded(parts: list[_Operand], expression: str) -> str:
        unsure = " or ".join(dict.fromkeys(f"{part.name} is None" for part in parts if not part.sure))
        return f"None if {unsure} else {expression}" if unsure else expression


def _is_age(node: Condition) -> bool:
    return isinstance(node, Evidence) and node.function == "age"


def _has_bounds(node: Condition) -> bool:
    return isinstance(node, Aggregate) and node.function in ("count", "min", "max")


def type_of(spec: Spec) -> ValueType:
    return TYPE_OF[spec.plan.data_type]


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
