"""Brackets made to match before the grammar looks, so that what follows a forgotten one is still understood.

Runs on tokens (build_values.py says what a token is). `make(type, text, near)` makes one of no width behind `near`.
"""

from collections.abc import Callable, Iterator, Sequence

from app.dtsl import diagnostics
from app.dtsl.build_values import Report, Token, span_of
from app.dtsl.turns import WORDS_A_TURN, Turns
from app.model.conditions import MAX_NESTING

Make = Callable[[str, str, Token], Token]

BEGINS = ("RELATIONSHIP", "TWIN", "OVERLAY", "INSTANCE")
"""The words that declarations begin with."""
_BEGINNINGS = (
    ("RELATIONSHIP", "TYPE", "NAME", "LBRACE"),
    ("TWIN", "TYPE", "NAME", "LBRACE"),
    ("TWIN", "TYPE", "NAME", "EXTENDS"),
    ("TWIN", "NAME", "OF"),
    ("OVERLAY", "NAME", "LBRACE"),
    ("INSTANCE", "NAME", "LBRACE"),
    ("INSTANCE", "NAME", "OF"),
)
_CLOSING = {"LBRACE": ("RBRACE", "}"), "LPAR": ("RPAR", ")"), "LSQB": ("RSQB", "]")}
_OPENING = {"RBRACE": ("LBRACE", "{"), "RPAR": ("LPAR", "("), "RSQB": ("LSQB", "[")}


def balance(tokens: Sequence[Token], make: Make, report: Report) -> Turns[list[Token] | None]:
    """The tokens with each bracket closed and none closing nothing; None where they nest too deeply to go on."""
    balanced: list[Token] = []
    open_: list[Token] = []
    indents: dict[int, int] = {}
    """By line, the column of its first token."""
    lacking = sum(token.type == "LBRACE" for token in tokens) - sum(token.type == "RBRACE" for token in tokens)

    def close(near: Token) -> None:
        kind, text = _CLOSING[open_.pop().type]
        balanced.append(make(kind, text, near))

    def missing(opened: Token) -> None:
        report(diagnostics.unclosed(str(opened), _CLOSING[opened.type][1]), span_of(opened))

    for index, token in enumerate(tokens):
        if index % WORDS_A_TURN == 0:
            yield
        kind = token.type
        first = token.line not in indents
        indents.setdefault(token.line, token.column)
        previous = balanced[-1] if balanced else token
        if open_ and kind in BEGINS and starts_a_declaration(tokens, index):
            while open_:
                missing(open_[-1])
                close(previous)
        elif kind in ("SEMICOLON", "RBRACE"):
            while open_ and open_[-1].type != "LBRACE":
                missing(open_[-1])
                close(previous)
            # Where a brace is lacking, the indentation tells which: a `}` left of its block closes an outer one
            while kind == "RBRACE" and first and lacking > 0 and open_ and token.column < indents[open_[-1].line]:
                missing(open_[-1])
                close(previous)
                lacking -= 1
        if kind in _CLOSING:
            if len(open_) == MAX_NESTING:
                report(diagnostics.too_deep(MAX_NESTING), span_of(token))
                return None
            open_.append(token)
        elif kind in _OPENING:
            opening, text = _OPENING[kind]
            if not open_ or open_[-1].type != opening:
                report(diagnostics.unopened(str(token), text), span_of(token))
                continue
            open_.pop()
        balanced.append(token)
    while open_:
        missing(open_[-1])
        close(balanced[-1])
    return balanced


def starts_a_declaration(tokens: Sequence[Token], index: int) -> bool:
    """`overlay NAME {`, `twin NAME of` and their like, which stand nowhere but at the top."""
    kinds = tuple("NAME" if token.type == "STRING" else token.type for token in tokens[index : index + 4])
    return any(kinds[: len(beginning)] == beginning for beginning in _BEGINNINGS)


def declarations(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Balanced tokens cut behind every `}` that closes to the top: each piece is parsed, and may fail, alone."""
    piece: list[Token] = []
    depth = 0
    for token in tokens:
        piece.append(token)
        depth += (token.type == "LBRACE") - (token.type == "RBRACE")
        if depth == 0 and token.type == "RBRACE":
            yield piece
            piece = []
    if piece:
        yield piece
