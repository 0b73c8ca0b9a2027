"""Connectivity: where a twin's device is, from its document, and whether it answers, from the live plant.

`authentication` is left out on purpose: it may hold what only the connector should read.
"""

import strawberry

from app.api.scalars import JSON
from app.api.types.instance import ConnectivityStatus
from app.model import definitions as model
from app.model import live


@strawberry.type(description="Where a twin's device is, and whether it answers.")
class Connectivity:
    protocol: str = strawberry.field(description="`opc-ua` or `mqtt`.")
    endpoint: str = strawberry.field(description="The address of the device or broker.")
    namespace: str | None = strawberry.field(description="OPC UA: the namespace URI of its node ids.")
    node_id: str | None = strawberry.field(description="OPC UA: the twin's own object.")
    client_id: str | None = strawberry.field(description="MQTT: the client id to connect with.")
    mapping: JSON = strawberry.field(description="Properties, methods and events on the device, as in the document.")
    status: ConnectivityStatus = strawberry.field(description="Whether it answers now.")

    @classmethod
    def of(cls, item: model.Connectivity, found: live.Connectivity | None) -> "Connectivity":
        return cls(
            protocol=item.protocol,
            endpoint=item.endpoint,
            namespace=item.namespace,
            node_id=item.node_id,
            client_id=item.client_id,
            mapping=JSON(item.mapping.model_dump(mode="json", exclude_unset=True)),
            status=ConnectivityStatus.of(found),
        )
