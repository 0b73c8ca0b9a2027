"""Every sentence of an explanation, in one place (golden-tested): a paragraph that a person on shift can read.

It tells what decides and leaves out what does not: of a true `&&` all its parts, of a false one only those that are
false. The tree beside it has everything.
"""

import json
from collections.abc import Iterator, Sequence

from app.dtsl.format_conditions import format_condition
from app.model.conditions import (
    Aggregate,
    Among,
    And,
    Between,
    Bound,
    Compare,
    Condition,
    Literal,
    Not,
    Or,
    PropertyRef,
    outside_members,
    written,
)
from app.model.events import BehaviorChanged, Call, Cause, Read
from app.model.explanation import Explanation, Missing, Seen, Way, WhyNot
from app.model.plan import BehaviorKey
from app.model.time import Micros, iso
from app.model.values import Value

MOST = 8
"""Parts that are told one by one; the others are counted."""

_REASONS = {
    "NoReading": "it was never reported",
    "PathSilent": "the path to its device is silent",
    "Stale": "it has not been reported for longer than it may",
    "Unmapped": "no connector feeds it any more",
    "DivisionByZero": "it is computed by a division by zero",
    "Overflow": "what it is computed from gives no finite number",
    "NotWhole": "it is an integer, and what it is computed from gives none",
    "NotInEnum": "what it is computed from is none of its values",
    "OutOfService": "it was taken out of service",
    "Bad": "its source calls it bad",
}
_ABOVE = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
_CAUSES = {
    "reading": "a reading of '{ref}'",
    "behavior": "behavior '{name}' of '{owner}'",
    "command": "a command of '{ref}'",
    "call": "the outcome of call '{ref}'",
    "load": "a change of definitions (catalogue revision {ref})",
    "source": "news of the path to '{ref}'",
    "tick": "the passing of time ({ref})",
}
_MOMENTS = {
    "delay_on": "the end of the on-delay of alert '{name}'",
    "delay_off": "the end of the off-delay of alert '{name}'",
    "escalate": "the moment of escalation {name}",
    "expect": "the end of the time for what action {name} expects",
}
"""Of the passing of time, by what waited for it."""


def paragraph(explanation: Explanation) -> str:
    told = [_headline(explanation), *_because(explanation), *_led_to(explanation), *_did(explanation)]
    return " ".join(sentence for sentence in told if sentence)


def why_not_paragraph(why_not: WhyNot) -> str:
    explanation = why_not.explanation
    told = [_headline(explanation)]
    if explanation.basis is not None and explanation.state == "inactive":
        told += _ways(why_not)
    told += [f"If it became active now, something would stand in the way: {line}." for line in why_not.blocked]
    return " ".join(sentence for sentence in told if sentence)


# ---------------------------------------------------------------- what is


def _headline(explanation: Explanation) -> str:
    what = _named(explanation.key)
    if explanation.alert is not None:
        alert = explanation.alert
        raised = f"Alert '{alert.code}' ({alert.severity}) of {what} was raised at {moment(explanation.at)}"
        if explanation.basis is None:
            return f"{raised}: {alert.message.rstrip('.')}."
        return f"{raised}, because its condition was true."
    if explanation.turn is not None:
        return _turned(explanation.turn, what)
    what = what[0].upper() + what[1:]
    if explanation.error is not None and explanation.basis is None:
        return f"{what} can't run: {explanation.error.rstrip('.')}."
    since = f" since {moment(explanation.since)}" if explanation.since else ""
    match explanation.state, explanation.evidence:
        case "active", "unknown":
            return f"{what} is active{since} and stays so: whether its condition still holds is unknown."
        case "active", _:
            return f"{what} is active{since}, because its condition is true."
        case _, "unknown":
            return f"{what} is inactive{since}: whether its condition holds is unknown."
        case _, "true":
            return f"{what} is not active, although its condition is true."
        case _:
            return f"{what} is inactive{since}, because its condition is false."


def _turned(turn: BehaviorChanged, what: str) -> str:
    at = moment(turn.at)
    if turn.fired and turn.state == "inactive":
        return f"{what[0].upper()}{what[1:]} fired at {at}, because its condition was true."
    if turn.state != turn.was:
        known = turn.basis is not None and turn.evidence != "unknown"
        why = f", because its condition was {turn.evidence}" if known else ""
        return f"{what[0].upper()}{what[1:]} became {turn.state} at {at}{why}."
    if turn.evidence == "unknown":
        return f"At {at} it became unknown whether the condition of {what} held: it stayed {turn.state}."
    return f"At {at} the condition of {what} was known to be {turn.evidence}: it stayed {turn.state}."


