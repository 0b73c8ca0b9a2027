"""Property: one property of one twin, its definition beside its live value.

The value is read when it is asked for, from memory: it is never older than the graph's.
"""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect
from app.api.context import Info
from app.api.ids import global_id
from app.api.types.capability import PropertyDefinition
from app.api.types.node import Node
from app.api.types.value import NEVER, Value
from app.model.catalogue import Catalogue
from app.model.plan import PropertyKey

if TYPE_CHECKING:
    from app.api.types.behavior import Behavior
    from app.api.types.interlock import Guard
    from app.api.types.twin import Twin


def _id(self: "Property") -> strawberry.ID:
    return global_id("Property", self.twin_id, self.item.name)


@strawberry.type(description="One property of one twin: its definition and its live value.")
class Property(PropertyDefinition, Node):
    twin_id: strawberry.ID = strawberry.field(description="The twin it belongs to.")

    id: strawberry.ID = strawberry.field(resolver=_id, description="Global and opaque; stable over restarts.")

    @strawberry.field(
        description=(
            "Whether a device feeds it. One that nobody feeds and that is not `computed` is manual: `setProperty` "
            "writes its live value."
        )
    )
    def mapped(self, info: Info) -> bool:
        return self.item.name in (info.context.catalogue.mapped(self.twin_id) or ())

    @strawberry.field(description="The live value.")
    def value(self, info: Info) -> Value:
        return Value(
            state=info.context.live.property_state(self.twin_id, self.item.name) or NEVER, measured_in=self.item.unit
        )

    @strawberry.field(description="The twin it belongs to; null where that was deleted meanwhile.")
    def twin(self, info: Info) -> Annotated["Twin", strawberry.lazy("app.api.types.twin")] | None:
        from app.api.types.twin import Twin

        return Twin.find(info.context.catalogue, self.twin_id)

    @strawberry.field(
        description=f"The behaviors whose conditions read it, the twin's own and those of overlays, by owner. {PAGES}."
    )
    def readers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["Behavior", strawberry.lazy("app.api.types.behavior")]]:
        from app.api.types.behavior import behavior_page

        key = PropertyKey(self.twin_id, self.item.name)
        found = info.context.uses.readers(key)
        return behavior_page(
            info.context, found, first, after, last, before, f"readers/{self.twin_id}/{self.item.name}"
        )

    @strawberry.field(
        description=f"The interlocks whose conditions read it, each before every twin that it stands before. {PAGES}."
    )
    def guards(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Annotated["Guard", strawberry.lazy("app.api.types.interlock")]]:
        from app.api.types.interlock import find_guard

        live = info.context.live
        found = {
            "/".join((key.owner.kind, key.owner.id, key.name, twin_id)): (twin_id, key)
            for key, twin_id in info.context.uses.interlocks(PropertyKey(self.twin_id, self.item.name))
        }
        of = f"guards/{self.twin_id}/{self.item.name}"
        return connect(
            sorted(found), lambda _, id: find_guard(live, *found[id]), info.context, first, after, last, before, of
        )

    @classmethod
    def find(cls, catalogue: Catalogue, twin_id: str, name: str) -> "Property | None":
        item = catalogue.capabilities(twin_id).properties.get(name)
        return cls(twin_id=strawberry.ID(twin_id), item=item) if item else None
