"""Every message about a `.twins` script, one function each. Codes never change their meaning: 1xx the text, 2xx names,
3xx what can't be done as it is written. What a scenario expects and does not find is no error of its script (judge.py).
"""

from collections.abc import Iterable, Sequence

from app.dtsl.diagnostics import Message, one_of
from app.model.near import near

_LISTED = 12


def stray_character(character: str) -> Message:
    shown = f"'{character}'" if character.isprintable() and character.isascii() else f"U+{ord(character):04X}"
    return Message("TWINS101", f"unexpected character {shown}", "names with other signs in them are quoted")


def unterminated_text(mark: str) -> Message:
    return Message("TWINS102", "this text is never closed", f"close it with {mark} on the same line")


def unknown_escape(escape: str) -> Message:
    return Message("TWINS103", f"the escape '{escape}' means nothing", "known: \\\\ \\' \\\" \\n \\r \\t \\uXXXX")


def number_too_large(written: str) -> Message:
    return Message("TWINS104", f"the number {written[:30]} is too large", "integers end at 2^63 - 1")


def unknown_line(word: str, known: Sequence[str]) -> Message:
    hint = near(word, known) or f"a line begins with {one_of(known)}"
    return Message("TWINS105", f"'{word}' begins no line", hint)


def expected(what: str, found: str, hint: str = "") -> Message:
    return Message("TWINS106", f"expected {what}, found {found}", hint)


def unknown_word(word: str, what: str, known: Sequence[str]) -> Message:
    return Message("TWINS106", f"'{word}' is no {what}", near(word, known) or f"known: {', '.join(known)}")


def no_end(word: str) -> Message:
    return Message("TWINS107", f"this '{word}' is never ended", "write 'end' on a line of its own behind its text")


def no_scenario() -> Message:
    return Message("TWINS108", "there is no scenario in this script", 'write: scenario "what should happen"')


def scenario_twice(name: str, line: int) -> Message:
    return Message("TWINS109", f"there are two scenarios '{name}'", f"the first is in line {line}")


def too_late(word: str) -> Message:
    hint = "in a scenario definitions are changed by 'edit'"
    return Message("TWINS110", f"'{word}' stands before the first scenario, or nowhere", hint)


def too_large(what: str, limit: int) -> Message:
    return Message("TWINS111", f"a script has at most {limit:,} {what}", "split it into several scripts")


def too_many_problems(limit: int) -> Message:
    return Message("TWINS112", f"more than {limit} problems: the rest is not shown", "correct these first", "info")


def no_duration(written: str) -> Message:
    return Message("TWINS113", f"'{written}' is no length of time", "write it like 30s, 5m, 1h30m, 500ms or 2d")


def no_moment(written: str) -> Message:
    return Message("TWINS114", f"'{written}' is no date and time", 'write it like "2026-01-31T12:00:00Z"')


def too_deep(limit: int) -> Message:
    return Message("TWINS115", f"this nests deeper than {limit} levels", "write it flatter")


# ---------------------------------------------------------------------------------------------------- 2xx names


def unknown(code: int, kind: str, name: str, known: Iterable[str], where: str = "") -> Message:
    names = sorted(known)
    hint = near(name, names) or (f"known: {', '.join(names)}" if 0 < len(names) <= _LISTED else "")
    return Message(f"TWINS{code}", f"there is no {kind} '{name}'{where}", hint)


def unknown_twin(name: str, known: Iterable[str]) -> Message:
    return unknown(201, "twin", name, known)


def unknown_property(name: str, twin: str, known: Iterable[str]) -> Message:
    return unknown(202, "property", name, known, f" of twin '{twin}'")


def unknown_behavior(name: str, owner: str, known: Iterable[str]) -> Message:
    return unknown(203, "behavior", name, known, f" of '{owner}'")


def unknown_method(name: str, twin: str, known: Iterable[str]) -> Message:
    return unknown(204, "method", name, known, f" of twin '{twin}'")


def unknown_owner(name: str, known: Iterable[str]) -> Message:
    return unknown(205, "twin or overlay", name, known)


def unknown_overlay(name: str, known: Iterable[str]) -> Message:
    return unknown(206, "overlay", name, known)


def two_owners(name: str) -> Message:
    return Message("TWINS207", f"'{name}' is a twin and an overlay", f"write 'twin {name}' or 'overlay {name}'")


def unknown_event(name: str, twin: str, known: Iterable[str]) -> Message:
    return unknown(208, "event", name, known, f" of twin '{twin}'")


def unknown_definition(kind: str, name: str, known: Iterable[str]) -> Message:
    return unknown(209, kind, name, known)


# ---------------------------------------------------------------------------------------------------- 3xx doing


def two_sources(fed: str, reported: str) -> Message:
    return Message(
        "TWINS301",
        f"{fed} comes from its device and {reported} does not, so they can't come in one reading",
        "write two lines",
    )


def no_connectivity(twin: str) -> Message:
    return Message("TWINS302", f"twin '{twin}' has no connectivity, so it is never disconnected")


def no_call(name: str, open_calls: Sequence[str]) -> Message:
    hint = f"open are {', '.join(open_calls)}" if open_calls else "no call was sent that is not answered yet"
    return Message("TWINS303", f"there is no call of {name} to answer", hint)


def no_alert(name: str, open_alerts: Sequence[str]) -> Message:
    hint = f"open are {', '.join(open_alerts)}" if open_alerts else "no alert is open"
    return Message("TWINS304", f"there is no open alert of {name}", hint)


def which_alert(name: str, codes: Sequence[str]) -> Message:
    return Message("TWINS305", f"{name} has {len(codes)} alerts", f"add 'code' with one of {', '.join(codes)}")


def time_goes_back(moment: str, now: str) -> Message:
    return Message("TWINS306", f"{moment} is before {now}, where the scenario is", "write '+' before it for 'later'")


def time_ends() -> Message:
    return Message("TWINS307", "this is more than 100 years from the scenario's beginning", "choose an earlier moment")


def too_many_ticks(limit: int) -> Message:
    return Message("TWINS308", f"more than {limit:,} things fall due until then", "go there in smaller steps")


def never_due() -> Message:
    return Message(
        "TWINS309", "the engine says that something is due, and a tick does nothing", "this is a bug of the engine"
    )


def nothing_to_reread(twin: str) -> Message:
    return Message("TWINS310", f"nothing was ever read of twin '{twin}'", "set its properties first")
