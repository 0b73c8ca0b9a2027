"""The list of everything that is overridden, as GraphQL and REST page through it.

A key is `twin_id/property` (identifiers have no slash) and is the place of a cursor, so pages hold while overrides come
and go.
"""

from collections.abc import Collection

from app.api.membership import Membership
from app.ports import LiveView


def overridden_keys(
    live: LiveView, membership: Membership | None, kinds: Collection[object] | None, by: str | None
) -> list[str]:
    """`twin_id/property`, sorted, of what stands and is asked for; None asks nothing."""
    return sorted(
        f"{key.twin_id}/{key.name}"
        for key, item in live.overrides().items()
        if (kinds is None or item.kind in kinds)
        and (by is None or item.by == by)
        and (membership is None or membership.has(key.twin_id))
    )
