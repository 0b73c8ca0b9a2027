"""What a command has to say beside its result: definitions it touched, warnings, and remarks about a script."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import strawberry

from app.api.types.enums import DefinitionKind, DiagnosticSeverity
from app.errors import Problem
from app.model.definitions import Kind


@strawberry.type(description="One definition, named.")
class DefinitionRef:
    kind: DefinitionKind = strawberry.field(description="What it is.")
    id: strawberry.ID = strawberry.field(description="The id in its document (not a global id).")


def refs(items: Iterable[tuple[Kind, str]]) -> list[DefinitionRef]:
    return [DefinitionRef(kind=DefinitionKind(kind), id=strawberry.ID(id)) for kind, id in items]


@strawberry.type(description="Something to look at that stopped nothing.")
class Warning:
    code: str = strawberry.field(description="Stable, for programs.")
    message: str = strawberry.field(description="What, for people.")
    path: str = strawberry.field(description="Where: a JSON pointer, or file:line:column; may be empty.")
    hint: str = strawberry.field(description="What to do next; may be empty.")


def warnings_of(problems: Sequence[Problem]) -> list[Warning]:
    return [Warning(code=item.code, message=item.message, path=item.path, hint=item.hint) for item in problems]


@strawberry.type(description="A place in a text, counted in characters (Unicode code points), a tab as one.")
class Position:
    line: int = strawberry.field(description="From 1.")
    column: int = strawberry.field(description="From 1.")
    offset: int = strawberry.field(description="From 0, in the whole text; a byte order mark is not counted.")


@strawberry.type(description="A stretch of text.")
class Range:
    start: Position = strawberry.field(description="Its first character.")
    end: Position = strawberry.field(description="One behind its last character.")


@strawberry.type(description="A remark about a script.")
class Diagnostic:
    code: str = strawberry.field(description="Stable, for programs: DTSL and three digits.")
    severity: DiagnosticSeverity = strawberry.field(description="How serious it is.")
    message: str = strawberry.field(description="What, for people.")
    hint: str = strawberry.field(description="What to do next; may be empty.")
    file: str = strawberry.field(description="The name that the script was given.")
    range: Range = strawberry.field(description="Where in it.")
    replacement: str | None = strawberry.field(
        description="What to write in the range, where there is one plain correction."
    )
    rendered: str = strawberry.field(description="As a terminal shows it: place, message, the line and carets.")


class _Remark(Protocol):
    """What dtsl.findings.Diagnostic looks like from here; the API does not import the language."""

    @property
    def code(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def end_line(self) -> int: ...
    @property
    def end_column(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def end_offset(self) -> int: ...
    @property
    def replacement(self) -> str | None: ...
    def render(self, source: str) -> str: ...


def diagnostic_of(item: _Remark, source: str) -> Diagnostic:
    return Diagnostic(
        code=item.code,
        severity=DiagnosticSeverity(item.severity),
        message=item.message,
        hint=item.hint,
        file=item.file,
        range=Range(
            start=Position(line=item.line, column=item.column, offset=item.offset),
            end=Position(line=item.end_line, column=item.end_column, offset=item.end_offset),
        ),
        replacement=item.replacement,
        rendered=item.render(source),
    )
