"""A person puts something over a property: out of service, so that nothing may use it, or a forced value.

Readings go on landing underneath. What ends an override shows the plant as it is, so a rule that finds its condition
true by that for the first time withholds its calls, as where a silent device is heard again.
"""

import msgspec

from app.engine.behaviors import settle
from app.engine.cells import Cell
from app.engine.step import Step, led_to
from app.model.events import Cause, ClearOverride, OverrideChanged, SetOverride
from app.model.values import Override

_KINDS = {"out_of_service": "out of service", "forced": "forced"}


def put(step: Step, command: SetOverride) -> str:
    """Why it was refused, "" where it was not. The same again, by the same person for the same reason, is a retry."""
    cell = step.live.cell(command.twin_id, command.property)
    if cell is None:
        return _missing(step, command.twin_id, command.property)
    value = None
    if command.kind == "forced":
        value, why = cell.spec.sendable(command.value)
        if why:
            return why
    override = Override(command.kind, command.by, step.now, command.reason, value)
    if cell.override is not None and msgspec.structs.replace(cell.override, at=step.now) == override:
        return ""
    _change(step, cell, override, command.by, command.reason, Cause("command", command.by, step.now))
    return ""


def clear(step: Step, command: ClearOverride) -> str:
    """Why it was refused, "" where it was not. Where nothing stands there is nothing to end, and that is no mistake."""
    cell = step.live.cell(command.twin_id, command.property)
    if cell is None:
        return _missing(step, command.twin_id, command.property)
    was = cell.override
    if was is None:
        return ""
    if command.kind is not None and command.kind != was.kind:
        return (
            f"PROPERTY_{was.kind.upper()} property '{command.property}' of '{command.twin_id}' is {_KINDS[was.kind]}"
            f" by {was.by}, not {_KINDS[command.kind]}"
        )
    cause = led_to("source", command.twin_id, step.now, Cause("command", command.by, step.now))
    _change(step, cell, None, command.by, command.reason, cause)
    return ""


def _change(step: Step, cell: Cell, override: Override | None, by: str, reason: str, cause: Cause) -> None:
    before = cell.live
    was = cell.override
    step.live.override(cell, override)
    step.overrides.append(
        OverrideChanged(cell.twin.plan.twin_id, cell.spec.plan.name, override, was, step.now, by, reason, cause)
    )
    step.cell_changed(cell, cause, wake=cell.live != before)
    settle(step)


def _missing(step: Step, twin_id: str, name: str) -> str:
    if twin_id not in step.live.twins:
        return f"TWIN_NOT_FOUND there is no twin '{twin_id}'"
    return f"PROPERTY_NOT_FOUND twin '{twin_id}' has no property '{name}'"
