"""What a script says, before anyone asks whether it makes sense: declarations with their spans.

Spans are left out of comparisons, so `parse(format(script)) == script` means what it says. Names are ids already
(`Pump123` stands here as `pump_123`). Conditions are the model's tree; where its nodes stand is kept beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.dtsl.source import NOWHERE, Span
from app.model.conditions import Condition


@dataclass(frozen=True, slots=True)
class Name:
    id: str
    span: Span = field(default=NOWHERE, compare=False)


def joined(names: Sequence[Name]) -> Name:
    """The path of roles as conditions keep it: `pumping/primary_pump`."""
    return Name("/".join(name.id for name in names), Span(names[0].span.start, names[-1].span.end))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node of a condition stands; `owner` and `name` are the parts of a reference."""

    whole: Span
    owner: Span = NOWHERE
    name: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Expression:
    condition: Condition
    span: Span = field(default=NOWHERE, compare=False)
    places: Mapping[int, Place] = field(default_factory=dict, compare=False, repr=False)
    """By `id(node)` of the nodes of `condition`, which this object keeps alive."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as written: str, int, float, bool, None or a list of those."""

    value: Any
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word as an argument: `critical`."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`alert(critical, "...")` (one name), `outletValve.open(100.0)` (two) or, inside an overlay, more."""

    path: tuple[Name, ...]
    arguments: tuple[Constant | Word, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Write:
    path: tuple[Name, ...]
    value: Constant
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Role:
    twin_type: Name
    name: Name
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Relationship:
    source: Name
    target: Name
    name: Name
    guard: Expression | None = None


@dataclass(frozen=True, slots=True)
class Behavior:
    name: Name
    when: Expression
    actions: tuple[Call | Write, ...] = ()
    then: bool = field(default=False, compare=False)
    """Whether a `then` block is written, be it empty."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a metadata block; the key is any text."""

    key: str
    value: Constant
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Binding:
    role: Name
    twin: Name


@dataclass(frozen=True, slots=True)
class OverlayDeclaration:
    name: Name
    roles: tuple[Role, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    behaviors: tuple[Behavior, ...] = ()
    metadata: tuple[Entry, ...] = ()
    blocks: tuple[str, ...] = field(default=(), compare=False)
    """The keywords of its blocks as written: their order is the author's."""


@dataclass(frozen=True, slots=True)
class InstanceDeclaration:
    name: Name
    overlay_type: Name
    bindings: tuple[Binding, ...] = ()
    metadata: tuple[Entry, ...] = ()
    blocks: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Written:
    """The letters that a script was read from, for the formatter: lark's tokens, comments apart."""

    tokens: Sequence[Any]
    comments: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Script:
    declarations: tuple[OverlayDeclaration | InstanceDeclaration, ...] = ()
    lost: frozenset[str] = field(default=frozenset(), compare=False)
    """Ids in statements that had a syntax error and were left out: no one should be told that those are unknown."""
    written: Written | None = field(default=None, compare=False, repr=False)
    """None for a script that was put together, not read."""
