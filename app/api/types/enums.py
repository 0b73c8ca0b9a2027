"""The enums of the schema but for those of kinds.py; values are the model's words, names their capitals.

`Enum(word)` translates from the model, `.value` back to it.
"""

from enum import Enum
from typing import Any

import strawberry


def word(value: str, *, description: str) -> Any:
    """A member of an enum, which is never without a description; `.value` is then the word itself."""
    return strawberry.enum_value(value, description=description)


@strawberry.enum(description="How far a value can be trusted.")
class Quality(Enum):
    GOOD = word("good", description="Used as it is.")
    UNCERTAIN = word("uncertain", description="Usable and used, with a doubt that `reason` names.")
    BAD = word("bad", description="Not usable: conditions that read it are UNKNOWN.")


@strawberry.enum(description="What a person may put over a property.")
class OverrideKind(Enum):
    OUT_OF_SERVICE = word("out_of_service", description="Nothing may use it: conditions that read it are UNKNOWN.")
    FORCED = word("forced", description="Everybody sees the forced value.")


@strawberry.enum(description="By what mistake a behavior comes to nothing although its values are known.")
class BehaviorFaultReason(Enum):
    CANNOT_RUN = word("cannot_run", description="Its definition can't be run as it is.")
    TYPE_MISMATCH = word(
        "type_mismatch", description="Values are compared, or calculated with, that are not of a kind."
    )
    DIVISION_BY_ZERO = word("division_by_zero", description="It divides by zero, now.")
    OVERFLOW = word("overflow", description="Its arithmetic comes to no finite number, now.")
    NO_RESULT = word("no_result", description="The arithmetic of some members of a role comes to nothing, now.")


@strawberry.enum(description="How serious an alert is, in rising order.")
class AlertSeverity(Enum):
    INFO = word("info", description="To know.")
    WARNING = word("warning", description="To look at when there is time.")
    ERROR = word("error", description="Something does not work as it should; a person acknowledges it.")
    CRITICAL = word("critical", description="At once: people or the plant are in danger; a person acknowledges it.")


@strawberry.enum(description="What a property or parameter holds.")
class DataType(Enum):
    FLOAT = word("float", description="A number.")
    INTEGER = word("integer", description="A whole number of 64 bits.")
    BOOLEAN = word("boolean", description="True or false.")
    STRING = word("string", description="Text.")
    ENUM = word("enum", description="One of `enumValues`.")
    DATETIME = word("datetime", description="ISO 8601 text.")
    ARRAY = word("array", description="A list of `items`.")
    OBJECT = word("object", description="Named parts: its `fields`.")


@strawberry.enum(description="What may be done with a property.")
class Access(Enum):
    READ = word("read", description="Read alone.")
    WRITE = word("write", description="Written alone: its value is what was sent last.")
    READ_WRITE = word("read-write", description="Both.")


@strawberry.enum(description="What kind of thing twins of a type are.")
class TwinKind(Enum):
    EQUIPMENT = word("equipment", description="What does the work: pumps, valves, tanks.")
    SENSOR = word("sensor", description="What measures: its edges monitor by default.")
    CONTROLLER = word("controller", description="What controls: its edges control by default.")


@strawberry.enum(description="Which way an edge runs, seen from the twin.")
class RelationshipDirection(Enum):
    INCOMING = word("incoming", description="The other twin points at this one.")
    OUTGOING = word("outgoing", description="This twin points at the other one.")


@strawberry.enum(description="Which way failure travels along an edge.")
class RelationshipImpact(Enum):
    FORWARD = word("forward", description="The target suffers from its source.")
    BACKWARD = word("backward", description="The source suffers from its target.")
    BOTH = word("both", description="Each suffers from the other.")
    NONE = word("none", description="Neither does.")


@strawberry.enum(description="Which edges a traversal follows.")
class TraversalDirection(Enum):
    INCOMING = word("incoming", description="Against the edges: upstream.")
    OUTGOING = word("outgoing", description="Along the edges: downstream.")
    BOTH = word("both", description="Either way.")


