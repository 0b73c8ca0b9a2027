"""What to do where the grammar says no: mend a likely slip in place, else leave out the statement and go on behind it.

Runs on balanced tokens. Every repair removes a token, or puts one where the grammar said it accepts one, so parsing
again always gets further; parse.py bounds how often.
"""

from collections.abc import Mapping

from app.dtsl import diagnostics
from app.dtsl import diagnostics_conditions as messages
from app.dtsl.brackets import BEGINS, Make
from app.dtsl.build_values import Report, Token, span_of
from app.dtsl.lengths import LENGTHS_SPELLED
from app.dtsl.source import Span
from app.dtsl.spelling import read_name, unquote
from app.errors import nearest
from app.model.units import USUAL

_OPERATORS = {"AND", "OR", "COMPARE", "PLUS", "MINUS", "TIMES", "DIVIDED", "MODULO"}
_TIMED = {"FOR", "WITHIN", "IN", "BETWEEN"}
_VALUES = {"NAME", "STRING", "INTEGER", "FLOAT", "DURATION", "TRUE", "FALSE", "NULL", "LPAR", "LSQB", "MINUS", "BANG"}
_PULSES = {"EVERY", "ON", "KNOWN"}
_NUMBERS = ("INTEGER", "FLOAT")
_WORD_OPERATORS = {"and": ("AND", "&&"), "or": ("OR", "||")}


