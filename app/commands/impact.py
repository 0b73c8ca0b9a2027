"""What an outage, or a change of values, leads to: who is lost or has less, which overlays, behaviors and interlocks
that hits, and which alerts would follow. Nothing of it happens.

Losses are reckoned on the topology and the definitions of one revision: where those change meanwhile it begins again.
What is told of the live plant stands at one sequence, the last thing that is read.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal, NamedTuple, Protocol

from app.commands.impact_behaviors import Silenced, Silencing
from app.commands.impact_overlays import OverlayLoss, OverlaySearch, by_severity, required_roles
from app.commands.impact_question import Question, check
from app.commands.needs_kept import TRIES, Kept, NeedsKept, moving
from app.commands.standing import Standing, Trouble
from app.commands.what_if import Answers, Step, WhatIf
from app.dtsl.parse import parse_condition
from app.errors import Invalid, Problem, Refused
from app.model.catalogue import Catalogue
from app.model.computed import feeding, in_order, needs_of
from app.model.events import AlertChanged
from app.model.listed import Listed, listed
from app.off_loop import elsewhere, in_turns
from app.ports import LiveView
from app.topology.outage import Outage, outage
from app.topology.reasons import GroupLoss, Hop, Reasons
from app.topology.topology import Topology

State = Literal["lost", "degraded", "disconnected", "changed"]
STATES: tuple[State, ...] = ("lost", "degraded", "disconnected", "changed")
"""In the order of severity."""
MAX_REHEARSED = 1000
"""Paths that fall silent in a rehearsal."""


class Trying(Protocol):
    """What is needed of the rehearsals (what_if.WhatIfCommands)."""

    async def try_out(self, steps: Sequence[Step], answers: Answers = "accept") -> WhatIf:
        """Raises Invalid, Refused."""


class Place(NamedTuple):
    """Where a twin stands in the order of severity: that of the fields."""

    state: int
    """Lost, degraded, disconnected, changed."""
    required: int
    """Below zero: required roles of overlays in which it is missed, most first."""
    left: int
    """Sources that are left in its narrowest group; 0 of the lost."""
    depth: int
    twin_id: str


class Affected:
    """A twin that is affected. All but its place is looked up as it is asked for, and stands at the sequence of the
    answer where that is done in the turn of the loop in which the answer was given."""

    __slots__ = ("_groups", "_index", "_telling", "place")

    def __init__(self, place: Place, telling: "_Telling") -> None:
        self.place = place
        self._telling = telling
        self._index = telling.index(place.twin_id)
        self._groups: Sequence[GroupLoss] | None = None

    @property
    def state(self) -> State:
        return STATES[self.place.state]

    @property
    def named(self) -> bool:
        """Whether the question names it."""
        return self.place.twin_id in self._telling.named

    @property
    def path(self) -> Sequence[Hop]:
        reasons = self._telling.reasons
        return reasons.path(self._index) if reasons is not None and self._index is not None else ()

    @property
    def groups(self) -> Sequence[GroupLoss]:
        if self._groups is None:
            reasons = self._telling.reasons
            self._groups = reasons.groups(self._index) if reasons is not None and self._index is not None else ()
        return self._groups

    @property
    def reason(self) -> str:
        telling, place = self._telling, self.place
        known = telling.because.get(place.twin_id)
        return known or _reason(telling.question, self.state, place.depth, lambda: self.groups)

    @property
    def standing(self) -> tuple[Trouble, ...]:
        """How it stands now."""
        return self._telling.standing.of(self.place.twin_id)

    def remaining(self, group: GroupLoss) -> Mapping[str, tuple[Trouble, ...]]:
        """Of each source that a group of it names as remaining, how that stands now."""
        return {id: self._telling.standing.of(id) for id in group.remaining}


@dataclass(frozen=True, slots=True)
class Impact:
    sequence: int
    question: Question
    page: Sequence[Affected]
    has_previous: bool
    has_next: bool
    counts: Mapping[State, int]
    beyond: int
    """Lost and degraded ones further away than was asked for: nothing is told of them."""
    already_lost: int
    already_degraded: int
    overlays: Listed[OverlayLoss]
    overlays_lost: int
    silenced: Silenced
    rehearsal: WhatIf | None
    not_rehearsed: str
    """Why there is no rehearsal."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def alerts_raised(self) -> int | None:
        """None where nothing was rehearsed."""
        if self.rehearsal is None:
            return None
        facts = (item.fact for item in self.rehearsal.foreseen)
        return sum(isinstance(fact, AlertChanged) and fact.transition == "raised" for fact in facts)


