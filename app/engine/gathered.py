"""What an aggregate of a rule remembers: what each member of its role comes to, and all of them together.

A cell that changes marks its member, and only marked members are looked at again when the rule is evaluated: among
10,000 of them one change costs one. Which members a cell stands for, the cell knows itself (`Cell.marks`): a table of
10,000 would be a place in memory that no cache holds. What is kept follows from the cells, so it is in no snapshot and
in no fact.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.engine.aggregates import Bounds, Kept, Truths, kept
from app.engine.compile import TooDeep, ValueType, compile_condition, compile_expression, type_of
from app.engine.slot import UNSEEN, Slot
from app.engine.slots import Gathered as GatheredPlan
from app.model.conditions import Condition, about_members, owners, references, written
from app.model.events import MemberValue, TimerKey, Together
from app.model.live import FaultReason
from app.model.values import Value

if TYPE_CHECKING:
    from app.engine.cells import Cell, Owner, TwinState
    from app.engine.memory import Memory

    Fault = tuple[FaultReason, str]

ALL = -1
"""The place that stands for every member: what the item reads outside of the role has changed."""
NO_RESULT = "the arithmetic has no result (division by zero or overflow)"
SHOWN = 10
"""Members that a record names."""


class _Member(NamedTuple):
    id: str
    test: Callable[..., Any] | None
    """None where it can't be asked; then it is unknown."""
    cells: "tuple[Cell, ...]"
    why: str = ""
    mismatches: str = ""


