"""The condition tree that both notations (JSON text and DTSL `when {}`) parse to, and that the engine runs.

`owner` of a reference is a role of the overlay (or the id of one of its twins), or a path of roles into an overlay that
fills one, with slashes: `pumping/primary_pump`, written `pumping.primary_pump`; None means the twin itself, or a name
that the behavior gives (`let`, the parameters of `on`). The tree is data: it has no spans (those live in the DTSL AST)
and no evaluation (that lives in the engine). Whoever walks it uses `children` and `rebuilt`, and names only the kinds
of node that are special there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal as OneOf

import msgspec

from app.model.time import Micros

CompareOp = OneOf["==", "!=", "<", "<=", ">", ">="]
MIRRORED: Mapping[CompareOp, CompareOp] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
"""What says the same with its two sides exchanged."""
ArithmeticOp = OneOf["+", "-", "*", "/", "%"]
EvidenceFunction = OneOf["quality", "age", "isStale", "isSilent", "known"]
AggregateFunction = OneOf["any", "all", "count", "min", "max", "avg", "sum"]
Day = OneOf["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MAX_NESTING = 64
"""Levels, of brackets and of operators: the notations take no more, nor does the engine, and what walks a condition may
recurse this deep."""


class Node(msgspec.Struct, frozen=True, tag=True):
    """Base of the tree."""


class Literal(Node, frozen=True, tag="literal"):
    value: bool | int | float | str


class Quantity(Node, frozen=True, tag="quantity"):
    """`0.5 bar`: a number with its unit. What it is compared with or added to is in a unit of the same kind."""

    value: int | float
    unit: str


class Duration(Node, frozen=True, tag="duration"):
    """`1h30m`: a length of time."""

    micros: Micros


class PropertyRef(Node, frozen=True, tag="property"):
    owner: str | None
    name: str


class Bound(Node, frozen=True, tag="bound"):
    """`role != null`: never UNKNOWN."""

    owner: str


class Compare(Node, frozen=True, tag="compare"):
    op: CompareOp
    left: "Condition"
    right: "Condition"


class Among(Node, frozen=True, tag="among"):
    """`x in ["a", "b"]`: equal to one of them."""

    item: "Condition"
    values: tuple["Condition", ...]
    """Literals and quantities."""


class Between(Node, frozen=True, tag="between"):
    """`x between 1 and 5`: both ends included."""

    item: "Condition"
    low: "Condition"
    high: "Condition"


class Arithmetic(Node, frozen=True, tag="arithmetic"):
    op: ArithmeticOp
    left: "Condition"
    right: "Condition"


class Negative(Node, frozen=True, tag="negative"):
    item: "Condition"


class Not(Node, frozen=True, tag="not"):
    item: "Condition"


class And(Node, frozen=True, tag="and"):
    items: tuple["Condition", ...]


class Or(Node, frozen=True, tag="or"):
    items: tuple["Condition", ...]


class Evidence(Node, frozen=True, tag="evidence"):
    """`quality(x)` (good, uncertain or bad), `age(x)` (a duration since the last report; of what never was reported
    longer than any), `isStale(x)`, `isSilent(x)` (no path to its device is alive), `known(x)`: about what is known of a
    property, hence never UNKNOWN."""

    function: EvidenceFunction
    ref: PropertyRef


class Previous(Node, frozen=True, tag="previous"):
    """`previous(x)`: the value before the last change."""

    ref: PropertyRef


class Rate(Node, frozen=True, tag="rate"):
    """`rate(x, 10s)`: the change per second over the window."""

    ref: PropertyRef
    window: Micros


class Changed(Node, frozen=True, tag="changed"):
    """`changed(x)`: a pulse, TRUE in the step in which the value changed."""

    ref: PropertyRef


class Occurred(Node, frozen=True, tag="occurred"):
    """`on pump.faultOccurred(code)`: a pulse; its names stand for the event's parameters, in their order, in the whole
    behavior."""

    owner: str | None
    event: str
    names: tuple[str, ...] = ()


class EventValue(Node, frozen=True, tag="event_value"):
    """What a name of `on` stands for: never written, put in place of the name when a behavior is planned."""

    owner: str | None
    event: str
    parameter: str


class Every(Node, frozen=True, tag="every"):
    """A pulse by the clock: `every weekday at 06:00 "Europe/Berlin"`, or (with `interval`) `every 5m`."""

    days: tuple[Day, ...] = ()
    minute: int = 0
    """Of the day, as the zone's clocks show it."""
    zone: str = "UTC"
    interval: Micros | None = None


class Aggregate(Node, frozen=True, tag="aggregate"):
    """`any(pumps.status == "fault")`, `avg(known pumps.temperature)`: over all that fill the one role of many in it."""

    function: AggregateFunction
    item: "Condition | None"
    """None only for `count(pumps)`."""
    known: bool = False
    over: str = ""
    """The role of many: written for `count(pumps)`, else found when it is planned, since only the types tell."""


class Held(Node, frozen=True, tag="held"):
    """`c for 30s`: TRUE once c has been TRUE for so long."""

    item: "Condition"
    duration: Micros