def _named(key: BehaviorKey) -> str:
    of = f"{key.owner.kind} '{key.owner.id}'"
    return f"behavior '{key.name}' of {of}" if key.name else of


def _because(explanation: Explanation) -> Iterator[str]:
    """One sentence of the parts that decide."""
    if explanation.basis is None or not explanation.nodes:
        return
    words = _Words(explanation)
    places = list(dict.fromkeys(deciding(explanation.nodes)))
    told = [words.part(place) for place in places[:MOST]]
    if len(places) > MOST:
        told.append(f"{len(places) - MOST} more parts likewise")
    sentence = "; ".join(told)
    yield sentence[0].upper() + sentence[1:] + "."


def deciding(nodes: Sequence[Seen]) -> Iterator[int]:
    """The places of the sub-conditions that make the whole what it is."""
    under: list[list[int]] = [[] for _ in nodes]
    for place, item in enumerate(nodes):
        if item.parent is not None:
            under[item.parent].append(place)

    def truth(place: int) -> object:
        return nodes[place].value if nodes[place].type == "boolean" else None

    def walk(place: int) -> Iterator[int]:
        node = nodes[place].node
        if isinstance(node, And | Or):
            same = [child for child in under[place] if truth(child) is truth(place)]
            for child in same:
                yield from walk(child)
        elif isinstance(node, Not):
            yield from walk(under[place][0])
        else:
            yield place

    return walk(0)


