"""How a live query goes through graphql-core: as a subscription whose events were executed already.

A subscription's field answers with a source of events, of which each is executed; what is to be pushed is known only
after that. So the source of a live query is handed the executor (executor.py), has it execute whenever that is due, and
gives as its events the results, which the executor passes on as they are.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from app.api.context import Context, Info
from app.api.live.live_queries import Key
from app.api.live.shape import Shape, shape_of
from app.api.live.views import noting
from app.api.live.watch import Ask, Executes
from app.errors import Invalid

MAX_INTERVAL_MS = 3_600_000

Payload = TypeVar("Payload")


@dataclass(frozen=True, slots=True)
class LiveSource(AsyncIterable[Payload], Generic[Payload]):
    """What the field of a live query returns; only the executor can iterate it."""

    field: str
    context: Context
    key: Key
    payload: Callable[[int], Payload]
    """The root value at a sequence."""
    shape: Shape
    interval: float
    deltas: bool

    def pushes(self, executor: Executes) -> AsyncGenerator[object, None]:
        context = self.context
        noted = partial(noting, context)
        ask = Ask(self.field, self.payload, executor, context, noted, self.shape, self.interval, self.deltas)
        return context.services.live_queries.follow(self.key, ask)

    def __aiter__(self) -> AsyncIterator[Payload]:
        raise TypeError("a live query is executed by its executor: see `pushes`")

    async def aclose(self) -> None:
        """There is nothing to close before it is executed."""


def live(info: Info, payload: Callable[[int], Payload], min_interval_ms: int, delta: bool) -> LiveSource[Payload]:
    """Raises Invalid (INTERVAL_INVALID, DELTA_INVALID, NOT_LIVE), Refused
    (TOO_MANY_LIVE_QUERIES), Unavailable (LIVE_QUERIES_FULL)."""
    if not 0 <= min_interval_ms <= MAX_INTERVAL_MS:
        raise Invalid(
            f"`minIntervalMs` is {min_interval_ms}; it may be 0 to {MAX_INTERVAL_MS}",
            code="INTERVAL_INVALID",
            path="/minIntervalMs",
        )
    raw, context = info._raw_info, info.context
    shape = shape_of(raw.schema, raw.operation, raw.fragments)
    if delta and "patch" not in shape.own.values():
        raise Invalid(
            "`delta` is asked for, and `patch` is not among the fields",
            code="DELTA_INVALID",
            hint="select `patch` beside the answer, or leave `delta` out",
            path="/delta",
        )
    operation = raw.operation
    source = operation.loc.source.body if operation.loc is not None else ""
    key = (
        source,
        operation.name.value if operation.name is not None else "",
        msgspec.json.encode(raw.variable_values, enc_hook=_plain, order="sorted").decode(),
        context.viewer,
    )
    context.services.live_queries.check(key, id(context))
    return LiveSource(raw.field_name, context, key, payload, shape, min_interval_ms / 1000, delta)


def _plain(value: Any) -> str:
    """Of a coerced variable that JSON has no form for."""
    return repr(value)
