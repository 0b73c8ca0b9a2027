"""Connector: one connection to one device endpoint or broker, as its supervisor sees it."""

from collections.abc import Mapping

import strawberry

from app.api.ids import global_id
from app.api.scalars import DateTime, Long, moment
from app.api.types.enums import ConnectorStatus
from app.api.types.node import Node
from app.model.live import ConnectorHealth


@strawberry.type(description="So many messages or samples were not taken, for one reason.")
class RejectedCount:
    reason: str = strawberry.field(
        description="BadPayload, UnknownTwin, NotMapped, TypeMismatch, NotInEnum, NotFinite, TooLong, Late, Overflow, "
        "Missed, Unreported, UnknownTopic (its mapping is gone), Standby (by a path that is not in use), ..."
    )
    count: Long = strawberry.field(description="Since the server started.")


@strawberry.type(description="One connection to one device endpoint or broker.")
class Connector(Node):
    name: str = strawberry.field(description="Unique among the connectors.")
    protocol: str = strawberry.field(description="`opc-ua` or `mqtt`.")
    endpoint: str = strawberry.field(description="The address it connects to.")
    status: ConnectorStatus = strawberry.field(description="How it stands.")
    twins: int = strawberry.field(description="How many twins it serves.")
    last_error: str | None = strawberry.field(description="What went wrong last; null where nothing did.")
    last_error_code: str | None = strawberry.field(
        description="Its stable code (SERVER_CERTIFICATE_UNTRUSTED, PASSWORD_NOT_SET, ...); UNAVAILABLE where the "
        "device is just not there."
    )
    security: str | None = strawberry.field(
        description="How the connection is secured (`Basic256Sha256 SignAndEncrypt, user 'ann', password encrypted`); "
        "begins with `none` where nothing protects it, null while it doesn't stand."
    )
    since: DateTime | None = strawberry.field(description="Since when it has this status.")
    tries: int = strawberry.field(description="Tries to connect since it last stood, the one under way included.")
    next_try: DateTime | None = strawberry.field(
        description="When the next one is; null while one is under way, while it stands, and where none can help."
    )
    outages: int = strawberry.field(description="Times it was lost or not had, since it was configured as it is.")
    missing: list[RejectedCount] = strawberry.field(
        description="What can't be had by it while it stands, by reason: UnknownNode, NotMonitored, NotSubscribed, ..."
    )
    missing_details: list[str] = strawberry.field(description="The first few of that, in words.")
    silent_twins: int = strawberry.field(
        description="Its twins that are silent although it stands: their device says so, or their heartbeat is missing."
    )
    fallback_twins: int = strawberry.field(
        description="Its twins that are heard by it although it is not their preferred path."
    )
    standby: Long = strawberry.field(
        description="Samples and events that came by it for twins that are heard by another path, and were not taken."
    )
    samples: Long = strawberry.field(description="Samples taken since the server started.")
    rejected: list[RejectedCount] = strawberry.field(description="What was not taken, by reason; empty is good.")

    @classmethod
    def of(cls, health: ConnectorHealth) -> "Connector":
        return cls(
            id=global_id("Connector", health.name),
            name=health.name,
            protocol=health.protocol,
            endpoint=health.endpoint,
            status=ConnectorStatus(health.status),
            twins=health.twins,
            last_error=health.last_error or None,
            last_error_code=health.last_error_code or None,
            security=health.security or None,
            since=moment(health.since),
            tries=health.tries,
            next_try=moment(health.next_try),
            outages=health.outages,
            missing=_counts(health.missing),
            missing_details=list(health.missing_details),
            silent_twins=health.silent_twins,
            fallback_twins=health.fallback_twins,
            standby=Long(health.standby),
            samples=Long(health.samples),
            rejected=_counts(health.rejected),
        )


def _counts(found: Mapping[str, int]) -> list[RejectedCount]:
    return [RejectedCount(reason=key, count=Long(count)) for key, count in sorted(found.items())]
