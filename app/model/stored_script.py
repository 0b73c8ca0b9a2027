"""A DTSL script that is kept: a text with an id and revisions of its own.

Keeping one changes no definition, and what executing it made lives on when it is changed or deleted.
"""

from dataclasses import dataclass

from app.model.time import Micros


@dataclass(frozen=True, slots=True)
class StoredScript:
    script_id: str
    source: str
    revision: int
    """+1 per accepted change, from 1; goes on over a deletion."""
    created_at: Micros
    created_by: str
    updated_at: Micros
    updated_by: str
    declares: tuple[str, ...] = ()
    """What it declares, as `kind/id`, in its order; not what it imports."""


@dataclass(frozen=True, slots=True)
class ScriptRevision:
    number: int
    at: Micros
    author: str
    reason: str
    source: str | None
    """None for a deletion."""
