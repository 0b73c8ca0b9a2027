"""What a rule's condition stands on now: recorded with every transition and every alert that it raises.

Taken when the condition is evaluated and not when the rule acts: what other rules do in the same round must not show.
"""

from collections.abc import Mapping

from app.engine.cells import Cell, RuleState, TwinState
from app.model.events import Basis, Read

COMPUTED = "computed"


def basis_of(rule: RuleState, twins: Mapping[str, TwinState]) -> Basis | None:
    """None for a rule that can't be run."""
    reads = rule.reads()
    if reads is None:
        return None
    found = []
    for ref in reads.properties:
        cell = rule.cell(ref, twins)
        if cell is not None:
            plan = cell.spec.plan
            found.append(Read(ref.owner, cell.changed(), plan.data_type, plan.unit, source_of(cell)))
    owner = rule.owner
    bound = tuple([name for name in reads.owners if owner.fills(name, twins)])
    return Basis(owner.shape.shape.shape_id, reads.condition, tuple(found), bound)


def source_of(cell: Cell) -> str:
    """Who gave what it shows; "" where nobody has given it anything."""
    if cell.override is not None:
        return cell.override.by
    if cell.spec.plan.computed is not None:
        return COMPUTED
    if cell.mapped:
        return cell.twin.source if cell.reported_at else ""
    return cell.source or ""
