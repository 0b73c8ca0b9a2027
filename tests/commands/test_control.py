"""Setting properties, calling methods, dealing with alerts: the real engine and bus, and a device played by us."""

import asyncio
from typing import Any

import pytest

from app.commands.actor import Actor
from app.commands.alerts import AlertCommands
from app.commands.control import ControlCommands
from app.engine.engine import Engine
from app.errors import Conflict, Invalid, NotFound, Refused, TwinOverlayError
from app.model.events import (
    AcknowledgeAlert,
    AttemptCall,
    CallResult,
    Input,
    Note,
    Origin,
    Outcome,
    PathStatus,
    Reading,
    RequestCall,
    Sample,
    Samples,
    SetManual,
    SourceStatus,
)
from app.runtime.bus import Bus
from tests.commands.ports import ANN, House
from tests.commands.station import opc_ua, twin, whole


class Desk:
    """Control commands over a loaded engine. Every call that is sent ends as `ends` says (None: not yet)."""

    def __init__(self) -> None:
        self.house, self.engine, self.bus = House(), Engine(), Bus()
        self.house.inbox.answer = self.decide
        self.ends: Any = "accepted"
        ids = iter(f"call{number}" for number in range(1, 1000))
        self.control = ControlCommands(
            self.house.catalogue,
            self.engine.live,
            self.house.inbox,
            self.bus,
            self.house.clock,
            10.0,
            lambda: next(ids),
        )
        self.alerts = AlertCommands(self.engine.live, self.house.inbox)

    @classmethod
    async def open(cls) -> "Desk":
        desk = cls()
        mapped = opc_ua(status="ns=2;s=S", speed="ns=2;s=V", temperature="ns=2;s=T")
        documents = [item for item in whole() if item[1].get("twin_id") != "p1"]
        await desk.house.save(*documents, ("twin", twin("p1", connectivity=mapped)))
        return desk

    def decide(self, input: Input) -> Outcome:
        now = self.house.clock.now()
        outcome = self.engine.decide(input, now)
        self.bus.publish(1, now, outcome)
        for change in outcome.calls:
            if change.send:
                self.decide(AttemptCall(change.call.call_id))
                if self.ends is not None:
                    self.decide(CallResult(change.call.call_id, self.ends))
        return outcome

    def overheat(self) -> str:
        """The id of the alert that p1's behavior raises."""
        now = self.house.clock.now()
        self.decide(SourceStatus("plc", (PathStatus("p1", True),)))
        samples = (Sample("p1", "status", "running", now), Sample("p1", "temperature", 95.0, now))
        self.decide(Samples((Reading("plc", now, samples),)))
        [alert] = self.engine.live.open_alerts()
        return alert.alert_id

    @property
    def asked(self) -> list[Input]:
        """What control put into the inbox."""
        return [item for item in self.house.inbox.inputs[1:] if not isinstance(item, Note)]


async def test_a_manual_property_is_set_at_once() -> None:
    desk = await Desk.open()
    written = await desk.control.set_property("p2", "speed", 1500, ANN)
    assert desk.asked == [SetManual("p2", "speed", 1500.0, "ann", ANN.origin)]
    assert written.call is None
    assert written.state is not None
    assert written.state.value == 1500.0


async def test_an_unmapped_property_of_a_connected_twin_is_manual_too() -> None:
    desk = await Desk.open()
    written = await desk.control.set_property("p1", "note", "hello", ANN)
    assert written.call is None


async def test_a_mapped_property_is_written_to_its_device_and_the_answer_awaited() -> None:
    desk = await Desk.open()
    written = await desk.control.set_property("p1", "speed", 1500, ANN)
    assert written.call is not None
    assert (written.call.status, written.call.property, written.call.arguments) == (
        "accepted",
        "speed",
        {"value": 1500.0},
    )
    assert (written.call.call_id, written.call.method) == ("call1", None)


@pytest.mark.parametrize("status", ["accepted", "refused", "failed"])
async def test_the_devices_answer_is_the_status_of_the_call(status: str) -> None:
    desk = await Desk.open()
    desk.ends = status
    call = await desk.control.invoke_method("p1", "start", {}, ANN)
    assert call.status == status


