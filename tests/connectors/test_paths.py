"""Which path a twin is heard by: when the next is taken, when the first is taken again, and what is heard meanwhile."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connectors.paths import Hysteresis, Paths
from app.connectors.protocols import paths_by_group
from app.model.connection import TwinConnection
from app.model.events import Delivery, DeviceEvent, PathStatus, Reading, Sample, SourceStatus
from app.model.time import SECOND
from tests.connectors.parts import FakeSink, pump

NODES = {"speed": {"node_id": "i=1"}, "count": {"node_id": "i=2"}}
A, B, C = "opc-ua opc.tcp://a:1", "opc-ua opc.tcp://b:1", "mqtt mqtt://c:1"


def preferred(fallbacks: int = 2, twin_id: str = "pump_123", **said: Any) -> TwinConnection:
    twin = pump("opc.tcp://a:1", NODES, twin_id=twin_id, **said)
    others = (
        pump("opc.tcp://b:1", NODES, twin_id=twin_id),
        pump("mqtt://c:1", {"speed": {"topic": "speed"}}, twin_id=twin_id, protocol="mqtt"),
    )
    return TwinConnection(twin_id, twin.given, twin.properties, twin.methods, fallbacks=others[:fallbacks])


class Room:
    """Implements ports.Clock. What the engine would hear is in `sink`."""

    def __init__(self, *twins: TwinConnection) -> None:
        self.time = 1_000 * SECOND
        self.sink = FakeSink()
        self.paths = Paths(self.sink, self, Hysteresis(10.0, 60.0))
        for twin in twins or (preferred(),):
            self.paths.put(twin, paths_by_group(twin))

    def now(self) -> int:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")

    def passes(self, seconds: float) -> None:
        self.time += round(seconds * SECOND)
        self.paths.look()

    def alive(self, *sources: str, twin_id: str = "pump_123") -> None:
        for source in sources:
            self.paths.status(SourceStatus(source, (PathStatus(twin_id, True),)))

    def silent(self, *sources: str, reason: str = "no route", twin_id: str = "pump_123") -> None:
        for source in sources:
            self.paths.status(SourceStatus(source, (PathStatus(twin_id, False, reason),)))

    def read(self, source: str, value: float = 1.0, *, twin_id: str = "pump_123", name: str = "speed") -> bool:
        return self.paths.offer(Reading(source, self.time, (Sample(twin_id, name, value, self.time),)))

    def told(self) -> list[tuple[str, bool]]:
        return [(status.source, path.alive) for status in self.sink.statuses for path in status.paths]

    @property
    def in_use(self) -> str | None:
        return self.paths.in_use("pump_123")


def heard(readings: Sequence[Reading]) -> list[tuple[str, str, Any]]:
    return [(reading.source, sample.property, sample.value) for reading in readings for sample in reading.samples]


def test_a_twin_with_one_path_goes_through_untouched() -> None:
    room = Room(preferred(0))
    room.alive(A)
    reading = Reading(A, 1, (Sample("pump_123", "speed", 1.0, 1),))
    assert room.paths.offer(reading)
    assert room.sink.readings[0] is reading
    assert room.paths.in_use("pump_123") is None
    assert room.sink.statuses == [SourceStatus(A, (PathStatus("pump_123", True),))]


def test_it_is_heard_by_its_preferred_path_alone_while_that_is_alive() -> None:
    room = Room()
    room.alive(A, B, C)
    room.read(A, 1.0)
    room.read(B, 2.0)
    room.read(C, 3.0)
    assert heard(room.sink.readings) == [(A, "speed", 1.0)]
    assert (room.paths.standby(A), room.paths.standby(B), room.paths.standby(C)) == (0, 1, 1)
    assert room.told() == [(A, True)]


def test_what_comes_by_a_path_that_is_not_in_use_is_rejected_and_acknowledged_no_earlier_than_what_is_taken() -> None:
    room = Room()
    room.sink.durable = False
    room.alive(A, C)
    acknowledged: list[int] = []
    event, sample = DeviceEvent("pump_123", "fault", room.time), Sample("pump_123", "speed", 5.0, room.time)
    reading = Reading(C, room.time, (sample,), (event,), Delivery(7, b"content"))
    assert room.paths.offer(reading, lambda: acknowledged.append(7))
    assert room.sink.readings == [Reading(C, room.time, delivery=Delivery(7, b""))], "its values count as never taken"
    assert (acknowledged, room.sink.rejected) == ([], {"Standby": 1})
    room.sink.uncommitted[0]()
    assert acknowledged == [7]
    assert room.paths.standby(C) == 2
    room.sink.full = True
    assert not room.paths.offer(reading, lambda: acknowledged.append(8))
    assert (room.paths.standby(C), room.sink.rejected) == (2, {"Standby": 1}), "what had no room is not counted yet"


def test_a_message_in_which_nothing_is_to_store_is_acknowledged_once_it_is_committed() -> None:
    room = Room()
    room.sink.durable = False
    room.alive(A, C)
    acknowledged: list[int] = []
    undecodable = Reading(C, room.time, delivery=Delivery(7, b"content"))
    assert room.paths.offer(undecodable, lambda: acknowledged.append(7))
    assert (room.sink.readings, acknowledged, room.sink.rejected) == ([undecodable], [], {})


def test_what_nobody_waits_for_is_counted_and_goes_no_further() -> None:
    room = Room()
    room.alive(A, B)
    event = DeviceEvent("pump_123", "fault", room.time)
    assert room.paths.offer(Reading(B, room.time, (Sample("pump_123", "speed", 1.0, room.time),), (event,)))
    assert (room.sink.readings, room.paths.standby(B), room.sink.rejected) == ([], 2, {"Standby": 1})


def test_others_in_the_same_message_are_heard_all_the_same() -> None:
    room = Room(preferred(), preferred(0, "pump_9"))
    room.alive(A, B)
    both = tuple(Sample(twin_id, "speed", 5.0, room.time) for twin_id in ("pump_123", "pump_9"))
    acknowledged: list[int] = []
    assert room.paths.offer(Reading(B, room.time, both), lambda: acknowledged.append(1))
    assert [(sample.twin_id, sample.value) for sample in room.sink.samples] == [("pump_9", 5.0)]
    room.sink.full = True
    assert not room.paths.offer(Reading(B, room.time, both))
    assert (room.paths.standby(B), acknowledged) == (1, [1])


def test_the_next_path_that_is_alive_takes_over_after_the_outage_with_what_it_has() -> None:
    room = Room()
    room.alive(A, C)
    room.silent(B)
    room.read(A, 1.0)
    room.read(C, 2.0)
    room.passes(5)
    room.silent(A, reason="cable cut")
    assert room.told() == [(A, True), (A, False)]
    room.passes(9.9)
    assert room.in_use == A
    held_at = room.sink.readings[-1].received_at
    room.passes(0.2)
    assert room.in_use == C
    assert heard(room.sink.readings) == [(A, "speed", 1.0), (C, "speed", 2.0)]
    assert room.sink.readings[-1].received_at == held_at, "it says when it came, not when it was taken"
    (status,) = room.sink.statuses[2:]
    assert status.source == C
    (path,) = status.paths
    assert path == PathStatus("pump_123", True, f"{A} is not in use: cable cut", 2, ("count",))
    room.read(C, 3.0)
    room.read(A, 4.0)
    assert heard(room.sink.readings)[2:] == [(C, "speed", 3.0)]
    assert room.paths.fallbacks() == {C: 1}


def test_one_that_is_not_there_at_start_is_given_the_same_time() -> None:
    room = Room()
    room.alive(B)
    room.read(B)
    room.silent(A)
    room.passes(9)
    assert (room.in_use, room.sink.readings) == (A, [])
    room.passes(1)
    assert room.in_use == B


def test_a_short_outage_changes_no_path() -> None:
    room = Room()
    room.alive(A, B)
    for _ in range(20):
        room.silent(A)
        room.passes(9)
        room.alive(A)
        room.passes(1)
    assert room.in_use == A
    assert B not in [source for source, _ in room.told()]


def test_where_no_path_is_alive_the_first_to_come_back_is_taken() -> None:
    room = Room()
    room.alive(A, B)
    room.silent(B, A)
    room.passes(100)
    assert room.told()[-1] == (A, False)
    room.alive(B)
    assert room.in_use == B
    assert room.told()[-1] == (B, True)


def test_the_preferred_path_is_taken_again_only_once_it_was_alive_for_long_enough() -> None:
    room = Room()
    room.alive(A, B)
    room.read(B, 1.0)
    room.silent(A)
    room.passes(10)
    assert room.in_use == B
    room.alive(A)
    room.read(A, 7.0)
    room.passes(59)
    room.silent(A)
    room.passes(1)
    room.alive(A)
    room.read(A, 8.0)
    room.passes(59)
    assert room.in_use == B, "it begins anew with each break"
    before = len(room.sink.statuses)
    room.passes(1)
    assert room.in_use == A
    assert heard(room.sink.readings)[-1] == (A, "speed", 8.0)
    assert room.sink.statuses[before:] == [SourceStatus(A, (PathStatus("pump_123", True, "", 0, ("count",)),))], (
        "without a silence in between"
    )


def test_a_fallback_that_fails_gives_way_to_whoever_is_alive() -> None:
    room = Room()
    room.alive(A, B)
    room.silent(A)
    room.passes(10)
    room.alive(A, C)
    room.silent(B)
    room.passes(10)
    assert room.in_use == A


def test_what_a_path_had_before_it_broke_is_not_said_again() -> None:
    room = Room()
    room.alive(A, B)
    room.read(B, 1.0)
    room.silent(B)
    room.alive(B)
    room.silent(A)
    room.passes(10)
    assert room.in_use == B
    assert room.sink.readings == []
    (path,) = room.sink.statuses[-1].paths
    assert path.unfed == ("count", "speed")


def test_a_switch_waits_for_room_and_is_then_made_whole() -> None:
    room = Room()
    room.alive(A, B)
    room.read(B, 1.0)
    room.read(B, 2.0, name="count")
    room.silent(A)
    room.sink.full = True
    room.passes(10)
    assert room.in_use == A
    room.sink.make_room()
    room.passes(0.25)
    assert room.in_use == B
    assert len(room.sink.samples) == 2


def test_a_hundred_twins_that_change_together_are_one_status_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    ids = [f"pump_{number}" for number in range(100)]
    room = Room(*(preferred(twin_id=id) for id in ids))
    for source in (A, B):
        room.paths.status(SourceStatus(source, tuple(PathStatus(id, True) for id in ids)))
    room.paths.status(SourceStatus(A, tuple(PathStatus(id, False, "no route") for id in ids)))
    with caplog.at_level(logging.WARNING, "twin_overlay.connectors"):
        room.passes(10)
    assert [(status.source, len(status.paths)) for status in room.sink.statuses] == [(A, 100), (A, 100), (B, 100)]
    assert [record.getMessage() for record in caplog.records] == [
        f"100 twins are heard by {B} from now on, no more by {A}"
    ]


def test_with_no_outage_allowed_it_changes_at_once_and_is_never_silent() -> None:
    room = Room(preferred(fallback_after=0.0, return_after=0.0))
    room.alive(A, B)
    room.read(B, 2.0)
    room.silent(A)
    assert room.told() == [(A, True), (B, True)]
    room.alive(A)
    assert room.told() == [(A, True), (B, True), (A, True)]


# ---------------------------------------------------------------- heartbeats


def test_a_path_without_its_heartbeat_is_silent_though_it_is_connected() -> None:
    room = Room(preferred(0, heartbeat={"property": "count", "interval": 5.0}))
    room.alive(A)
    room.read(A, 1.0, name="count")
    room.read(A, 1.0)
    for _ in range(3):
        room.passes(4)
        room.read(A, 1.0, name="count")
    assert room.told() == [(A, True)]
    room.passes(4)
    room.read(A, 2.0)
    room.passes(1)
    assert room.told() == [(A, True), (A, False)]
    (path,) = room.sink.statuses[-1].paths
    assert path.reason == "'count' was not heard for 5 s, though it is connected"
    assert [view.alive for view in room.paths.view("pump_123")] == [False]


def test_when_it_comes_back_what_did_not_change_meanwhile_is_said_again() -> None:
    room = Room(preferred(0, heartbeat={"property": "count", "interval": 5.0}))
    room.alive(A)
    room.read(A, 3.0)
    room.passes(5)
    before = len(room.sink.readings)
    room.read(A, 9.0, name="count")
    assert heard(room.sink.readings[before:]) == [(A, "count", 9.0), (A, "speed", 3.0), (A, "count", 9.0)]
    assert room.told()[-1] == (A, True)


def test_where_no_property_is_named_anything_counts_but_a_bad_reading() -> None:
    room = Room(preferred(0, heartbeat={"interval": 5.0}))
    room.alive(A)
    room.passes(4)
    room.read(A, 1.0)
    room.passes(4)
    room.paths.offer(Reading(A, room.time, (), (DeviceEvent("pump_123", "fault", room.time),)))
    room.passes(4)
    bad = Sample("pump_123", "speed", None, room.time, "bad", "BadNoCommunication")
    room.paths.offer(Reading(A, room.time, (bad,)))
    assert room.told() == [(A, True)]
    room.passes(1)
    assert room.told() == [(A, True), (A, False)]


def test_a_missing_heartbeat_is_an_outage_and_the_next_path_takes_over() -> None:
    room = Room(preferred(heartbeat={"property": "count", "interval": 5.0}))
    room.alive(A, C)
    room.read(C, 4.0)
    room.passes(5)
    assert room.told()[-1] == (A, False)
    room.passes(10)
    assert room.told()[-1] == (C, True), "which has no such property: there the connection counts"
    room.passes(100)
    assert room.in_use == C


def test_a_broken_connection_says_more_than_a_missing_heartbeat() -> None:
    room = Room(preferred(0, heartbeat={"interval": 5.0}))
    room.alive(A)
    room.passes(5)
    room.silent(A, reason="cable cut")
    assert room.sink.statuses[-1].paths[0].reason == "cable cut"
    room.read(A)
    assert room.told()[-1] == (A, False), "a late message is no connection"


# ---------------------------------------------------------------- whatever happens

SOURCES = (A, B, C)
happening = st.one_of(
    st.tuples(st.just("alive"), st.sampled_from(SOURCES)),
    st.tuples(st.just("silent"), st.sampled_from(SOURCES)),
    st.tuples(st.just("read"), st.sampled_from(SOURCES)),
    st.tuples(st.just("passes"), st.sampled_from((0.3, 4.0, 11.0, 61.0))),
    st.tuples(st.just("full"), st.booleans()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(happening, max_size=60), st.booleans())
def test_whatever_happens_the_engine_hears_of_one_path_and_what_is_so(happened: list[Any], beats: bool) -> None:
    room = Room(preferred(heartbeat={"interval": 5.0} if beats else None))
    alive: dict[str, bool] = {}
    began = room.time
    switches = 0
    for what, given_ in happened:
        before = room.in_use
        if what == "alive":
            alive[given_] = True
            room.alive(given_)
        elif what == "silent":
            alive[given_] = False
            room.silent(given_)
        elif what == "read":
            count = len(room.sink.readings)
            room.read(given_)
            assert {reading.source for reading in room.sink.readings[count:]} <= {before, room.in_use}
        elif what == "passes":
            room.passes(given_)
        else:
            room.sink.full = given_
        switches += room.in_use != before
        views = {view.name: view for view in room.paths.view("pump_123")}
        used = views[room.in_use or ""]
        assert [view.name for view in views.values() if view.in_use] == [room.in_use]
        assert all(alive.get(name, False) for name, view in views.items() if view.alive), "alive needs a connection"
        if room.told():
            assert room.told()[-1] == (room.in_use, used.alive) or not used.alive
    assert switches <= 2 + (room.time - began) / (10 * SECOND) * 2, "no storm"
    room.sink.full = False
    room.passes(0.3)
    room.passes(200)
    room.passes(0.3)
    if not beats and any(alive.values()):
        assert room.told()[-1][1], "somebody is alive, so it is heard"
        first = next(name for name in SOURCES if alive.get(name))
        assert room.in_use == first
