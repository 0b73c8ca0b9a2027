"""Every enum of the schema; values are the model's words, names their capitals.

`Enum(word)` translates from the model, `.value` back to it.
"""

from enum import Enum

import strawberry


@strawberry.enum(description="How far a value can be trusted.")
class Quality(Enum):
    GOOD = "good"
    UNCERTAIN = strawberry.enum_value("uncertain", description="Usable and used, with a doubt that `reason` names.")
    BAD = strawberry.enum_value("bad", description="Not usable: conditions that read it are UNKNOWN.")


@strawberry.enum(description="What a person may put over a property.")
class OverrideKind(Enum):
    OUT_OF_SERVICE = strawberry.enum_value(
        "out_of_service", description="Nothing may use it: conditions that read it are UNKNOWN."
    )
    FORCED = strawberry.enum_value("forced", description="Everybody sees the forced value.")


@strawberry.enum(description="By what mistake a behavior comes to nothing although its values are known.")
class BehaviorFaultReason(Enum):
    CANNOT_RUN = strawberry.enum_value("cannot_run", description="Its definition can't be run as it is.")
    TYPE_MISMATCH = strawberry.enum_value(
        "type_mismatch", description="Values are compared, or calculated with, that are not of a kind."
    )
    DIVISION_BY_ZERO = strawberry.enum_value("division_by_zero", description="It divides by zero, now.")
    OVERFLOW = strawberry.enum_value("overflow", description="Its arithmetic comes to no finite number, now.")
    NO_RESULT = strawberry.enum_value(
        "no_result", description="The arithmetic of some members of a role comes to nothing, now."
    )


