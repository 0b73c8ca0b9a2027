"""What is written to the graph: a definition change (one transaction), and a batch of facts behind the journal.

Both carry the edges already derived (who reads what, who relates to whom), so that graph/ only turns them into rows.
"""

from dataclasses import dataclass, field

from app.model.audit import AlertRecord, AuditEntry
from app.model.definitions import Definition, Kind, Lifecycle
from app.model.events import HERE, Alert, BehaviorChanged, Call, Origin, PropertyChanged, TwinEventOccurred
from app.model.ledger import Books
from app.model.plan import BehaviorKey, OwnerKey, PropertyKey
from app.model.time import Micros


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """A definition with what the installation knows of it."""

    kind: Kind
    id: str
    definition: Definition
    revision: int
    """+1 per accepted change, from 1; goes on over a deletion, so a recreated id never repeats one."""
    life: int
    """The revision at which this life of the id began."""
    created_at: Micros
    created_by: str
    updated_at: Micros
    updated_by: str


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A Property node that must exist; its live values are the graph writer's."""

    name: str
    data_type: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class RelationshipEdge:
    name: str
    relationship_type: str
    source_twin_id: str
    target_twin_id: str


@dataclass(frozen=True, slots=True)
class BehaviorNode:
    key: BehaviorKey
    description: str
    reads: tuple[PropertyKey, ...]
    acts_on: tuple[str, ...]
    """Twin ids."""


@dataclass(frozen=True, slots=True)
class InterlockNode:
    """It has no live state in the graph: what it comes to is asked of the engine."""

    key: BehaviorKey
    """Whose it is, and its name; one behavior may have that too."""
    description: str
    method: str | None
    property: str | None
    condition: str
    """As it is written."""
    reads: tuple[PropertyKey, ...]
    guards: tuple[str, ...]
    """Ids of the twins it stands before."""


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One transaction on the graph. Lists are complete per owner: what is not in them is removed there."""

    catalogue_revision: int
    """Expected; the commit makes it +1, and a different one in the graph is a Conflict."""
    at: Micros
    author: str
    reason: str
    saved: tuple[StoredDefinition, ...] = ()
    removed: tuple[tuple[Kind, str], ...] = ()
    twin_properties: dict[str, tuple[PropertyRow, ...]] = field(default_factory=dict)
    """By twin id: all Property nodes of the twin."""
    relationships: dict[OwnerKey, tuple[RelationshipEdge, ...]] = field(default_factory=dict)
    """By the twin or overlay that declares them: all its edges between twins that exist."""
    behaviors: dict[OwnerKey, tuple[BehaviorNode, ...]] = field(default_factory=dict)
    """By owner: all behaviors it has, its type's included."""
    interlocks: dict[OwnerKey, tuple[InterlockNode, ...]] = field(default_factory=dict)
    """By owner: all interlocks it has, its type's included."""
    lifecycles: dict[str, Lifecycle] = field(default_factory=dict)
    """Of the saved overlays that begin one with this change, by id: new ones, and those that had another before."""
    origin: Origin = HERE


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    kind: Kind
    id: str
    number: int
    at: Micros
    author: str
    reason: str
    document: str
    """JSON text; "" for a deletion."""
    catalogue_revision: int
    """That of the change it was part of: over all definitions it says what came first."""


@dataclass(frozen=True, slots=True)
class LifecycleRecord:
    """The revision with which an overlay came into a lifecycle."""

    number: int
    lifecycle: Lifecycle
    at: Micros
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class FactBatch:
    """The latest of everything between two journal sequences, for the graph. Writing it twice changes nothing."""

    after: int
    """The cursor it starts from; the graph's own must be this, else nothing is written (Conflict)."""
    upto: int
    properties: tuple[tuple[int, PropertyChanged], ...] = ()
    """(life of the twin, change), one per property."""
    behaviors: tuple[BehaviorChanged, ...] = ()
    alerts: tuple[Alert, ...] = ()
    calls: tuple[Call, ...] = ()
    events: tuple[TwinEventOccurred, ...] = ()
    """The newest events per twin (kept on the twin as `last_events`)."""
    audits: tuple[AuditEntry, ...] = ()
    """Every one of them, as of the next."""
    records: tuple[AlertRecord, ...] = ()
    books: Books | None = None
    """The graph's part of the ledger up to `upto`; None where the batch does not move the cursor."""


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """How things stand as far as the graph has been told."""

    properties: tuple[PropertyChanged, ...]
    behaviors: tuple[BehaviorChanged, ...]
    alerts: tuple[Alert, ...]
