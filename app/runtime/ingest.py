"""The one line into the engine: everything that happens is decided, committed, and only then acknowledged and acted on.

One batch at a time: what arrives while a commit runs is the next batch, so the batch size follows the load by itself.
The engine's state runs ahead of the journal during a commit; if that fails the loop ends for good, for the state in
memory then holds things that never happened. A full disk is no failure: the commit waits for space, and with it whoever
is to be told. While the journal has nothing but its reserve, readings wait at their sources, and what was taken before
waits here; timers, commands, calls and their results go on.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from app.errors import Invalid, TwinOverlayError, Unavailable
from app.model.events import (
    CallChanged,
    ClockStepped,
    Command,
    Input,
    Load,
    Note,
    Outcome,
    Reading,
    Redefined,
    ReportSamples,
    Samples,
    SourceStatus,
    Tick,
    Unaccepted,
)
from app.model.time import SECOND, Micros
from app.ports import EngineClock, Journal
from app.runtime.bus import Bus
from app.runtime.clock import STEP
from app.runtime.counting import Counting
from app.runtime.decider import Decider
from app.runtime.metrics import Metrics
from app.runtime.snapshots import Snapshots
from app.runtime.storable import MAX_DEPTH, Storable
from app.runtime.turns import as_one
from app.settings import IngestSettings

log = logging.getLogger("twin_overlay.ingest")
Perform = Callable[[Sequence[CallChanged]], None]
Committed = Callable[[], None]
Answer = asyncio.Future[tuple[int, Outcome]]
_NOTHING = Outcome()
MARK = 5 * SECOND
"""While something waits that a start pauses, the journal hears of the time at least so often: what has passed since the
last entry is lost to a crash, and in a quiet plant that would be as good as everything."""


@dataclass(slots=True)
class _Step:
    """One input with whoever waits for it."""

    input: Input
    answer: Answer | None = None
    committed: Sequence[Committed] = ()
    outcome: Outcome = _NOTHING
    now: Micros = 0
    """At which it is decided."""


class Ingest:
    """Implements ports.Sink and ports.Inbox. `perform` must be set before `run`."""

    def __init__(
        self,
        engine: Decider,
        journal: Journal,
        bus: Bus,
        clock: EngineClock,
        metrics: Metrics,
        settings: IngestSettings,
        snapshot_every: int,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._settings = settings
        self.counting = Counting(metrics, engine.live.tallies.values())
        self._now: Micros = 0
        self._told: Micros = 0
        """The last moment that the journal knows of."""
        self._set_forward: Micros = 0
        """What the engine has been told of the clock in this run."""
        self._asked: deque[_Step] = deque()
        self._reported = 0
        """Readings of ReportSamples in it."""
        self._heard: deque[tuple[Reading, Committed | None] | SourceStatus] = deque()
        self._steps: list[_Step] = []
        self._waits_for_quiet: asyncio.Event | None = None
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._snapshots = Snapshots(engine, journal, snapshot_every)
        self._storable = Storable()
        self.perform: Perform = _nobody
        self.failure: TwinOverlayError | None = None
        """Why the loop has ended; None while it runs or has not started."""
        metrics.count_skipped(lambda: bus.skipped)
        metrics.waiting.set_function(lambda: len(self._heard))

    # ------------------------------------------------------------ ports.Sink

    def offer(self, reading: Reading, committed: Committed | None = None) -> bool:
        if self.failure is not None:
            return False
        if len(self._heard) >= self._settings.max_waiting_readings or self._journal.full:
            self._room.clear()
            return False
        if not self._storable.reading(reading):
            reading = self._without_unstorable(reading)
        self.counting.arrived(reading)
        self._heard.append((reading, committed))
        self._work.set()
        return True

    async def room(self) -> None:
        """Raises Unavailable once the loop has ended."""
        await self._room.wait()
        if self.failure is not None:
            raise self._ended()

    def status(self, status: SourceStatus) -> None:
        # In line with the readings: one that was heard before its path fell silent must not be decided after that.
        last = self._heard[-1] if self._heard else None
        if len(self._heard) < self._settings.max_waiting_readings:
            self._heard.append(status)
        elif isinstance(last, SourceStatus) and last.source == status.source:
            self._heard[-1] = as_one(last, status)
        else:
            self._heard.append(status)
            self._room.clear()
        self._work.set()

    def connected(self, source: str) -> None:
        self.counting.connected(source)

    def reject(self, source: str, reason: str, detail: str, count: int = 1) -> None:
        self.counting.rejected(source, reason, detail, count)

    def _without_unstorable(self, reading: Reading) -> Reading:
        samples, events = [], []
        for sample in reading.samples:
            if self._storable.sample(sample):
                samples.append(sample)
            else:
                self.reject(reading.source, "NotStorable", f"{sample.twin_id}.{sample.property}")
        for event in reading.events:
            if self._storable.event(event):
                events.append(event)
            else:
                self.reject(reading.source, "NotStorable", f"event {event.name} of {event.twin_id}")
        return msgspec.structs.replace(reading, samples=tuple(samples), events=tuple(events))

    # ------------------------------------------------------------ ports.Inbox

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        """Goes before readings that wait. A refused command comes back with `refused` set; it is journaled as well.
        Raises Invalid where the engine can't take it (a plan that is not whole) or no record can hold a value
        (NOT_STORABLE), Unavailable once the loop has ended, (INGEST_FULL, nothing was taken) for samples, and what
        people ask for, while too much of it waits, and (DISK_FULL) for samples while the journal has only its reserve,
        for commands where it has none. Cancelling the caller takes nothing back."""
        if self.failure is not None:
            raise self._ended()
        if self._journal.full:
            self._refuse_what_can_wait(input)
        if isinstance(input, Command) and len(self._asked) >= self._settings.max_waiting_commands:
            raise Unavailable(
                f"{len(self._asked)} commands wait to be taken: this one was not",
                code="INGEST_FULL",
                hint="send it again in a second; where this goes on, look at /readyz and the journal's disk",
            )
        count = len(input.readings) if isinstance(input, ReportSamples) else 0
        waiting = len(self._heard) + self._reported
        if count and waiting and waiting + count > self._settings.max_waiting_readings:
            raise Unavailable(
                f"{waiting} readings wait to be taken: none of these {count} was",
                code="INGEST_FULL",
                hint="send the same again in a second, or in smaller parts",
            )
        if not self._storable.input(input):
            raise Invalid(
                "a value in this request cannot be stored",
                code="NOT_STORABLE",
                hint=f"integers have at most 64 bits, text is valid Unicode, nothing is nested over {MAX_DEPTH} deep",
            )
        answer: Answer = asyncio.get_running_loop().create_future()
        if isinstance(input, ReportSamples):
            for reading in input.readings:
                self.counting.arrived(reading)
        self._asked.append(_Step(input, answer))
        self._reported += count
        self._work.set()
        return await answer

    async def settle(self) -> None:
        """Until all that was heard and asked for is decided and committed, or the loop has ended. What waits for space
        on the disk comes again from its source."""
        if self.failure is None:
            self._waits_for_quiet = asyncio.Event()
            self._work.set()
            await self._waits_for_quiet.wait()

    def _refuse_what_can_wait(self, input: Input) -> None:
        """What was done already (Load, CallResult), or waits for nothing else (AttemptCall), is never refused."""
        space = self._journal.space()
        if isinstance(input, ReportSamples) or (space.state == "none" and isinstance(input, Command | Note)):
            raise Unavailable(space.problem, code="DISK_FULL", hint="the server goes on by itself once there is space")

    # ------------------------------------------------------------ the loop

    def counters(self, source: str) -> tuple[int, dict[str, int]]:
        """(samples accepted, rejected by reason) of a source in this run."""
        return self.counting.of(source)

    def in_flight(self) -> Counter[str]:
        """By source, samples that were received and are not durable yet; counted where they wait."""
        found: Counter[str] = Counter()
        for heard in self._heard:
            if not isinstance(heard, SourceStatus):
                found[heard[0].source] += len(heard[0].samples)
        for step in (*self._steps, *self._asked):
            if isinstance(step.input, Samples | ReportSamples):
                for reading in step.input.readings:
                    found[reading.source] += len(reading.samples)
        return found

    def unaccepted(self) -> Counter[tuple[str, str]]:
        """By source and reason, what was rejected on arrival and is in no record yet."""
        found = Counter(self.counting.waiting())
        for step in self._steps:
            if isinstance(step.input, Unaccepted):
                for source, reason, count in step.input.rejected:
                    found[source, reason] += count
        return found

    async def run(self) -> None:
        """Until cancelled. Raises Unavailable where the journal fails; everyone who waits is told first."""
        beat = asyncio.create_task(self._beat())
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                await self._cycle()
                if self._waits_for_quiet is not None and not self._asked and (self._journal.full or not self._heard):
                    self._waits_for_quiet.set()
        except asyncio.CancelledError:
            self._end(Unavailable("the server is going down", code="SHUTTING_DOWN", hint="try again later"))
            raise
        except TwinOverlayError as error:
            self._end(error)
            raise
        except Exception:  # a bug; what the engine decided last is nowhere but in memory, so going on is no choice
            self._end(Unavailable("an internal error ended the ingest loop", code="INGEST_FAILED"))
            raise
        finally:
            beat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beat

    async def _beat(self) -> None:
        """Time passes even where nothing is heard: wake the loop, which asks the engine whether anything is due."""
        while True:
            await self._clock.sleep(self._settings.tick_seconds)
            self._work.set()

    async def _cycle(self) -> None:
        self._now = max(self._now, self._clock.now())  # engine time never goes back, whoever sets the clock
        stepped = self._clock_steps()
        self._steps = [*stepped, *self._take()]
        now = self._stamp(self._steps, clock_was_set=bool(stepped))
        steps = [step for step in self._steps if self._decide(step)]
        due = self._engine.next_due()
        if due is not None and due <= now:
            outcome = self._engine.decide(Tick(), now)
            if outcome != _NOTHING:
                steps.append(_Step(Tick(), outcome=outcome, now=now))
        if not steps and self._engine.counts_time() and now - self._told >= MARK:
            steps.append(_Step(Tick(), outcome=self._engine.decide(Tick(), now), now=now))
        if not steps:
            return
        began = time.perf_counter()
        last = await self._journal.append([(step.now, step.input, step.outcome) for step in steps])
        self._metrics.commit_seconds.observe(time.perf_counter() - began)
        self._metrics.commits.inc()
        self._engine.live.sequence = last
        self._told = steps[-1].now
        self._steps = []
        self._follow(steps, last - len(steps) + 1)
        self._snapshots.look(last)
        if self._asked or self._heard:
            self._work.set()

    def _clock_steps(self) -> list[_Step]:
        """Before whatever else comes in at the new time: nothing that waits may come early by it."""
        forward, behind = self._clock.set_forward(), self._clock.behind()
        by, self._set_forward = forward - self._set_forward, forward
        if not by and abs(behind - self._engine.live.behind) <= STEP:
            return []
        return [_Step(ClockStepped(by, behind))]

    def _stamp(self, steps: Sequence[_Step], *, clock_was_set: bool) -> Micros:
        """Gives each its moment; the one that has come for the engine. It goes no farther than to the receipt of the
        next reading: a timer must not be met before a reading that was there earlier and has only waited."""
        if clock_was_set:  # then all that waited was received at another time, which is over
            for step in steps:
                step.now = self._now
            return self._now
        line = () if self._journal.full else self._heard  # while the disk is full no timer waits for them
        waiting = (heard[0].received_at for heard in line if not isinstance(heard, SourceStatus))
        until = now = max(self._told, min(self._now, next(waiting, self._now)))
        for step in reversed(steps):
            step.now = until
            if isinstance(step.input, Samples):
                until = max(self._told, min(until, step.input.readings[0].received_at))
        return now

    def _decide(self, step: _Step) -> bool:
        """False where the engine would not have it: then nothing has changed and whoever asked is told."""
        try:
            step.outcome = self._engine.decide(step.input, step.now)
        except Invalid as error:
            if step.answer is None:
                raise
            if not step.answer.done():
                step.answer.set_exception(error)
            return False
        return True

    def _take(self) -> list[_Step]:
        """What people and devices asked for first, then at most a batch of readings, statuses in their place."""
        steps = list(self._asked)
        self._asked.clear()
        self._reported = 0
        if self._journal.full:
            return steps
        if (unaccepted := self.counting.take_unaccepted()) is not None:
            steps.append(_Step(unaccepted))
        readings: list[Reading] = []
        committed: list[Committed] = []
        for _ in range(min(len(self._heard), self._settings.max_batch_readings)):
            heard = self._heard.popleft()
            if isinstance(heard, SourceStatus):
                if readings:
                    steps.append(_Step(Samples(tuple(readings)), committed=committed))
                    readings, committed = [], []
                steps.append(_Step(heard))
            else:
                readings.append(heard[0])
                if heard[1] is not None:
                    committed.append(heard[1])
        if readings:
            steps.append(_Step(Samples(tuple(readings)), committed=committed))
        if len(self._heard) < self._settings.max_waiting_readings:
            self._room.set()
        return steps

    def _follow(self, steps: Sequence[_Step], first: int) -> None:
        """It is durable: acknowledge the sources, tell the subscribers, act, answer whoever asked."""
        for step in steps:
            for committed in step.committed:
                try:
                    committed()
                except Exception:  # a source that is gone can't be acknowledged; it will send again
                    log.exception("acknowledging a reading failed")
        for sequence, step in enumerate(steps, first):
            outcome = step.outcome
            self._bus.publish(sequence, step.now, outcome)
            if isinstance(step.input, Redefined):
                self._bus.redefined(sequence, step.now, step.input)
            if isinstance(step.input, Load | ClockStepped):
                self._bus.changed_by_rule(step.input)
            if isinstance(step.input, Load | Redefined):
                self._bus.definitions_changed()
            self.counting.committed(step.input, outcome)
            for change in outcome.calls:
                self._metrics.calls.labels(change.call.status).inc()
            if calls := [change for change in outcome.calls if change.send]:
                self.perform(calls)
            if step.answer is not None and not step.answer.done():
                step.answer.set_result((sequence, outcome))

    def _end(self, error: TwinOverlayError) -> None:
        self.failure = error
        self._room.set()
        if self._waits_for_quiet is not None:
            self._waits_for_quiet.set()
        for step in (*self._steps, *self._asked):
            if step.answer is not None and not step.answer.done():
                step.answer.set_exception(self._ended())
        self._steps = []
        self._asked.clear()
        self._heard.clear()
        self._snapshots.cancel()

    def _ended(self) -> Unavailable:
        assert self.failure is not None
        return Unavailable(self.failure.message, code=self.failure.code, hint=self.failure.hint)


def _nobody(calls: Sequence[CallChanged]) -> None:
    raise RuntimeError("Ingest.perform was not set: nobody would send the calls that were decided")
