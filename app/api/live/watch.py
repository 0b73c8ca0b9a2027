"""One live query as it stands: its last answer, what that was read from, and who is told of the next.

Whoever asks the same (document, variables, viewer) shares it: the answer is executed once, and what it takes to get
from an older answer to the last is worked out once for all who have that older one.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from graphql import ExecutionResult, GraphQLError

from app.api.errors import presented
from app.api.limits.deadline import within
from app.api.live.patch import patch
from app.api.live.reads import Key, Reads
from app.api.live.shape import Place, Shape
from app.errors import Invalid

if TYPE_CHECKING:
    from app.api.context import Context

MAX_BYTES = 4 * 1024 * 1024
"""Of one answer."""

encode = msgspec.json.encode


class Executes(Protocol):
    """What of graphql-core's executor a watch needs."""

    context_value: Any

    def build_per_event_executor(self, payload: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """One live query: what is executed, through which executor, and how."""

    field: str
    payload: Callable[[int], Any]
    """The root value at a sequence."""
    executor: Executes
    context: "Context"
    noting: Callable[[Reads], "Context"]
    """The same, through views that note what is read."""
    shape: Shape
    interval: float
    """Seconds between two answers, at least."""
    deltas: bool

    def watch(self) -> "Watch":
        return Watch(self)


@dataclass(frozen=True, slots=True)
class Answer:
    version: int
    """+1 with every other answer."""
    sequence: int
    data: dict[str, Any] | None
    """As it was executed, with the fields of the push left at what they are for nobody."""
    name: str
    """Of the root field in it."""
    content: dict[str, Any]
    """Without those fields: what the next answer is held against."""
    values: dict[str, msgspec.Raw]
    """Each of these as it is sent, the same bytes to every client."""
    encoded: bytes
    errors: Sequence[GraphQLError]


@dataclass(frozen=True, slots=True)
class Push:
    """One answer to one client, as it was executed already."""

    result: ExecutionResult


class Watch:
    """`refused` is why it ended; whoever listens is told and let go."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.reads = Reads()
        self.keys: set[Key] = set()
        self.answer: Answer | None = None
        self.refused: Sequence[GraphQLError] = ()
        self.stale = True
        """Whether something it was read from has changed since, or it was never executed."""
        self.due = 0.0
        """The moment of the loop before which it is not executed again."""
        self.listeners = 0
        self._executions = 0
        self._looked = asyncio.Event()
        self._patches: dict[int, msgspec.Raw | None] = {}

    async def first(self) -> None:
        """Until it has an answer that holds now, or has ended."""
        executed = self._executions
        while not self.refused and (self.answer is None or (self.stale and self._executions == executed)):
            await self._looked.wait()

    async def newer(self, seen: int) -> None:
        """Until there is a newer answer than that version, or it has ended."""
        while not self.refused and (self.answer is None or self.answer.version <= seen):
            await self._looked.wait()

    async def execute(self, sequence: Callable[[], int], overheard: Callable[[Reads], bool]) -> Reads:
        """What it was read from. `overheard` says whether some of that has changed meanwhile."""
        reads = Reads(moments=self.ask.shape.moments)
        at = sequence()
        executor = self.ask.executor.build_per_event_executor(self.ask.payload(at))
        executor.context_value = self.ask.noting(reads)
        result = executor.execute_operation(False)
        if not isinstance(result, ExecutionResult):
            result = await within(self.ask.context.admission.settings.timeout_seconds, result)
        if not overheard(reads):
            self._take(result, at)
            self._executions += 1
            self._tell()
        return reads

    def fail(self, error: Exception) -> None:
        self._end([error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)])

    @property
    def interval(self) -> float:
        return self.ask.interval

    @property
    def over(self) -> bool:
        return bool(self.refused)

    def push(self, last: Any, sequence: int) -> Push:
        """The answer, to a client that got `last` before."""
        answer = self.answer
        assert answer is not None
        if answer.data is None or not answer.data.get(answer.name):
            return Push(ExecutionResult(answer.data, list(answer.errors) or None))
        told = any(self.ask.shape.own.get(name) == "patch" for name in answer.data[answer.name])  # @include may say no
        patch = self._patch_from(last) if self.ask.deltas and told and last is not None else None
        own = {
            "sequence": sequence,
            "initial": last is None,
            "skipped": answer.version - last.version - 1 if last is not None else 0,
            "patch": patch,
        }
        push: dict[str, Any] = {}
        for name, value in answer.data[answer.name].items():
            field = self.ask.shape.own.get(name)
            if field is None:
                push[name] = answer.values[name] if patch is None else None
            else:
                push[name] = own.get(field, value)
        return Push(ExecutionResult({answer.name: push}, list(answer.errors) or None))

    def farewell(self) -> Push:
        """The last, once it has ended."""
        return Push(ExecutionResult(None, list(self.refused)))

    def _end(self, errors: Sequence[GraphQLError]) -> None:
        self.refused = errors
        self._tell()

    def _patch_from(self, older: Answer) -> msgspec.Raw | None:
        """None where the whole answer is no longer than that."""
        assert self.answer is not None
        if older.version not in self._patches:
            found = encode(patch(older.content, self.answer.content))
            self._patches[older.version] = msgspec.Raw(found) if len(found) < len(self.answer.encoded) else None
        return self._patches[older.version]

    def _take(self, result: ExecutionResult, sequence: int) -> None:
        errors = [presented(error) for error in result.errors or ()]
        if refused := [error for error in errors if (error.extensions or {}).get("code") == "NOT_LIVE"]:
            self._end(refused)
            return
        shape, last = self.ask.shape, self.answer
        name, push = next(iter((result.data or {"": None}).items()))
        content = {key: value for key, value in (push or {}).items() if key not in shape.own}
        values = {key: msgspec.Raw(encode(value)) for key, value in content.items()}
        encoded = encode(values)
        if len(encoded) > MAX_BYTES:
            self._end([_too_large(len(encoded), name)])
            return
        if last is not None and _told(last.errors) == _told(errors):
            if last.encoded == encoded and (last.data is None) == (result.data is None):
                return
            if shape.moving and _still(last.content, shape.moving) == _still(content, shape.moving):
                return
        version = last.version + 1 if last is not None else 1
        self.answer = Answer(version, sequence, result.data, name, content, values, encoded, errors)
        self._patches.clear()

    def _tell(self) -> None:
        self._looked.set()
        self._looked = asyncio.Event()


def _told(errors: Iterable[GraphQLError]) -> list[tuple[str, object, object]]:
    """Without the reference of one that is masked, which is another every time."""
    return [(error.message, tuple(error.path or ()), (error.extensions or {}).get("code")) for error in errors]


def _still(content: Any, moving: frozenset[Place]) -> bytes:
    """Without what moves by itself."""
    return encode(_without(content, [place for place in moving if place]))


def _without(value: Any, places: Sequence[Place]) -> Any:
    if isinstance(value, list):
        return [_without(item, places) for item in value]
    if not isinstance(value, dict) or not places:
        return value
    return {
        key: _without(item, [place[1:] for place in places if place[0] == key and len(place) > 1])
        for key, item in value.items()
        if (key,) not in places
    }


def _too_large(size: int, name: str) -> GraphQLError:
    error = Invalid(
        f"the answer has {size:,} bytes; that of a live query has at most {MAX_BYTES:,}",
        code="LIVE_ANSWER_TOO_LARGE",
        hint="take smaller pages (`first`), or fewer fields of each item",
    )
    return GraphQLError(error.message, path=[name], extensions=error.extensions())
