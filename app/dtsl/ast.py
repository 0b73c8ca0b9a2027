"""What a script says, before anyone asks whether it makes sense: declarations with their spans.

Spans are left out of comparisons, so `parse(format(script)) == script` means what it says. Names are ids already
(`Pump123` stands here as `pump_123`). Conditions are the model's tree; where its nodes stand is kept beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.dtsl.source import NOWHERE, Span
from app.model.conditions import Condition
from app.model.definitions import Kind


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
    """A value as written: str, int, float, bool, None, or a list or an object of those."""

    value: Any
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word as an argument: `critical`."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Named:
    """An argument by name: `speed = 1450.0`."""

    name: Name
    value: Constant


@dataclass(frozen=True, slots=True)
class Text(Constant):
    """A message: `value` has its references as a document spells them."""

    written: str = field(default="", compare=False)
    letters: Sequence[int] = field(default=(), compare=False, repr=False)
    """Where each letter of `written` stands, and the mark behind the last."""


@dataclass(frozen=True, slots=True)
class Length:
    """`5s`, in seconds."""

    seconds: int | float
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Option:
    """`delayOn 5s`, `code hot` among the arguments of an alert."""

    name: Name
    value: Constant | Length | Name


Argument = Constant | Word | Named | Option


@dataclass(frozen=True, slots=True)
class Call:
    """`alert(critical, "...")` (one name; in twins one of their methods too), `outletValve.open(100.0)` (two) or,
    inside an overlay, more."""

    path: tuple[Name, ...]
    arguments: tuple[Argument, ...]
    required: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Write:
    path: tuple[Name, ...]
    value: Constant
    required: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Emit:
    path: tuple[Name, ...]
    arguments: tuple[Argument, ...]
    span: Span = field(default=NOWHERE, compare=False)


Plain = Call | Write | Emit


@dataclass(frozen=True, slots=True)
class Expect:
    within: Length
    condition: Expression
    otherwise: tuple[Plain, ...] | None = None
    """None where no `else` is written."""
    span: Span = field(default=NOWHERE, compare=False)


Action = Plain | Expect


@dataclass(frozen=True, slots=True)
class OnLoad:
    word: Word


@dataclass(frozen=True, slots=True)
class SuppressedBy:
    names: tuple[Name, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Let:
    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Otherwise:
    actions: tuple[Plain, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Escalate:
    after: Length
    actions: tuple[Plain, ...]
    unless_acknowledged: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Behavior:
    """`head` and `tail` are what stands before `when` and behind `then`, in the author's order."""

    name: Name
    when: Expression
    actions: tuple[Action, ...] = ()
    then: bool = field(default=False, compare=False)
    """Whether a `then` block is written, be it empty."""
    description: str | None = None
    head: tuple[OnLoad | SuppressedBy | Let, ...] = ()
    tail: tuple[Otherwise | Escalate, ...] = ()


@dataclass(frozen=True, slots=True)
class Filler:
    """Who fills a role; `kind` where it is written."""

    name: Name
    kind: Literal["twin", "overlay"] | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    role: Name
    fillers: tuple[Filler, ...]
    listed: bool = False
    """Whether they stand in brackets, be it a single one."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A definition as it is written.

    `document` has the fields of its JSON document in the author's order, without the id, and with what a script says
    in its own way still as the script says it (lower.py): behaviors as Behavior, bindings as Binding, an
    `if` of a relationship as `guard`, a role's type as `type` where the script does not say whether it is one of twins
    or of overlays, and `name` null where the definition is to have none.
    """

    kind: Kind
    name: Name
    document: Mapping[str, Any]
    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    """By pointer into the document; "" is where the name stands."""


@dataclass(frozen=True, slots=True)
class Import:
    file: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Written:
    """The letters that a script was read from, for the formatter: lark's tokens, comments apart."""

    tokens: Sequence[Any]
    comments: Sequence[Any]
    docs: frozenset[int] = frozenset()
    """The offsets of the comments that are descriptions."""


@dataclass(frozen=True, slots=True)
class Script:
    declarations: tuple[Declaration, ...] = ()
    imports: tuple[Import, ...] = ()
    lost: frozenset[str] = field(default=frozenset(), compare=False)
    """Ids in statements that had a syntax error and were left out: no one should be told that those are unknown."""
    written: Written | None = field(default=None, compare=False, repr=False)
    """None for a script that was put together, not read."""
