"""Behaviors that come to nothing although their values are known: mistakes in definitions that somebody has to see.

Not knowing a value is no fault: that is the plant's. Few rules can have one at all, and which those are is known when
they are bound; only they are looked at when somebody asks.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from app.engine.basis import basis_of
from app.engine.cells import Cell, ComputedCell, RuleState
from app.engine.explain import DIVIDED_BY_ZERO, OVERFLOWN, explained
from app.engine.formulas import DIVISION_BY_ZERO, NOT_COMPARABLE, OVERFLOW
from app.model.live import Fault, FaultReason

if TYPE_CHECKING:
    from app.engine.live import LiveState

_OF_COMPUTED: dict[str, FaultReason] = {
    DIVISION_BY_ZERO: "division_by_zero",
    OVERFLOW: "overflow",
    NOT_COMPARABLE: "type_mismatch",
}
_OF_ARITHMETIC: dict[str, FaultReason] = {DIVIDED_BY_ZERO: "division_by_zero", OVERFLOWN: "overflow"}


def may_have(rule: RuleState) -> bool:
    """Whether it ever can, as it is bound now."""
    if rule.error is not None:
        return _broken(rule)
    if rule.notes or _of_asides(rule) or rule.owner.shape.calculates(rule.order[2]):
        return True
    if rule.memory is not None and rule.memory.gathered:
        return True
    return any(isinstance(cell, ComputedCell) for cell in rule.cells)


def faults(live: "LiveState") -> list[Fault]:
    """In the order of owners and names."""
    found = []
    for key in list(live.suspects):
        rule = live.rule(key)
        if rule is None:
            del live.suspects[key]
        elif (fault := _fault(live, rule)) is not None:
            found.append(fault)
    return sorted(found, key=lambda fault: (fault.key.owner.kind, fault.key.owner.id, fault.key.name))


def fault_of(live: "LiveState", rule: RuleState) -> Fault | None:
    """The first one, where it has several."""
    return _fault(live, rule) if rule.key in live.suspects else None


def _fault(live: "LiveState", rule: RuleState) -> Fault | None:
    if rule.error is not None:
        return Fault(rule.key, "cannot_run", rule.error) if _broken(rule) else None
    if (rule.notes or rule.asides) and (mismatches := [*_mismatches(live, rule), *_of_asides(rule)]):
        return Fault(rule.key, "type_mismatch", "; ".join(mismatches))
    if rule.evidence is not None:
        return None
    found = next(_unknown(live, rule), None)
    return Fault(rule.key, *found) if found is not None else None


def _broken(rule: RuleState) -> bool:
    """Not one that is only still while its overlay is no active one."""
    silence = rule.owner.silence
    return rule.plan.error is not None or silence is None or rule.error != silence.told


def _mismatches(live: "LiveState", rule: RuleState) -> Sequence[str]:
    compiled = rule.compiled(live.twins)
    return compiled.mismatches if compiled is not None else ()


def _of_asides(rule: RuleState) -> list[str]:
    """Of what it expects, eases or tells: once each, and not those of the condition again, which a deadband repeats."""
    found = (mismatch for aside in rule.asides.values() for mismatch in aside.compiled.mismatches)
    return [mismatch for mismatch in dict.fromkeys(found) if mismatch not in rule.notes]


def _unknown(live: "LiveState", rule: RuleState) -> Iterator[tuple[FaultReason, str]]:
    blank = False
    for cell in rule.valued():
        if cell.live is None:
            blank = True
            if isinstance(cell, ComputedCell):
                yield from _of_cell(cell)
    # Where a value is missing that explains it; else a lost broker would have every rule explained at each look.
    if not blank and rule.owner.shape.calculates(rule.order[2]):
        basis = basis_of(rule, live.twins)
        for seen in explained(basis) if basis is not None else ():
            if (reason := _OF_ARITHMETIC.get(seen.why)) is not None:
                yield reason, seen.why
    for slot in rule.memory.gathered if rule.memory is not None else ():
        yield from slot.faults(_of_cell)


def _of_cell(cell: Cell) -> Iterator[tuple[FaultReason, str]]:
    if cell.live is None and isinstance(cell, ComputedCell) and cell.override is None:
        reason = _OF_COMPUTED.get((cell.reason or "").rpartition(": ")[2])
        if reason is not None:
            yield reason, f"{cell.twin.plan.twin_id}.{cell.spec.plan.name}: {cell.reason}"
