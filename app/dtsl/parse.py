"""Text to AST: the only place that knows lark.

The whole text is cut into tokens first, and the grammar is fed from the list, not from the text: that is what lets a
keyword be a name where only a name fits, and parsing go on behind an error (repair.py). Any text gives an answer;
size, nesting and the number of errors are bounded here.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken
from lark.lexer import PatternStr

from app.dtsl import diagnostics
from app.dtsl.ast import Declaration, Import, Script, Written
from app.dtsl.brackets import BEGINS, balance, declarations, starts_a_declaration
from app.dtsl.build import Builder, Docs
from app.dtsl.build_declarations import declaration, import_of
from app.dtsl.build_values import span_of
from app.dtsl.contextual import as_meant
from app.dtsl.findings import Diagnostic, Findings, TooMany
from app.dtsl.repair import Repair
from app.dtsl.source import BYTE_ORDER_MARK, Source, Span
from app.dtsl.spelling import unquote
from app.dtsl.turns import WORDS_A_TURN, Turns, at_once
from app.errors import Invalid
from app.model.conditions import And, Condition
from app.model.document import MAX_TEXT

MAX_SOURCE = 1024 * 1024
"""Characters of a script."""
MAX_SYNTAX_ERRORS = 50
MAX_WORDS = 120_000
"""Tokens and comments of a script; 20,000 lines have fewer."""
MAX_REPARSED = 200_000
"""Tokens that all second and later attempts at one script may take together: two seconds."""


def parse_script(source: str, file: str = "script.dtsl") -> tuple[Script, list[Diagnostic]]:
    """The script and everything wrong with its form. Statements with a syntax error are left out of the script."""
    [parsed] = parse_scripts([(file, source)])
    return parsed.script, parsed.unreadable


@dataclass(frozen=True, slots=True)
class Parsed:
    """One script read: all that needs no catalogue."""

    source: Source
    script: Script
    unreadable: list[Diagnostic]


def parse_scripts(scripts: Sequence[tuple[str, str]]) -> list[Parsed]:
    """By name and text."""
    parse = ParseInTurns(scripts)
    for _ in parse.turns():
        pass
    return parse.answers


class ParseInTurns:
    """The same, a declaration or a few hundred words at a time: a script of 10,000 lines takes half a second."""

    def __init__(self, scripts: Sequence[tuple[str, str]]) -> None:
        self.answers: list[Parsed] = []
        self._scripts = scripts

    def turns(self) -> Iterator[None]:
        for file, source in self._scripts:
            text = Source.of(source, file)
            findings = Findings(text, MAX_SYNTAX_ERRORS, diagnostics.too_many_syntax_errors(MAX_SYNTAX_ERRORS))
            script = Script()
            if len(text.text) > MAX_SOURCE:
                findings.report(diagnostics.script_too_large(len(text.text), MAX_SOURCE), Span(0, 0))
            else:
                with suppress(TooMany):
                    script = yield from _script(text, findings)
            self.answers.append(Parsed(text, script, findings.sorted()))


@lru_cache(maxsize=16_384)
def parse_condition(text: str) -> Condition:
    """The tree of one condition in either notation. Raises Invalid; each problem's path is `line:column`."""
    source = Source.of(text, "condition")
    findings = Findings(source, MAX_SYNTAX_ERRORS, diagnostics.too_many_syntax_errors(MAX_SYNTAX_ERRORS))
    condition = None
    with suppress(TooMany):
        condition = _condition(source, findings)
    problems = [found.problem(with_file=False) for found in findings.sorted()]
    if condition is None or problems:
        raise Invalid.of(problems, "the condition", code="CONDITION_INVALID")
    return condition


def parse_conditions(texts: Sequence[str]) -> Condition:
    """The `conditions` list of a document as one tree: all of them must hold. Raises Invalid for the first bad one."""
    parsed = [parse_condition(text) for text in texts]
    return parsed[0] if len(parsed) == 1 else And(tuple(parsed))


# ---------------------------------------------------------------------------------------------------- the two starts


