"""The messages of the condition language beyond its first operators; see diagnostics.py for how they are made.

Codes: 13x the text, 24x names, 34x to 36x types and units, 54x warnings.
"""

from collections.abc import Iterable, Sequence

from app.dtsl.diagnostics import Message, unknown
from app.dtsl.functions import FUNCTIONS, Function
from app.model.near import near

NEVER = "DTSL541"
AGAINST, FEEDBACK = ACROSS = ("DTSL545", "DTSL546")
"""What is told of several behaviors together."""

# ---------------------------------------------------------------------------------------------------- 13x the text


def too_long(written: str) -> Message:
    shown = written if len(written) <= 30 else written[:27] + "..."
    return Message("DTSL130", f"the length of time {shown} is too long", "the limit is 366 days")


def no_length(written: str, instead: str) -> Message:
    return Message(
        "DTSL131",
        f"{written} is no length of time",
        f"write it with its unit and without a space: '{instead}'",
        instead=instead,
    )


def no_time_of_day(written: str) -> Message:
    return Message("DTSL132", f"{written} is no time of day", "write hours and minutes, 00:00 to 23:59")


def too_often() -> Message:
    return Message("DTSL133", "this is more often than every second", "the shortest interval is '1s'")


def no_constant() -> Message:
    return Message(
        "DTSL134", "the list behind 'in' has only values that are written out", "compare with '==' and join with '||'"
    )


def function_arguments(name: str, takes: Function) -> Message:
    return Message("DTSL135", f"'{name}' takes {takes.takes}", f"write it like '{name}({takes.example})'")


def misplaced_known(name: str) -> Message:
    return Message(
        "DTSL136", f"'known' says nothing in '{name}'", "it belongs to an aggregate: 'avg(known pumps.temperature)'"
    )


def not_in() -> Message:
    return Message("DTSL137", "'not' stands before nothing here", "negate the whole: '!(x in [1, 2])'")


# ---------------------------------------------------------------------------------------------------- 24x names


