"""Mutations of many things at once: each is done for itself, and what can't be done holds up none of the others.

They are decided together where they come together: one commit has them all, and devices are asked at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import strawberry

from app.api.alarm_inputs import AlertInput, AlertLeftOut
from app.api.context import Info
from app.api.inputs import DRY_RUN, OverrideInterlocksInput, SetPropertyInput
from app.api.payloads import SetPropertyPayload
from app.api.scalars import JSON
from app.api.setting import set_one
from app.api.types.alert import Alert
from app.api.types.shelving import Shelving
from app.commands.shelving import Shelved
from app.errors import Invalid, TwinOverlayError
from app.model import events

MAX_BATCH = 1000
_INPUT = strawberry.argument(description="Which, and what to remember of them.")
_ALERTS = "The alerts; open ones, 1 to 1,000, each once."
_TOO_MANY = "One that can't be does not hold up the others (`leftOut`). NOTHING_GIVEN, TOO_MANY_GIVEN"
Item = TypeVar("Item")
Done = TypeVar("Done")


@strawberry.type(description="One of several that could not be done, beside others that were.")
class LeftOut:
    index: int = strawberry.field(description="Its place among those that were given, from 0.")
    code: str = strawberry.field(description="Why, for programs: what doing it alone would have raised.")
    message: str = strawberry.field(description="Why, for people.")
    hint: str = strawberry.field(description="What to do next; may be empty.")
    path: str = strawberry.field(description="Where in it, as a JSON pointer; may be empty.")


@strawberry.input(description="Latched alerts that a person resets.")
class ResetAlertsInput:
    alert_ids: list[strawberry.ID] = strawberry.field(description=_ALERTS)
    comment: str | None = strawberry.field(default=None, description="What to remember of each of them.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="One note about several open alerts.")
class CommentAlertsInput:
    alert_ids: list[strawberry.ID] = strawberry.field(description=_ALERTS)
    comment: str = strawberry.field(description="What to note of each; 1 to 10,000 characters.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="Alerts to shelve, for one length of time and one reason.")
class ShelveAlertsInput:
    alerts: list[AlertInput] = strawberry.field(description="Which, raised or not; 1 to 1,000.")
    seconds: float = strawberry.field(description="How long; at most the server's longest, a week by default.")
    reason: str = strawberry.field(description="Why, for whoever is on shift next; 1 to 10,000 characters.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="Alerts that are no longer to be shelved.")
class UnshelveAlertsInput:
    alerts: list[AlertInput] = strawberry.field(description="Which, raised or not; 1 to 1,000.")
    reason: str | None = strawberry.field(default=None, description="Why, for the record; at most 10,000 characters.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A value for a property, one of several.")
class PropertyValueInput:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    property: str = strawberry.field(description="One of its properties with access WRITE or READ_WRITE.")
    value: JSON = strawberry.field(description="Of the property's dataType, in its unit, within its limits.")


@strawberry.input(description="Values for several properties.")
class SetPropertiesInput:
    values: list[PropertyValueInput] = strawberry.field(description="1 to 1,000, each property once.")
    override_interlocks: OverrideInterlocksInput | None = strawberry.field(
        default=None, description="A person's word over interlocks, for all of them; no limit is lifted by it."
    )
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.type(description="Alerts that something was done to together.")
class AlertsPayload:
    alerts: list[Alert] = strawberry.field(description="Those it was done to, as they are now, in their order.")
    left_out: list[AlertLeftOut] = strawberry.field(description="Those it was not.")
    dry_run: bool = strawberry.field(description="Whether nothing was changed; the alerts are the present ones then.")
    effects: list[str] = strawberry.field(description="What would be done, in words; empty where it was done.")


@strawberry.type(description="Alerts that were shelved, or unshelved, together.")
class ShelvingsPayload:
    shelvings: list[Shelving] = strawberry.field(description="As they are now, or as they were; in their order.")
    left_out: list[LeftOut] = strawberry.field(description="Those that could not be.")
    dry_run: bool = strawberry.field(description="Whether nothing was changed because it was only tried.")
    effects: list[str] = strawberry.field(description="What would be done, in words; empty where it was done.")


@strawberry.type(description="Properties that were set, or are being set, together.")
class SetPropertiesPayload:
    properties: list[SetPropertyPayload] = strawberry.field(
        description="What came of each, in their order; a device's refusal is in its `call`."
    )
    left_out: list[LeftOut] = strawberry.field(description="Those that could not be asked for.")
    dry_run: bool = strawberry.field(description="Whether nothing was changed because it was only tried.")


@strawberry.type
class Batching:
    @strawberry.mutation(description=f"Reset several latched alerts. {_TOO_MANY}; of each what resetAlert raises.")
    async def reset_alerts(self, info: Info, input: Annotated[ResetAlertsInput, _INPUT]) -> AlertsPayload:
        commands, actor, comment = info.context.services.commands.alerts, info.context.actor(), input.comment or ""

        async def one(alert_id: str) -> tuple[events.Alert, tuple[str, ...]]:
            if input.dry_run:
                alert, rehearsal = commands.rehearse_reset(alert_id, comment)
                return alert, tuple(rehearsal.effects)
            return await commands.reset(alert_id, comment, actor), ()

        return await _alerts(input.alert_ids, one, input.dry_run)

    @strawberry.mutation(description=f"Note something about several alerts. {_TOO_MANY}, COMMENT_MISSING, TOO_LONG.")
    async def comment_alerts(self, info: Info, input: Annotated[CommentAlertsInput, _INPUT]) -> AlertsPayload:
        commands, actor = info.context.services.commands.alerts, info.context.actor()

        async def one(alert_id: str) -> tuple[events.Alert, tuple[str, ...]]:
            if input.dry_run:
                alert, rehearsal = commands.rehearse_comment(alert_id, input.comment)
                return alert, tuple(rehearsal.effects)
            return await commands.comment(alert_id, input.comment, actor), ()

        return await _alerts(input.alert_ids, one, input.dry_run)

    @strawberry.mutation(description=f"Shelve several alerts. {_TOO_MANY}; of each what shelveAlert raises.")
    async def shelve_alerts(self, info: Info, input: Annotated[ShelveAlertsInput, _INPUT]) -> ShelvingsPayload:
        commands, actor = info.context.services.commands.shelving, info.context.actor()

        async def one(alert: AlertInput) -> tuple[Shelved, tuple[str, ...]]:
            if input.dry_run:
                done, rehearsal = commands.rehearse_shelving(alert.named(), input.seconds, input.reason, actor)
                return done, tuple(rehearsal.effects)
            return await commands.shelve(alert.named(), input.seconds, input.reason, actor), ()

        return await _shelvings(input.alerts, one, input.dry_run)

    @strawberry.mutation(description=f"End the shelving of several alerts. {_TOO_MANY}; as unshelveAlert raises.")
    async def unshelve_alerts(self, info: Info, input: Annotated[UnshelveAlertsInput, _INPUT]) -> ShelvingsPayload:
        commands, actor, reason = info.context.services.commands.shelving, info.context.actor(), input.reason or ""

        async def one(alert: AlertInput) -> tuple[Shelved, tuple[str, ...]]:
            if input.dry_run:
                done, rehearsal = commands.rehearse_unshelving(alert.named(), reason)
                return done, tuple(rehearsal.effects)
            return await commands.unshelve(alert.named(), reason, actor), ()

        return await _shelvings(input.alerts, one, input.dry_run)

    @strawberry.mutation(
        description=f"Set several properties; devices are written to at the same time, and all answers are waited for. "
        f"{_TOO_MANY}, GIVEN_TWICE; of each what setProperty raises."
    )
    async def set_properties(self, info: Info, input: Annotated[SetPropertiesInput, _INPUT]) -> SetPropertiesPayload:
        _refuse_twice([(item.twin_id, item.property) for item in input.values])

        async def one(item: PropertyValueInput) -> SetPropertyPayload:
            asked = SetPropertyInput(
                twin_id=item.twin_id,
                property=item.property,
                value=item.value,
                override_interlocks=input.override_interlocks,
                dry_run=input.dry_run,
            )
            return await set_one(info, asked)

        done, left_out = await _each(input.values, one, "values")
        return SetPropertiesPayload(properties=done, left_out=left_out, dry_run=input.dry_run)


async def _each(
    items: Sequence[Item], one: Callable[[Item], Awaitable[Done]], name: str
) -> tuple[list[Done], list[LeftOut]]:
    """Raises Invalid (NOTHING_GIVEN, TOO_MANY_GIVEN)."""
    if not items:
        raise Invalid(f"`{name}` is empty", code="NOTHING_GIVEN", path=f"/{name}")
    if len(items) > MAX_BATCH:
        message = f"{len(items)} were given; the most is {MAX_BATCH}"
        raise Invalid(message, code="TOO_MANY_GIVEN", hint="give them in parts", path=f"/{name}")
    found = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    done: list[Done] = []
    left_out: list[LeftOut] = []
    for index, item in enumerate(found):
        if isinstance(item, TwinOverlayError):
            left_out.append(LeftOut(index=index, code=item.code, message=item.message, hint=item.hint, path=item.path))
        elif isinstance(item, BaseException):
            raise item
        else:
            done.append(item)
    return done, left_out


async def _alerts(
    alert_ids: Sequence[strawberry.ID],
    one: Callable[[str], Awaitable[tuple[events.Alert, tuple[str, ...]]]],
    dry_run: bool,
) -> AlertsPayload:
    ids = list(dict.fromkeys(alert_ids))
    done, left_out = await _each(ids, one, "alertIds")
    return AlertsPayload(
        alerts=[Alert.of(alert) for alert, _ in done],
        left_out=[AlertLeftOut(alert_id=ids[item.index], code=item.code, message=item.message) for item in left_out],
        dry_run=dry_run,
        effects=[effect for _, effects in done for effect in effects],
    )


async def _shelvings(
    alerts: Sequence[AlertInput],
    one: Callable[[AlertInput], Awaitable[tuple[Shelved, tuple[str, ...]]]],
    dry_run: bool,
) -> ShelvingsPayload:
    done, left_out = await _each(alerts, one, "alerts")
    return ShelvingsPayload(
        shelvings=[Shelving.of(shelved.shelving) for shelved, _ in done],
        left_out=left_out,
        dry_run=dry_run,
        effects=[effect for _, effects in done for effect in effects],
    )


def _refuse_twice(keys: Sequence[tuple[str, str]]) -> None:
    """Which of two values came last nobody could say. Raises Invalid (GIVEN_TWICE)."""
    seen: set[tuple[str, str]] = set()
    for index, key in enumerate(keys):
        if key in seen:
            message = f"'{key[1]}' of twin '{key[0]}' is there twice"
            raise Invalid(message, code="GIVEN_TWICE", hint="give each property once", path=f"/values/{index}")
        seen.add(key)