@strawberry.enum(description="What twins and overlays can be ordered by, beside a property.")
class OrderField(Enum):
    ID = word("id", description="By the id.")
    TYPE = word("type", description="By the typeId; overlays without a type come first.")
    UPDATED = word("updated", description="By the time of the last change of the document.")


@strawberry.enum(description="Which way up an order is.")
class OrderDirection(Enum):
    ASC = word("ascending", description="The least first.")
    DESC = word("descending", description="The greatest first.")


@strawberry.enum(description="Whether a behavior is on.")
class BehaviorState(Enum):
    ACTIVE = word("active", description="On: its condition came to hold, and has not ended since.")
    INACTIVE = word("inactive", description="Off.")


@strawberry.enum(description="What a behavior's condition came to at its last evaluation.")
class Evidence(Enum):
    TRUE = word("true", description="It holds.")
    FALSE = word("false", description="It does not.")
    UNKNOWN = word("unknown", description="A value it needs is not known; the state is held.")


@strawberry.enum(description="What a behavior does with calls and writes when its condition is TRUE as it is loaded.")
class OnLoad(Enum):
    WITHHOLD = word("withhold", description="They are recorded and not done.")
    ACT = word("act", description="They are done.")


@strawberry.enum(description="Whether readings can reach a twin.")
class ConnectionStatus(Enum):
    CONNECTED = word("connected", description="They do.")
    DISCONNECTED = word("disconnected", description="`reason` says why; values are the last known.")
    CONNECTING = word("connecting", description="No contact yet since the server started.")
    UNCONFIGURED = word("unconfigured", description="The twin has no connectivity.")


@strawberry.enum(description="Whether a simulation runs for a twin.")
class SimulationState(Enum):
    DISABLED = word("disabled", description="The definition does not enable one.")
    STOPPED = word("stopped", description="Enabled in the definition, but nothing runs it now.")


@strawberry.enum(description="How a connection to a device or broker stands.")
class ConnectorStatus(Enum):
    CONNECTING = word("connecting", description="The first try is under way.")
    CONNECTED = word("connected", description="It stands, and all that is asked of it is there.")
    DEGRADED = word(
        "degraded",
        description="It stands, but nodes or topics are missing or refused, or twins of it are silent.",
    )
    DISCONNECTED = word("disconnected", description="Lost, or not had yet; it is tried again.")
    FAILED = word("failed", description="Trying again can't help: `lastError` says what to change.")


@strawberry.enum(description="How a notification target is told.")
class NotificationKind(Enum):
    WEBHOOK = word("webhook", description="HTTP POST of a JSON document.")
    MQTT = word("mqtt", description="A message on a broker's topic, at QoS 1.")
    SMTP = word("smtp", description="A mail.")


@strawberry.enum(description="Whether a notification target takes what it is told.")
class NotificationTargetState(Enum):
    OK = word("ok", description="It took the last message, or has been sent none yet.")
    RETRYING = word("retrying", description="The last try failed; it is tried again.")
    FAILED = word(
        "failed", description="It does not let us in, or has failed for over five minutes; it is tried all the same."
    )


@strawberry.enum(description="How far a call to a device has come.")
class CallStatus(Enum):
    DECIDED = word("decided", description="Decided and not sent yet.")
    ATTEMPTED = word("attempted", description="Being sent; no answer yet.")
    ACCEPTED = word("accepted", description="The device took it.")
    REFUSED = word(
        "refused",
        description="The device said no or, with a `refusal`, an interlock or a limit did before it was sent.",
    )
    FAILED = word("failed", description="No answer, or an error on the way: `error` says which.")
    WITHHELD = word("withheld", description="Not sent: its behavior was already active when loaded.")
    EXPIRED = word("expired", description="Not sent: too old when it could have been.")
    INDETERMINATE = word("indeterminate", description="Sent before a crash; the answer is unknown.")


@strawberry.enum(description="Why a call was refused before it was sent.")
class RefusalCode(Enum):
    CALL_INTERLOCKED = word(
        "CALL_INTERLOCKED", description="An interlock stood against it: its condition was true, or not known."
    )
    CALL_RATE_LIMITED = word(
        "CALL_RATE_LIMITED", description="As many as the method allows had been sent within the time."
    )
    CALL_TOO_SOON = word("CALL_TOO_SOON", description="The method's least interval since the last send had not passed.")


