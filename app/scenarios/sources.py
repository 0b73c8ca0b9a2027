"""Definitions as a script brings them, from files or out of its own text: read, and not yet checked.

A block keeps its place: the text before it is blanked, so whatever is said of it has the line and column of the script.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.commands.documents import KINDS, kind_in, read_document
from app.commands.json_text import read_json, shown_in_json
from app.dtsl.diagnostics import Message
from app.dtsl.findings import Diagnostic
from app.dtsl.source import Source, Span
from app.errors import Problem
from app.model.definitions import Definition
from app.scenarios.script import Block, File

_NOT_A_LINE_END = re.compile(r"[^\n]")


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document whose form is right, and where it stands."""

    definition: Definition
    source: Source
    begins: int = 0
    pointer: str = ""


@dataclass(slots=True)
class Sources:
    """`faults` are all that is wrong with it as it was read."""

    scripts: list[tuple[str, str]] = field(default_factory=list)
    """(name, text) of DTSL scripts."""
    documents: list[Document] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """Of each file, to show its lines; a script's own blocks have none."""

    def add(self, other: "Sources") -> None:
        """Of a file that both have, once."""
        self.scripts += [item for item in other.scripts if item[0] not in self.texts]
        self.documents += [item for item in other.documents if item.source.file not in self.texts]
        self.faults += [item for item in other.faults if item.file not in self.texts]
        self.texts |= other.texts


def named_in(script: Source, file: File, found: Sources) -> Sources:
    """What a file brings. That it can't be read is told where the script names it."""
    faults = [
        item
        if item.file in found.texts
        else Diagnostic.of(Message(item.code, f"{item.file}: {item.message}", item.hint), script, file.span)
        for item in found.faults
    ]
    return Sources(found.scripts, found.documents, faults, found.texts)


def sources_of(source: Source, block: Block) -> Sources:
    text = _NOT_A_LINE_END.sub(" ", source.text[: block.text.start]) + source.text[block.text.start : block.text.end]
    found = Sources()
    if not block.json:
        found.scripts.append((source.file, text))
        return found
    content, wrong = read_json(text)
    placed = Source.of(text, source.file)
    for fault in wrong:
        line, column = fault.line or placed.position(block.text.start)[0], fault.column or 1
        at = min(placed.start_of_line(line) + column - 1, max(block.text.start, len(text) - 1))
        found.faults.append(_diagnostic(fault.problem, placed, Span(at, at + 1)))
    several = isinstance(content, list)
    for index, item in enumerate(content if several else [] if wrong else [content]):
        _take(item, placed, f"/{index}" if several else "", found)
    return found


def _take(item: object, source: Source, pointer: str, found: Sources) -> None:
    kind = kind_in(item) if isinstance(item, dict) else None
    problems: Sequence[Problem]
    if kind is None:
        hint = "a definition is an object with " + ", ".join(sorted({id_field for _, id_field in KINDS.values()}))
        problems = [Problem("KIND_UNKNOWN", "this is no kind of definition", "", hint)]
    else:
        definition, problems = read_document(kind, item)
        if definition is not None:
            found.documents.append(Document(definition, source, 0, pointer))
    found.faults += [shown_in_json(problem, "error", source, 0, pointer) for problem in problems]


def _diagnostic(problem: Problem, source: Source, span: Span) -> Diagnostic:
    return Diagnostic.of(Message(problem.code, problem.message, problem.hint), source, span)