class _Words:
    def __init__(self, explanation: Explanation) -> None:
        assert explanation.basis is not None
        self._nodes = explanation.nodes
        self._at = explanation.at
        self._is = "is" if explanation.alert is None and explanation.turn is None else "was"
        self._together = {item.node: item for item in explanation.basis.together}
        self._reads = {PropertyRef(read.owner, read.fact.property): read for read in explanation.basis.reads}
        self._under: list[list[int]] = [[] for _ in self._nodes]
        for place, item in enumerate(self._nodes):
            if item.parent is not None:
                self._under[item.parent].append(place)

    def part(self, place: int) -> str:
        item = self._nodes[place]
        node = item.node
        if isinstance(node, Bound):
            return f"'{written(node.owner)}' {self._is} {'there' if item.value else 'not there'}"
        if item.type != "boolean" or item.value is None:
            return self._unknown(place)
        match node:
            case PropertyRef():
                return f"{self._subject(node)} {self._is} {shown(item.value)}{self._evidence(node)}"
            case Compare(op=op, left=PropertyRef() as ref, right=Literal(value=value)):
                return f"{self._value(ref)}{_compared(op, value, item.value, self._unit(ref))}{self._evidence(ref)}"
            case Compare(op=op, left=Aggregate() as together, right=Literal(value=value)) if (
                self._came(together) is not None
            ):
                came = f"`{format_condition(together)}` {self._is} {shown(self._came(together))}"
                return f"{came}{_compared(op, value, item.value, '')}{self._with(place)}"
            case _:
                why = f", {item.why}" if item.why else ""
                return f"`{format_condition(node)}` {self._is} {shown(item.value)}{why}{self._with(place)}"

    def subject(self, place: int) -> str:
        """What a node is called, with its value: `temperature of 'p1' is 78.4 celsius`."""
        node = self._nodes[place].node
        if isinstance(node, PropertyRef):
            read = self._reads.get(node)
            if read is not None and not read.fact.state().known:
                return f"{self._subject(node)} is not known"
            return self._value(node)
        value = self._nodes[place].value
        return f"`{format_condition(node)}` is {'not known' if value is None else shown(value)}"

    def _unknown(self, place: int) -> str:
        """The first thing under it that is to blame: a property that is not known, or a sum that has no result."""
        told = list(dict.fromkeys(self._blames(place)))
        if told:
            return " and ".join(told)
        return f"`{format_condition(self._nodes[place].node)}` can't be told"

    def _blames(self, place: int) -> Iterator[str]:
        item = self._nodes[place]
        if item.value is not None and item.type is not None:
            return
        node = item.node
        if isinstance(node, PropertyRef) and node in self._reads:
            yield f"{self._subject(node)} {self._is} not known: {self._why(self._reads[node])}"
        elif isinstance(node, Aggregate) and (outside := list(self._outside(node))):
            yield from outside
        elif item.why:
            yield f"in `{format_condition(node)}`, {item.why}" if not isinstance(node, PropertyRef) else item.why
        for child in self._under[place]:
            yield from self._blames(child)

    def _outside(self, node: Aggregate) -> Iterator[str]:
        """What is not known beside the members, where that keeps all of them unknown."""
        found = self._together.get(node)
        if found is None or found.unknown < found.members:
            return
        for ref in dict.fromkeys(outside_members(node)):
            if isinstance(ref, PropertyRef) and ref in self._reads and not self._reads[ref].fact.state().known:
                yield f"{self._subject(ref)} {self._is} not known: {self._why(self._reads[ref])}"

    def _came(self, node: Condition) -> Value:
        found = self._together.get(node)
        return found.value if found is not None else None

    def _why(self, read: Read) -> str:
        state = read.fact.state()
        override = state.override
        if override is not None and override.kind == "out_of_service":
            return f"'{override.by}' took it out of service{_quoted(override.reason)}"
        reason = state.reason or "PathSilent"
        told = _REASONS.get(reason, f"its reason is {reason}")
        if state.value is None or not state.timestamp:
            return told
        last = f"{shown(state.value)}{_unit_after(read.unit)}"
        return f"{told}, and its last value, {last}, is of {self._moment(state.timestamp)}"

    def _with(self, place: int) -> str:
        """The properties that a sub-condition reads, for those that can't be said in one breath."""
        refs = dict.fromkeys(
            self._nodes[child].node for child in self._below(place) if isinstance(self._nodes[child].node, PropertyRef)
        )
        told = [
            self._value(ref) + self._evidence(ref)
            for ref in refs
            if isinstance(ref, PropertyRef) and ref in self._reads
        ]
        told += [self._members(self._nodes[at].node) for at in (place, *self._below(place))]
        told = [part for part in told if part]
        return f" ({'; '.join(told[:MOST])})" if told else ""

    def _members(self, node: Condition) -> str:
        """Of an aggregate: who decides it, and who is not known."""
        found = self._together.get(node)
        if found is None:
            return ""
        told = [f"of {found.members}"]
        if found.deciding:
            told.append(", ".join(f"'{item.id}' {shown(item.value)}" for item in found.deciding[:MOST]))
        if found.unknown:
            told.append(f"{found.unknown} not known, as '{found.missing[0]}'")
        return ": ".join(told[:2]) + "".join(f", {part}" for part in told[2:])

    def _below(self, place: int) -> Iterator[int]:
        for child in self._under[place]:
            yield child
            yield from self._below(child)

    def _subject(self, ref: PropertyRef) -> str:
        read = self._reads.get(ref)
        twin = f" of '{read.fact.twin_id}'" if read is not None else ""
        role = f" ({written(ref.owner)})" if ref.owner and read is not None and ref.owner != read.fact.twin_id else ""
        return f"{ref.name}{twin}{role}"

    def _value(self, ref: PropertyRef) -> str:
        read = self._reads[ref]
        return f"{self._subject(ref)} {self._is} {shown(read.fact.state().value)}{_unit_after(read.unit)}"

    def _unit(self, ref: PropertyRef) -> str:
        return _unit_after(self._reads[ref].unit)

    def _evidence(self, ref: PropertyRef) -> str:
        """` (good, from 'opc', 03:04:05.000)`"""
        read = self._reads.get(ref)
        if read is None:
            return ""
        state = read.fact.state()
        if state.override is not None:
            return f" (forced by '{state.override.by}'{_quoted(state.override.reason)})"
        told = [state.quality if state.reason is None else f"{state.quality}: {state.reason}"]
        if read.source == "computed":
            told.append("computed")
        elif read.source:
            told.append(f"from '{read.source}'")
        told.append(self._moment(state.timestamp))
        return f" ({', '.join(told)})"

    def _moment(self, at: Micros) -> str:
        """Without the day where it is that of the explanation."""
        day, _, time = moment(at).partition(" ")
        return time if moment(self._at).startswith(day) else f"{day} {time}"