@strawberry.enum(description="What became of an action of a behavior.")
class ActionOutcome(Enum):
    DONE = word("done", description="An alert was raised, an event emitted, a property set.")
    DECIDED = word("decided", description="A call is on its way; what the device says is the call's.")
    WITHHELD = word("withheld", description="The condition was true already when it was loaded.")
    SKIPPED = word("skipped", description="Not done: `reason` says why.")
    WAITING = word("waiting", description="Behind a required call, within its on-delay, or expected and not seen yet.")


@strawberry.enum(description="What came of a part of a behavior that waited.")
class PartOutcome(Enum):
    ESCALATED = word("escalated", description="The escalation was done.")
    ACKNOWLEDGED = word("acknowledged", description="A person had acknowledged: it was not needed.")
    OBSERVED = word("observed", description="What was expected was seen in time.")
    MISSED = word("missed", description="It was not seen in time.")
    UNKNOWN = word("unknown", description="In time nothing was known of it.")


@strawberry.enum(description="What happened to an alert.")
class AlertTransition(Enum):
    RAISED = word("raised", description="Its condition came to hold, for the first time or again.")
    UPDATED = word("updated", description="Its message has grown, or a clock was set and its shelving moved.")
    CLEARED = word("cleared", description="Its condition ended.")
    RESET = word("reset", description="A person ended a latched one.")
    ACKNOWLEDGED = word("acknowledged", description="A person has seen it.")
    RE_ALARMED = word("re_alarmed", description="Still active so long after its acknowledgement: unacknowledged again.")
    COMMENTED = word("commented", description="A person noted something.")
    SHELVED = word("shelved", description="A person put it aside for a while.")
    UNSHELVED = word("unshelved", description="That is over, by its time or by a person.")
    SUPPRESSED = word("suppressed", description="A behavior that suppresses it became active.")
    UNSUPPRESSED = word("unsuppressed", description="None does any more.")
    CLOSED = word("closed", description="Nothing is left to wait for; it never opens again.")


@strawberry.enum(description="How much the journal can still take.")
class SpaceState(Enum):
    ENOUGH = word("enough", description="More is free than the server warns of.")
    LOW = word("low", description="Less is free than the server warns of.")
    RESERVE = word(
        "reserve", description="The disk is full: no readings are taken, what must not wait goes on in the reserve."
    )
    NONE = word("none", description="The reserve is used up too: everything waits for space.")


@strawberry.enum(description="What somebody did.")
class AuditKind(Enum):
    DEFINITION = word("definition", description="Changed definitions; `details` counts them.")
    SCRIPT = word("script", description="Stored or deleted a script.")
    WRITE = word("write", description="Set a property, on the device where it is mapped.")
    CALL = word("call", description="Called a method.")
    ACKNOWLEDGEMENT = word("acknowledgement", description="Acknowledged alerts.")
    RESET = word("reset", description="Reset a latched alert.")
    COMMENT = word("comment", description="Noted something about an alert.")
    SHELVING = word("shelving", description="Shelved an alert.")
    UNSHELVING = word("unshelving", description="Ended that, or its time or a definition change did.")
    OVERRIDE = word("override", description="Took a property out of service, or forced it.")
    OVERRIDE_END = word("override_end", description="Ended that, or a definition change did.")
    REPORT = word("report", description="Reported samples; only where that was refused.")
    ASSET = word("asset", description="Uploaded or deleted a file.")
    JOURNAL = word(
        "journal", description="The server went on without records that its journal had lost; `what` says which."
    )
    NOTIFICATION = word(
        "notification", description="Tried out a notification target; by the server: gave up to deliver something."
    )
    PATH = word("path", description="Hears a twin by another of its paths, `what`, from then on.")