@pytest.mark.parametrize("arguments", [{"speed": 100, "ramp": "slow"}, {"ramp": "slow", "speed": 100.0}, [100, "slow"]])
async def test_arguments_go_by_name_or_by_position(arguments: Any) -> None:
    desk = await Desk.open()
    call = await desk.control.invoke_method("p1", "set_speed", arguments, ANN)
    assert call.arguments == {"speed": 100.0, "ramp": "slow"}
    assert isinstance(call.arguments["speed"], float)


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ({}, ["MISSING_PARAMETER", "MISSING_PARAMETER"]),
        ({"speed": 9000, "ramp": "medium"}, ["VALUE_OUT_OF_RANGE", "VALUE_NOT_ALLOWED"]),
        ({"speed": True, "rmp": "slow"}, ["WRONG_TYPE", "UNKNOWN_PARAMETER", "MISSING_PARAMETER"]),
        ({"speed": float("nan"), "ramp": 5}, ["NOT_FINITE", "WRONG_TYPE"]),
        ([1, "slow", 3], ["TOO_MANY_ARGUMENTS"]),
        ([1], ["MISSING_PARAMETER"]),
    ],
)
async def test_all_faults_of_arguments_are_told_at_once(arguments: Any, codes: list[str]) -> None:
    desk = await Desk.open()
    with pytest.raises(Invalid) as caught:
        await desk.control.invoke_method("p1", "set_speed", arguments, ANN)
    assert caught.value.code == "ARGUMENTS_INVALID"
    assert [item.code for item in caught.value.problems] == codes
    assert desk.asked == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("speed", "fast", "WRONG_TYPE"),
        ("speed", None, "WRONG_TYPE"),
        ("speed", True, "WRONG_TYPE"),
        ("speed", float("inf"), "NOT_FINITE"),
        ("speed", 3000.1, "VALUE_OUT_OF_RANGE"),
        ("speed", 2**70, "WRONG_TYPE"),
        ("starts", -1, "VALUE_OUT_OF_RANGE"),
        ("starts", 1.5, "WRONG_TYPE"),
        ("note", "\ud800", "WRONG_TYPE"),
        ("note", "x" * 10_001, "TOO_LONG"),
    ],
)
async def test_a_value_that_does_not_fit_is_refused_with_what_does(name: str, value: Any, code: str) -> None:
    desk = await Desk.open()
    with pytest.raises(Invalid) as caught:
        await desk.control.set_property("p1", name, value, ANN)
    assert caught.value.code == code
    assert caught.value.hint
    assert desk.asked == []


async def test_the_limits_are_named() -> None:
    with pytest.raises(Invalid) as caught:
        await (await Desk.open()).control.set_property("p1", "speed", 9000, ANN)
    assert caught.value.problems[0].message == "'speed' can't be 9000.0 rpm"
    assert caught.value.hint == "allowed is at most 3000.0 rpm"


async def test_names_that_nothing_carries_get_a_suggestion() -> None:
    desk = await Desk.open()
    control, alerts, alert_id = desk.control, desk.alerts, desk.overheat()
    told: list[TwinOverlayError] = []
    for attempt in (
        control.set_property("p11", "speed", 1, ANN),
        control.set_property("p1", "sped", 1, ANN),
        control.invoke_method("p1", "strat", {}, ANN),
        alerts.acknowledge(alert_id + "x", "", ANN),
    ):
        with pytest.raises(NotFound) as caught:
            await attempt
        told.append(caught.value)
    assert [error.code for error in told] == [
        "TWIN_NOT_FOUND",
        "PROPERTY_NOT_FOUND",
        "METHOD_NOT_FOUND",
        "ALERT_NOT_FOUND",
    ]
    assert [error.hint for error in told] == [f"did you mean '{name}'?" for name in ("p1", "speed", "start", alert_id)]


async def test_what_the_plant_forbids_is_refused() -> None:
    control = (await Desk.open()).control
    with pytest.raises(Refused) as read_only:
        await control.set_property("p1", "temperature", 1, ANN)
    assert read_only.value.code == "PROPERTY_READ_ONLY"
    assert read_only.value.hint == "writable are speed, note, starts"
    with pytest.raises(Refused) as alone:
        await control.invoke_method("p2", "start", {}, ANN)
    assert alone.value.code == "NO_CONNECTIVITY"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("TWIN_NOT_FOUND there is no twin 'p1'", NotFound),
        ("CALL_EXISTS there is a call 'call1' already", Conflict),
        ("INTERLOCKED the valve is shut", Refused),
    ],
)
async def test_the_engines_no_is_the_error_that_it_names(said: str, kind: type[TwinOverlayError]) -> None:
    desk = await Desk.open()
    desk.house.inbox.answer = lambda _: Outcome(refused=said)
    with pytest.raises(kind) as caught:
        await desk.control.invoke_method("p1", "start", {}, ANN)
    assert (caught.value.code, caught.value.message) == tuple(said.split(" ", 1))


async def test_after_the_time_out_the_call_is_returned_as_it_stands() -> None:
    desk = await Desk.open()
    desk.ends = None
    waiting = asyncio.create_task(desk.control.invoke_method("p1", "start", {}, ANN))
    await desk.house.clock.asleep.wait()
    desk.house.clock.wake_all()
    call = await waiting
    assert call.status == "attempted"


async def test_a_bus_that_closes_ends_the_waiting() -> None:
    desk = await Desk.open()
    desk.ends = None
    waiting = asyncio.create_task(desk.control.invoke_method("p1", "start", {}, ANN))
    await desk.house.clock.asleep.wait()
    desk.bus.close()
    assert (await waiting).status == "attempted"


