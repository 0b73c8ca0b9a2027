"""A journal with alerts in it, and a target that takes what it is sent or not, as the test says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import TwinOverlayError
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.catalogue import Catalogue
from app.model.events import Alert, AlertChanged, AlertTransition, Cause, Input, Note, Outcome, Tick
from app.model.plan import OwnerKey
from app.model.time import SECOND, Micros, parse_iso
from app.notification_settings import WebhookTarget
from app.notify.asked import Asked
from app.notify.delivery import Delivery
from app.notify.message import Message
from app.notify.pace import BackOff
from app.notify.tail import Tail
from app.notify.texts import Texts

NOON = parse_iso("2026-01-02T12:00:00Z")
CAUSE = Cause("reading", "opcua", NOON)


def change(
    alert_id: str = "alert-1",
    transition: AlertTransition = "raised",
    *,
    owner: OwnerKey = OwnerKey("twin", "pump_1"),  # noqa: B008 - it is frozen
    severity: Any = "error",
    twins: tuple[str, ...] = ("pump_1",),
    at: Micros = NOON,
    cause: Cause = CAUSE,
    **more: Any,
) -> AlertChanged:
    fields: dict[str, Any] = {
        "behavior": "hot",
        "code": "HOT",
        "message": "too hot",
        "ack_required": True,
        "latched": False,
    } | more
    return AlertChanged(
        Alert(alert_id, owner, severity=severity, twins=twins, raised_at=NOON, cause=cause, **fields),
        transition,
        at,
        cause,
    )


class VirtualClock:
    """Time passes by being slept through, at once."""

    def __init__(self) -> None:
        self.moment = NOON
        self.slept: list[float] = []

    def now(self) -> Micros:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += round(seconds * SECOND)
        await asyncio.sleep(0.001)


class FakeChannel:
    """`trouble` says how a try ends; what was taken is in `taken`."""

    address = "a fake"

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.tried: list[Message] = []
        self.trouble: Callable[[Message], TwinOverlayError | None] = lambda message: None
        self.warning = ""

    async def send(self, message: Message) -> str:
        await asyncio.sleep(0)
        self.tried.append(message)
        if (error := self.trouble(message)) is not None:
            raise error
        self.taken.append(message)
        return self.warning

    @property
    def keys(self) -> list[str]:
        return [item["idempotency_key"] for message in self.taken for item in message.document["notifications"]]

    @property
    def alerts(self) -> list[str]:
        return [item["alert"]["alert_id"] for message in self.taken for item in message.document["notifications"]]


class Line:
    """Implements Inbox: notes go into the journal; alerts come to be by `happens`."""

    def __init__(self, folder: Path, *, accept_gap: bool = False) -> None:
        self.journal = SqliteJournal.open(folder, keep=0, segment=SegmentSize(records=50), accept_gap=accept_gap)
        self.tail = Tail(self.journal, self.journal.last_sequence)
        self.clock = VirtualClock()
        self.notes: list[Note] = []

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        assert isinstance(input, Note)
        self.notes.append(input)
        return await self._append(input, Outcome()), Outcome()

    async def happens(self, *changes: AlertChanged) -> int:
        return await self._append(Tick(), Outcome(alerts=changes))

    async def _append(self, input: Input, outcome: Outcome) -> int:
        sequence = await self.journal.append([(self.clock.now(), input, outcome)])
        self.tail.seen(sequence, outcome)
        return sequence

    def delivery(self, channel: FakeChannel, name: str = "shift", **target: Any) -> Delivery:
        settings = WebhookTarget(kind="webhook", name=name, url="http://127.0.0.1:1/", **target)
        texts = Texts(settings.subject, settings.text, "", ZoneInfo("UTC"), lambda alert: f"Why: {alert.code}.")
        asked = Asked(settings.rules, "UTC", Catalogue())
        back_off = BackOff(lambda: 1.0)
        return Delivery(settings, channel, asked, texts, self.tail, self.journal, self, self.clock, "inst", back_off)

    @contextlib.asynccontextmanager
    async def delivering(self, channel: FakeChannel, name: str = "shift", **target: Any) -> AsyncIterator[Delivery]:
        delivery = self.delivery(channel, name, **target)
        await delivery.begin(self.journal.cursors())
        task = asyncio.create_task(delivery.run())
        try:
            yield delivery
            assert not task.done(), "a delivery runs until it is cancelled"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
