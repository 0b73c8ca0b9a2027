"""One target at work: what it is to be told, one message after the other, tried until it has it or it is given up.

Its cursor in the journal moves behind what it has. What is given up is told to the audit before the cursor passes it;
so a crash may repeat a message or such a note, and loses neither.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence

from app.errors import Misconfigured, Refused, TwinOverlayError, Unavailable
from app.model.events import HERE, Note
from app.model.notifications import Notification, TargetHealth, TargetState
from app.model.time import SECOND, Micros, in_seconds
from app.notification_settings import Target
from app.notify.asked import Asked, told
from app.notify.channel import Channel, Later
from app.notify.message import Message, message_of, test_message
from app.notify.pace import BackOff, Rate
from app.notify.tail import NEWS_EVERY, Lost, Tail
from app.notify.texts import Texts
from app.ports import Clock, Inbox, Journal

log = logging.getLogger("twin_overlay.notify")
CURSOR = "notifications/"
"""With the target's name behind it: its cursor in the journal."""
MOST_WAITING = 500
"""In memory; what is behind them is read from the journal when there is room."""
MOST_TOGETHER = 100
FAILED_AFTER = 300 * SECOND
"""Of nothing but failures, after which a target is no longer called retrying."""
_NOTED = 20


class Delivery:
    def __init__(
        self,
        target: Target,
        channel: Channel,
        asked: Asked,
        texts: Texts,
        tail: Tail,
        journal: Journal,
        inbox: Inbox,
        clock: Clock,
        installation: str,
        back_off: BackOff | None = None,
    ) -> None:
        self._target = target
        self._channel = channel
        self._asked = asked
        self._texts = texts
        self._tail = tail
        self._journal = journal
        self._inbox = inbox
        self._clock = clock
        self._installation = installation
        self._back_off = back_off or BackOff()
        self._rate = Rate(target.per_minute)
        self._cursor = self._read = 0
        self._waiting: deque[tuple[Notification, Micros]] = deque()
        self._together = MOST_TOGETHER
        self._tries = 0
        """Of the first that waits, as far as the target itself refused it."""
        self._state: TargetState = "ok"
        self._since = self._failing_since = clock.now()
        self._last_error = ""
        self._last_error_at: Micros | None = None
        self._last_sent_at: Micros | None = None
        self._sent = self._given_up = self._failures = 0

    @property
    def name(self) -> str:
        return self._target.name

    def health(self) -> TargetHealth:
        return TargetHealth(
            self.name,
            self._target.kind,
            self._channel.address,
            self._state,
            self._since,
            self._last_error,
            self._last_error_at,
            self._last_sent_at,
            self._sent,
            self._given_up,
            self._failures,
            len(self._waiting),
            len(self._waiting) >= MOST_WAITING and self._read < self._tail.upto,
            self._waiting[0][0].change.at if self._waiting else None,
        )

    async def begin(self, cursors: Mapping[str, int]) -> None:
        """A target that is new is told of what happens from now on."""
        name = CURSOR + self.name
        if name not in cursors:
            await self._journal.advance(name, self._journal.last_sequence)
        self._cursor = self._read = self._journal.cursor(name)

    async def run(self) -> None:
        """Until cancelled. A journal that can't be read or written just now (a full disk) is waited for, which says
        nothing of the target: what is lost by it is at most the knowledge that something was sent."""
        waits, waiting = BackOff(), False
        while True:
            try:
                await self._step()
            except Unavailable as error:
                if not waiting:
                    log.warning("the notification target %s waits for the journal (%s)", self.name, error.message)
                waiting = True
                await self._clock.sleep(waits.next())
            else:
                waiting = False
                waits.over()

    async def _step(self) -> None:
        await self._fill()
        if not self._waiting:
            if self._read - self._cursor >= NEWS_EVERY:
                await self._advance()
            if self._read >= self._tail.upto:
                await self._tail.news(self._read)
            return
        if wait := self._rate.wait(self._clock.now()):
            await self._clock.sleep(wait)
            return
        await self._give_up_the_old()
        if self._waiting:
            await self._try()

    async def test(self, by: str) -> str:
        """A message of its own, once, whatever waits; what was not right about it though it was taken. Raises
        Unavailable, Misconfigured or Refused."""
        return await self._channel.send(test_message(self.name, self._installation, by, self._clock.now()))

    # ------------------------------------------------------------ what waits

    async def _fill(self) -> None:
        while len(self._waiting) < MOST_WAITING and self._read < self._tail.upto:
            found, upto, lost = await self._tail.after(self._read, MOST_WAITING - len(self._waiting))
            if lost is not None:
                await self._tell_lost(lost)
            for sequence, place, change in found:
                transition = told(change)
                if transition is not None and self._asked.wants(transition, change):
                    alert = change.alert.alert_id
                    key = f"{self._installation}/{alert}/{transition}/{sequence}/{place}"
                    self._waiting.append((Notification(key, sequence, transition, change), change.at))
            self._read = upto

    def _next(self) -> list[Notification]:
        """What goes into the next message: everything, where much waits."""
        over = self._target.group_over
        count = min(len(self._waiting), self._together) if over and len(self._waiting) > over else 1
        return [self._waiting[place][0] for place in range(count)]

    # ------------------------------------------------------------ a try

    async def _try(self) -> None:
        items = self._next()
        self._rate.take()
        try:
            message = message_of(items, self.name, self._installation, self._texts)
            warning = await self._send(message)
        except Refused as error:
            await self._refused(error, items)
        except (Unavailable, Misconfigured) as error:
            asked = error.seconds if isinstance(error, Later) else 0.0
            await self._failed(error, asked, denied=isinstance(error, Misconfigured))
        else:
            await self._delivered(items, warning)

    async def _send(self, message: Message) -> str:
        try:
            return await self._channel.send(message)
        except TwinOverlayError:
            raise
        except Exception as error:  # a bug: of this message, as far as anybody knows
            log.exception("a message to %s could not be sent", self.name)
            raise Refused(f"{type(error).__name__}: see the log", code="TARGET_REFUSED") from error

    async def _delivered(self, items: Sequence[Notification], warning: str) -> None:
        if self._state != "ok":
            log.info("the notification target %s takes messages again", self.name)
        self._back_off.over()
        self._tries, self._together = 0, MOST_TOGETHER
        now = self._clock.now()
        self._turn("ok", now)
        self._last_sent_at = now
        if warning:
            log.warning("the notification target %s: %s", self.name, warning)
            self._last_error, self._last_error_at = warning, now
        self._sent += len(items)
        await self._pass(len(items))

    async def _refused(self, error: Refused, items: Sequence[Notification]) -> None:
        if len(items) > 1:
            # One of them may be what it does not take, or there are too many of them.
            self._together = max(1, len(items) // 2)
            await self._failed(error, 0.0, denied=False)
            return
        self._tries += 1
        if self._tries < self._target.give_up_tries:
            await self._failed(error, 0.0, denied=False)
            return
        self._note_failure(error, denied=False)
        await self._give_up(items, f"refused {self._tries} times, at last: {error.message}")

    async def _failed(self, error: TwinOverlayError, asked: float, *, denied: bool) -> None:
        self._note_failure(error, denied=denied)
        await self._clock.sleep(self._back_off.next(asked))

    def _note_failure(self, error: TwinOverlayError, *, denied: bool) -> None:
        now = self._clock.now()
        if self._state == "ok":
            log.warning("the notification target %s fails (%s); what it is to be told waits", self.name, error.message)
            self._failing_since = now
        self._failures += 1
        self._last_error, self._last_error_at = error.message, now
        for_long = now - self._failing_since >= FAILED_AFTER
        self._turn("failed" if denied or for_long or self._state == "failed" else "retrying", now)

    def _turn(self, state: TargetState, now: Micros) -> None:
        if state != self._state:
            self._state, self._since = state, now

    # ------------------------------------------------------------ the end of the line

    async def _give_up_the_old(self) -> None:
        longest = round(self._target.give_up_hours * 3600 * SECOND)
        now = self._clock.now()
        old = 0
        while old < len(self._waiting) and now - self._waiting[old][1] > longest:
            old += 1
        if old:
            items = [self._waiting[place][0] for place in range(old)]
            why = f"not delivered within {in_seconds(longest)}"
            await self._give_up(items, f"{why}: {self._last_error}" if self._last_error else why)

    async def _give_up(self, items: Sequence[Notification], why: str) -> None:
        log.error("%d notifications to %s are given up: %s", len(items), self.name, why)
        alerts = tuple(dict.fromkeys(f"alert/{item.change.alert.alert_id}" for item in items))
        await self._note(
            alerts[:_NOTED], "NOTIFICATION_GIVEN_UP", why, len(items), [item.key for item in items[:_NOTED]]
        )
        self._given_up += len(items)
        self._tries, self._together = 0, MOST_TOGETHER
        await self._pass(len(items))

    async def _tell_lost(self, lost: Lost) -> None:
        why = f"the journal has no entries {lost.first} to {lost.last} any more"
        log.error("the notification target %s may have missed some: %s", self.name, why)
        self._last_error, self._last_error_at = why, self._clock.now()
        await self._note((), "NOTIFICATIONS_LOST", why, 0, [])

    async def _note(self, subjects: tuple[str, ...], code: str, why: str, count: int, keys: list[str]) -> None:
        who = f"notification target {self.name}"
        details = {"target": self.name, "count": count, "keys": keys}
        await self._inbox.submit(
            Note("notification", "failed", who, HERE, subjects, self.name, "", code, why[:1000], details)
        )

    async def _pass(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
        await self._advance()

    async def _advance(self) -> None:
        """To behind everything that it has: of an entry of which it does not have all yet, to before it."""
        cursor = self._waiting[0][0].sequence - 1 if self._waiting else self._read
        if cursor > self._cursor:
            await self._journal.advance(CURSOR + self.name, cursor)
            self._cursor = cursor
