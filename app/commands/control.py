"""A person acts on the plant: sets a property, calls a method.

Nothing here talks to a device. A command is checked, put into the engine's one line, and what comes of it is awaited on
the bus; a time-out ends the waiting only, the call goes on and is found under its id.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.asked import checked_arguments, checked_value, is_mapped
from app.commands.noting import Noting
from app.commands.refusals import given_reason, raise_refused
from app.commands.rehearsal import Rehearsal, of_call, of_manual, of_write
from app.model.catalogue import Catalogue
from app.model.events import Call, CallChanged, Outcome, RequestCall, SetManual
from app.model.values import PropertyState, Value
from app.ports import Clock, Inbox, LiveView
from app.runtime.bus import Bus, Fact, Subscription

_OPEN = frozenset({"decided", "attempted"})
_GRACE_SECONDS = 2.0
"""That a person waits longer than the device may take, so that the device's own time-out is what is reported."""


@dataclass(frozen=True, slots=True)
class Written:
    """`call` is the write to the device, None for a manual property; `state` is the property's afterwards."""

    state: PropertyState | None
    call: Call | None


class ControlCommands:
    def __init__(
        self,
        catalogue: Catalogue,
        live: LiveView,
        inbox: Inbox,
        bus: Bus,
        clock: Clock,
        timeout_seconds: float,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._catalogue = catalogue
        self._live = live
        self._inbox = inbox
        self._bus = bus
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._new_id = new_id
        self._noting = Noting(inbox)

    async def set_property(
        self, twin_id: str, name: str, value: Value, actor: Actor, override_reason: str | None = None
    ) -> Written:
        """A mapped property by a write to its device, a manual one at once. Given an `override_reason`, interlocks
        don't stand against it. Raises NotFound (TWIN_NOT_FOUND, PROPERTY_NOT_FOUND), Refused (PROPERTY_READ_ONLY,
        PROPERTY_COMPUTED, and CALL_INTERLOCKED for a manual one), Invalid (WRONG_TYPE, VALUE_NOT_ALLOWED,
        VALUE_OUT_OF_RANGE, REASON_MISSING, ...)."""
        async with self._noting.refusals("write", actor, (f"twin/{twin_id}",), what=name, reason=override_reason or ""):
            definition, plain = checked_value(self._catalogue, twin_id, name, value)
            reason = _override(override_reason)
            if not is_mapped(self._catalogue, twin_id, definition.name):
                await self._submit(SetManual(twin_id, name, plain, actor.name, actor.origin, reason))
                return Written(self._live.property_state(twin_id, name), None)
            request = RequestCall(
                self._new_id(),
                twin_id,
                actor.name,
                property=name,
                arguments={"value": plain},
                origin=actor.origin,
                override_reason=reason,
            )
            call = await self._call(request, self._timeout_seconds + _GRACE_SECONDS)
        return Written(self._live.property_state(twin_id, name), call)

    async def invoke_method(
        self,
        twin_id: str,
        method: str,
        arguments: Mapping[str, Value] | Sequence[Value],
        actor: Actor,
        override_reason: str | None = None,
    ) -> Call:
        """Arguments by name or by position. The call once it is finished, or as it stands after the time-out: whether
        the device accepted it, or what refused it, is its status. Given an `override_reason`, interlocks don't stand
        against it. Raises NotFound (TWIN_NOT_FOUND, METHOD_NOT_FOUND), Refused (NO_CONNECTIVITY), Invalid
        (ARGUMENTS_INVALID with every fault, REASON_MISSING)."""
        async with self._noting.refusals(
            "call", actor, (f"twin/{twin_id}",), what=method, reason=override_reason or ""
        ):
            values = checked_arguments(self._catalogue, twin_id, method, arguments)
            request = RequestCall(
                self._new_id(),
                twin_id,
                actor.name,
                method=method,
                arguments=values,
                origin=actor.origin,
                override_reason=_override(override_reason),
            )
            own = self._catalogue.capabilities(twin_id).methods[method].timeout
            return await self._call(request, (self._timeout_seconds if own is None else own) + _GRACE_SECONDS)

    # ------------------------------------------------------------ without doing it

    def rehearse_property(self, twin_id: str, name: str, value: Value) -> Rehearsal:
        """Raises as `set_property`."""
        definition, plain = checked_value(self._catalogue, twin_id, name, value)
        if is_mapped(self._catalogue, twin_id, name):
            return of_write(self._catalogue, self._live, twin_id, definition, plain)
        return of_manual(self._live, twin_id, definition, plain)

    def rehearse_method(self, twin_id: str, method: str, arguments: Mapping[str, Value] | Sequence[Value]) -> Rehearsal:
        """Raises as `invoke_method`."""
        values = checked_arguments(self._catalogue, twin_id, method, arguments)
        return of_call(self._catalogue, self._live, twin_id, method, values)

    # ------------------------------------------------------------ below

    async def _submit(self, command: SetManual | RequestCall) -> Outcome:
        _, outcome = await self._inbox.submit(command)
        if outcome.refused:
            raise_refused(outcome.refused)
        return outcome

    async def _call(self, request: RequestCall, seconds: float) -> Call:
        """The listening starts before the request, so that no answer is too quick to be heard."""
        with self._bus.subscribe({CallChanged}, twins={request.twin_id}, wants=_is_of(request.call_id)) as heard:
            outcome = await self._submit(request)
            decided = [item.call for item in outcome.calls if item.call.call_id == request.call_id][-1]
            finished = asyncio.create_task(_finished(heard))
            late = asyncio.ensure_future(self._clock.sleep(seconds))
            try:
                await asyncio.wait({finished, late}, return_when=asyncio.FIRST_COMPLETED)
                call = finished.result() if finished.done() else None
            finally:
                for task in (finished, late):
                    task.cancel()
                await asyncio.gather(finished, late, return_exceptions=True)
        return call or self._live.call(request.call_id) or decided


def _override(reason: str | None) -> str:
    """ "" where interlocks are to stand."""
    return "" if reason is None else given_reason(reason, "/override_interlocks/reason")


async def _finished(heard: Subscription) -> Call | None:
    """None where the bus was closed before."""
    async for published in heard:
        if isinstance(published.fact, CallChanged) and published.fact.call.status not in _OPEN:
            return published.fact.call
    return None


def _is_of(call_id: str) -> Callable[[Fact], bool]:
    return lambda fact: isinstance(fact, CallChanged) and fact.call.call_id == call_id
