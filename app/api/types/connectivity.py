"""Connectivity: where a twin's device is, from its document, and whether it answers, from the live plant.

`authentication` is left out on purpose: it may hold what only the connector should read.
"""

import strawberry

from app.api.context import Info
from app.api.scalars import JSON, DateTime, moment
from app.api.types.instance import ConnectivityStatus
from app.model import definitions as model
from app.model import live


@strawberry.type(description="One of the ways to a twin's device.")
class TwinPath:
    name: str = strawberry.field(description="Its connector, as in `connectors`.")
    in_use: bool = strawberry.field(description="Whether the twin is heard, written to and called by it now.")
    alive: bool = strawberry.field(description="Whether it would be heard by it.")
    since: DateTime | None = strawberry.field(description="Since when it has been alive, or silent.")
    reason: str | None = strawberry.field(description="Why it is silent; null while it is alive.")


@strawberry.type(description="Where a twin's device is, and whether it answers.")
class Connectivity:
    twin_id: strawberry.Private[str]
    protocol: str = strawberry.field(description="`opc-ua` or `mqtt`.")
    endpoint: str = strawberry.field(description="The address of the device or broker.")
    namespace: str | None = strawberry.field(description="OPC UA: the namespace URI of its node ids.")
    node_id: str | None = strawberry.field(description="OPC UA: the twin's own object.")
    client_id: str | None = strawberry.field(description="MQTT: the client id to connect with.")
    mapping: JSON = strawberry.field(description="Properties, methods and events on the device, as in the document.")
    heartbeat: JSON | None = strawberry.field(
        description="What has to be heard again and again, as in the document; null where nothing has."
    )
    fallbacks: list[JSON] = strawberry.field(description="Other ways to the device, in order, as in the document.")
    fallback_after: float | None = strawberry.field(
        description="Seconds of silence after which the next path is taken; null for the server's own."
    )
    return_after: float | None = strawberry.field(
        description="Seconds that an earlier path must have been alive to be taken again; null for the server's own."
    )
    status: ConnectivityStatus = strawberry.field(description="Whether it answers now.")

    @strawberry.field(description="The ways to its device as they stand, the preferred one first.")
    def paths(self, info: Info) -> list[TwinPath]:
        return [
            TwinPath(
                name=path.name,
                in_use=path.in_use,
                alive=path.alive,
                since=moment(path.since),
                reason=path.reason or None,
            )
            for path in info.context.services.devices.paths(self.twin_id)
        ]

    @classmethod
    def of(cls, twin_id: str, item: model.Connectivity, found: live.Connectivity | None) -> "Connectivity":
        return cls(
            twin_id=twin_id,
            protocol=item.protocol,
            endpoint=item.endpoint,
            namespace=item.namespace,
            node_id=item.node_id,
            client_id=item.client_id,
            mapping=JSON(item.mapping.model_dump(mode="json", exclude_unset=True)),
            heartbeat=JSON(item.heartbeat.model_dump(mode="json", exclude_unset=True)) if item.heartbeat else None,
            fallbacks=[
                JSON(path.model_dump(mode="json", exclude_unset=True, exclude={"authentication"}))
                for path in item.fallbacks
            ],
            fallback_after=item.fallback_after,
            return_after=item.return_after,
            status=ConnectivityStatus.of(found),
        )