@strawberry.enum(description="How serious an alert is, in rising order.")
class AlertSeverity(Enum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


@strawberry.enum(description="What a property or parameter holds.")
class DataType(Enum):
    FLOAT = "float"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    STRING = "string"
    ENUM = strawberry.enum_value("enum", description="One of `enumValues`.")
    DATETIME = strawberry.enum_value("datetime", description="ISO 8601 text.")
    ARRAY = strawberry.enum_value("array", description="A list of `items`.")
    OBJECT = strawberry.enum_value("object", description="Named parts: its `fields`.")


@strawberry.enum(description="What may be done with a property.")
class Access(Enum):
    READ = "read"
    WRITE = "write"
    READ_WRITE = "read-write"


@strawberry.enum(description="What kind of thing twins of a type are.")
class TwinKind(Enum):
    EQUIPMENT = "equipment"
    SENSOR = "sensor"
    CONTROLLER = "controller"


@strawberry.enum(description="Which way an edge runs, seen from the twin.")
class RelationshipDirection(Enum):
    INCOMING = strawberry.enum_value("incoming", description="The other twin points at this one.")
    OUTGOING = strawberry.enum_value("outgoing", description="This twin points at the other one.")


@strawberry.enum(description="Which way failure travels along an edge.")
class RelationshipImpact(Enum):
    FORWARD = strawberry.enum_value("forward", description="The target suffers from its source.")
    BACKWARD = strawberry.enum_value("backward", description="The source suffers from its target.")
    BOTH = strawberry.enum_value("both", description="Each suffers from the other.")
    NONE = strawberry.enum_value("none", description="Neither does.")


@strawberry.enum(description="Which edges a traversal follows.")
class TraversalDirection(Enum):
    INCOMING = strawberry.enum_value("incoming", description="Against the edges: upstream.")
    OUTGOING = strawberry.enum_value("outgoing", description="Along the edges: downstream.")
    BOTH = strawberry.enum_value("both", description="Either way.")


@strawberry.enum(description="What twins and overlays can be ordered by, beside a property.")
class OrderField(Enum):
    ID = "id"
    TYPE = strawberry.enum_value("type", description="By the typeId; overlays without a type come first.")
    UPDATED = strawberry.enum_value("updated", description="By the time of the last change of the document.")


@strawberry.enum(description="Which way up an order is.")
class OrderDirection(Enum):
    ASC = "ascending"
    DESC = "descending"


@strawberry.enum(description="Whether a behavior is on.")
class BehaviorState(Enum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@strawberry.enum(description="What a behavior's condition came to at its last evaluation.")
class Evidence(Enum):
    TRUE = "true"
    FALSE = "false"
    UNKNOWN = strawberry.enum_value("unknown", description="A value it needs is not known; the state is held.")


@strawberry.enum(description="What a behavior does with calls and writes when its condition is TRUE as it is loaded.")
class OnLoad(Enum):
    WITHHOLD = "withhold"
    ACT = "act"


@strawberry.enum(description="Whether readings can reach a twin.")
class ConnectionStatus(Enum):
    CONNECTED = "connected"
    DISCONNECTED = strawberry.enum_value("disconnected", description="`reason` says why; values are the last known.")
    CONNECTING = strawberry.enum_value("connecting", description="No contact yet since the server started.")
    UNCONFIGURED = strawberry.enum_value("unconfigured", description="The twin has no connectivity.")


@strawberry.enum(description="Whether a simulation runs for a twin.")
class SimulationState(Enum):
    DISABLED = strawberry.enum_value("disabled", description="The definition does not enable one.")
    STOPPED = strawberry.enum_value("stopped", description="Enabled in the definition, but nothing runs it now.")


@strawberry.enum(description="How a connection to a device or broker stands.")
class ConnectorStatus(Enum):
    CONNECTING = strawberry.enum_value("connecting", description="The first try is under way.")
    CONNECTED = strawberry.enum_value("connected", description="It stands, and all that is asked of it is there.")
    DEGRADED = strawberry.enum_value(
        "degraded",
        description="It stands, but nodes or topics are missing or refused, or twins of it are silent.",
    )
    DISCONNECTED = strawberry.enum_value("disconnected", description="Lost, or not had yet; it is tried again.")
    FAILED = strawberry.enum_value("failed", description="Trying again can't help: `lastError` says what to change.")


@strawberry.enum(description="How a notification target is told.")
class NotificationKind(Enum):
    WEBHOOK = strawberry.enum_value("webhook", description="HTTP POST of a JSON document.")
    MQTT = strawberry.enum_value("mqtt", description="A message on a broker's topic, at QoS 1.")
    SMTP = strawberry.enum_value("smtp", description="A mail.")


@strawberry.enum(description="Whether a notification target takes what it is told.")
class NotificationTargetState(Enum):
    OK = strawberry.enum_value("ok", description="It took the last message, or has been sent none yet.")
    RETRYING = strawberry.enum_value("retrying", description="The last try failed; it is tried again.")
    FAILED = strawberry.enum_value(
        "failed", description="It does not let us in, or has failed for over five minutes; it is tried all the same."
    )


@strawberry.enum(description="How far a call to a device has come.")
class CallStatus(Enum):
    DECIDED = strawberry.enum_value("decided", description="Decided and not sent yet.")
    ATTEMPTED = strawberry.enum_value("attempted", description="Being sent; no answer yet.")
    ACCEPTED = strawberry.enum_value("accepted", description="The device took it.")
    REFUSED = strawberry.enum_value(
        "refused",
        description="The device said no or, with a `refusal`, an interlock or a limit did before it was sent.",
    )
    FAILED = strawberry.enum_value("failed", description="No answer, or an error on the way: `error` says which.")
    WITHHELD = strawberry.enum_value("withheld", description="Not sent: its behavior was already active when loaded.")
    EXPIRED = strawberry.enum_value("expired", description="Not sent: too old when it could have been.")
    INDETERMINATE = strawberry.enum_value("indeterminate", description="Sent before a crash; the answer is unknown.")


@strawberry.enum(description="Why a call was refused before it was sent.")
class RefusalCode(Enum):
    CALL_INTERLOCKED = strawberry.enum_value(
        "CALL_INTERLOCKED", description="An interlock stood against it: its condition was true, or not known."
    )
    CALL_RATE_LIMITED = strawberry.enum_value(
        "CALL_RATE_LIMITED", description="As many as the method allows had been sent within the time."
    )
    CALL_TOO_SOON = strawberry.enum_value(
        "CALL_TOO_SOON", description="The method's least interval since the last send had not passed."
    )


@strawberry.enum(description="What became of an action of a behavior.")
class ActionOutcome(Enum):
    DONE = strawberry.enum_value("done", description="An alert was raised, an event emitted, a property set.")
    DECIDED = strawberry.enum_value("decided", description="A call is on its way; what the device says is the call's.")
    WITHHELD = strawberry.enum_value("withheld", description="The condition was true already when it was loaded.")
    SKIPPED = strawberry.enum_value("skipped", description="Not done: `reason` says why.")
    WAITING = strawberry.enum_value(
        "waiting", description="Behind a required call, within its on-delay, or expected and not seen yet."
    )


@strawberry.enum(description="What came of a part of a behavior that waited.")
class PartOutcome(Enum):
    ESCALATED = strawberry.enum_value("escalated", description="The escalation was done.")
    ACKNOWLEDGED = strawberry.enum_value("acknowledged", description="A person had acknowledged: it was not needed.")
    OBSERVED = strawberry.enum_value("observed", description="What was expected was seen in time.")
    MISSED = strawberry.enum_value("missed", description="It was not seen in time.")
    UNKNOWN = strawberry.enum_value("unknown", description="In time nothing was known of it.")


@strawberry.enum(description="What happened to an alert.")
class AlertTransition(Enum):
    RAISED = strawberry.enum_value("raised", description="Its condition came to hold, for the first time or again.")
    UPDATED = strawberry.enum_value(
        "updated", description="Its message has grown, or a clock was set and its shelving moved."
    )
    CLEARED = strawberry.enum_value("cleared", description="Its condition ended.")
    RESET = strawberry.enum_value("reset", description="A person ended a latched one.")
    ACKNOWLEDGED = "acknowledged"
    RE_ALARMED = strawberry.enum_value(
        "re_alarmed", description="Still active so long after its acknowledgement: unacknowledged again."
    )
    COMMENTED = "commented"
    SHELVED = strawberry.enum_value("shelved", description="A person put it aside for a while.")
    UNSHELVED = strawberry.enum_value("unshelved", description="That is over, by its time or by a person.")
    SUPPRESSED = strawberry.enum_value("suppressed", description="A behavior that suppresses it became active.")
    UNSUPPRESSED = strawberry.enum_value("unsuppressed", description="None does any more.")
    CLOSED = strawberry.enum_value("closed", description="Nothing is left to wait for; it never opens again.")


@strawberry.enum(description="What somebody did.")
class AuditKind(Enum):
    DEFINITION = strawberry.enum_value("definition", description="Changed definitions; `details` counts them.")
    SCRIPT = strawberry.enum_value("script", description="Stored or deleted a script.")
    WRITE = strawberry.enum_value("write", description="Set a property, on the device where it is mapped.")
    CALL = strawberry.enum_value("call", description="Called a method.")
    ACKNOWLEDGEMENT = strawberry.enum_value("acknowledgement", description="Acknowledged alerts.")
    RESET = strawberry.enum_value("reset", description="Reset a latched alert.")
    COMMENT = strawberry.enum_value("comment", description="Noted something about an alert.")
    SHELVING = strawberry.enum_value("shelving", description="Shelved an alert.")
    UNSHELVING = strawberry.enum_value("unshelving", description="Ended that, or its time or a definition change did.")
    OVERRIDE = strawberry.enum_value("override", description="Took a property out of service, or forced it.")
    OVERRIDE_END = strawberry.enum_value("override_end", description="Ended that, or a definition change did.")
    REPORT = strawberry.enum_value("report", description="Reported samples; only where that was refused.")
    ASSET = strawberry.enum_value("asset", description="Uploaded or deleted a file.")
    JOURNAL = strawberry.enum_value(
        "journal", description="The server went on without records that its journal had lost; `what` says which."
    )
    NOTIFICATION = strawberry.enum_value(
        "notification", description="Tried out a notification target; by the server: gave up to deliver something."
    )
    PATH = strawberry.enum_value("path", description="Hears a twin by another of its paths, `what`, from then on.")


@strawberry.enum(description="What became of what somebody did.")
class AuditOutcome(Enum):
    DONE = "done"
    REFUSED = strawberry.enum_value("refused", description="By the server or by the device: see `message`.")
    DECIDED = strawberry.enum_value("decided", description="On its way to a device; another entry tells the end.")
    ACCEPTED = strawberry.enum_value("accepted", description="The device took it.")
    FAILED = strawberry.enum_value("failed", description="No answer, or an error on the way.")
    WITHHELD = strawberry.enum_value("withheld", description="Not sent, see `Call.error`.")
    EXPIRED = strawberry.enum_value("expired", description="It became too old before it could be sent.")
    INDETERMINATE = strawberry.enum_value(
        "indeterminate", description="Sent, and the server stopped before the answer."
    )


@strawberry.enum(description="Who can do something.")
class AuditActorKind(Enum):
    PERSON = "person"
    BEHAVIOR = "behavior"
    ENGINE = strawberry.enum_value("engine", description="A timer, or what follows from a restart.")


@strawberry.enum(description="What a behavior does.")
class RehearsedFact(Enum):
    ACTIVATION = strawberry.enum_value("activation", description="It becomes active, or fires.")
    ALERT = strawberry.enum_value("alert", description="It raises an alert.")
    CALL = strawberry.enum_value("call", description="It calls a method or writes a property.")


@strawberry.enum(description="What devices answer to the calls of a rehearsal.")
class Answers(Enum):
    ACCEPT = "accept"
    REFUSE = "refuse"
    NOTHING = strawberry.enum_value("nothing", description="They are sent and not answered.")


@strawberry.enum(description="What led to something.")
class CauseKind(Enum):
    READING = "reading"
    BEHAVIOR = "behavior"
    COMMAND = "command"
    CALL = "call"
    LOAD = "load"
    SOURCE = "source"
    TICK = "tick"


@strawberry.enum(description="The kinds of definitions.")
class DefinitionKind(Enum):
    RELATIONSHIP_TYPE = "relationship_type"
    TWIN_TYPE = "twin_type"
    TWIN = "twin"
    OVERLAY_TYPE = "overlay_type"
    OVERLAY = "overlay"


@strawberry.enum(description="Who owns a behavior.")
class OwnerKind(Enum):
    TWIN = "twin"
    OVERLAY = "overlay"


@strawberry.enum(description="How far an overlay is in its life.")
class OverlayState(Enum):
    DRAFT = strawberry.enum_value(
        "draft", description="Not ready: it may have open roles, has no edges, and no behavior of it runs."
    )
    ACTIVE = strawberry.enum_value("active", description="All of it is in effect.")
    SUSPENDED = strawberry.enum_value(
        "suspended", description="No behavior of it runs; its roles and edges stay, and values are live."
    )
    RETIRED = strawberry.enum_value(
        "retired", description="Out of use: as a draft, and only found when asked for; it can become a draft again."
    )


@strawberry.enum(description="What becomes of those that use what is deleted.")
class DeleteCascade(Enum):
    UNBIND = strawberry.enum_value(
        "unbind", description="They go on without it; refused (IN_USE) where a role that must be filled would be empty."
    )


@strawberry.enum(description="What saving a document did.")
class SaveResult(Enum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = strawberry.enum_value("unchanged", description="The document was already so; the revision stays.")


@strawberry.enum(description="What was done to a place of a document.")
class DifferenceKind(Enum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@strawberry.enum(description="How serious a remark about a script is.")
class DiagnosticSeverity(Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
