"""What the mutations take that deal with alerts, and what they answer."""

import strawberry

from app.api.inputs import DRY_RUN
from app.api.types.alert import Alert
from app.api.types.shelving import Shelving
from app.api.wheres import OwnerInput
from app.commands.shelving import Named

_ALERT = "The alert; an open one."
_NOTE = "What to remember of it; at most 10,000 characters."
_SECONDS = "How long; at most the server's longest, a week by default."
_WHY = "Why, for whoever is on shift next; 1 to 10,000 characters."
_RECORD = "Why, for the record; at most 10,000 characters."
_EFFECTS = "What would be done, in words and in order; empty where it was done."
_DRY = "Whether nothing was changed; the alert is the present one then."


@strawberry.input(description="An alert that a person has seen.")
class AcknowledgeAlertInput:
    alert_id: strawberry.ID = strawberry.field(description=_ALERT)
    comment: str | None = strawberry.field(default=None, description=_NOTE)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="Several alerts that a person has seen.")
class AcknowledgeAlertsInput:
    alert_ids: list[strawberry.ID] = strawberry.field(description="The alerts, at most 1,000.")
    comment: str | None = strawberry.field(default=None, description="What to remember of each of them.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A latched alert that a person resets.")
class ResetAlertInput:
    alert_id: strawberry.ID = strawberry.field(description=_ALERT)
    comment: str | None = strawberry.field(default=None, description=_NOTE)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A note about an open alert.")
class CommentAlertInput:
    alert_id: strawberry.ID = strawberry.field(description=_ALERT)
    comment: str = strawberry.field(description="What to note; 1 to 10,000 characters.")
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="What an alert is told by, whether it is open or not.")
class AlertIdentityInput:
    owner: OwnerInput = strawberry.field(description="Who owns the behavior that raises it.")
    behavior: str = strawberry.field(description="That behavior; empty for the summary of a flood.")
    code: str = strawberry.field(description="Its code: the action's index where none is declared.")


@strawberry.input(description="An alert: exactly one of the two.", one_of=True)
class AlertInput:
    alert_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description=_ALERT)
    identity: AlertIdentityInput | None = strawberry.field(
        default=strawberry.UNSET, description="One that need not be open."
    )

    def named(self) -> Named:
        if self.identity:
            key = self.identity.owner.key()
            return Named(None, key.kind, key.id, self.identity.behavior, self.identity.code)
        return Named(self.alert_id or "")


@strawberry.input(description="An alert to shelve.")
class ShelveAlertInput:
    alert: AlertInput = strawberry.field(description="Which, raised or not.")
    seconds: float = strawberry.field(description=_SECONDS)
    reason: str = strawberry.field(description=_WHY)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="An alert that is no longer to be shelved.")
class UnshelveAlertInput:
    alert: AlertInput = strawberry.field(description="Which, raised or not.")
    reason: str | None = strawberry.field(default=None, description=_RECORD)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.type(description="A shelved alert.")
class ShelveAlertPayload:
    shelving: Shelving = strawberry.field(description="As it is now; of a dry run as it would be.")
    alert: Alert | None = strawberry.field(description="The open alert; null where none is.")
    dry_run: bool = strawberry.field(description=_DRY)
    effects: list[str] = strawberry.field(description=_EFFECTS)


@strawberry.type(description="An alert that is no longer shelved.")
class UnshelveAlertPayload:
    shelving: Shelving = strawberry.field(description="As it was.")
    alert: Alert | None = strawberry.field(description="The open alert; null where none is.")
    dry_run: bool = strawberry.field(description=_DRY)
    effects: list[str] = strawberry.field(description=_EFFECTS)


@strawberry.type(description="An acknowledged alert.")
class AcknowledgeAlertPayload:
    alert: Alert = strawberry.field(description="As it is now; closed if it was cleared already.")
    dry_run: bool = strawberry.field(description=_DRY)
    effects: list[str] = strawberry.field(description=_EFFECTS)


@strawberry.type(description="An alert that could not be acknowledged, beside others that were.")
class AlertLeftOut:
    alert_id: strawberry.ID = strawberry.field(description="As it was named.")
    code: str = strawberry.field(description="ALERT_NOT_FOUND, ALERT_ALREADY_ACKNOWLEDGED.")
    message: str = strawberry.field(description="Why, for people.")


@strawberry.type(description="Alerts that were acknowledged together.")
class AcknowledgeAlertsPayload:
    alerts: list[Alert] = strawberry.field(description="Those that were, as they are now.")
    left_out: list[AlertLeftOut] = strawberry.field(description="Those that were not.")
    dry_run: bool = strawberry.field(description="Whether nothing was changed; the alerts are the present ones then.")
    effects: list[str] = strawberry.field(description=_EFFECTS)


@strawberry.type(description="A latched alert that was reset.")
class ResetAlertPayload:
    alert: Alert = strawberry.field(description="As it is now; closed if it was acknowledged already.")
    dry_run: bool = strawberry.field(description=_DRY)
    effects: list[str] = strawberry.field(description=_EFFECTS)


@strawberry.type(description="An alert with a new note.")
class CommentAlertPayload:
    alert: Alert = strawberry.field(description="As it is now.")
    dry_run: bool = strawberry.field(description=_DRY)
    effects: list[str] = strawberry.field(description=_EFFECTS)
