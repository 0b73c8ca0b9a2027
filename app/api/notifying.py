"""Whom alerts are told to: how the targets stand, and the mutation that tries one out."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.types.notification import NotificationTarget
from app.model.notifications import TargetHealth


@strawberry.input(description="A notification target to try out.")
class TestNotificationInput:
    __test__ = False  # pytest takes it for a test otherwise
    target: str = strawberry.field(description="Its name in the settings.")


@strawberry.type(description="The target has taken a message.")
class TestNotificationPayload:
    __test__ = False
    target: NotificationTarget = strawberry.field(description="As it stands; a test changes none of its counts.")
    warning: str | None = strawberry.field(
        description="What was not right although the message was taken, such as a recipient that is not known."
    )


@strawberry.type
class NotificationQueries:
    @strawberry.field(description="Whom alerts are told to, in the order of the settings.")
    def notification_targets(self, info: Info) -> list[NotificationTarget]:
        return [NotificationTarget.of(item) for item in _targets(info)]


@strawberry.type
class Notifying:
    @strawberry.mutation(
        description=(
            "Send a message that is about no alert to a target, at once and once, whatever waits for it; recorded in "
            "the audit. NOTIFICATION_TARGET_NOT_FOUND; with the reason TARGET_UNAVAILABLE, TARGET_BUSY, TARGET_DENIED, "
            "TARGET_MOVED, TARGET_REFUSED, SECRET_NOT_SET, SECRET_UNREADABLE, UNAVAILABLE."
        )
    )
    async def test_notification(
        self,
        info: Info,
        input: Annotated[TestNotificationInput, strawberry.argument(description="Which.")],
    ) -> TestNotificationPayload:
        warning = await info.context.services.commands.notifications.test(input.target, info.context.actor())
        target = next(item for item in _targets(info) if item.name == input.target)
        return TestNotificationPayload(target=NotificationTarget.of(target), warning=warning or None)


def _targets(info: Info) -> list[TargetHealth]:
    return list(info.context.services.notifications.targets())
