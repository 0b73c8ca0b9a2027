"""What a rule asks beside its condition: whether what it expects is there, whether an alert of it may end yet, and what
an expression in a message comes to.

Each is compiled like the condition, once per shape. A rule is woken by what its expectations and eased conditions
read as well; what only a message shows wakes nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from app.engine.deadband import eased
from app.model.conditions import Condition, PropertyRef
from app.model.plan import AlertPlan, MessageValue, Rule

if TYPE_CHECKING:
    from app.engine.cells import Cell
    from app.engine.compile import Compiled
    from app.engine.memory import Memory

SAYING = "say/"
"""What such a name begins with asks for a value of any type, the others for true or false."""


class Aside(NamedTuple):
    compiled: "Compiled"
    test: Callable[..., Any]
    cells: "tuple[Cell, ...]"
    wakes: bool
    memory: "Memory | None" = None
    """Where it asks for more than the values of now."""

    def everything(self) -> "Iterable[Cell]":
        return self.cells if self.memory is None else self.memory.everything()

    def answer(self) -> Any:
        """None where it is UNKNOWN."""
        return self.test(*self.cells)


NO_ASIDES: Mapping[str, Aside] = {}


def questions(rule: Rule) -> dict[str, Condition]:
    """By name: `expect/2`, `hold/2.5` (a deadband), `say/hot/1` (a part of an alert's message)."""
    found: dict[str, Condition] = {}
    if rule.condition is None:
        return found
    for expect in rule.expects():
        found[expecting(expect.index)] = expect.condition
    for alert in rule.while_active():
        if alert.deadband:
            found[holding(alert)] = eased(rule.condition, alert.deadband)
    for alert in rule.all_alerts():
        for index, value in _expressions(alert):
            found[saying(alert, index)] = value.value
    return found


def expecting(index: int) -> str:
    return f"expect/{index}"


def holding(alert: AlertPlan) -> str:
    return f"hold/{alert.deadband!r}"


def saying(alert: AlertPlan, index: int) -> str:
    return f"{SAYING}{alert.code}/{index}"


def _expressions(alert: AlertPlan) -> Iterator[tuple[int, MessageValue]]:
    """A property is read as it stands (messages.py)."""
    for index, part in enumerate(alert.parts):
        if isinstance(part, MessageValue) and not isinstance(part.value, PropertyRef):
            yield index, part
