"""What a reader sees of the live plant (answers of the LiveView port)."""

from typing import Literal

import msgspec

from app.model.events import BehaviorState, Evidence, UnknownInput
from app.model.plan import BehaviorKey, OwnerKey
from app.model.time import Micros


class BehaviorView(msgspec.Struct, frozen=True):
    key: BehaviorKey
    state: BehaviorState
    evidence: Evidence
    since: Micros
    """When it came into this state; 0 where it has never changed."""
    error: str | None = None


class AlertEvidence(msgspec.Struct, frozen=True):
    """What the condition behind an open alert comes to now: an alert that nobody can vouch for stays as it was."""

    evidence: Evidence
    unknown_since: Micros | None
    """None where it is known, or never was."""


FaultReason = Literal["cannot_run", "type_mismatch", "division_by_zero", "overflow", "no_result"]
"""`no_result`: of members of a role, whose arithmetic comes to nothing."""


class Fault(msgspec.Struct, frozen=True):
    """The mistake by which a behavior, or a part of it, comes to nothing although its values are known."""

    key: BehaviorKey
    reason: FaultReason
    text: str


class GuardView(msgspec.Struct, frozen=True):
    """An interlock that stands before a twin, with what its condition comes to now."""

    owner: OwnerKey
    name: str
    method: str | None
    property: str | None
    condition: str
    """As it is written."""
    truth: Evidence
    unknown: tuple[UnknownInput, ...] = ()
    """What keeps it unknown."""


class Connectivity(msgspec.Struct, frozen=True):
    """`unconfigured` for a twin without connectivity, `connecting` before the first contact of this run."""

    status: Literal["connected", "disconnected", "connecting", "unconfigured"]
    reason: str = ""
    """Why it is not connected, or not by its preferred path."""
    last_contact: Micros | None = None
    path: str = ""
    """The connector that it is heard by; "" before any was."""
    fallback: int = 0
    """0 where that is the preferred one, else which of its fallbacks, from 1."""


class PathView(msgspec.Struct, frozen=True):
    """One of the ways to a twin's device."""

    name: str
    """Its connector's."""
    in_use: bool
    alive: bool
    since: Micros
    """When it became so."""
    reason: str = ""
    """Why it is silent."""


class ClockView(msgspec.Struct, frozen=True):
    """How a twin's source clock stands to ours, as counted since the start of this run."""

    offset: Micros = 0
    """Added to its timestamps since its clock was re-based; 0 where it was not."""
    ahead: int = 0
    """Samples whose time was too far ahead and was replaced by that of receipt."""
    late: int = 0
    """Samples rejected as late."""
    rebased: int = 0


class GraphState(msgspec.Struct, frozen=True):
    """How far the graph is behind the journal."""

    behind_entries: int = 0
    """Journal entries with something for the graph that it does not have yet, and those after them."""
    behind_seconds: float = 0.0
    """How long ago the first of them happened."""
    problem: str = ""
    """Why it can't be written just now; "" while it can."""
    set_aside: int = 0
    """Rows that it refused, as far back as they are kept."""


class ConnectorHealth(msgspec.Struct, frozen=True):
    """One connection to one endpoint, as its supervisor and Ingest count it."""

    name: str
    protocol: str
    endpoint: str
    status: Literal["connecting", "connected", "degraded", "disconnected", "failed"]
    """As connectors/health.py says."""
    twins: int
    last_error: str = ""
    since: Micros = 0
    samples: int = 0
    rejected: dict[str, int] = {}
    """By reason: BadPayload, UnknownTwin, NotFinite, ...; Overflow counts samples lost at an OPC UA server's queue."""
    last_error_code: str = ""
    """Stable, for programs: UNAVAILABLE, SERVER_CERTIFICATE_UNTRUSTED, PASSWORD_NOT_SET, ..."""
    security: str = ""
    """How the connection that stands is secured, for people; empty while none does."""
    tries: int = 0
    """Since it last stood, the one under way included."""
    outages: int = 0
    """Times it was lost or not had, since it was configured so."""
    next_try: Micros | None = None
    """None while one is under way, while it stands, and where there is none any more."""
    missing: dict[str, int] = {}
    """What can't be had by the connection that stands, by reason: UnknownNode, NotMonitored, NotSubscribed, ..."""
    missing_details: tuple[str, ...] = ()
    """The first few of them, in words."""
    silent_twins: int = 0
    """Its twins that are silent although it stands."""
    fallback_twins: int = 0
    """Its twins that are heard by it although it is not their preferred path."""
    standby: int = 0
    """Samples and events that came by it for twins that are heard by another path."""
