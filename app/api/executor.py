"""How operations are executed: as graphql-core does, but a subscription keeps nothing of what it has pushed.

graphql-core remembers the fields of each selection by the identity of a list that it makes anew for every event, in a
dict that all events of a subscription share: at 100 pushes a second a client that stays for a day would cost gigabytes.
"""

from typing import Any, cast

from graphql.execution import Executor
from graphql.pyutils import RefMap
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        executor = cast(EventExecutor, super().build_per_event_executor(payload))
        executor._relevant_sub_fields = {}
        executor._stream_usages = RefMap()
        return executor
