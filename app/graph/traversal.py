"""Which twins are reachable over RELATED edges, level by level.

Each level is one statement over the whole frontier, so the cost is the edges met once. A variable-length pattern
(`[:RELATED*1..10]`) would enumerate *paths*: exponentially many where a plant's graph has meshes or cycles.
"""

from collections.abc import Sequence

from app.errors import Invalid
from app.graph.session import Graph, Transaction
from app.graph.statements import Statements
from app.model.change import Hop, RelatedTwin

MAX_RESULTS = 1000
DIRECTIONS = ("incoming", "outgoing", "both")


class Traversal:
    def __init__(self, graph: Graph, statements: Statements) -> None:
        self._graph = graph
        self._neighbours = {direction: statements[f"twins/neighbours_{direction}"] for direction in DIRECTIONS}

    async def related(
        self, twin_id: str, direction: str, relationship_types: Sequence[str], max_depth: int
    ) -> list[RelatedTwin]:
        """Nearest first, then by id; at most 1000. Empty for an unknown twin. Raises Invalid
        (DIRECTION_INVALID)."""
        if direction not in self._neighbours:
            raise Invalid(
                f"'{direction}' is no direction",
                code="DIRECTION_INVALID",
                hint=f"use one of {', '.join(DIRECTIONS)}",
            )
        statement = self._neighbours[direction]

        async def work(transaction: Transaction) -> list[RelatedTwin]:
            found: dict[str, RelatedTwin] = {}
            paths: dict[str, tuple[Hop, ...]] = {twin_id: ()}
            frontier = [twin_id]
            for depth in range(1, max_depth + 1):
                records = await transaction.run(
                    statement,
                    rows=frontier,
                    seen=list(paths),
                    any_type=not relationship_types,
                    types=list(relationship_types),
                    limit=MAX_RESULTS - len(found),
                )
                frontier = []
                for record in records:
                    hop = Hop(*record["hop"])
                    reached: str = record["twin_id"]
                    came_from = hop.source_twin_id if reached == hop.target_twin_id else hop.target_twin_id
                    paths[reached] = (*paths[came_from], hop)
                    found[reached] = RelatedTwin(reached, depth, paths[reached])
                    frontier.append(reached)
                if not frontier or len(found) >= MAX_RESULTS:
                    break
            return list(found.values())

        return await self._graph.read(work)
