"""The lines that do something: what a plant, its devices and its people do, one function for each first word."""

from collections.abc import Callable
from typing import get_args

from app.dtsl.diagnostics import one_of
from app.model.definitions import Kind, Lifecycle
from app.model.time import Micros
from app.model.values import Quality
from app.scenarios.script import (
    Action,
    Answer,
    Answered,
    At,
    AtAlert,
    Call,
    Event,
    Given,
    Link,
    Name,
    Override,
    Qualify,
    Remove,
    Restart,
    Sending,
    Set,
    SetLifecycle,
    Shelve,
    StepClock,
    Write,
)
from app.scenarios.words import Words

QUALITIES = get_args(Quality)
_LIFECYCLES = get_args(Lifecycle)
_ANSWERS = get_args(Answered)
_PROPERTY, _METHOD, _BEHAVIOR, _EVENT = "a property", "a method", "a behavior", "an event"
_KINDS: tuple[Kind, ...] = ("twin_type", "overlay_type", "relationship_type", "twin", "overlay")
OPERATOR = "operator"
"""Who acts where a line does not say who."""


def _at(words: Words) -> Action:
    word = words.peek()
    if word is not None and word.kind == "text":
        return At(words.moment(), "epoch")
    return At(words.duration(), "now") if words.take("+") else At(words.duration(), "beginning")


def _set(words: Words) -> Action:
    items = [_given(words)]
    while words.take(","):
        items.append(_given(words))
    return Set(tuple(items), _shift(words))


def _given(words: Words) -> Given:
    target = words.member(_PROPERTY)
    words.need("=")
    value = words.value()
    quality = words.maybe(QUALITIES)
    reason = words.maybe_text() if quality is not None else None
    return Given(target, value, quality, reason)  # type: ignore[arg-type]  # it is one of them


def _shift(words: Words) -> Micros:
    """`measured 20s ago`, `measured 10s ahead`."""
    if not words.take("measured"):
        return 0
    micros = words.duration()
    return -micros if words.one_of(("ago", "ahead"), "direction") == "ago" else micros


def _quality(words: Words) -> Action:
    target = words.member(_PROPERTY)
    words.need("=")
    quality: Quality = words.one_of(QUALITIES, "quality")  # type: ignore[assignment]  # it is one of them
    return Qualify(target, quality, words.maybe_text())


def _twins(words: Words) -> tuple[Name, ...]:
    """Empty for `all`."""
    if words.take("all"):
        return ()
    names = [words.name("a twin, or 'all'")]
    while words.take(","):
        names.append(words.name("a twin"))
    return tuple(names)


def _disconnect(words: Words) -> Action:
    return Link("disconnect", _twins(words), words.maybe_text() or "")


def _reconnect(words: Words) -> Action:
    return Link("reconnect", _twins(words))


def _reread(words: Words) -> Action:
    return Link("reread", _twins(words))


def _event(words: Words) -> Action:
    return Event(words.member(_EVENT), words.parameters(), _shift(words))


def _by(words: Words) -> str:
    return words.text("who does it") if words.take("by") else OPERATOR


def _because(words: Words, otherwise: str) -> str:
    return words.text("why") if words.take("because") else otherwise


def _write(words: Words) -> Action:
    target = words.member(_PROPERTY)
    words.need("=")
    return Write(target, words.value(), _by(words), _overriding(words))


def _call(words: Words) -> Action:
    return Call(words.member(_METHOD), words.arguments(), _by(words), _overriding(words))


def _overriding(words: Words) -> str:
    return words.text("why interlocks are overridden") if words.take("overriding") else ""


def code_of(words: Words) -> str | None:
    return words.name("the alert's code").id if words.take("code") else None


def _acknowledge(words: Words) -> Action:
    target, code, by = words.member(_BEHAVIOR), code_of(words), _by(words)
    return AtAlert("acknowledge", target, code, by, _comment(words))


def _reset(words: Words) -> Action:
    target, code, by = words.member(_BEHAVIOR), code_of(words), _by(words)
    return AtAlert("reset", target, code, by, _comment(words))


def _comment(words: Words) -> str:
    return words.text("a comment") if words.take("comment") else ""


def _note(words: Words) -> Action:
    target, code = words.member(_BEHAVIOR), code_of(words)
    comment = words.text("the comment")
    return AtAlert("comment", target, code, _by(words), comment)


def _shelve(words: Words) -> Action:
    target, code = words.member(_BEHAVIOR), code_of(words)
    words.need("for")
    return Shelve(target, code, words.duration(), _by(words), _because(words, "a test"))


def _unshelve(words: Words) -> Action:
    return Shelve(words.member(_BEHAVIOR), code_of(words), None, _by(words), _because(words, ""))


def _force(words: Words) -> Action:
    target = words.member(_PROPERTY)
    words.need("=")
    value, by = words.value(), _by(words)
    return Override("force", target, by, _because(words, "a test"), value)


def _out_of_service(words: Words) -> Action:
    words.need("of", "service")
    target, by = words.member(_PROPERTY), _by(words)
    return Override("out of service", target, by, _because(words, "a test"))


def _clear_override(words: Words) -> Action:
    words.need("override")
    target, by = words.member(_PROPERTY), _by(words)
    return Override("clear override", target, by, _because(words, ""))


def _answer(words: Words) -> Action:
    target = None if words.take("all") else words.member("a method or a property")
    status: Answered = words.one_of(_ANSWERS, "answer")  # type: ignore[assignment]  # it is one of them
    if status == "accepted":
        return Answer(target, status, None if words.done() else words.value())
    return Answer(target, status, error=words.maybe_text() or "")


def _hold(words: Words) -> Action:
    words.need("calls")
    return Sending("hold")


def _send(words: Words) -> Action:
    words.need("calls")
    return Sending("send")


def _remove(words: Words) -> Action:
    kind = next((kind for kind in _KINDS if words.take(*kind.split("_"))), None)
    if kind is None:
        words.fail("what to remove", f"write {one_of([kind.replace('_', ' ') for kind in _KINDS])} before its name")
    return Remove(kind, words.name("what to remove"))


def _lifecycle(words: Words) -> Action:
    overlay = words.name("an overlay")
    lifecycle: Lifecycle = words.one_of(_LIFECYCLES, "lifecycle")  # type: ignore[assignment]  # it is one of them
    return SetLifecycle(overlay, lifecycle)


def _restart(words: Words) -> Action:
    return Restart(words.duration() if words.take("after") else 0)


def _clock(words: Words) -> Action:
    if words.take("-"):
        return StepClock(-words.duration())
    if not words.take("+"):
        words.fail("'+' or '-'", "write 'clock +1h' or 'clock -1h'")
    return StepClock(words.duration())


ACTIONS: dict[str, Callable[[Words], Action]] = {
    "at": _at,
    "set": _set,
    "quality": _quality,
    "disconnect": _disconnect,
    "reconnect": _reconnect,
    "reread": _reread,
    "event": _event,
    "write": _write,
    "call": _call,
    "acknowledge": _acknowledge,
    "reset": _reset,
    "comment": _note,
    "shelve": _shelve,
    "unshelve": _unshelve,
    "force": _force,
    "out": _out_of_service,
    "clear": _clear_override,
    "answer": _answer,
    "hold": _hold,
    "send": _send,
    "remove": _remove,
    "lifecycle": _lifecycle,
    "restart": _restart,
    "clock": _clock,
}