@dataclass(slots=True)
class _Told:
    """All that is affected, in no order, with what the order depends on."""

    states: dict[str, int] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)

    def put(self, state: State, depths: Mapping[str, int], left: Mapping[str, int] | None = None) -> None:
        self.states.update(dict.fromkeys(depths, STATES.index(state)))
        self.depths.update(depths)
        self.left.update(dict.fromkeys(depths, 0) if left is None else left)

    def page(self, required: Mapping[str, int], first: int, after: Place | None) -> tuple[list[Place], bool, bool]:
        """Whether there are any before it and behind it, too. Only a page is ordered: sorting a whole plant would hold
        the loop up, on whatever thread."""
        before = 0

        def behind() -> Iterator[Place]:
            nonlocal before
            for id, state in self.states.items():
                place = Place(state, -required.get(id, 0), self.left[id], self.depths[id], id)
                if after is None or place > after:
                    yield place
                else:
                    before += 1

        found = heapq.nsmallest(first + 1, behind())
        return found[:first], before > 0, len(found) > first


class ImpactCommands:
    def __init__(
        self, catalogue: Catalogue, topology: Topology, needs: NeedsKept, live: LiveView, rehearsals: Trying
    ) -> None:
        self._catalogue = catalogue
        self._topology = topology
        self._needs = needs
        self._live = live
        self._rehearsals = rehearsals

    async def analyse(self, question: Question, first: int = 100, after: Place | None = None) -> Impact:
        """The twins of one page, behind that place in the order. Raises Invalid (IMPACT_INVALID) with every problem,
        Unavailable (DEFINITIONS_MOVING)."""
        check(self._catalogue, question)
        for _ in range(TRIES):
            found = await self._once(question, first, after)
            if found is not None:
                return found
            check(self._catalogue, question)
        raise moving()

    async def _once(self, question: Question, first: int, after: Place | None) -> Impact | None:
        """None where definitions have changed meanwhile."""
        revision = self._catalogue.revision
        removing = question.kind in ("failure", "maintenance")
        reckoned = await self._reckon(question) if removing else None
        if self._catalogue.revision != revision or (removing and reckoned is None):
            return None
        told = _Told()
        gone = dict.fromkeys(question.twins if question.kind == "disconnected" else (), 0)
        told.put("disconnected", gone)
        if reckoned is not None:
            gone = await elsewhere(len(reckoned[1].lost), self._tell, reckoned[1], told)
            if self._catalogue.revision != revision:
                return None
        rehearsal, why_not = await self._rehearse(question, gone)
        because = _changed(question, rehearsal, told) if question.kind == "properties" else {}
        is_gone = self._is_gone(question, reckoned[1] if reckoned is not None else None)
        overlays: Mapping[str, OverlayLoss] = {}
        if reckoned is not None:
            lost = reckoned[1].loss.already_lost
            before = OverlaySearch(self._catalogue, set(await elsewhere(len(lost), self._topology.ids, lost)))
            await in_turns(before.look())
            search = OverlaySearch(self._catalogue, gone, is_gone, before.lost)
            await in_turns(search.look())
            overlays = search.found
        losing = cache(self._gone_of) if question.kind == "disconnected" else _everything
        silencing = Silencing(self._catalogue, gone, losing, is_gone)
        await in_turns(silencing.look())
        required = required_roles(overlays)
        shown, has_previous, has_next = await elsewhere(len(told.states), told.page, required, first, after)
        if self._catalogue.revision != revision:
            return None
        counts: Counter[State] = Counter({STATES[state]: n for state, n in Counter(told.states.values()).items()})
        return Impact(
            self._live.sequence,
            question,
            self._affected(question, reckoned, shown, because),
            has_previous,
            has_next,
            {state: counts[state] for state in STATES},
            reckoned[1].beyond if reckoned is not None else 0,
            len(reckoned[1].loss.already_lost) if reckoned is not None else 0,
            len(reckoned[1].loss.already_degraded) if reckoned is not None else 0,
            listed(by_severity(overlays)),
            sum(item.state == "lost" for item in overlays.values()),
            silencing.found,
            rehearsal,
            why_not,
        )

    # ------------------------------------------------------------ what follows

    async def _reckon(self, question: Question) -> tuple[Kept, Outage] | None:
        """None where the topology is another one meanwhile, in which its indexes mean others."""
        kept = await self._needs.current()
        if kept.version != self._topology.version:
            return None
        removed, without = self._topology.indexes(question.twins), self._topology.indexes(question.without)
        found = await elsewhere(kept.needs.edges, outage, kept.needs, removed, without, question.max_depth)
        return kept, found

    def _tell(self, found: Outage, told: _Told) -> dict[str, int]:
        """The lost ones, with how far away they are."""
        depths, ids = found.loss.depth, self._topology.ids
        lost = dict(zip(ids(found.lost), depths[found.lost].tolist(), strict=True))
        told.put("lost", lost)
        degraded = ids(found.degraded)
        left = dict(zip(degraded, found.left.tolist(), strict=True))
        told.put("degraded", dict(zip(degraded, depths[found.degraded].tolist(), strict=True)), left)
        return lost

    async def _rehearse(self, question: Question, gone: Collection[str]) -> tuple[WhatIf | None, str]:
        if question.kind == "properties":
            try:
                return await self._rehearsals.try_out([Step(changes=question.changes, wait=question.wait)]), ""
            except Invalid as error:
                problems = [_in_question(problem) for problem in error.problems]
                raise Invalid.of(problems, "the impact", code="IMPACT_INVALID") from None
            except Refused as error:
                return None, f"{error.code} {error.message}"
        silent: list[str] = []
        await in_turns(self._connected(gone, silent))
        if not silent:
            return None, "NOTHING_TO_REHEARSE none of the twins that are gone has a connection that would fall silent"
        if len(silent) > MAX_REHEARSED:
            return None, f"REHEARSAL_TOO_WIDE more than {MAX_REHEARSED} paths would fall silent"
        try:
            return await self._rehearsals.try_out([Step(disconnect=tuple(silent), wait=question.wait)]), ""
        except (Refused, Invalid) as error:
            return None, f"{error.code} {error.message}"

    def _connected(self, gone: Collection[str], found: list[str]) -> Iterator[None]:
        """Those that have a path that can fall silent; no more than are too many."""
        for twin_id in gone:
            if self._catalogue.mapped(twin_id) is not None:
                found.append(twin_id)
            if len(found) > MAX_REHEARSED:
                return
            yield

    def _gone_of(self, twin_id: str) -> Collection[str]:
        """Of a twin whose path is silent: what the path feeds, and what is computed from that."""
        properties = self._catalogue.capabilities(twin_id).properties
        fed = set(self._catalogue.mapped(twin_id) or ())
        return fed | _computed_from(fed, {n: it.computed for n, it in properties.items() if it.computed is not None})

    def _is_gone(self, question: Question, found: Outage | None) -> Callable[[str], bool]:
        """Whether a twin is lost, now or already, told of or too far away for that."""
        if found is None:
            return set(question.without).__contains__
        dead, index = found.loss.dead, self._topology.index

        def is_gone(twin_id: str) -> bool:
            at = index(twin_id)
            return at is not None and at < len(dead) and bool(dead[at])  # one above has come since: all begins again

        return is_gone

    # ------------------------------------------------------------ what is told of a twin

    def _affected(
        self,
        question: Question,
        reckoned: tuple[Kept, Outage] | None,
        places: Sequence[Place],
        because: Mapping[str, str],
    ) -> list[Affected]:
        telling = _Telling(question, because, self._topology, self._live, reckoned)
        return [Affected(place, telling) for place in places]