async def test_a_client_that_goes_away_leaves_no_subscription_and_no_task() -> None:
    desk = await Desk.open()
    desk.ends = None
    waiting = asyncio.create_task(desk.control.invoke_method("p1", "start", {}, ANN))
    await desk.house.clock.asleep.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_only_the_answer_to_this_call_is_waited_for() -> None:
    desk = await Desk.open()
    desk.ends = None
    waiting = asyncio.create_task(desk.control.invoke_method("p1", "start", {}, ANN))
    await desk.house.clock.asleep.wait()
    desk.decide(RequestCall("another", "p1", "bob", method="stop"))
    desk.decide(CallResult("another", "failed"))
    desk.decide(CallResult("call1", "refused", error="locked"))
    call = await waiting
    assert (call.call_id, call.status, call.error) == ("call1", "refused", "locked")


async def test_an_acknowledgement_says_who_and_why_and_is_given_once() -> None:
    desk = await Desk.open()
    alert_id = desk.overheat()
    alert = await desk.alerts.acknowledge(alert_id, "seen", ANN)
    assert (alert.acknowledged, alert.acknowledged_by, alert.comment) == (True, "ann", "seen")
    with pytest.raises(Conflict) as caught:
        await desk.alerts.acknowledge(alert_id, "seen", ANN)
    assert caught.value.code == "ALERT_ALREADY_ACKNOWLEDGED"


async def test_acknowledging_a_cleared_alert_closes_it() -> None:
    desk = await Desk.open()
    alert_id = desk.overheat()
    now = desk.house.clock.now()
    desk.decide(Samples((Reading("plc", now, (Sample("p1", "temperature", 20.0, now),)),)))
    alert = await desk.alerts.acknowledge(alert_id, "", ANN)
    assert alert.closed_at is not None


@pytest.mark.parametrize(("comment", "code"), [("x" * 10_001, "TOO_LONG"), ("\udc00", "BAD_TEXT")])
async def test_a_comment_that_can_not_be_kept_is_refused(comment: str, code: str) -> None:
    desk = await Desk.open()
    with pytest.raises(Invalid) as caught:
        await desk.alerts.acknowledge(desk.overheat(), comment, ANN)
    assert caught.value.code == code


async def test_of_several_alerts_those_left_out_are_told() -> None:
    desk = await Desk.open()
    alert_id = desk.overheat()
    done = await desk.alerts.acknowledge_all(["nothing", alert_id, alert_id], "all seen", ANN)
    assert [(item.alert_id, item.comment) for item in done.alerts] == [(alert_id, "all seen")]
    assert [(item.code, item.alert_id) for item in done.left_out] == [("ALERT_NOT_FOUND", "nothing")]
    again = await desk.alerts.acknowledge_all([alert_id], "", ANN)
    assert again.alerts == ()
    assert [(item.code, item.message) for item in again.left_out] == [
        ("ALERT_ALREADY_ACKNOWLEDGED", f"alert '{alert_id}' was acknowledged by ann")
    ]


@pytest.mark.parametrize(("ids", "code"), [([], "NO_ALERTS"), (["x"] * 1001, "TOO_MANY_ALERTS")])
async def test_none_and_too_many_alerts_are_no_request(ids: list[str], code: str) -> None:
    desk = await Desk.open()
    with pytest.raises(Invalid) as caught:
        await desk.alerts.acknowledge_all(ids, "", ANN)
    assert caught.value.code == code
    assert desk.asked == []


async def test_an_alert_that_is_not_latched_is_not_reset_and_an_empty_comment_is_none() -> None:
    desk = await Desk.open()
    alert_id = desk.overheat()
    with pytest.raises(Refused) as caught:
        await desk.alerts.reset(alert_id, "", ANN)
    assert caught.value.code == "ALERT_NOT_LATCHED"
    with pytest.raises(Refused) as caught:
        desk.alerts.rehearse_reset(alert_id, "")
    assert caught.value.code == "ALERT_NOT_LATCHED"
    with pytest.raises(Invalid) as missing:
        await desk.alerts.comment(alert_id, " ", ANN)
    assert missing.value.code == "COMMENT_MISSING"
    assert [item.text for item in (await desk.alerts.comment(alert_id, " on it ", ANN)).comments] == ["on it"]


async def test_a_command_carries_which_way_and_from_where_it_came() -> None:
    desk = await Desk.open()
    await desk.alerts.acknowledge(desk.overheat(), "", Actor("ann", "rest", "10.0.0.7"))
    command = desk.asked[-1]
    assert isinstance(command, AcknowledgeAlert)
    assert command.origin == Origin("rest", "10.0.0.7")


async def test_setting_a_computed_property_is_refused_with_what_it_is_computed_from() -> None:
    desk = await Desk.open()
    computed = {"name": "slip", "data_type": "float", "computed": "speed / temperature"}
    await desk.house.save(("twin", twin("p2", properties=[computed])))
    with pytest.raises(Refused, match="is computed from 'speed / temperature'") as caught:
        await desk.control.set_property("p2", "slip", 1.0, ANN)
    assert caught.value.code == "PROPERTY_COMPUTED"
