"""What keeps a condition from being TRUE: the smallest sets of sub-conditions that would have to change, and how far.

For each the nearest value is named that would do. A set is tried before it is told: the condition is evaluated with the
nearest values in place, so what contradicts itself, or would undo what it rests on, is left out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice, product
from math import ceil, floor, inf, isfinite, nextafter

import msgspec

from app.engine.explain import explained
from app.engine.values import normal_datetime
from app.model.conditions import (
    MIRRORED,
    Among,
    And,
    Arithmetic,
    Between,
    Bound,
    Compare,
    CompareOp,
    Condition,
    Duration,
    Held,
    Negative,
    Not,
    Or,
    PropertyRef,
    Quantity,
    nodes,
)
from app.model.conditions import Literal as Constant
from app.model.events import Basis
from app.model.explanation import Missing, Way
from app.model.values import Value

MAX_ATOMS = 20
"""Beyond that many the ways are those of the first level: the sets grow as products."""
MAX_WAYS = 50
_MAX_SETS = 200
_FAR = 10.0
"""What an unmeasurable part counts for, so that ways with more of them come later."""

Choices = Callable[[PropertyRef], Sequence[Value]]
"""The values that a property can take, where they are few (an enum's); else none."""
_Part = tuple[int, bool]
"""The place of a sub-condition, and what it would have to be."""

_NEGATED: Mapping[CompareOp, CompareOp] = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def ways_to_true(basis: Basis, choices: Choices) -> tuple[tuple[Way, ...], bool]:
    """Nearest first, and whether that is all there is to tell (False beyond MAX_ATOMS)."""
    search = _Search(basis, choices)
    if search.truth(0) is True:
        return (), True
    if len(search.atoms) <= MAX_ATOMS:
        ways = [way for parts in search.sets(0, True) if (way := search.way(parts)) is not None]
        whole = True
    else:
        ways, whole = search.first_level(), False
    return tuple(sorted(ways, key=_closeness)[:MAX_WAYS]), whole


def _closeness(way: Way) -> tuple[float, int]:
    return sum(_FAR if part.distance is None else part.distance for part in way.parts), len(way.parts)


class _Search:
    def __init__(self, basis: Basis, choices: Choices) -> None:
        self.basis = basis
        self.choices = choices
        self.seen = explained(basis)
        self._tried: dict[tuple[Condition, PropertyRef, Value], Value] = {}
        self._first: dict[Condition, int] = {}
        """Where a node stands first: one that is written twice changes in both places."""
        self.under: list[list[int]] = [[] for _ in self.seen]
        for place, item in enumerate(self.seen):
            self._first.setdefault(item.node, place)
            if item.parent is not None:
                self.under[item.parent].append(place)
        self.atoms = list(dict.fromkeys(self._atoms(0)))

    def truth(self, place: int) -> bool | None:
        item = self.seen[place]
        return item.value if item.type == "boolean" else None

    def _atoms(self, place: int) -> Iterable[int]:
        if isinstance(self.seen[place].node, And | Or | Not | Held):
            for child in self.under[place]:
                yield from self._atoms(child)
        else:
            yield self._first[self.seen[place].node]

    # ------------------------------------------------------------ smallest sets

    def sets(self, place: int, wanted: bool) -> list[frozenset[_Part]]:
        """The smallest sets of atoms whose change makes it so while all others stay; [] where none does."""
        if self.truth(place) is wanted:
            return [frozenset()]
        node, under = self.seen[place].node, self.under[place]
        match node:
            case Not():
                return self.sets(under[0], not wanted)
            case And() | Or() if isinstance(node, And) == wanted:
                each = [self.sets(child, wanted) for child in under]
                combined = islice(product(*each), _MAX_SETS)
                return _smallest(frozenset().union(*parts) for parts in combined)
            case And() | Or():
                return _smallest(parts for child in under for parts in self.sets(child, wanted))
            case Held() if self.truth(under[0]) is not wanted:
                return self.sets(under[0], wanted)
            case Constant():
                return []
            case _:
                return [frozenset([(self._first[node], wanted)])]

    def first_level(self) -> list[Way]:
        node, under = self.seen[0].node, self.under[0]
        wanted = True
        while isinstance(node, Not):
            node, under, wanted = self.seen[under[0]].node, self.under[under[0]], not wanted
        open_ = [child for child in under if self.truth(child) is not wanted]
        parts = [self.part(child, wanted, {}) for child in open_]
        if isinstance(node, And) == wanted:
            return [_way(parts)]
        return [_way([part]) for part in parts]

    # ------------------------------------------------------------ nearest values

    def way(self, parts: frozenset[_Part]) -> Way | None:
        """None where the nearest values would not make the condition TRUE, or are none at all."""
        instead: dict[PropertyRef, Value] = {}
        plain = not (self.basis.kept or self.basis.together)  # what takes time, or many, can't be tried
        for ref, own in self._by_subject(parts).items():
            if ref is None:
                plain = False
                continue
            value = self._nearest(ref, own, self._settled(ref, own))
            if value is None:
                if not self._nameless(own):
                    return None
                plain = False
            else:
                instead[ref] = value
        if plain and explained(self.basis, instead)[0].value is not True:
            return None
        return _way([self.part(place, wanted, instead) for place, wanted in sorted(parts)])

    def _settled(self, ref: PropertyRef, parts: list[_Part]) -> list[_Part]:
        """What the property makes TRUE or FALSE elsewhere."""
        changing = {place for place, _ in parts}
        return [
            (place, truth)
            for place in self.atoms
            if place not in changing
            and (truth := self.truth(place)) is not None
            and list(self._by_subject([(place, truth)])) == [ref]
        ]

    def _by_subject(self, parts: Iterable[_Part]) -> dict[PropertyRef | None, list[_Part]]:
        found: dict[PropertyRef | None, list[_Part]] = {}
        for place, wanted in parts:
            subject = self._subject(place)
            ref = self.seen[subject].node if subject is not None else None
            key = ref if isinstance(ref, PropertyRef) and self._plain(place) else None
            found.setdefault(key, []).append((place, wanted))
        return found

    def _subject(self, place: int) -> int | None:
        """The one node under (or at) this atom that values move, where the others are constants."""
        node = self.seen[place].node
        if isinstance(node, PropertyRef):
            return place
        if not isinstance(node, Compare | Among | Between):
            return None
        moving = [child for child in self.under[place] if _moves(self.seen[child].node)]
        return moving[0] if len(moving) == 1 else None

    def _plain(self, place: int) -> bool:
        return isinstance(self.seen[place].node, PropertyRef | Compare | Among | Between)

    def _nearest(self, ref: PropertyRef, parts: list[_Part], kept: Sequence[_Part]) -> Value:
        """Of the values at which something about it turns, the nearest one that suits all its parts and, where that is
        possible, what is to be kept."""
        now = self._now(ref)
        candidates = self._candidates(ref, [place for place, _ in (*parts, *kept)])
        fitting = [value for value in candidates if self._suits(ref, value, parts)]
        both = [value for value in fitting if self._suits(ref, value, kept)]
        return min(both or fitting, key=lambda value: _distance(now, value) or 0.0, default=None)

    def _suits(self, ref: PropertyRef, value: Value, parts: Sequence[_Part]) -> bool:
        return all(self._at(self.seen[place].node, ref, value) is wanted for place, wanted in parts)

    def _at(self, node: Condition, ref: PropertyRef, value: Value) -> Value:
        key = (node, ref, value)
        if key not in self._tried:
            alone = msgspec.structs.replace(self.basis, condition=node)
            self._tried[key] = explained(alone, {ref: value})[0].value
        return self._tried[key]

    def _candidates(self, ref: PropertyRef, places: list[int]) -> list[Value]:
        read = next((it for it in self.basis.reads if (it.owner, it.fact.property) == (ref.owner, ref.name)), None)
        if read is None:
            return []
        found: dict[Value, None] = dict.fromkeys(self.choices(ref))
        if read.data_type == "boolean":
            return [True, False]
        for place in places:
            for child in self.under[place]:
                item = self.seen[child]
                if item.value is not None and not _moves(item.node):
                    value = normal_datetime(str(item.value)) if read.data_type == "datetime" else item.value
                    found.update(dict.fromkeys(_around(value, read.data_type == "integer")))
        return list(found)

    def _nameless(self, parts: list[_Part]) -> bool:
        """Whether there may well be a value that suits them and only none to name: any text but these."""
        for place, wanted in parts:
            subject = self._subject(place)
            if subject is None or self.seen[subject].type not in ("text", "time"):
                return False
            match self.seen[place].node:
                case Compare(op=op) if (op if wanted else _NEGATED[op]) != "==":
                    pass
                case Among() if not wanted:
                    pass
                case _:
                    return False
        return True

    def _now(self, ref: PropertyRef) -> Value:
        return next((item.value for item in self.seen if item.node == ref), None)

    # ------------------------------------------------------------ what is told of a part

    def part(self, place: int, wanted: bool, instead: Mapping[PropertyRef, Value]) -> Missing:
        item = self.seen[place]
        subject = self._subject(place)
        if subject is None:
            return Missing(place, wanted, self._needs(place, None, wanted), distance=self._apart(place))
        at = self.seen[subject]
        nearest = instead.get(at.node) if isinstance(at.node, PropertyRef) else self._at_limit(place, wanted)
        if isinstance(at.node, PropertyRef) and nearest is None:
            nearest = self._nearest(at.node, [(place, wanted)], kept=())
        distance = None if at.value is None else _distance(at.value, nearest)
        if nearest is None and at.value is not None and isinstance(item.node, Compare | Among | Between):
            distance = 1.0
        return Missing(place, wanted, self._needs(place, subject, wanted), subject, nearest, distance)

    def _needs(self, place: int, subject: int | None, wanted: bool) -> str:
        """`>= 80.0`, in the JSON notation; "" where it is the sub-condition as a whole that is asked for."""
        node = self.seen[place].node
        if not isinstance(node, Compare) or subject is None:
            return ""
        op = node.op if wanted else _NEGATED[node.op]
        left, right = self.under[place]
        other = right
        if subject == right:
            op, other = MIRRORED[op], left
        return f"{op} {shown(self.seen[other].value)}"

    def _at_limit(self, place: int, wanted: bool) -> Value:
        """Of an expression that is compared with a constant: the nearest result that would do."""
        node = self.seen[place].node
        subject = self._subject(place)
        if not isinstance(node, Compare) or subject is None:
            return None
        left, right = self.under[place]
        other = self.seen[right if subject == left else left].value
        if isinstance(other, bool) or not isinstance(other, int | float):
            return None
        op = node.op if wanted else _NEGATED[node.op]
        if subject == right:
            op = MIRRORED[op]
        found = {"<": nextafter(other, -inf), ">": nextafter(other, inf)}.get(op, other)
        return found if op != "!=" and isfinite(found) else None

    def _apart(self, place: int) -> float | None:
        """Of two things that both move: how far the one is from the other."""
        match self.seen[place].node:
            case Compare():
                left, right = (self.seen[child].value for child in self.under[place])
                return None if left is None or right is None else _distance(left, right)
            case Bound():
                return 1.0
            case _:
                return None if self.seen[place].value is None else 1.0


def _way(parts: list[Missing]) -> Way:
    parts = sorted(parts, key=lambda part: _FAR if part.distance is None else part.distance)
    known = [part.distance for part in parts if part.distance is not None]
    return Way(tuple(parts), sum(known) if len(known) == len(parts) else None)


def _smallest(sets: Iterable[frozenset[_Part]]) -> list[frozenset[_Part]]:
    """Without those that contain another; and without those that want one thing to be both."""
    found: list[frozenset[_Part]] = []
    for candidate in sorted(set(sets), key=lambda parts: (len(parts), sorted(parts))):
        both = any((place, not wanted) in candidate for place, wanted in candidate)
        if not both and not any(smaller <= candidate for smaller in found):
            found.append(candidate)
            if len(found) >= _MAX_SETS:
                break
    return found


def _moves(node: Condition) -> bool:
    """Whether anything but a change of the definition can give it another value."""
    return any(not isinstance(item, Constant | Quantity | Duration | Arithmetic | Negative) for item in nodes(node))


def _around(value: Value, whole: bool) -> list[Value]:
    """A constant and its neighbours on both sides."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [value]
    if whole:
        return [floor(value), ceil(value), floor(value) - 1, ceil(value) + 1]
    return [item for item in (float(value), nextafter(value, inf), nextafter(value, -inf)) if isfinite(item)]


def _distance(now: Value, then: Value) -> float | None:
    """Of numbers relative to the one now; 1 between any two other values."""
    if then is None or now is None:
        return None
    numbers = [value for value in (now, then) if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < 2:
        return 0.0 if now == then else 1.0
    far = abs(numbers[0] - numbers[1]) / (abs(numbers[0]) or 1.0)
    return far if isfinite(far) else None


def shown(value: Value) -> str:
    """A constant as conditions write it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)
