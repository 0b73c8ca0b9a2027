"""`alert(critical, "Hot: {pump.temperature}", latched, delayOn 5s, code hot)`: severity, message and options."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal

from app.dtsl import diagnostics
from app.dtsl import diagnostics_behaviors as messages
from app.dtsl.ast import Argument, Call, Constant, Length, Name, Named, Option, Text, Word
from app.dtsl.diagnostics import Message
from app.dtsl.messages import faults_in
from app.dtsl.places import below
from app.dtsl.scope import Scope
from app.dtsl.source import Span
from app.dtsl.spelling import dtsl_member, read_name
from app.model.behaviors import AlertAction

Kind = Literal["flag", "length", "number", "name"]
OPTIONS: Mapping[str, tuple[Kind, str]] = {
    "latched": ("flag", "stays active until a person resets it"),
    "ack_required": ("flag", "is closed only once a person has acknowledged it"),
    "delay_on": ("length", "is raised once the behavior has been active for so long"),
    "delay_off": ("length", "is cleared once the behavior has been inactive for so long"),
    "deadband": ("number", "moves the comparisons of the condition in the clearing direction"),
    "re_alarm": ("length", "is unacknowledged again when it is still active after so long"),
    "code": ("name", "names it among the behavior's alerts"),
    "group": ("name", "marks the first of those that a single cause raises together"),
}
"""As documents spell them; what each takes, and what it does to the alert."""
_TAKES: Mapping[Kind, str] = {
    "flag": "true, false or nothing",
    "length": "a length of time such as 5s",
    "number": "a number",
    "name": "a name",
}


def lower_alert(
    call: Call,
    scope: Scope,
    report: Callable[[Message, Span], None],
    places: MutableMapping[str, Span],
    pointer: str,
) -> AlertAction | None:
    """None where it is reported as wrong."""
    match call.arguments:
        case (Word() as severity, Text() as message, *options):
            pass
        case (Constant(value=str(), span=span), Constant(value=str()), *_):
            report(diagnostics.quoted_severity(), span)
            return None
        case (Option(name=word), *_) if word.id in diagnostics.SEVERITIES:
            report(messages.missing_comma(word.id), Span(word.span.end, word.span.end + 1))
            return None
        case _:
            report(diagnostics.alert_arguments(), call.span)
            return None
    if call.required:
        report(messages.required_alert(), call.span)
    faults = list(faults_in(message.written, scope))
    for fault in faults:
        report(fault.message, Span(message.letters[fault.start], message.letters[fault.end]))
    if severity.text not in diagnostics.SEVERITIES:
        report(diagnostics.unknown_severity(severity.text), severity.span)
    places[below(pointer, "severity")], places[below(pointer, "message")] = severity.span, message.span
    found: dict[str, Any] = {}
    wrong = bool(faults) or call.required or severity.text not in diagnostics.SEVERITIES
    for option in options:
        name, span = _named(option)
        given = _value(option)
        kind, _ = OPTIONS.get(name, (None, ""))
        if kind is None:
            report(messages.unknown_option(dtsl_member(name), map(dtsl_member, OPTIONS)), span)
        elif isinstance(option, Named) or not _fits(kind, option, given):
            equals = isinstance(option, Named)
            report(messages.wrong_option(dtsl_member(name), _TAKES[kind], equals=equals), span)
        elif name in found:
            report(diagnostics.said_twice(dtsl_member(name)), span)
        else:
            found[name] = given
            places[below(pointer, name)] = span
            continue
        wrong = True
    if wrong:
        return None
    return AlertAction(type="alert", severity=severity.text, message=message.value, **found)  # type: ignore[arg-type]


def _named(option: Argument) -> tuple[str, Span]:
    match option:
        case Option(name=name) | Named(name=name):
            return name.id, name.span
        case Word(text=text, span=span):
            return read_name(text), span
        case _:
            return "", option.span


def _value(option: Argument) -> Any:
    match option:
        case Option(value=Length(seconds=seconds)):
            return float(seconds)
        case Option(value=Name(id=id)):
            return id
        case Option(value=Constant(value=value)):
            return value
        case _:
            return True


def _fits(kind: Kind, option: Argument, value: Any) -> bool:
    match kind:
        case "number" if isinstance(option, Option) and isinstance(option.value, Length):
            return False
        case "flag":
            return isinstance(value, bool)
        case "name":
            return isinstance(value, str)
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)
