"""The graph behind the journal: the latest of everything arrives, whatever the graph does meanwhile."""

import asyncio
import contextlib
import itertools
import random
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from app.errors import Misconfigured, Unavailable
from app.journal.segment import segment_file
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.change import FactBatch
from app.model.events import (
    Alert,
    AlertChanged,
    BehaviorChanged,
    Call,
    CallChanged,
    Cause,
    Entry,
    Input,
    Load,
    Outcome,
    OverrideChanged,
    PropertyChanged,
    PropertyReported,
    Samples,
    SetOverride,
    Tick,
    TwinEventOccurred,
)
from app.model.ledger import Books
from app.model.plan import BehaviorKey, OwnerKey, Plan, TwinPlan
from app.model.time import Micros
from app.model.values import Override
from app.runtime.clock import SystemClock
from app.runtime.coalesce import Coalesced
from app.runtime.graph_writer import GraphWriter
from app.runtime.metrics import Metrics
from app.runtime.recover import agree
from app.runtime.set_aside import SetAside
from app.runtime.thinning import DeadbandOf, Thinning, no_deadband
from app.settings import GraphWriterSettings
from tests.runtime.fakes import FakeGraph, until

CAUSE = Cause("reading", "opcua", 0)
Item = tuple[Micros, Input, Outcome]


def changes(*items: tuple[str, str, float]) -> Item:
    return 0, Samples(()), Outcome(tuple(PropertyChanged(*item, "good", 0, 0, True) for item in items))


def loaded(*, twins: Sequence[tuple[str, int]] = (), removed: Sequence[str] = ()) -> Item:
    plans = tuple(TwinPlan(twin, "pump", "s", 1, life) for twin, life in twins)
    return 0, Load(Plan(1, twins=plans, removed_twins=tuple(removed))), Outcome()


def nothing_new() -> Item:
    return 0, Samples(()), Outcome(reports=(PropertyReported("a", "x", 0, 0),))


