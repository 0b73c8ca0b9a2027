"""The keys (reads.py) of what was committed: whoever has read one of them may have another answer now."""

from collections.abc import Iterator

from app.api.live.reads import ANYTHING, Key
from app.model.change import DefinitionChange
from app.model.composition import overlays_in, twins_in
from app.model.definitions import Overlay, Twin, TwinType
from app.model.events import ClockStepped, Load, Outcome


def of_outcome(outcome: Outcome) -> Iterator[Key]:
    """Without the values that were changed: those are held against deadbands (interest.py)."""
    yield ANYTHING
    for item in outcome.reports:
        yield ("heard", item.twin_id)
    for rejected in outcome.rejected:
        yield ("heard", rejected.twin_id)
    for override in outcome.overrides:
        yield ("overrides",)
        yield ("value", override.twin_id, override.property)
    for behavior in outcome.behaviors:
        owner = behavior.key.owner
        yield ("behaviors", owner.kind, owner.id)
        yield ("active", owner.kind, behavior.key.name)
    for alert in outcome.alerts:
        yield ("alerts", alert.alert.alert_id)
    for call in outcome.calls:
        yield ("calls",)
        yield ("heard", call.call.twin_id)
    for event in outcome.events:
        yield ("events", event.twin_id)
        yield ("heard", event.twin_id)
    for connectivity in outcome.connectivity:
        yield ("path", connectivity.twin_id)
        yield ("heard", connectivity.twin_id)
    for timer in outcome.timers:
        yield ("timers", timer.timer.key.owner.kind, timer.timer.key.owner.id)
    if outcome.shelvings:
        yield ("shelvings",)


def of_rule(input: Load | ClockStepped) -> Iterator[Key]:
    """What a load or a step of the clock changes without a fact."""
    yield ANYTHING
    if isinstance(input, ClockStepped):
        yield ("stepped",)
        yield ("shelvings",)
        return
    plan = input.plan
    yield ("loaded",)
    for twin_id in (*(item.twin_id for item in plan.twins), *plan.removed_twins):
        yield ("owner", "twin", twin_id)
    for overlay_id in (*(item.overlay_id for item in plan.overlays), *plan.removed_overlays):
        yield ("owner", "overlay", overlay_id)


def of_definitions(change: DefinitionChange) -> Iterator[Key]:
    """What was found in an index and leaves it was noted by its own id; what joins is told of here."""
    yield ANYTHING
    for kind, id in change.removed:
        yield ("kind", kind)
        yield ("definition", kind, id)
    for stored in change.saved:
        yield ("kind", stored.kind)
        yield ("definition", stored.kind, stored.id)
        match stored.definition:
            case Twin(relationships=relationships):
                for item in relationships:
                    yield ("twins_relating_to", item.target_twin_id)
            case TwinType(extends=str(above)):
                yield ("subtypes", above)
            case Overlay() as overlay:
                for twin_id in twins_in(overlay):
                    yield ("overlays_of_twin", twin_id)
                for overlay_id in overlays_in(overlay):
                    yield ("overlays_of_overlay", overlay_id)
                for edge in overlay.relationships:
                    yield ("overlays_relating_to", edge.source_twin_id)
                    yield ("overlays_relating_to", edge.target_twin_id)
            case _:
                pass
