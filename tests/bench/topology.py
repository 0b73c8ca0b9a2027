"""The graph of twins at 100,000 twins and 1,000,000 edges, beside bare rustworkx on the same edges in the same run.

Both answer the same question each time, alternately, and the answers are compared. rustworkx holds the type of an edge
alone, no names, owners or groups; where types are left out it has to look at the edges. Times are of the processor:
both compute alone, and what else the machine does meanwhile is nobody's.

    make bench SUITE=topology
"""

import gc
import random
import statistics
import time
from collections.abc import Callable
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

TWINS, EACH, ROUNDS = 100_000, 10, 5
TYPES = ("physical_connection", "control", "monitoring", "composition")


def main() -> None:
    targets = _targets()
    catalogue = _catalogue(targets)
    topology, seconds, taken = _made(lambda: Topology(catalogue))
    edges = topology.edge_count
    print(f"{len(topology):,} twins, {edges:,} edges, read from the catalogue in {seconds:.1f} s")
    graph, rx_seconds, rx_taken = _made(lambda: _rustworkx(targets))
    print(
        f"held in {taken / 1e6:.0f} MB, of which edges {topology.nbytes / 1e6:.0f}; rustworkx {rx_taken / 1e6:.0f} MB, "
        f"made of lists of tuples in {rx_seconds:.1f} s"
    )
    dice = random.Random(9)
    starts = [dice.randrange(TWINS) for _ in range(ROUNDS)]
    _pages(catalogue, topology, starts)
    _walks(topology, graph, starts)
    _whole(topology, graph)
    _changes(catalogue, topology, targets)


# ------------------------------------------------------------ the plant


def _id(number: int) -> str:
    return f"twin_{number:06}"


def _targets() -> list[list[tuple[int, str]]]:
    dice = random.Random(4)
    return [[(dice.randrange(TWINS), dice.choice(TYPES)) for _ in range(EACH)] for _ in range(TWINS)]


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


def _catalogue(targets: list[list[tuple[int, str]]]) -> Catalogue:
    device = TwinType(type_id="device")
    kinds = [StoredDefinition("twin_type", "device", device, 1, 1, NOON, "ann", NOON, "ann")]
    return Catalogue.of(1, [*kinds, *(_stored(_twin(number, found)) for number, found in enumerate(targets))])


def _rustworkx(targets: list[list[tuple[int, str]]]) -> Any:
    graph: Any = rustworkx.PyDiGraph(multigraph=True)
    graph.add_nodes_from(range(TWINS))
    graph.add_edges_from([(source, target, kind) for source, found in enumerate(targets) for target, kind in found])
    return graph


def _made(make: Callable[[], Any]) -> tuple[Any, float, int]:
    gc.collect()
    before, began = psutil.Process().memory_info().rss, time.process_time()
    made = make()
    took = time.process_time() - began
    gc.collect()
    return made, took, psutil.Process().memory_info().rss - before


# ------------------------------------------------------------ questions


def _pages(catalogue: Catalogue, topology: Topology, starts: list[int]) -> None:
    live = FakeLive()
    finder = Finder(catalogue, topology, live)
    traversals = Traversals(catalogue, topology, finder, live)

    def page(start: int) -> int:
        found = traversals.related(Around(_id(start), "outgoing", max_depth=3), 100, None)
        return sum(len(item.path()) for item in found.items)

    times = [_timed(page, start)[0] for start in starts for _ in range(3)]
    print(f"a page of 100 related twins within 3 hops, with paths: {_shown(times)}")


def _walks(topology: Topology, graph: Any, starts: list[int]) -> None:
    for depth in (3, 4):
        _beside(
            f"everything downstream, {depth} hops",
            starts,
            partial(_downstream, topology, depth),
            partial(_levels, graph, depth),
        )
    _beside(
        "everything downstream, to the end",
        starts,
        partial(_downstream, topology, None),
        lambda start: len(rustworkx.descendants(graph, start)),
    )
    _beside(
        "the same along one of four types, 6 hops",
        starts,
        lambda start: len(downstream(topology, [_id(start)], types=TYPES[:1], depth=6)),
        lambda start: _levels_of(graph, start, 6, TYPES[0]),
    )
    _beside(
        "the marks alone, 4 hops (no ids)",
        starts,
        lambda start: sum(len(level) for level in Walk(topology, "outgoing").levels(topology.indexes([_id(start)]), 4)),
        partial(_levels, graph, 4),
    )
    _beside(
        "all shortest paths to another, at most 100",
        starts,
        lambda start: _paths(topology, start),
        lambda start: len(list(rustworkx.all_shortest_paths(graph, start, (start + TWINS // 2) % TWINS))),
    )
    _beside(
        "a drawing of 500 around one, 3 hops both ways",
        starts,
        lambda start: len(subgraph(topology, topology.indexes([_id(start)]), "both", (), None, 3, 500, 20_000).nodes),
        lambda start: len(graph.subgraph(_around(graph, start, 3)[:500]).nodes()),
    )


def _whole(topology: Topology, graph: Any) -> None:
    _beside(
        "components of everything",
        [0] * ROUNDS,
        lambda _: len(Components(topology, (), None, 1)),
        lambda _: len(rustworkx.weakly_connected_components(graph)),
    )


def _changes(catalogue: Catalogue, topology: Topology, targets: list[list[tuple[int, str]]]) -> None:
    times = []
    for number in range(200):
        found = list(targets[number])
        found[0] = (TWINS - 1 - number, TYPES[0])
        change = DefinitionChange(catalogue.revision, NOON, "ann", "", (_stored(_twin(number, found)),))
        times.append(_timed(catalogue.apply, change)[0])
    print(f"one edge of a twin changed, catalogue and finder included: {_shown(times)}")


def _paths(topology: Topology, start: int) -> int:
    ends = topology.index(_id(start)), topology.index(_id((start + TWINS // 2) % TWINS))
    assert ends[0] is not None
    assert ends[1] is not None
    found = 0
    for found, _ in enumerate(ShortestPaths(topology, *ends, "outgoing", (), 100).paths(), 1):  # type: ignore[arg-type]
        if found == 100:
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


# ------------------------------------------------------------ measuring


def _beside(what: str, starts: list[int], ours: Callable[[int], int], floor: Callable[[int], int]) -> None:
    mine, theirs = [], []
    for start in starts:
        took, found = _timed(ours, start)
        mine.append(took)
        took, other = _timed(floor, start)
        theirs.append(took)
        assert found == min(other, 100) if "at most 100" in what else found == other, (what, found, other)
    ratio = statistics.median(mine) / statistics.median(theirs)
    print(f"{what}: {_shown(mine)}; rustworkx {_shown(theirs)}; ratio {ratio:.2f}")


def _timed(do: Callable[[Any], Any], asked: Any) -> tuple[float, Any]:
    began = time.process_time()
    found = do(asked)
    return time.process_time() - began, found


def _shown(times: list[float]) -> str:
    low, middle, high = (1e3 * found for found in (min(times), statistics.median(times), max(times)))
    return f"{middle:.2f} ms ({low:.2f} to {high:.2f})"
