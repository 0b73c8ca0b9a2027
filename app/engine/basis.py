"""What a rule's condition stands on now: recorded with every transition and every alert that it raises.

Taken when the condition is evaluated and not when the rule acts: what other rules do in the same round must not show.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.engine.cells import Cell, RuleState, TwinState
from app.engine.compile import Reads
from app.engine.gathered import Gathered
from app.engine.memory import Memory, Pulse, Trailed
from app.engine.slot import Slot
from app.model.conditions import Condition, Evidence, Previous, outside_members
from app.model.events import Basis, Kept, PropertyChanged, Read
from app.model.values import Value

COMPUTED = "computed"


Like = tuple[RuleState, Basis | None]


def basis_of(
    rule: RuleState, twins: Mapping[str, TwinState], pulses: Sequence[Pulse] = (), like: Like | None = None
) -> Basis | None:
    """None for a rule that can't be run. `pulses`: those in whose step it fires. `like`: a rule of the same round with
    its basis; the two often read the same."""
    reads = rule.reads()
    if reads is None:
        return None
    if like is not None and like[1] is not None and _alike(like[0], rule, reads):
        found = like[1].reads
    elif len(rule.cells) == len(reads.properties):  # nearly always; what is there has its cells in this order
        found = tuple(map(_read, reads.named, rule.cells))
    else:
        there = [(ref.owner, rule.cell(ref, twins)) for ref in reads.properties]
        found = tuple([_read(owner, cell) for owner, cell in there if cell is not None])
    owner, memory = rule.owner, rule.memory
    shape_id = owner.shape.shape.shape_id
    if memory is None and not reads.owners:
        return Basis(shape_id, reads.condition, found)
    bound = tuple([name for name in reads.owners if owner.fills(name, twins)])
    kept = tuple(_kept(rule, reads.condition, memory, twins, pulses)) if memory is not None else ()
    together = tuple([slot.together() for slot in memory.gathered]) if memory is not None else ()
    return Basis(shape_id, reads.condition, found, bound, kept, together)


def _alike(other: RuleState, rule: RuleState, reads: Reads) -> bool:
    """Whether the two read the same by the same names."""
    if other.cells != rule.cells:
        return False
    others = other.reads()
    return others is not None and others.named == reads.named and len(reads.named) == len(rule.cells)


def _read(owner: str | None, cell: Cell) -> Read:
    """As `cell.changed()` has it, without a call: this runs for every rule that turns."""
    twin, plan, override = cell.twin, cell.spec.plan, cell.override
    fact = PropertyChanged(
        twin.plan.twin_id,
        plan.name,
        cell.value,
        cell.quality,
        cell.timestamp,
        cell.reported_at,
        cell.live is not None if override is None else cell.reporting(),
        cell.reason,
        override,
        cell.source,
    )
    plain = cell.mapped and override is None and cell.reported_at
    return Read(owner, fact, plan.data_type, plan.unit, twin.source if plain else source_of(cell))


def _kept(
    rule: RuleState, condition: Condition, memory: Memory, twins: Mapping[str, TwinState], pulses: Sequence[Pulse]
) -> Iterator[Kept]:
    for node, slot in zip(memory.compiled.slotted, memory.slots, strict=True):
        if isinstance(slot, Trailed | Gathered):
            continue
        timer = memory.plant.timers.get(slot.key)
        value = _of_slot(slot, memory, pulses)
        yield Kept(node, value) if timer is None else Kept(node, value, timer.since, timer.due)
    for node in dict.fromkeys(outside_members(condition)):
        if isinstance(node, Evidence | Previous):
            cell = rule.cell(node.ref, twins)
            yield Kept(node, _of_cell(node, cell, memory) if cell is not None else None)


def _of_slot(slot: Slot, memory: Memory, pulses: Sequence[Pulse]) -> Value:
    if any(pulse.slot is slot for pulse in pulses):
        return True
    return slot.value(memory)


def _of_cell(node: Evidence | Previous, cell: Cell, memory: Memory) -> Value:
    match node:
        case Previous():
            return cell.previous()
        case Evidence(function="quality"):
            return cell.shown_quality()
        case Evidence(function="isStale"):
            return cell.is_stale()
        case Evidence(function="isSilent"):
            return cell.is_silent()
        case Evidence(function="known"):
            return cell.is_known()
        case _:
            heard = memory.heard(cell)
            return None if heard is None else max(0, memory.plant.time - heard)


def source_of(cell: Cell) -> str:
    """Who gave what it shows; "" where nobody has given it anything."""
    if cell.override is not None:
        return cell.override.by
    if cell.spec.plan.computed is not None:
        return COMPUTED
    if cell.mapped:
        return cell.twin.source if cell.reported_at else ""
    return cell.source or ""
