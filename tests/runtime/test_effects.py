"""Calls on their way to devices: the attempt is on the disk before the send, order per twin, and every kind of end."""

import asyncio
from pathlib import Path

import pytest

from app.errors import Misconfigured, Unavailable
from app.model.connection import CallAnswer
from app.model.events import AttemptCall, CallResult, Note, RequestCall
from app.model.live import PathView
from app.runtime import effects
from tests.runtime.fakes import until
from tests.runtime.installation import Running, running


async def ask(plant: Running, call_id: str, twin: str = "pump_123", method: str = "stop") -> None:
    await plant.ingest.submit(RequestCall(call_id, twin, "ann", method=method, arguments={"n": 1}))


def status(plant: Running, call_id: str) -> str:
    return plant.engine.state.calls[call_id].status


def attempts(plant: Running) -> list[str]:
    return [entry.input.call_id for entry in plant.journal.read(0) if isinstance(entry.input, AttemptCall)]


async def test_a_call_is_attempted_on_the_disk_then_sent_then_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        on_disk: list[list[str]] = []

        async def look(twin_id: str, what: str) -> CallAnswer:
            on_disk.append(attempts(plant))
            return CallAnswer("accepted", {"stopped": True})

        plant.devices.answer = look
        await ask(plant, "c1")
        await until(lambda: plant.engine.live.sequence == 3)
        assert status(plant, "c1") == "accepted"
        assert on_disk == [["c1"]]
        assert attempts(plant) == ["c1"]
        assert plant.devices.sent == [("pump_123", "stop", {"n": 1})]
        assert plant.engine.state.calls["c1"].value == {"stopped": True}
        kinds = [type(entry.input).__name__ for entry in plant.journal.read(0)]
        assert kinds == ["RequestCall", "AttemptCall", "CallResult"]
        assert plant.metric("calls_total", status="accepted") == 1
        assert plant.metric("call_seconds_count", status="accepted") == 1


