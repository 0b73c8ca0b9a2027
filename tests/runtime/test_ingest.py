"""The one line into the engine: order, durability before everything else, bounds, ticks, and how it ends."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.errors import Invalid, Unavailable
from app.journal.sqlite import SqliteJournal
from app.model.events import (
    AcknowledgeAlert,
    AttemptCall,
    CallChanged,
    CallResult,
    DeviceEvent,
    Input,
    Load,
    Outcome,
    PathStatus,
    PropertyChanged,
    Reading,
    ReportSamples,
    RequestCall,
    Sample,
    Samples,
    SetManual,
    SourceStatus,
    Tick,
    TwinEventOccurred,
)
from app.model.plan import Plan
from app.model.space import Space, SpaceState
from app.model.time import SECOND, Micros
from app.settings import IngestSettings
from tests.runtime.fakes import HandClock, until
from tests.runtime.installation import T, reading, running


class HeldJournal(SqliteJournal):
    """Commits only when let: `held` is how many appends wait at the gate."""

    gate: asyncio.Event
    held = 0

    async def append(self, entries: Sequence[tuple[Micros, Input, Outcome]]) -> int:
        self.held += 1
        await self.gate.wait()
        return await super().append(entries)


def held(folder: Path) -> HeldJournal:
    journal = HeldJournal.open(folder)
    assert isinstance(journal, HeldJournal)
    journal.gate = asyncio.Event()
    return journal


async def test_nothing_is_acknowledged_published_performed_or_answered_before_it_is_durable(tmp_path: Path) -> None:
    journal = held(tmp_path)
    async with running(tmp_path, journal=journal, effects=False) as plant:
        done: list[str] = []
        plant.ingest.perform = lambda calls: done.append(f"perform {calls[0].call.call_id}")
        heard = plant.bus.subscribe([PropertyChanged])
        assert plant.ingest.offer(reading(("pump_123/flow_rate", 1.5)), lambda: done.append("acknowledged"))
        asked = asyncio.create_task(plant.ingest.submit(RequestCall("c1", "pump_123", "ann", method="stop")))
        await until(lambda: journal.held == 1)
        assert (done, asked.done(), heard._waiting, plant.engine.live.sequence) == (
            [],
            False,
            type(heard._waiting)(),
            0,
        )
        journal.gate.set()
        sequence, outcome = await asked
        published = await anext(heard)
        assert sorted(done) == ["acknowledged", "perform c1"]
        assert {sequence, published.sequence} == {1, 2}
        assert outcome.calls[0].call.status == "decided"
        assert plant.engine.live.sequence == journal.last_sequence == 2
        assert [entry.sequence for entry in journal.read(0)] == [1, 2]


async def test_what_arrives_during_a_commit_is_one_commit_afterwards(tmp_path: Path) -> None:
    journal = held(tmp_path)
    async with running(tmp_path, journal=journal) as plant:
        acknowledged: list[int] = []
        for number in range(300):
            assert plant.ingest.offer(reading(("a/x", number)), lambda number=number: acknowledged.append(number))  # type: ignore[misc]
            await asyncio.sleep(0)
        assert journal.held == 1
        before = journal.commits
        journal.gate.set()
        await until(lambda: len(acknowledged) == 300)
        assert journal.commits - before == 2
        assert acknowledged == list(range(300))
        sizes = [len(entry.input.readings) for entry in journal.read(0) if isinstance(entry.input, Samples)]
        assert sizes == [1, 299]


async def test_batches_are_bounded_and_commands_go_before_waiting_readings(tmp_path: Path) -> None:
    journal = held(tmp_path)
    async with running(tmp_path, journal=journal, settings=IngestSettings(max_batch_readings=10)) as plant:
        for number in range(35):
            plant.ingest.offer(reading(("a/x", number)))
        await until(lambda: journal.held == 1)
        asked = asyncio.create_task(plant.ingest.submit(SetManual("a", "y", 1, "ann")))
        await asyncio.sleep(0)
        journal.gate.set()
        await asked
        await until(lambda: plant.engine.state.values.get("a/x") == 34 and journal.last_sequence == 5)
        shapes = [
            len(entry.input.readings) if isinstance(entry.input, Samples) else type(entry.input).__name__
            for entry in journal.read(0)
        ]
        assert shapes == [10, "SetManual", 10, 10, 5]


async def test_time_does_not_pass_over_a_reading_that_waits(tmp_path: Path) -> None:
    """It was received before the moment of what is due, however long the journal has held up its decision."""
    clock, journal = HandClock(T), held(tmp_path)
    async with running(tmp_path, journal=journal, clock=clock, settings=IngestSettings(max_batch_readings=2)) as plant:
        plant.ingest.offer(Reading("opcua", T, ()))
        await until(lambda: journal.held == 1)
        for after in (3, 4, 6, 9):
            plant.ingest.offer(Reading("opcua", T + after * SECOND, (Sample("a", "x", after, T),)))
            if after == 3:
                plant.ingest.status(SourceStatus("opcua", (PathStatus("a", True),)))
        asked = asyncio.create_task(plant.ingest.submit(SetManual("a", "y", 1, "ann")))
        await asyncio.sleep(0)
        plant.engine.due = T + 7 * SECOND
        clock.move(20)
        journal.gate.set()
        await asked
        await until(lambda: journal.last_sequence == 7)
        found = [(type(entry.input).__name__, (entry.now - T) // SECOND) for entry in journal.read(0)]
        assert found == [
            ("Samples", 0),
            ("SetManual", 3),
            ("Samples", 4),
            ("SourceStatus", 4),
            ("Samples", 9),
            ("Tick", 9),
            ("Samples", 20),
        ]


async def test_a_status_keeps_its_place_between_the_readings(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        silent = SourceStatus("opcua", (PathStatus("a", False, "gone"),))
        plant.ingest.offer(reading(("a/x", 1)))
        plant.ingest.offer(reading(("a/x", 2)))
        plant.ingest.status(silent)
        plant.ingest.offer(reading(("a/x", 3)))
        await until(lambda: plant.journal.last_sequence == 3)
        inputs = [entry.input for entry in plant.journal.read(0)]
        assert isinstance(inputs[0], Samples)
        assert len(inputs[0].readings) == 2
        assert inputs[1] == silent


async def test_a_full_line_takes_nothing_and_says_when_there_is_room(tmp_path: Path) -> None:
    journal = held(tmp_path)
    settings = IngestSettings(max_waiting_readings=5, max_batch_readings=3)
    async with running(tmp_path, journal=journal, settings=settings) as plant:
        taken = [plant.ingest.offer(reading(("a/x", number))) for number in range(8)]
        assert taken == [True] * 5 + [False] * 3
        await asyncio.wait_for(plant.ingest.room(), 5)  # the first batch has been taken
        assert [plant.ingest.offer(reading(("a/x", number))) for number in range(4)] == [True] * 3 + [False]
        waiting = asyncio.create_task(plant.ingest.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        journal.gate.set()
        await asyncio.wait_for(waiting, 5)
        await until(lambda: plant.metric("waiting_readings") == 0)
        await asyncio.wait_for(plant.ingest.room(), 5)


async def test_reported_samples_are_refused_whole_while_too_many_readings_wait(tmp_path: Path) -> None:
    def report(count: int) -> ReportSamples:
        return ReportSamples((reading(("a/x", 1), source="api"),) * count, "ann")

    journal = held(tmp_path)
    settings = IngestSettings(max_waiting_readings=5)
    async with running(tmp_path, journal=journal, settings=settings) as plant:
        # Where nothing waits a batch is taken whatever its size: it would never fit otherwise.
        first = asyncio.create_task(plant.ingest.submit(report(8)))
        await until(lambda: journal.held == 1)
        second = asyncio.create_task(plant.ingest.submit(report(3)))
        await asyncio.sleep(0)
        assert plant.ingest.offer(reading(("a/x", 2)))
        with pytest.raises(Unavailable) as refused:
            await plant.ingest.submit(report(2))
        assert refused.value.code == "INGEST_FULL"
        journal.gate.set()
        assert [(await first)[0], (await second)[0]] == [1, 2]
        await plant.ingest.submit(report(2))
        kept = [entry.input for entry in journal.read(0) if isinstance(entry.input, ReportSamples)]
        assert [len(item.readings) for item in kept] == [8, 3, 2]
        assert plant.metric("samples_total", source="api") == 13


async def test_time_wakes_what_is_due_and_only_ticks_with_an_outcome_are_kept(tmp_path: Path) -> None:
    clock = HandClock()
    async with running(tmp_path, clock=clock, settings=IngestSettings(tick_seconds=0.25)) as plant:
        heard = plant.bus.subscribe([TwinEventOccurred])
        plant.engine.due = clock.now() + 1_000_000
        for _ in range(8):
            await until(lambda: bool(clock._sleepers))
            clock.move(0.25)
        published = await asyncio.wait_for(anext(heard), 5)
        assert published.sequence == 1
        assert [entry.input for entry in plant.journal.read(0)] == [Tick()]
        assert plant.journal.read(0)[0].now - T == 1_000_000
        assert len(plant.engine.decided) == 1, "an engine with nothing due is not asked"


async def test_while_something_waits_the_journal_hears_of_the_time(tmp_path: Path) -> None:
    clock = HandClock()
    async with running(tmp_path, clock=clock, settings=IngestSettings(tick_seconds=1)) as plant:
        await plant.ingest.submit(SetManual("a", "y", 1, "ann"))
        for counting, seconds in ((False, 20), (True, 11), (False, 20)):
            plant.engine.counting = counting
            for _ in range(seconds):
                await until(lambda: bool(clock._sleepers))
                clock.move(1)
                await until(lambda: bool(clock._sleepers))
                await plant.ingest.settle()  # no second passes during a commit
        kept = [(entry.input, entry.outcome, (entry.now - T) // 1_000_000) for entry in plant.journal.read(1)]
        assert kept == [(Tick(), Outcome(), 21), (Tick(), Outcome(), 26), (Tick(), Outcome(), 31)]


async def test_engine_time_never_goes_back(tmp_path: Path) -> None:
    clock = HandClock()
    async with running(tmp_path, clock=clock) as plant:
        await plant.ingest.submit(SetManual("a", "y", 1, "ann"))
        clock.move(-3600)
        await plant.ingest.submit(SetManual("a", "y", 2, "ann"))
        first, second = plant.journal.read(0)
        assert first.now == second.now == T


async def test_a_refused_command_is_answered_and_journaled(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        sequence, outcome = await plant.ingest.submit(AttemptCall("unknown"))
        assert outcome.refused.startswith("CALL_NOT_OPEN")
        assert [entry.outcome for entry in plant.journal.read(sequence - 1)] == [outcome]


async def test_what_the_engine_cannot_take_is_told_to_its_sender_and_stops_nobody(tmp_path: Path) -> None:
    journal = held(tmp_path)
    async with running(tmp_path, journal=journal) as plant:
        asked = [
            asyncio.create_task(plant.ingest.submit(input))
            for input in (SetManual("a", "y", 1, "ann"), Load(Plan(1)), SetManual("a", "y", 2, "ann"))
        ]
        journal.gate.set()
        first, refused, last = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(refused, Invalid)
        assert (first, last) == ((1, Outcome()), (2, Outcome()))
        with pytest.raises(Invalid):
            await plant.ingest.submit(Load(Plan(1)))
        assert journal.last_sequence == 2


async def test_samples_are_counted_by_source_and_the_rejected_by_reason(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        plant.ingest.offer(reading(("a/x", 1), ("ghost/x", 1), ("a/y", 2)))
        plant.ingest.offer(reading(("b/x", 1), source="mqtt"))
        plant.ingest.reject("mqtt", "BadPayload", "plant/a: not JSON", 3)
        plant.ingest.reject("mqtt", "BadPayload", "plant/a: not JSON")
        plant.ingest.connected("mqtt")
        await until(lambda: plant.ingest.counters("mqtt")[0] == 1)  # the journal has it a moment before it is counted
        assert plant.ingest.counters("opcua") == (2, {"UnknownTwin": 1})
        assert plant.ingest.counters("mqtt") == (1, {"BadPayload": 4})
        assert plant.ingest.counters("unheard of") == (0, {})
        assert plant.metric("samples_total", source="opcua") == 2
        assert plant.metric("rejected_total", source="mqtt", reason="BadPayload") == 4
        assert plant.metric("source_connections_total", source="mqtt") == 1
        assert plant.metric("journal_commits_total") == 1
        assert plant.metric("batch_samples_sum") == 4


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "bad",
    [2**64, -(2**63) - 1, "half \ud800", [1, {"deep": 10**30}], object(), nested(64), nested(900), nested(100_000)],
    ids=["big", "small", "surrogate", "inside", "object", "deep", "deeper", "deepest"],
)
async def test_a_value_that_no_record_can_hold_is_rejected_before_it_is_decided(tmp_path: Path, bad: object) -> None:
    async with running(tmp_path) as plant:
        acknowledged: list[int] = []
        event = DeviceEvent("a", "fault", T, {"code": bad})
        plant.ingest.offer(
            Reading("mqtt", T, reading(("a/x", 1), ("a/x", bad), ("a/y", 2)).samples, (event,)),
            lambda: acknowledged.append(1),
        )
        plant.ingest.offer(reading(("a/z", bad), source="mqtt"), lambda: acknowledged.append(2))
        with pytest.raises(Invalid) as refused:
            await plant.ingest.submit(SetManual("a", "y", bad, "ann"))
        assert refused.value.code == "NOT_STORABLE"
        await until(lambda: acknowledged == [1, 2])  # else their source would send them for ever
        assert plant.engine.state.values == {"a/x": 1, "a/y": 2}
        assert plant.ingest.counters("mqtt") == (2, {"NotStorable": 3})


async def test_what_is_accepted_can_be_read_back(tmp_path: Path) -> None:
    odd = [2**64 - 1, -(2**63), float("inf"), b"bytes", nested(60), {1: {"a": None}}, "\0", (1, 2)]
    async with running(tmp_path) as plant:
        for value in odd:
            assert plant.ingest.offer(reading(("a/x", value)))
        with pytest.raises(Invalid):  # a type checker would have seen it; a record of it could never be read
            await plant.ingest.submit(AcknowledgeAlert("alert-1", by=None))  # type: ignore[arg-type]
        await until(lambda: plant.journal.last_sequence > 0)
        assert plant.ingest.counters("opcua") == (len(odd), {})
        assert (
            sum(len(entry.input.readings) for entry in plant.journal.read(0) if isinstance(entry.input, Samples)) == 8
        )


async def test_an_acknowledgement_that_fails_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as plant:
        acknowledged: list[int] = []
        plant.ingest.offer(reading(("a/x", 1)), lambda: [][0])
        plant.ingest.offer(reading(("a/x", 2)), lambda: acknowledged.append(2))
        await until(lambda: acknowledged == [2])
        assert "acknowledging a reading failed" in caplog.text


# ---------------------------------------------------------------- snapshots


async def test_a_snapshot_is_taken_every_so_many_entries_and_what_it_covers_goes(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_every=10) as plant:
        for number in range(25):
            await plant.ingest.submit(SetManual("a", "y", number, "ann"))
            await plant.journal.advance("graph", plant.journal.last_sequence)
        plant.ingest.offer(reading(("a/x", 7)))
        await until(lambda: (plant.journal.snapshot() or (0, b""))[0] >= 20)
        await until(lambda: plant.journal.last_sequence == 26)

        def is_gone() -> bool:
            try:
                return not plant.journal.read(5)
            except Unavailable:
                return True

        await until(is_gone)  # a moment after the snapshot is there
    async with running(tmp_path, snapshot_every=10) as plant:
        assert plant.engine.state.values == {"a/x": 7}
        assert plant.engine.live.sequence == 26


async def test_a_large_snapshot_is_taken_beside_what_comes_in_and_stands_at_its_end(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_every=10) as plant:
        plant.engine.pieces = 1_000_000  # seconds of turns: it will not have come to its end
        for number in range(15):
            await plant.ingest.submit(SetManual("a", "y", number, "ann"))
        assert plant.journal.snapshot() is None
        plant.engine.pieces = 1_000
        for number in range(15, 40):  # overdue by far: another is taken at once
            await plant.ingest.submit(SetManual("a", "y", number, "ann"))
        await until(lambda: (plant.journal.snapshot() or (0, b""))[0] == 40)

        def goes_on() -> bool:
            plant.ingest.offer(reading(("a/x", 7)))
            return (plant.journal.snapshot() or (0, b""))[0] > 40

        await until(goes_on)
    async with running(tmp_path, snapshot_every=10) as plant:
        assert plant.engine.state.values == {"a/x": 7}


async def test_a_snapshot_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "snapshot.new").mkdir()
    async with running(tmp_path, snapshot_every=2) as plant:
        for number in range(6):
            await plant.ingest.submit(SetManual("a", "y", number, "ann"))
        await until(lambda: "SNAPSHOT_FAILED" in caplog.text)
        assert (await plant.ingest.submit(SetManual("a", "y", 9, "ann")))[0] == 7


# ---------------------------------------------------------------- how it ends


class FullJournal(SqliteJournal):
    full = False

    async def append(self, entries: Sequence[tuple[Micros, Input, Outcome]]) -> int:
        if self.full:
            raise Unavailable("the disk is full", code="JOURNAL_FAILED")
        return await super().append(entries)


async def test_a_journal_that_fails_ends_the_loop_and_everyone_is_told(tmp_path: Path) -> None:
    journal = FullJournal.open(tmp_path)
    assert isinstance(journal, FullJournal)
    settings = IngestSettings(max_waiting_readings=1)
    async with running(tmp_path, journal=journal, settings=settings) as plant:
        await plant.ingest.submit(SetManual("a", "y", 1, "ann"))
        journal.full = True
        acknowledged: list[int] = []
        plant.ingest.offer(reading(("a/x", 1)), lambda: acknowledged.append(1))
        asked = [asyncio.create_task(plant.ingest.submit(SetManual("a", "y", n, "ann"))) for n in range(3)]
        room = asyncio.create_task(plant.ingest.room())
        for waiter in (*asked, plant.ingest.submit(SetManual("a", "y", 2, "ann")), plant.tasks[0]):
            with pytest.raises(Unavailable) as told:
                await waiter
            assert told.value.code == "JOURNAL_FAILED"
        assert acknowledged == []
        assert plant.ingest.failure is not None
        assert not plant.ingest.offer(reading(("a/x", 1)))
        await asyncio.gather(room, return_exceptions=True)
        with pytest.raises(Unavailable):
            await plant.ingest.room()


async def test_a_bug_in_the_engine_ends_the_loop_and_masks_itself(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        plant.engine.broken = True
        with pytest.raises(Unavailable) as told:
            await plant.ingest.submit(SetManual("a", "y", 1, "ann"))
        assert told.value.code == "INGEST_FAILED"
        assert "bug" not in str(told.value)
        with pytest.raises(ZeroDivisionError):
            await plant.tasks[0]
        assert plant.journal.last_sequence == 0


async def test_going_down_tells_those_who_wait(tmp_path: Path) -> None:
    journal = held(tmp_path)
    async with running(tmp_path, journal=journal) as plant:
        first = asyncio.create_task(plant.ingest.submit(SetManual("a", "y", 1, "ann")))
        await until(lambda: journal.held == 1)
        second = asyncio.create_task(plant.ingest.submit(SetManual("a", "y", 2, "ann")))
        await asyncio.sleep(0)
        plant.tasks[0].cancel()
        for waiter in (first, second):
            with pytest.raises(Unavailable) as told:
                await waiter
            assert told.value.code == "SHUTTING_DOWN"


async def test_a_caller_that_goes_away_takes_nothing_back(tmp_path: Path) -> None:
    async with running(tmp_path, effects=False) as plant:
        asked = asyncio.create_task(plant.ingest.submit(RequestCall("c1", "a", "ann", method="stop")))
        await asyncio.sleep(0)
        asked.cancel()
        await until(lambda: plant.journal.last_sequence == 1)
        assert plant.engine.state.calls["c1"].status == "decided"
        await plant.ingest.submit(CallResult("c1", "failed", error="x"))


async def test_calls_without_send_are_not_performed(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        performed: list[Sequence[CallChanged]] = []
        plant.ingest.perform = performed.append
        await plant.ingest.submit(RequestCall("c1", "a", "ann", method="stop"))
        await plant.ingest.submit(CallResult("c1", "failed", error="x"))
        assert [change.call.status for calls in performed for change in calls] == ["decided"]


async def test_settling_ends_once_everything_heard_and_asked_for_is_durable(tmp_path: Path) -> None:
    journal = held(tmp_path)
    async with running(tmp_path, journal=journal, settings=IngestSettings(max_batch_readings=1)) as plant:
        for number in range(5):
            assert plant.ingest.offer(reading(("pump_123/flow_rate", float(number))))
        settling = asyncio.create_task(plant.ingest.settle())
        await until(lambda: journal.held == 1)
        assert not settling.done()
        journal.gate.set()
        await asyncio.wait_for(settling, 10)
        assert plant.journal.last_sequence == 5
        await asyncio.wait_for(plant.ingest.settle(), 10)
        plant.tasks[0].cancel()
        await asyncio.wait({plant.tasks[0]})
        await asyncio.wait_for(plant.ingest.settle(), 10)  # nobody waits for a loop that has ended


async def test_commands_are_refused_while_too_many_wait_and_the_servers_own_are_not(tmp_path: Path) -> None:
    journal = held(tmp_path)
    async with running(tmp_path, journal=journal, settings=IngestSettings(max_waiting_commands=2)) as plant:
        first = asyncio.create_task(plant.ingest.submit(SetManual("a", "x", 1, "ann")))
        await until(lambda: journal.held == 1)
        waiting = [asyncio.create_task(plant.ingest.submit(SetManual("a", "x", 1, "ann"))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await plant.ingest.submit(SetManual("a", "x", 1, "ann"))
        assert refused.value.code == "INGEST_FULL"
        own = asyncio.create_task(plant.ingest.submit(AttemptCall("c")))
        await asyncio.sleep(0)
        journal.gate.set()
        await asyncio.gather(first, *waiting, own)
        await plant.ingest.submit(SetManual("a", "x", 1, "ann"))


async def test_a_path_that_comes_and_goes_while_nothing_is_taken_takes_no_room(tmp_path: Path) -> None:
    def status(source: str, *, alive: bool, twin: str = "a") -> SourceStatus:
        return SourceStatus(source, (PathStatus(twin, alive),))

    journal = held(tmp_path)
    async with running(tmp_path, journal=journal, settings=IngestSettings(max_waiting_readings=2)) as plant:
        plant.ingest.offer(reading(("a/x", 1)))
        await until(lambda: journal.held == 1)
        for value in (2, 3):
            assert plant.ingest.offer(reading(("a/x", value)))
        for number in range(101):
            plant.ingest.status(status("opcua", alive=number % 2 == 0))
            plant.ingest.status(status("opcua", alive=True, twin="b"))
        plant.ingest.status(status("mqtt", alive=False))
        assert not plant.ingest.offer(reading(("a/x", 4)))
        assert plant.metric("waiting_readings") == 4
        journal.gate.set()
        await asyncio.wait_for(plant.ingest.room(), 5)
        await plant.ingest.submit(SetManual("a", "x", 1, "ann"))
        await until(lambda: plant.metric("waiting_readings") == 0)
        statuses = [entry.input for entry in journal.read(0) if isinstance(entry.input, SourceStatus)]
    assert statuses == [
        SourceStatus("opcua", (*(PathStatus("a", alive) for alive in (True, False, True)), PathStatus("b", True))),
        status("mqtt", alive=False),
    ]


# ---------------------------------------------------------------- a full disk


class TightJournal(SqliteJournal):
    """Says of itself what a test wants."""

    state: SpaceState = "enough"

    @property
    def full(self) -> bool:
        return self.state in ("reserve", "none")

    def space(self) -> Space:
        return Space("/data/journal", self.state)


async def test_with_the_reserve_alone_readings_wait_and_timers_commands_and_calls_go_on(tmp_path: Path) -> None:
    journal = TightJournal.open(tmp_path)
    assert isinstance(journal, TightJournal)
    clock = HandClock()
    async with running(tmp_path, journal=journal, clock=clock, effects=False) as plant:
        acknowledged: list[int] = []
        assert plant.ingest.offer(reading(("a/x", 1)), lambda: acknowledged.append(1))  # a moment before
        journal.state = "reserve"
        assert not plant.ingest.offer(reading(("a/x", 2)))
        room = asyncio.create_task(plant.ingest.room())
        await plant.ingest.submit(RequestCall("c1", "a", "ann", method="stop"))
        await plant.ingest.submit(CallResult("c1", "failed", error="x"))
        with pytest.raises(Unavailable) as refused:
            await plant.ingest.submit(ReportSamples((reading(("a/x", 3)),), "ann"))
        assert (refused.value.code, "/data/journal" in refused.value.message) == ("DISK_FULL", True)
        plant.engine.due = clock.now() + 1_000_000
        clock.move(2)
        await until(lambda: any(isinstance(entry.input, Tick) for entry in journal.read(0)))
        kinds = [type(entry.input).__name__ for entry in journal.read(0)]
        assert kinds == ["RequestCall", "CallResult", "Tick"]
        assert (acknowledged, room.done()) == ([], False)
        journal.state = "none"
        with pytest.raises(Unavailable) as held:
            await plant.ingest.submit(SetManual("a", "y", 2, "ann"))
        assert held.value.code == "DISK_FULL"
        await plant.ingest.submit(CallResult("c1", "failed", error="x"))
        journal.state = "low"
        clock.move(1)
        await asyncio.wait_for(room, 5)
        await until(lambda: acknowledged == [1])
        assert plant.ingest.offer(reading(("a/x", 2)))
