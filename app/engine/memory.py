"""What one rule remembers: a slot for each part of its condition that depends on more than the values of now.

What a slot is, slot.py says; those that are about time, events and what was before are here.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec

from app.engine import slots
from app.engine.compile import Compiled
from app.engine.elapsed import Elapsed
from app.engine.gathered import Gathered
from app.engine.schedule import next_after
from app.engine.slot import Slot
from app.engine.timers import WALL, Timers, paused, resumed
from app.model.events import Cause, Timer, TimerKey, TwinEventOccurred
from app.model.time import SECOND, Micros, in_seconds
from app.model.values import Value

if TYPE_CHECKING:
    from app.engine.cells import Cell, RuleState, TwinState
    from app.engine.step import Step

ASK: Final[Any] = object()
"""What `glance` answers where the rule has to be woken."""


class Plant(Protocol):
    """What a rule's memory sees beside its cells."""

    time: Micros
    timers: Timers
    elapsed: Elapsed
    twins: dict[str, "TwinState"]
    occurred: Mapping[tuple[str | None, str], TwinEventOccurred]


class Pulse(NamedTuple):
    """Something that happened to a rule in this step: one of its slots is TRUE for once."""

    slot: Slot
    event: TwinEventOccurred | None = None
    late: Micros = 0


class Held(Slot):
    """A timer runs while the condition is TRUE, and is kept, as met, from when it has come until it is FALSE."""

    __slots__ = ("plan",)

    def __init__(self, key: TimerKey, plan: slots.Held) -> None:
        super().__init__(key)
        self.plan = plan

    def value(self, memory: "Memory") -> bool | None:
        return self._value(memory, self.plan.item(*memory.arguments))

    def _value(self, memory: "Memory", item: bool | None) -> bool | None:
        if item is not True:
            return item
        timer = memory.plant.timers.get(self.key)
        if timer is None:
            return False if memory.keeps else None
        if self._too_long(memory, timer):
            return None if timer.met or timer.doubted else False
        if timer.met:
            return True
        return None if timer.doubted else False

    def _too_long(self, memory: "Memory", timer: Timer) -> bool:
        """Whether nothing was known for so long that it begins anew. While a start is waited out that is no time."""
        unknown = memory.plant.time - timer.paused_at if timer.paused_at else 0
        return not timer.waits and unknown > self.plan.duration

    def advance(self, memory: "Memory", step: "Step", cause: Cause) -> None:
        item = self.seen = self.plan.item(*memory.arguments)
        timer = memory.plant.timers.get(self.key)
        if item is False:
            if timer is not None:
                step.timer(timer, "stopped")
        elif item is None:
            if timer is not None and (not timer.paused_at or (timer.waits and memory.rule.heard())):
                now = step.moment()
                step.timer(msgspec.structs.replace(paused(timer, now), paused_at=now, waits=False), "paused")
        elif timer is None:
            self._start(memory, step, cause, doubted=step.loading and memory.rule.active)
        elif timer.paused_at and (not timer.waits or memory.rule.heard()):
            if self._too_long(memory, timer):
                self._start(memory, step, cause, doubted=timer.met or timer.doubted)
            else:
                step.timer(resumed(timer, step.now), "resumed")
        self.live = self._value(memory, item)
        self._look(memory)

    def _start(self, memory: "Memory", step: "Step", cause: Cause, *, doubted: bool) -> None:
        since = step.when(memory.rule, cause)
        due = since + self.plan.duration
        step.timer(
            Timer(self.key, due, since, evidence=memory.on_evidence(), doubted=doubted, cause=cause),
            "started",
        )

    def steady(self, memory: "Memory") -> bool:
        return not self.waits and self.plan.item(*memory.arguments) is self.seen

    def why(self, memory: "Memory") -> str:
        if self.plan.item(*memory.arguments) is not True:
            return ""
        if not memory.keeps:
            return "'for' has no meaning where nothing is kept of the time before"
        return f"nothing was known for a while, and {in_seconds(self.plan.duration)} have not passed since"


