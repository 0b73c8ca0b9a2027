"""Where comments and empty lines of a text go once it is formatted.

The formatter prints a script without them; here its lines meet the text that it was read from, token by token, and
each comment goes to the token it stood at: behind its line, above it, or in between. The tokens of both are the same
but for parentheses and a few spellings, so this knows nothing of the grammar and needs no change when that grows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from app.dtsl.ast import Written

_CLOSING = ("RPAR", "RSQB", "COMMA", "SEMICOLON", "DOT")
_OPENING = ("LPAR", "LSQB", "DOT", "BANG")
_WINDOW = 8
"""Tokens looked ahead for where two spellings of the same meet again."""

Token = Any


@dataclass(slots=True)
class _Line:
    """One formatted line, and what comes to it. A pair is whether an empty line goes before, and a comment."""

    text: str
    forced: bool
    """Whether the formatter itself puts an empty line before it."""
    docs: list[str] = field(default_factory=list)
    """The lines of the description right above it."""
    tokens: list[int] = field(default_factory=list)
    """Indices of its tokens."""
    above: list[tuple[bool, str]] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    between: list[tuple[int, str]] = field(default_factory=list)
    """(column, text to put there), from left to right."""
    apart: bool = False
    """Whether the author left an empty line before it."""


def close_up(lines: Sequence[str]) -> Iterator[str]:
    """Blocks with nothing in them in one line: `metadata {}`."""
    for index, line in enumerate(lines):
        if line.endswith("{") and index + 1 < len(lines) and lines[index + 1].lstrip().startswith("}"):
            continue
        closes = index and line.lstrip().startswith("}") and lines[index - 1].endswith("{")
        yield lines[index - 1] + line.lstrip() if closes else line


def keep_comments(lines: Sequence[str], tokens: Sequence[Token], written: Written) -> str:
    """`tokens` are those of `lines`, which are the formatted form of what was written; descriptions are among both."""
    page = _Page(lines, [token for token in tokens if token.type != "COMMENT"])
    page.place(written)
    return page.text()


class _Page:
    def __init__(self, lines: Sequence[str], tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._lines: list[_Line] = []
        numbered: dict[int, _Line] = {}
        forced, docs = False, list[str]()
        for number, text in enumerate(lines, 1):
            if not text:
                forced = number > 1
            elif text.lstrip(" ").startswith("///"):
                docs.append(text)
            else:
                numbered[number] = _Line(text, forced, docs)
                self._lines.append(numbered[number])
                forced, docs = False, []
        self._end: list[tuple[bool, str]] = []
        self._line_of: list[_Line] = []
        """Of each token."""
        for index, token in enumerate(tokens):
            line = numbered[token.line]
            line.tokens.append(index)
            self._line_of.append(line)
        self._next = dict(zip(map(id, self._lines), self._lines[1:], strict=False))

    # ------------------------------------------------------------ where

    def place(self, written: Written) -> None:
        partner = _pairs(written.tokens, self._tokens)
        comments = iter(written.comments)
        comment = next(comments, None)
        last = -1
        end_line = 0
        """Of what was looked at before."""
        for index, token in enumerate([*written.tokens, None]):
            here = partner[index] if token is not None else len(self._tokens)
            found: list[Token] = []
            while comment is not None and (token is None or comment.start_pos < token.start_pos):
                found.append(comment)
                comment = next(comments, None)
            docs = [comment for comment in found if comment.start_pos in written.docs]
            found = [comment for comment in found if comment.start_pos not in written.docs]
            if found:
                following = here if here is not None else _next_pair(partner, index, len(self._tokens))
                end_line = self._place(found, last, following, end_line, token)
            apart = bool(docs) and docs[0].line - end_line > 1
            end_line = docs[-1].end_line if docs else end_line
            if token is None or here is None:
                end_line = token.end_line if token is not None else end_line
                continue
            line = self._line_of[here]
            if line.tokens[0] == here:
                line.apart = apart or (not docs and token.line - end_line > 1)
            last, end_line = here, token.end_line

    def _place(self, comments: Sequence[Token], last: int, here: int, end_line: int, token: Token | None) -> int:
        """Comments between two tokens, which are `last` and `here` of the formatted ones; the line they end in."""
        before = self._line_of[last] if last >= 0 else None
        after = self._line_of[here] if here < len(self._tokens) else None
        own_line = before is None
        for index, comment in enumerate(comments):
            block = comment.startswith("/*")
            many = "\n" in comment
            own_line = own_line or comment.line > end_line
            # Alone on its line or not, a short comment right before a token stays before that
            leads = block and token is not None and all(item.end_line == token.line for item in comments[index:])
            if before is not None and not own_line and not (before is after and many):
                if before is after and block:
                    before.between.append(self._slot(last, here, str(comment)))
                elif (closing := self._closing_at_once(before)) is not None:
                    self._above(closing, (False, comment))
                else:
                    before.behind.append(_laid_out(comment, _indent(before.text)))
            elif after is not None and leads and not many and self._tokens[here].type != "RBRACE":
                after.between.append(self._slot(last if before is after else -1, here, str(comment)))
            else:
                self._above(here, (comment.line - end_line > 1, comment))
            end_line = comment.end_line
        return end_line

    def _closing_at_once(self, line: _Line) -> int | None:
        """The brace in the next line that closes the block which begins in this one."""
        after = self._next.get(id(line))
        if after is None or self._tokens[line.tokens[-1]].type != "LBRACE":
            return None
        return after.tokens[0] if self._tokens[after.tokens[0]].type == "RBRACE" else None

    def _above(self, here: int, found: tuple[bool, Token]) -> None:
        apart, comment = found
        if here == len(self._tokens):
            self._end.append((apart, _laid_out(comment, "")))
            return
        line = self._line_of[here]
        if self._tokens[here].type == "AND" and line.tokens[-1] == here:
            line = self._next[id(line)]  # a comment above `&& b` is one of b
        elif line.tokens[0] != here:
            apart, line.apart = line.apart, False
            if comment.startswith("///") and not comment.startswith("////"):
                comment = comment.update(value=comment[1:])  # inside its statement it described nothing
        closes = self._tokens[line.tokens[0]].type == "RBRACE"
        indent = _indent(line.text) + ("  " if closes else "")
        line.above.append((apart, indent + _laid_out(comment, indent)))

    def _slot(self, last: int, here: int, comment: str) -> tuple[int, str]:
        """Where a comment goes between two tokens of a line, and with which spaces."""
        following = self._tokens[here]
        if last < 0:
            return following.column - 1, comment + " "
        previous = self._tokens[last]
        opening, closing = previous.type in _OPENING, following.type in _CLOSING
        if closing:
            return previous.end_column - 1, comment if opening else " " + comment
        tight = previous.end_pos == following.start_pos and not opening
        return following.column - 1, f"{' ' if tight else ''}{comment} "

    # ------------------------------------------------------------ text

    def text(self) -> str:
        return "".join(line + "\n" for line in self._written())

    def _written(self) -> list[str]:
        written: list[str] = []
        opened = True
        """Whether a block, or the text, has just begun: no empty line there."""
        empty = False
        """Whether a block has begun and nothing stands in it or behind its brace."""
        for line in self._lines:
            *early, behind = _with_one_line_comment(line.behind)
            groups = [*line.above, *((False, _indent(line.text) + text) for text in early)]
            forced = line.forced
            for apart, comment in groups:
                if (apart or forced) and not opened:
                    written.append("")
                written.append(comment)
                opened = forced = empty = False
            closes = self._tokens[line.tokens[0]].type == "RBRACE"
            text = _with(line.text, line.between) + behind
            if closes and empty:
                written[-1] += text.lstrip(" ")
            else:
                if (line.apart or forced) and not opened and not closes:
                    written.append("")
                written += [*line.docs, text]
            opened = self._tokens[line.tokens[-1]].type == "LBRACE"
            empty = opened and not behind
        opened = not self._lines
        for apart, comment in self._end:
            if apart and not opened:
                written.append("")
            written.append(comment)
            opened = False
        return written


def _with(text: str, between: Sequence[tuple[int, str]]) -> str:
    done = ""
    at = 0
    for column, comment in between:
        done += text[at:column]
        done += comment.lstrip(" ") if done.endswith(" ") else comment
        at = column
    return done + text[at:]


def _with_one_line_comment(behind: Sequence[str]) -> list[str]:
    """Of what goes behind a line: `//` comments that can't, because another comment follows, and then the rest."""
    early = [comment for comment in behind[:-1] if comment.startswith("//")]
    rest = [comment for index, comment in enumerate(behind) if index == len(behind) - 1 or comment[:2] != "//"]
    return [*early, "".join(" " + comment for comment in rest)]


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" "))]


