"""A person acts on the plant: sets a property, calls a method.

Nothing here talks to a device. A command is checked, put into the engine's one line, and what comes of it is awaited on
the bus; a time-out ends the waiting only, the call goes on and is found under its id.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.arguments import given_arguments
from app.commands.pointers import shown
from app.commands.refusals import property_of, raise_refused, refuse, refuse_unknown_twin, unknown
from app.commands.rehearsal import Rehearsal, of_call, of_manual, of_write
from app.commands.values import fitted
from app.errors import Invalid, Refused
from app.model.catalogue import Catalogue
from app.model.definitions import PropertyDefinition
from app.model.events import Call, CallChanged, Outcome, RequestCall, SetManual
from app.model.values import PropertyState, Value
from app.ports import Clock, Inbox, LiveView
from app.runtime.bus import Bus, Fact, Subscription

_OPEN = frozenset({"decided", "attempted"})


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

    async def set_property(self, twin_id: str, name: str, value: Value, actor: Actor) -> Written:
        """A mapped property by a write to its device, a manual one at once. Raises NotFound (TWIN_NOT_FOUND,
        PROPERTY_NOT_FOUND), Refused (PROPERTY_READ_ONLY, PROPERTY_COMPUTED), Invalid (WRONG_TYPE, VALUE_NOT_ALLOWED,
        VALUE_OUT_OF_RANGE, ...)."""
        definition, plain = self._checked_value(twin_id, name, value)
        if not self._is_mapped(twin_id, definition.name):
            await self._submit(SetManual(twin_id, name, plain, actor.name, actor.origin))
            return Written(self._live.property_state(twin_id, name), None)
        request = RequestCall(
            self._new_id(), twin_id, actor.name, property=name, arguments={"value": plain}, origin=actor.origin
        )
        call = await self._call(request)
        return Written(self._live.property_state(twin_id, name), call)

    async def invoke_method(
        self, twin_id: str, method: str, arguments: Mapping[str, Value] | Sequence[Value], actor: Actor
    ) -> Call:
        """Arguments by name or by position. The call once it is finished, or as it stands after the time-out: whether
        the device accepted it is its status. Raises NotFound (TWIN_NOT_FOUND, METHOD_NOT_FOUND), Refused
        (NO_CONNECTIVITY), Invalid (ARGUMENTS_INVALID with every fault)."""
        values = self._checked_arguments(twin_id, method, arguments)
        request = RequestCall(self._new_id(), twin_id, actor.name, method=method, arguments=values, origin=actor.origin)
        return await self._call(request)

    # ------------------------------------------------------------ without doing it

    def rehearse_property(self, twin_id: str, name: str, value: Value) -> Rehearsal:
        """Raises as `set_property`."""
        definition, plain = self._checked_value(twin_id, name, value)
        if self._is_mapped(twin_id, name):
            return of_write(self._catalogue, self._live, twin_id, definition, plain)
        return of_manual(self._live, twin_id, definition, plain)

    def rehearse_method(self, twin_id: str, method: str, arguments: Mapping[str, Value] | Sequence[Value]) -> Rehearsal:
        """Raises as `invoke_method`."""
        values = self._checked_arguments(twin_id, method, arguments)
        return of_call(self._catalogue, self._live, twin_id, method, values)

    # ------------------------------------------------------------ below

    def _checked_value(self, twin_id: str, name: str, value: Value) -> tuple[PropertyDefinition, Value]:
        definition = property_of(self._catalogue, twin_id, name)
        properties = self._catalogue.capabilities(twin_id).properties
        if definition.computed is not None:
            raise Refused(
                f"property '{name}' of twin '{twin_id}' is computed from {shown(definition.computed)}",
                code="PROPERTY_COMPUTED",
                hint="set what it is computed from",
            )
        if definition.access == "read":
            raise Refused(
                f"property '{name}' of twin '{twin_id}' can only be read",
                code="PROPERTY_READ_ONLY",
                hint=_writable([item.name for item in properties.values() if item.access != "read"]),
            )
        plain, problems = fitted(definition, value, "/value")
        refuse(problems, f"the value for '{name}' of twin '{twin_id}'")
        return definition, plain

    def _is_mapped(self, twin_id: str, name: str) -> bool:
        connectivity = self._catalogue.connectivity(twin_id)
        return connectivity is not None and name in connectivity.mapping.properties

    def _checked_arguments(
        self, twin_id: str, method: str, arguments: Mapping[str, Value] | Sequence[Value]
    ) -> dict[str, Value]:
        refuse_unknown_twin(self._catalogue, twin_id)
        methods = self._catalogue.capabilities(twin_id).methods
        definition = methods.get(method)
        if definition is None:
            raise unknown("method", method, f" of twin '{twin_id}'", methods)
        values, problems = given_arguments(definition, arguments)
        if problems:
            raise Invalid.of(problems, f"the call of '{method}' on twin '{twin_id}'", code="ARGUMENTS_INVALID")
        if self._catalogue.connectivity(twin_id) is None:
            raise Refused(
                f"twin '{twin_id}' has no connectivity, so nothing can be called on it",
                code="NO_CONNECTIVITY",
                hint="give the twin a connectivity, or a behavior to what should happen",
            )
        return values

    async def _submit(self, command: SetManual | RequestCall) -> Outcome:
        _, outcome = await self._inbox.submit(command)
        if outcome.refused:
            raise_refused(outcome.refused)
        return outcome

    async def _call(self, request: RequestCall) -> Call:
        """The listening starts before the request, so that no answer is too quick to be heard."""
        with self._bus.subscribe({CallChanged}, twins={request.twin_id}, wants=_is_of(request.call_id)) as heard:
            outcome = await self._submit(request)
            decided = [item.call for item in outcome.calls if item.call.call_id == request.call_id][-1]
            finished = asyncio.create_task(_finished(heard))
            late = asyncio.ensure_future(self._clock.sleep(self._timeout_seconds))
            try:
                await asyncio.wait({finished, late}, return_when=asyncio.FIRST_COMPLETED)
                call = finished.result() if finished.done() else None
            finally:
                for task in (finished, late):
                    task.cancel()
                await asyncio.gather(finished, late, return_exceptions=True)
        return call or self._live.call(request.call_id) or decided


async def _finished(heard: Subscription) -> Call | None:
    """None where the bus was closed before."""
    async for published in heard:
        if isinstance(published.fact, CallChanged) and published.fact.call.status not in _OPEN:
            return published.fact.call
    return None


def _is_of(call_id: str) -> Callable[[Fact], bool]:
    return lambda fact: isinstance(fact, CallChanged) and fact.call.call_id == call_id


def _writable(names: Sequence[str]) -> str:
    return f"writable are {', '.join(names)}" if names else "nothing of this twin is writable"
