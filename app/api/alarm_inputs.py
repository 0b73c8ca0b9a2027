"""What the mutations take that deal with alerts, and what they answer."""

import strawberry

from app.api.inputs import DRY_RUN
from app.api.types.alert import Alert
from app.api.types.enums import OwnerKind
from app.api.types.shelving import Shelving
from app.commands.shelving import Named
from app.model.plan import OwnerKind as Kind

_ALERT = "The alert; an open one."
_NOTE = "What to remember of it; at most 10,000 characters."
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


_EITHER = (
    "The owner's kind and id, the behavior and the code name an alert that need not be open; `alertId` one that is."
)


@strawberry.input(description=f"An alert to shelve. {_EITHER}")
class ShelveAlertInput:
    seconds: float = strawberry.field(description="How long; at most the server's longest, a week by default.")
    reason: str = strawberry.field(description="Why, for whoever is on shift next; 1 to 10,000 characters.")
    alert_id: strawberry.ID | None = strawberry.field(default=None, description=_ALERT)
    owner_kind: OwnerKind | None = strawberry.field(default=None, description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="The twinId or overlayId.")
    behavior: str | None = strawberry.field(default=None, description="The behavior that raises it.")
    code: str | None = strawberry.field(
        default=None, description="Its code: the action's index where none is declared."
    )
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)

    def named(self) -> Named:
        return _named(self)


@strawberry.input(description=f"An alert that is no longer to be shelved. {_EITHER}")
class UnshelveAlertInput:
    reason: str | None = strawberry.field(default=None, description="Why, for the record; at most 10,000 characters.")
    alert_id: strawberry.ID | None = strawberry.field(default=None, description=_ALERT)
    owner_kind: OwnerKind | None = strawberry.field(default=None, description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="The twinId or overlayId.")
    behavior: str | None = strawberry.field(default=None, description="The behavior that raises it.")
    code: str | None = strawberry.field(
        default=None, description="Its code: the action's index where none is declared."
    )
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)

    def named(self) -> Named:
        return _named(self)


def _named(given: ShelveAlertInput | UnshelveAlertInput) -> Named:
    kind: Kind | None = None if given.owner_kind is None else given.owner_kind.value
    return Named(given.alert_id, kind, given.owner_id, given.behavior, given.code)


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
