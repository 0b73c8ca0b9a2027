"""What may be behind a twin's trouble, or an alert: the twins upstream that are in trouble themselves.

Upstream is against the direction in which failure travels. What is in trouble: a twin that an active alert concerns,
whose path is silent, or that is lost for what is known to be gone. Of these, the one comes first below which most of
the active alerts lie that were found upstream or at the start; of several, the one whose failure alone would cost most
at the start, then the furthest upstream.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.commands.impact_question import depth, unknown
from app.commands.needs_kept import TRIES, Kept, NeedsKept, moving
from app.commands.standing import Standing, Trouble
from app.errors import Invalid, NotFound, Problem
from app.model.behaviors import Severity
from app.model.catalogue import Catalogue
from app.model.events import Alert
from app.model.near import near
from app.off_loop import elsewhere, in_turns
from app.ports import LiveView
from app.topology.needs import Flags
from app.topology.reasons import Hop, carrying
from app.topology.runs import Ints
from app.topology.topology import Topology
from app.topology.upstream import Weight, dead_without, step_down, suspects, upstream, weigh

MAX_CANDIDATES = 50
"""That are weighed: those with the worst alerts, then the furthest upstream."""
MOST_EXPLAINED = 100
MOST_HOPS = 100
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")
Effect = Literal["lost", "degraded", "none"]
_EFFECTS: tuple[Effect, ...] = ("none", "degraded", "lost")
CauseTrouble = Trouble | Literal["lost"]


@dataclass(frozen=True, slots=True)
class CauseQuestion:
    """Of a twin, or of an open alert: then of all twins that it concerns."""

    twin_id: str | None = None
    alert_id: str | None = None
    without: tuple[str, ...] = ()
    """Twins that are known to be gone."""
    max_depth: int | None = None


@dataclass(frozen=True, slots=True)
class PossibleCause:
    twin_id: str
    depth: int
    path: tuple[Hop, ...]
    """From it down to the start."""
    alerts: tuple[Alert, ...]
    """Active ones that concern it, worst first."""
    standing: tuple[CauseTrouble, ...]
    explains: int
    """Active alerts that concern it or a twin below it, as far as those were found."""
    explained: tuple[str, ...]
    """The first of their ids."""
    effect: Effect
    """What the start would be if this twin alone failed."""


@dataclass(frozen=True, slots=True)
class Causes:
    sequence: int
    starts: tuple[str, ...]
    upstream: int
    """How many twins the start depends on."""
    alerts: int
    """Active alerts that concern these or the start."""
    found: Sequence[PossibleCause]
    """At most MAX_CANDIDATES, the likeliest first."""
    total: int

    @property
    def text(self) -> str:
        start = f"'{self.starts[0]}'" if len(self.starts) == 1 else f"these {len(self.starts)} twins"
        looked = _counted(self.upstream, "twin")
        if not self.starts:
            return "the alert concerns no twin: there is nothing upstream of it"
        if not self.found:
            return f"nothing upstream of {start} has an active alert, is disconnected or lost: {looked} looked at"
        first = self.found[0]
        likeliest = f"likeliest '{first.twin_id}', "
        likeliest += f"which explains {first.explains} of {_counted(self.alerts, 'active alert')}"
        if not self.alerts:
            likeliest = f"no alert is active, likeliest is '{first.twin_id}'"
        return f"{self.total} of the {looked} upstream of {start} and itself are in trouble: {likeliest}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


class CauseCommands:
    def __init__(self, catalogue: Catalogue, topology: Topology, needs: NeedsKept, live: LiveView) -> None:
        self._catalogue = catalogue
        self._topology = topology
        self._needs = needs
        self._live = live

    async def search(self, question: CauseQuestion) -> Causes:
        """Raises Invalid (CAUSES_INVALID) with every problem, NotFound (ALERT_NOT_OPEN), Unavailable
        (DEFINITIONS_MOVING)."""
        self._check(question)
        for _ in range(TRIES):
            kept = await self._needs.current()
            if kept.version != self._topology.version:
                continue
            starts = self._starts(question)
            start = self._topology.indexes(starts)
            depths = await elsewhere(kept.needs.edges, upstream, kept.needs, start, question.max_depth)
            if kept.version != self._topology.version:
                continue
            silent: set[int] = set()
            await in_turns(self._silent(depths, silent))
            if kept.version != self._topology.version:
                continue
            without = self._topology.indexes(question.without)
            dead = await elsewhere(kept.needs.edges if question.without else 0, dead_without, kept.needs, without)
            if kept.version != self._topology.version:
                continue
            look = _Look(self._topology, self._live, kept, question, starts, depths, silent, dead)
            await elsewhere(look.total, look.choose)
            weights = await elsewhere(kept.needs.edges * (1 + len(look.candidates)), look.weigh)
            if kept.version == self._topology.version:
                return look.told(weights)
        raise moving()

    def _silent(self, depths: Ints, found: set[int]) -> Iterator[None]:
        """The twins that the start depends on, or is, whose path is silent."""
        indexes = (depths >= 0).nonzero()[0].tolist()
        for index, twin_id in zip(indexes, self._topology.ids(indexes), strict=True):
            path = self._live.connectivity(twin_id)
            if path is not None and path.status in ("disconnected", "connecting"):
                found.add(index)
            yield

    def _check(self, question: CauseQuestion) -> None:
        problems = [*unknown(self._catalogue, question.without, "/without"), *depth(question.max_depth)]
        if question.twin_id is not None and self._catalogue.twin(question.twin_id) is None:
            told = f"there is no twin '{question.twin_id[:200]}'"
            hint = near(question.twin_id, self._catalogue.ids("twin"))
            problems.insert(0, Problem("TWIN_NOT_FOUND", told, "/of/twinId", hint))
        if problems:
            raise Invalid.of(problems, "the search", code="CAUSES_INVALID")

    def _starts(self, question: CauseQuestion) -> tuple[str, ...]:
        if question.twin_id is not None:
            return (question.twin_id,)
        alert = self._live.alert(question.alert_id or "")
        if alert is None:
            raise NotFound(
                f"there is no open alert '{(question.alert_id or '')[:200]}'",
                code="ALERT_NOT_OPEN",
                hint="causes are looked for in the plant as it is now: ask for those of a twin instead",
                path="/of/alertId",
            )
        return tuple(id for id in alert.twins if self._catalogue.twin(id) is not None)


class _Look:
    """Everything live is read as it is made, so that weighing may be done on a thread."""

    def __init__(
        self,
        topology: Topology,
        live: LiveView,
        kept: Kept,
        question: CauseQuestion,
        starts: tuple[str, ...],
        depths: Ints,
        silent: set[int],
        dead: Flags,
    ) -> None:
        self._topology = topology
        self._live = live
        self._needs = kept.needs
        self._groups = kept.groups
        self._starts = starts
        self._of_alert = question.alert_id
        self._sequence = live.sequence
        self._start = topology.indexes(starts)
        self._depth = depths
        self._silent = silent
        self._alerts = self._active()
        self._standing = Standing(live)
        self._dead = dead
        self._troubled = self._in_trouble()
        self.total = len(self._troubled)
        self.candidates: list[int] = []

    def choose(self) -> None:
        """Who is weighed: of a whole plant that is lost, a few."""
        self.candidates = heapq.nsmallest(MAX_CANDIDATES, self._troubled.tolist(), key=self._first)

    def weigh(self) -> list[Weight]:
        return weigh(self._needs, self._depth, self._start, self.candidates, [*self._alerts])

    def told(self, weights: Iterable[Weight]) -> Causes:
        found = [self._cause(weight) for weight in sorted(weights, key=self._rank)]
        alerts = {alert.alert_id for alerts in self._alerts.values() for alert in alerts}
        size = int((self._depth > 0).sum())
        return Causes(self._sequence, self._starts, size, len(alerts), found, self.total)

    # ------------------------------------------------------------ who is in trouble

    def _active(self) -> dict[int, list[Alert]]:
        """By twin that the start depends on, or that it is, the active alerts that concern it, worst first."""
        found: dict[int, list[Alert]] = {}
        for alert in self._live.open_alerts():
            for twin_id in alert.twins if alert.active else ():
                index = self._topology.index(twin_id)
                if index is not None and self._depth[index] >= 0:
                    found.setdefault(index, []).append(alert)
        for alerts in found.values():
            alerts.sort(key=lambda alert: (-SEVERITIES.index(alert.severity), alert.alert_id))
        return found

    def _in_trouble(self) -> Ints:
        """The start is one for trouble beyond the alert that is asked about. Nothing is looked at twin by twin: it may
        be that the start depends on a million."""
        alerting = (
            twin for twin, alerts in self._alerts.items() if any(alert.alert_id != self._of_alert for alert in alerts)
        )
        return suspects(self._depth, self._dead, [*self._silent, *alerting])

    def _worst(self, twin: int) -> int:
        return max((SEVERITIES.index(alert.severity) + 1 for alert in self._alerts.get(twin, ())), default=0)

    def _first(self, twin: int) -> tuple[int, int, str]:
        return -self._worst(twin), -int(self._depth[twin]), self._topology.id(twin)

    def _rank(self, weight: Weight) -> tuple[int, int, int, int, str]:
        twin = weight.twin
        depth = int(self._depth[twin])
        return -len(self._explained(weight)), -weight.effect, -depth, -self._worst(twin), self._topology.id(twin)

    def _explained(self, weight: Weight) -> list[str]:
        return sorted({alert.alert_id for twin in weight.below for alert in self._alerts[twin]})

    # ------------------------------------------------------------ what is told of them

    def _cause(self, weight: Weight) -> PossibleCause:
        twin_id, explained = self._topology.id(weight.twin), self._explained(weight)
        lost: tuple[CauseTrouble, ...] = ("lost",) if self._dead[weight.twin] else ()
        return PossibleCause(
            twin_id,
            int(self._depth[weight.twin]),
            tuple(self._path(weight.twin)),
            tuple(self._alerts.get(weight.twin, ())),
            lost + self._standing.of(twin_id),
            len(explained),
            tuple(explained[:MOST_EXPLAINED]),
            _EFFECTS[weight.effect],
        )

    def _path(self, twin: int) -> Iterator[Hop]:
        """Downwards; of several that are as near to the start, the one with the least id each time, and of several
        groups the first by name."""
        for _ in range(min(MOST_HOPS, int(self._depth[twin]))):
            nearer = step_down(self._needs, twin, self._depth)
            target = min(nearer, key=self._topology.id)
            group = min(self._groups[number] for number in nearer[target])
            edge = carrying(self._topology, twin, target, group)
            yield Hop(self._topology.id(twin), self._topology.id(target), edge.name, edge.relationship_type, group)
            twin = target