class Within(Slot):
    """While the other condition is TRUE a timer stands at its full length; it runs from when that ended."""

    __slots__ = ("plan",)

    def __init__(self, key: TimerKey, plan: slots.Within) -> None:
        super().__init__(key)
        self.plan = plan

    def value(self, memory: "Memory") -> bool | None:
        return self._value(memory, self.plan.other(*memory.arguments))

    def _value(self, memory: "Memory", other: bool | None) -> bool | None:
        if other is True:
            return True
        if not memory.keeps:
            return None
        timer = memory.plant.timers.get(self.key)
        if timer is None:
            return other
        return None if timer.waits and not memory.rule.heard() else True

    def advance(self, memory: "Memory", step: "Step", cause: Cause) -> None:
        other = self.seen = self.plan.other(*memory.arguments)
        timer = memory.plant.timers.get(self.key)
        if other is True:
            if timer is None or timer.due is not None or timer.waits or timer.remaining != self.plan.duration:
                standing = Timer(
                    self.key,
                    None,
                    step.when(memory.rule, cause),
                    remaining=self.plan.duration,
                    paused_at=step.now,
                    evidence=memory.on_evidence(),
                    cause=cause,
                )
                step.timer(standing, "started" if timer is None else "paused")
        elif timer is not None and timer.paused_at and (not timer.waits or memory.rule.heard()):
            due = step.when(memory.rule, cause) + timer.remaining
            if due > step.now:
                step.timer(msgspec.structs.replace(resumed(timer, step.now), due=due), "resumed")
            else:
                step.timer(timer, "stopped")
        self.live = self._value(memory, other)
        self._look(memory)

    def steady(self, memory: "Memory") -> bool:
        return not self.waits and self.plan.other(*memory.arguments) is self.seen

    def why(self, memory: "Memory") -> str:
        timer = memory.plant.timers.get(self.key)
        if timer is not None and timer.waits:
            return "what it waits for was so before the start, and not everything was heard of since"
        return ""


class Age(Slot):
    """Known at any time by itself; the timer only wakes the rule when that flips. A report does not move it: it is
    looked at when it comes, and put back where there was one since."""

    __slots__ = ("cell", "plan")

    def __init__(self, key: TimerKey, plan: slots.Age, cell: "Cell") -> None:
        super().__init__(key)
        self.plan = plan
        self.cell = cell

    def value(self, memory: "Memory") -> bool | None:
        if not self.cell.in_touch():
            return None
        due = self._due(memory)
        return due is not None and memory.plant.time >= due

    def _due(self, memory: "Memory") -> Micros | None:
        """None for never: what a person has put over it does not age."""
        if self.cell.override is not None:
            return None
        heard = memory.heard(self.cell)
        return 0 if heard is None else heard + self.plan.limit

    def advance(self, memory: "Memory", step: "Step", cause: Cause) -> None:
        self.live, self.seen = self.value(memory), None
        due = self._due(memory) if self.live is False else None
        memory.wake_at(step, self, self.cell, due, cause)


class Rate(Slot):
    """What is known holds until something else is: between two reports the window slides over what was before."""

    __slots__ = ("cell", "plan")

    def __init__(self, key: TimerKey, plan: slots.Rate, cell: "Cell") -> None:
        super().__init__(key)
        self.plan = plan
        self.cell = cell

    def value(self, memory: "Memory") -> Value:
        start = self._start(memory)
        if start is None or self.cell.past is None:
            return None
        ring = self.cell.past.rings.get(self.plan.window)
        before = ring.at(start) if ring is not None else None
        if before is None:
            return None
        try:
            rate = (self.cell.live - before) * SECOND / self.plan.window
        except OverflowError:
            return None
        return rate if isfinite(rate) else None

    def _start(self, memory: "Memory") -> Micros | None:
        """Of the window, by the source's clock as the last report showed it; None while nothing is known."""
        cell = self.cell
        heard = memory.heard(cell)
        if cell.live is None or cell.override is not None or heard is None:
            return None
        return cell.timestamp + memory.plant.time - heard - self.plan.window

    def advance(self, memory: "Memory", step: "Step", cause: Cause) -> None:
        self.live, self.seen = self.value(memory), None
        start, due = self._start(memory), None
        if start is not None and self.cell.past is not None:
            ring = self.cell.past.rings.get(self.plan.window)
            change = ring.after(start) if ring is not None else None
            if change is not None:
                due = step.now + change - start
        memory.wake_at(step, self, self.cell, due, cause)

    def why(self, memory: "Memory") -> str:
        if self.cell.live is None or self.live is not None:
            return ""
        where = f"{self.cell.twin.plan.twin_id}.{self.cell.spec.plan.name}"
        if self.cell.override is not None:
            return f"rate({where}) is not known of a value that a person has put there"
        return f"rate({where}): it is not known for {in_seconds(self.plan.window)} yet"


