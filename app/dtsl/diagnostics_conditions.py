"""The messages of the condition language beyond its first operators; see diagnostics.py for how they are made.

Codes: 13x the text, 24x names, 34x to 36x types and units, 54x warnings.
"""

from collections.abc import Iterable

from app.dtsl.diagnostics import Message, unknown
from app.dtsl.functions import Function

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
