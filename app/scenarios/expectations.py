"""The lines that begin with `expect`: what must be so at the moment, or must have happened since the last step.

A new kind of expectation is a function here, a line in EXPECTATIONS under its first word, and its judge (judge.py).
"""

from collections.abc import Callable
from typing import Literal, get_args

from app.model.behaviors import Severity
from app.model.events import AlertTransition, CallStatus, Evidence
from app.model.values import Value
from app.scenarios.actions import QUALITIES, code_of
from app.scenarios.script import (
    AlertFlag,
    CompareOp,
    ExpectAlert,
    ExpectAlertFact,
    Expectation,
    ExpectBehavior,
    ExpectCall,
    ExpectConnection,
    ExpectEvent,
    ExpectNoAlert,
    ExpectNoCall,
    ExpectNothing,
    ExpectProperty,
    ExpectRefused,
    ExpectRejected,
    ExpectWhy,
    Member,
    Text,
)
from app.scenarios.words import Words

_OPS = get_args(CompareOp)
_SEVERITIES = get_args(Severity)
_FLAGS = get_args(AlertFlag)
_STATES = ("active", "inactive")
_OF_BEHAVIORS = (*_STATES, "evidence", "fired", "skipped", "error")
_EVIDENCE = get_args(Evidence)
_STATUSES = get_args(CallStatus)
_CONNECTIONS = ("connected", "disconnected", "connecting", "unconfigured")
_TRANSITIONS = get_args(AlertTransition)
_AFTER_A_MEMBER = (
    "a comparison such as '== 80.0', 'known', 'unknown', a quality, 'forced' or 'out of service' of a property;"
    " 'active', 'inactive', 'evidence', 'fired', 'skipped' or 'error' of a behavior"
)


def expectation(words: Words) -> Expectation:
    """What stands behind `expect`."""
    word = words.peek()
    after = words.peek(1)
    named = after is not None and after.kind == "sign" and after.written == "."
    if word is not None and word.kind == "name" and not named and word.written in EXPECTATIONS:
        words.take(word.written)
        return EXPECTATIONS[word.written](words)
    of_a_kind = words.is_next("twin") or words.is_next("overlay")
    if not named and not of_a_kind:
        return _connection(words)
    target = words.member("a property or a behavior")
    following = words.peek()
    if following is not None and following.written in _OF_BEHAVIORS:
        return _behavior(words, target)
    return _property(words, target)


def _connection(words: Words) -> Expectation:
    twin = words.name("what is expected")
    if words.done():
        words.fail("'.' or a state", f"a twin is {', '.join(_CONNECTIONS)}; first words are {', '.join(EXPECTATIONS)}")
    status = words.one_of(_CONNECTIONS, "state of a connection")
    return ExpectConnection(twin, status, words.maybe_text())  # type: ignore[arg-type]  # it is one of them


def _property(words: Words, target: Member) -> Expectation:
    op: CompareOp | None = None
    value: Value = None
    known, quality, override = None, None, None
    word = words.peek()
    if word is not None and word.kind == "sign" and word.written in _OPS:
        words.take(word.written)
        op, value = word.written, words.value()  # type: ignore[assignment]  # it is one of them
    begins = words.peek()
    while (word := words.peek()) is not None and word.kind == "name":
        if words.take("known"):
            known = True
        elif words.take("unknown"):
            known = False
        elif words.take("forced"):
            override = "forced"
        elif words.take("out", "of", "service"):
            override = "out_of_service"
        elif (said := words.maybe(QUALITIES)) is not None:
            quality = said
        else:
            words.fail("what is expected of it", _AFTER_A_MEMBER)
    if op is None and words.peek() is begins:
        words.fail("what is expected of it", _AFTER_A_MEMBER)
    return ExpectProperty(target, op, value, known, quality, override, words.maybe_text())  # type: ignore[arg-type]


