"""All edges of one type, by the twin that they start from."""

from collections.abc import Iterator

from app.api.context import Context
from app.api.walks import Walk
from app.find.edges import Edge


class EdgesOfType(Walk):
    """`source/name/target/kind/declared by`. An edge that starts from a twin that does not exist yet is not met."""

    def __init__(self, context: Context, relationship_type: str) -> None:
        self._edges = context.edges
        self._types = (relationship_type,)
        self.owners = context.order.ids(context.catalogue, "twin")

    def owner(self, key: str) -> str:
        return key.partition("/")[0]

    def of(self, owner: str) -> Iterator[str]:
        found = self._edges.of(owner, "outgoing", self._types)
        return ("/".join((owner, edge.name, edge.target, edge.kind, edge.declared_by)) for edge in found)

    def find(self, key: str) -> Edge | None:
        source, name, *rest = key.split("/")
        return self._edges.find("/".join((name, source, *rest)))
