"""What a suite gives: figures beside their floor or peer, curves, and sentences worked out from what was measured.

A figure has one number a round, and its floor or peer has one of the same round: the ratio is taken round by round
(ours over the other's, whatever the unit), since a slow moment of the machine falls on both. What a goal asks of must
be a figure: a growth from one size to another is a figure of its own, unit "times", worked out round by round by
`growth`.

A module of a suite has a `SUITE`; `tests/bench/__main__.py` lists them, runs each in a process of its own, prints the
report and keeps it in docs/benchmarks.json, of which docs/benchmarks.md is made.
"""

import statistics
from collections.abc import Callable, Sequence
from math import floor, log10
from typing import Any

import msgspec

LEAST_ROUNDS = 5


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """A floor (the least that the task costs anybody) or a peer (another product at the same task)."""

    what: str
    rounds: tuple[float, ...]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    """By which goals and sentences name it; unique in its suite."""
    what: str
    """The line of the table: what was done, on what."""
    unit: str
    rounds: tuple[float, ...]
    """Ours, one a round; of what is measured once, one."""
    beside: tuple[Beside, ...] = ()
    memory: float | None = None
    """MB that ours took for it, where that is told apart."""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def ratios(self, at: int = 0) -> tuple[float, ...]:
        """Ours over the other's, round by round."""
        return tuple(ours / other for ours, other in zip(self.rounds, self.beside[at].rounds, strict=True) if other)


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A plot: `lines` by their label, each of (x, y)."""

    key: str
    title: str
    x: str
    y: str
    lines: dict[str, tuple[tuple[float, float], ...]]
    said: str
    """What bends where, and why."""
    log_x: bool = True
    log_y: bool = True


class Report(msgspec.Struct, frozen=True, kw_only=True):
    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...] = ()
    said: tuple[str, ...] = ()
    """Sentences for below the table, with what was measured in them."""
    versions: dict[str, str] = {}
    """Of what it was measured with or beside, where that is more than the whole bench says."""

    def figure(self, key: str) -> Figure | None:
        return next((figure for figure in self.figures if figure.key == key), None)


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    about: str
    """How it is measured, and what the floor or the peer is: a paragraph for readers of docs/benchmarks.md."""
    run: Callable[[bool], Report]
    """Takes whether it is to be quick: every part once and short, to see that it works."""
    needs: tuple[Callable[[], object], ...] = ()
    """Called before it runs, to fetch what it is measured with or beside; they raise NotHere with what to install."""


def growth(key: str, what: str, small: Sequence[float], large: Sequence[float]) -> Figure:
    """How many times the cost of the small the large costs, round by round."""
    rounds = tuple(many / few for few, many in zip(small, large, strict=True))
    return Figure(key=key, what=what, unit="times", rounds=rounds)


def percentile(samples: Sequence[float], percent: float) -> float:
    """By the nearest rank; of nothing, 0."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def number(value: float) -> str:
    """With three digits that count, as a reader wants them."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.1 or not size:
        return f"{value:.2f}"
    return f"{value:.3f}" if size >= 0.01 else f"{value:.{2 - floor(log10(size))}f}"


def spread(rounds: Sequence[float]) -> str:
    """The median, and in brackets the lowest and the highest."""
    told = number(statistics.median(rounds))
    return told if len(rounds) < 2 else f"{told} ({number(min(rounds))} to {number(max(rounds))})"


def alternated(rounds: int, *measures: Callable[[int], Any]) -> list[list[Any]]:
    """What each gives in each round, whose number it is told; who begins takes turns."""
    found: list[list[Any]] = [[] for _ in measures]
    for round in range(rounds):
        for index in range(len(measures)):
            at = (index + round) % len(measures)
            found[at].append(measures[at](round))
    return found
