"""A text with a name, and the places in it.

A Span is two offsets into `text`, from which a byte order mark is already gone; lines and columns are made only for a
diagnostic. Columns count characters from 1, a tab as one.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

BYTE_ORDER_MARK = "\ufeff"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        return Span(self.start, other.end)


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Source:
    text: str
    file: str
    surrogate: int | None = None
    """Where a lone surrogate stood, which no encoding can carry; `text` has U+FFFD for each."""
    _line_starts: list[int] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, text: str, file: str) -> "Source":
        body = text.removeprefix(BYTE_ORDER_MARK)
        found = _SURROGATE.search(body)
        if found:
            body = _SURROGATE.sub("\ufffd", body)
        starts = [0]
        at = body.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = body.find("\n", at + 1)
        return cls(body, file, found.start() if found else None, starts)

    def start_of_line(self, line: int) -> int:
        return self._line_starts[line - 1]

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column), both from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1
