"""The list of what is shelved, as GraphQL and REST page through it.

A key is `owner kind/owner id/behavior/code` (identifiers have no slash) and is the place of a cursor, so pages hold
while shelvings come and go.
"""

from app.model.events import AlertKey, Shelving
from app.model.plan import OwnerKey
from app.ports import LiveView


def shelved_keys(live: LiveView, owner: OwnerKey | None) -> list[str]:
    """Sorted; of this owner, or of all."""
    return sorted(
        "/".join((key.owner.kind, key.owner.id, key.behavior, key.code))
        for key in live.shelved()
        if owner is None or key.owner == owner
    )


def find_shelving(live: LiveView, text: str) -> Shelving | None:
    kind, id, behavior, code = text.split("/")
    return live.shelved().get(AlertKey(OwnerKey("twin" if kind == "twin" else "overlay", id), behavior, code))
