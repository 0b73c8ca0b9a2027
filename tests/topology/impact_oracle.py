"""The loss from its definition alone, on networkx and sets: every step is done over everything, until nothing changes.

It shares nothing with the program but the words of the design: a twin needs every group, a group lives while one of its
sources does, alive is the least fixpoint grown from twins without groups, a cycle without a source outside is its own.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import networkx as nx

Groups = Mapping[int, Mapping[int, Set[int]]]
"""Twin -> group -> sources."""


@dataclass(frozen=True)
class Expected:
    lost: set[int]
    degraded: set[int]
    depths: dict[int, int]
    already_lost: set[int]
    already_degraded: set[int]


def groups_of(count: int, edges: Iterable[tuple[int, int, int]]) -> Groups:
    """Of edges (source, target, group): parallel ones are one, those from a twin to itself none."""
    found: dict[int, dict[int, set[int]]] = {twin: {} for twin in range(count)}
    for source, target, group in edges:
        if source != target:
            found[target].setdefault(group, set()).add(source)
    return found


def inner_groups(groups: Groups) -> set[tuple[int, int]]:
    """(twin, group) of those that only their own cycle feeds: found as the whole plant comes alive."""
    alive: set[int] = set()
    inner: set[tuple[int, int]] = set()
    while len(alive) < len(groups):
        grown = {twin for twin in groups if twin not in alive and all(it & alive for it in groups[twin].values())}
        if grown:
            alive |= grown
            continue
        waits = nx.DiGraph()
        waits.add_nodes_from(twin for twin in groups if twin not in alive)
        for twin in list(waits):
            for sources in groups[twin].values():
                if not sources & alive:
                    waits.add_edges_from((source, twin) for source in sources)
        cycles = nx.condensation(waits)
        feeding = [twin for cycle in cycles if not cycles.in_degree(cycle) for twin in cycles.nodes[cycle]["members"]]
        inner |= {(twin, name) for twin in feeding for name, it in groups[twin].items() if not it & alive}
        alive |= set(feeding)
    return inner


def alive_without(groups: Groups, inner: Set[tuple[int, int]], gone: Set[int]) -> set[int]:
    """The largest part that can grow: a cycle that was its own source may count on itself for as long as that holds."""
    counted_on = set(groups) - gone
    while True:
        alive: set[int] = set()
        while grown := {
            twin
            for twin in groups
            if twin not in alive
            and twin not in gone
            and all(it & (counted_on if (twin, name) in inner else alive) for name, it in groups[twin].items())
        }:
            alive |= grown
        if alive == counted_on:
            return alive
        counted_on = alive


def expected(groups: Groups, removed: Set[int], without: Set[int]) -> Expected:
    inner = inner_groups(groups)
    before, after = alive_without(groups, inner, without), alive_without(groups, inner, without | removed)
    lost = before - after

    def narrower(alive: Set[int], then: Set[int]) -> set[int]:
        return {twin for twin in alive if any(len(it & alive) < len(it & then) for it in groups[twin].values())}

    carries = nx.DiGraph()
    carries.add_nodes_from(removed & before)
    for twin in before:
        for sources in groups[twin].values():
            if twin in after or not sources & after:
                carries.add_edges_from((source, twin) for source in sources & lost)
    depths = nx.multi_source_dijkstra_path_length(carries, removed & before) if removed & before else {}
    return Expected(lost, narrower(after, before), depths, set(groups) - before, narrower(before, set(groups)))
