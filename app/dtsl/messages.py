"""The values in a message: `"Hot: {pump.temperature}"`, in both notations, against the scope of its behavior.

In the braces stands what a condition calls a reference. Faults come with their place in the text of the message, so
that a script can point into its string and a document tell the column.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.dtsl import diagnostics_behaviors
from app.dtsl.diagnostics import Message
from app.dtsl.examine import errors_in_value
from app.dtsl.references import reference_in
from app.dtsl.scope import Scope
from app.model.templates import template


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
