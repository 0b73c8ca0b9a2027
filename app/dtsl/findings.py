"""Messages at their places in one text: collected up to a limit, sorted, and shown as a terminal or a program wants.

A Span is offsets; lines and columns are made here, once, for those who read.
"""

from dataclasses import dataclass
from typing import Any, NoReturn

from app.dtsl.diagnostics import Message, Severity
from app.dtsl.source import BYTE_ORDER_MARK, Source, Span
from app.errors import Problem

_WIDEST_LINE = 160


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Lines and columns count from 1, offsets from 0 (behind a byte order mark), all in characters; the end is one
    behind the last of them."""

    code: str
    severity: Severity
    message: str
    hint: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    offset: int
    end_offset: int
    replacement: str | None = None
    """What to write in the place, where there is one plain correction."""

    @classmethod
    def of(cls, message: Message, source: Source, span: Span) -> "Diagnostic":
        line, column = source.position(span.start)
        end = max(span.end, span.start)
        end_line, end_column = source.position(end)
        # A suggestion is for one word; a span that has more of the text is not what it would replace
        one_word = message.instead is not None and _is_one_word(source.text[span.start : end])
        return cls(
            message.code,
            message.severity,
            message.text,
            message.hint,
            source.file,
            line,
            column,
            end_line,
            end_column,
            span.start,
            end,
            message.instead if one_word else None,
        )

    @property
    def path(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def problem(self, *, with_file: bool = True) -> Problem:
        path = self.path if with_file else f"{self.line}:{self.column}"
        return Problem(self.code, self.message, path, self.hint)

    def to_json(self) -> dict[str, Any]:
        """For programs: what `check --format json` prints."""
        return {
            "file": self.file,
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "hint": self.hint,
            "replacement": self.replacement,
            "range": {
                "start": {"line": self.line, "column": self.column, "offset": self.offset},
                "end": {"line": self.end_line, "column": self.end_column, "offset": self.end_offset},
            },
        }

    def render(self, source: str) -> str:
        """`file:line:column: CODE message`, the line, carets under the place, the hint."""
        kind = "" if self.severity == "error" else f"{self.severity}: "
        lines = [f"{self.path}: {self.code} {kind}{self.message}"]
        text = source.removeprefix(BYTE_ORDER_MARK)
        begins = self.offset - self.column + 1
        ends = text.find("\n", begins)
        shown = text[begins : ends if ends >= 0 else len(text)].rstrip("\r")
        start = self.column - 1
        end = self.end_column - 1 if self.end_line == self.line else len(shown)
        if len(shown) > _WIDEST_LINE:
            cut = max(0, start - _WIDEST_LINE // 2)
            shown, start, end = shown[cut : cut + _WIDEST_LINE], start - cut, min(end - cut, _WIDEST_LINE)
        if shown.strip():
            indent = "".join("\t" if character == "\t" else " " for character in shown[:start].ljust(start))
            shown = "".join(character if character == "\t" or character.isprintable() else "?" for character in shown)
            lines += ["  " + shown, "  " + indent + "^" * max(1, end - start)]
        if self.hint:
            lines.append("  " + self.hint)
        return "\n".join(lines)


def _is_one_word(text: str) -> bool:
    quoted = text[:1] in ("'", '"') and text[-1:] == text[:1]
    return bool(text) and (quoted or not any(character.isspace() or character == "." for character in text))


class TooMany(Exception):
    """The limit is reached: nothing more is looked for."""


class Findings:
    """Diagnostics of one source, up to a limit; `beyond` is said once it is passed."""

    def __init__(self, source: Source, limit: int, beyond: Message) -> None:
        self._source = source
        self._limit = limit
        self._beyond = beyond
        self._found: list[Diagnostic] = []

    def report(self, message: Message, span: Span) -> None:
        """Raises TooMany beyond the limit."""
        if len(self._found) == self._limit:
            self.stop(self._beyond, span)
        if len(self._found) > self._limit:
            raise TooMany
        self._found.append(Diagnostic.of(message, self._source, span))

    def stop(self, message: Message, span: Span) -> NoReturn:
        """Says why nothing more is looked for; raises TooMany."""
        self._found.append(Diagnostic.of(message, self._source, span))
        raise TooMany

    def line(self, span: Span) -> int:
        return self._source.position(span.start)[0]

    def sorted(self) -> list[Diagnostic]:
        """By place; what was found first comes first at the same place."""
        return sorted(self._found, key=lambda found: (found.line, found.column))
