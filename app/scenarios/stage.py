"""A plant, its devices and its server in one place and without a clock: what a scenario's lines act on.

The server's part is the real engine, fed as runtime/ does it: every input is journaled with what was decided, a tick is
decided at each moment something is due, and a call is attempted as soon as it is decided. The devices' part is made up:
they say what the scenario says, and a call stays open until the scenario answers it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from app.dtsl.diagnostics import Message
from app.engine.engine import Engine
from app.model.events import (
    AttemptCall,
    CallResult,
    ClockStepped,
    Entry,
    Input,
    Load,
    Outcome,
    PathStatus,
    Sample,
    SourceStatus,
    Started,
    Tick,
)
from app.model.plan import BehaviorKey, OwnerKey, Plan
from app.model.time import Micros
from app.scenarios import messages
from app.scenarios.plant import Plant
from app.scenarios.telling import facts, length
from app.scenarios.words import MAX_TIME

MAX_TICKS = 100_000
DEVICE = "device"
"""What readings of devices are said to come from."""


class Undoable(Exception):
    """A line that can't be done where it stands; nothing of it was."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.text)
        self.message = message


@dataclass(slots=True)
class Step:
    """What one line led to, each with its moment, for the timeline."""

    told: list[tuple[Micros, str]] = field(default_factory=list)


