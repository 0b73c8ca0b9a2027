"""What is heard of a path, and what quiet means: the source's own word, or `stale_after` where it is declared.

While a path is silent its values are shown and not known. After it comes back a property is known again once it has
been reported since the path was last lost: a value read back just before the source said `alive` counts, one from
before the loss never does. Connectors read everything back when they reconnect, so this is soon.

A twin may have several paths; which is in use is decided where the connections are (connectors/paths.py), and heard of
here. Where another takes over, what has not come by it yet is lost, as after a silence: nobody vouches for it any more.
"""

from collections.abc import Container, Iterable

from app.engine.behaviors import settle
from app.engine.cells import PATH_SILENT, STALE, Cell, TwinState
from app.engine.step import Step
from app.engine.timing import touched
from app.model.events import Cause, ConnectivityChanged, PathStatus
from app.model.time import Micros


def hear(step: Step, status: PathStatus, source: str) -> None:
    """Unknown twins, those without connectivity, and what is no news change nothing."""
    twin = step.live.twins.get(status.twin_id)
    if twin is None or not twin.plan.connected:
        return
    path = source if source and source != twin.path else None
    same = twin.contact and twin.alive == status.alive and path is None
    told = same and (status.alive or twin.reason == status.reason)
    if told and not status.unfed:
        return
    cause = Cause("source", status.twin_id, step.now)
    was = twin.alive
    if not told:
        step.connected(
            ConnectivityChanged(
                status.twin_id,
                "connected" if status.alive else "disconnected",
                status.reason,
                step.now,
                step.now if status.alive else twin.last_contact,
                path,
                twin.path if path is not None else "",
                status.fallback if source else twin.fallback,
            )
        )
    if twin.alive != was:
        _turn(step, twin, cause, status.unfed)
    elif status.unfed:
        _lose(step, [cell for name in status.unfed if (cell := twin.cells.get(name)) is not None], cause)
    touched(step, twin, cause)
    settle(step)


def _turn(step: Step, twin: TwinState, cause: Cause, unfed: Container[str]) -> None:
    if not twin.alive:
        _lose(step, twin.cells.values(), cause)
        return
    for name, cell in twin.cells.items():
        if not cell.pathed:
            continue
        if name in unfed:
            _lose(step, (cell,), cause)
            continue
        before = cell.live
        cell.refresh()
        if cell.reporting():
            step.cell_changed(cell, cause, wake=cell.live != before)


def _lose(step: Step, cells: Iterable[Cell], cause: Cause) -> None:
    for cell in cells:
        before = cell.live
        if cell.pathed and cell.lose(PATH_SILENT):
            step.cell_changed(cell, cause, wake=cell.live != before)


def fall_stale(step: Step, moment: Micros) -> None:
    """Whatever is due by that moment, which now may be long after."""
    step.due = moment
    for cell in step.live.stale.take(moment):
        before = cell.live
        if cell.lose(STALE):
            step.cell_changed(cell, Cause("tick", STALE, step.now), wake=cell.live != before)
    settle(step)
    step.due = None