class Trailed(Slot):
    """Only has its cell keep what was before."""

    __slots__ = ("cell",)

    def __init__(self, key: TimerKey, cell: "Cell") -> None:
        super().__init__(key)
        self.cell = cell

    def why(self, memory: "Memory") -> str:
        if self.cell.live is None or self.cell.previous() is not None:
            return ""
        return f"{self.cell.twin.plan.twin_id}.{self.cell.spec.plan.name} had no other value yet"


class Changed(Slot):
    __slots__ = ("cell",)

    is_pulse = True

    def __init__(self, key: TimerKey, cell: "Cell") -> None:
        super().__init__(key)
        self.cell = cell
        self.live = False


class Occurred(Slot):
    __slots__ = ("plan",)

    is_pulse = True

    def __init__(self, key: TimerKey, plan: slots.Occurred) -> None:
        super().__init__(key)
        self.plan = plan
        self.live = False

    def named(self) -> tuple[str | None, str]:
        return self.plan.owner, self.plan.event


class Parameter(Slot):
    """Known while its event occurs."""

    __slots__ = ("plan",)

    def __init__(self, key: TimerKey, plan: slots.Parameter) -> None:
        super().__init__(key)
        self.plan = plan

    def value(self, memory: "Memory") -> Value:
        event = memory.plant.occurred.get((self.plan.owner, self.plan.event))
        return None if event is None else self.plan.spec.accept(event.parameters.get(self.plan.parameter))[0]


class Every(Slot):
    """A timer always runs, to the next moment of its schedule."""

    __slots__ = ("plan",)

    is_pulse = True

    def __init__(self, key: TimerKey, plan: slots.Every) -> None:
        super().__init__(key)
        self.plan = plan
        self.live = False

    def advance(self, memory: "Memory", step: "Step", cause: Cause) -> None:
        self.seen = None
        if memory.plant.timers.get(self.key) is None:
            self.set(memory, step, step.now)

    def set(self, memory: "Memory", step: "Step", last: Micros) -> None:
        """`last`: the moment that it came for before, or from which it counts."""
        schedule = self.plan.schedule
        if schedule.interval is not None:
            missed = max(0, step.now - last) // schedule.interval
            due, ref = last + (missed + 1) * schedule.interval, ""
        else:
            behind = memory.plant.elapsed.behind
            due, ref = next_after(schedule, max(step.now, last) - behind) + behind, WALL
        step.timer(Timer(self.key, due, step.now, ref=ref), "started")


