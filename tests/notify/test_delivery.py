"""One target: everything comes, in order, whatever the target does meanwhile; and what cannot come is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.errors import Misconfigured, Refused, Unavailable
from app.journal.sqlite import SqliteJournal
from app.model.events import Outcome, Tick
from app.model.time import SECOND
from app.notify import tail as tails
from app.notify.channel import Later
from app.notify.delivery import MOST_WAITING
from tests.notify.parts import NOON, FakeChannel, Line, change
from tests.runtime.fakes import until

CURSOR = "notifications/shift"


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    opened = Line(tmp_path / "journal")
    yield opened
    await opened.journal.close()


async def test_what_happens_is_told_in_order_with_keys_that_never_repeat(line: Line) -> None:
    channel = FakeChannel()
    async with line.delivering(channel, group_over=0, per_minute=6000) as delivery:
        for number in range(20):
            await line.happens(change(f"alert-{number}"), change(f"alert-{number}", "cleared"))
        await until(lambda: len(channel.taken) == 40)
        await until(lambda: line.journal.cursor(CURSOR) == 20)
    assert channel.alerts == [f"alert-{number}" for number in range(20) for _ in range(2)]
    assert len(set(channel.keys)) == 40
    assert channel.keys[0] == "inst/alert-0/raised/1/0"
    health = delivery.health()
    assert (health.state, health.sent, health.failed, health.pending) == ("ok", 40, 0, 0)


async def test_a_restart_goes_on_behind_what_was_confirmed(line: Line) -> None:
    channel = FakeChannel()
    async with line.delivering(channel):
        await line.happens(change("alert-1"))
        await until(lambda: line.journal.cursor(CURSOR) == 1)
    channel.trouble = lambda message: Unavailable("down")
    async with line.delivering(channel):
        await line.happens(change("alert-2"))
        await until(lambda: len(channel.tried) > 3)
    channel.trouble = lambda message: None
    await line.happens(change("alert-3"))  # nobody is there
    async with line.delivering(channel):
        await until(lambda: len(channel.taken) == 3)
    assert channel.alerts == ["alert-1", "alert-2", "alert-3"]
    keys = [message.key for message in channel.tried if message.document["notifications"][0]["sequence"] == 2]
    assert len(set(keys)) == 1, "the key of a transition is the same at each try"


async def test_a_new_target_hears_of_what_happens_from_now_on_and_forgets_nothing_from_then(line: Line) -> None:
    await line.happens(change("old"))
    channel = FakeChannel()
    await line.delivery(channel).begin(line.journal.cursors())
    await line.happens(change("new"))
    async with line.delivering(channel):
        await until(lambda: bool(channel.taken))
    assert channel.alerts == ["new"]


async def test_one_that_is_down_holds_back_nobody_else(line: Line) -> None:
    down, up = FakeChannel(), FakeChannel()
    states: list[str] = []

    def trouble(message: object) -> Unavailable:
        states.append(failing.health().state)
        return Unavailable("no route")

    down.trouble = trouble
    async with line.delivering(down, "shift") as failing, line.delivering(up, "office"):
        for number in range(4):
            await line.happens(change(f"alert-{number}"))
        await until(lambda: len(up.taken) == 4)
        await until(lambda: "failed" in states)  # after five minutes of it, all slept through at once
        health = failing.health()
        assert (health.last_error, health.pending, health.oldest_pending_at) == ("no route", 4, NOON)
        down.trouble = lambda message: None
        await until(lambda: len(down.alerts) == 4)
        assert failing.health().state == "ok"
    assert list(dict.fromkeys(states)) == ["ok", "retrying", "failed"]
    assert down.alerts == up.alerts


async def test_waits_grow_up_to_a_minute_and_what_a_target_asks_for_is_kept_to(line: Line) -> None:
    channel = FakeChannel()
    channel.trouble = lambda message: Unavailable("down")
    async with line.delivering(channel):
        await line.happens(change())
        await until(lambda: len(line.clock.slept) >= 9)
        assert line.clock.slept[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        channel.trouble = lambda message: Later("busy", seconds=900)
        await until(lambda: 900 in line.clock.slept)
        channel.trouble = lambda message: Later("busy", seconds=10**9)
        await until(lambda: 3600 in line.clock.slept)


async def test_a_message_that_the_target_refuses_is_given_up_told_to_the_audit_and_the_next_one_goes(
    line: Line,
) -> None:
    channel = FakeChannel()
    channel.trouble = lambda message: Refused("422 no") if "bad" in message.key else None
    async with line.delivering(channel, group_over=0, give_up_tries=3) as delivery:
        await line.happens(change("bad"))
        await line.happens(change("good"))
        await until(lambda: channel.alerts == ["good"])
    assert len(channel.tried) == 4
    [note] = line.notes
    assert (note.kind, note.outcome, note.code) == ("notification", "failed", "NOTIFICATION_GIVEN_UP")
    assert note.subjects == ("alert/bad",)
    assert note.message == "refused 3 times, at last: 422 no"
    assert note.details == {"target": "shift", "count": 1, "keys": ["inst/bad/raised/1/0"]}
    health = delivery.health()
    assert (health.state, health.failed, health.tries_failed, health.sent) == ("ok", 1, 3, 1)
    assert health.last_error == "422 no"


async def test_of_several_that_are_refused_together_only_the_bad_one_is_given_up(line: Line) -> None:
    channel = FakeChannel()

    def trouble(message: object) -> Refused | None:
        told = getattr(message, "document")["notifications"]  # noqa: B009
        return Refused("413") if any(item["alert"]["alert_id"] == "alert-7" for item in told) else None

    channel.trouble = trouble
    await line.journal.advance(CURSOR, 0)
    for number in range(20):
        await line.happens(change(f"alert-{number}"))
    async with line.delivering(channel, group_over=2, give_up_tries=2):
        await until(lambda: len(channel.alerts) == 19)
    assert "alert-7" not in channel.alerts
    assert [note.subjects for note in line.notes] == [("alert/alert-7",)]


async def test_nothing_is_given_up_because_a_password_was_changed(line: Line) -> None:
    channel = FakeChannel()
    channel.trouble = lambda message: Misconfigured("401")
    async with line.delivering(channel, give_up_tries=1) as delivery:
        await line.happens(change())
        await until(lambda: len(channel.tried) > 10)
        assert delivery.health().state == "failed", "somebody has to see to it"
        channel.trouble = lambda message: None
        await until(lambda: len(channel.taken) == 1)
    assert line.notes == []


async def test_what_is_too_old_is_given_up_all_at_once(line: Line) -> None:
    channel = FakeChannel()
    channel.trouble = lambda message: Unavailable("down")
    async with line.delivering(channel, give_up_hours=1.0) as delivery:
        await line.happens(change("a"), change("b"))
        await until(lambda: delivery.health().failed == 2, 20)
        channel.trouble = lambda message: None
        await line.happens(change("c", at=line.clock.now()))
        await until(lambda: channel.alerts == ["c"])
    [note] = line.notes
    assert note.message == "not delivered within 3600 s: down"
    assert line.clock.now() - NOON >= 3600 * SECOND


async def test_many_at_once_go_as_one_message_and_a_few_as_one_each(line: Line) -> None:
    channel = FakeChannel()
    async with line.delivering(channel):
        await line.happens(*(change(f"few-{number}") for number in range(5)))
        await until(lambda: len(channel.taken) == 5)
        await line.happens(*(change(f"many-{number}", severity="critical") for number in range(150)))
        await until(lambda: len(channel.alerts) == 155)
    sizes = [len(message.document["notifications"]) for message in channel.taken]
    assert sizes == [1, 1, 1, 1, 1, 100, 50]
    assert channel.taken[5].subject == "100 alert transitions: 100 critical"
    assert len({message.key for message in channel.taken}) == 7


async def test_a_target_gets_no_more_messages_than_it_is_to(line: Line) -> None:
    channel = FakeChannel()
    async with line.delivering(channel, group_over=0, per_minute=6):
        await line.happens(*(change(f"alert-{number}") for number in range(11)))
        await until(lambda: len(channel.taken) == 11)
    assert 59 <= sum(line.clock.slept) <= 61, "five at once, then one every ten seconds"


async def test_what_waits_for_one_that_is_down_is_in_the_journal_and_not_in_memory(line: Line) -> None:
    channel = FakeChannel()
    channel.trouble = lambda message: Unavailable("down")
    count = tails.KEPT + 700
    async with line.delivering(channel, give_up_hours=8000.0) as delivery:
        for start in range(0, count, 50):
            await line.happens(*(change(f"alert-{number}") for number in range(start, start + 50)))
        await until(lambda: delivery.health().pending >= MOST_WAITING)
        assert delivery.health().pending <= MOST_WAITING + 50
        assert delivery.health().pending_more
        channel.trouble = lambda message: None
        await until(lambda: len(channel.alerts) == count)
        assert not delivery.health().pending_more
    assert channel.alerts == [f"alert-{number}" for number in range(count)]


async def test_the_cursor_follows_a_plant_without_alerts_so_that_the_journal_can_be_compacted(line: Line) -> None:
    async with line.delivering(FakeChannel()):
        for _ in range(3 * tails.NEWS_EVERY // 500):
            last = await line.journal.append([(NOON, Tick(), Outcome())] * 500)
            for sequence in range(last - 499, last + 1):
                line.tail.seen(sequence, Outcome())
            await asyncio.sleep(0)
        await until(lambda: line.journal.cursor(CURSOR) >= 2 * tails.NEWS_EVERY)


async def test_what_the_journal_lost_is_told(line: Line) -> None:
    for _ in range(120):
        await line.happens(change("old"))
    await line.journal.advance("graph", 120)
    await line.journal.save_snapshot(120, b"")
    await line.journal.advance(CURSOR, 0)
    channel = FakeChannel()
    line.tail = tails.Tail(line.journal, line.journal.last_sequence)
    async with line.delivering(channel):
        await line.happens(change("new"))
        await until(lambda: channel.alerts == ["new"])
    [note] = line.notes
    assert note.code == "NOTIFICATIONS_LOST"
    assert note.message == "the journal has no entries 1 to 120 any more"


async def test_what_is_behind_a_gap_of_the_journal_is_told_and_so_is_the_gap(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    line = Line(folder)
    await line.delivery(FakeChannel()).begin(line.journal.cursors())
    for number in range(120):
        await line.happens(change(f"alert-{number}"))
    await line.journal.close()
    (folder / "segment-00000000000000000051.sqlite").unlink()
    line = Line(folder, accept_gap=True)
    channel = FakeChannel()
    async with line.delivering(channel, group_over=1):
        await until(lambda: len(channel.alerts) == 70)
    assert channel.alerts == [f"alert-{number}" for number in (*range(50), *range(100, 120))]
    assert [note.message for note in line.notes] == ["the journal has no entries 51 to 100 any more"]
    await line.journal.close()


async def test_a_journal_that_cannot_be_written_says_nothing_of_the_target(tmp_path: Path) -> None:
    full = asyncio.Event()
    refused: list[int] = []

    class FullDisk(SqliteJournal):
        async def advance(self, name: str, sequence: int) -> None:
            if full.is_set():
                refused.append(sequence)
                raise Unavailable("the disk is full", code="DISK_FULL")
            await super().advance(name, sequence)

    line, channel = Line(tmp_path / "journal"), FakeChannel()
    await line.journal.close()
    line.journal = journal = FullDisk.open(tmp_path / "journal", keep=0)
    line.tail = tails.Tail(journal, journal.last_sequence)
    async with line.delivering(channel) as delivery:
        full.set()
        for number in range(3):
            await line.happens(change(f"alert-{number}"))
        await until(lambda: len(refused) == 3)
        health = delivery.health()
        assert (health.state, health.last_error, health.tries_failed, health.sent) == ("ok", "", 0, 3)
        full.clear()
        await line.happens(change("alert-3"))
        await until(lambda: journal.cursor(CURSOR) == 4)
    assert channel.alerts == [f"alert-{number}" for number in range(4)]
    await journal.close()


async def test_a_message_that_breaks_the_sender_is_a_message_that_was_refused(line: Line) -> None:
    channel = FakeChannel()
    broken = [True]

    def trouble(message: object) -> None:
        if broken[0]:
            raise ZeroDivisionError("a bug")

    channel.trouble = trouble
    async with line.delivering(channel, give_up_tries=2) as delivery:
        await line.happens(change("a"))
        await until(lambda: delivery.health().failed == 1)
        broken[0] = False
        await line.happens(change("b"))
        await until(lambda: channel.alerts == ["b"])


async def test_a_test_message_goes_at_once_and_changes_nothing(line: Line) -> None:
    channel = FakeChannel()
    channel.trouble = lambda message: None if message.document.get("test") else Unavailable("down")
    async with line.delivering(channel) as delivery:
        await line.happens(change())
        await until(lambda: bool(channel.tried))
        assert await delivery.test("ann") == ""
    assert [message.document["notifications"] for message in channel.taken] == [[]]
    assert delivery.health().sent == 0
