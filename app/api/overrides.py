"""Mutations that put something over a property, and that end it.

They change what is seen and never what the device does: a write (`setProperty`) goes on reaching the device.
"""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.override_inputs import ForceValueInput, ReleaseForceInput, ReturnToServiceInput, TakeOutOfServiceInput
from app.api.payloads import OverridePayload
from app.api.types.property import Property
from app.api.types.value import Value
from app.commands.overrides import Overridden, OverrideCommands
from app.errors import NotFound
from app.model.catalogue import Catalogue

_INPUT = strawberry.argument(description="Which property, and why.")
_PUT = "It replaces an override that stands; the same again changes nothing. TWIN_NOT_FOUND, PROPERTY_NOT_FOUND"
_END = (
    "What the device says is back at once. Where nothing stands, nothing changes. TWIN_NOT_FOUND, PROPERTY_NOT_FOUND, "
    "TOO_LONG"
)


@strawberry.type
class Overriding:
    @strawberry.mutation(
        description=(
            "Take a property out of service: conditions that read it are UNKNOWN, the device's readings are still "
            f"shown. {_PUT}, REASON_MISSING, TOO_LONG."
        )
    )
    async def take_out_of_service(self, info: Info, input: Annotated[TakeOutOfServiceInput, _INPUT]) -> OverridePayload:
        done = await _commands(info).take_out_of_service(
            input.twin_id, input.property, input.reason, info.context.actor(), dry_run=input.dry_run
        )
        return _payload(info, input.twin_id, input.property, done, input.dry_run)

    @strawberry.mutation(
        description=f"Return a property to service. {_END}; PROPERTY_FORCED where it is forced (see releaseForce)."
    )
    async def return_to_service(self, info: Info, input: Annotated[ReturnToServiceInput, _INPUT]) -> OverridePayload:
        done = await _commands(info).end(
            input.twin_id,
            input.property,
            input.reason or "",
            info.context.actor(),
            "out_of_service",
            dry_run=input.dry_run,
        )
        return _payload(info, input.twin_id, input.property, done, input.dry_run)

    @strawberry.mutation(
        description=(
            "Force a property: conditions, filters and everybody see this value, whatever the device and its path say. "
            f"It is not written to the device. {_PUT}, WRONG_TYPE, VALUE_NOT_ALLOWED, VALUE_OUT_OF_RANGE, "
            "REASON_MISSING, TOO_LONG."
        )
    )
    async def force_value(self, info: Info, input: Annotated[ForceValueInput, _INPUT]) -> OverridePayload:
        done = await _commands(info).force(
            input.twin_id, input.property, input.value, input.reason, info.context.actor(), dry_run=input.dry_run
        )
        return _payload(info, input.twin_id, input.property, done, input.dry_run)

    @strawberry.mutation(
        description=(f"Release a forced value. {_END}; PROPERTY_OUT_OF_SERVICE where it is that (see returnToService).")
    )
    async def release_force(self, info: Info, input: Annotated[ReleaseForceInput, _INPUT]) -> OverridePayload:
        done = await _commands(info).end(
            input.twin_id, input.property, input.reason or "", info.context.actor(), "forced", dry_run=input.dry_run
        )
        return _payload(info, input.twin_id, input.property, done, input.dry_run)


def find_overridden(catalogue: Catalogue, text: str) -> Property | None:
    twin_id, _, name = text.partition("/")  # identifiers have no slash
    return Property.find(catalogue, twin_id, name)


def _commands(info: Info) -> OverrideCommands:
    return info.context.services.commands.overrides


def _payload(info: Info, twin_id: str, name: str, done: Overridden, dry_run: bool) -> OverridePayload:
    found = Property.find(info.context.catalogue, twin_id, name)
    if found is None:  # somebody has deleted it meanwhile
        raise NotFound.named("property", name)
    return OverridePayload(
        property=found, value=Value.of(done.state, found.item.unit), changed=done.changed, dry_run=dry_run
    )