def _script(source: Source, findings: Findings) -> Turns[Script]:
    words = yield from _words(source, findings)
    balanced = yield from balance(words.tokens, _make, findings.report)
    if balanced is None:
        return Script()
    yield from as_meant(balanced)
    found: list[Declaration] = []
    imports: list[Import] = []
    docs = yield from _docs(words)
    lost: set[str] = set()
    left = MAX_REPARSED
    for piece in declarations(balanced):
        repair = Repair(piece, _spelled(), words.quiet, _make, findings.report)
        outcome: Any = yield from _feed(piece, "script")
        while not isinstance(outcome, Tree):
            left -= len(piece)
            if left < 0:
                findings.stop(diagnostics.too_many_in_too_much(), span_of(piece[min(outcome[0], len(piece) - 1)]))
            if not repair.mend(*outcome):
                repair.leave_out(*outcome)
            outcome = yield from _feed(piece, "script")
        lost |= repair.lost
        builder = Builder(findings.report, docs)
        for child in outcome.children:
            if child.data != "import_":
                found.append(declaration(builder, child))
            elif found:
                findings.report(diagnostics.late_import(), span_of(child.children[0]))
            else:
                imports.append(import_of(builder, child))
        lost |= builder.lost
    written = Written(words.tokens, words.comments, frozenset(docs.used))
    return Script(tuple(found), tuple(imports), frozenset(lost), written)


def _docs(words: "_Words") -> Turns[Docs]:
    """The `///` comments that stand alone on their lines, by the token below them."""
    found = Docs()
    tokens: Iterator[Any] = iter(words.tokens)
    token = next(tokens, None)
    end_line = 0
    comments: Sequence[Any] = words.comments
    for count, comment in enumerate(comments):
        if count % WORDS_A_TURN == 0:
            yield
        while token is not None and token.start_pos < comment.start_pos:
            end_line = token.end_line
            token = next(tokens, None)
        if token is None:
            break
        if comment.startswith("///") and not comment.startswith("////") and comment.line > end_line < token.line:
            found.above.setdefault(token.start_pos, []).append(comment)
    return found


def _condition(source: Source, findings: Findings) -> Condition | None:
    if len(source.text) > MAX_TEXT:
        findings.report(diagnostics.condition_too_long(len(source.text), MAX_TEXT), Span(0, 0))
        return None
    words = at_once(_words(source, findings))
    balanced = at_once(balance(words.tokens, _make, findings.report))
    if balanced is None:
        return None
    at_once(as_meant(balanced))
    repair = Repair(balanced, _spelled(), words.quiet, _make, findings.report)
    for _ in range(MAX_SYNTAX_ERRORS):
        outcome = at_once(_feed(balanced, "condition"))
        if isinstance(outcome, Tree):
            return Builder(findings.report).condition(outcome.children[0])
        if not repair.mend(*outcome):
            repair.blame(*outcome)
            return None
    return None


# ---------------------------------------------------------------------------------------------------- lark


class _Keep:
    """Tells lark to keep the terminals that no rule uses."""

    always_accept = ("COMMENT", "BROKEN_COMMENT", "BROKEN_STRING", "STRAY")

    def process(self, stream: object) -> object:
        return stream


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(
        files("app.dtsl").joinpath("dtsl.lark").read_text(encoding="utf-8"),
        start=["script", "condition"],
        parser="lalr",
        lexer="basic",
        postlex=_Keep(),
        propagate_positions=True,
        maybe_placeholders=False,
    )


@lru_cache(maxsize=1)
def _spelled() -> dict[str, str]:
    """What the terminals of one spelling look like: `SEMICOLON` -> `;`."""
    return {item.name: item.pattern.value for item in _parser().terminals if isinstance(item.pattern, PatternStr)}


@lru_cache(maxsize=1)
def _keywords() -> frozenset[str]:
    """The terminals that are words of one spelling."""
    return frozenset(kind for kind, text in _spelled().items() if text.isidentifier())


def _make(kind: str, text: str, near: Any) -> Token:
    end, line, column = near.end_pos, near.end_line, near.end_column
    return Token(kind, text, end, line, column, line, column, end)


@dataclass(slots=True)
class _Words:
    tokens: list[Token] = field(default_factory=list)
    comments: list[Token] = field(default_factory=list)
    quiet: set[int] = field(default_factory=set)
    """The offsets behind a fault of the letters (-1: the end)."""


