"""A line's words: names, values, times, taken one after the other, each with its place.

A line knows nothing of what comes before or after it, so whatever is wrong with one says nothing about the next.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Literal, NoReturn

from app.dtsl.diagnostics import Message
from app.dtsl.lengths import TooLong, read_duration
from app.dtsl.source import Span
from app.dtsl.spelling import read_name, read_number, unquote
from app.model.names import IDENTIFIER_RULE, is_identifier
from app.model.time import Micros, parse_iso
from app.model.values import Value
from app.scenarios import messages
from app.scenarios.script import Member, Name, OwnerWord, Text

WordKind = Literal["name", "text", "number", "duration", "sign"]
MAX_DEPTH = 16
MAX_TIME: Micros = 100 * 366 * 86_400_000_000
_LATEST: Micros = parse_iso("2200-01-01T00:00:00Z")

_WORD = re.compile(
    r"""(?P<space>[ \t\r]+|//.*)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<duration>(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d))+(?![A-Za-z0-9_]))
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![A-Za-z0-9_]))
    |(?P<sign>==|!=|<=|>=|[=<>.,:()\[\]{}+-])""",
    re.VERBOSE,
)
_STUCK_TOGETHER = re.compile(r"[0-9][\w.]*")
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None, "nan": nan, "infinity": inf}


@dataclass(frozen=True, slots=True)
class Word:
    kind: WordKind
    written: str
    span: Span


class Fault(Exception):
    """What is wrong with a line: nothing of it is used, and the next one is read."""

    def __init__(self, message: Message, span: Span) -> None:
        super().__init__(message.text)
        self.message = message
        self.span = span


def words_of(text: str, start: int, end: int) -> list[Word]:
    """Raises Fault."""
    found: list[Word] = []
    at = start
    while at < end:
        match = _WORD.match(text, at, end)
        if match is None:
            character = text[at]
            if character in "\"'":
                raise Fault(messages.unterminated_text(character), Span(at, end))
            if (written := _STUCK_TOGETHER.match(text, at, end)) is not None:
                raise Fault(messages.no_duration(written[0][:40]), Span(at, written.end()))
            raise Fault(messages.stray_character(character), Span(at, at + 1))
        kind = match.lastgroup
        if kind != "space":
            found.append(Word(kind, match[0], Span(at, match.end())))  # type: ignore[arg-type]  # a group's name
        at = match.end()
    return found


class Words:
    """Takes them in order. What is not there raises Fault, which says what was expected and what stands there."""

    def __init__(self, words: Sequence[Word], end: int) -> None:
        self._words = words
        self._end = end
        self._at = 0

    # ------------------------------------------------------------ looking

    def peek(self, ahead: int = 0) -> Word | None:
        index = self._at + ahead
        return self._words[index] if index < len(self._words) else None

    def done(self) -> bool:
        return self._at >= len(self._words)

    def is_next(self, *written: str) -> bool:
        """Bare words and signs only: a quoted one is a name or a text."""
        return all(
            (word := self.peek(ahead)) is not None and word.kind != "text" and word.written == text
            for ahead, text in enumerate(written)
        )

    def place(self) -> Span:
        word = self.peek()
        return word.span if word is not None else Span(self._end, self._end)

    def fail(self, what: str, hint: str = "") -> NoReturn:
        word = self.peek()
        found = f"'{word.written[:60]}'" if word is not None else "the end of the line"
        raise Fault(messages.expected(what, found, hint), self.place())

    # ------------------------------------------------------------ taking

    def take(self, *written: str) -> bool:
        """All of them, or nothing."""
        if not self.is_next(*written):
            return False
        self._at += len(written)
        return True

    def need(self, *written: str) -> None:
        if not self.take(*written):
            self.fail(f"'{' '.join(written)}'")

    def one_of(self, known: Sequence[str], what: str) -> str:
        word = self.peek()
        if word is not None and word.kind == "name" and word.written not in known:
            raise Fault(messages.unknown_word(word.written, what, known), word.span)
        if word is None or word.kind != "name":
            self.fail(f"a {what}", f"known: {', '.join(known)}")
        self._at += 1
        return word.written

    def maybe(self, known: Sequence[str]) -> str | None:
        word = self.peek()
        if word is None or word.kind != "name" or word.written not in known:
            return None
        self._at += 1
        return word.written

    def end(self) -> None:
        if not self.done():
            self.fail("the end of the line")

    def name(self, what: str) -> Name:
        word = self.peek()
        if word is None or word.kind not in ("name", "text"):
            self.fail(what)
        self._at += 1
        id = read_name(word.written) if word.kind == "name" else _unquoted(word)
        if not is_identifier(id):
            raise Fault(messages.expected(what, f"'{id[:60]}'", f"an id is {IDENTIFIER_RULE}"), word.span)
        return Name(id, word.span)

    def member(self, what: str) -> Member:
        """`Pump123.temperature`, or with `twin` or `overlay` before it."""
        after = self.peek(1)
        kind: OwnerWord | None = None
        if after is not None and after.kind in ("name", "text"):
            kind = "twin" if self.take("twin") else "overlay" if self.take("overlay") else None
        owner = self.name("a twin or an overlay")
        self.need(".")
        return Member(owner, self.name(what), kind)

    def text(self, what: str) -> str:
        word = self.peek()
        if word is None or word.kind != "text":
            self.fail(f"{what} in quotes")
        self._at += 1
        return _unquoted(word)

    def maybe_text(self) -> str | None:
        word = self.peek()
        return self.text("a text") if word is not None and word.kind == "text" else None

    def maybe_match(self) -> Text | None:
        """`"all of it"` or `containing "a part"`."""
        if self.take("containing"):
            return Text(self.text("a part of it"), part=True)
        found = self.maybe_text()
        return Text(found) if found is not None else None

    def duration(self) -> Micros:
        word = self.peek()
        if word is None or word.kind != "duration":
            self.fail("a length of time", "write it like 30s, 5m, 1h30m, 500ms or 2d")
        self._at += 1
        try:
            return read_duration(word.written, MAX_TIME)
        except TooLong:
            raise Fault(messages.time_ends(), word.span) from None

    def moment(self) -> Micros:
        place = self.place()
        written = self.text("a date and time")
        try:
            moment = parse_iso(written)
        except (ValueError, OverflowError):
            raise Fault(messages.no_moment(written[:60]), place) from None
        if not 0 < moment <= _LATEST:
            raise Fault(messages.no_moment(written[:60]), place)
        return moment

    def value(self, depth: int = 0) -> Value:
        word = self.peek()
        if depth > MAX_DEPTH:
            raise Fault(messages.too_deep(MAX_DEPTH), self.place())
        if word is None or word.kind == "duration":
            self.fail("a value")
        self._at += 1
        if word.kind == "text":
            return _unquoted(word)
        if word.kind == "number":
            return _number(word)
        if word.kind == "name" and word.written in _CONSTANTS:
            return _CONSTANTS[word.written]
        if word.written == "-" and self.take("infinity"):
            return -inf
        if word.written not in ("[", "{"):
            self._at -= 1
            self.fail("a value", f'write a text in quotes: "{word.written}"' if word.kind == "name" else "")
        return self._list(depth) if word.written == "[" else self._object(depth)

    def _list(self, depth: int) -> Value:
        found: list[Value] = []
        while not self.take("]"):
            if found:
                self.need(",")
            found.append(self.value(depth + 1))
        return found

    def _object(self, depth: int) -> Value:
        found: dict[str, Value] = {}
        while not self.take("}"):
            if found:
                self.need(",")
            key = self.name("the name of a field").id
            self.need(":")
            found[key] = self.value(depth + 1)
        return found

    def arguments(self) -> dict[str, Value] | tuple[Value, ...]:
        """`(1450.0)` by place or `(target = 1450.0)` by name, the parentheses included."""
        self.need("(")
        after = self.peek(1)
        if after is not None and after.written == "=" and after.kind == "sign":
            return self._named_arguments()
        placed: list[Value] = []
        while not self.take(")"):
            if placed:
                self.need(",")
            placed.append(self.value())
        return tuple(placed)

    def parameters(self) -> dict[str, Value]:
        """By name only."""
        if not self.take("("):
            return {}
        return {} if self.take(")") else self._named_arguments()

    def _named_arguments(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while True:
            name = self.name("the name of a parameter")
            self.need("=")
            found[name.id] = self.value()
            if self.take(")"):
                return found
            self.need(",")


def _unquoted(word: Word) -> str:
    text, faults = unquote(word.written)
    if faults:
        start, end, escape = faults[0]
        raise Fault(messages.unknown_escape(escape), Span(word.span.start + start, word.span.start + end))
    return text


def _number(word: Word) -> int | float:
    negative = word.written.startswith("-")
    number = read_number(word.written.removeprefix("-"))
    if number is None:
        raise Fault(messages.number_too_large(word.written), word.span)
    return -number if negative else number