def unknown_function(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL240", f"unknown function '{name}'", name, known, "functions")


def unknown_day(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL241", f"unknown day '{name}'", name, known, "days")


def named_twice(name: str) -> Message:
    return Message("DTSL242", f"the name '{name}' is given twice", "give each parameter a name of its own")


def unknown_event(name: str, where: str, known: Iterable[str]) -> Message:
    return unknown("DTSL243", f"unknown event '{name}' of {where}", name, known, "events")


def unknown_zone(name: str, known: Iterable[str]) -> Message:
    hint = near(name, known) or 'a zone is written like "Europe/Berlin"'
    return Message("DTSL244", f"unknown time zone '{name}'", hint)


def unknown_unit(name: str, hint: str) -> Message:
    return Message("DTSL245", f"there is no unit '{name}'", hint)


def unknown_name(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL246", f"unknown name '{name}'", name, known, "names")


def no_property(name: str) -> Message:
    return Message(
        "DTSL247",
        f"'{name}' is a name that the behavior gives, not a property: nothing more is known of it",
        "name the property itself",
    )


def event_without_role(name: str, roles: Iterable[str]) -> Message:
    owners = sorted(roles)
    hint = f"write it as '{owners[0]}.{name}'" if owners else f"write it as 'role.{name}'"
    return Message("DTSL210", f"'{name}' needs the role whose event it is", hint)


def unquoted_unit(number: str, unit: str) -> Message:
    return Message("DTSL245", f"the unit {unit} is no single word", f'write it in quotes: {number} "{unit}"')


def parameter_count(event: str, parameters: Sequence[str], found: int) -> Message:
    has = {0: "no parameters", 1: "1 parameter"}.get(len(parameters), f"{len(parameters)} parameters")
    hint = f"they are {', '.join(parameters)}" if parameters else f"write 'on ... .{event}' alone"
    return Message("DTSL248", f"the event '{event}' has {has}, not {found}", hint)


# ---------------------------------------------------------------------------------------------------- types and units


def no_length_of_time(what: str, instead: str | None) -> Message:
    hint = f"write '{instead}'" if instead else "give the property a unit of time, such as s or min"
    return Message("DTSL340", f"{what} is no length of time", hint, instead=instead)


def length_and_unit(length: str, met: str, unit: str | None, instead: str | None) -> Message:
    hint = f"with a space, '{instead}' is a number with a unit" if instead else "compare it with a time"
    return Message("DTSL340", f"{length} can't be compared with {met}: it is in '{unit}'", hint)


def units_apart(left: str, right: str, why: str) -> Message:
    return Message("DTSL341", f"{left} and {right} can't meet: {why}", "compare and add what is measured alike")


def age_compared() -> Message:
    return Message(
        "DTSL342",
        "an age can be compared only with a length of time that is written out, and not with == or !=",
        "write it like 'age(pump.speed) > 30s'",
    )


def misplaced_pulse(where: str) -> Message:
    return Message(
        "DTSL343",
        f"this is true for a moment only, which means nothing {where}",
        "put it beside the other conditions with '&&'",
    )


def pulse_or_state() -> Message:
    return Message(
        "DTSL344",
        "beside '||' stands what is true for a moment only, and this lasts: the behavior can't both fire and be active",
        "make two behaviors, or wait for 'changed(...)' here",
    )


def nothing_of_many(function: str) -> Message:
    return Message(
        "DTSL345",
        f"'{function}' goes over a role that many twins fill, and nothing here is of one",
        f"name a role of many: '{function}({FUNCTIONS[function].example})'",
    )


def no_roles(function: str) -> Message:
    return Message(
        "DTSL345",
        f"'{function}' goes over a role that many twins fill, and a twin has no roles",
        "put the behavior into an overlay that has them",
    )


def role_alone(role: str, many: bool) -> Message:
    hint = f"'count({role})' is how many fill it" if many else f"'{role} != null' asks whether it is filled"
    return Message("DTSL210", f"'{role}' is a role, and a property of it is needed", f"write '{role}.property'; {hint}")


def counts_one(role: str) -> Message:
    text = f"the role '{role}' is filled by one: there is nothing to count"
    return Message("DTSL345", text, f"write '{role} != null'")


def several_roles_of_many(function: str, roles: Sequence[str]) -> Message:
    listed = " and ".join(f"'{role}'" for role in roles[:3])
    return Message(
        "DTSL346", f"'{function}' goes over one role of many, not over {listed}", "make an aggregate for each of them"
    )


def nested_aggregate(function: str) -> Message:
    return Message("DTSL347", f"'{function}' stands inside another aggregate", "give it a name of its own with 'let'")


def waits_in_aggregate(word: str) -> Message:
    return Message(
        "DTSL348",
        f"'{word}' inside an aggregate would need a clock for each member",
        f"wait for the whole: 'any(...) {word} ...'",
    )


def remembers_in_aggregate(function: str) -> Message:
    hint = (
        "ask it of each of them, in a behavior of their twin type"
        if function != "age"
        else "give the property 'staleAfter' and ask 'any(isStale(...))'"
    )
    return Message(
        "DTSL348", f"'{function}' inside an aggregate would have to be kept or watched for each member", hint
    )


def aggregated(function: str, found: str, *, truths: bool) -> Message:
    wanted = "a condition" if truths else "a number"
    example = FUNCTIONS[function].example
    return Message(
        "DTSL349", f"'{function}' goes over {wanted}, and {found} is none", f"write it like '{function}({example})'"
    )


def many_in_condition(role: str) -> Message:
    return Message(
        "DTSL217",
        f"the role '{role}' may be filled by several twins: a condition can't name one of them",
        f"ask all of them, as in 'any({role}.status == ...)' or 'count({role})', or name one of the twins by its id",
    )


def many_tested(role: str) -> Message:
    return Message(
        "DTSL217",
        f"the role '{role}' may be filled by several",
        f"write 'count({role}) > 0', or name one of them by its id",
    )


def not_computed() -> Message:
    return Message(
        "DTSL350",
        "a property is computed from the values of one moment: nothing here can wait, remember or count others",
        "put it into the condition of a behavior",
    )


def computed_unit(name: str, unit: str, found: str) -> Message:
    return Message(
        "DTSL351",
        f"'{name}' is in '{unit}', and what it is computed from is in '{found}'",
        "compute with what is measured alike",
    )


def computed_by_hand(name: str, unit: str, found: str) -> Message:
    return Message(
        "DTSL352",
        f"'{name}' is in '{unit}', what it is computed from in '{found}', and a number in it may be the conversion",
        "leave the conversion out: it is done for you",
    )


# ---------------------------------------------------------------------------------------------------- 54x warnings


def outside_range(value: str, property: str, low: float | None, high: float | None, unit: str | None) -> Message:
    unit = f" {unit}" if unit else ""
    if low is not None and high is not None:
        limits = f"{low} to {high}{unit}"
    else:
        limits = f"at least {low}{unit}" if low is not None else f"at most {high}{unit}"
    return Message("DTSL540", f"{value} is outside the range of {property}", f"it is meant to be {limits}", "warning")


def never() -> Message:
    return Message(NEVER, "this can never be true", "see which of its comparisons exclude each other", "warning")


def always() -> Message:
    return Message("DTSL542", "this is true whatever the values are", "leave it out, or say what is meant", "warning")


def unused_name(name: str) -> Message:
    return Message("DTSL543", f"the name '{name}' is never used", "leave it out", "warning")


def shadows(name: str, what: str) -> Message:
    return Message("DTSL544", f"the name '{name}' hides {what} of the same name", "choose another name", "warning")


def against_each_other(name: str, other: str, does: str, does_too: str) -> Message:
    return Message(
        AGAINST,
        f"'{name}' and '{other}' can be active together and act against each other: {does} and {does_too}",
        "let the condition of one exclude that of the other",
        "warning",
    )


def feedback(loop: Sequence[str]) -> Message:
    drawn = " -> ".join([*loop, loop[0]])
    told = "it sets itself off" if len(loop) == 1 else "these set each other off in a circle"
    return Message(FEEDBACK, f"{told}: {drawn}", "let one of them wait for something else", "warning")
