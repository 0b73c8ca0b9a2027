"""Selection: what is asked of an object of one type, as parts that are answered one after another.

A part is either fields that are there at once, compiled together; or a field that is awaited and whose value is
compiled; or a field that is left to graphql-core, which comes back to a Selection for the objects in it.
"""

from collections.abc import Callable
from functools import partial
from inspect import iscoroutine
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, Undefined
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path, gather_with_cancel

from app.api.selections.code import Answer, Code, NotCompiled, resolved
from app.api.selections.place import NotForeseen, Place
from app.api.selections.resolvers import Resolver, arguments, unchanging
from app.api.selections.run import FieldUnknown, OutOfTurn, Run
from app.off_loop import give_way, unlooked

LEFT = (NotCompiled, GraphQLError, RecursionError)
"""What says, as something is compiled, that it is left to graphql-core: an error in it is told by every execution."""
_TRIES = 3
"""After which an answer is made in one turn: definitions change all the time."""
Start = Callable[[Run, Any, Path], Any]
"""A field, from its source and path: its answer, or what is to be awaited for it."""


class Selection:
    def __init__(self, parent: GraphQLObjectType, grouped: GroupedFieldSet, run: Run) -> None:
        self._parent = parent
        self._parts: list[tuple[str | None, Any]] = []
        """An Answer of several fields, with no name; or the Start of the field of that name."""
        self.left: list[FieldDetailsList] = []
        """The fields that are graphql-core's."""
        try:
            self._parts.append((None, Code(run).fields(parent, grouped)))
        except LEFT:
            self._one_by_one(grouped, run)

    @property
    def whole(self) -> bool:
        """Whether one function answers it: nothing in it is awaited, or graphql-core's to begin with."""
        return len(self._parts) == 1 and self._parts[0][0] is None

    def _one_by_one(self, grouped: GroupedFieldSet, run: Run) -> None:
        parent = self._parent
        together: GroupedFieldSet = {}
        for name, details in grouped.items():
            if _compiles(parent, {name: details}, run):
                together[name] = details
                continue
            self._answer(together, run)
            together = {}
            self._start(name, details, run)
        self._answer(together, run)

    def execute(self, run: Run, source: Any, path: Path | None) -> Any:
        """The answer, or what is to be awaited for it. Raises NotForeseen."""
        if self.whole:
            return self._parts[0][1](run, source, path)
        run.begin(divisible=False)  # what is awaited would be begun twice
        executor = run.executor
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for name, part in self._parts:
                if name is None:
                    results.update(part(run, source, path))
                    continue
                value = part(run, source, Path(path, name, self._parent.name))
                if value is not Undefined:
                    results[name] = value
                    if executor.is_awaitable(value):
                        waiting.append(name)
        except Exception:
            if waiting:  # its neighbours failed for good, but what was begun is to come to its end
                executor.settle_in_background([results[name] for name in waiting])
            raise
        except NotForeseen:
            for name in waiting:
                if iscoroutine(results[name]):
                    results[name].close()
            raise
        return _settled(results, waiting) if waiting else results

    def _answer(self, grouped: GroupedFieldSet, run: Run) -> None:
        """The next part: these fields together."""
        if grouped:
            try:
                self._parts.append((None, Code(run).fields(self._parent, grouped)))
            except NotCompiled:  # each could be, but it is too much together
                for name, details in grouped.items():
                    self._start(name, details, run)

    def _start(self, name: str, details: FieldDetailsList, run: Run) -> None:
        """The next part: this field."""
        start = _awaited(self._parent, details, run)
        if start is None:
            self.left.append(details)
            start = _handed(self._parent, details)
        self._parts.append((name, start))


def _compiles(parent: GraphQLObjectType, grouped: GroupedFieldSet, run: Run) -> bool:
    try:
        Code(run).write(parent, grouped)
    except LEFT:
        return False
    return True


async def _settled(results: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    if len(waiting) == 1:
        results[waiting[0]] = await results[waiting[0]]
    else:
        found = await gather_with_cancel(*(results[name] for name in waiting))
        results.update(zip(waiting, found, strict=True))
    return results


def _handed(parent: GraphQLObjectType, details: FieldDetailsList) -> Start:
    def handed(run: Run, source: Any, path: Path) -> Any:
        return run.executor.execute_field(parent, source, details, path, None)

    return handed


def _awaited(parent: GraphQLObjectType, details: FieldDetailsList, run: Run) -> Start | None:
    try:
        place, resolver = resolved(run, parent, details)
        if resolver is None or not resolver.awaited:
            return None
        code = Code(run)
        complete = code.value(place)
    except LEFT:
        return None
    return _Awaited(place, resolver, complete, unchanging(resolver, place, run), in_turns=code.still).start


class _Awaited:
    """A field with an asynchronous resolver, of which all the rest is there at once."""

    def __init__(
        self, place: Place, resolver: Resolver, complete: Answer, same: dict[str, Any] | None, *, in_turns: bool
    ) -> None:
        self._place = place
        self._resolver = resolver
        self._complete = complete
        self._same = same
        """The arguments, where they are the same for every execution."""
        self._in_turns = in_turns

    async def start(self, run: Run, source: Any, path: Path) -> Any:
        place, resolver = self._place, self._resolver
        try:
            given = self._same if self._same is not None else run.arguments.get(place)
            if given is None:
                given = run.arguments[place] = arguments(resolver, place, run)
            if resolver.info is not None:
                given = {**given, resolver.info: run.info}
            first = [source if name == "self" else run.info for name in resolver.first]
            assert resolver.function is not None
            resolve = partial(resolver.function, *first, **given)
            if self._in_turns and run.in_bytes:
                with unlooked():
                    return await self._turns(run, resolve, path)
            return self._complete(run, await resolve(), path)
        except (FieldUnknown, NotForeseen):
            value = place.execute(run, source, path)
            return await value if run.executor.is_awaitable(value) else value
        except Exception as error:  # whatever a resolver raises is an error of its field
            return place.failed(run, source, path, error)

    async def _turns(self, run: Run, resolve: Callable[[], Any], path: Path) -> Any:
        """A part of the answer in each turn of the loop, as long as the definitions stay as they were when it was
        found; else it is found again."""
        catalogue = run.executor.context_value.catalogue
        for _ in range(_TRIES):
            value, revision = await resolve(), catalogue.revision
            done: dict[Any, list[Any]] = {}
            while catalogue.revision == revision:
                run.begin(divisible=True, done=done)
                try:
                    return self._complete(run, value, path)
                except OutOfTurn:
                    pass
                finally:
                    run.begin(divisible=False)
                await give_way()
        return self._complete(run, await resolve(), path)
