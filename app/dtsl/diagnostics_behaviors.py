"""Messages about what a behavior does; diagnostics.py says how codes and messages are made."""

from collections.abc import Iterable

from app.dtsl.diagnostics import Message, unknown

# ---------------------------------------------------------------------------------------------------- 16x the text


def message_form(told: str, hint: str) -> Message:
    return Message("DTSL160", f"in the message, {told}", hint)


def no_reference(text: str) -> Message:
    hint = "give what is computed a name with 'let' and write that name"
    return Message("DTSL161", f"'{text}' in the message is no property and no name", hint)


# ---------------------------------------------------------------------------------------------------- 26x names


def unknown_event(name: str, where: str, known: Iterable[str]) -> Message:
    return unknown("DTSL260", f"unknown event '{name}' of {where}", name, known, "events")


def unknown_option(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL261", f"unknown option '{name}' of an alert", name, known, "options")


def unknown_on_load(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL262", f"unknown word '{name}' after 'on load'", name, known, "it is")


# ---------------------------------------------------------------------------------------------------- 37x values


def wrong_option(name: str, takes: str, *, equals: bool) -> Message:
    hint = "write it behind the name, without '='" if equals else ""
    return Message("DTSL370", f"'{name}' of an alert takes {takes}", hint)


def required_alert() -> Message:
    return Message("DTSL371", "only a call or a write can be required", "an alert is always raised: remove 'required'")


def missing_comma(behind: str) -> Message:
    return Message("DTSL162", f"a comma is missing behind '{behind}'", "separate arguments by commas")