class Stage:
    """`now` is engine time; `since` has the outcomes that expectations look at: since the step began, or this run."""

    def __init__(
        self, plant: Plant, plan: Plan | None, begins: Micros, make_engine: Callable[[], Engine] = Engine
    ) -> None:
        self.plant = plant
        self._make_engine = make_engine
        self.engine = make_engine()
        self.begins = self.now = self._origin = begins
        self.entries: list[Entry] = []
        self.since: list[Outcome] = []
        self.step = Step()
        self.read: dict[str, dict[str, Sample]] = {}
        """By twin: what its device said last of each property."""
        self.answerable: list[str] = []
        """Calls that their devices have and did not answer, oldest first."""
        self.behaviors: set[BehaviorKey] = set()
        """All that there ever were."""
        self._calls = 0
        self._holding = False
        self._held: list[str] = []
        self._wall_ahead: Micros = 0
        """Of engine time; never positive, because that goes forward with the machine's clock at once."""
        self._snapshot: tuple[int, bytes] = (0, self.engine.snapshot())
        self.decide(Started())
        if plan is not None:
            self.load(plan)
        self.heard_of(self.connected_twins(), alive=True)
        self.since.clear()

    # ------------------------------------------------------------ the server

    def decide(self, input: Input) -> Outcome:
        """And, as the server does, whatever is due by now behind it."""
        outcome = self._decide(input)
        due = self.engine.next_due()
        if due is not None and due <= self.now and not isinstance(input, Tick):
            self._decide(Tick())
        return outcome

    def _decide(self, input: Input) -> Outcome:
        outcome = self.engine.decide(input, self.now)
        self.entries.append(Entry(len(self.entries) + 1, self.now, input, outcome))
        self.engine.live.sequence = len(self.entries)
        self.since.append(outcome)
        self.step.told += [(self.now, text) for text in facts(outcome)]
        for fact in outcome.calls:
            if fact.send:
                self._held.append(fact.call.call_id)
        if self._held and not self._holding:
            self.send()
        return outcome

    def load(self, plan: Plan) -> Outcome:
        outcome = self.decide(Load(plan, "operator"))
        live = self.engine.live
        keys = [twin.key for twin in live.twins.values()] + [overlay.key for overlay in live.overlays.values()]
        self.behaviors.update(view.key for key in keys for view in live.behaviors(key))
        return outcome

    def advance(self, until: Micros) -> None:
        """Raises Undoable. What is due at `until` itself is done, before anything else of that moment."""
        if until < self.now:
            gone = length(until - self.begins), length(self.now - self.begins)
            raise Undoable(messages.time_goes_back(*gone))
        self._refuse_end(until)
        ticks = 0
        while (due := self.engine.next_due()) is not None and due <= until:
            ticks += 1
            if ticks > MAX_TICKS:
                raise Undoable(messages.too_many_ticks(MAX_TICKS))
            self.now = max(self.now, due)
            outcome = self.decide(Tick())
            if outcome == Outcome() and (again := self.engine.next_due()) is not None and again <= due:
                raise Undoable(messages.never_due())
        self.now = until
        self._snapshot = (len(self.entries), self.engine.snapshot())

    def step_clock(self, by: Micros) -> None:
        """The machine's clock is set. Engine time goes forward with it and never back; what waits is moved along, so
        the scenario's beginning is too: its moments count time that has passed. Raises Undoable."""
        wall = self._wall_ahead + by
        self._refuse_end(self.now + abs(wall))
        self._to_clock(wall)
        self.decide(ClockStepped(max(0, wall), max(0, -wall)))

    def _to_clock(self, wall: Micros) -> None:
        """`wall`: how far it is ahead."""
        jumped = max(0, wall)
        self.now += jumped
        self.begins += jumped
        self._wall_ahead = wall - jumped

    def _refuse_end(self, moment: Micros) -> None:
        if moment - self._origin > MAX_TIME:
            raise Undoable(messages.time_ends())

    def restart(self, down: Micros) -> list[str]:
        """The engine is gone at once; another one begins where the journal ends. What differs between the two, a line
        each: nothing, if the engine is right. Raises Undoable."""
        self._refuse_end(self.now + down)
        if self.engine.counts_time():
            self.decide(Tick())  # the journal knows of the time, as a server's does within seconds (ingest.MARK)
        differences = self._differences()
        behind = -self._wall_ahead
        caught_up = min(down, behind)
        self.now += down - caught_up  # a clock that was set back is made up for first: time never goes back
        self.begins -= caught_up
        self._wall_ahead = caught_up - behind
        self._holding = False
        self._held.clear()
        self.answerable.clear()
        self.since.clear()  # what expectations look at is of one run
        if caught_up:
            self.decide(ClockStepped(0, -self._wall_ahead))
        self.decide(Started())
        return differences

    def _differences(self) -> list[str]:
        """And puts the engine that was read back into the place of the one that is gone."""
        found = []
        folded, restored = self._make_engine(), self._make_engine()
        for entry in self.entries:
            folded.fold(entry)
        after, state = self._snapshot
        restored.restore(state)
        for entry in self.entries[after:]:
            restored.fold(entry)
        gone = self.engine
        for name, engine in (("the journal", folded), ("a snapshot and the journal", restored)):
            if engine.state_digest() != gone.state_digest():
                found.append(f"the state read from {name} is not the one that was: {_first_difference(gone, engine)}")
        self.engine = restored
        self.engine.live.sequence = len(self.entries)
        return found

    # ------------------------------------------------------------ the devices

    def connected_twins(self) -> list[str]:
        return [id for id, twin in self.engine.live.twins.items() if twin.plan.connected]

    def heard_of(self, twins: Iterable[str], *, alive: bool, reason: str = "") -> None:
        if paths := tuple(PathStatus(twin, alive, reason) for twin in twins):
            self.decide(SourceStatus(DEVICE, paths))

    def hold(self) -> None:
        self._holding = True

    def send(self) -> None:
        """Everything that was decided and not sent."""
        self._holding = False
        while self._held:
            call_id = self._held.pop(0)
            if not self.decide(AttemptCall(call_id)).refused:
                self.answerable.append(call_id)

    def answer(self, result: CallResult) -> None:
        self.answerable.remove(result.call_id)
        self.decide(result)

    def new_call_id(self) -> str:
        self._calls += 1
        return f"asked-{self._calls}"

    # ------------------------------------------------------------ looking

    def since_told(self) -> list[str]:
        """What has happened since the step began."""
        return [text for outcome in self.since for text in facts(outcome)]

    def owners(self, id: str) -> list[OwnerKey]:
        """Twins and overlays of that id that are there, were there, or have an open alert."""
        live = self.engine.live
        found = {OwnerKey("twin", id): None} if id in live.twins else {}
        found |= {OwnerKey("overlay", id): None} if id in live.overlays else {}
        if not found:
            found = {key.owner: None for key in self.behaviors if key.owner.id == id}
        return list(found)


def _first_difference(one: Engine, other: Engine) -> str:
    """Where two snapshots begin to differ."""
    first, second = (_parts(engine) for engine in (one, other))
    for mine, theirs in zip(first, second, strict=True):
        for left, right in zip(mine, theirs, strict=False) if isinstance(mine, list) else [(mine, theirs)]:
            if left != right:
                return f"{str(left)[:300]} became {str(right)[:300]}"
        if mine != theirs:
            return f"{len(mine)} became {len(theirs)}"
    return "in what is counted"


def _parts(engine: Engine) -> list[Any]:
    """What each twin and overlay has of its own, then all else behind sequence, time and serial."""
    _, (owned,), state = msgspec.msgpack.decode(engine.snapshot())
    return [*owned, *state[3:]]