class _Telling:
    """What the affected twins of one answer are told by."""

    def __init__(
        self,
        question: Question,
        because: Mapping[str, str],
        topology: Topology,
        live: LiveView,
        reckoned: tuple[Kept, Outage] | None,
    ) -> None:
        self.question = question
        self.because = because
        self.named = {*question.twins, *(change.twin_id for change in question.changes)}
        self.reasons: Reasons | None = None
        self._topology = topology
        self._live = live
        self._outage = reckoned[1] if reckoned is not None else None
        if reckoned is not None:
            self.reasons = Reasons(topology, reckoned[0].groups, reckoned[1].loss)

    def index(self, twin_id: str) -> int | None:
        """In the topology, whose indexes may mean others later."""
        return self._topology.index(twin_id) if self.reasons is not None else None

    @cached_property
    def standing(self) -> Standing:
        degraded = self._outage.loss.already_degraded if self._outage is not None else ()
        return Standing(self._live, set(self._topology.ids(degraded)))


def _computed_from(names: Collection[str], expressions: Mapping[str, str]) -> set[str]:
    """What of them is computed from these properties, near or far; one that can't be read is computed from nothing."""
    needs: dict[str, list[str]] = {}
    for name, text in expressions.items():
        try:
            needs[name] = needs_of(parse_condition(text))
        except Invalid:
            needs[name] = []
    below = feeding(needs, in_order(needs)[0])
    return {name for source in names for name in below.get(source, ())}