async def test_a_write_is_sent_as_a_write(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        await plant.ingest.submit(RequestCall("w1", "a", "ann", property="setpoint", arguments={"value": 4.5}))
        await until(lambda: status(plant, "w1") == "accepted")
        assert plant.devices.sent == [("a", "setpoint", 4.5)]


async def test_calls_to_one_twin_go_in_order_and_other_twins_do_not_wait(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        gates = {"stuck": asyncio.Event(), "free": asyncio.Event()}
        gates["free"].set()
        under_way: list[str] = []

        async def hold(twin_id: str, what: str) -> CallAnswer:
            under_way.append(twin_id)
            assert under_way.count(twin_id) == 1, "two calls to one twin at once"
            await gates[twin_id].wait()
            under_way.remove(twin_id)
            return CallAnswer("accepted")

        plant.devices.answer = hold
        for number in range(5):
            await ask(plant, f"s{number}", "stuck", f"m{number}")
        await ask(plant, "f1", "free")
        await until(lambda: status(plant, "f1") == "accepted")
        assert [status(plant, f"s{number}") for number in range(5)] == ["attempted"] + ["decided"] * 4
        gates["stuck"].set()
        await until(lambda: status(plant, "s4") == "accepted")
        assert [what for twin, what, _ in plant.devices.sent if twin == "stuck"] == [f"m{n}" for n in range(5)]
        assert sorted(attempts(plant)) == ["f1", "s0", "s1", "s2", "s3", "s4"]


async def test_only_so_many_calls_are_under_way_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        now, most = 0, 0

        async def count(twin_id: str, what: str) -> CallAnswer:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.001)
            now -= 1
            return CallAnswer("accepted")

        plant.devices.answer = count
        await asyncio.gather(*(ask(plant, f"c{n}", f"twin_{n}") for n in range(3 * effects.MAX_PARALLEL)))
        await until(lambda: all(call.status == "accepted" for call in plant.engine.state.calls.values()))
        assert 1 < most <= effects.MAX_PARALLEL


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (Unavailable("pump_123 is not connected"), "pump_123 is not connected"),
        (Misconfigured("stop is not mapped"), "stop is not mapped"),
        (ZeroDivisionError("secret"), "internal error"),
    ],
)
async def test_what_a_device_raises_is_a_failed_call_and_nothing_more(
    tmp_path: Path, error: Exception, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as plant:

        async def fail(twin_id: str, what: str) -> CallAnswer:
            if what == "fails":
                raise error
            return CallAnswer("refused", False)

        plant.devices.answer = fail
        await ask(plant, "c1", method="fails")
        await ask(plant, "c2", method="says_no")
        await until(lambda: status(plant, "c2") == "refused")
        assert (status(plant, "c1"), plant.engine.state.calls["c1"].error) == ("failed", shown)
        assert ("secret" in caplog.text) is (shown == "internal error"), "a bug is in the log with its traceback"


async def test_a_device_that_does_not_answer_fails_the_call_in_time(tmp_path: Path) -> None:
    async with running(tmp_path, timeout_seconds=0.05) as plant:

        async def never(twin_id: str, what: str) -> CallAnswer:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

        plant.devices.answer = never
        await ask(plant, "c1")
        await until(lambda: status(plant, "c1") == "failed")
        assert plant.engine.state.calls["c1"].error == "no answer within 0.05 s"


async def test_a_method_has_a_time_of_its_own_and_the_call_says_by_which_path(tmp_path: Path) -> None:
    async with running(tmp_path, timeout_seconds=60) as plant:
        plant.devices.time_outs["stop"] = 0.04
        plant.devices.ways = (PathView("opc-ua a", False, False, 0), PathView("mqtt b", True, True, 0))

        async def never(twin_id: str, what: str) -> CallAnswer:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

        plant.devices.answer = never
        await ask(plant, "c1")
        await until(lambda: status(plant, "c1") == "failed")
        assert plant.engine.state.calls["c1"].error == "no answer within 0.04 s by mqtt b"


def notes(plant: Running) -> list[Note]:
    return [entry.input for entry in plant.journal.read(0) if isinstance(entry.input, Note)]


async def test_an_answer_that_comes_too_late_is_counted_and_noted_and_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, timeout_seconds=0.02) as plant:
        answer: asyncio.Future[CallAnswer] = asyncio.get_running_loop().create_future()

        async def slow(twin_id: str, what: str) -> CallAnswer:
            return await answer

        plant.devices.answer = slow
        await ask(plant, "c1")
        await until(lambda: status(plant, "c1") == "failed")
        answer.set_result(CallAnswer("refused", False, "it answered false"))
        await until(lambda: notes(plant) != [])
        (note,) = notes(plant)
        assert (note.kind, note.outcome, note.code) == ("call", "failed", "LATE_ANSWER")
        assert note.subjects == ("twin/pump_123", "call/c1")
        assert note.message.endswith("too late: refused: it answered false")
        assert plant.metric("late_answers_total", status="refused") == 1
        assert status(plant, "c1") == "failed"
        results = [entry.input for entry in plant.journal.read(0) if isinstance(entry.input, CallResult)]
        assert len(results) == 1


async def test_a_connection_that_ends_after_the_time_was_up_is_no_answer(tmp_path: Path) -> None:
    async with running(tmp_path, timeout_seconds=0.02) as plant:
        answer: asyncio.Future[CallAnswer] = asyncio.get_running_loop().create_future()

        async def slow(twin_id: str, what: str) -> CallAnswer:
            return await answer if what == "stop" else CallAnswer("accepted")

        plant.devices.answer = slow
        await ask(plant, "c1")
        await until(lambda: status(plant, "c1") == "failed")
        answer.set_result(CallAnswer("failed", error="connection lost", answered=False))
        await ask(plant, "c2", method="start")
        await until(lambda: status(plant, "c2") == "accepted")
        assert notes(plant) == []


