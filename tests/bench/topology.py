"""The graph of twins at 100,000 twins and 1,000,000 edges, beside bare rustworkx on the same edges.

make bench SUITE=topology
"""

import gc
import operator
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psutil
import rustworkx

from app.find.finder import Finder
from app.find.query import Around
from app.find.traversals import Traversals
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import RelationshipDefinition, Twin, TwinType
from app.topology.components import Components
from app.topology.paths import ShortestPaths
from app.topology.subgraph import subgraph
from app.topology.topology import Topology
from app.topology.walk import Walk, downstream
from tests.api.parts import NOON, FakeLive
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, alternated

TWINS, EACH = 100_000, 10
PAGE, PATHS, CHANGES, REPEATS = 100, 100, 40, 3
FEW_TWINS = 5_000
"""Of a quick run."""
TYPES = ("physical_connection", "control", "monitoring", "composition")
Targets = list[list[tuple[int, str]]]


def run(quick: bool) -> Report:
    rounds = 1 if quick else LEAST_ROUNDS
    twins = FEW_TWINS if quick else TWINS
    targets = _targets(twins)
    catalogue = _catalogue(targets)
    made, topology, graph = _read(catalogue, targets, rounds)
    dice = random.Random(9)
    bench = _Bench(topology, graph, [dice.randrange(twins) for _ in range(rounds)])
    return Report(
        figures=(
            *made,
            *bench.walks(),
            bench.page(catalogue),
            *bench.others(),
            _changes(catalogue, targets, rounds),
        )
    )


# ------------------------------------------------------------ the plant


def _id(number: int) -> str:
    return f"twin_{number:06}"


def _targets(twins: int) -> Targets:
    dice = random.Random(4)
    return [[(dice.randrange(twins), dice.choice(TYPES)) for _ in range(EACH)] for _ in range(twins)]


def _twin(number: int, targets: list[tuple[int, str]]) -> Twin:
    relationships = [
        RelationshipDefinition.model_construct(
            name=f"edge_{place}", target_twin_id=_id(target), relationship_type=kind, direction=None, group=None
        )
        for place, (target, kind) in enumerate(targets)
    ]
    return Twin.model_construct(twin_id=_id(number), twin_type="device", relationships=relationships)


def _stored(twin: Twin) -> StoredDefinition:
    return StoredDefinition("twin", twin.twin_id, twin, 1, 1, NOON, "ann", NOON, "ann")


def _catalogue(targets: Targets) -> Catalogue:
    device = TwinType(type_id="device")
    kinds = [StoredDefinition("twin_type", "device", device, 1, 1, NOON, "ann", NOON, "ann")]
    return Catalogue.of(1, [*kinds, *(_stored(_twin(number, found)) for number, found in enumerate(targets))])


def _rustworkx(targets: Targets) -> Any:
    graph: Any = rustworkx.PyDiGraph(multigraph=True)
    graph.add_nodes_from(range(len(targets)))
    graph.add_edges_from([(source, target, kind) for source, found in enumerate(targets) for target, kind in found])
    return graph


def _made(make: Callable[[], Any]) -> tuple[Any, float, float]:
    """It, seconds, and megabytes."""
    gc.collect()
    before, began = psutil.Process().memory_info().rss, time.process_time()
    made = make()
    took = time.process_time() - began
    gc.collect()
    return made, took, (psutil.Process().memory_info().rss - before) / 1e6


def _read(catalogue: Catalogue, targets: Targets, rounds: int) -> tuple[list[Figure], Topology, Any]:
    """Read once each round; what is held is told of the first, whose memory nobody had before."""
    topology, seconds, held = _made(lambda: Topology(catalogue))
    graph, rx_seconds, rx_held = _made(lambda: _rustworkx(targets))
    ours, theirs, following = [seconds], [rx_seconds], len(catalogue.followers)
    for _ in range(rounds - 1):
        ours.append(_made(lambda: Topology(catalogue))[1])
        theirs.append(_made(lambda: _rustworkx(targets))[1])
    del catalogue.followers[following:]
    size = f"{len(topology):,} twins and {topology.edge_count:,} edges"
    return (
        [
            Figure(
                key="read",
                what=f"{size} read from the catalogue",
                unit="s",
                rounds=tuple(ours),
                beside=(Beside(what="rustworkx's graph, made of lists of tuples", rounds=tuple(theirs)),),
            ),
            Figure(
                key="held",
                what="the same, held",
                unit="MB",
                rounds=(held,),
                beside=(Beside(what="rustworkx", rounds=(rx_held,)),),
                note=f"its edges, in two directions, {topology.nbytes / 1e6:.0f} MB of it",
            ),
        ],
        topology,
        graph,
    )


# ------------------------------------------------------------ questions


