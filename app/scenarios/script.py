"""A `.twins` script as a tree: definitions, what every scenario begins with, and the scenarios, a statement a line.

Names are ids already; whether anything carries them only the run can tell, because a scenario may change definitions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.dtsl.source import Source, Span
from app.model.definitions import Kind, Lifecycle
from app.model.events import AlertTransition, BehaviorState, Evidence
from app.model.time import Micros
from app.model.values import Quality, Value

OwnerWord = Literal["twin", "overlay"]
CompareOp = Literal["==", "!=", "<", "<=", ">", ">="]
Answered = Literal["accepted", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Name:
    id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    """`Pump123.temperature`: a property, method, event or behavior of a twin or an overlay."""

    owner: Name
    name: Name
    kind: OwnerWord | None = None
    """Where it was written, because a twin and an overlay share the id."""


# ---------------------------------------------------------------------------------------------------- definitions


@dataclass(frozen=True, slots=True)
class File:
    """A script, a document or a folder, as written: relative to the script."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """Definitions in the script itself, from `text` of its source, and the scripts that they import."""

    json: bool
    span: Span
    text: Span
    imports: tuple[File, ...] = ()


Definitions = File | Block


# ---------------------------------------------------------------------------------------------------- what is done


@dataclass(frozen=True, slots=True)
class At:
    """`origin`: of the scenario's beginning, of where it is now, or 1970 (a date)."""

    micros: Micros
    origin: Literal["beginning", "now", "epoch"]


@dataclass(frozen=True, slots=True)
class Given:
    target: Member
    value: Value
    quality: Quality | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Set:
    """One reading. `shift`: its source time, seen from now."""

    items: tuple[Given, ...]
    shift: Micros = 0


