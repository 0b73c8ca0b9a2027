"""What a computed property shows, from the properties that it reads as conditions see them.

A step computes whatever depends on its changes before it evaluates a rule (Step.derive). A result is as good as what it
comes from; an unknown input that does not decide (`false && unknown`) counts for nothing. While there is no result the
last value stays shown, with the reason. A restart and a definition change compute by rule, without a fact.
"""

from app.engine.cells import PATH_SILENT, Cell, ComputedCell
from app.engine.values import EXCEEDED


def compute(cell: ComputedCell) -> None:
    """Sets everything that it shows, but what a person has put over it. One pass over the inputs, because it runs for
    every reading of one of them."""
    formula = cell.formula
    timestamp = reported_at = 0
    unknown = doubted = told = None
    for item in cell.inputs:
        if item.override is None:
            quality, reason, at, heard = item.quality, item.reason, item.timestamp, item.reported_at
        else:
            state = item.state()
            quality, reason, at, heard = state.quality, state.reason, state.timestamp, state.reported_at
        if heard > reported_at:
            reported_at = heard
        if item.live is None:
            unknown = unknown or item
            continue
        if at > timestamp:
            timestamp = at
        if quality == "uncertain":
            doubted = doubted or item
        elif reason is not None and (item.override is not None or isinstance(item, ComputedCell)):
            told = told or item  # a forced value is good; that it is one stays visible in all that comes of it
    result = formula.test(*cell.inputs)
    value, why = (None, "") if result is None else formula.fit(result)
    cell.reported_at = reported_at
    if value is None:
        cell.quality = "bad"
        if result is not None:
            cell.reason = why
        else:
            cell.reason = _because_of(unknown) if unknown is not None else _why_none(cell)
    else:
        cell.value, cell.timestamp = value, timestamp
        if doubted is not None:
            cell.quality, cell.reason = "uncertain", _because_of(doubted)
        elif formula.spec.exceeded(value):
            cell.quality, cell.reason = "uncertain", EXCEEDED
        else:
            cell.quality, cell.reason = "good", None if told is None else _because_of(told)
    cell.refresh()


def _why_none(cell: ComputedCell) -> str:
    return cell.formula.why_none({item.spec.plan.name: item.live for item in cell.inputs})


def _because_of(source: Cell) -> str:
    """`power: Stale`; of a computed input the reason that it has from its own."""
    reason = source.state().reason or PATH_SILENT
    return reason if isinstance(source, ComputedCell) and ": " in reason else f"{source.spec.plan.name}: {reason}"
