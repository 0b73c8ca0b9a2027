"""Problems of files shown as diagnostics, at their line and column: a script's, a document's or a file's own."""

from collections.abc import Mapping
from pathlib import Path

from app.bulk.reading import Fault, Place
from app.commands.json_text import shown_in_json
from app.dtsl.diagnostics import Message, Severity
from app.dtsl.findings import Diagnostic
from app.dtsl.source import Source, Span
from app.errors import Problem


def placed(
    problem: Problem, severity: Severity, place: Place, sources: Mapping[Path, Source], column: int | None = None
) -> Diagnostic:
    source = sources.get(place.file) or Source.of("", str(place.file))
    begins = source.start_of_line(place.line or 1)
    if column is None and source.text:
        return shown_in_json(problem, severity, source, begins, place.pointer)
    span = Span(begins + (column or 1) - 1, begins + (column or 1))
    return Diagnostic.of(Message(problem.code, problem.message, problem.hint, severity), source, span)


def placed_fault(fault: Fault, sources: Mapping[Path, Source]) -> Diagnostic:
    return placed(fault.problem, "error", fault.place, sources, fault.column)
