"""What somebody may see or not: the subject of a push, of whatever kind it is."""

from typing import NamedTuple

from app.model.plan import OwnerKey


class Subject(NamedTuple):
    topic: str
    """The subscription field: propertyChanged, alertChanged, ..."""
    twins: tuple[str, ...] = ()
    """All that it is about; empty for what is about no twin."""
    owner: OwnerKey | None = None
    """Whose behavior it is of."""
    name: str = ""
    """The property, behavior, alert code, method, event, or `kind/id` of a definition."""
