"""A person tries a notification target out.

The message goes to people, so the audit has who had it sent; it goes at once and once, whatever waits for the target.
"""

from app.commands.actor import Actor
from app.commands.noting import Noting
from app.errors import Misconfigured, Unavailable
from app.ports import Inbox, Notifications


class NotificationCommands:
    def __init__(self, notifications: Notifications, inbox: Inbox) -> None:
        self._notifications = notifications
        self._noting = Noting(inbox)

    async def test(self, target: str, actor: Actor) -> str:
        """What was not right about it although it was taken; "" where all was. Raises NotFound
        (NOTIFICATION_TARGET_NOT_FOUND), Unavailable (TARGET_UNAVAILABLE, TARGET_BUSY, TARGET_DENIED, ...: what keeps
        the target from taking it), Refused (TARGET_REFUSED)."""
        async with self._noting.refusals("notification", actor, what=f"test of {target}"):
            try:
                warning = await self._notifications.test(target, actor.name)
            except Misconfigured as error:  # the target is, or what we hold for it; this server runs
                raise Unavailable(error.message, code=error.code, hint=error.hint) from error
        await self._noting.done("notification", actor, (), f"test of {target}", {"target": target})
        return warning