class QuickClock(SystemClock):
    """Back-off in milliseconds; remembers how long it was asked to sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def writing(
    journal: SqliteJournal,
    graph: FakeGraph,
    *,
    max_rows: int = 1000,
    max_entries: int = 2000,
    clock: QuickClock | None = None,
    deadband_of: DeadbandOf = no_deadband,
    aside: Path | None = None,
) -> AsyncIterator[tuple[GraphWriter, "asyncio.Task[None]"]]:
    metrics = Metrics(CollectorRegistry())
    with tempfile.TemporaryDirectory() as folder:
        writer = GraphWriter(
            journal,
            graph,
            lambda twin_id, at: None if twin_id == "ghost" else 1,
            clock or QuickClock(),
            metrics,
            GraphWriterSettings(max_rows=max_rows, max_entries=max_entries),
            SetAside(aside or Path(folder, "set-aside.ndjson"), metrics),
            deadband_of,
        )
        task = asyncio.create_task(writer.run())
        try:
            yield writer, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal.open(tmp_path, keep=0, segment=SegmentSize(records=5))
    yield opened
    await opened.close()


def alert(alert_id: str, active: bool) -> AlertChanged:
    found = Alert(alert_id, OwnerKey("twin", "a"), "hot", "HOT", "error", "", ("a",), 0, True, False, CAUSE, active)
    return AlertChanged(found, "raised" if active else "cleared", 0, CAUSE)


async def test_the_latest_of_everything_arrives_and_the_cursor_with_it(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    key = BehaviorKey(OwnerKey("twin", "a"), "hot")
    call = Call("c1", "a", "decided", 0, CAUSE)
    done = Call("c1", "a", "accepted", 0, CAUSE)
    await journal.append(
        [
            changes(("a", "x", 1), ("a", "y", 1), ("ghost", "x", 1)),
            (
                0,
                Samples(()),
                Outcome(
                    behaviors=(BehaviorChanged(key, "active", "true", 0, CAUSE),),
                    alerts=(alert("A", True),),
                    calls=(CallChanged(call, 0, send=True),),
                ),
            ),
            changes(("a", "x", 2)),
            (0, Samples(()), Outcome(alerts=(alert("A", False),), calls=(CallChanged(done, 0),))),
        ]
    )
    async with writing(journal, graph) as (writer, _):
        await until(lambda: writer.lag == 0 and journal.cursor("graph") == 4)
        assert graph.at == 4
        assert len(graph.writes) == 1
        assert graph.properties == {("a", "x", 1): 2, ("a", "y", 1): 1}
        assert graph.behaviors[key].state == "active"
        assert graph.alert_rows == {"A": alert("A", False).alert}
        assert graph.call_rows == {"c1": done}
        await journal.append([changes(("a", "x", 3))])
        await until(lambda: graph.properties["a", "x", 1] == 3)


async def test_every_override_is_audited_once_whatever_became_of_its_twin(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    override = Override("out_of_service", "ada", 0, "calibration")
    put = OverrideChanged("ghost", "x", override, None, 0, "ada", "calibration", CAUSE)
    over = OverrideChanged("ghost", "x", None, override, 0, "bob", "TwinRemoved", CAUSE)
    command = SetOverride("ghost", "x", "out_of_service", "ada", "calibration")
    await journal.append(
        [(0, command, Outcome(overrides=(put,))), (0, Load(Plan(7), "bob"), Outcome(overrides=(over,)))]
    )
    async with writing(journal, graph, max_rows=1):
        await until(lambda: graph.at == 2)
    assert [
        (item.entry_id, item.kind, item.actor, item.subjects, item.what, item.reason) for item in graph.audits.values()
    ] == [
        ("journal/000000000001/0000", "override", "ada", ("twin/ghost",), "x", "calibration"),
        ("journal/000000000002/0000", "override_end", "bob", ("twin/ghost",), "x", "TwinRemoved"),
    ]


async def test_every_transition_of_an_alert_is_kept_though_the_alert_itself_is_written_once(
    journal: SqliteJournal,
) -> None:
    graph = FakeGraph()
    entries = [(0, Samples(()), Outcome(alerts=(alert("A", True), alert("A", False)))) for _ in range(3)]
    await journal.append(entries)
    async with writing(journal, graph, max_rows=2):
        await until(lambda: graph.at == 3)
    assert list(graph.records) == [(n, i) for n in (1, 2, 3) for i in (0, 1)]
    assert [record.change.transition for record in graph.records.values()] == ["raised", "cleared"] * 3
    assert list(graph.alert_rows) == ["A"]


async def test_who_waits_for_the_graph_is_told_once_it_holds_what_the_journal_had(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    async with writing(journal, graph) as (writer, _):
        await journal.append([changes(("a", "x", 1))])
        assert await writer.caught_up() == 1
        assert graph.properties == {("a", "x", 1): 1}
        await journal.append([(0, Tick(), Outcome())])  # nothing to write of it
        assert await writer.caught_up() == 2
        graph.trouble = lambda: "before"
        await journal.append([changes(("a", "x", 2))])
        assert await writer.caught_up(0.1) == 2


async def test_a_deadband_thins_what_is_written_against_what_was_written_last(journal: SqliteJournal) -> None:
    graph = FakeGraph()

    async def write(*values: float) -> None:
        """Each in an entry of its own; one of a property without a deadband says when they are through."""
        await journal.append([changes(("a", "x", value)) for value in values])
        await journal.append([changes(("a", "y", journal.last_sequence))])
        await until(lambda: graph.properties.get(("a", "y", 1)) == journal.last_sequence - 1)

    async with writing(journal, graph, deadband_of=lambda _, name: 0.5 if name == "x" else None):
        await write(10.0, 10.4)
        assert graph.properties["a", "x", 1] == 10.0
        await write(10.5, 9.5)
        assert graph.properties["a", "x", 1] == 10.0
        await write(10.6, 10.7)
        assert graph.properties["a", "x", 1] == 10.6
        bad = PropertyChanged("a", "x", 10.6, "bad", 0, 0, False, "Stale")
        await journal.append([(0, Samples(()), Outcome(changes=(bad,)))])
        await write(10.7)
        assert graph.properties["a", "x", 1] == 10.7
        await journal.append([loaded(twins=[("a", 1)])])
        await write(10.8)
        assert graph.properties["a", "x", 1] == 10.8


async def test_after_a_conflict_nothing_counts_as_written(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    async with writing(journal, graph, deadband_of=lambda _, name: 5.0):
        await journal.append([changes(("a", "x", 10.0))])
        await until(lambda: graph.properties.get(("a", "x", 1)) == 10.0)
        graph.at = 0  # an older copy of the graph was put in its place
        graph.properties.clear()
        await journal.append([changes(("a", "x", 11.0), ("a", "y", 1.0))])
        await until(lambda: graph.at == 2)
        assert graph.properties == {("a", "x", 1): 10.0, ("a", "y", 1): 1.0}


async def test_nothing_is_written_where_nothing_changed_but_the_cursor_follows_in_the_end(
    journal: SqliteJournal,
) -> None:
    graph, clock = FakeGraph(), QuickClock()
    async with writing(journal, graph, max_entries=100, clock=clock) as (writer, _):
        await journal.append([nothing_new()] * 60)
        rounds = len(clock.slept)
        await until(lambda: len(clock.slept) > rounds + 3)
        assert graph.writes == []
        assert (writer.lag, writer.lag_seconds) == (0, 0.0), "the graph misses nothing"
        await journal.append([nothing_new()] * 60)
        await until(lambda: graph.at >= 100)
        assert len(graph.writes) == 1
        await journal.append([changes(("a", "x", 1))])
        await until(lambda: graph.at == 121)
        assert writer.lag == 0


async def test_batches_are_bounded_and_only_the_last_of_an_entry_moves_the_cursor(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    await journal.append([changes(*((f"t{n}", "x", float(n)) for n in range(25)))])
    async with writing(journal, graph, max_rows=10) as (writer, _):
        await until(lambda: writer.lag == 0)
        assert [(len(batch.properties), batch.after, batch.upto) for batch in graph.writes] == [
            (10, 0, 0),
            (10, 0, 0),
            (5, 0, 1),
        ]
        assert len(graph.properties) == 25


async def test_an_outage_loses_nothing_and_is_one_line_down_and_one_up(
    journal: SqliteJournal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="twin_overlay.graph_writer")
    graph, clock = FakeGraph(), QuickClock()
    graph.trouble = lambda: "before"
    async with writing(journal, graph, clock=clock) as (writer, _):
        for number in range(200):
            await journal.append([changes(("a", "x", number))])
        await until(lambda: len(clock.slept) > 8)
        assert writer.lag == 200
        assert writer.lag_seconds > 3600 * 24, "the entries of this test are from 1970"
        assert writer.failure == "the graph does not answer"
        assert clock.slept[0] < clock.slept[4] < 10, "it waits longer and longer, up to a limit"
        assert max(clock.slept) <= 10
        graph.trouble = lambda: ""
        await until(lambda: writer.lag == 0)
        assert graph.properties == {("a", "x", 1): 199}
    messages = [record.message for record in caplog.records]
    assert len(messages) == 2
    assert "cannot be written" in messages[0]
    assert "200 entries behind" in messages[1]


async def test_a_graph_that_refuses_our_password_is_waited_for_like_one_that_is_away(journal: SqliteJournal) -> None:
    class Locked(FakeGraph):
        locked = True

        async def cursor(self) -> int:
            self._knock()
            return await super().cursor()

        async def write(self, batch: FactBatch) -> None:
            self._knock()
            await super().write(batch)

        def _knock(self) -> None:
            if self.locked:
                raise Misconfigured("the graph database no longer accepts this server's password", code="GRAPH_AUTH")

    graph = Locked()
    graph.locked = False
    async with writing(journal, graph) as (writer, task):
        await journal.append([changes(("a", "x", 1))])
        await until(lambda: writer.lag == 0)
        graph.locked = True
        await journal.append([changes(("a", "x", 2))])
        await until(lambda: writer.failure is not None)
        assert not task.done(), "alarms and acknowledgements need no graph"
        graph.locked = False
        await until(lambda: writer.lag == 0)
        assert graph.properties == {("a", "x", 1): 2}
        graph.locked, graph.at = True, 0  # restored from a copy, under another password
        await journal.append([changes(("a", "x", 3))])
        await until(lambda: writer.failure is not None)
        assert not task.done()


@pytest.mark.parametrize("seed", range(5))
async def test_a_graph_that_fails_at_times_ends_with_the_latest_facts(journal: SqliteJournal, seed: int) -> None:
    chance = random.Random(seed)
    graph = FakeGraph()
    graph.trouble = lambda: chance.choice(["", "", "before", "after"])
    expected: dict[tuple[str, str, int], float] = {}
    async with writing(journal, graph, max_rows=7, max_entries=20) as (writer, _):
        for number in range(300):
            items = [(f"t{chance.randrange(5)}", f"p{chance.randrange(4)}", float(number)) for _ in range(3)]
            expected.update({(twin, name, 1): value for twin, name, value in items})
            await journal.append([changes(*items)])
            if number % 50 == 0:
                await journal.save_snapshot(number, b"")  # compaction must leave what the graph still needs
        await until(lambda: writer.lag == 0, 30)
        assert graph.properties == expected
        assert graph.at == 300
    moved = [batch.upto for batch in graph.writes]
    assert moved == sorted(moved)


async def test_memory_stays_bounded_while_the_graph_is_away(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    graph.trouble = lambda: "before"
    async with writing(journal, graph, max_entries=4) as (writer, _):
        for start in range(0, 2000, 200):
            await journal.append([changes(("a", "x", start + n)) for n in range(200)])
        await until(lambda: writer.failure is not None)
        graph.trouble = lambda: ""
        await until(lambda: writer.lag == 0)
        assert max(batch.upto - batch.after for batch in graph.writes) == 4 * 25


async def test_of_an_outage_each_property_is_written_once(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    graph.trouble = lambda: "before"
    for number in range(100):
        await journal.append([changes(*((f"t{k}", "x", float(number)) for k in range(30)))])
    async with writing(journal, graph, max_rows=10) as (writer, _):
        await until(lambda: writer.failure is not None)
        graph.trouble = lambda: ""
        await until(lambda: writer.lag == 0)
    assert [len(batch.properties) for batch in graph.writes] == [10, 10, 10]
    assert set(graph.properties.values()) == {99.0}


async def test_a_batch_that_the_graph_dies_of_is_tried_in_smaller_parts(journal: SqliteJournal) -> None:
    class Small(FakeGraph):
        async def write(self, batch: FactBatch) -> None:
            if len(batch.properties) > 30:
                raise Unavailable("the graph does not answer")  # it ran out of memory
            await super().write(batch)

    graph = Small()
    await journal.append([changes(*((f"t{n}", "x", 1.0) for n in range(200)))])
    async with writing(journal, graph, max_rows=100) as (writer, _):
        await until(lambda: writer.lag == 0)
    assert len(graph.properties) == 200
    assert max(len(batch.properties) for batch in graph.writes) == 25


async def test_a_restarted_writer_goes_on_from_the_graphs_own_cursor(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    await journal.append([changes(("a", "x", n)) for n in range(10)])
    graph.at = 7  # written, and killed before the journal heard of it
    async with writing(journal, graph) as (writer, _):
        await until(lambda: writer.lag == 0)
    assert graph.writes[0].after == 7


async def test_a_cursor_that_someone_moved_is_read_again(journal: SqliteJournal) -> None:
    graph = FakeGraph()
    async with writing(journal, graph) as (writer, _):
        await journal.append([changes(("a", "x", 1)), changes(("b", "x", 1))])
        await until(lambda: writer.lag == 0)
        graph.at = 1  # restored from a copy while we ran
        await journal.append([changes(("a", "x", 3))])
        await until(lambda: graph.at == 3)
        assert graph.writes[-1].after == 1


async def test_a_graph_that_another_server_has_taken_is_left_alone_for_good(
    journal: SqliteJournal, caplog: pytest.LogCaptureFixture
) -> None:
    graph = FakeGraph()
    async with writing(journal, graph) as (writer, _):
        graph.trouble = lambda: "taken"
        await journal.append([changes(("a", "x", 1.0))])
        await until(lambda: writer.failure is not None)
        graph.trouble = lambda: ""
        await journal.append([changes(("a", "x", 2.0))])
        await asyncio.sleep(0.05)
        assert writer.failure == "another server has the graph"
        assert graph.writes == []
        assert writer.lag == 2
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "the graph is not written any more: ACTOR_SUPERSEDED another server has the graph"
    ]


async def test_a_graph_that_is_replaced_by_one_ahead_of_the_journal_is_left_alone(journal: SqliteJournal) -> None:
    await journal.append([changes(("a", "x", 1))])
    graph = FakeGraph()
    async with writing(journal, graph) as (writer, task):
        await until(lambda: graph.at == 1)
        graph.at = 50
        await journal.append([changes(("a", "x", 2))])
        await until(lambda: "this journal ends at 2" in (writer.failure or ""))
        assert not task.done(), "alarms go on"
    assert graph.at == 50


async def test_a_graph_older_than_what_the_journal_still_has_is_refused(journal: SqliteJournal) -> None:
    for n in range(10):
        await journal.append([changes(("a", "x", n))])
    await journal.advance("graph", 10)
    await journal.save_snapshot(8, b"")
    with pytest.raises(Misconfigured) as refused:
        await agree(journal, FakeGraph(cursor=2))
    assert refused.value.code == "GRAPH_BEHIND_JOURNAL"
    graph = FakeGraph(cursor=2)
    async with writing(journal, graph) as (writer, task):
        await until(lambda: "older copy than this journal's" in (writer.failure or ""))
        assert not task.done(), "alarms go on"
    assert graph.at == 2


async def test_a_new_journal_begins_behind_an_older_graph(journal: SqliteJournal) -> None:
    graph = FakeGraph(cursor=500)
    assert await agree(journal, graph) == 500
    assert await journal.append([changes(("a", "x", 1))]) == 501
    assert await agree(journal, graph) == 500
    async with writing(journal, graph) as (writer, _):
        await until(lambda: writer.lag == 0)
    assert graph.at == 501
    with pytest.raises(Misconfigured) as refused:
        await agree(journal, FakeGraph(cursor=502))
    assert refused.value.code == "GRAPH_AHEAD_OF_JOURNAL"


async def test_agreeing_tells_the_journal_what_the_graph_has(journal: SqliteJournal) -> None:
    await journal.append([changes(("a", "x", n)) for n in range(10)])
    assert await agree(journal, FakeGraph(cursor=6)) == 6
    assert journal.cursor("graph") == 6


# ---------------------------------------------------------------- lives and events


def coalesced(items: Sequence[Item], lives: dict[str, int], now: dict[str, int]) -> Coalesced:
    found = Coalesced(0, lives, lambda twin_id, at: now.get(twin_id), Thinning())
    for sequence, item in enumerate(items, 1):
        found.add(Entry(sequence, *item))
    return found


def rows(found: Coalesced) -> list[tuple[int, str, float]]:
    return [
        (life, change.twin_id, change.value)
        for batch in found.batches(1000, Books())
        for life, change in batch.properties
    ]


def test_what_a_deleted_twin_reported_never_lands_on_its_successor() -> None:
    items = [
        changes(("a", "x", 1), ("b", "x", 1)),
        loaded(removed=["a"]),
        loaded(twins=[("a", 9)]),
    ]
    found = coalesced(items, {}, {"a": 9, "b": 1})
    assert rows(found) == [(1, "b", 1)]
    found.add(Entry(4, *changes(("a", "x", 2))))
    assert sorted(rows(found)) == [(1, "b", 1), (9, "a", 2)]


def test_a_life_that_ends_in_a_later_batch_is_still_the_old_one_before_that() -> None:
    lives: dict[str, int] = {}
    assert rows(coalesced([changes(("a", "x", 1))], lives, {"a": 3})) == [(3, "a", 1)]
    # "a" is created anew in the graph before the journal's next entries are read
    assert rows(coalesced([changes(("a", "x", 2))], lives, {"a": 9})) == [(3, "a", 2)]
    assert rows(coalesced([loaded(twins=[("a", 9)]), changes(("a", "x", 3))], lives, {"a": 9})) == [(9, "a", 3)]


def test_what_was_reported_before_the_life_that_the_graph_has_by_now_began_goes_nowhere() -> None:
    # Killed and started again: no life is known yet, and the graph has the twin that came after.
    lives: dict[str, int] = {}
    first = Coalesced(0, lives, lambda twin_id, at: 9 if at >= 50 else None, Thinning())
    key = BehaviorKey(OwnerKey("twin", "a"), "hot")
    was_hot = BehaviorChanged(key, "active", "true", 10, CAUSE)
    event = TwinEventOccurred("a", "tripped", 10, {}, CAUSE)
    _, input, outcome = changes(("a", "x", 1))
    first.add(Entry(1, 10, input, msgspec.structs.replace(outcome, behaviors=(was_hot,), events=(event,))))
    assert first.rows == 0
    later = Coalesced(1, lives, lambda twin_id, at: 9 if at >= 50 else None, Thinning())
    later.add(Entry(2, 60, input, outcome))
    assert rows(later) == [(9, "a", 1)]


def test_where_the_behaviors_of_what_is_gone_stood_is_not_written() -> None:
    keys = [BehaviorKey(OwnerKey("twin", twin), "hot") for twin in "ab"]
    keys += [BehaviorKey(OwnerKey("overlay", overlay), "hot") for overlay in ("o", "p")]
    facts = tuple(BehaviorChanged(key, "inactive", "false", 0, CAUSE) for key in keys)
    load = Load(Plan(2, removed_twins=("a",), removed_overlays=("o",)))
    found = coalesced([(0, Samples(()), Outcome(behaviors=facts)), (0, load, Outcome())], {}, {"a": 1, "b": 1})
    [batch] = found.batches(1000, Books())
    assert [item.key for item in batch.behaviors] == [keys[1], keys[3]]


def test_an_edited_twin_keeps_what_it_reported() -> None:
    items = [changes(("a", "x", 1)), loaded(twins=[("a", 3)])]
    assert rows(coalesced(items, {}, {"a": 3})) == [(3, "a", 1)]


def test_the_newest_twenty_events_per_twin_are_kept_oldest_first() -> None:
    items: list[Item] = [
        (0, Samples(()), Outcome(events=(TwinEventOccurred(twin, f"e{n}", n, {}, CAUSE),)))
        for n, twin in itertools.product(range(30), "ab")
    ]
    found = coalesced(
        [*items, (0, Samples(()), Outcome(events=(TwinEventOccurred("ghost", "e", 0, {}, CAUSE),)))],
        {},
        {"a": 1, "b": 1},
    )
    [batch] = found.batches(1000, Books())
    assert [event.name for event in batch.events if event.twin_id == "a"] == [f"e{n}" for n in range(10, 30)]
    assert {event.twin_id for event in batch.events} == {"a", "b"}


async def test_a_record_that_is_damaged_ends_the_writing_and_nothing_else(
    journal: SqliteJournal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(8):
        await journal.append([changes(("a", "x", number))])
    with sqlite3.connect(segment_file(tmp_path, 6)) as connection:
        connection.execute("UPDATE entries SET body = zeroblob(20) WHERE sequence = 7")
    connection.close()
    async with writing(journal, FakeGraph()) as (writer, task):
        await until(lambda: writer.failure is not None)
        assert "journal record 7 is damaged" in (writer.failure or "")
        assert not task.done()
    assert "the graph is not written any more" in caplog.text
