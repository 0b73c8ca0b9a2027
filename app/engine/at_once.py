"""All rules that read one cell, asked by one call: an update that turns nothing touches none of them.

Of 100,000 owners each rule is three places in memory that no cache holds, and nearly always their answer is the one
from before. So a cell has the function of all its rules, shared by all cells whose rules are alike, and what they
answered last; rule by rule they are asked only where the two differ. Timed rules, and those whose alerts have a life of
their own, are always asked one by one, and with them all that read the same cell.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from app.engine.slots import Test

if TYPE_CHECKING:
    from app.engine.cells import Cell, RuleState

Verdicts = tuple[bool | None, ...]
Together = Callable[..., Verdicts]
"""Takes its operands as one: the cell itself where no other is read, which is one place in memory less."""
MOST = 16
"""Rules of one cell. Where there are more, they are many owners' and no two cells' are alike."""
_KEPT = 1024
"""Functions; one for each combination of definitions that reads a property."""
_seen: dict[Verdicts, Verdicts] = {}
_FEW = 4
"""Of so many rules there are 3 ** 4 different answers at most."""


def together(rules: Sequence["RuleState"]) -> "tuple[Together, Cell | tuple[Cell, ...]] | None":
    """What asks these rules, and of which cells; None where they must be asked one by one."""
    if not 0 < len(rules) <= MOST:
        return None
    cells = rules[0].cells
    for rule in rules:
        if rule.memory is not None or rule.waits or rule.asides:
            return None
        if rule.cells is not cells and rule.cells != cells:
            cells = tuple(dict.fromkeys([*cells, *rule.cells]))
    places = {cell: place for place, cell in enumerate(cells)}
    tests = tuple([rule.test for rule in rules])
    taken = tuple([tuple([places[cell] for cell in rule.cells]) for rule in rules])
    return _written(tests, taken, len(cells)), cells[0] if len(cells) == 1 else cells


def shared(verdicts: Verdicts) -> Verdicts:
    """One object for equal ones of few rules: what 100,000 cells answered last stays in the cache."""
    return _seen.setdefault(verdicts, verdicts) if len(verdicts) <= _FEW else verdicts


@lru_cache(_KEPT)
def _written(tests: tuple[Test, ...], taken: tuple[tuple[int, ...], ...], count: int) -> Together:
    """`taken`: by rule, the places of its cells among the `count` operands."""
    names = [f"c{place}" for place in range(count)]
    calls = "".join(f"t{index}({', '.join(names[place] for place in own)}), " for index, own in enumerate(taken))
    lines = [
        f"def made({', '.join(f't{index}' for index in range(len(tests)))}):",
        f" def together({names[0] if count == 1 else 'cells'}):",
        f"  {'pass' if count == 1 else ', '.join(names) + ' = cells'}",
        f"  return ({calls})",
        " return together",
    ]
    made: dict[str, Callable[..., Together]] = {}
    exec(compile("\n".join(lines), "<rules>", "exec"), made)  # noqa: S102 - nothing but numbered names
    return made["made"](*tests)
