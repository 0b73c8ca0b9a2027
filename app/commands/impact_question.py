"""What somebody asks of an impact, and what may be wrong with it: every problem at once, with where it stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.commands.what_if import MAX_CHANGES, MAX_WAIT, Change
from app.errors import Invalid, Problem
from app.model.catalogue import Catalogue
from app.model.near import near
from app.model.time import SECOND, Micros

MAX_NAMED = 1000
"""Twins that change, or are gone already."""
MAX_DEPTH = 1_000_000
ChangeKind = Literal["failure", "maintenance", "disconnected", "properties"]


@dataclass(frozen=True, slots=True)
class Question:
    kind: ChangeKind
    twins: tuple[str, ...] = ()
    """That fail, are taken out or fall silent; none where properties change."""
    changes: tuple[Change, ...] = ()
    without: tuple[str, ...] = ()
    """Twins that are gone already."""
    max_depth: int | None = None
    wait: Micros = 0
    """That passes in the rehearsal."""


def check(catalogue: Catalogue, question: Question) -> None:
    """Raises Invalid (IMPACT_INVALID). The values of properties are the rehearsal's to judge."""
    problems = [
        *_change(catalogue, question),
        *unknown(catalogue, question.without, "/without"),
        *depth(question.max_depth),
    ]
    if not 0 <= question.wait <= MAX_WAIT:
        told = f"{question.wait / SECOND:g} seconds were given; it may be 0 to {MAX_WAIT // SECOND}"
        problems.append(Problem("WAIT_INVALID", told, "/wait"))
    if problems:
        raise Invalid.of(problems, "the impact", code="IMPACT_INVALID")


def _change(catalogue: Catalogue, question: Question) -> Iterator[Problem]:
    at = f"/change/{question.kind}"
    if question.kind == "properties":
        if not question.changes:
            yield Problem("NOTHING_CHANGES", "no property is named", at, "name at least one")
        if len(question.changes) > MAX_CHANGES:
            told = f"{len(question.changes)} changes were given; there may be {MAX_CHANGES}"
            yield Problem("TOO_MANY_CHANGES", told, at, "ask of fewer at a time")
        return
    if not question.twins:
        yield Problem("NOTHING_CHANGES", "no twin is named", at, "name at least one")
    yield from unknown(catalogue, question.twins, at)
    if question.kind == "disconnected":
        for place, twin_id in enumerate(question.twins[:MAX_NAMED]):
            if catalogue.twin(twin_id) is not None and catalogue.connectivity(twin_id) is None:
                told = f"twin '{twin_id}' has no connectivity: there is no path to cut"
                yield Problem("TWIN_NOT_CONNECTED", told, f"{at}/{place}")


def unknown(catalogue: Catalogue, twin_ids: Sequence[str], at: str) -> Iterator[Problem]:
    if len(twin_ids) > MAX_NAMED:
        told = f"{len(twin_ids)} twins were named; the most is {MAX_NAMED}"
        yield Problem("TOO_MANY_TWINS", told, at, "ask of fewer at a time")
    for place, twin_id in enumerate(twin_ids[:MAX_NAMED]):
        if catalogue.twin(twin_id) is None:
            told = f"there is no twin '{twin_id[:200]}'"
            yield Problem("TWIN_NOT_FOUND", told, f"{at}/{place}", near(twin_id, catalogue.ids("twin")))


def depth(max_depth: int | None) -> Iterator[Problem]:
    if max_depth is not None and not 0 <= max_depth <= MAX_DEPTH:
        yield Problem("DEPTH_INVALID", f"`maxDepth` is {max_depth}; it may be 0 to {MAX_DEPTH}", "/maxDepth")