class _Bench:
    """One twin a round, from which all questions of that round start."""

    def __init__(self, topology: Topology, graph: Any, starts: list[int]) -> None:
        self._topology = topology
        self._graph = graph
        self._starts = starts

    def walks(self) -> Iterator[Figure]:
        topology, graph = self._topology, self._graph
        for depth in (3, 4):
            yield self._beside(
                f"walk_{depth}",
                f"a walk of {depth} hops, as a set of twin ids (rustworkx: of indexes)",
                partial(_downstream, topology, depth),
                partial(_levels, graph, depth),
            )
        yield self._beside(
            "marks",
            "a walk of 4 hops, as indexes",
            lambda start: sum(len(found) for found in Walk(topology, "outgoing").levels(self._index(start), 4)),
            partial(_levels, graph, 4),
        )
        yield self._beside(
            "downstream",
            "everything downstream, as a set of twin ids (rustworkx's `descendants`: of indexes)",
            partial(_downstream, topology, None),
            lambda start: len(rustworkx.descendants(graph, start)),
        )
        yield self._beside(
            "one_type",
            "along one of four relationship types, 6 hops",
            lambda start: len(downstream(topology, [_id(start)], types=TYPES[:1], depth=6)),
            lambda start: _levels_of(graph, start, 6, TYPES[0]),
        )

    def page(self, catalogue: Catalogue) -> Figure:
        live = FakeLive()
        traversals = Traversals(catalogue, self._topology, Finder(catalogue, self._topology, live), live)

        def page(start: int) -> int:
            found = traversals.related(Around(_id(start), "outgoing", max_depth=3), PAGE, None)
            return sum(len(item.path()) for item in found.items)

        return self._beside(
            "page",
            f"a page of {PAGE} twins within 3 hops, each with a path (rustworkx: the walk alone)",
            page,
            partial(_levels, self._graph, 3),
            alike=None,
        )

    def others(self) -> Iterator[Figure]:
        topology, graph = self._topology, self._graph
        yield self._beside(
            "shortest",
            f"shortest paths to another, at most {PATHS} (rustworkx: all)",
            partial(_paths, topology),
            lambda start: len(list(rustworkx.all_shortest_paths(graph, start, _opposite(topology, start)))),
            alike=lambda found, all: found == min(all, PATHS),
        )
        yield self._beside(
            "drawing",
            "a drawing of 500 twins around one, 3 hops both ways",
            lambda start: len(subgraph(topology, self._index(start), "both", (), None, 3, 500, 20_000).nodes),
            lambda start: len(graph.subgraph(_around(graph, start, 3)[:500]).nodes()),
        )
        yield self._beside(
            "components",
            "components of everything",
            lambda _: len(Components(topology, (), None, 1)),
            lambda _: len(rustworkx.weakly_connected_components(graph)),
        )

    def _index(self, start: int) -> Any:
        return self._topology.indexes([_id(start)])

    def _beside(
        self,
        key: str,
        what: str,
        ours: Callable[[int], int],
        floor: Callable[[int], int],
        alike: Callable[[int, int], bool] | None = operator.eq,
    ) -> Figure:
        """The answers are compared by `alike`."""
        mine, theirs = alternated(
            len(self._starts),
            lambda round: _timed(ours, self._starts[round]),
            lambda round: _timed(floor, self._starts[round]),
        )
        for (_, found), (_, other) in zip(mine, theirs, strict=True):
            assert alike is None or alike(found, other), (what, found, other)
        return Figure(
            key=key,
            what=what,
            unit="ms",
            rounds=tuple(took for took, _ in mine),
            beside=(Beside(what="rustworkx", rounds=tuple(took for took, _ in theirs)),),
        )


def _changes(catalogue: Catalogue, targets: Targets, rounds: int) -> Figure:
    """The topology and a finder, which must be there, follow the catalogue."""
    times = []
    for round in range(rounds):
        taken = []
        for number in range(round * CHANGES, (round + 1) * CHANGES):
            found = list(targets[number])
            found[0] = (len(targets) - 1 - number, TYPES[0])
            change = DefinitionChange(catalogue.revision, NOON, "ann", "", (_stored(_twin(number, found)),))
            taken.append(_timed(catalogue.apply, change, 1)[0])
        times.append(statistics.median(taken))
    return Figure(
        key="change", what="one edge of a twin changed, catalogue and finder included", unit="ms", rounds=tuple(times)
    )


def _opposite(topology: Topology, start: int) -> int:
    return (start + len(topology) // 2) % len(topology)


def _paths(topology: Topology, start: int) -> int:
    ends = topology.index(_id(start)), topology.index(_id(_opposite(topology, start)))
    assert ends[0] is not None
    assert ends[1] is not None
    found = 0
    for found, _ in enumerate(ShortestPaths(topology, *ends, "outgoing", (), PATHS).paths(), 1):  # type: ignore[arg-type]
        if found == PATHS:
            break
    return found


def _downstream(topology: Topology, depth: int | None, start: int) -> int:
    return len(downstream(topology, [_id(start)], depth=depth))


def _levels(graph: Any, depth: int, start: int) -> int:
    seen, frontier = {start}, [start]
    for _ in range(depth):
        found: set[int] = set()
        for index in frontier:
            found.update(graph.successor_indices(index))
        frontier = list(found - seen)
        seen.update(frontier)
    return len(seen) - 1


def _levels_of(graph: Any, start: int, depth: int, kind: str) -> int:
    seen, frontier = {start}, [start]
    for _ in range(depth):
        found = {target for index in frontier for _, target, wanted in graph.out_edges(index) if wanted == kind}
        frontier = list(found - seen)
        seen.update(frontier)
    return len(seen) - 1


def _around(graph: Any, start: int, depth: int) -> list[int]:
    seen, frontier = {start: None}, [start]
    for _ in range(depth):
        found: set[int] = set()
        for index in frontier:
            found.update(graph.successor_indices(index), graph.predecessor_indices(index))
        frontier = [index for index in found if index not in seen]
        seen.update(dict.fromkeys(frontier))
    return list(seen)


def _timed(do: Callable[[Any], Any], asked: Any, repeats: int = REPEATS) -> tuple[float, Any]:
    """Milliseconds of the processor, the median of a few, and what was found."""
    took, found = [], None
    for _ in range(repeats):
        began = time.process_time()
        found = do(asked)
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took), found


SUITE = Suite(
    title="The graph of twins",
    about=(
        f"{TWINS:,} twins with {EACH} edges each, of four types at random, beside bare rustworkx on the same edges. "
        "Both answer the same question from the same twin, another each round, and the answers are compared. "
        "rustworkx holds the type of an edge alone, no names, owners or groups; where types are left out it has to "
        "look at the edges. Processor time: both compute alone."
    ),
    run=run,
)
