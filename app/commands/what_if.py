"""What would follow if values changed, paths fell silent and time passed: tried on a copy of the part of the plant that
the changes reach, away from the live engine. Nothing is journaled and no call reaches a device.

Devices are taken to answer as asked (`accept` by default); what their answer does to the plant is for the next steps
to say, since nothing here knows the plant's physics.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec

from app.engine.account import explain_turn
from app.engine.engine import Apart, Engine
from app.engine.part import TooWide
from app.errors import Invalid, Problem, Refused
from app.model.catalogue import Catalogue
from app.model.events import (
    AlertChanged,
    AttemptCall,
    BehaviorChanged,
    Call,
    CallResult,
    Input,
    Outcome,
    PathStatus,
    Reading,
    ReportSamples,
    Sample,
    Samples,
    SourceStatus,
    Tick,
)
from app.model.explanation import Explanation
from app.model.listed import Listed, listed
from app.model.near import near
from app.model.plan import PropertyKey
from app.model.time import SECOND, Micros
from app.model.values import Quality, Value
from app.ports import Clock

SOURCE = "what-if"
MAX_STEPS = 100
MAX_CHANGES = 1000
MAX_WAIT = 30 * 86_400 * SECOND
_ANY_SECONDS = 1e300
"""So many are still a number when they are counted in microseconds."""
MAX_REACH = 2000
"""Twins and overlays that are copied; listing them is what the live engine waits for."""
MAX_MOMENTS = 10_000
"""Moments at which something is due, over all steps."""

Answers = Literal["accept", "refuse", "nothing"]


@dataclass(frozen=True, slots=True)
class Change:
    twin_id: str
    property: str
    value: Value
    quality: Quality = "good"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens at one moment: all changes together, then the paths, then time passes."""

    changes: tuple[Change, ...] = ()
    disconnect: tuple[str, ...] = ()
    connect: tuple[str, ...] = ()
    wait: Micros = 0


