"""Setting one property: what `setProperty` does, and `setProperties` for each of its values."""

from app.api.context import Info
from app.api.inputs import SetPropertyInput
from app.api.life import there
from app.api.payloads import SetPropertyPayload
from app.api.types.call import Call
from app.api.types.problem import warnings_of
from app.api.types.property import Property
from app.api.types.value import Value
from app.commands.control import Written
from app.commands.rehearsal import DONE


async def set_one(info: Info, input: SetPropertyInput) -> SetPropertyPayload:
    """Raises NotFound, Invalid, Refused."""
    control, actor = info.context.services.commands.control, info.context.actor()
    if input.dry_run:
        rehearsal = control.rehearse_property(input.twin_id, input.property, input.value)
        written = Written(info.context.live.property_state(input.twin_id, input.property), None)
    else:
        rehearsal = DONE
        override = None if input.override_interlocks is None else input.override_interlocks.reason
        written = await control.set_property(input.twin_id, input.property, input.value, actor, override)
    found = there(Property.find(info.context.catalogue, input.twin_id, input.property), "property", input.property)
    return SetPropertyPayload(
        property=found,
        value=Value.of(written.state, found.unit),
        call=Call.of(written.call) if written.call else None,
        dry_run=input.dry_run,
        effects=list(rehearsal.effects),
        breaks=warnings_of(rehearsal.breaks),
    )
