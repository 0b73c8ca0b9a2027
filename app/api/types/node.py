"""Node: whatever has a global id, which clients take as the key of their caches."""

import strawberry


@strawberry.interface(description="Anything that `node(id)` can find again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Global and opaque; stable over restarts.")
