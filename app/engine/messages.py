"""The text of an alert, with the values of the moment in which it is raised: they stay as they were.

What is not known then is shown as `unknown`, whatever it was before: a message must not lie about the present.
"""

import json
from math import floor, isfinite, log10

from app.engine.asides import saying
from app.engine.cells import RuleState
from app.engine.step import Step
from app.model.conditions import PropertyRef
from app.model.plan import AlertPlan, MessageValue
from app.model.values import Value

UNKNOWN = "unknown"
MAX_VALUE = 200
MAX_MESSAGE = 2000
_DIGITS = 6
"""Of a number, unless its author says how many decimals."""


def filled(step: Step, rule: RuleState, plan: AlertPlan) -> str:
    if not plan.parts:
        return plan.message
    text = "".join(
        part if isinstance(part, str) else _value(step, rule, plan, index, part)
        for index, part in enumerate(plan.parts)
    )
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _value(step: Step, rule: RuleState, plan: AlertPlan, index: int, part: MessageValue) -> str:
    if isinstance(part.value, PropertyRef):
        cell = rule.cell(part.value, step.live.twins)
        return UNKNOWN if cell is None else shown(cell.live, part.decimals, cell.spec.plan.unit)
    aside = rule.asides.get(saying(plan, index))
    return UNKNOWN if aside is None else shown(aside.answer(), part.decimals, part.unit)


def shown(value: Value, decimals: int | None = None, unit: str | None = None) -> str:
    """`78.4 celsius`, `running`, `true`, `unknown`."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "true" if value else "false"
        case int() | float():
            number = _number(value, decimals)
            return f"{number} {unit}" if unit else number
        case str():
            text = value
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def _number(value: int | float, decimals: int | None) -> str:
    if isinstance(value, float) and not isfinite(value):
        return UNKNOWN
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if isinstance(value, int):
        return str(value)
    if value == 0 or abs(value) >= 10**_DIGITS:
        return f"{value:.0f}" if abs(value) < 1e15 else repr(value)
    places = _DIGITS - 1 - floor(log10(abs(value)))
    if places > 12:
        return f"{value:.3g}"
    return f"{value:.{places}f}".rstrip("0").rstrip(".")
