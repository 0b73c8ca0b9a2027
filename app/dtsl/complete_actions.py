"""What may be written in the lists of actions and at the head of a behavior; complete.py says how it is asked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app.dtsl.completion import Completion, properties_of, roles_of, signature, values_of
from app.dtsl.diagnostics import SEVERITIES
from app.dtsl.lower_alerts import OPTIONS
from app.dtsl.names_at import Names, path_before
from app.dtsl.spelling import dtsl_member
from app.model.catalogue import Capabilities

LISTS = ("THEN", "OTHERWISE", "ESCALATE", "WITHIN")
"""What begins the statement in front of a list of actions; the last is an `else` behind what is expected."""
_MARKS = ("REQUIRED", "EMIT")
Token = Any
InCondition = Callable[[Sequence[Token], Names], Iterator[Completion]]


def in_head(statement: Sequence[Token], names: Names, in_condition: InCondition) -> Iterator[Completion]:
    """Of a behavior."""
    kinds = [token.type for token in statement]
    if kinds == ["ON", "LOAD"]:
        yield from (Completion(word, "value") for word in ("act", "withhold"))
    elif kinds[:1] == ["LET"] and kinds[2:3] == ["EQUAL"]:
        yield from in_condition(statement[3:], names)


def in_action(statement: Sequence[Token], names: Names, in_condition: InCondition) -> Iterator[Completion]:
    kinds = [token.type for token in statement]
    if "EXPECT" in kinds:
        yield from in_condition(statement[kinds.index("EXPECT") + 1 :], names)
    elif kinds[:1] in (["REQUIRED"], ["EMIT"]):
        yield from _of_action(statement[1:], kinds[1:], names, emits=kinds[0] == "EMIT")
    else:
        if not statement:
            yield Completion("alert", "action", "(severity, message)", "Raises an alert while the condition holds.")
        yield from _of_action(statement, kinds, names, emits=False)


def _of_action(statement: Sequence[Token], kinds: Sequence[str], names: Names, *, emits: bool) -> Iterator[Completion]:
    if not statement:
        yield from _to_do(names.own(), emits=emits) if names.in_twin else roles_of(names)
    elif kinds[-1] == "DOT" and "LPAR" not in kinds:
        yield from _to_do(names.of_role((path_before(statement[:-1]) or [""])[0]), emits=emits)
    elif "LPAR" in kinds:
        opened = kinds.index("LPAR")
        yield from _argument(statement[:opened], statement[opened:], names, emits=emits)
    elif kinds[-1] == "EQUAL":
        *_, name = path = path_before(statement[:-1]) or [""]
        if len(path) == 2 or names.in_twin:
            yield from values_of(_offered(path, names).properties.get(name))


def _offered(path: Sequence[str], names: Names) -> Capabilities:
    return names.own() if names.in_twin else names.of_role(path[0])


def _to_do(offered: Capabilities, *, emits: bool) -> Iterator[Completion]:
    if emits:
        for event in sorted(offered.events.values(), key=lambda item: item.name):
            yield Completion(dtsl_member(event.name), "event", signature(event), event.description)
        return
    for method in sorted(offered.methods.values(), key=lambda item: item.name):
        yield Completion(dtsl_member(method.name), "method", signature(method), method.description)
    yield from properties_of(offered, lambda access: access != "read")


def _argument(called: Sequence[Token], inside: Sequence[Token], names: Names, *, emits: bool) -> Iterator[Completion]:
    kinds = [token.type for token in inside]
    path = path_before(called)
    if path == ["alert"]:
        if kinds[-1] == "LPAR":
            yield from (Completion(severity, "value") for severity in SEVERITIES)
        elif kinds[-1] == "COMMA" and kinds.count("COMMA") > 1:
            written = {str(token) for token in inside}
            for name, (kind, does) in OPTIONS.items():
                if dtsl_member(name) not in written:
                    yield Completion(dtsl_member(name), "option", "" if kind == "flag" else kind, does)
        return
    if len(path) != 2 and not (path and names.in_twin):
        return
    offered = _offered(path, names)
    found = (offered.events if emits else offered.methods).get(path[-1])
    parameters = found.parameters if found else []
    if kinds[-1] == "EQUAL":
        named = path_before(inside[:-1])
        yield from values_of(next((item for item in parameters if [item.name] == named), None))
    elif kinds[-1] in ("LPAR", "COMMA"):
        number = kinds.count("COMMA")
        yield from values_of(parameters[number] if number < len(parameters) else None)
