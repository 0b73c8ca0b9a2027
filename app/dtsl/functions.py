"""The functions of conditions: what each takes, gives and says. Names are ids: `is_stale` is written `isStale` in DTSL.

Everyone who knows functions by name (parsing, completion, hover, the TextMate grammar's test) knows them from here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.model.conditions import AggregateFunction, Changed, Condition, Evidence, Previous, PropertyRef


@dataclass(frozen=True, slots=True)
class Function:
    takes: str
    """As it is written in a message: `a property`."""
    example: str
    gives: str
    says: str


QUALITIES = ("good", "uncertain", "bad")
_TRUTH = "true or false"
FUNCTIONS: Mapping[str, Function] = {
    "quality": Function(
        "a property", "pump.speed", '"good", "uncertain" or "bad"', "How far the latest value can be trusted."
    ),
    "age": Function("a property", "pump.speed", "a length of time", "How long ago the last report came."),
    "is_stale": Function(
        "a property",
        "pump.speed",
        _TRUTH,
        "Whether its last report is too old, or from before its device was silent.",
    ),
    "is_silent": Function("a property", "pump.speed", _TRUTH, "Whether its device is silent, by every path to it."),
    "known": Function("a property", "pump.speed", _TRUTH, "Whether there is a value that conditions can use."),
    "previous": Function("a property", "pump.speed", "a value of the same type", "The value before the last change."),
    "changed": Function(
        "a property", "pump.speed", "a pulse", "True only in the step in which the value became another."
    ),
    "rate": Function(
        "a property and a length of time",
        "pump.speed, 10s",
        "a number per second",
        "How fast it changed over the time before now.",
    ),
    "any": Function("a condition over a role of many", 'pumps.status == "fault"', _TRUTH, "Whether it holds for one."),
    "all": Function("a condition over a role of many", 'pumps.status == "fault"', _TRUTH, "Whether it holds for each."),
    "count": Function(
        "a role of many, or a condition over one", 'pumps.status == "fault"', "a number", "For how many it holds."
    ),
    "min": Function("a number over a role of many", "pumps.speed", "a number", "The least of all."),
    "max": Function("a number over a role of many", "pumps.speed", "a number", "The greatest of all."),
    "avg": Function("a number over a role of many", "pumps.speed", "a number", "The mean of all."),
    "sum": Function("a number over a role of many", "pumps.speed", "a number", "All of them together."),
}
AGGREGATES: Mapping[str, AggregateFunction] = {
    "any": "any",
    "all": "all",
    "count": "count",
    "min": "min",
    "max": "max",
    "avg": "avg",
    "sum": "sum",
}
OF_PROPERTY: Mapping[str, Callable[[PropertyRef], Condition]] = {
    "quality": lambda ref: Evidence("quality", ref),
    "age": lambda ref: Evidence("age", ref),
    "is_stale": lambda ref: Evidence("isStale", ref),
    "is_silent": lambda ref: Evidence("isSilent", ref),
    "known": lambda ref: Evidence("known", ref),
    "previous": Previous,
    "changed": Changed,
}