@strawberry.enum(description="What became of what somebody did.")
class AuditOutcome(Enum):
    DONE = word("done", description="It was done.")
    REFUSED = word("refused", description="By the server or by the device: see `message`.")
    DECIDED = word("decided", description="On its way to a device; another entry tells the end.")
    ACCEPTED = word("accepted", description="The device took it.")
    FAILED = word("failed", description="No answer, or an error on the way.")
    WITHHELD = word("withheld", description="Not sent, see `Call.error`.")
    EXPIRED = word("expired", description="It became too old before it could be sent.")
    INDETERMINATE = word("indeterminate", description="Sent, and the server stopped before the answer.")


@strawberry.enum(description="Who can do something.")
class AuditActorKind(Enum):
    PERSON = word("person", description="Whoever a request names.")
    BEHAVIOR = word("behavior", description="`owner/behavior`.")
    ENGINE = word("engine", description="A timer, or what follows from a restart.")


@strawberry.enum(description="What a behavior does.")
class RehearsedFact(Enum):
    ACTIVATION = word("activation", description="It becomes active, or fires.")
    ALERT = word("alert", description="It raises an alert.")
    CALL = word("call", description="It calls a method or writes a property.")


@strawberry.enum(description="What devices answer to the calls of a rehearsal.")
class Answers(Enum):
    ACCEPT = word("accept", description="They accept them.")
    REFUSE = word("refuse", description="They refuse them.")
    NOTHING = word("nothing", description="They are sent and not answered.")


@strawberry.enum(description="What led to something.")
class CauseKind(Enum):
    READING = word("reading", description="A reading of a connector.")
    BEHAVIOR = word("behavior", description="What a behavior did.")
    COMMAND = word("command", description="A person's command.")
    CALL = word("call", description="What became of a call.")
    LOAD = word("load", description="A change of definitions.")
    SOURCE = word("source", description="News of the path to a device.")
    TICK = word("tick", description="The passing of time.")


@strawberry.enum(description="The kinds of definitions.")
class DefinitionKind(Enum):
    RELATIONSHIP_TYPE = word("relationship_type", description="How edges of a type carry failure.")
    TWIN_TYPE = word("twin_type", description="What twins of a type are.")
    TWIN = word("twin", description="One thing of the plant.")
    OVERLAY_TYPE = word("overlay_type", description="What overlays of a type do with those in their roles.")
    OVERLAY = word("overlay", description="A system of twins.")


@strawberry.enum(description="What was done to a definition.")
class DefinitionChangeKind(Enum):
    CREATED = word("created", description="Nothing had its id before, or what had was deleted.")
    UPDATED = word("updated", description="Another document took the place of the one before.")
    DELETED = word("deleted", description="It is gone; its revisions stay.")


@strawberry.enum(description="Who owns a behavior.")
class OwnerKind(Enum):
    TWIN = word("twin", description="A twin.")
    OVERLAY = word("overlay", description="An overlay.")


@strawberry.enum(description="How far an overlay is in its life.")
class OverlayState(Enum):
    DRAFT = word("draft", description="Not ready: it may have open roles, has no edges, and no behavior of it runs.")
    ACTIVE = word("active", description="All of it is in effect.")
    SUSPENDED = word("suspended", description="No behavior of it runs; its roles and edges stay, and values are live.")
    RETIRED = word(
        "retired", description="Out of use: as a draft, and only found when asked for; it can become a draft again."
    )


@strawberry.enum(description="What becomes of those that use what is deleted.")
class DeleteCascade(Enum):
    UNBIND = word(
        "unbind", description="They go on without it; refused (IN_USE) where a role that must be filled would be empty."
    )


@strawberry.enum(description="What saving a document did.")
class SaveResult(Enum):
    CREATED = word("created", description="It is new.")
    UPDATED = word("updated", description="It replaced what there was.")
    UNCHANGED = word("unchanged", description="The document was already so; the revision stays.")


@strawberry.enum(description="What was done to a place of a document.")
class DifferenceKind(Enum):
    ADD = word("add", description="It is new there.")
    REMOVE = word("remove", description="It is gone from there.")
    REPLACE = word("replace", description="Another value stands there.")


@strawberry.enum(description="How serious a remark about a script is.")
class DiagnosticSeverity(Enum):
    ERROR = word("error", description="The script is not executed.")
    WARNING = word("warning", description="It is, and is probably not what was meant.")
    INFO = word("info", description="To know.")
