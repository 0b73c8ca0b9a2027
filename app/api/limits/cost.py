"""The cost of one operation as an expression: a tree in which only sizes that variables say are left open.

A document is surveyed once; what its literals settle is added up then, so the cost of a document without variables is
a number, and of one with `first: $first` a few multiplications. It is an upper bound of the objects that an answer may
hold, not a measure of time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode

from app.api.limits.sizes import MOST

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """What an argument says: a literal, or a variable with its default."""

    argument: str
    value: int | None = None
    variable: str | None = None
    member: str = ""
    """Of the input object that the variable is, and whose default is `value`."""

    def read(self, variables: Variables) -> int | None:
        """None where it says nothing. A value of a wrong type says nothing either: it is refused later."""
        if self.variable is None or self.variable not in variables:
            return self.value
        found = variables[self.variable]
        if self.member:
            found = found.get(self.member, self.value) if isinstance(found, dict) else None
        return counted(found)


def counted(value: object) -> int | None:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, float) and value.is_integer():  # an Int may be written so in JSON
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Size:
    """How many items, or how many steps."""

    given: tuple[Given, ...] = ()
    assumed: int = 1
    most: int = MOST
    arguments: tuple[str, ...] = ()
    """Those that could say so: what to narrow it by."""
    lists: bool = False
    """Whether the argument is a list, whose length it is."""
    above: bool = False
    """Whether it is the field around this one that takes the argument: the connection of `nodes`."""

    @property
    def open(self) -> bool:
        return any(item.variable is not None for item in self.given)

    def of(self, variables: Variables) -> int:
        for item in self.given:
            if (found := item.read(variables)) is not None:
                return min(max(found, 0), self.most)
        return self.assumed

    def argument(self, variables: Variables) -> str:
        """Which of them says so; the first of those that could where none does; "" where none could."""
        said = next((item.argument for item in self.given if item.read(variables) is not None), "")
        return said or next(iter(self.arguments), "")


@dataclass(frozen=True, slots=True)
class Condition:
    """`@include(if: $variable)`, or `@skip` where `wanted` is false."""

    variable: str
    default: bool
    wanted: bool

    def holds(self, variables: Variables) -> bool:
        return (variables.get(self.variable, self.default) is True) is self.wanted


@dataclass(frozen=True, slots=True)
class Filled:
    """What is there only where a variable, or its default, is not null."""

    variable: str
    default: bool

    def holds(self, variables: Variables) -> bool:
        return variables[self.variable] is not None if self.variable in variables else self.default


@dataclass(slots=True)
class Cost:
    """Of one field with what is below it, `fixed` where no variable can change it."""

    key: str
    node: FieldNode
    weight: int
    sizes: tuple[Size, ...]
    common: "tuple[Cost, ...]"
    """Fields that count whichever type the object is of."""
    choices: "tuple[tuple[Cost, ...], ...]"
    """Fields by type, where they differ by it: the dearest counts."""
    conditions: tuple[Condition | Filled, ...]
    part: int = 1
    """So many of these count 1."""
    fixed: int | None = None

    def __post_init__(self) -> None:
        children = (*self.common, *(item for choice in self.choices for item in choice))
        settled = not self.conditions and not any(size.open for size in self.sizes)
        if settled and all(child.fixed is not None for child in children):
            self.fixed = self._count({})

    def of(self, variables: Variables) -> int:
        return self.fixed if self.fixed is not None else self._count(variables)

    def _count(self, variables: Variables) -> int:
        if not all(item.holds(variables) for item in self.conditions):
            return 0
        return self.times(variables) * self.each(variables) // self.part

    def times(self, variables: Variables) -> int:
        found = 1
        for size in self.sizes:
            found *= size.of(variables)
        return found

    def each(self, variables: Variables) -> int:
        """Of one item."""
        return self.weight + sum(item.of(variables) for item in self.below(variables))

    def below(self, variables: Variables) -> "Iterator[Cost]":
        yield from self.common
        if self.choices:
            yield from max(self.choices, key=lambda choice: sum(item.of(variables) for item in choice))


@dataclass(frozen=True, slots=True)
class Narrow:
    """The field that makes most of a cost, and how far to narrow it."""

    path: tuple[str, ...]
    node: FieldNode
    cost: int
    argument: str
    """"" where it has none that says how much."""
    was: int
    most: int
    """With which the whole is within the limit; less than 1 where this alone does not get it there."""
    lists: bool


def narrow(fields: tuple[Cost, ...], variables: Variables, limit: int) -> Narrow | None:
    """What to narrow, by the largest share that one argument has in the cost. None where nothing costs anything."""
    total = sum(field.of(variables) for field in fields)
    found = list(_shares(fields, variables, limit, total, 1, ()))
    able = [item for item in found if item.argument and item.most >= 1]
    return max(able or found, key=lambda item: (item.cost, -len(item.path)), default=None)


def _shares(
    fields: "Iterator[Cost] | tuple[Cost, ...]",
    variables: Variables,
    limit: int,
    total: int,
    around: int,
    path: tuple[str, ...],
    above: FieldNode | None = None,
) -> Iterator[Narrow]:
    for field in fields:
        cost = around * field.of(variables)
        if not cost:
            continue
        here = (*path, field.key)
        for size in field.sizes or (Size(),):
            count = size.of(variables)
            one = cost // count if count else 0
            most = (limit - total + cost) // one if one else 0
            place, node = (path, above) if size.above and above is not None else (here, field.node)
            yield Narrow(place, node, cost, size.argument(variables), count, most, size.lists)
        if field.part == 1:
            inner = around * field.times(variables)
            yield from _shares(field.below(variables), variables, limit, total, inner, here, field.node)