def _laid_out(comment: str, indent: str) -> str:
    """A comment that starts behind `indent`, its further lines moved there as a block."""
    first, *rest = [line.rstrip() for line in comment.split("\n")]
    if not rest:
        return first
    if all(line.lstrip().startswith("*") for line in rest):
        return "\n".join([first, *(f"{indent} {line.lstrip()}" for line in rest)])
    last = [indent + rest.pop().lstrip()] if rest[-1].lstrip() == "*/" else []
    rest = dedent("\n".join(rest)).split("\n") if rest else rest
    deeper = indent + ("  " if first == "/*" else "   ")
    return "\n".join([first, *(deeper + line if line else "" for line in rest), *last])


# ---------------------------------------------------------------------------------------------------- tokens


def _pairs(written: Sequence[Token], formatted: Sequence[Token]) -> list[int | None]:
    """For each token as written, the index of the formatted one that it became."""
    found: list[int | None] = [None] * len(written)
    at = to = 0
    while at < len(written) and to < len(formatted):
        if written[at].type == formatted[to].type:
            found[at] = to
            at, to = at + 1, to + 1
        elif written[at].type in ("LPAR", "RPAR"):
            at += 1
        elif formatted[to].type in ("LPAR", "RPAR"):
            to += 1
        else:
            ahead, beyond = _meeting(written, formatted, at, to)
            if ahead == beyond:  # the same in another spelling
                found[at : at + ahead] = range(to, to + ahead)
            at, to = at + ahead, to + beyond
    return found


def _meeting(written: Sequence[Token], formatted: Sequence[Token], at: int, to: int) -> tuple[int, int]:
    """How far to go in both until two tokens are the same again."""
    for distance in range(1, _WINDOW):
        for ahead in range(distance + 1):
            ends = (written[at + ahead : at + ahead + 2], formatted[to + distance - ahead : to + distance - ahead + 2])
            kinds = [[token.type for token in end] for end in ends]
            if kinds[0] == kinds[1] and kinds[0]:
                return ahead, distance - ahead
    return 1, 1


def _next_pair(partner: Sequence[int | None], index: int, end: int) -> int:
    return next((to for to in partner[index:] if to is not None), end)
