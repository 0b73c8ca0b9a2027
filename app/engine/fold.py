"""A journal entry lands in the state without anything being decided again: what a restart does for every entry.

The order here is that of deciding: what changes by rule first (definitions, the start of a run), then the facts.
"""

from app.engine import loading, samples
from app.engine.calls import forget_unread
from app.engine.live import LiveState
from app.model.events import ClockStepped, Entry, Load, Outcome, Redefined, Samples, Started


def fold(live: LiveState, entry: Entry) -> None:
    last = live.time
    live.time = max(last, entry.now)
    live.counting_since = live.counting_since or live.time
    forget_unread(live, entry.input)
    match entry.input:
        case Load(plan=plan):
            loaded = loading.load(live, plan)
            for rule in loaded.rules():
                # As deciding saw it, before what the load led to: a rule that was known and is no more has no fact of
                # the first.
                rule.settled = rule.settled or rule.evaluate() is not None
            loaded.let_go()
        case Redefined(catalogue_revision=revision):
            live.catalogue_revision = revision
        case Started(settings=settings):
            live.settings = settings or live.settings
            live.begin_run(last)
        case ClockStepped(by=by, behind=behind):
            live.step_clock(by, behind)
        case Samples(readings=readings):
            for reading in readings:
                if not live.deliveries.repeats(reading):
                    samples.contact(live.twins, reading, live.time)
        case _:
            pass
    land(live, entry.outcome)
    if isinstance(entry.input, Started):
        live.await_release()
    live.sequence = entry.sequence


def land(live: LiveState, outcome: Outcome) -> None:
    for connectivity in outcome.connectivity:
        live.land_connectivity(connectivity)
    for change in outcome.changes:
        live.land_property(change)
    for report in outcome.reports:
        live.land_report(report)
    for behavior in outcome.behaviors:
        live.land_behavior(behavior)
    for alert in outcome.alerts:
        live.land_alert(alert)
    for call in outcome.calls:
        live.land_call(call)
    for event in outcome.events:
        live.land_event(event)
    for shelving in outcome.shelvings:
        live.land_shelving(shelving)
    for timer in outcome.timers:
        live.land_timer(timer)
    for tally in outcome.tallies:
        live.land_tally(tally)