def _words(source: Source, findings: Findings) -> Turns[_Words]:
    """The whole text. What can't be a token is reported, and mended or left out."""
    words = _Words()
    broken = False
    stray_end = -1
    if source.surrogate is not None:
        findings.report(diagnostics.lone_surrogate(), Span(source.surrogate, source.surrogate + 1))
    for count, token in enumerate(_lex(source.text)):
        if count == MAX_WORDS:
            findings.stop(diagnostics.too_many_words(MAX_WORDS), span_of(token))
        if count % WORDS_A_TURN == 0:
            yield
        if token.type == "COMMENT":
            words.comments.append(token)
            continue
        if token.type == "STRAY":
            if token.start_pos != stray_end:  # a run of strays is one fault
                findings.report(diagnostics.stray_character(str(token)), span_of(token))
            stray_end = token.end_pos
            kind = {"&": "AND", "|": "OR"}.get(token)
            if kind:
                words.tokens.append(_make(kind, str(token) * 2, token))
            else:
                broken = True
            continue
        if broken:
            words.quiet.add(token.start_pos)
        broken = token.type.startswith("BROKEN")
        if token.type == "BROKEN_STRING":
            findings.report(diagnostics.unterminated_string(token[0]), span_of(token))
            words.tokens.append(token.update(type="STRING", value=token[0] * 2))
        elif token.type == "BROKEN_COMMENT":
            findings.report(diagnostics.unterminated_comment(), Span(token.start_pos, token.start_pos + 2))
        else:
            words.tokens.append(token)
    if broken:
        words.quiet.add(-1)
    return words


def imports_of(text: str) -> list[str]:
    """The files that a script begins with importing, as they are named; of any text at all."""
    found: list[str] = []
    for token in _lex(text.removeprefix(BYTE_ORDER_MARK)[:MAX_SOURCE]):
        if token.type == "STRING":
            found.append(unquote(str(token))[0])
        elif token.type not in ("IMPORT", "SEMICOLON", "COMMENT"):
            break
    return found


def cut(text: str) -> list[Token]:
    """The tokens and comments of a text that has no fault."""
    return list(_lex(text))


def _lex(text: str) -> Iterator[Any]:
    start: Any = _parser().parse_interactive(text, start="script")
    tokens: Iterator[Any] = start.lexer_thread.lex(start.parser_state)
    return tokens


def expected_behind(tokens: Sequence[Token]) -> dict[str, str]:
    """The keywords that may follow, by the kind of their word, as far as the grammar goes. What is wrong before is
    left out, as where a script is read."""
    piece = _unfinished(tokens)
    repair = Repair(piece, _spelled(), set(), _make, lambda message, span: None)
    for _ in range(MAX_SYNTAX_ERRORS):
        outcome = at_once(_feed(piece, "script"))
        if isinstance(outcome, Tree):
            outcome = len(piece), {*BEGINS, "IMPORT"}
        if outcome[0] == len(piece):
            return {kind: _spelled()[kind] for kind in _accepted_behind(piece) & _keywords()}
        if not repair.mend(*outcome):
            repair.leave_out(*outcome)
    return {}


def _accepted_behind(piece: Sequence[Token]) -> set[str]:
    """Before anything is concluded from the end being there."""
    parser: Any = _parser().parse_interactive(start="script")
    for token in piece:
        _put(parser, token)
    accepted: set[str] = parser.accepts()
    return accepted


def _unfinished(tokens: Sequence[Token]) -> list[Token]:
    """From where the last declaration begins, without what closes nothing."""
    start = depth = 0
    kept: list[Token] = []
    for index, token in enumerate(tokens):
        if token.type in BEGINS and (depth == 0 or starts_a_declaration(tokens, index)):
            start, depth = len(kept), 0
        elif token.type == "RBRACE" and depth == 0:
            continue
        depth += (token.type == "LBRACE") - (token.type == "RBRACE")
        if not token.type.startswith(("BROKEN", "STRAY")):
            kept.append(token)
    return kept[start:]


def _feed(tokens: Sequence[Token], start: str) -> Turns[Tree[Token] | tuple[int, set[str]]]:
    """The tree, or the index of the token that does not fit and the kinds of those that would."""
    parser: Any = _parser().parse_interactive(start=start)
    for index, token in enumerate(tokens):
        if index % WORDS_A_TURN == 0:
            yield
        try:
            _put(parser, token)
        except UnexpectedToken:
            return index, parser.accepts()
    try:
        tree: Tree[Token] = parser.feed_token(Token("$END", ""))
    except UnexpectedToken:
        return len(tokens), parser.accepts()
    return tree


def _put(parser: Any, token: Token) -> None:
    """Raises UnexpectedToken."""
    try:
        parser.feed_token(token)
    except UnexpectedToken:
        if token.type not in _keywords():
            raise
        parser.feed_token(token.update(type="NAME"))  # what was reduced on the way is right for any next token
