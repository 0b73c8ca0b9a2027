"""The supervisor's own rules, with connectors that do as the test says and a clock that never waits."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from app.connectors.protocols import Group, grouped
from app.connectors.runner import BackOff
from app.connectors.supervise import Supervisor
from app.errors import Misconfigured, Unavailable
from app.model.connection import CallAnswer, TwinConnection
from app.model.events import PathStatus, Reading, Sample, SourceStatus
from app.model.values import Value
from app.ports import Clock, Sink
from tests.connectors.parts import FakeSink, pump, until

NODE = {"speed": {"node_id": "i=1"}}


class FakeClock:
    """Implements ports.Clock: time moves only by sleeping, and sleeping takes none."""

    def __init__(self) -> None:
        self.time = 1_000_000_000
        self.slept: list[float] = []

    def now(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += round(seconds * 1_000_000)
        await asyncio.sleep(0)


class FakeConnector:
    """Implements ports.Connector. `plan` has what each run does: an exception to raise, or None to stand until
    `drop`."""

    protocol = "opc-ua"
    security = "none"

    def __init__(self, group: Group, plan: Iterable[Exception | None]) -> None:
        self.name = group.name
        self.endpoint = group.endpoint
        self.group = group
        self.plan = iter(plan)
        self.runs = 0
        self.deaf = False
        """Swallows the first cancellation, as asyncua does while it disconnects."""
        self.standing = False
        self.dropped: asyncio.Future[None] | None = None
        self.calls: list[tuple[Any, ...]] = []
        self.sink: Sink | None = None

    async def run(self, sink: Sink) -> None:
        self.runs += 1
        self.sink = sink
        what = next(self.plan, None)
        if what is not None:
            raise what
        sink.connected(self.name)
        sink.offer(Reading(self.name, 1, (Sample("pump_123", "speed", 1.0, 1),)))
        sink.reject(self.name, "TypeMismatch", "x")
        sink.status(SourceStatus(self.name, tuple(PathStatus(twin.twin_id, True) for twin in self.group.twins)))
        self.dropped = asyncio.get_running_loop().create_future()
        self.standing = True
        try:
            if self.deaf:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
            await self.dropped
        finally:
            self.standing = False

    def drop(self, reason: Exception) -> None:
        assert self.dropped is not None
        self.dropped.set_exception(reason)

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        self.calls.append((twin_id, property, value))
        return CallAnswer("accepted")

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        raise RuntimeError("a bug")


class Room:
    """A supervisor with fake connectors, in the order in which they were made."""

    def __init__(self, *plans: Iterable[Exception | None]) -> None:
        self.sink = FakeSink()
        self.clock = FakeClock()
        self.made: list[FakeConnector] = []
        self.registry = CollectorRegistry()
        self._plans = list(plans)
        self.supervisor = Supervisor(
            self.sink,
            self.clock,
            self.registry,
            protocols={"opc-ua": self._make, "mqtt": self._make},
            back_off=BackOff(),
            jitter=lambda: 0.0,
        )

    def _make(self, group: Group, clock: Clock, installation: str) -> FakeConnector:
        made = FakeConnector(group, self._plans.pop(0) if self._plans else [])
        self.made.append(made)
        return made

    @contextlib.asynccontextmanager
    async def running(self, *twins: TwinConnection) -> AsyncIterator[None]:
        self.supervisor.configure(twins)
        task = asyncio.create_task(self.supervisor.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=5)
        assert task.cancelled()

    def standing(self, count: int) -> Callable[[], bool]:
        return lambda: sum(made.standing for made in self.made) == count


def twin(twin_id: str = "pump_123", endpoint: str = "opc.tcp://a:1", **given: Any) -> TwinConnection:
    return pump(endpoint, NODE, {"start": {}}, twin_id=twin_id, **given)


def test_twins_share_a_connection_by_protocol_endpoint_authentication_and_client_id() -> None:
    groups = grouped(
        [
            twin("c"),
            twin("a"),
            twin("b", "opc.tcp://b:1"),
            twin("d", authentication={"type": "none"}),
            twin("e", "mqtt://a:1", protocol="mqtt"),
            twin("f", "mqtt://a:1", protocol="mqtt", client_id="own"),
            twin("g", "opc.tcp://user:secret@a:1"),
        ]
    )
    assert sorted([found.twin_id for found in group.twins] for group in groups.values()) == [
        ["a", "c"],
        ["b"],
        ["d"],
        ["e"],
        ["f"],
        ["g"],
    ]
    assert "opc-ua opc.tcp://a:1" in groups
    assert not any("secret" in name for name in groups)


async def test_the_back_off_doubles_to_thirty_seconds_and_is_told_once() -> None:
    room = Room([Unavailable("no route") for _ in range(9)])
    async with room.running(twin()):
        await until(room.standing(1), "it connects at last")
    assert room.clock.slept == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert [path for status in room.sink.statuses for path in status.paths] == [
        PathStatus("pump_123", False, "no route"),
        PathStatus("pump_123", True),
    ]


async def test_the_jitter_takes_up_to_half_of_a_delay_off() -> None:
    back_off = BackOff(first_seconds=1, most_seconds=8)
    assert [back_off.delay(failures, 0.0) for failures in (1, 2, 3, 4, 5, 5000)] == [1, 2, 4, 8, 8, 8]
    assert back_off.delay(3, 1.0) == 2


async def test_only_a_connection_that_was_stable_starts_the_back_off_again() -> None:
    room = Room([Unavailable("x"), Unavailable("x"), None, None, Unavailable("x")])
    async with room.running(twin()):
        await until(room.standing(1), "connected")
        room.made[0].drop(Unavailable("flapped"))
        await until(lambda: room.made[0].runs == 4 and room.made[0].standing, "connected again")
        room.clock.time += 11_000_000
        room.made[0].drop(Unavailable("lost after a while"))
        await until(lambda: room.made[0].runs == 6 and room.made[0].standing, "and again")
    assert room.clock.slept == [0.5, 1, 2, 0.5, 1]


async def test_health_tells_the_state_the_error_and_the_counts() -> None:
    room = Room([Unavailable("no route"), None])
    room.supervisor.configure([twin()])
    (health,) = room.supervisor.health()
    assert (health.status, health.name, health.twins) == ("connecting", "opc-ua opc.tcp://a:1", 1)
    assert room.registry.get_sample_value("twin_overlay_connector_up", {"connector": health.name}) == 0
    async with room.running(twin()):
        await until(room.standing(1), "connected")
        (health,) = room.supervisor.health()
        assert (health.status, health.last_error, health.since) == ("connected", "", room.clock.now())
        assert (health.samples, health.rejected) == (1, {"TypeMismatch": 1})
        assert room.registry.get_sample_value("twin_overlay_connector_up", {"connector": health.name}) == 1
        assert room.registry.get_sample_value("twin_overlay_connector_outages_total", {"connector": health.name}) == 1


async def test_health_counts_tries_and_says_when_the_next_one_is() -> None:
    room = Room([Unavailable("no route"), Unavailable("no route"), Unavailable("no route"), None])
    seen: list[tuple[str, int, int | None]] = []

    async def asleep(seconds: float) -> None:
        (health,) = room.supervisor.health()
        wait = None if health.next_try is None else health.next_try - room.clock.time
        seen.append((health.status, health.tries, wait))
        await FakeClock.sleep(room.clock, seconds)

    room.clock.sleep = asleep  # type: ignore[method-assign]
    async with room.running(twin()):
        await until(room.standing(1), "connected")
        (health,) = room.supervisor.health()
        assert (health.tries, health.outages, health.next_try) == (0, 1, None)
    assert seen == [("disconnected", tries, round(0.5 * 2 ** (tries - 1) * 1e6)) for tries in (1, 2, 3)]


async def test_a_connection_without_all_that_is_asked_of_it_is_degraded_and_metrics_agree() -> None:
    room = Room()
    async with room.running(twin(), twin("pump_124")):
        await until(room.standing(1), "connected")
        name = room.made[0].name
        tap = room.made[0].sink
        assert tap is not None
        tap.reject(name, "NotMonitored", "pump_123.speed: the server does not monitor it")
        tap.status(SourceStatus(name, (PathStatus("pump_124", False, "its device says so"),)))
        (health,) = room.supervisor.health()
        assert (health.status, health.missing, health.silent_twins) == ("degraded", {"NotMonitored": 1}, 1)
        assert health.missing_details == ("pump_123.speed: the server does not monitor it",)

        def metric(what: str, **labels: str) -> float | None:
            return room.registry.get_sample_value(f"twin_overlay_connector_{what}", {"connector": name, **labels})

        assert (metric("up"), metric("silent_twins")) == (1, 1)
        assert (metric("state", state="degraded"), metric("state", state="connected")) == (1, 0)
        room.made[0].plan = itertools.repeat(Unavailable("cut"))
        room.made[0].drop(Unavailable("cut"))
        await until(lambda: metric("state", state="disconnected") == 1, "lost")
        (health,) = room.supervisor.health()
        assert (health.missing, health.silent_twins, metric("up")) == ({}, 0, 0)


async def test_a_twin_without_its_heartbeat_degrades_its_connection() -> None:
    room = Room()
    async with room.running(twin(heartbeat={"interval": 5.0})):
        await until(room.standing(1), "connected")
        await until(lambda: room.supervisor.health()[0].status == "degraded", "its heartbeat is missing")
        assert room.supervisor.health()[0].silent_twins == 1
        assert room.sink.silent()
        sink = room.made[0].sink
        assert sink is not None
        sink.offer(Reading(room.made[0].name, room.clock.time, (Sample("pump_123", "speed", 1.0, 1),)))
        assert room.supervisor.health()[0].status == "connected"
        assert room.sink.alive()


async def test_what_trying_again_cannot_help_is_failed_and_tried_no_more(caplog: pytest.LogCaptureFixture) -> None:
    room = Room([Misconfigured("no certificate", hint="get one")])
    async with room.running(twin(), twin("pump_124", "opc.tcp://b:1")):
        await until(room.standing(1), "the other connects")
        await until(room.sink.silent, "its twin is silent")
        failed = next(health for health in room.supervisor.health() if health.endpoint == "opc.tcp://a:1")
        assert (failed.status, failed.last_error) == ("failed", "no certificate (get one)")
        assert room.clock.slept == []
        assert [made.runs for made in room.made] == [1, 1]
    assert sum("is down" in record.getMessage() for record in caplog.records) == 1


async def test_a_bug_in_one_connector_is_logged_and_kills_nobody(caplog: pytest.LogCaptureFixture) -> None:
    room = Room([ZeroDivisionError("oops"), None])
    async with room.running(twin(), twin("pump_124", "opc.tcp://b:1")):
        await until(room.standing(2), "both stand, one after its bug")
        path = next(path for status in room.sink.statuses for path in status.paths if not path.alive)
        assert path.reason == "internal error (ZeroDivisionError)", "and nothing of the inside"
    (logged,) = [record for record in caplog.records if record.exc_info]
    assert logged.levelno == logging.ERROR


async def test_a_library_that_swallows_a_cancellation_keeps_nobody_from_ending() -> None:
    room = Room([Unavailable("not yet")])
    async with room.running(twin()):
        await until(lambda: room.made, "made")
        room.made[0].deaf = True
        await until(room.standing(1), "standing")


async def test_writes_and_calls_go_to_the_twins_own_connection() -> None:
    room = Room([None], itertools.repeat(Unavailable("no route")))
    async with room.running(twin(), twin("pump_124", "opc.tcp://b:1")):
        await until(room.standing(1), "one stands")
        await until(lambda: room.sink.silent("pump_124"), "the other does not")
        assert (await room.supervisor.write("pump_123", "speed", 5)).status == "accepted"
        assert room.made[0].calls == [("pump_123", "speed", 5)]
        answer = await room.supervisor.write("pump_124", "speed", 5)
        assert answer == CallAnswer("failed", error="pump_124 is disconnected: no route")
        answer = await room.supervisor.call("pump_124", "start", {})
        assert answer == CallAnswer("failed", error="pump_124 is disconnected: no route")
        answer = await room.supervisor.call("valve_1", "open", {})
        assert answer == CallAnswer("refused", error="valve_1 has no connectivity")


def _with_fallback(endpoint: str = "opc.tcp://b:1", twin_id: str = "pump_123") -> TwinConnection:
    return replace(twin(twin_id, fallback_after=1.0, return_after=5.0), fallbacks=(twin(twin_id, endpoint),))


async def test_a_twin_with_fallbacks_is_connected_by_all_paths_and_written_to_and_called_by_the_one_in_use() -> None:
    room = Room()
    async with room.running(_with_fallback()):
        await until(room.standing(2), "both stand")
        a, b = sorted(room.made, key=lambda made: made.endpoint)
        assert (await room.supervisor.write("pump_123", "speed", 1)).status == "accepted"
        a.plan = itertools.repeat(Unavailable("no route"))
        a.drop(Unavailable("cut"))
        await until(lambda: room.supervisor.paths("pump_123")[1].in_use, "the fallback takes over")
        assert (await room.supervisor.write("pump_123", "speed", 2)).status == "accepted"
        assert (a.calls, b.calls) == ([("pump_123", "speed", 1)], [("pump_123", "speed", 2)])
        assert [(path.name, path.alive) for path in room.supervisor.paths("pump_123")] == [
            ("opc-ua opc.tcp://a:1", False),
            ("opc-ua opc.tcp://b:1", True),
        ]
        a.plan = itertools.repeat(None)
        await until(lambda: room.supervisor.paths("pump_123")[0].in_use, "and gives it back")
        assert room.sink.path() == PathStatus("pump_123", True)
        assert room.sink.statuses[-1].source == "opc-ua opc.tcp://a:1"
    switches = room.registry.get_sample_value("twin_overlay_path_switches_total", {"connector": "opc-ua opc.tcp://b:1"})
    assert switches == 1


async def test_a_path_that_can_never_be_had_is_like_any_that_is_silent() -> None:
    room = Room([Misconfigured("no certificate")])
    async with room.running(_with_fallback()):
        await until(lambda: room.supervisor.paths("pump_123")[1].in_use, "the fallback takes over")
        assert (await room.supervisor.write("pump_123", "speed", 2)).status == "accepted"


async def test_two_paths_over_one_connection_are_one() -> None:
    room = Room()
    async with room.running(_with_fallback("opc.tcp://a:1")):
        await until(room.standing(1), "it stands")
        assert len(room.made) == 1
        assert [path.in_use for path in room.supervisor.paths("pump_123")] == [True]


async def test_a_twin_without_its_fallback_or_gone_leaves_that_connection() -> None:
    room = Room()
    async with room.running(_with_fallback(), _with_fallback(twin_id="pump_124")):
        await until(room.standing(2), "both stand")
        room.supervisor.reconnect({"pump_123": twin(), "pump_124": None})
        await until(room.standing(1), "the fallback's is gone")
        assert list(room.supervisor.paths("pump_124")) == []
        assert [path.name for path in room.supervisor.paths("pump_123")] == ["opc-ua opc.tcp://a:1"]


async def test_a_bug_in_a_call_is_a_failed_call(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    async with room.running(twin()):
        await until(room.standing(1), "connected")
        answer = await room.supervisor.call("pump_123", "start", {})
    assert answer == CallAnswer("failed", error="internal error (RuntimeError)")
    assert any(record.exc_info for record in caplog.records)


async def test_what_does_not_change_is_not_disturbed() -> None:
    room = Room()
    async with room.running(twin(), twin("pump_124", "opc.tcp://b:1")):
        await until(room.standing(2), "both stand")
        room.supervisor.configure([twin(), twin("pump_124", "opc.tcp://b:1"), twin("pump_125", "opc.tcp://c:1")])
        await until(room.standing(3), "the new one joins")
        assert [made.runs for made in room.made] == [1, 1, 1]
        room.supervisor.configure([twin(), twin("pump_126"), twin("pump_125", "opc.tcp://c:1")])
        await until(lambda: len(room.made) == 4 and room.made[3].standing, "a changed group starts anew")
        await until(room.standing(2), "and the removed one is gone")
        assert [made.standing for made in room.made] == [False, False, True, True]
        assert [found.twin_id for found in room.made[3].group.twins] == ["pump_123", "pump_126"]
        assert (await room.supervisor.write("pump_124", "speed", 1)).status == "refused"
        assert [health.endpoint for health in room.supervisor.health()] == ["opc.tcp://a:1", "opc.tcp://c:1"]


async def test_those_that_are_there_go_on_while_others_come_and_the_new_ones_join_together() -> None:
    room = Room()
    async with room.running(twin()):
        await until(room.standing(1), "connected")
        for number in range(5):
            room.supervisor.reconnect({f"more_{number}": twin(f"more_{number}")})
            assert room.made[0].standing
        answer = await room.supervisor.write("more_0", "speed", 1)
        assert answer == CallAnswer("failed", error="more_0 is disconnected: not connected yet")
        await until(lambda: len(room.made) == 2 and room.made[1].standing, "they join")
        assert not room.made[0].standing
        assert len(room.made[1].group.twins) == 6
        assert (await room.supervisor.write("more_0", "speed", 1)).status == "accepted"


async def test_a_twin_in_another_form_or_gone_is_so_at_once() -> None:
    room = Room()
    async with room.running(twin(), twin("pump_124")):
        await until(room.standing(1), "connected")
        room.supervisor.reconnect({"pump_123": twin(), "nobody": None})
        assert len(room.made) == 1, "nothing has changed"
        room.supervisor.reconnect({"pump_123": None, "pump_125": twin("pump_125")})
        assert [found.twin_id for found in room.made[1].group.twins] == ["pump_124", "pump_125"]
        assert (await room.supervisor.write("pump_123", "speed", 1)).status == "refused"
        room.supervisor.reconnect({"pump_124": None, "pump_125": None})
        assert room.supervisor.health() == []


async def test_a_twin_deleted_and_made_again_is_told_alive_again() -> None:
    room = Room()
    async with room.running(twin()):
        await until(room.standing(1), "connected")
        room.supervisor.configure([])
        room.supervisor.configure([twin()])
        await until(lambda: len(room.made) == 2 and room.made[1].standing, "a new connection")
        assert not room.made[0].standing, "the old one was gone before"
    assert [path.alive for status in room.sink.statuses for path in status.paths] == [True, True]


async def test_counts_come_from_ingest_where_it_is_given() -> None:
    supervisor = Supervisor(
        FakeSink(),
        FakeClock(),
        counters=lambda source: (7, {"Late": 2}),
        protocols={"opc-ua": lambda group, clock, installation: FakeConnector(group, [])},
    )
    supervisor.configure([twin()])
    (health,) = supervisor.health()
    assert (health.samples, health.rejected) == (7, {"Late": 2})
