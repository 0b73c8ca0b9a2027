"""The few protocols at which rooms meet. Tests give real parts or small fakes that implement these; nothing is patched.

A port says what its user needs, not what its implementation can do: nothing Neo4j- or SQLite-shaped belongs here.
"""

from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Mapping, Sequence
from typing import BinaryIO, Protocol

from app.model.asked import Calls, ClosedAlerts, Place, Sought
from app.model.assets import Asset
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace
from app.model.beside import Beside, Comparison
from app.model.change import DefinitionChange, FactBatch, LifecycleRecord, RevisionRecord, StoredDefinition
from app.model.connection import CallAnswer, TwinConnection
from app.model.definitions import Kind
from app.model.events import (
    HERE,
    Alert,
    AlertKey,
    Call,
    Entry,
    Input,
    Origin,
    Outcome,
    Reading,
    Shelving,
    SourceStatus,
    Timer,
    TwinEventOccurred,
)
from app.model.explanation import Explanation, WhyNot
from app.model.gap import Gap
from app.model.ledger import Books
from app.model.live import (
    AlertEvidence,
    BehaviorView,
    ClockView,
    Connectivity,
    ConnectorHealth,
    Fault,
    GuardView,
    PathView,
)
from app.model.notifications import TargetHealth
from app.model.plan import BehaviorKey, OwnerKey, OwnerKind, PropertyKey
from app.model.sight import Subject
from app.model.space import Space
from app.model.stored_script import ScriptRevision, StoredScript
from app.model.time import Micros
from app.model.values import Override, PropertyState, Value


class Clock(Protocol):
    def now(self) -> Micros:
        """Wall time."""

    async def sleep(self, seconds: float) -> None: ...


class EngineClock(Clock, Protocol):
    """Also tells what was done to the machine's clock, as of the last `now`."""

    def set_forward(self) -> Micros:
        """By how much it was set forward in this run, all in all: `now` has followed it."""

    def behind(self) -> Micros:
        """How far it stands behind `now`, because it was set back."""


