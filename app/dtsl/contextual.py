"""Words that may be a keyword or a name where the grammar takes both: the word behind them tells.

`every`, `on` and `known` begin a value, and so may a property of that name: `on == true` beside `on pump.started()`;
`emit` and `required` begin an action, and so may a role.
A `%` behind a number divides, unless nothing follows that could be divided by.
"""

from collections.abc import Sequence
from typing import Any

from app.dtsl.turns import WORDS_A_TURN, Turns

Token = Any
_INFIX = frozenset({"FOR", "WITHIN", "IN", "BETWEEN", "AND_WORD", "OF"})
_NUMBERS = frozenset({"INTEGER", "FLOAT"})
_VALUES = frozenset({"STRING", "INTEGER", "FLOAT", "DURATION", "LPAR", "MINUS", "BANG"})


def as_meant(tokens: list[Token]) -> Turns[None]:
    """Gives each such word its kind, in place."""
    for index, token in enumerate(tokens):
        if index % WORDS_A_TURN == 0:
            yield
        match token.type:
            case "EVERY" if not _goes_on(tokens, index, {"DURATION", "TIME", "INTEGER"}):
                tokens[index] = token.update(type="NAME")
            case "ON" if not _goes_on(tokens, index, {"STRING"}):
                tokens[index] = token.update(type="NAME")
            case "EMIT" | "REQUIRED" if not _begins_an_action(tokens, index):
                tokens[index] = token.update(type="NAME")
            case "KNOWN" if not _is_known_of(tokens, index):
                tokens[index] = token.update(type="NAME")
            case "MODULO" if index and tokens[index - 1].type in _NUMBERS and not _is_value(tokens, index + 1):
                tokens[index] = token.update(type="STRING", value="'%'")


def _goes_on(tokens: Sequence[Token], index: int, kinds: set[str]) -> bool:
    """Whether a name follows, or one of these."""
    if index + 1 == len(tokens):
        return False
    following = tokens[index + 1]
    return following.type in kinds or (_is_word(following) and following.type not in _INFIX)


def _begins_an_action(tokens: Sequence[Token], index: int) -> bool:
    """`emit pump.tripped()`; but `emit.start()` calls a role of that name."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    return following is not None and (following.type == "STRING" or _is_word(following))


def _is_known_of(tokens: Sequence[Token], index: int) -> bool:
    """`avg(known x)`, and `avg(known (a - b) * 2)`; but in `any(known(a.b))` it is the function."""
    if not index or tokens[index - 1].type != "LPAR" or not _is_value(tokens, index + 1):
        return False
    following = index + 1
    if tokens[following].type != "LPAR":
        return not _goes_on_with(tokens, following)
    following += 1
    while following + 1 < len(tokens) and tokens[following + 1].type == "DOT":
        following += 2
    return following + 1 < len(tokens) and tokens[following + 1].type != "RPAR"


def _goes_on_with(tokens: Sequence[Token], index: int) -> bool:
    """Whether this word is the operator of what stands before it: `known in [1]`, but `known in != null` of a role."""
    behind = tokens[index + 1].type if index + 1 < len(tokens) else ""
    match tokens[index].type:
        case "IN":
            return behind == "LSQB"
        case "FOR" | "WITHIN":
            return behind in ("DURATION", *_NUMBERS)
        case "BETWEEN":
            return _is_value(tokens, index + 1)
        case _:
            return False


def _is_value(tokens: Sequence[Token], index: int) -> bool:
    if index >= len(tokens):
        return False
    token = tokens[index]
    return token.type in _VALUES or _is_word(token)


def _is_word(token: Token) -> bool:
    return str(token).isidentifier()
