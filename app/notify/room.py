"""All targets together: each has its own line, its own cursor in the journal and its own troubles."""

import asyncio
import logging
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from app.errors import NotFound
from app.explain.english import paragraph
from app.model.catalogue import Catalogue
from app.model.notifications import TargetHealth
from app.notification_settings import MqttTarget, NotificationSettings, SmtpTarget, Target, WebhookTarget
from app.notify.asked import Asked
from app.notify.channel import Channel
from app.notify.delivery import CURSOR, Delivery
from app.notify.mail import MailChannel
from app.notify.mqtt import MqttChannel, Publish
from app.notify.tail import Tail
from app.notify.texts import Texts
from app.notify.webhook import WebhookChannel
from app.ports import Clock, Inbox, Journal, LiveView

log = logging.getLogger("twin_overlay.notify")


class Notifications:
    """Implements ports.Notifications. `tail.seen` is to be told of every outcome from the start on; `publish` is how
    MQTT messages go."""

    def __init__(
        self,
        settings: NotificationSettings,
        journal: Journal,
        tail: Tail,
        catalogue: Catalogue,
        live: LiveView,
        inbox: Inbox,
        clock: Clock,
        publish: Publish,
        installation: str,
        link: str,
    ) -> None:
        self._journal = journal
        self._deliveries: dict[str, Delivery] = {}
        for target in settings.targets:
            texts = Texts(
                target.subject,
                target.text,
                settings.link or link,
                ZoneInfo(settings.time_zone),
                lambda alert: paragraph(live.explain_alert(alert)),
            )
            asked = Asked(target.rules, settings.time_zone, catalogue)
            channel = _channel(target, installation, clock, publish)
            self._deliveries[target.name] = Delivery(
                target, channel, asked, texts, tail, journal, inbox, clock, installation
            )

    async def begin(self) -> None:
        """Before anything is decided: a target that is new is told of what happens from here on, and one that is gone
        holds back the journal no more."""
        cursors = self._journal.cursors()
        for name in cursors:
            if name.startswith(CURSOR) and name.removeprefix(CURSOR) not in self._deliveries:
                log.warning("the notification target %s is not configured any more", name.removeprefix(CURSOR))
                await self._journal.drop(name)
        for delivery in self._deliveries.values():
            await delivery.begin(cursors)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for delivery in self._deliveries.values():
                tasks.create_task(delivery.run(), name=f"notifications {delivery.name}")

    def targets(self) -> Sequence[TargetHealth]:
        return [delivery.health() for delivery in self._deliveries.values()]

    async def test(self, name: str, by: str) -> str:
        delivery = self._deliveries.get(name)
        if delivery is None:
            raise NotFound.named("notification target", name, self._deliveries, path="/target")
        return await delivery.test(by)


def _channel(target: Target, installation: str, clock: Clock, publish: Publish) -> Channel:
    match target:
        case WebhookTarget():
            return WebhookChannel(target, clock)
        case SmtpTarget():
            return MailChannel(target, installation, clock)
        case MqttTarget():
            return MqttChannel(target, installation, publish)