def _everything(_: str) -> None:
    """A twin that is lost tells nothing any more."""


def _reason(question: Question, state: State, depth: int, groups: Callable[[], Sequence[GroupLoss]]) -> str:
    if depth == 0:
        return {"failure": "it fails", "maintenance": "it is taken out", "disconnected": "its path falls silent"}.get(
            question.kind, "its values change"
        )
    if state == "lost":
        return "; ".join(f"none of {item.width} is left in '{item.group}'" for item in groups() if item.died)
    return "; ".join(f"{item.remaining_count} of {item.width} left in '{item.group}'" for item in groups())


def _changed(question: Question, rehearsal: WhatIf | None, told: _Told) -> dict[str, str]:
    """The twins whose values change, and those that a behavior, an alert or a call of the rehearsal concerns; of the
    latter, why."""
    because: dict[str, str] = {}
    told.put("changed", {change.twin_id: 0 for change in question.changes})
    if rehearsal is None:
        return because

    def put(twin_id: str, why: str) -> None:
        if told.depths.get(twin_id) != 0 and question.max_depth != 0:
            told.put("changed", {twin_id: 1})
            because.setdefault(twin_id, why)

    for _, call in rehearsal.calls().items:
        put(call.twin_id, f"{call.method or call.property} of it would be {'called' if call.method else 'written'}")
    for _, fact in rehearsal.alerts().items:
        for twin_id in fact.alert.twins:
            put(twin_id, f"alert '{fact.alert.code}' of '{fact.alert.owner.id}' would be {fact.transition}")
    for _, turned in rehearsal.transitions().items:
        if turned.key.owner.kind == "twin":
            put(turned.key.owner.id, f"its behavior '{turned.key.name}' would be {turned.state}")
    return because


def _in_question(problem: Problem) -> Problem:
    """Its place in the question instead of in the steps of the rehearsal."""
    path = problem.path.replace("/steps/0/set/", "/change/properties/").replace("/steps/0/wait", "/wait")
    return Problem(problem.code, problem.message, path, problem.hint)
