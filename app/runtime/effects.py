"""Does what was decided: journals the attempt, sends, and brings the device's answer back into the engine's line.

Between the decision's commit and the send stands another commit (`AttemptCall`); without it a crash could neither
know that a call was sent nor that it was not. Calls to one twin go one after the other, in the order decided.

A call that has not been answered in time has failed, whatever the device says later: that is listened to for a while,
counted and noted, and changes nothing any more.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Sequence

from app.errors import Invalid, TwinOverlayError, Unavailable
from app.model.connection import CallAnswer
from app.model.events import HERE, AttemptCall, Call, CallChanged, CallResult, Note
from app.ports import Devices, Inbox
from app.runtime.metrics import Metrics

log = logging.getLogger("twin_overlay.effects")
MAX_PARALLEL = 256
"""Calls under way at once, over all twins."""
MAX_WAITING = 100
"""Calls that wait for one twin; one more fails at once."""
MAX_LATE = 256
"""Calls whose answers are still listened for; of one more it is not."""
LISTEN_SECONDS = 120.0
LATE_ANSWER = "LATE_ANSWER"


class Effects:
    """`perform` may be called before `run` is under way; the calls then wait for it."""

    def __init__(self, inbox: Inbox, devices: Devices, timeout_seconds: float, metrics: Metrics) -> None:
        self._inbox = inbox
        self._devices = devices
        self._timeout = timeout_seconds
        self._metrics = metrics
        self._waiting: dict[str, deque[Call]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._late = 0
        self._parallel = asyncio.Semaphore(MAX_PARALLEL)
        self._closing = False
        self._under_way = 0
        self._settled = asyncio.Event()
        self._settled.set()

    def perform(self, calls: Sequence[CallChanged]) -> None:
        """Schedule; returns at once. Each call ends in a CallResult, or (server going down) in the journal as what it
        was by then."""
        for call in (change.call for change in calls):
            line = self._waiting.get(call.twin_id)
            if line is None:
                self._waiting[call.twin_id] = deque([call])
                if self._group is not None:
                    self._group.create_task(self._work_off(call.twin_id))
            elif len(line) >= MAX_WAITING and self._group is not None:
                self._group.create_task(self._turn_away(call))
            else:
                line.append(call)

    async def run(self) -> None:
        """Until cancelled; owns every call's task."""
        try:
            async with asyncio.TaskGroup() as self._group:
                for twin in self._waiting:
                    self._group.create_task(self._work_off(twin))
                await asyncio.get_running_loop().create_future()
        finally:
            self._group = None

    async def settle(self) -> None:
        """Send nothing more, and wait for the answers to what was sent. What is decided and was not sent stays so in
        the journal: after a start it is sent, if it is still wanted."""
        self._closing = True
        await self._settled.wait()

    async def _work_off(self, twin: str) -> None:
        line = self._waiting[twin]
        try:
            while line and not self._closing:
                async with self._parallel:
                    await self._counted(line.popleft())
        except Unavailable as error:  # the ingest loop has ended and says so itself; the journal knows the rest
            log.warning("calls to %s are not continued: %s", twin, error.message)
        finally:
            del self._waiting[twin]

    async def _counted(self, call: Call) -> None:
        if self._closing:
            return
        self._under_way += 1
        self._settled.clear()
        try:
            await self._perform(call)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._settled.set()

    async def _turn_away(self, call: Call) -> None:
        with contextlib.suppress(Unavailable):  # as above
            error = f"{MAX_WAITING} calls already wait for {call.twin_id}"
            await self._inbox.submit(CallResult(call.call_id, "failed", error=error))

    async def _perform(self, call: Call) -> None:
        _, outcome = await self._inbox.submit(AttemptCall(call.call_id))
        if outcome.refused:  # expired meanwhile, or finished: the engine has the last word before the send
            log.warning("call %s to %s is not sent: %s", call.call_id, call.twin_id, outcome.refused)
            return
        began = time.perf_counter()
        answer = await self._send(call, began)
        self._metrics.call_seconds.labels(answer.status).observe(time.perf_counter() - began)
        try:
            await self._inbox.submit(CallResult(call.call_id, answer.status, answer.value, answer.error))
        except Invalid as error:  # what the device did stands, though its answer can't be kept
            await self._inbox.submit(CallResult(call.call_id, answer.status, error=f"the answer: {error.message}"))

    async def _send(self, call: Call, began: float) -> CallAnswer:
        """The device's answer, or that there was none in time."""
        own = self._devices.time_out(call.twin_id, call.method) if call.method is not None else None
        seconds = self._timeout if own is None else own
        path = next((path.name for path in self._devices.paths(call.twin_id) if path.in_use), "")
        by = f" by {path}" if path else ""
        sending = asyncio.ensure_future(self._ask(call))
        try:
            await asyncio.wait({sending}, timeout=seconds)
        except asyncio.CancelledError:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            raise
        if sending.done():
            return sending.result()
        if self._group is not None and self._late < MAX_LATE:
            self._late += 1
            self._group.create_task(self._listen(call, sending, began, by))
        else:
            sending.cancel()
        return CallAnswer("failed", error=f"no answer within {seconds:g} s{by}", answered=False)

    async def _ask(self, call: Call) -> CallAnswer:
        try:
            if call.method is not None:
                return await self._devices.call(call.twin_id, call.method, call.arguments)
            assert call.property is not None, "a call names a method or a property"
            return await self._devices.write(call.twin_id, call.property, call.arguments["value"])
        except TwinOverlayError as error:
            return CallAnswer("failed", error=error.message, answered=False)
        except Exception:  # whatever a protocol library raises ends this call, never the others
            log.exception("call %s to %s failed", call.call_id, call.twin_id)
            return CallAnswer("failed", error="internal error", answered=False)

    async def _listen(self, call: Call, sending: "asyncio.Future[CallAnswer]", began: float, by: str) -> None:
        try:
            async with asyncio.timeout(LISTEN_SECONDS):
                answer = await sending
        except TimeoutError:
            return
        finally:
            self._late -= 1
        if not answer.answered:
            return
        self._metrics.late_answers.labels(answer.status).inc()
        said = f"{answer.status}: {answer.error}" if answer.error else answer.status
        note = Note(
            "call" if call.method is not None else "write",
            "failed",
            "connectors",
            HERE,
            (f"twin/{call.twin_id}", f"call/{call.call_id}"),
            call.method or call.property or "",
            code=LATE_ANSWER,
            message=f"answered after {time.perf_counter() - began:.1f} s{by}, too late: {said}",
        )
        with contextlib.suppress(Unavailable, Invalid):  # going down, or a text that no record can hold
            await self._inbox.submit(note)
