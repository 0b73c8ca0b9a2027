"""All twins downstream, or upstream, of some: along every edge, however far, as the edges are when it is asked."""

from collections.abc import Callable, Collection, Iterator, Set

import strawberry

from app.api.context import Context
from app.errors import Problem
from app.find.check import MAX_DEPTH, check_depth, refuse, unknown_twins, unknown_types
from app.find.traversals import MAX_STARTS
from app.topology.topology import Topology, Way
from app.topology.walk import downstream


@strawberry.input(
    description="From which twins edges are followed. UNKNOWN_TWIN, UNKNOWN_RELATIONSHIP_TYPE, TOO_MANY_VALUES, "
    "DEPTH_INVALID."
)
class ReachedFrom:
    twin_ids: list[strawberry.ID] = strawberry.field(description=f"These, at most {MAX_STARTS}.")
    relationship_types: list[str] | None = strawberry.field(
        default=None, description="Only along edges of these types, at most 100; all where left out."
    )
    max_depth: int | None = strawberry.field(
        default=None, description=f"At most so many hops away, 1 to {MAX_DEPTH}; however far where left out."
    )
    inclusive: bool = strawberry.field(default=False, description="These twins themselves too.")

    def problems(self, context: Context, path: str) -> Iterator[Problem]:
        if len(self.twin_ids) > MAX_STARTS:
            message = f"{len(self.twin_ids)} twins were given; the most is {MAX_STARTS}"
            yield Problem("TOO_MANY_VALUES", message, f"{path}/twinIds")
        known = context.services.finder.twin_ids
        yield from unknown_twins(known, self.twin_ids[:MAX_STARTS], f"{path}/twinIds")
        yield from unknown_types(context.catalogue, self.relationship_types or (), f"{path}/relationshipTypes")
        if self.max_depth is not None:
            yield from check_depth(self.max_depth, 1, MAX_DEPTH, f"{path}/maxDepth")

    def reached(self, topology: Topology, way: Way) -> Callable[[], Set[str]]:
        twin_ids: Collection[str] = frozenset(self.twin_ids)
        types = tuple(self.relationship_types or ())

        def look() -> Set[str]:
            found = downstream(topology, twin_ids, way, types, self.max_depth)
            return found.union(twin_id for twin_id in twin_ids if twin_id in topology) if self.inclusive else found

        return look


def reached(
    context: Context, downstream_of: ReachedFrom | None, upstream_of: ReachedFrom | None
) -> list[Callable[[], Set[str]]]:
    """Raises Invalid with every unknown name."""
    topology = context.services.topology
    problems: list[Problem] = []
    found = []
    if downstream_of is not None:
        problems += downstream_of.problems(context, "/downstreamOf")
        found.append(downstream_of.reached(topology, "outgoing"))
    if upstream_of is not None:
        problems += upstream_of.problems(context, "/upstreamOf")
        found.append(upstream_of.reached(topology, "incoming"))
    refuse(problems)
    return found
