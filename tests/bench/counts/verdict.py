"""Counts beside the committed ones: what became worse, what became better, and what can't be compared.

On the build of Python that made the baseline the same code counts the same within a hundredth, whatever else the
machine does, and whether its processor has AVX or not (0.5 % at most). Other code, or other pieces beside it, move
objects in memory, and with them their places in dicts: one piece was seen to change by 5 %, the others by 1 or 2. So
15 % more is worse.

On another build every count is another, by about as much as that of the yardstick is: what is compared there is a count
in yardsticks, and within a wider bound, for no two pieces change alike (Debian's 3.11.2 beside a 3.11.7 of pyenv: 1.02
to 1.20).
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from tests.bench.counts.pieces import YARDSTICK

BOUND, OTHER_BUILD_BOUND = 1.15, 1.50
ALIKE = 1.02
"""How far the yardstick may be off on the same build."""
UPDATE = "make bench-check ARGS=--update"
Word = Literal["ok", "WORSE", "better", "NEW", "GONE"]


class Baseline(msgspec.Struct, frozen=True):
    """tests/bench/counts/baseline.json."""

    build: str
    """Of Python and the C library, for one of another counts otherwise."""
    tool: str
    instructions: dict[str, int]
    """A unit, by piece."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    before: float | None
    now: float | None
    """In instructions; on another build than the baseline's, as they would be on that."""
    bound: float
    word: Word

    @property
    def ratio(self) -> float | None:
        return self.now / self.before if self.now is not None and self.before else None


def same_build(baseline: Baseline, found: Baseline) -> bool:
    """By what it says of itself, and by the yardstick, which tells how it was compiled."""
    ratio = found.instructions[YARDSTICK] / baseline.instructions[YARDSTICK]
    return found.build == baseline.build and 1 / ALIKE < ratio < ALIKE


def compared(baseline: Baseline, found: Baseline) -> list[Row]:
    """A row for each piece, in the order in which they were found, and then those that were not."""
    same = same_build(baseline, found)
    bound = BOUND if same else OTHER_BUILD_BOUND
    scale = 1.0 if same else baseline.instructions[YARDSTICK] / found.instructions[YARDSTICK]
    gone = [name for name in baseline.instructions if name not in found.instructions]
    return [
        *(_row(name, baseline.instructions.get(name), now * scale, bound) for name, now in found.instructions.items()),
        *(Row(name, baseline.instructions[name], None, bound, "GONE") for name in gone),
    ]


def _row(name: str, before: int | None, now: float, bound: float) -> Row:
    if before is None:
        return Row(name, None, now, bound, "NEW")
    ratio = now / before
    word: Word = "WORSE" if ratio > bound else "better" if ratio < 1 / bound else "ok"
    return Row(name, before, now, bound, word)


def table(rows: list[Row]) -> str:
    width = max(len(row.name) for row in rows)
    lines = [f"{'instructions of':{width}} {'baseline':>12} {'now':>12} {'ratio':>7} {'bound':>6}"]
    for row in rows:
        before = "-" if row.before is None else f"{row.before:,.0f}"
        now = "-" if row.now is None else f"{row.now:,.0f}"
        ratio = "-" if row.ratio is None else f"{row.ratio:.3f}"
        lines.append(f"{row.name:{width}} {before:>12} {now:>12} {ratio:>7} {row.bound:6.2f}  {row.word}")
    return "\n".join(lines)


def told(rows: list[Row]) -> tuple[bool, str]:
    """Whether it is to be refused, and what to do now."""
    by: dict[Word, list[str]] = {}
    for row in rows:
        by.setdefault(row.word, []).append(row.name)
    lines = []
    if worse := by.get("WORSE"):
        lines.append(
            f"WORSE: {', '.join(worse)}. Make the change cost less, or, where the cost is wanted, "
            f"say in the commit what it buys and write the baseline anew: {UPDATE}"
        )
    if other := [*by.get("NEW", ()), *by.get("GONE", ())]:
        lines.append(f"The baseline does not have the pieces that are counted ({', '.join(other)}): {UPDATE}")
    if better := by.get("better"):
        lines.append(f"Better: {', '.join(better)}. Keep it so: {UPDATE}, in the commit that made it better")
    return bool(worse or other), "\n".join(lines) or "Nothing costs more than it did."
