"""A person takes a property out of service or forces it, and ends that again.

Any property can be overridden, whatever its access and whoever feeds it; nothing of it reaches the device. A write to
the device (`ControlCommands.set_property`) goes on doing what it does, and shows once the override has ended.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from app.commands.actor import Actor
from app.commands.noting import Noting
from app.commands.refusals import given_reason, property_of, raise_refused, refuse, refuse_text
from app.commands.values import fitted
from app.errors import Refused
from app.model.catalogue import Catalogue
from app.model.events import ClearOverride, SetOverride
from app.model.values import OverrideKind, PropertyState, Value
from app.ports import Inbox, LiveView


@dataclass(frozen=True, slots=True)
class Overridden:
    """`state` is the property's afterwards, of a dry run its present one; `changed` is False for a retry."""

    state: PropertyState | None
    changed: bool


class OverrideCommands:
    def __init__(self, catalogue: Catalogue, live: LiveView, inbox: Inbox) -> None:
        self._catalogue = catalogue
        self._live = live
        self._inbox = inbox
        self._noting = Noting(inbox)

    async def take_out_of_service(
        self, twin_id: str, name: str, reason: str, actor: Actor, *, dry_run: bool = False
    ) -> Overridden:
        """Raises NotFound (TWIN_NOT_FOUND, PROPERTY_NOT_FOUND), Invalid (REASON_MISSING, TOO_LONG, BAD_TEXT)."""
        async with self._refusals("override", twin_id, name, reason, actor, dry_run):
            property_of(self._catalogue, twin_id, name)
            command = SetOverride(
                twin_id, name, "out_of_service", actor.name, given_reason(reason, "/reason"), origin=actor.origin
            )
            return await self._put(command, dry_run)

    async def force(
        self, twin_id: str, name: str, value: Value, reason: str, actor: Actor, *, dry_run: bool = False
    ) -> Overridden:
        """Raises as `take_out_of_service`, and Invalid for a value that could not be written either (WRONG_TYPE,
        VALUE_NOT_ALLOWED, VALUE_OUT_OF_RANGE, ...)."""
        async with self._refusals("override", twin_id, name, reason, actor, dry_run):
            definition = property_of(self._catalogue, twin_id, name)
            plain, problems = fitted(definition, value, "/value")
            refuse(problems, f"the value for '{name}' of twin '{twin_id}'")
            why = given_reason(reason, "/reason")
            command = SetOverride(twin_id, name, "forced", actor.name, why, plain, actor.origin)
            return await self._put(command, dry_run)

    async def end(
        self,
        twin_id: str,
        name: str,
        reason: str,
        actor: Actor,
        kind: OverrideKind | None = None,
        *,
        dry_run: bool = False,
    ) -> Overridden:
        """Whatever stands, or only an override of that kind. Raises NotFound as above, Refused (PROPERTY_FORCED,
        PROPERTY_OUT_OF_SERVICE) where one of the other kind stands, Invalid (TOO_LONG, BAD_TEXT)."""
        async with self._refusals("override_end", twin_id, name, reason, actor, dry_run):
            property_of(self._catalogue, twin_id, name)
            refuse_text(reason, "reason", "/reason")
            command = ClearOverride(twin_id, name, actor.name, reason.strip(), kind, actor.origin)
            return await self._put(command, dry_run)

    def _refusals(
        self,
        kind: Literal["override", "override_end"],
        twin_id: str,
        name: str,
        reason: str,
        actor: Actor,
        dry_run: bool,
    ) -> AbstractAsyncContextManager[None]:
        return self._noting.refusals(kind, actor, (f"twin/{twin_id}",), what=name, reason=reason, dry_run=dry_run)

    async def _put(self, command: SetOverride | ClearOverride, dry_run: bool) -> Overridden:
        if dry_run:
            return self._rehearsed(command)
        _, outcome = await self._inbox.submit(command)
        if outcome.refused:
            raise_refused(outcome.refused)
        state = self._live.property_state(command.twin_id, command.property)
        return Overridden(state, bool(outcome.overrides))

    def _rehearsed(self, command: SetOverride | ClearOverride) -> Overridden:
        """Its state as it is now, and whether the command would change it."""
        state = self._live.property_state(command.twin_id, command.property)
        now = state.override if state else None
        if isinstance(command, SetOverride):
            same = now is not None and (now.kind, now.by, now.reason, now.value) == (
                *(command.kind, command.by, command.reason),
                command.value,
            )
            return Overridden(state, not same)
        if now is not None and command.kind not in (None, now.kind):
            kind = now.kind.replace("_", " ")
            message = f"property '{command.property}' of '{command.twin_id}' is {kind} by {now.by}"
            raise Refused(message, code=f"PROPERTY_{now.kind.upper()}")
        return Overridden(state, now is not None)