def wait_of(seconds: float) -> Micros:
    """Of what a client gave, however long: it is for the question to say that it is too long."""
    return round(max(-_ANY_SECONDS, min(seconds, _ANY_SECONDS)) * SECOND)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A fact that would follow."""

    step: int
    after: Micros
    """Since the beginning."""
    fact: BehaviorChanged | AlertChanged | Call


@dataclass(slots=True)
class WhatIf:
    sequence: int
    """Of the live state that it began from."""
    began: Micros
    twins: int
    behaviors: int
    """How much of the plant the changes could reach."""
    foreseen: list[Foreseen] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def transitions(self) -> Listed[tuple[Foreseen, BehaviorChanged]]:
        return listed([(item, item.fact) for item in self.foreseen if isinstance(item.fact, BehaviorChanged)])

    def alerts(self) -> Listed[tuple[Foreseen, AlertChanged]]:
        return listed([(item, item.fact) for item in self.foreseen if isinstance(item.fact, AlertChanged)])

    def calls(self) -> Listed[tuple[Foreseen, Call]]:
        return listed([(item, item.fact) for item in self.foreseen if isinstance(item.fact, Call)])


class Parting(Protocol):
    """What is needed of the engine (engine.Engine)."""

    def part(self, properties: Iterable[PropertyKey], paths: Iterable[str], most: int) -> Apart:
        """Raises TooWide."""


class WhatIfCommands:
    def __init__(self, catalogue: Catalogue, engine: Parting, clock: Clock) -> None:
        self._catalogue = catalogue
        self._engine = engine
        self._clock = clock

    async def try_out(self, steps: Sequence[Step], answers: Answers = "accept") -> WhatIf:
        """Raises Invalid with every problem of the steps, Refused (REHEARSAL_TOO_WIDE, REHEARSAL_TOO_LONG)."""
        self._check(steps)
        properties = [PropertyKey(change.twin_id, change.property) for step in steps for change in step.changes]
        paths = [twin_id for step in steps for twin_id in (*step.disconnect, *step.connect)]
        try:
            apart = self._engine.part(properties, paths, MAX_REACH)
        except TooWide:
            raise Refused(
                f"the changes reach more than {MAX_REACH} twins and overlays",
                code="REHEARSAL_TOO_WIDE",
                hint="try fewer of them, or properties that fewer behaviors read",
            ) from None
        found = WhatIf(
            apart.state.sequence,
            max(apart.state.time, self._clock.now()),
            len(apart.part.twins),
            apart.part.behaviors,
        )
        run = _Run(apart, found, answers)
        await asyncio.to_thread(run.all, steps)
        return found

    def _check(self, steps: Sequence[Step]) -> None:
        problems: list[Problem] = []
        changes = sum(len(step.changes) for step in steps)
        if not steps or len(steps) > MAX_STEPS:
            told = f"{len(steps)} steps were given; there may be 1 to {MAX_STEPS}"
            problems.append(Problem("STEPS_INVALID", told, "/steps", ""))
        if changes > MAX_CHANGES:
            told = f"{changes} changes were given; there may be {MAX_CHANGES}"
            problems.append(Problem("TOO_MANY_CHANGES", told, "/steps", ""))
        for index, step in enumerate(steps[:MAX_STEPS]):
            at = f"/steps/{index}"
            if not 0 <= step.wait <= MAX_WAIT:
                told = f"a step can wait 0 to {MAX_WAIT // SECOND} seconds"
                problems.append(Problem("WAIT_INVALID", told, f"{at}/wait", ""))
            for place, change in enumerate(step.changes[:MAX_CHANGES]):
                problems += self._check_change(change, f"{at}/set/{place}")
            for name, twins in (("disconnect", step.disconnect), ("connect", step.connect)):
                for place, twin_id in enumerate(twins):
                    problems += self._check_path(twin_id, f"{at}/{name}/{place}")
        if problems:
            raise Invalid.of(problems, "the rehearsal", code="REHEARSAL_INVALID")

    def _check_change(self, change: Change, path: str) -> list[Problem]:
        if problems := self._check_twin(change.twin_id, f"{path}/twin_id"):
            return problems
        properties = self._catalogue.capabilities(change.twin_id).properties
        definition = properties.get(change.property)
        if definition is None:
            told = f"there is no property '{change.property[:200]}' of twin '{change.twin_id}'"
            return [Problem("PROPERTY_NOT_FOUND", told, f"{path}/property", near(change.property, properties))]
        if definition.computed is not None:
            told = f"property '{change.property}' is computed: `{definition.computed}`"
            return [Problem("PROPERTY_COMPUTED", told, f"{path}/property", "change what it is computed from")]
        return []

    def _check_path(self, twin_id: str, path: str) -> list[Problem]:
        if problems := self._check_twin(twin_id, path):
            return problems
        if self._catalogue.connectivity(twin_id) is None:
            told = f"twin '{twin_id}' has no connectivity: there is no path to cut"
            return [Problem("TWIN_NOT_CONNECTED", told, path, "")]
        return []

    def _check_twin(self, twin_id: str, path: str) -> list[Problem]:
        if self._catalogue.twin(twin_id) is not None:
            return []
        told = f"there is no twin '{twin_id[:200]}'"
        return [Problem("TWIN_NOT_FOUND", told, path, near(twin_id, self._catalogue.ids("twin")))]


class _Run:
    """On a thread: everything it touches is its own."""

    def __init__(self, apart: Apart, found: WhatIf, answers: Answers) -> None:
        self._mapped = {twin.twin_id: frozenset(twin.mapped) for it in apart.state.owned for twin in it.twins}
        self._apart = apart
        self._found = found
        self._answers = answers
        self._now = found.began
        self._step = 0
        self._moments = 0
        self._told: set[str] = set()

    def all(self, steps: Sequence[Step]) -> None:
        engine = self._apart.engine()
        for self._step, step in enumerate(steps):
            self._change(engine, step)
            for alive, twins in ((False, step.disconnect), (True, step.connect)):
                if twins:
                    statuses = tuple(PathStatus(twin_id, alive, "" if alive else SOURCE) for twin_id in twins)
                    self._decide(engine, SourceStatus("", statuses))
            self._pass(engine, step.wait)

    def _change(self, engine: Engine, step: Step) -> None:
        for mapped in (True, False):
            places = [
                place
                for place, change in enumerate(step.changes)
                if (change.property in self._mapped.get(change.twin_id, frozenset())) == mapped
            ]
            if not places:
                continue
            samples = tuple(self._sample(engine, step.changes[place]) for place in places)
            reading = (Reading(SOURCE, self._now, samples),)
            outcome = self._decide(engine, Samples(reading) if mapped else ReportSamples(reading, SOURCE))
            keys = [(change.twin_id, change.property) for change in (step.changes[place] for place in places)]
            problems = [
                Problem(
                    "VALUE_INVALID",
                    f"property '{rejected.property}' of '{rejected.twin_id}' can't have this value ({rejected.reason})",
                    f"/steps/{self._step}/set/{places[keys.index((rejected.twin_id, rejected.property))]}/value",
                    "",
                )
                for rejected in outcome.rejected
            ]
            if problems:
                raise Invalid.of(problems, "the rehearsal", code="REHEARSAL_INVALID")

    def _sample(self, engine: Engine, change: Change) -> Sample:
        state = engine.live.property_state(change.twin_id, change.property)
        path = engine.live.connectivity(change.twin_id)
        if (
            change.property in self._mapped.get(change.twin_id, frozenset())
            and path is not None
            and path.status != "connected"
        ):
            self._note(
                f"the path to '{change.twin_id}' is {path.status}: what it reports is not known until it connects"
            )
        if state is not None and state.override is not None:
            kind = state.override.kind.replace("_", " ")
            self._note(f"{change.twin_id}.{change.property} is {kind} by {state.override.by}: the change does not show")
        return Sample(change.twin_id, change.property, change.value, self._now, change.quality)

    def _pass(self, engine: Engine, wait: Micros) -> None:
        target = self._now + wait
        while (due := engine.next_due()) is not None and due <= target:
            self._now = max(self._now, due)
            self._moments += 1
            if self._moments > MAX_MOMENTS:
                raise Refused(
                    f"more than {MAX_MOMENTS} things are due in that time",
                    code="REHEARSAL_TOO_LONG",
                    hint="let less time pass",
                )
            self._decide(engine, Tick())
        self._now = target

    def _decide(self, engine: Engine, input: Input) -> Outcome:
        """And, in place of the devices, answers the calls that it leads to."""
        outcome = engine.decide(input, self._now)
        self._take(outcome)
        waiting = [change.call.call_id for change in outcome.calls if change.send]
        while waiting:
            self._moments += 1
            if self._moments > MAX_MOMENTS:
                raise Refused(f"more than {MAX_MOMENTS} calls follow", code="REHEARSAL_TOO_LONG")
            call_id = waiting.pop(0)
            for following in self._answered(call_id):
                led_to = engine.decide(following, self._now)
                self._take(led_to)
                waiting += [change.call.call_id for change in led_to.calls if change.send]
                if led_to.refused:
                    break
        return outcome

    def _answered(self, call_id: str) -> Sequence[Input]:
        attempt = AttemptCall(call_id)
        match self._answers:
            case "accept":
                return attempt, CallResult(call_id, "accepted")
            case "refuse":
                return attempt, CallResult(call_id, "refused", error="refused in the rehearsal")
            case "nothing":
                return (attempt,)

    def _take(self, outcome: Outcome) -> None:
        after = self._now - self._found.began
        facts: list[BehaviorChanged | AlertChanged | Call] = [*outcome.behaviors, *outcome.alerts]
        facts += [change.call for change in outcome.calls]
        self._found.foreseen += [Foreseen(self._step, after, fact) for fact in facts]

    def _note(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._found.notes.append(text)


def explanation_of(fact: BehaviorChanged) -> Explanation:
    """Of a transition: what it stood on. It has not happened, so it is told as what is."""
    return msgspec.structs.replace(explain_turn(fact, ()), turn=None)


def skipped_in(fact: BehaviorChanged) -> list[str]:
    """Actions that would not be taken, each with why."""
    return [f"{item.action}: {item.reason}" for item in fact.actions if item.result in ("skipped", "withheld")]