class Within(Node, frozen=True, tag="within"):
    """`a within 10s of b`: a TRUE, and b TRUE now or not longer ago than that."""

    item: "Condition"
    duration: Micros
    other: "Condition"


Condition = (
    Literal
    | Quantity
    | Duration
    | PropertyRef
    | Bound
    | Compare
    | Among
    | Between
    | Arithmetic
    | Negative
    | Not
    | And
    | Or
    | Evidence
    | Previous
    | Rate
    | Changed
    | Occurred
    | EventValue
    | Every
    | Aggregate
    | Held
    | Within
)
PULSES = (Changed, Occurred, Every)


def children(node: Condition) -> tuple[Condition, ...]:
    """The nodes directly under it, in the order in which they are written."""
    match node:
        case PropertyRef() | Literal():  # first, for most nodes are these
            return ()
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return left, right
        case And(items=items) | Or(items=items):
            return items
        case Not(item=item) | Negative(item=item) | Held(item=item):
            return (item,)
        case Among(item=item, values=values):
            return (item, *values)
        case Between(item=item, low=low, high=high):
            return item, low, high
        case Evidence(ref=ref) | Previous(ref=ref) | Rate(ref=ref) | Changed(ref=ref):
            return (ref,)
        case Aggregate(item=inner):
            return () if inner is None else (inner,)
        case Within(item=item, other=other):
            return item, other
        case _:
            return ()


def rebuilt(node: Condition, change: Callable[[Condition], Condition]) -> Condition:
    """The same node over changed children; itself where nothing under it has changed."""
    old = children(node)
    new = tuple(change(child) for child in old)
    if all(after is before for after, before in zip(new, old, strict=True)):
        return node
    match node:
        case Compare() | Arithmetic():
            return msgspec.structs.replace(node, left=new[0], right=new[1])
        case And() | Or():
            return msgspec.structs.replace(node, items=new)
        case Among():
            return Among(new[0], new[1:])
        case Between():
            return Between(*new)
        case Evidence() | Previous() | Rate() | Changed():
            return msgspec.structs.replace(node, ref=new[0])
        case Within():
            return Within(new[0], node.duration, new[1])
        case _:
            return msgspec.structs.replace(node, item=new[0])


def nests_too_deeply(condition: Condition) -> bool:
    """Whether it has more than MAX_NESTING levels. Walks without recursion, so that it may be asked of any tree."""
    level: Iterable[Condition] = (condition,)
    for _ in range(MAX_NESTING):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


def nodes(condition: Condition) -> Iterator[Condition]:
    """Itself and everything under it, each before what is under it, left to right. Without recursion: any depth."""
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(children(node))


def outside_members(condition: Condition) -> Iterator[Condition]:
    """As `nodes`, without what is under an aggregate and about its members."""
    waiting: list[tuple[Condition, str]] = [(condition, "")]
    while waiting:
        node, over = waiting.pop()
        if isinstance(node, PropertyRef | Bound) and over and about_members(node.owner, over):
            continue
        yield node
        over = node.over if isinstance(node, Aggregate) else over
        waiting += [(child, over) for child in reversed(children(node))]


def about_members(owner: str | None, over: str) -> bool:
    """Whether an owner inside an aggregate is the member itself, or somebody inside of it."""
    return owner is not None and (owner == over or owner.startswith(over + "/"))


def is_pulse(condition: Condition) -> bool:
    """Whether it is TRUE for single steps only: such a behavior fires each time and is never active."""
    return any(isinstance(node, PULSES) for node in nodes(condition))


def written(owner: str) -> str:
    """A role, id or path as messages show it: `pumping/primary_pump` -> `pumping.primary_pump`."""
    return owner.replace("/", ".")


def references(condition: Condition) -> list[PropertyRef]:
    """Every property the condition reads, once each, in order of appearance."""
    return list(dict.fromkeys(node for node in nodes(condition) if isinstance(node, PropertyRef)))


def owners(condition: Condition) -> set[str]:
    """Every role or twin id that the condition names, `!= null` tests included."""
    found: set[str] = set()
    for node in nodes(condition):
        match node:
            case PropertyRef(owner=str() as owner) | Bound(owner=owner) | Occurred(owner=str() as owner):
                found.add(owner)
            case EventValue(owner=str() as owner):
                found.add(owner)
            case Aggregate(item=None, over=over):
                found.add(over)
            case _:
                pass
    return found


def renamed(condition: Condition, names: Mapping[str, str]) -> Condition:
    """With other owners: `names` has the new name for the first part of a path."""

    def of(owner: str) -> str:
        first, slash, rest = owner.partition("/")
        return names.get(first, first) + slash + rest

    def walk(node: Condition) -> Condition:
        match node:
            case (
                PropertyRef(owner=str() as owner)
                | Bound(owner=owner)
                | Occurred(owner=str() as owner)
                | EventValue(owner=str() as owner)
            ):
                return msgspec.structs.replace(node, owner=of(owner))
            case Aggregate(over=over) if over:
                return msgspec.structs.replace(rebuilt(node, walk), over=of(over))
            case _:
                return rebuilt(node, walk)

    return walk(condition)
