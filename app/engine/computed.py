"""What a computed property shows, from the properties that it reads as conditions see them.

A step computes whatever depends on its changes before it evaluates a rule (Step.derive). A result is as good as what it
comes from; an unknown input that does not decide (`false && unknown`) counts for nothing. While there is no result the
last value stays shown, with the reason. A restart and a definition change compute by rule, without a fact.
"""

from collections.abc import Sequence

from app.engine.cells import PATH_SILENT, Cell, ComputedCell
from app.engine.values import EXCEEDED
from app.model.values import PropertyState, Quality

Seen = Sequence[tuple[Cell, PropertyState]]


def compute(cell: ComputedCell) -> None:
    """Sets everything that it shows, but what a person has put over it."""
    formula, inputs = cell.formula, cell.inputs
    seen = [(item, item.state()) for item in inputs]
    result = formula.test(*inputs)
    value, why = (None, _why_none(cell, seen)) if result is None else formula.fit(result)
    cell.reported_at = max([state.reported_at for _, state in seen], default=0)
    if value is None:
        cell.quality, cell.reason = "bad", why
    else:
        known = [(item, state) for item, state in seen if state.known]
        cell.value = value
        cell.timestamp = max([state.timestamp for _, state in known], default=0)
        cell.quality, cell.reason = _worth(formula.spec.exceeded(value), known)
    cell.refresh()


def _worth(exceeded: bool, known: Seen) -> tuple[Quality, str | None]:
    doubt = next((_because_of(item, state) for item, state in known if state.quality == "uncertain"), None)
    if doubt is not None:
        return "uncertain", doubt
    if exceeded:
        return "uncertain", EXCEEDED
    # A forced value is good; that it is one stays visible in all that comes of it.
    forced = (pair for pair in known if pair[1].override is not None or isinstance(pair[0], ComputedCell))
    return "good", next((_because_of(item, state) for item, state in forced if state.reason is not None), None)


def _why_none(cell: ComputedCell, seen: Seen) -> str:
    unknown = next((_because_of(item, state) for item, state in seen if not state.known), None)
    if unknown is not None:
        return unknown
    return cell.formula.why_none({item.spec.plan.name: item.live for item in cell.inputs})


def _because_of(source: Cell, state: PropertyState) -> str:
    """`power: Stale`; of a computed input the reason that it has from its own."""
    reason = state.reason or PATH_SILENT
    return reason if isinstance(source, ComputedCell) and ": " in reason else f"{source.spec.plan.name}: {reason}"