class TwinStore(Protocol):
    """The property graph. Every method may raise Unavailable; a definition change or batch is whole or not at all."""

    async def migrate(self) -> list[int]:
        """Bring the schema up to date; the numbers of the migrations that ran."""

    async def take_over(self) -> int:
        """From here on this process is the graph's actor, whoever was before; its epoch. Every method that writes then
        raises Refused (ACTOR_SUPERSEDED) once another has taken over."""

    async def load(self) -> tuple[int, list[StoredDefinition]]:
        """The catalogue's revision and every definition."""

    async def last_revisions(self, keys: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        """The highest revision number ever given to each id, deleted ones included; absent where there was none."""

    async def save(self, change: DefinitionChange) -> None:
        """Raises Conflict (CATALOGUE_MOVED) where the graph's catalogue revision is not the expected one."""

    async def revisions(
        self, kind: Kind, id: str, *, first: int = 100, before: int | None = None
    ) -> list[RevisionRecord]:
        """Newest first, at most `first`, with numbers below `before`; a deleted id's too."""

    async def changes_after(self, catalogue_revision: int, most: int) -> list[RevisionRecord]:
        """The revisions, of any definition, that were made behind that one, first change first; their `document` is
        "" for a deletion and "{}" otherwise."""

    async def revisions_of(
        self, askers: Sequence[tuple[Kind, str, int | None]], first: int
    ) -> list[list[RevisionRecord]]:
        """The same of several ids at once, of each at most `first`, with numbers below its own."""

    async def revisions_at(self, askers: Sequence[tuple[Kind, str, Micros]]) -> list[RevisionRecord | None]:
        """Of each the last one made by its moment (a deletion perhaps); None where there was none yet."""

    async def lifecycles(self, overlay_ids: Sequence[str]) -> dict[str, list[LifecycleRecord]]:
        """By overlay: with which revisions it came into its lifecycles, newest first; none for an unknown id."""

    async def alerts(self, alert_ids: Sequence[str]) -> list[Alert]: ...

    async def closed_alerts(self, asked: ClosedAlerts, first: int, before: Place | None) -> list[Alert]:
        """Newest first by (raised_at, alert_id), after the given place."""

    async def closed_alerts_of(
        self, sought: Sequence[Sought], asked: ClosedAlerts, first: int, before: Place | None
    ) -> list[list[Alert]]:
        """The same of several askers at once, for each of them."""

    async def calls(self, call_ids: Sequence[str]) -> list[Call]: ...

    async def call_page(self, asked: Calls, first: int, before: Place | None) -> list[Call]:
        """Newest first by (decided_at, call_id), after the given place."""

    async def calls_of(
        self, sought: Sequence[Sought], asked: Calls, first: int, before: Place | None
    ) -> list[list[Call]]:
        """The same of several askers at once, for each of them."""

    async def audit(self, query: AuditQuery, first: int, before: AuditPlace | None) -> list[AuditEntry]:
        """Newest first, after the given place."""

    async def audit_entries(self, entry_ids: Sequence[str]) -> list[AuditEntry]:
        """Those that are there, in no order."""

    async def audit_of(
        self, subjects: Sequence[str], query: AuditQuery, first: int, before: AuditPlace | None
    ) -> list[list[AuditEntry]]:
        """The same about each of several subjects, whatever subject the query has."""

    async def alert_records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        """Newest first, after the given place."""

    async def forget(self, before: Micros, most: int) -> int:
        """Remove at most so many entries of the audit, and transitions of closed alerts, from before that moment; how
        many there were."""

    async def cursor(self) -> int:
        """The last journal sequence that the graph has."""

    async def books(self) -> tuple[int, Books]:
        """The cursor, and what became in the graph of the samples up to it."""

    async def write(self, batch: FactBatch) -> None:
        """Raises Conflict (CURSOR_MOVED) where the graph's cursor is not `batch.after`, Unavailable with GRAPH_FAILED
        where the graph is there and does not take something of it."""

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


class ScriptStore(Protocol):
    """DTSL scripts that are kept. Every method may raise Unavailable; `expected` is the revision that must stand (0 for
    none), else they raise Conflict (REVISION_MOVED) and change nothing."""

    async def ids(self) -> list[str]:
        """Sorted."""

    async def scripts(self, script_ids: Sequence[str]) -> dict[str, StoredScript]:
        """Those that are there."""

    async def declaring(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """By `kind/id` the ids of the scripts that declare it, sorted; none for one that no script does."""

    async def revisions(self, script_id: str, first: int, before: int) -> list[ScriptRevision]:
        """Newest first, with numbers below `before`; a deleted script's too."""

    async def save(
        self,
        script_id: str,
        source: str,
        *,
        at: Micros,
        author: str,
        reason: str,
        expected: int | None,
        declares: Sequence[str] = (),
        origin: Origin = HERE,
    ) -> tuple[StoredScript, bool]:
        """As it is now, and whether anything was changed. `declares`: what is in it, as `kind/id`."""

    async def delete(
        self, script_id: str, *, at: Micros, author: str, reason: str, expected: int | None, origin: Origin = HERE
    ) -> bool:
        """Whether it was there."""


class Journal(Protocol):
    """What happened, in order, durable when `append` returns. One writer.

    A distributed log can stand here (NATS JetStream: a stream of one subject, a durable pull consumer per cursor, the
    snapshot in its object store) if it gives what the rest is built on:
    - one order, numbers that rise by one and are never given out again, whatever is removed;
    - an append that is whole or not there (a batch is one message, or one atomic batch), answered once it survives the
      loss of a machine, in milliseconds, since the plant's decisions wait for it;
    - one writer: an append by a former one is refused (the expected last sequence, sent along), not merged in;
    - reads from any number on, of what several cursors need, without taking anything away;
    - removal of the oldest only, and only behind what `save_snapshot` and the cursors say.
    """

    @property
    def last_sequence(self) -> int:
        """0 for an empty journal."""

    async def append(self, entries: Sequence[tuple[Micros, Input, Outcome]]) -> int:
        """One commit. The last sequence given out; numbers rise by one and never repeat while the files are whole."""

    def read(self, after: int, limit: int = 1000) -> list[Entry]:
        """Entries with a sequence greater than `after`, oldest first. Raises Unavailable where compaction has
        removed some of them."""

    def cursor(self, name: str) -> int:
        """0 where never set. Compaction keeps everything behind the lowest cursor."""

    def cursors(self) -> Mapping[str, int]:
        """All that were ever set and not dropped."""

    async def advance(self, name: str, sequence: int) -> None: ...

    async def drop(self, name: str) -> None:
        """Nobody waits at this cursor any more."""

    async def start_after(self, sequence: int) -> None:
        """Let an empty journal's numbers and cursors begin behind `sequence` (a new journal for an older graph).
        Raises Conflict (JOURNAL_NOT_EMPTY)."""

    @property
    def full(self) -> bool:
        """There is no space but a reserve: nothing is to be appended that can wait (readings, snapshots)."""

    def space(self) -> Space:
        """How much it can still take."""

    @property
    def accepts_gap(self) -> bool:
        """A person said that this server is to go on without records that are lost."""

    def gaps(self) -> Sequence[Gap]:
        """Numbers of which the records are lost. `read` steps over those that were accepted, and over no others."""

    async def noted(self) -> None:
        """The audit has all of `gaps`."""

    async def lose(self, upto: int, why: str) -> None:
        """Go on behind `upto`, a number that was given out and is not here: a gap, accepted."""

    async def save_snapshot(self, sequence: int, state: bytes | bytearray) -> None:
        """Replace the snapshot and remove the entries that neither it nor a cursor needs."""

    def snapshot(self) -> tuple[int, bytes] | None: ...

    async def close(self) -> None: ...


class DefinitionsCopy(Protocol):
    """The definitions once more, where a start without the graph finds them. Never raises: it is only a copy."""

    async def record(self, change: DefinitionChange) -> None:
        """Of a change that the catalogue has taken up."""

    async def replace(self, revision: int, stored: Sequence[StoredDefinition]) -> None:
        """Everything, as of a catalogue revision."""


class Sight(Protocol):
    """Who may see what of the plant."""

    def viewer(self, name: str) -> Hashable:
        """For whom it is decided; the same one for all who may see the same."""

    def may_see(self, viewer: Hashable, subject: Subject) -> bool:
        """Asked for every push, and again for the next one: what somebody may see can change."""


class LiveView(Protocol):
    """The live plant in memory, for reading; consistent at `sequence` between two awaits."""

    @property
    def sequence(self) -> int: ...

    def property_state(self, twin_id: str, name: str) -> PropertyState | None:
        """None for an unknown twin or property."""

    def mark_of(self, twin_id: str) -> object | None:
        """The same object for as long as `property_state` says the same of every property of the twin; None where
        nothing is to be kept by it, as of an unknown twin."""

    def mark_with_behaviors(self, twin_id: str) -> object | None:
        """Likewise, an equal one for as long as `behaviors` says the same of the twin, too."""

    def overrides(self) -> Mapping[PropertyKey, Override]:
        """All that stand; `property_state` has each beside what it stands over."""

    def values(self, name: str, twin_ids: Sequence[str]) -> Sequence[Value]:
        """What conditions may use of one property, twin by twin; None where it is not known, or not there."""

    def owners_with_active(self, kind: OwnerKind, behavior: str) -> set[str]:
        """The ids of the twins, or the overlays, of whose behaviors that one is active."""

    def connectivity(self, twin_id: str) -> Connectivity | None: ...

    def clock(self, twin_id: str) -> ClockView | None:
        """How the twin's source clock stood in this run; None for an unknown twin."""

    def behaviors(self, owner: OwnerKey) -> Sequence[BehaviorView]: ...

    def timers_of(self, key: BehaviorKey) -> Sequence[Timer]:
        """What of a behavior waits for its moment."""

    def why_unknown(self, key: BehaviorKey) -> Sequence[str]:
        """What keeps a behavior's evidence unknown, one line each; empty where it is known or not there."""

    def fault(self, key: BehaviorKey) -> Fault | None:
        """By what mistake a behavior comes to nothing although its values are known; None where by none."""

    def faults(self) -> Sequence[Fault]:
        """Of all behaviors that have one, by owner and name."""

    def explain(self, key: BehaviorKey) -> Explanation | None:
        """Why a behavior is as it is, on the values of now; None for one that is not there."""

    def explain_alert(self, alert: Alert) -> Explanation:
        """Why it was raised, on the values of that moment; of a closed one too."""

    def why_not(self, key: BehaviorKey) -> WhyNot | None:
        """What keeps a behavior from being active; None for one that is not there."""

    def guards(self, twin_id: str) -> Sequence[GuardView]:
        """Every interlock that stands before a twin, its own and those of overlays, in the order in which they are
        looked at; empty for an unknown twin."""

    def retry_at(self, twin_id: str, method: str) -> Micros | None:
        """When a method with a limit may be sent again; None where it may be now."""

    def last_events(self, twin_id: str) -> Sequence[TwinEventOccurred]:
        """Newest first, at most 20."""

    def open_alerts(self) -> Iterable[Alert]: ...

    def shelved(self) -> Mapping[AlertKey, Shelving]:
        """All that stand, raised or not."""

    def against_shelving(self, key: AlertKey, duration: Micros) -> str:
        """Why an alert could not be shelved for so long, "" where it could: `CODE message`."""

    def alert(self, alert_id: str) -> Alert | None:
        """An open one; closed alerts are in the graph."""

    def alert_evidence(self, alert_id: str) -> AlertEvidence | None:
        """What an open alert's condition comes to now; None for a closed one, or where its behavior is gone."""

    def call(self, call_id: str) -> Call | None:
        """One that is not finished yet, or among the last that were."""

    def open_calls(self) -> Iterable[Call]:
        """All that are not finished, in the order in which they were decided."""


class Sink(Protocol):
    """Where a connector puts what it hears. None of it blocks; `room` is how a full one slows its sources."""

    def offer(self, reading: Reading, committed: Callable[[], None] | None = None) -> bool:
        """False where there is no room: nothing was taken, wait for `room` and offer again, or count the loss with
        `reject`. `committed` is called once the reading is durable: acknowledge the source there."""

    async def room(self) -> None: ...

    def status(self, status: SourceStatus) -> None: ...

    def connected(self, source: str) -> None:
        """The connection stands (again): health says so, one log line after an outage."""

    def reject(self, source: str, reason: str, detail: str, count: int = 1) -> None:
        """Something that could not become a sample; counted per connector and shown."""


class Connector(Protocol):
    """One connection to one endpoint. It runs until cancelled or broken and knows nothing of retries."""

    name: str
    protocol: str
    endpoint: str

    @property
    def security(self) -> str:
        """How the connection that stands is secured, for people; empty while none does."""

    async def run(self, sink: Sink) -> None:
        """Connect, report, go on until cancelled; raises Unavailable with the reason where the connection ends, and
        Misconfigured where trying again can't help."""

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer: ...

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer: ...


class Devices(Protocol):
    """Every connector together: what Effects and commands talk to."""

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer: ...

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer: ...

    def reconnect(self, twins: Mapping[str, TwinConnection | None]) -> None:
        """How these twins are connected now, None for those that are not; whoever is not named, and connections that
        need no change, go on undisturbed."""

    def health(self) -> Sequence[ConnectorHealth]: ...

    def time_out(self, twin_id: str, method: str) -> float | None:
        """Seconds that the device may take to answer a call of it; None where the definition does not say."""

    def paths(self, twin_id: str) -> Sequence[PathView]:
        """The ways to its device, the preferred one first; empty for a twin without connectivity."""


class Notifications(Protocol):
    """Whom alerts are told to."""

    def targets(self) -> Sequence[TargetHealth]:
        """In the order of the settings."""

    async def test(self, target: str, by: str) -> str:
        """Send it a message that is about no alert, once; what was not right about it although it was taken. Raises
        NotFound (NOTIFICATION_TARGET_NOT_FOUND), and Unavailable, Misconfigured or Refused as the target does."""


class Past(Protocol):
    """What happened, run again."""

    async def explain(self, key: BehaviorKey, at: Micros) -> Explanation | None:
        """The last turn of a behavior up to that moment; None where it had not turned by then. Raises NotFound
        (HISTORY_NOT_KEPT) where that is not recorded any more, Unavailable (HISTORY_TOO_LONG)."""

    async def compare(self, comparison: Comparison) -> Beside:
        """Running rules beside changed ones, away from this process. Raises Unavailable."""


class Inbox(Protocol):
    """Where inputs that are not readings enter the engine's one line (Ingest)."""

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        """Decided, committed and published when this returns: the sequence and what came of it."""


Allowed = Callable[[Asset | None], None]
"""Told what stands at a path before it is changed; raises what refuses the change."""


class AssetStore(Protocol):
    """The files that documents point to, by their paths without a leading slash (model/assets.py)."""

    async def refresh(self) -> None:
        """Notice what was changed behind its back, unless it looked a moment ago. Raises Unavailable."""

    def find(self, path: str) -> Asset | None:
        """From memory, as of the last `refresh`: thousands may be asked for."""

    def paths(self) -> Sequence[str]:
        """Sorted; from memory, as `find`."""

    async def open(self, path: str) -> tuple[Asset, BinaryIO] | None:
        """As it is now; whoever asks closes it. Raises Unavailable."""

    async def save(self, path: str, content: AsyncIterator[bytes], allowed: Allowed) -> tuple[Asset, bool]:
        """Whole or not at all; whether it is new. Raises Invalid (ASSET_NAME_INVALID, ASSET_TOO_LARGE), Refused
        (ASSETS_FULL), Conflict (ASSET_PATH_TAKEN), Unavailable (DISK_FULL, ASSETS_UNAVAILABLE)."""

    async def delete(self, path: str, allowed: Allowed) -> Asset:
        """What it was. Raises NotFound (ASSET_NOT_FOUND), Unavailable."""
