"""What Python itself takes: the same on every version of this program, another on each build of Python.

It tells how far a count can be compared with one of another build (verdict.py); nothing of the program or of its
libraries is in it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from tests.bench.counts.piece import Piece

STEPS = 2_000


@dataclass(slots=True)
class _Cell:
    name: str
    value: float
    changes: int = 0


class _Fact(NamedTuple):
    name: str
    value: float
    number: int


def python() -> Piece:
    """Calls, attributes, dicts, tuples, numbers and texts, about as the program uses them."""
    cells = {f"cell_{index}": _Cell(f"cell_{index}", -1.0) for index in range(100)}
    names = list(cells)

    def put(cell: _Cell, value: float) -> _Fact | None:
        if value == cell.value:
            return None
        cell.value = value
        cell.changes += 1
        return _Fact(cell.name, value, cell.changes)

    def round(number: int) -> None:
        facts: list[_Fact] = []
        seen: dict[str, tuple[float, int]] = {}
        for step in range(STEPS):
            fact = put(cells[names[step % len(names)]], number * STEPS + step / 2)
            if fact is not None:
                seen[fact.name] = (fact.value, len(f"{fact.name}/{step}"))
                facts.append(fact)
        assert len(facts) == STEPS
        assert sorted(seen) == sorted(names)

    return Piece(STEPS, round)
