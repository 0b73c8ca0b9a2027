"""Who owns a behavior or an alert: a twin or an overlay."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from app.model.catalogue import Catalogue
from app.model.plan import OwnerKey

if TYPE_CHECKING:
    from app.api.types.overlay import Overlay
    from app.api.types.twin import Twin

Owner = Annotated[
    Annotated["Twin", strawberry.lazy("app.api.types.twin")]
    | Annotated["Overlay", strawberry.lazy("app.api.types.overlay")],
    strawberry.union("BehaviorOwner", description="Who owns a behavior."),
]


def find_owner(catalogue: Catalogue, key: OwnerKey) -> "Twin | Overlay | None":
    from app.api.types.overlay import Overlay
    from app.api.types.twin import Twin

    return Twin.find(catalogue, key.id) if key.kind == "twin" else Overlay.find(catalogue, key.id)