class Gathered(Slot):
    __slots__ = (
        "_bounded",
        "_kept",
        "_members",
        "_number",
        "_of_one",
        "_places",
        "_waiting",
        "dirty",
        "plan",
        "span",
        "watching",
    )

    def __init__(
        self,
        key: TimerKey,
        plan: GatheredPlan,
        owner: "Owner",
        twins: "Mapping[str, TwinState]",
        cells: "tuple[Cell, ...]",
    ) -> None:
        super().__init__(key)
        self.plan = plan
        self.watching = False
        """Whether any report of a member may count, not its value alone."""
        self.span: Bounds | None = None
        """Where a number of members, the least or the greatest lies for certain."""
        self._members = list(self._made(owner, twins, cells))
        self._places: dict[Cell, int | tuple[int, ...]] = {}
        for place, member in enumerate(self._members):
            for cell in member.cells:
                found = self._places.get(cell)
                if found is None:
                    self._places[cell] = place
                else:
                    self._places[cell] = (*found, place) if isinstance(found, tuple) else (found, place)
        for outer in plan.outer:
            self._places[cells[outer]] = ALL
        self._kept: Kept = kept(plan.node.function, len(self._members), plan.node.known)
        self._bounded = plan.node.function in ("count", "min", "max")
        self._number = not isinstance(self._kept, Truths)
        self._of_one = self._alike()
        self.dirty: dict[int, Cell | None] = {ALL: None}
        """The places to be looked at again, each with the cell that has changed."""
        self._waiting: set[int] = set()
        """Of an aggregate over the known: members of whom nothing was heard in this run, so that leaving them out would
        take a start for a loss."""

    def _made(self, owner: "Owner", twins: "Mapping[str, TwinState]", cells: "tuple[Cell, ...]") -> Iterator[_Member]:
        node, item = self.plan.node, self.plan.node.item
        ids = owner.members(node.over)
        if item is None:
            yield from (_Member(id, _counted, ()) for id in ids)
            return
        outside = {ref: cells[place] for ref, place in zip(self.plan.outside, self.plan.outer, strict=True)}
        # What the item names is taken apart once, not for each of 10,000 members.
        refs = [(ref.name, _tail(ref.owner, node.over), outside.get(ref)) for ref in references(item)]
        named = {name: _tail(name, node.over) for name in sorted(owners(item))}
        variants: dict[Any, _Variant] = {}
        for id in ids:
            member = f"{node.over}/{id}"
            found: list[Cell | None] = []
            for name, tail, other in refs:
                twin = twins.get(owner.twin_of(member + tail) or "") if tail is not None else None
                found.append(other if tail is None else twin.cells.get(name) if twin is not None else None)
            bound = [owner.fills(name if tail is None else member + tail, twins) for name, tail in named.items()]
            types = [type_of(cell.spec) if cell is not None else None for cell in found]
            key = (*types, *bound)
            variant = variants.get(key)
            if variant is None:
                variant = variants[key] = _variant(self.plan, item, types, dict(zip(named, bound, strict=True)))
            self.watching = self.watching or variant.watched
            shown = tuple([found[place] for place in variant.places])
            yield _Member(id, variant.test, shown, variant.why, variant.mismatches)  # type: ignore[arg-type]

    def _alike(self) -> Callable[..., Any] | None:
        """What all members are asked, where each is asked by one cell that stands for it alone, and nothing more is to
        be known of it: then the cell that has changed is all that is looked at."""
        tests = {member.test for member in self._members}
        if self.plan.node.known or len(tests) != 1 or len(self._places) != len(self._members):
            return None
        return tests.pop() if all(len(member.cells) == 1 for member in self._members) else None

    # ------------------------------------------------------------ looking

    def value(self, memory: "Memory") -> Value:
        if not memory.keeps:
            self.dirty = {ALL: None}  # nobody marks for who is only looked at
        if self.dirty:
            self._settle()
        if self._waiting:
            self.span = None
            return None
        if self._bounded:
            self.span = self._kept.bounds()
        return self._kept.value()

    def _settle(self) -> None:
        dirty, self.dirty = self.dirty, {}
        test, put, number = self._of_one, self._kept.put, self._number
        if test is not None and ALL not in dirty:
            for place, cell in dirty.items():
                value = test(cell)
                put(place, None if number and value.__class__ is not float and value.__class__ is not int else value)
            return
        for place in range(len(self._members)) if ALL in dirty else dirty:
            member = self._members[place]
            value = member.test(*member.cells) if member.test is not None else None
            put(place, None if number and value.__class__ is not float and value.__class__ is not int else value)
            if self.plan.node.known:
                if all(cell.in_touch() for cell in member.cells):
                    self._waiting.discard(place)
                else:
                    self._waiting.add(place)

    def steady(self, memory: "Memory") -> bool:
        return self.seen is not UNSEEN and not self.dirty

    # ------------------------------------------------------------ whom it is about

    def cells(self) -> "Iterator[Cell]":
        """Everything that members show of themselves, and what is read beside them."""
        return iter(self._places)

    def places(self, cell: "Cell") -> tuple[int, ...]:
        """Those of the members that it is asked about; ALL where it stands beside them."""
        found = self._places.get(cell)
        return found if isinstance(found, tuple) else () if found is None else (found,)

    def about(self, cell: "Cell") -> bool:
        return cell in self._places

    def twins(self) -> list[str]:
        """Of those that decide it, at most SHOWN."""
        deciding = self._deciding()[:SHOWN]
        return list(dict.fromkeys(cell.twin.plan.twin_id for place in deciding for cell in self._members[place].cells))

    def _deciding(self) -> list[int]:
        """The places that an any, all or count counts; those that have the least or the greatest; else all."""
        node, found = self.plan.node, self._kept
        values = [found.member(place) for place in range(len(self._members))]
        if isinstance(found, Truths):
            wanted = node.function != "all"
            return [place for place, value in enumerate(values) if value is wanted]
        known = [value for value in values if value is not None]
        if node.function in ("min", "max") and known:
            best = min(known) if node.function == "min" else max(known)
            return [place for place, value in enumerate(values) if value == best]
        return [place for place, value in enumerate(values) if value is not None]

    def together(self) -> Together:
        """For the record: what it comes to, and by whom."""
        if self.dirty:
            self._settle()
        found, bounds = self._kept, self._kept.bounds() if not self._waiting else None
        places = self._deciding()
        unknown = self._unknown()
        return Together(
            self.plan.node,
            found.value() if not self._waiting else None,
            len(self._members),
            len(unknown),
            tuple([MemberValue(self._members[place].id, found.member(place)) for place in places[:SHOWN]]),
            tuple([self._members[place].id for place in unknown[:SHOWN]]),
            None if bounds is None else (float(bounds.low), float(bounds.high)),
        )

    def why(self, memory: "Memory") -> str:
        if self.live is not None:
            return ""
        node, places = self.plan.node, self._unknown()
        function, over = node.function, written(node.over)
        if self._waiting:
            return f"{function}({over}): {len(self._waiting)} of {len(self._members)} had no contact in this run yet"
        if not self._members:
            return f"{function}({over}) of nobody is unknown"
        if not places:
            return f"{function}({over}) has no finite result"
        if node.known:
            return f"{function}({over}): of nobody it is known"
        first = self._members[places[0]]
        reason = first.why or next((_reason(cell) for cell in first.cells if cell.live is None), "no result")
        count = f"{len(places)} of {len(self._members)} in {over} are unknown"
        return f"{function}({over}): {count}: {first.id} ({reason})"

    def unknown(self) -> "Iterator[tuple[str, str]]":
        """What keeps it unknown, each with its reason: of at most SHOWN members."""
        if self.live is not None:
            return
        over, places = written(self.plan.node.over), self._unknown()
        if not places:
            yield f"{self.plan.node.function}({over})", "NoResult" if self._members else "NobodyThere"
        for place in places[:SHOWN]:
            member = self._members[place]
            silent = [cell for cell in member.cells if cell.live is None]
            for cell in silent:
                yield f"{cell.twin.plan.twin_id}.{cell.spec.plan.name}", cell.state().reason or "PathSilent"
            if not silent:
                yield f"{over}/{member.id}", member.why or "NoResult"
        if len(places) > SHOWN:
            yield f"{len(places) - SHOWN} more in {over}", "NotKnown"

    def faults(self, of_cell: "Callable[[Cell], Iterator[Fault]]") -> "Iterator[Fault]":
        """Why it can't be said of some members, although all that is asked of them is known."""
        over = written(self.plan.node.over)
        for place in self._unknown() if self.live is None else ():
            member = self._members[place]
            silent = [cell for cell in member.cells if cell.live is None]
            for cell in silent:
                yield from of_cell(cell)
            if member.mismatches:
                yield "type_mismatch", f"{over}/{member.id}: {member.mismatches}"
            elif not silent and not member.why:
                yield "no_result", f"{over}/{member.id}: {NO_RESULT}"

    def _unknown(self) -> list[int]:
        """The places of members of whom it can't be said."""
        return [place for place in range(len(self._members)) if self._kept.member(place) is None]


