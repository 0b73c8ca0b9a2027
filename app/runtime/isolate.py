"""Which rows of a batch the graph refuses, found by halving: one odd value must not keep all others out for ever.

What the database says is not read, it differs by engine: a row is at fault if it is refused alone, twice, while a
transaction without any row is taken. Where everything is refused, it is not the rows, and nobody's data is set aside.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.errors import Unavailable
from app.model.change import FactBatch
from app.ports import TwinStore

Kind = Literal["properties", "behaviors", "alerts", "calls", "events", "audits", "records"]
REFUSED = "GRAPH_FAILED"
"""The code with which a TwinStore says that it is there and does not take what it was given."""
_MANY = 100
"""So many refused and not one taken of a kind: it is the kind, not the rows."""


@dataclass(frozen=True, slots=True)
class Part:
    """One row, and among which of a batch's it stands."""

    kind: Kind
    row: Any

    @property
    def key(self) -> str:
        """The same for what would replace it in the graph."""
        match self.kind:
            case "properties":
                change = self.row[1]
                return f"{change.twin_id}/{change.property}"
            case "behaviors":
                owner = self.row.key.owner
                return f"{owner.kind}/{owner.id}/{self.row.key.name}"
            case "alerts":
                return str(self.row.alert_id)
            case "calls":
                return str(self.row.call_id)
            case "events":
                return f"{self.row.twin_id}/{self.row.name}/{self.row.timestamp}"
            case "audits":
                return str(self.row.entry_id)
            case "records":
                sequence, index = self.row.place
                return f"{sequence}/{index}"


@dataclass(frozen=True, slots=True)
class Bad:
    part: Part
    reason: str


def parts_of(batch: FactBatch) -> list[Part]:
    return [Part(kind, row) for kind in get_args(Kind) for row in getattr(batch, kind)]


async def refused_rows(store: TwinStore, after: int, parts: Sequence[Part]) -> list[Bad]:
    """Those of `parts` that the graph does not take; the others are in it when this returns, its cursor still at
    `after`. Raises what the store raises, Unavailable (GRAPH_FAILED) among it where the rows are not what is wrong."""
    await store.write(FactBatch(after, after))
    found: list[Bad] = []
    taken, refused = Counter[Kind](), Counter[Kind]()
    waiting = [list(parts)] if parts else []
    while waiting:
        some = waiting.pop()
        error = await _refusal(store, after, some)
        if error is None:
            taken.update(part.kind for part in some)
        elif len(some) > 1:
            half = len(some) // 2
            waiting += [some[half:], some[:half]]
        elif (again := await _refusal(store, after, some)) is not None:
            part = some[0]
            refused[part.kind] += 1
            if refused[part.kind] >= _MANY and not taken[part.kind]:
                raise again
            found.append(Bad(part, str(again.__cause__ or again)))
    if found:
        await store.write(FactBatch(after, after))
    return found


async def _refusal(store: TwinStore, after: int, parts: Sequence[Part]) -> Unavailable | None:
    rows: dict[str, Any] = {
        kind: tuple(part.row for part in parts if part.kind == kind) for kind in {part.kind for part in parts}
    }
    try:
        await store.write(FactBatch(after, after, **rows))
    except Unavailable as error:
        if error.code != REFUSED:
            raise
        return error
    return None
