"""Text to a script, and everything that is wrong with it: a line each, so one mistake hides no other.

Any text at all gives a script and diagnostics, never an exception; a script with an error in it is not run.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from app.dtsl.findings import Diagnostic, Findings, TooMany
from app.dtsl.parse import imports_of
from app.dtsl.source import Source, Span
from app.model.time import Micros, parse_iso
from app.scenarios import messages
from app.scenarios.actions import ACTIONS
from app.scenarios.expectations import expectation
from app.scenarios.script import Action, Block, Definitions, Edit, Expectation, File, Line, Scenario, Script
from app.scenarios.words import Fault, Word, Words, words_of

MAX_SOURCE = 1_000_000
MAX_LINES = 20_000
MAX_PROBLEMS = 200
BEGINS: Micros = parse_iso("2026-01-01T00:00:00Z")
"""When a scenario begins that does not say so."""
_END = "end"
_SCRIPT = re.compile(r"[^/\\\0]{1,250}\.dtsl")
FIRST_WORDS = ("use", "define", "scenario", *ACTIONS, "edit", "expect")


def parse(text: str, file: str) -> tuple[Script, list[Diagnostic]]:
    source = Source.of(text, file)
    findings = Findings(source, MAX_PROBLEMS, messages.too_many_problems(MAX_PROBLEMS))
    reading = _Reading(source, findings)
    with suppress(TooMany):
        reading.read()
    return reading.script(), findings.sorted()


@dataclass(slots=True)
class _Heading:
    name: str
    span: Span
    begins: Micros
    lines: list[Line] = field(default_factory=list)


class _Reading:
    def __init__(self, source: Source, findings: Findings) -> None:
        self._source = source
        self._findings = findings
        self._definitions: list[Definitions] = []
        self._opening: list[Line] = []
        self._scenarios: list[_Heading] = []
        self._lines = _lines(source.text)

    def script(self) -> Script:
        scenarios = tuple(Scenario(it.name, it.span, it.begins, tuple(it.lines)) for it in self._scenarios)
        return Script(self._source, tuple(self._definitions), tuple(self._opening), scenarios)

    def read(self) -> None:
        text = self._source.text
        if len(text) > MAX_SOURCE:
            self._findings.stop(messages.too_large("characters", MAX_SOURCE), Span(0, 1))
        count = 0
        for start, end in self._lines:
            try:
                words = self._whole(words_of(text, start, end))
                if not words:
                    continue
                count += 1
                if count > MAX_LINES:
                    self._findings.stop(messages.too_large("lines", MAX_LINES), words[0].span)
                self._statement(words)
            except Fault as fault:
                self._findings.report(fault.message, fault.span)
        if not self._scenarios:
            self._findings.report(messages.no_scenario(), Span(len(text), len(text)))

    def _whole(self, words: list[Word]) -> list[Word]:
        """A line that ends with a comma goes on in the next one."""
        while words and words[-1].written == "," and words[-1].kind == "sign":
            following = next(self._lines, None)
            if following is None:
                break
            words += words_of(self._source.text, *following)
        return words

    def _statement(self, found: list[Word]) -> None:
        first, whole = found[0], found[0].span.to(found[-1].span)
        if first.kind != "name" or first.written not in FIRST_WORDS:
            raise Fault(messages.unknown_line(first.written[:60], FIRST_WORDS), first.span)
        words = Words(found, whole.end)
        words.take(first.written)
        match first.written:
            case "scenario":
                self._scenario(words, whole)
            case "use" | "define" if self._scenarios or self._opening:
                if first.written == "define":
                    self._block_text()
                raise Fault(messages.too_late(first.written), first.span)
            case "use":
                self._definitions.append(self._file(words, whole))
            case "define":
                self._definitions.append(self._block(words, whole))
            case "edit":
                word = words.peek()
                named = word is not None and word.kind == "text"
                self._add(Edit(self._file(words, whole) if named else self._block(words, whole)), whole)
            case "expect":
                self._add(expectation(words), whole)
                words.end()
            case _:
                self._add(ACTIONS[first.written](words), whole)
                words.end()

    def _add(self, does: Action | Expectation, span: Span) -> None:
        lines = self._scenarios[-1].lines if self._scenarios else self._opening
        lines.append(Line(does, span))

    def _scenario(self, words: Words, whole: Span) -> None:
        place = words.place()
        name = words.text("the scenario's name")
        begins = words.moment() if words.take("begins") else BEGINS
        words.end()
        first = next((item for item in self._scenarios if item.name == name), None)
        self._scenarios.append(_Heading(name, whole, begins))  # also a second one: its lines are its own
        if first is not None:
            raise Fault(messages.scenario_twice(name, self._findings.line(first.span)), place)

    def _file(self, words: Words, whole: Span) -> File:
        place = words.place()
        path = words.text("a file or a folder")
        words.end()
        if not path.strip() or "\0" in path:
            raise Fault(messages.expected("a file or a folder", "no name of one"), place)
        return File(path, place)

    def _block(self, words: Words, whole: Span) -> Block:
        """Everything up to `end`."""
        text = self._block_text()
        if text is None:
            raise Fault(messages.no_end(self._source.text[whole.start : whole.end][:40]), whole)
        json = words.take("json")
        if not json:
            words.take("dtsl")
        words.end()
        written = self._source.text[text.start : text.end]
        # What else is named is no script of this folder, and the check of the block says so.
        names = [] if json else [name for name in imports_of(written) if _SCRIPT.fullmatch(name)]
        return Block(json, whole, text, tuple(File(name, whole) for name in names))

    def _block_text(self) -> Span | None:
        begins: int | None = None
        for start, end in self._lines:
            begins = start if begins is None else begins
            if self._source.text[start:end].strip() == _END:
                return Span(begins, start)
        return None


def _lines(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while at <= len(text):
        end = text.find("\n", at)
        if end < 0:
            end = len(text)
        yield at, end
        at = end + 1