async def test_a_server_that_goes_down_listens_for_no_answer_any_more(tmp_path: Path) -> None:
    ended: list[str] = []
    async with running(tmp_path, timeout_seconds=0.02) as plant:

        async def never(twin_id: str, what: str) -> CallAnswer:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(what)
            raise AssertionError

        plant.devices.answer = never
        await ask(plant, "c1")
        await until(lambda: status(plant, "c1") == "failed")
        assert ended == []
    assert ended == ["stop"]


async def test_an_answer_that_no_record_can_hold_does_not_change_what_happened(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:

        async def strange(twin_id: str, what: str) -> CallAnswer:
            return CallAnswer("accepted", object())

        plant.devices.answer = strange
        await ask(plant, "c1")
        await until(lambda: status(plant, "c1") == "accepted")
        assert "cannot be stored" in plant.engine.state.calls["c1"].error
        await ask(plant, "c2")
        await until(lambda: status(plant, "c2") == "accepted")


async def test_a_call_that_is_no_longer_open_is_not_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        held = asyncio.Event()

        async def hold(twin_id: str, what: str) -> CallAnswer:
            await held.wait()
            return CallAnswer("accepted")

        plant.devices.answer = hold
        await ask(plant, "c1", method="first")
        await ask(plant, "c2", method="second")
        await plant.ingest.submit(CallResult("c2", "failed", error="expired"))
        held.set()
        await until(lambda: status(plant, "c1") == "accepted")
        await until(lambda: len(attempts(plant)) == 2)
        assert [what for _, what, _ in plant.devices.sent] == ["first"]


async def test_too_many_calls_for_one_twin_fail_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        held = asyncio.Event()

        async def hold(twin_id: str, what: str) -> CallAnswer:
            await held.wait()
            return CallAnswer("accepted")

        plant.devices.answer = hold
        await ask(plant, "first")
        await until(lambda: status(plant, "first") == "attempted")
        await asyncio.gather(*(ask(plant, f"c{n}") for n in range(effects.MAX_WAITING)))
        await ask(plant, "one too many")
        await until(lambda: status(plant, "one too many") == "failed")
        assert "already wait" in plant.engine.state.calls["one too many"].error
        held.set()
        await until(lambda: status(plant, f"c{effects.MAX_WAITING - 1}") == "accepted")
        assert len(plant.devices.sent) == effects.MAX_WAITING + 1


async def test_going_down_in_the_middle_of_a_send_leaves_attempted_without_result(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:

        async def never(twin_id: str, what: str) -> CallAnswer:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

        plant.devices.answer = never
        await ask(plant, "c1", method="first")
        await ask(plant, "c2", method="second")
        await until(lambda: len(plant.devices.sent) == 1)
    async with running(tmp_path) as plant:
        assert (status(plant, "c1"), status(plant, "c2")) == ("attempted", "decided")
        assert plant.devices.sent == [], "sending again is the engine's to decide, never the fold's"


async def test_settling_waits_for_what_was_sent_and_sends_nothing_more(tmp_path: Path) -> None:
    async with running(tmp_path) as plant:
        answered = asyncio.Event()

        async def hold(twin_id: str, what: str) -> CallAnswer:
            await answered.wait()
            return CallAnswer("accepted")

        plant.devices.answer = hold
        await plant.effects.settle()  # nothing is under way
        assert plant.devices.sent == []
    async with running(tmp_path) as plant:
        plant.devices.answer = hold
        for name in ("c1", "c2"):
            await ask(plant, name)
        await until(lambda: status(plant, "c1") == "attempted")
        settling = asyncio.create_task(plant.effects.settle())
        await asyncio.sleep(0)
        await ask(plant, "c3", "another")
        assert not settling.done()
        answered.set()
        await asyncio.wait_for(settling, 10)
        assert [status(plant, name) for name in ("c1", "c2", "c3")] == ["accepted", "decided", "decided"]
        assert attempts(plant) == ["c1"]
