"""How operations are executed: as graphql-core does, with compiled selections where the document has been kept.

An operation gets its plan where its root fields are executed, and every object that graphql-core meets from there on is
answered by the plan's selection for it. Whatever is unusual (middleware, an abort signal) is graphql-core's alone.
"""

from collections.abc import AsyncIterable, Sequence
from typing import Any, cast

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLObjectType, OperationType
from graphql.execution import Executor
from graphql.execution.collect_fields import DeferUsage, GroupedFieldSet, collect_fields
from graphql.pyutils import Path, RefMap
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.api.documents import Document
from app.api.live.source import LiveSource
from app.api.live.watch import Push
from app.api.selections.place import NotForeseen
from app.api.selections.plans import Plan, Plans
from app.api.selections.run import OutOfTurn, Run
from app.off_loop import give_way, unlooked

_MOST_TURNS = 100


class SelectionExecutor(StrawberryGraphQLCoreExecutionContext):
    _plans: Plans | None = None
    _plan: Plan | None = None
    _run: Run

    @classmethod
    def build(
        cls, schema: Any, document: DocumentNode, *args: Any, **kwargs: Any
    ) -> list[GraphQLError] | Executor[Any]:
        executor = super().build(schema, document, *args, **kwargs)
        if isinstance(executor, SelectionExecutor) and isinstance(document, Document):
            middleware = executor.middleware_manager
            if executor.abort_signal is None and not (middleware and middleware.middlewares):
                executor._plans = document.plans
        return executor

    def cancellable_iterable(self, iterable: AsyncIterable[Any]) -> AsyncIterable[Any]:
        """Where graphql-core takes the source of a subscription's events."""
        if isinstance(iterable, LiveSource):
            return iterable.pushes(self)
        return super().cancellable_iterable(iterable)

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        """Of a subscription's event; without what graphql-core would remember of each event for the whole of it."""
        if isinstance(payload, Push):
            return cast("Executor[Any]", _Executed(payload))
        executor = cast(SelectionExecutor, super().build_per_event_executor(payload))
        executor._relevant_sub_fields = {}
        executor._stream_usages = RefMap()
        return executor

    @property
    def repeats(self) -> bool:
        """Whether `pushed` may be asked: this event was answered by its plan alone. What of it graphql-core executes
        tells its errors here, and begins what is to be awaited."""
        return self._plan is not None and self._plan.whole and not self._run.unusual

    def pushed(self, payload: Any) -> dict[str, Any] | None:
        """What this event's operation comes to for another event: by its plan alone, a quarter of the whole way. None
        where anything of that is not of the ordinary; then this executor has served."""
        assert self._plan is not None
        run, root_type = self._run, cast(GraphQLObjectType, self.schema.subscription_type)
        try:
            found = self._plan.execute(run, root_type, payload, None, self._plan.root)
        except (NotForeseen, Exception):
            return None
        return None if run.unusual else cast("dict[str, Any]", found)

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Sequence[DeferUsage],
    ) -> Any:
        if self._plans is not None and (plan := self._plans.of(self, grouped_field_set)) is not None:
            self._plan, self._run, grouped_field_set = plan, Run(self), plan.root
            self._relevant_sub_fields = plan.sub_fields
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> Any:
        if self._plan is not None:
            if path is None and self._run.in_bytes and self.operation.operation is OperationType.QUERY:
                self._run.begin(divisible=True)
            try:
                return self._plan.execute(self._run, parent_type, source_value, path, grouped_field_set)
            except NotForeseen:
                pass
            except OutOfTurn:
                return self._in_turns(parent_type, source_value, grouped_field_set, position_context)
            finally:
                self._run.begin(divisible=False)
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    async def _in_turns(
        self, root_type: GraphQLObjectType, root_value: Any, fields: GroupedFieldSet, position_context: Any
    ) -> Any:
        """Executed anew in each turn of the loop, for what was kept in those before (kept.py) is found in no time: the
        last comes to its end, and all that it answers is of that one moment."""
        assert self._plan is not None
        with unlooked():
            for left in reversed(range(_MOST_TURNS)):
                await give_way()
                self._run.begin(divisible=left > 0)
                try:
                    return self._plan.execute(self._run, root_type, root_value, None, fields)
                except OutOfTurn:
                    continue
                except NotForeseen:
                    break
                finally:
                    self._run.begin(divisible=False)
            found = super().execute_fields(root_type, root_value, None, fields, position_context)
            return await found if self.is_awaitable(found) else found


def plan_ahead(executor: SelectionExecutor, plans: Plans) -> None:
    """Compiles everything that its operation may come to, in a thread: a thousand fields take a third of a second."""
    if not plans.missing(executor):  # whoever asked the same at the same time has waited for its turn in the thread
        return
    root = executor.schema.get_root_type(executor.operation.operation)
    if root is None:
        return
    try:
        fields = collect_fields(
            executor.schema, executor.fragments, executor.variable_values, root, executor.operation
        ).grouped_field_set
    except (GraphQLError, RecursionError):  # which its execution tells
        return
    plan = Plan(fields)
    executor._relevant_sub_fields = plan.sub_fields
    plan.ahead(root, Run(executor), serially=executor.operation.operation is OperationType.MUTATION)
    plans.add(executor, plan)


class _Executed:
    """What a live query has pushed: there is nothing left to execute."""

    def __init__(self, push: Push) -> None:
        self._push = push

    def execute_operation(self, serially: bool | None = None) -> ExecutionResult:
        return self._push.result