def _behavior(words: Words, target: Member) -> Expectation:
    state = words.maybe(_STATES)
    evidence = words.one_of(_EVIDENCE, "evidence") if words.take("evidence") else None
    fired = words.take("fired")
    skipped = _match(words, "an action that was skipped") if words.take("skipped") else None
    error = _match(words, "the error it is shown with") if words.take("error") else None
    return ExpectBehavior(target, state, evidence, fired, skipped, error)  # type: ignore[arg-type]  # each is one of them


def _match(words: Words, what: str) -> Text:
    found = words.maybe_match()
    if found is None:
        words.fail(f"{what}, in quotes")
    return found


def _alert(words: Words) -> Expectation:
    target = words.member("a behavior")
    severity, message, code = words.maybe(_SEVERITIES), words.maybe_match(), code_of(words)
    flags = []
    while not words.done():
        if code is None and (code := code_of(words)) is not None:
            continue
        flags.append(words.one_of(_FLAGS, "state of an alert"))
    return ExpectAlert(target, severity, message, code, tuple(flags))  # type: ignore[arg-type]  # each is one of them


def _no(words: Words) -> Expectation:
    what = words.one_of(("alert", "call", "write"), "thing that can be missing")
    target = None if words.done() else words.member("a behavior" if what == "alert" else "a method or a property")
    if what == "alert":
        return ExpectNoAlert(target, code_of(words))
    if what == "call":
        return ExpectNoCall(target, False, words.arguments() if words.is_next("(") else None)
    return ExpectNoCall(target, True, {"value": words.value()} if words.take("=") else None)


def _transition(transition: str) -> Callable[[Words], Expectation]:
    def read(words: Words) -> Expectation:
        words.take("alert")
        return ExpectAlertFact(transition, words.member("a behavior"), code_of(words))  # type: ignore[arg-type]

    return read


def _call(words: Words) -> Expectation:
    target = words.member("a method")
    arguments = words.arguments() if words.is_next("(") else None
    return ExpectCall(target, False, arguments, _status(words), _code(words), words.maybe_match())


def _write(words: Words) -> Expectation:
    target = words.member("a property")
    arguments = {"value": words.value()} if words.take("=") else None
    return ExpectCall(target, True, arguments, _status(words), _code(words), words.maybe_match())


def _status(words: Words) -> str | None:
    word = words.peek()
    said = word is not None and word.kind == "name" and word.written != "containing"
    return words.one_of(_STATUSES, "state of a call") if said else None


def _code(words: Words) -> str | None:
    word = words.peek()
    if word is None or word.kind != "name" or not word.written.isupper():
        return None
    words.take(word.written)
    return word.written


def _event(words: Words) -> Expectation:
    target = words.member("an event")
    return ExpectEvent(target, words.parameters() if words.is_next("(") else None)


def _nothing(words: Words) -> Expectation:
    return ExpectNothing(words.take("else"))


def _refused(words: Words) -> Expectation:
    word = words.peek()
    if word is None or word.kind != "name":
        words.fail("the code of the refusal", "such as VALUE_OUT_OF_RANGE")
    words.take(word.written)
    return ExpectRefused(word.written, words.maybe_match())


def _rejected(words: Words) -> Expectation:
    target = words.member("a property")
    word = words.peek()
    if word is None or word.kind != "name":
        words.fail("the reason of the rejection", "such as Late or TypeMismatch")
    words.take(word.written)
    return ExpectRejected(target, word.written)


def _why(words: Words) -> Expectation:
    of: Literal["behavior", "not", "alert"] = "behavior"
    if words.take("not"):
        of = "not"
    elif words.take("alert"):
        of = "alert"
    return ExpectWhy(of, words.member("a behavior"), _match(words, "what is explained"))


EXPECTATIONS: dict[str, Callable[[Words], Expectation]] = {
    "alert": _alert,
    "no": _no,
    **{word: _transition(word) for word in _TRANSITIONS},
    "call": _call,
    "write": _write,
    "event": _event,
    "nothing": _nothing,
    "refused": _refused,
    "rejected": _rejected,
    "why": _why,
}
