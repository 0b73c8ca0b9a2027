"""A condition from lark's tree: the model's tree, and beside it where each node stands.

What is reported here becomes `lost`, a reference that nothing more is said about.
"""

from app.dtsl import diagnostics
from app.dtsl import diagnostics_conditions as messages
from app.dtsl.ast import Expression, Place
from app.dtsl.build_values import Report, Tree, ValueBuilder, span_of, tree_span
from app.dtsl.functions import AGGREGATES, FUNCTIONS, OF_PROPERTY
from app.dtsl.lengths import TooLong, read_duration
from app.dtsl.source import Span
from app.dtsl.spelling import SELF, dtsl_member, read_name
from app.dtsl.when import DAYS, read_minute, week_order
from app.model.conditions import (
    MAX_NESTING,
    Aggregate,
    Among,
    And,
    Arithmetic,
    Between,
    Bound,
    Compare,
    Condition,
    Duration,
    Every,
    Held,
    Literal,
    Negative,
    Not,
    Occurred,
    Or,
    PropertyRef,
    Quantity,
    Rate,
    Within,
)
from app.model.time import SECOND, Micros

LOST = "?"
_SHORTEST_INTERVAL = SECOND


class ConditionBuilder(ValueBuilder):
    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._places: dict[int, Place] = {}

    def expression(self, tree: Tree) -> Expression:
        self._places = {}
        condition = self.condition(tree)
        return Expression(condition, tree_span(tree), self._places)

    def condition(self, tree: Tree, depth: int = 1) -> Condition:
        span = tree_span(tree)
        while tree.data == "group":
            tree = tree.children[0]
        if depth > MAX_NESTING:
            self.report(diagnostics.too_deep(MAX_NESTING), span)
            return self._lost(span)
        match tree.data:
            case "any_of":
                node: Condition = Or(self._all(tree.children, depth))
            case "all_of":
                node = And(self._all(tree.children, depth))
            case "comparison":
                return self._comparison(tree, span, depth)
            case "arithmetic":
                left, sign, right = tree.children
                node = Arithmetic(str(sign), self.condition(left, depth + 1), self.condition(right, depth + 1))  # type: ignore[arg-type]
            case "negative":
                item = tree.children[0]
                if item.data == "number":  # `-5` is a number; `-(5)` is a sign before one
                    node = Literal(-self.number(item.children[0]))
                elif item.data == "quantity":
                    node = self._quantity(item, -1)
                else:
                    node = Negative(self.condition(item, depth + 1))
            case "not_":
                node = Not(self.condition(tree.children[0], depth + 1))
            case "held":
                item, length = tree.children
                node = Held(self.condition(item, depth + 1), self.length(length))
            case "within":
                item, length, other = tree.children
                node = Within(self.condition(item, depth + 1), self.length(length), self.condition(other, depth + 1))
            case "among":
                item, *values = self._all(tree.children, depth)
                self._must_be_constants(values)
                node = Among(item, tuple(values))
            case "between":
                node = Between(*self._all(tree.children, depth))
            case "quantity":
                node = self._quantity(tree)
            case "duration":
                node = Duration(self.length(tree))
            case "function":
                return self._function(tree, span, depth)
            case "every":
                return self._every(tree, span)
            case "occurred":
                return self._occurred(tree, span)
            case "reference":
                return self._reference(tree, span)
            case "null":
                self.report(diagnostics.misplaced_null(), span)
                return self._lost(span)
            case _:
                node = Literal(self.value(tree))
        return self._placed(node, span)

    def _all(self, trees: list[Tree], depth: int) -> tuple[Condition, ...]:
        return tuple(self.condition(child, depth + 1) for child in trees)

    def _comparison(self, tree: Tree, span: Span, depth: int) -> Condition:
        left, operator, right = tree.children
        sides = [_without_groups(left), _without_groups(right)]
        nulls = [side for side in sides if side.data == "null"]
        if not nulls:
            compare = Compare(str(operator), self.condition(left, depth + 1), self.condition(right, depth + 1))  # type: ignore[arg-type]
            return self._placed(compare, span)
        other = sides[1] if sides[0].data == "null" else sides[0]
        if operator not in ("==", "!=") or not (
            other.data == "text" or (other.data == "reference" and not _own(other))
        ):
            self.report(diagnostics.misplaced_null(), span)
            return self._lost(span)
        bound = self._placed(Bound(self._whose(other)), span, owner=tree_span(other))
        return bound if operator == "!=" else self._placed(Not(bound), span)

    def _whose(self, tree: Tree) -> str:
        """The role, or path of roles, that a reference or a quoted text names."""
        path = tree.data == "reference" and hasattr(tree.children[0], "data")
        return self._path(tree.children).id if path else self.name(tree).id

    def _reference(self, tree: Tree, span: Span) -> PropertyRef:
        if not hasattr(tree.children[0], "data"):
            return self._placed_ref(PropertyRef(None, self.name(tree).id), span, name=span)
        *path, last = tree.children
        name = self.name(last)
        if _own(tree):
            if len(path) > 1:
                self.report(diagnostics.too_many_parts(".".join(_written(child) for child in tree.children)), span)
            return self._placed_ref(PropertyRef(None, name.id), span, name=name.span)
        owner = self._path(path)
        return self._placed_ref(PropertyRef(owner.id, name.id), span, owner=owner.span, name=name.span)

    # ------------------------------------------------------------ units and lengths of time

    def _quantity(self, tree: Tree, sign: int = 1) -> Quantity:
        number, unit = tree.children
        token = unit.children[0]
        text = self.text(token) if token.type == "STRING" else str(token)
        return Quantity(sign * self.number(number.children[0]), text)

    def length(self, tree: Tree) -> Micros:
        token = tree.children[0]
        try:
            return read_duration(str(token))
        except TooLong:
            self.report(messages.too_long(str(token)), span_of(token))
            return SECOND

    def _must_be_constants(self, values: list[Condition]) -> None:
        for value in values:
            if not isinstance(value, Literal | Quantity | Duration):
                self.report(messages.no_constant(), self._places[id(value)].whole)

    # ------------------------------------------------------------ functions

    def _function(self, tree: Tree, span: Span, depth: int) -> Condition:
        token, *arguments = tree.children
        name = read_name(str(token))
        word = None if hasattr(arguments[0], "data") else arguments.pop(0)
        if name not in FUNCTIONS:
            self.report(messages.unknown_function(str(token), map(dtsl_member, FUNCTIONS)), span_of(token))
            return self._lost(span)
        takes = FUNCTIONS[name]
        if word is not None and name not in AGGREGATES:
            self.report(messages.misplaced_known(str(token)), span_of(word))
            return self._lost(span)
        arguments = [_without_groups(argument) for argument in arguments]
        reference = arguments[0].data == "reference"
        if name in AGGREGATES:
            fits = len(arguments) == 1
        elif name == "rate":
            fits = len(arguments) == 2 and reference and arguments[1].data == "duration"
        else:
            fits = len(arguments) == 1 and reference
        if not fits:
            self.report(messages.function_arguments(str(token), takes), span)
            return self._lost(span)
        if name in AGGREGATES:
            return self._aggregate(name, arguments[0], word is not None, span, depth)
        ref = self._reference(arguments[0], tree_span(arguments[0]))
        if name == "rate":
            return self._placed(Rate(ref, self.length(arguments[1])), span)
        return self._placed(OF_PROPERTY[name](ref), span)

    def _aggregate(self, name: str, argument: Tree, known: bool, span: Span, depth: int) -> Condition:
        alone = argument.data == "text" or (argument.data == "reference" and not hasattr(argument.children[0], "data"))
        if name == "count" and alone and not known:  # `count(pumps)`: a role, for a property would need its own
            over = self.name(argument)
            return self._placed(Aggregate("count", None, over=over.id), span, owner=over.span)
        item = self.condition(argument, depth + 1)
        return self._placed(Aggregate(AGGREGATES[name], item, known), span)

    # ------------------------------------------------------------ pulses

    def _every(self, tree: Tree, span: Span) -> Condition:
        if tree.children[0].data == "duration":
            interval = self.length(tree.children[0])
            if interval < _SHORTEST_INTERVAL:
                self.report(messages.too_often(), tree_span(tree.children[0]))
                return self._lost(span)
            return self._placed(Every(interval=interval), span)
        days, time, *zone = tree.children
        found: set[str] = set()
        for token in days.children:
            if read_name(str(token)) in DAYS:
                found |= DAYS[read_name(str(token))]
            else:
                self.report(messages.unknown_day(str(token), DAYS), span_of(token))
        minute = read_minute(str(time))
        if minute is None:
            self.report(messages.no_time_of_day(str(time)), span_of(time))
            return self._lost(span)
        text = self.text(zone[0]) if zone else "UTC"
        node = Every(week_order(found), minute, text)
        return self._placed(node, span, name=span_of(zone[0]) if zone else span)

    def _occurred(self, tree: Tree, span: Span) -> Condition:
        path, *parameters = tree.children
        *owner, last = path.children
        event = self.name(last)
        if owner and _written(owner[0]) == SELF:
            owner = owner[1:]
        names = [self.name(child) for child in parameters[0].children] if parameters else []
        first: set[str] = set()
        for name in names:
            if name.id in first:
                self.report(messages.named_twice(dtsl_member(name.id)), name.span)
            first.add(name.id)
        who = self._path(owner) if owner else None
        node = Occurred(who.id if who else None, event.id, tuple(name.id for name in names))
        return self._placed(node, span, owner=who.span if who else span, name=event.span)

    # ------------------------------------------------------------ places

    def _lost(self, span: Span) -> Condition:
        self.lost.add(LOST)
        return self._placed(PropertyRef(LOST, LOST), span)

    def _placed(self, node: Condition, span: Span, owner: Span | None = None, name: Span | None = None) -> Condition:
        self._places[id(node)] = Place(span, owner or span, name or span)
        return node

    def _placed_ref(
        self, node: PropertyRef, span: Span, owner: Span | None = None, name: Span | None = None
    ) -> PropertyRef:
        self._placed(node, span, owner, name)
        return node


def _own(reference: Tree) -> bool:
    """Whether it begins with `this.`; quoted, that is a role."""
    first = reference.children[0]
    return hasattr(first, "data") and first.children[0] == SELF


def _written(name: Tree) -> str:
    return str(name.children[0])


def _without_groups(tree: Tree) -> Tree:
    while tree.data == "group":
        tree = tree.children[0]
    return tree
