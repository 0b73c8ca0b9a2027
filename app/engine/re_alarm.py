"""Re-alarm: what is still active so long after a person acknowledged it is unacknowledged again (ISA-18.2)."""

import msgspec

from app.engine.step import Step, led_to
from app.engine.waits import late, subject
from app.model.events import Timer


def met(step: Step, timer: Timer) -> None:
    alert = step.live.open_alert(timer.key.owner, timer.key.behavior, subject(timer))
    if alert is None or not alert.active or not alert.acknowledged:
        return
    again = msgspec.structs.replace(alert, acknowledged=False, acknowledged_at=None, acknowledged_by=None, comment=None)
    cause = led_to("tick", timer.key.slot, step.now, timer.cause)
    step.alert(again, "re_alarmed", cause, late=late(step, timer))
