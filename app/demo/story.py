"""The demo's story: a pump overheats, is stopped, later faults, and its backup takes over; then all is put right.

The story only disturbs the plant (through its control port) and does what an operator would (through the API):
acknowledge, reset, start. Everything in between is the product's own doing, and the story waits to see it happen.
"""

import asyncio
from collections.abc import Callable

from app.client import GraphqlClient
from app.demo.board import Board
from app.demo.control import PlantControl

INVOKE = """
mutation Invoke($twinId: ID!, $method: String!) {
  invokeMethod(input: {twinId: $twinId, method: $method}) { call { callId status error } }
}
"""
ACKNOWLEDGE = """
mutation Acknowledge($alertId: ID!, $comment: String) {
  acknowledgeAlert(input: {alertId: $alertId, comment: $comment}) { alert { alertId active acknowledged closedAt } }
}
"""
STEP_SECONDS = 60.0


async def tell_story(
    client: GraphqlClient, board: Board, control: PlantControl, say: Callable[[str], None], *, breath_seconds: float
) -> None:
    """Once through, pausing between chapters so that a person can follow. Raises TimeoutError naming what did not
    happen."""

    async def until(holds: Callable[[], bool], what: str) -> None:
        await board.until(holds, what, STEP_SECONDS)
        say(what)

    async def invoke(twin_id: str, method: str) -> None:
        say(f"the operator calls {twin_id}.{method}()")
        await client.execute(INVOKE, {"twinId": twin_id, "method": method})

    async def acknowledge(behavior: str) -> None:
        alert = board.open_alert(behavior)
        if alert is not None and not alert["acknowledged"]:  # else somebody at the API was quicker
            say(f"the operator acknowledges {behavior}")
            await client.execute(ACKNOWLEDGE, {"alertId": alert["alertId"], "comment": "seen in the demo"})
        await until(lambda: board.open_alert(behavior) is None, f"the alert of {behavior} is closed")

    def runs(pump: str) -> Callable[[], bool]:
        return lambda: board.value(pump, "status") == "running"

    def flows() -> bool:
        flow = board.value("sensor_567", "flow_rate")
        return isinstance(flow, int | float) and flow > 40

    def is_active(owner: str, behavior: str) -> Callable[[], bool]:
        return lambda: behavior in board.active(owner)

    await board.until(lambda: board.value("pump_123", "status") is not None, "a first value", STEP_SECONDS)
    # The story before this one may have ended anywhere.
    await control.heat("pump_123", on=False)
    if board.value("pump_123", "status") == "fault":
        await invoke("pump_123", "reset_fault")
        await until(lambda: board.value("pump_123", "status") == "off", "the primary pump's fault is reset")
    if board.value("pump_123", "status") != "running":
        await invoke("pump_123", "start")
    await until(runs("pump_123"), "the primary pump runs")
    await until(is_active("building_a_pumping_system", "normal_operation"), "the pumping system works normally")

    await asyncio.sleep(breath_seconds)
    say("disturbance: the primary pump's cooling is blocked")
    await control.heat("pump_123", on=True)
    await until(is_active("pump_123", "high_temperature_warning"), "high_temperature_warning is active")
    await until(is_active("pump_123", "high_temperature_critical"), "high_temperature_critical is active")
    await until(
        lambda: board.value("pump_123", "status") in ("stopping", "off"),
        "the behavior's stop call reached the pump over OPC UA",
    )
    await control.heat("pump_123", on=False)
    await until(lambda: not is_active("pump_123", "high_temperature_critical")(), "the critical alert has cleared")
    await acknowledge("high_temperature_critical")
    await until(lambda: (board.value("pump_123", "temperature") or 100) < 70, "the primary pump has cooled down")
    await invoke("pump_123", "start")
    await until(runs("pump_123"), "the primary pump runs again")
    await until(flows, "the flow is back")

    await asyncio.sleep(breath_seconds)
    say("disturbance: the primary pump's bearing seizes")
    await control.fault("pump_123", 17, "bearing seized")
    await until(lambda: board.open_alert("primary_pump_failure") is not None, "primary_pump_failure raised its alert")
    await until(runs("pump_124"), "the backup pump was started over OPC UA and is observed running")
    await until(flows, "the flow has recovered")
    await acknowledge("primary_pump_failure")

    await asyncio.sleep(breath_seconds)
    await invoke("pump_123", "reset_fault")
    await until(lambda: board.value("pump_123", "status") == "off", "the primary pump's fault is reset")
    await invoke("pump_123", "start")
    await until(runs("pump_123"), "the primary pump runs")
    await invoke("pump_124", "stop")
    await until(lambda: board.value("pump_124", "status") == "off", "the backup pump stands by")
    say("the story is told")