class Repair:
    """Of one piece of tokens. `quiet` has the places behind a fault of the letters, where a second word is noise."""

    def __init__(
        self, tokens: list[Token], spelled: Mapping[str, str], quiet: set[int], make: Make, report: Report
    ) -> None:
        self.tokens = tokens
        self.lost: set[str] = set()
        self._spelled = spelled
        self._quiet = quiet
        self._make = make
        self._report = report
        self._dropped_at = -1

    def mend(self, index: int, expected: set[str]) -> bool:
        """Changes `tokens` where a slip at `index` is plain, and reports it; whether it did."""
        tokens = self.tokens
        token = tokens[index] if index < len(tokens) else None
        previous = tokens[index - 1] if index else None
        if token is None or previous is None:
            return False
        if token.type == "EQUAL" and "COMPARE" in expected:
            self._say(diagnostics.single_equals(), index)
            tokens[index] = self._make("COMPARE", "==", previous)
        elif str(token).lower() in _WORD_OPERATORS and "AND" in expected:
            kind, sign = _WORD_OPERATORS[str(token).lower()]
            self._say(diagnostics.word_operator(str(token), sign), index)
            tokens[index] = self._make(kind, sign, previous)
        elif str(previous).lower() in _WORD_OPERATORS and self._behind_number(index - 1):  # `x > 1 or y`: not a unit
            kind, sign = _WORD_OPERATORS[str(previous).lower()]
            self._say(diagnostics.word_operator(str(previous), sign), index - 1)
            tokens[index - 1] = self._make(kind, sign, previous)
        elif previous == "not" and "AND" in expected and token.type in _VALUES:
            self._say(diagnostics.word_operator("not", "!"), index - 1)
            tokens[index - 1] = self._make("BANG", "!", previous)
        elif token.type in _NUMBERS and "DURATION" in expected and "INTEGER" not in expected:
            self._mend_length(index)
        elif str(token) == "not" and "IN" in expected and index + 1 < len(tokens) and tokens[index + 1].type == "IN":
            self._say(messages.not_in(), index)
            del tokens[index]
        elif token.type == "SEMICOLON" and (self._starts(index)[-1] == index or "RBRACE" in expected):
            self._say(diagnostics.unexpected("';'", [], "remove it"), index)
            del tokens[index]
        elif "SEMICOLON" in expected and (token.type == "RBRACE" or previous.end_line < token.line):
            if token.start_pos not in self._quiet:
                self._report(diagnostics.missing_semicolon(self._shown(previous)), _behind(previous))
            tokens.insert(index, self._make("SEMICOLON", ";", previous))
        else:
            return False
        return True

    def _mend_length(self, index: int) -> None:
        """`for 30` or `for 5 minutes` where `for 30s` is meant."""
        tokens = self.tokens
        token = tokens[index]
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        unit = LENGTHS_SPELLED.get(str(following).lower()) if following is not None else None
        instead = f"{token}{unit or 's'}"
        if unit is not None:
            span = Span(token.start_pos, tokens[index + 1].end_pos)
            del tokens[index + 1]
        else:
            span = span_of(token)
        if token.start_pos not in self._quiet:
            self._report(messages.no_length(f"'{token}{f' {following}' if unit else ''}'", instead), span)
        tokens[index] = self._make("DURATION", "1s", token)

    def leave_out(self, index: int, expected: set[str]) -> None:
        """Reports what stands at `index`, and takes its statement out of `tokens`."""
        tokens = self.tokens
        starts = self._starts(index)
        token = tokens[index] if index < len(tokens) else None
        if index != self._dropped_at or token is None or token.type not in ("RBRACE", "THEN"):
            self.blame(index, expected)
        if token is not None and token.type == "RBRACE" and index == starts[-1] and "TRUE" in expected:
            tokens.insert(index, self._make("TRUE", "true", tokens[index - 1]))  # `when { }`: check the rest
            return
        start, end = starts[-1], self._end_of_statement(index, at_top=len(starts) == 1)
        if start == end and len(starts) > 1:  # an empty block that may not be: leave out what it belongs to
            start, end = starts[-2], index + 1
        self.lost |= {name for left_out in tokens[start:end] if (name := _id_of(left_out))}
        del tokens[start:end]
        self._dropped_at = start

    def blame(self, index: int, expected: set[str]) -> None:
        """Reports what stands at `index`."""
        if self._behind_number(index - 1) and str(self.tokens[index - 1]) not in USUAL:
            unit = self.tokens[index - 1]  # `x > 5 y > 3`: a forgotten `&&`, not a number of the unit y
            self._say(diagnostics.unexpected(self._shown(unit), ["an operator"]), index - 1)
            return
        self._say(self._unexpected(index, expected), index)

    # ------------------------------------------------------------ where

    def _behind_number(self, index: int) -> bool:
        """Whether a word stands there that was read as a unit."""
        tokens = self.tokens
        return index > 0 and str(tokens[index]).isidentifier() and tokens[index - 1].type in _NUMBERS

    def _starts(self, index: int) -> list[int]:
        """For each block open at `index`, the index at which its current statement starts."""
        starts = [0]
        for at, token in enumerate(self.tokens[:index]):
            if token.type == "LBRACE":
                starts.append(at + 1)
            elif token.type == "RBRACE":
                starts.pop()
                starts[-1] = at + 1
            elif token.type == "SEMICOLON":
                starts[-1] = at + 1
        return starts

    def _end_of_statement(self, index: int, *, at_top: bool) -> int:
        depth = 0
        for at in range(index, len(self.tokens)):
            kind = self.tokens[at].type
            if kind == "LBRACE":
                depth += 1
            elif kind == "RBRACE":
                if depth == 0:
                    return at
                depth -= 1
                if depth == 0:
                    return at + 1
            elif kind == "SEMICOLON" and depth == 0:
                return at + 1
            elif kind in BEGINS and at_top and depth == 0 and at > index:
                return at
        return len(self.tokens)

    # ------------------------------------------------------------ words

    def _say(self, message: diagnostics.Message, index: int) -> None:
        if index < len(self.tokens):
            if self.tokens[index].start_pos not in self._quiet:
                self._report(message, span_of(self.tokens[index]))
        elif -1 not in self._quiet:
            self._report(message, _behind(self.tokens[-1]) if self.tokens else Span(0, 0))

    def _shown(self, token: Token) -> str:
        text = str(token)
        return text if token.type == "STRING" else f"'{text if len(text) <= 40 else text[:37] + '...'}'"

    def _unexpected(self, index: int, expected: set[str]) -> diagnostics.Message:
        if index == len(self.tokens):
            return diagnostics.unexpected("end", self._phrases(expected))
        token = self.tokens[index]
        if token.type == "COMPARE" and "AND" in expected and "COMPARE" not in expected:
            return diagnostics.chained_comparison()
        keywords = [text for kind, text in self._spelled.items() if kind in expected and text.isalpha()]
        meant = nearest(str(token), keywords)
        return diagnostics.unexpected(self._shown(token), self._phrases(expected), meant=meant)

    def _phrases(self, expected: set[str]) -> list[str]:
        rest = set(expected)
        phrases: list[str] = []
        if {"AND", "NAME"} <= rest:  # a unit may stand behind every number: nobody is told
            rest -= {"NAME", "STRING"}
        if {"STRING", "INTEGER"} <= rest:
            phrases.append("a value")
            rest -= _VALUES | _PULSES | {"LBRACE"}
        elif {"NAME", "STRING"} <= rest:
            phrases.append("a name")
            rest -= {"NAME", "STRING"}
        if {"AND", "PLUS"} <= rest:
            phrases.append("an operator")
            rest -= _OPERATORS | _TIMED
        if len(rest) + len(phrases) > 1:
            rest -= {"DOT", "OPTIONAL"}
        words = sorted(f"'{self._spelled[kind]}'" for kind in rest if kind in self._spelled)
        return phrases + sorted(words, key=lambda word: (not word[1].isalpha(), word == "'}'"))


def _behind(token: Token) -> Span:
    return Span(token.end_pos, token.end_pos + 1)


def _id_of(token: Token) -> str | None:
    if token.type == "STRING":
        return unquote(str(token))[0]
    return read_name(str(token)) if str(token)[0].isalpha() else None
