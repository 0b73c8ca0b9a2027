"""The pure engine: one input and a moment in, one Outcome out. It reads no clock, waits for nothing and does no I/O.

`decide` has changed the state when it returns, before anything is durable: commit the Outcome next, or stop for good.
Engine time never goes back: a `now` before the last one counts as the last one. Readings come at their receipt, however
late they are decided; what they lead to is stamped with that.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.engine import actions, alarms, calls, due, flood, load, overrides, paths, samples, shelving, timing, waits
from app.engine.behaviors import settle
from app.engine.counted import Counted
from app.engine.fold import fold
from app.engine.live import LiveState
from app.engine.part import Part, reached
from app.engine.state import State, digest, fill, restore, snapshot, state_of
from app.engine.step import Step
from app.engine.taking import FEW, PIECE, Taking
from app.errors import Invalid
from app.model.events import (
    AcknowledgeAlert,
    AcknowledgeAlerts,
    AttemptCall,
    CallResult,
    ClearOverride,
    ClockStepped,
    CommentAlert,
    EngineSettings,
    Entry,
    Input,
    Load,
    Note,
    Outcome,
    Redefined,
    ReportSamples,
    RequestCall,
    ResetAlert,
    Samples,
    SetManual,
    SetOverride,
    ShelveAlert,
    SourceStatus,
    Started,
    Tick,
    Unaccepted,
    UnshelveAlert,
)
from app.model.ledger import Tally
from app.model.plan import OverlayPlan, OwnerKey, PropertyKey
from app.model.time import SECOND, Micros


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the engine runs, by id: of twins (revision, shape_id)."""

    twins: dict[str, tuple[int, str]]
    overlays: dict[str, OverlayPlan]
    catalogue_revision: int