def _counted() -> bool:
    return True


def _reason(cell: "Cell") -> str:
    return f"{cell.twin.plan.twin_id}.{cell.spec.plan.name}: {cell.state().reason or 'PathSilent'}"


def _tail(owner: str | None, over: str) -> str | None:
    """Of `lines/pump` over `lines`, `/pump`; None for somebody outside of the role."""
    assert owner is not None
    return owner[len(over) :] if about_members(owner, over) else None


class _Variant(NamedTuple):
    """The item, as members of the same types are asked: nearly always all of them."""

    test: Callable[..., Any] | None
    places: tuple[int, ...]
    """Of what the test takes, among the references of the item."""
    watched: bool
    why: str
    mismatches: str = ""


def _variant(
    plan: GatheredPlan, item: Condition, types: Sequence[ValueType | None], bound: Mapping[str, bool]
) -> _Variant:
    truths = plan.node.function in ("any", "all", "count")
    refs = references(item)
    try:
        made = (compile_condition if truths else compile_expression)(
            item, dict(zip(refs, types, strict=True)), bound, {}
        )
    except TooDeep:
        return _Variant(None, (), False, "it nests too deeply")
    if made.slots:
        return _Variant(None, (), False, "a member can't be asked about time or events")
    places = tuple([refs.index(ref) for ref in made.reads])
    return _Variant(made.test, places, bool(made.watched), "; ".join(made.notes), "; ".join(made.mismatches))