class Memory:
    """`keeps`: whether the rule is woken for it, so that timers run. What is only looked at (interlocks, and what a
    rule asks beside its condition) has none, and takes for unknown what would need them."""

    __slots__ = ("arguments", "cells", "compiled", "counts", "gathered", "keeps", "plant", "pulses", "rule", "slots")

    def __init__(
        self,
        plant: Plant,
        rule: "RuleState",
        compiled: Compiled,
        cells: "tuple[Cell, ...]",
        *,
        keeps: bool = True,
    ) -> None:
        self.plant = plant
        self.rule = rule
        self.compiled = compiled
        self.cells = cells
        self.keeps = keeps
        self.slots = tuple([_slot(plant, rule, cells, plan) for plan in compiled.slots])
        self.pulses = any(slot.is_pulse for slot in self.slots)
        self.gathered = tuple([slot for slot in self.slots if isinstance(slot, Gathered)])
        self.counts = len(self.gathered) == len(self.slots) and not compiled.watched
        """Whether it remembers what members come to and nothing else: then looking at it has no effects."""
        self.arguments: tuple[Any, ...] = (*self.slots, *cells)

    # ------------------------------------------------------------ evaluating

    def read(self, *cells: "Cell") -> Value:
        """What an expression comes to as things are."""
        for slot in self.slots:
            slot.live = slot.value(self)
        return self.compiled.test(*self.arguments)

    def test(self) -> bool | None:
        """What the condition comes to as things are; without a pulse."""
        return self._quiet(self.read())

    def advance(self, step: "Step", cause: Cause) -> bool | None:
        """The same, with all that follows for its timers."""
        for slot in self.slots:
            slot.advance(self, step, cause)
        return self._quiet(self.compiled.test(*self.arguments))

    def glance(self, *cells: "Cell") -> bool | None:
        """The same, where nothing in its slots has changed; else ASK."""
        for slot in self.slots:
            if not slot.steady(self):
                return ASK  # type: ignore[no-any-return]
        return self._quiet(self.compiled.test(*self.arguments))

    def _quiet(self, truth: bool | None) -> bool | None:
        """Without a pulse what is for pulses only is FALSE, or not known."""
        return False if truth and self.pulses else truth

    def pulsed(self, pulses: Sequence[Pulse]) -> bool | None:
        """What it comes to in the step of these pulses, after `advance`."""
        for pulse in pulses:
            pulse.slot.live = True
        for slot in self.slots:
            if isinstance(slot, Parameter):
                slot.live = slot.value(self)
        truth = self.compiled.test(*self.arguments)
        for pulse in pulses:
            pulse.slot.live = False
        return truth

    # ------------------------------------------------------------ what slots ask

    def on_evidence(self) -> bool:
        """Whether it hangs on what a device shows."""
        return any(cell.behind_path() for cell in self.everything())

    def everything(self) -> "Iterator[Cell]":
        """All cells that it depends on, those of members too."""
        yield from self.cells
        for slot in self.gathered:
            yield from slot.cells()

    def heard(self, cell: "Cell") -> Micros | None:
        """When it was last reported, as a moment to count from; None for never."""
        if not cell.reported_at:
            return None
        from_then = self.plant.elapsed.from_then
        then = from_then(cell.reported_at)
        for ended, heard in cell.twin.gaps if cell.behind_path() else ():
            if cell.reported_at <= ended:
                then += from_then(heard) - from_then(ended)
        return then

    def wake_at(self, step: "Step", slot: Slot, cell: "Cell", due: Micros | None, cause: Cause) -> None:
        """Keeps a timer that comes early enough: what it is about, the cell, is looked at then."""
        timer = self.plant.timers.get(slot.key)
        if due is None:
            if timer is not None:
                step.timer(timer, "stopped")
        elif timer is None or timer.due is None or timer.due > due:
            step.timer(Timer(slot.key, due, step.now, evidence=cell.behind_path(), cause=cause), "started")

    # ------------------------------------------------------------ who wakes it

    def watches(self, cell: "Cell") -> bool:
        return any(self.cells[place] is cell for place in self.compiled.watched) or any(
            slot.watching and slot.about(cell) for slot in self.gathered
        )

    def trails(self, cell: "Cell") -> bool:
        return any(isinstance(slot, Trailed | Changed) and slot.cell is cell for slot in self.slots)

    def windows(self, cell: "Cell") -> set[Micros]:
        return {slot.plan.window for slot in self.slots if isinstance(slot, Rate) and slot.cell is cell}

    def on_change(self, cell: "Cell") -> list[Pulse]:
        return [Pulse(slot) for slot in self.slots if isinstance(slot, Changed) and slot.cell is cell]

    def on_event(self, event: TwinEventOccurred) -> list[Pulse]:
        owner = self.rule.owner
        return [
            Pulse(slot, event)
            for slot in self.slots
            if isinstance(slot, Occurred)
            and slot.plan.event == event.name
            and owner.twin_of(slot.plan.owner) == event.twin_id
        ]

    def hears(self) -> list[str]:
        """The ids of the twins whose events it waits for."""
        twins = [self.rule.owner.twin_of(slot.plan.owner) for slot in self.slots if isinstance(slot, Occurred)]
        return list(dict.fromkeys(twin for twin in twins if twin is not None))

    def slot(self, name: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.key.slot == name), None)

    def timer_keys(self) -> list[TimerKey]:
        return [slot.key for slot in self.slots]

    def why_unknown(self) -> list[str]:
        """What of its slots keeps it unknown, and cells of which only their evidence is asked for."""
        lines = [slot.why(self) for slot in self.slots]
        for place in self.compiled.watched:
            cell = self.cells[place]
            if not cell.in_touch():
                lines.append(f"{cell.twin.plan.twin_id} had no contact in this run yet")
        return list(dict.fromkeys(line for line in lines if line))


def _slot(plant: Plant, rule: "RuleState", cells: "tuple[Cell, ...]", plan: slots.SlotPlan) -> Slot:
    key = TimerKey(rule.key.owner, rule.key.name, plan.name)
    match plan:
        case slots.Held():
            return Held(key, plan)
        case slots.Within():
            return Within(key, plan)
        case slots.Age(place=place):
            return Age(key, plan, cells[place])
        case slots.Rate(place=place):
            return Rate(key, plan, cells[place])
        case slots.Trailed(place=place):
            return Trailed(key, cells[place])
        case slots.Changed(place=place):
            return Changed(key, cells[place])
        case slots.Occurred():
            return Occurred(key, plan)
        case slots.Parameter():
            return Parameter(key, plan)
        case slots.Every():
            return Every(key, plan)
        case slots.Gathered():
            return Gathered(key, plan, rule.owner, plant.twins, cells)
