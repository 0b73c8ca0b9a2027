"""What is heard of a path, and what quiet means: the source's own word, or `stale_after` where it is declared.

While a path is silent its values are shown and not known. After it comes back a property is known again once it has
been reported since the path was last lost: a value read back just before the source said `alive` counts, one from
before the loss never does. Connectors read everything back when they reconnect, so this is soon.
"""

from app.engine.behaviors import settle
from app.engine.cells import PATH_SILENT, STALE, TwinState
from app.engine.step import Step
from app.engine.timing import touched
from app.model.events import Cause, ConnectivityChanged, PathStatus


def hear(step: Step, status: PathStatus) -> None:
    """Unknown twins, those without connectivity, and what is no news change nothing."""
    twin = step.live.twins.get(status.twin_id)
    if twin is None or not twin.plan.connected:
        return
    if twin.contact and twin.alive == status.alive and (status.alive or twin.reason == status.reason):
        return
    cause = Cause("source", status.twin_id, step.now)
    was = twin.alive
    step.connected(
        ConnectivityChanged(
            status.twin_id,
            "connected" if status.alive else "disconnected",
            status.reason,
            step.now,
            step.now if status.alive else twin.last_contact,
        )
    )
    if twin.alive != was:
        _turn(step, twin, cause)
    touched(step, twin, cause)
    settle(step)


def _turn(step: Step, twin: TwinState, cause: Cause) -> None:
    for cell in twin.cells.values():
        if not cell.pathed:
            continue
        before = cell.live
        if twin.alive:
            cell.refresh()
            news = cell.reporting()
        else:
            news = cell.lose(PATH_SILENT)
        if news:
            step.cell_changed(cell, cause, wake=cell.live != before)


def fall_stale(step: Step) -> None:
    """Whatever is due by now."""
    for cell in step.live.stale.take(step.now):
        before = cell.live
        if cell.lose(STALE):
            step.cell_changed(cell, Cause("tick", STALE, step.now), wake=cell.live != before)
    settle(step)