@dataclass(frozen=True, slots=True)
class Qualify:
    target: Member
    quality: Quality
    reason: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """`twins` is empty for all."""

    does: Literal["disconnect", "reconnect", "reread"]
    twins: tuple[Name, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    target: Member
    parameters: Mapping[str, Value]
    shift: Micros = 0


@dataclass(frozen=True, slots=True)
class Write:
    """`overriding`: why interlocks are not to stand against it."""

    target: Member
    value: Value
    by: str
    overriding: str


@dataclass(frozen=True, slots=True)
class Call:
    target: Member
    arguments: Mapping[str, Value] | tuple[Value, ...]
    by: str
    overriding: str


@dataclass(frozen=True, slots=True)
class AtAlert:
    """What a person does to an open alert of a behavior."""

    does: Literal["acknowledge", "reset", "comment"]
    target: Member
    code: str | None
    by: str
    comment: str


@dataclass(frozen=True, slots=True)
class Shelve:
    """An alert of a behavior, open or not; a `duration` of None ends it."""

    target: Member
    code: str | None
    duration: Micros | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Override:
    does: Literal["force", "out of service", "clear override"]
    target: Member
    by: str
    reason: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`target` None for all that are open."""

    target: Member | None
    status: Answered
    value: Value = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    does: Literal["hold", "send"]


@dataclass(frozen=True, slots=True)
class Edit:
    definitions: Definitions


@dataclass(frozen=True, slots=True)
class Remove:
    kind: Kind
    name: Name


@dataclass(frozen=True, slots=True)
class SetLifecycle:
    overlay: Name
    lifecycle: Lifecycle


@dataclass(frozen=True, slots=True)
class Restart:
    """`down`: how long it was away."""

    down: Micros


@dataclass(frozen=True, slots=True)
class StepClock:
    """The machine's clock is set, forward or (negative) back; no time passes."""

    by: Micros


# ---------------------------------------------------------------------------------------------------- what is expected


@dataclass(frozen=True, slots=True)
class Text:
    """`text` itself, or (`part`) something that has it in it."""

    text: str
    part: bool = False

    def fits(self, found: str) -> bool:
        return self.text in found if self.part else self.text == found


@dataclass(frozen=True, slots=True)
class ExpectProperty:
    """Everything that is not None."""

    target: Member
    op: CompareOp | None = None
    value: Value = None
    known: bool | None = None
    quality: Quality | None = None
    override: Literal["forced", "out_of_service"] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectBehavior:
    """`fired`: it was activated in this step, also one with a pulse, which is never active."""

    target: Member
    state: BehaviorState | None = None
    evidence: Evidence | None = None
    fired: bool = False
    skipped: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class ExpectConnection:
    twin: Name
    status: Literal["connected", "disconnected", "connecting", "unconfigured"]
    reason: str | None = None


AlertFlag = Literal["active", "cleared", "acknowledged", "unacknowledged", "latched", "shelved", "suppressed"]


@dataclass(frozen=True, slots=True)
class ExpectAlert:
    """An open one."""

    target: Member
    severity: str | None = None
    message: Text | None = None
    code: str | None = None
    flags: tuple[AlertFlag, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectNoAlert:
    """None open: of this behavior, or (None) at all."""

    target: Member | None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectAlertFact:
    transition: AlertTransition
    target: Member
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectCall:
    """A call, or (`write`) a write of a property; `arguments` None: any. Without a `status` one that is to be sent."""

    target: Member
    write: bool
    arguments: Mapping[str, Value] | tuple[Value, ...] | None
    status: str | None = None
    code: str | None = None
    """Why it was refused before it was sent: CALL_INTERLOCKED, ..."""
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class ExpectNoCall:
    target: Member | None
    write: bool
    arguments: Mapping[str, Value] | tuple[Value, ...] | None


@dataclass(frozen=True, slots=True)
class ExpectEvent:
    target: Member
    parameters: Mapping[str, Value] | None


@dataclass(frozen=True, slots=True)
class ExpectNothing:
    """No transition, alert or call; with `other` none that an expectation before it has not named."""

    other: bool = False


@dataclass(frozen=True, slots=True)
class ExpectRefused:
    code: str
    message: Text | None = None


@dataclass(frozen=True, slots=True)
class ExpectRejected:
    target: Member
    reason: str


@dataclass(frozen=True, slots=True)
class ExpectWhy:
    """Of the explanation of a behavior, of what keeps it from being active, or of its open alert."""

    of: Literal["behavior", "not", "alert"]
    target: Member
    text: Text


Action = (
    At
    | Set
    | Qualify
    | Link
    | Event
    | Write
    | Call
    | AtAlert
    | Shelve
    | Override
    | Answer
    | Sending
    | Edit
    | Remove
    | SetLifecycle
    | Restart
    | StepClock
)
Expectation = (
    ExpectProperty
    | ExpectBehavior
    | ExpectConnection
    | ExpectAlert
    | ExpectNoAlert
    | ExpectAlertFact
    | ExpectCall
    | ExpectNoCall
    | ExpectEvent
    | ExpectNothing
    | ExpectRefused
    | ExpectRejected
    | ExpectWhy
)


@dataclass(frozen=True, slots=True)
class Line:
    """One statement; `span` is its text."""

    does: Action | Expectation
    span: Span

    @property
    def expects(self) -> bool:
        return isinstance(self.does, Expectation)


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    span: Span
    begins: Micros
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Script:
    source: Source
    definitions: tuple[Definitions, ...] = ()
    opening: tuple[Line, ...] = ()
    """What every scenario begins with."""
    scenarios: tuple[Scenario, ...] = ()

    def files(self) -> list[File]:
        """Everything it names that has to be read."""
        lines = [*self.opening, *(line for scenario in self.scenarios for line in scenario.lines)]
        edits = [line.does.definitions for line in lines if isinstance(line.does, Edit)]
        found: list[File] = []
        for item in (*self.definitions, *edits):
            found += [item] if isinstance(item, File) else item.imports
        return found
