"""The values in a message: `"Hot: {pump.temperature}"`, in both notations, against the scope of its behavior.

In the braces stands what a condition calls a reference. Faults come with their place in the text of the message, so
that a script can point into its string and a document tell the column.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app.dtsl import diagnostics_behaviors
from app.dtsl.diagnostics import Message
from app.dtsl.examine import errors_in_value
from app.dtsl.parse import parse_condition
from app.dtsl.scope import Scope
from app.errors import Invalid
from app.model.conditions import PropertyRef
from app.model.templates import Hole, template, written


@dataclass(frozen=True, slots=True)
class Fault:
    message: Message
    start: int
    end: int


def faults_in(message: str, scope: Scope) -> Iterator[Fault]:
    cut = template(message)
    for slip in cut.slips:
        yield Fault(diagnostics_behaviors.message_form(slip.told, slip.hint), slip.start, slip.end)
    for hole in cut.holes:
        inside = hole.start + 1, hole.start + 1 + len(hole.reference)
        reference = reference_in(hole)
        if reference is None:
            yield Fault(diagnostics_behaviors.no_reference(hole.reference), *inside)
            continue
        for finding in errors_in_value(reference, scope):
            yield Fault(finding.message, *inside)


def reference_in(hole: Hole) -> PropertyRef | None:
    """None where something else stands in the braces."""
    try:
        found = parse_condition(hole.reference)
    except Invalid:
        return None
    return found if isinstance(found, PropertyRef) else None


def names_in_message(message: str) -> set[str]:
    """What it names without an owner."""
    found = (reference_in(hole) for hole in template(message).holes)
    return {reference.name for reference in found if reference is not None and reference.owner is None}


def owners_in(message: str) -> set[str]:
    """The roles, ids and paths that it names."""
    found = (reference_in(hole) for hole in template(message).holes)
    return {reference.owner for reference in found if reference is not None and reference.owner is not None}


def respelled(message: str, spell: Callable[[PropertyRef], str]) -> str:
    """The same message with its references in another notation, or to others; one that can't be read stays as it is."""
    cut = template(message)
    if cut.slips or not cut.holes:
        return message
    parts: list[str | Hole] = []
    for part in cut.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        reference = reference_in(part)
        parts.append(part if reference is None else replace(part, reference=spell(reference)))
    return written(tuple(parts))