def _compared(op: str, value: Value, holds: bool, unit: str) -> str:
    """What comes after `temperature is 91.5 celsius`."""
    if op == "==":
        return "" if holds else f", not {shown(value)}"
    if op == "!=":
        return f", not {shown(value)}" if holds else ""
    return f", {'' if holds else 'not '}{_ABOVE[op]} {shown(value)}{unit}"


def _led_to(explanation: Explanation) -> Iterator[str]:
    chain: list[Cause] = []
    cause = explanation.cause
    while cause is not None:
        chain.append(cause)
        cause = cause.parent
    own = f"{explanation.key.owner.id}/{explanation.key.name}"
    told = [_cause(link) for link in reversed(chain) if not (link.kind == "behavior" and link.ref == own)]
    if told:
        yield f"What led to it: {', then '.join(told)}."


def _cause(cause: Cause) -> str:
    owner, _, name = cause.ref.partition("/")
    told = _CAUSES[cause.kind] if cause.kind != "tick" else _MOMENTS.get(owner, _CAUSES["tick"])
    return f"{told.format(ref=cause.ref, owner=owner, name=name)} at {moment(cause.at)}"


def _did(explanation: Explanation) -> Iterator[str]:
    for call in explanation.calls[:MOST]:
        what = f"called '{call.method}' on" if call.method is not None else f"wrote '{call.property}' of"
        yield f"It {what} '{call.twin_id}', which {_result(call)}."
    if len(explanation.calls) > MOST:
        yield f"It decided {len(explanation.calls) - MOST} more calls."


def _result(call: Call) -> str:
    why = f" ({call.error.rstrip('.')})" if call.error else ""
    done = {
        "decided": "is to be sent",
        "attempted": "was sent and is not answered yet",
        "accepted": "the device accepted",
        "refused": "was refused",
        "failed": "failed",
        "withheld": "was withheld",
        "expired": "was not sent in time",
        "indeterminate": "may or may not have happened",
    }
    return done[call.status] + why


# ---------------------------------------------------------------- what would have to be


def _ways(why_not: WhyNot) -> Iterator[str]:
    explanation = why_not.explanation
    if not why_not.ways:
        if explanation.evidence == "true":
            return
        yield "No values of what it reads would make its condition true."
        return
    words = _Words(explanation)
    first, *others = why_not.ways
    yield f"It would take: {_way(words, explanation.nodes, first)}."
    for way in others[: MOST - 1]:
        yield f"Or: {_way(words, explanation.nodes, way)}."
    if len(others) > MOST - 1:
        yield f"There are {len(others) - MOST + 1} more ways."
    if not why_not.whole:
        yield "The condition is large: only its first level is told."


def _way(words: _Words, nodes: Sequence[Seen], way: Way) -> str:
    parts = way.parts
    told = [_needed(words, nodes, part) for part in parts[:MOST]]
    if len(parts) > MOST:
        told.append(f"{len(parts) - MOST} more")
    return "; and ".join(told)


def needed(explanation: Explanation, part: Missing) -> str:
    """`temperature of 'p1' is 78.4 celsius, needs >= 80.0`."""
    return _needed(_Words(explanation), explanation.nodes, part)


def _needed(words: _Words, nodes: Sequence[Seen], part: Missing) -> str:
    node = nodes[part.place].node
    if isinstance(node, Bound):
        name = written(node.owner)
        return f"'{name}' is not there, needs to be" if part.wanted else f"'{name}' is there, needs not to be"
    if part.subject is None:
        value = nodes[part.place].value
        now = "not known" if value is None else shown(value)
        return f"`{format_condition(node)}` is {now}, needs to be {shown(part.wanted)}"
    subject = words.subject(part.subject)
    if part.needs:
        return f"{subject}, needs {part.needs}"
    if isinstance(node, Among | Between):
        text = format_condition(node)
        return f"{subject}, needs `{text}`" if part.wanted else f"{subject}, needs `{text}` to be false"
    return f"{subject}, needs {shown(part.wanted)}"


# ---------------------------------------------------------------- values


def moment(at: Micros) -> str:
    """`2026-01-02 03:04:05.678 UTC`"""
    day, _, time = iso(at).partition("T")
    return f"{day} {time[:12]} UTC"


def shown(value: Value) -> str:
    if isinstance(value, str):
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def _unit_after(unit: str | None) -> str:
    return f" {unit}" if unit else ""


def _quoted(reason: str) -> str:
    return f": {reason}" if reason else ""