class Engine:
    """Settings are part of the state: a Started or a snapshot that has others brings those."""

    def __init__(self, max_skew: Micros = 5 * SECOND, call_deadline: Micros = 30 * SECOND) -> None:
        self._live = LiveState(EngineSettings(max_skew, call_deadline))
        self._taking: Taking | None = None

    @property
    def live(self) -> LiveState:
        """The same object for the engine's life, `restore` included."""
        return self._live

    def decide(self, input: Input, now: Micros) -> Outcome:
        """Raises Invalid for a Load whose plan is not whole (nothing has changed then); nothing else raises."""
        live = self._live
        last = live.time
        now = live.time = now if now > last else last
        live.counting_since = live.counting_since or now
        step = Step(live, now, live.settings.max_skew)
        calls.forget_unread(live, input)
        refused = ""
        if isinstance(input, Samples | ReportSamples):
            step.now = live.time = last
        elif not isinstance(input, Load | Started | ClockStepped):
            due.meet(step)
        match input:
            case Samples(readings=readings):
                counted, timers, stale = Counted(step), live.timers, live.stale
                max_skew = live.settings.max_skew
                for reading in readings:
                    at = reading.received_at
                    if at > step.now:
                        step.now = live.time = at if at < now else now
                    if timers.soonest <= step.now or stale.soonest <= step.now:
                        due.meet(step)
                    samples.take(step, counted, reading, max_skew)
                due.come_to(step, now)
                counted.close()
            case ReportSamples(readings=readings, by=by):
                first, counted = 0, Counted(step)
                for reading in readings:
                    due.come_to(step, min(reading.received_at, now))
                    samples.report(step, counted, reading, by, live.settings.max_skew, first)
                    first += len(reading.samples)
                due.come_to(step, now)
                counted.close()
            case Unaccepted(rejected=rejected):
                for source, reason, count in rejected:
                    step.tally(Tally(source, received=count, rejected={reason: count}))
            case SourceStatus(source=source, paths=statuses):
                for status in statuses:
                    paths.hear(step, status, source)
            case Tick() | Note():
                pass
            case Redefined(catalogue_revision=revision):
                live.catalogue_revision = revision
            case Load():
                try:
                    load.decide(step, input)
                except Invalid:
                    live.time = last  # nothing has been decided: no entry will say that it is later
                    raise
            case Started(settings=settings):
                live.settings = settings or live.settings
                live.begin_run(last)
                calls.settle_last_run(step)
                waits.follow_all(step)
                timing.begin(step)
                settle(step)
            case ClockStepped(by=by, behind=behind):
                live.step_clock(by, behind)
                shelving.show_moved(step)
            case AcknowledgeAlert():
                refused = alarms.acknowledge(step, input)
            case AcknowledgeAlerts():
                refused = alarms.acknowledge_all(step, input)
            case ResetAlert():
                refused = alarms.reset(step, input)
            case CommentAlert():
                refused = alarms.comment(step, input)
            case ShelveAlert():
                refused = shelving.shelve(step, input)
            case UnshelveAlert():
                refused = shelving.unshelve(step, input)
            case SetManual():
                refused = calls.set_by_person(step, input)
                settle(step)
            case SetOverride():
                refused = overrides.put(step, input)
            case ClearOverride():
                refused = overrides.clear(step, input)
            case RequestCall():
                refused = calls.request(step, input)
            case AttemptCall():
                refused = calls.attempt(step, input, live.settings.call_deadline)
            case CallResult():
                refused = calls.finish(step, input)
        if live.waiting:
            calls.settle_waiting(step, live.settings.call_deadline)
        if live.unread:
            calls.read_back(step)
        if step.answered:
            actions.go_on(step)
            settle(step)
        flood.look(step)
        outcome = step.outcome(refused)
        if self._taking is not None and not self._taking.saw(input, outcome):
            self._taking = None
        return outcome

    def fold(self, entry: Entry) -> None:
        """Lands a journal entry without deciding anything."""
        fold(self._live, entry)

    def next_due(self) -> Micros | None:
        """When a Tick would do something; None for never."""
        live = self._live
        moments = [live.stale.next_due(), live.timers.next_due()]
        if live.waiting:
            decided_at = min(live.elapsed.from_then(live.calls[call_id].decided_at) for call_id in live.waiting)
            moments.append(decided_at + live.settings.call_deadline)
        return min((moment for moment in moments if moment is not None), default=None)

    def counts_time(self) -> bool:
        """Whether something runs that a start would pause: then the journal is to know of the time (ingest.py)."""
        return self._live.timers.counting > 0

    def snapshot(self) -> bytes:
        return snapshot(self._live)

    def take(self, piece: int = PIECE, few: int = FEW) -> Taking:
        """A snapshot to be taken a little at a time between decisions, in place of any that was begun."""
        self._taking = Taking(self._live, piece, few)
        return self._taking

    def restore(self, state: bytes) -> None:
        """Raises Unavailable (SNAPSHOT_UNREADABLE) for bytes that are no snapshot of this version."""
        restore(self._live, state)

    def state_digest(self) -> str:
        """Equal for equal states, however they were reached: decided, folded or restored."""
        return digest(self._live)

    def loaded(self) -> Loaded:
        live = self._live
        return Loaded(
            {id: (twin.plan.revision, twin.plan.shape_id) for id, twin in live.twins.items()},
            {id: overlay.plan for id, overlay in live.overlays.items()},
            live.catalogue_revision,
        )

    def part(self, properties: Iterable[PropertyKey], paths: Iterable[str], most: int) -> "Apart":
        """What changes of these can reach, to be made an engine of its own by whoever likes, wherever. Raises TooWide
        where that is more than `most` twins and overlays."""
        return self.apart(reached(self._live, properties, paths, most))

    def apart(self, part: Part) -> "Apart":
        """What `reach` found, to be made an engine of its own."""
        return Apart(part, state_of(self._live, part))

    def reach(self, owners: Iterable[OwnerKey], most: int) -> Part:
        """What a change of these owners' rules can reach. Raises TooWide."""
        return reached(self._live, (), (), most, owners)


@dataclass(frozen=True, slots=True)
class Apart:
    """A part of the live plant, as it was."""

    part: Part
    state: State

    def engine(self) -> Engine:
        """A new one each time; it knows nothing of the live one."""
        engine = Engine()
        fill(engine.live, self.state)
        return engine
