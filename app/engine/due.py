"""What happens when a moment has come: what is not reported any more falls stale, and each kind of timer has its own
answer.

Both come before anything else that comes in at that moment: what was TRUE for long enough has been so, whatever
the next reading says. One that was received before that moment comes first, however late it is decided. They come one
by one in the order of their moments, each with all that follows from it, since what follows may stop the next: a server
that was held up meets no timer on a value that had fallen silent before.
"""

from collections.abc import Callable, Mapping

import msgspec

from app.engine import alarms, delays, flood, parts, paths, re_alarm, shelving, timing, waits
from app.engine.behaviors import settle
from app.engine.step import Step
from app.model.events import Timer
from app.model.time import Micros

Answer = Callable[[Step, Timer], None]

ANSWERS: Mapping[str, Answer] = {
    waits.DELAY_ON: delays.delay_on_met,
    waits.DELAY_OFF: delays.delay_off_met,
    waits.ESCALATE: parts.escalate,
    waits.EXPECT: parts.expect_met,
    alarms.SHELVED: shelving.met,
    alarms.RE_ALARM: re_alarm.met,
    alarms.FLOOD: flood.met,
    "held": timing.wake,
    "within": timing.wake,
    "age": timing.wake,
    "rate": timing.wake,
    "every": timing.strike,
}
"""By the part of the slot before the slash. Each finds what the timer is about by its key, and may find it gone."""


def come_to(step: Step, moment: Micros) -> None:
    """The step's time goes on, never back, and what is due by then is met."""
    if moment > step.now:
        step.now = step.live.time = moment
    meet(step)


def meet(step: Step) -> None:
    timers, stale = step.live.timers, step.live.stale
    while True:
        timer, silent = timers.first(step.now), stale.next_due()
        if silent is not None and silent <= step.now and (timer is None or timer.due is None or silent < timer.due):
            paths.fall_stale(step, silent)
            continue
        if timer is None:
            return
        kind = waits.kind_of(timer)
        stands = kind in timing.STANDING
        step.timer(msgspec.structs.replace(timer, due=None, met=True) if stands else timer, "met")
        step.due = timer.due
        ANSWERS[kind](step, timer)
        step.bases.clear()
        settle(step)
        step.due = None
