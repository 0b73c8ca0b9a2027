"""Mutations on alerts: what a person at the console does with them."""

from typing import Annotated

import strawberry

from app.api.alarm_inputs import (
    AcknowledgeAlertInput,
    AcknowledgeAlertPayload,
    AcknowledgeAlertsInput,
    AcknowledgeAlertsPayload,
    AlertLeftOut,
    CommentAlertInput,
    CommentAlertPayload,
    ResetAlertInput,
    ResetAlertPayload,
    ShelveAlertInput,
    ShelveAlertPayload,
    UnshelveAlertInput,
    UnshelveAlertPayload,
)
from app.api.context import Info
from app.api.types.alert import Alert
from app.api.types.shelving import Shelving
from app.commands.alerts import AlertCommands
from app.commands.rehearsal import DONE

_INPUT = strawberry.argument(description="Which, and what to remember of it.")


@strawberry.type
class Alarming:
    @strawberry.mutation(
        description="Acknowledge an open alert. ALERT_NOT_FOUND, ALERT_ALREADY_ACKNOWLEDGED, TOO_LONG."
    )
    async def acknowledge_alert(
        self, info: Info, input: Annotated[AcknowledgeAlertInput, _INPUT]
    ) -> AcknowledgeAlertPayload:
        comment, rehearsal = input.comment or "", DONE
        if input.dry_run:
            alert, rehearsal = _commands(info).rehearse_acknowledgement(input.alert_id, comment)
        else:
            alert = await _commands(info).acknowledge(input.alert_id, comment, info.context.actor())
        return AcknowledgeAlertPayload(alert=Alert.of(alert), dry_run=input.dry_run, effects=list(rehearsal.effects))

    @strawberry.mutation(
        description=(
            "Acknowledge several alerts at once. One that is not open any more, or that somebody has acknowledged, "
            "does not hold up the others (`leftOut`). NO_ALERTS, TOO_MANY_ALERTS, TOO_LONG."
        )
    )
    async def acknowledge_alerts(
        self, info: Info, input: Annotated[AcknowledgeAlertsInput, _INPUT]
    ) -> AcknowledgeAlertsPayload:
        comment, rehearsal = input.comment or "", DONE
        if input.dry_run:
            done, rehearsal = _commands(info).rehearse_acknowledgements(input.alert_ids, comment)
        else:
            done = await _commands(info).acknowledge_all(input.alert_ids, comment, info.context.actor())
        return AcknowledgeAlertsPayload(
            alerts=[Alert.of(item) for item in done.alerts],
            left_out=[
                AlertLeftOut(alert_id=strawberry.ID(item.alert_id), code=item.code, message=item.message)
                for item in done.left_out
            ],
            dry_run=input.dry_run,
            effects=list(rehearsal.effects),
        )

    @strawberry.mutation(
        description=(
            "Reset a latched alert whose behavior is over: it clears, and closes if it was acknowledged. "
            "ALERT_NOT_FOUND, ALERT_NOT_LATCHED, ALERT_STILL_ACTIVE, ALERT_ALREADY_CLEARED, TOO_LONG."
        )
    )
    async def reset_alert(self, info: Info, input: Annotated[ResetAlertInput, _INPUT]) -> ResetAlertPayload:
        comment, rehearsal = input.comment or "", DONE
        if input.dry_run:
            alert, rehearsal = _commands(info).rehearse_reset(input.alert_id, comment)
        else:
            alert = await _commands(info).reset(input.alert_id, comment, info.context.actor())
        return ResetAlertPayload(alert=Alert.of(alert), dry_run=input.dry_run, effects=list(rehearsal.effects))

    @strawberry.mutation(description="Note something about an open alert. ALERT_NOT_FOUND, COMMENT_MISSING, TOO_LONG.")
    async def comment_alert(self, info: Info, input: Annotated[CommentAlertInput, _INPUT]) -> CommentAlertPayload:
        rehearsal = DONE
        if input.dry_run:
            alert, rehearsal = _commands(info).rehearse_comment(input.alert_id, input.comment)
        else:
            alert = await _commands(info).comment(input.alert_id, input.comment, info.context.actor())
        return CommentAlertPayload(alert=Alert.of(alert), dry_run=input.dry_run, effects=list(rehearsal.effects))

    @strawberry.mutation(
        description=(
            "Shelve an alert, raised or not: whatever happens to it is recorded and not annunciated, until its time is "
            "over, somebody unshelves it or its definition goes. Shelved again, it gets the new time and reason. "
            "ALERT_NOT_FOUND, DURATION_INVALID, SHELVING_TOO_LONG, REASON_MISSING, TOO_LONG."
        )
    )
    async def shelve_alert(self, info: Info, input: Annotated[ShelveAlertInput, _INPUT]) -> ShelveAlertPayload:
        shelving, actor, rehearsal = info.context.services.commands.shelving, info.context.actor(), DONE
        if input.dry_run:
            done, rehearsal = shelving.rehearse_shelving(input.alert.named(), input.seconds, input.reason, actor)
        else:
            done = await shelving.shelve(input.alert.named(), input.seconds, input.reason, actor)
        return ShelveAlertPayload(
            shelving=Shelving.of(done.shelving),
            alert=Alert.of(done.alert) if done.alert else None,
            dry_run=input.dry_run,
            effects=list(rehearsal.effects),
        )

    @strawberry.mutation(description="End the shelving of an alert. ALERT_NOT_FOUND, ALERT_NOT_SHELVED, TOO_LONG.")
    async def unshelve_alert(self, info: Info, input: Annotated[UnshelveAlertInput, _INPUT]) -> UnshelveAlertPayload:
        shelving, reason, rehearsal = info.context.services.commands.shelving, input.reason or "", DONE
        if input.dry_run:
            done, rehearsal = shelving.rehearse_unshelving(input.alert.named(), reason)
        else:
            done = await shelving.unshelve(input.alert.named(), reason, info.context.actor())
        return UnshelveAlertPayload(
            shelving=Shelving.of(done.shelving),
            alert=Alert.of(done.alert) if done.alert else None,
            dry_run=input.dry_run,
            effects=list(rehearsal.effects),
        )


def _commands(info: Info) -> AlertCommands:
    return info.context.services.commands.alerts
