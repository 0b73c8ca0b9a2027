"""Every message of the language, one function each; tests/corpus/dtsl holds them to the letter.

A Message knows no place: a script gives it a span (findings.py, `file:line:column`), a document a pointer (Problem).
Codes are for programs and never change their meaning: 1xx the text, 2xx names, 3xx types and values, 5xx warnings.
Each has its long form, with an example, in explanations/.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from app.dtsl.spelling import is_word, quote
from app.errors import Problem, nearest, suggestion

Severity = Literal["error", "warning", "info"]
UNKNOWN_VALUE = "DTSL302"
_MOST_LOOKED_AT = 2000
_MOST_COMPARED = 100
"""Names that a suggestion is looked for in."""
SEVERITIES = ("info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Message:
    code: str
    text: str
    hint: str = ""
    severity: Severity = "error"
    instead: str | None = None
    """What to write in its place, where that is one word and plain."""

    def problem(self, path: str) -> Problem:
        return Problem(self.code, self.text, path, self.hint)


def one_of(items: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " or " + items[-1]


def unknown(code: str, text: str, name: str, known: Iterable[str], kind: str) -> Message:
    """A name that is not there: with the one that was meant, or the list where it is short."""
    names = sorted(islice(known, _MOST_LOOKED_AT))
    meant = nearest(name, _alike(name, names))
    if meant is not None:
        return Message(code, text, f"did you mean '{meant}'?", instead=meant)
    return Message(code, text, f"{kind}: {', '.join(names)}" if 0 < len(names) <= 12 else "")


def _alike(name: str, names: Sequence[str]) -> Sequence[str]:
    """Those worth comparing letter by letter: a script of 200 misspellings beside 2,000 names still takes no second."""
    if len(names) <= _MOST_COMPARED:
        return names
    near = [other for other in names if abs(len(other) - len(name)) <= 2 and other[:1].lower() == name[:1].lower()]
    return near[:_MOST_COMPARED]


# ---------------------------------------------------------------------------------------------------- 1xx the text


def stray_character(character: str) -> Message:
    shown = f"'{character}'" if character.isprintable() and character.isascii() else f"U+{ord(character):04X}"
    hints = {
        "&": "write '&&' for and",
        "|": "write '||' for or",
        "#": "a comment starts with '//'",
        "`": "quote with ' or \"",
        "\\": "an escape stands only inside quotes",
    }
    hint = hints.get(character, "")
    if not character.isascii():
        hint = "names are letters A to Z, digits and _; other text stands in quotes"
    return Message("DTSL101", f"unexpected character {shown}", hint, instead={"&": "&&", "|": "||"}.get(character))


def unterminated_string(mark: str) -> Message:
    return Message(
        "DTSL102", "this text is never closed", f"close it with {mark} on the same line; \\n is a line break"
    )


def unterminated_comment() -> Message:
    return Message("DTSL103", "this comment is never closed", "close it with '*/'")


def unexpected(found: str, expected: Sequence[str], hint: str = "", meant: str | None = None) -> Message:
    wanted = f", expected {one_of(expected)}" if expected else ""
    hint = f"did you mean '{meant}'?" if meant else hint
    return Message("DTSL104", f"unexpected {found}{wanted}", hint, instead=meant)


def missing_semicolon(after: str) -> Message:
    return Message("DTSL105", f"missing ';' after {after}", "every statement ends with ';'")


def unclosed(bracket: str, closing: str) -> Message:
    return Message("DTSL106", f"this '{bracket}' is never closed", f"add the '{closing}' that belongs to it")


def unopened(bracket: str, opening: str) -> Message:
    return Message("DTSL107", f"this '{bracket}' closes nothing", f"remove it, or add the '{opening}' that it closes")


def unknown_escape(escape: str) -> Message:
    return Message("DTSL108", f"the escape '{escape}' means nothing", "known: \\\\ \\' \\\" \\n \\r \\t \\uXXXX")


def number_too_large(written: str) -> Message:
    shown = written if len(written) <= 30 else written[:27] + "..."
    return Message("DTSL109", f"the number {shown} is too large", "integers end at 2^63 - 1, others at about 1.8e308")


def chained_comparison() -> Message:
    return Message("DTSL110", "comparisons can't be chained", "write 'a < b && b < c'")


def single_equals() -> Message:
    return Message("DTSL111", "'=' does not compare", "write '=='", instead="==")


def word_operator(word: str, sign: str) -> Message:
    return Message("DTSL112", f"'{word}' is no operator", f"write '{sign}'", instead=sign)


def misplaced_null() -> Message:
    return Message(
        "DTSL113",
        "null only tests whether a role is filled",
        "write 'role != null' or 'role == null'; a property without a value makes the condition unknown by itself",
    )


def too_many_parts(written: str) -> Message:
    return Message("DTSL114", f"'{written}' has too many parts", "a property of the twin itself is 'this.property'")


def no_identifier(written: str, rule: str) -> Message:
    shown = written if len(written) <= 60 else written[:57] + "..."
    return Message("DTSL115", f"'{shown}' is not an identifier", f"identifiers are {rule}")


def second_block(name: str) -> Message:
    return Message("DTSL116", f"a second '{name}' block", "put everything into the first one")


def lone_surrogate() -> Message:
    return Message(
        "DTSL117", "half a character (a lone UTF-16 surrogate)", "write the whole character, or leave it out"
    )


def said_twice(field: str) -> Message:
    return Message("DTSL140", f"'{field}' is said twice", "leave one of them out")


def not_in_this(what: str, where: str) -> Message:
    return Message("DTSL141", f"a {where} has no '{what}'", "leave it out")


def one_end_is_this() -> Message:
    text = "one end of this relationship, and only one, is the twin itself"
    return Message("DTSL142", text, "write 'this -> Other as name' or 'Other -> this as name'")


def two_ends() -> Message:
    return Message("DTSL142", "this relationship has one end only", "write 'from -> to as name'")


def no_end() -> Message:
    return Message("DTSL142", "this can't be the end of this relationship", "name what it leads to")


def late_import() -> Message:
    return Message("DTSL143", "imports stand before all declarations", "move it to the beginning")


def only_seconds(unit: str) -> Message:
    return Message("DTSL144", f"'{unit}' can't stand here", "write the seconds: 'stale after 30 s'", instead="s")


def script_too_large(size: int, limit: int) -> Message:
    return Message(
        "DTSL120", f"the script has {size} characters; the limit is {limit}", "split it into several scripts"
    )


def too_many_words(limit: int) -> Message:
    text = f"the script has more than {limit} words and signs, which is the limit"
    return Message("DTSL120", text, "split it into several scripts")


def text_too_long(size: int, limit: int) -> Message:
    return Message("DTSL125", f"this text has {size} characters; the limit is {limit}", "shorten it")


def list_too_long(size: int, limit: int) -> Message:
    return Message("DTSL126", f"this list has {size} items; the limit is {limit}", "shorten it")


def condition_too_long(size: int, limit: int) -> Message:
    return Message(
        "DTSL121", f"the condition has {size} characters; the limit is {limit}", "split it into several conditions"
    )


def too_deep(limit: int) -> Message:
    return Message("DTSL122", f"this nests deeper than {limit} levels", "split it into several conditions or behaviors")


def too_many_syntax_errors(limit: int) -> Message:
    return Message("DTSL123", f"more than {limit} syntax errors: the rest is not shown", "correct these first", "info")


def too_many_in_too_much() -> Message:
    return Message(
        "DTSL123",
        "too many syntax errors for a script of this size: the rest is not shown",
        "correct these first, or split the script",
        "info",
    )


def too_many_problems(limit: int) -> Message:
    return Message("DTSL123", f"more than {limit} problems: the rest is not shown", "correct these first", "info")


def unusable(what: str, why: str) -> Message:
    return Message("DTSL124", f"{what} can't be saved: {why.removeprefix('Value error, ')}")


# ---------------------------------------------------------------------------------------------------- 2xx names


def unknown_twin_type(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL201", f"unknown twin type '{name}'", name, known, "twin types")


def unknown_overlay_type(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL202", f"unknown overlay type '{name}'", name, known, "overlay types")


def unknown_twin(name: str, meant: str | None, twin_type: str, known: Iterable[str]) -> Message:
    text = f"unknown twin '{name}'"
    if meant:
        return Message("DTSL203", text, f"did you mean '{meant}'?", instead=meant)
    return unknown("DTSL203", text, name, known, f"twins of type {twin_type}" if twin_type else "twins")


def unknown_role(name: str, where: str, known: Iterable[str]) -> Message:
    return unknown("DTSL204", f"unknown role '{name}' in {where}", name, known, "roles")


def unknown_property(name: str, where: str, known: Iterable[str]) -> Message:
    return unknown("DTSL205", f"unknown property '{name}' of {where}", name, known, "properties")


def unknown_method(name: str, where: str, known: Iterable[str]) -> Message:
    return unknown("DTSL206", f"unknown method '{name}' of {where}", name, known, "methods")


def unknown_severity(name: str) -> Message:
    hint = suggestion(name, SEVERITIES) or f"a severity is {one_of(SEVERITIES)}"
    return Message("DTSL207", f"unknown severity '{name}'", hint, instead=nearest(name, SEVERITIES))


def unknown_action(name: str) -> Message:
    hint = suggestion(name, ("alert",)) or "write 'alert(severity, \"message\")' or 'role.method()'"
    return Message("DTSL208", f"unknown action '{name}'", hint, instead=nearest(name, ("alert",)))


def declared_twice(kind: str, name: str, line: int) -> Message:
    return Message("DTSL209", f"{kind} '{name}' is declared twice", f"the first is in line {line}")


def declared_elsewhere(kind: str, name: str, where: str) -> Message:
    return Message("DTSL209", f"{kind} '{name}' is declared twice", f"the first is at {where}")


def role_needed(name: str, roles: Iterable[str]) -> Message:
    owners = sorted(roles)
    text = f"'{name}' needs the role whose property it is"
    if not owners:
        return Message("DTSL210", text, f"write it as 'role.{name}'")
    written = f"{owners[0]}.{name}"
    return Message("DTSL210", text, f"write it as '{written}'", instead=written)


def unknown_relationship_type(name: str, known: Iterable[str], hint: str = "") -> Message:
    found = unknown("DTSL230", f"unknown relationship type '{name}'", name, known, "relationship types")
    return found if found.instead is not None or not hint else replace(found, hint=hint)


def unknown_overlay(name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL231", f"unknown overlay '{name}'", name, known, "overlays")


def no_import(file: str, why: str) -> Message:
    return Message("DTSL233", f"'{file}' can't be imported: {why}")


def not_beside(file: str, beside: Iterable[str], kept: Iterable[str] | None) -> Message:
    """`kept` are the scripts of the server, where it is one that was asked."""
    why = "there is no such script beside this one" if kept is None else "no script is kept under this name"
    text = f"'{file}' can't be imported: {why}"
    if kept is None:
        found = unknown("DTSL233", text, file, beside, "scripts in this folder")
    else:
        found = unknown("DTSL233", text, file, kept, "scripts that are kept")
        found = found if found.hint else replace(found, hint="keep it first, or write it into this text")
    return replace(found, instead=quote(found.instead, '"')) if found.instead is not None else found


def has_errors(path: str, code: str, message: str, count: int) -> str:
    """Why a script that is kept can't be imported."""
    return f"it has errors of its own ({count}); the first is at {path}: {code} {message}"


def imports_too_much() -> str:
    return "with all that is imported this would be longer than a script may be"


def unbound_role(role: str, twin_type: str, overlay_type: str) -> Message:
    return Message(
        "DTSL211", f"the required role '{role}' of {overlay_type} is not filled", f"add '{role} = <a {twin_type}>;'"
    )


def wrong_twin_type(twin: str, is_a: str, role: str, needs: str, known: Iterable[str]) -> Message:
    listed = sorted(known)[:3]
    hint = f"a {needs} is, for example, {one_of(listed)}" if listed else f"there is no twin of type {needs} yet"
    return Message("DTSL212", f"'{twin}' is a {is_a}, but the role '{role}' needs a {needs}", hint)


def null_test_in_twin(name: str) -> Message:
    return Message("DTSL213", f"'{name}' is no role, so it can't be tested for null", "only roles of an overlay can be")


def foreign_property(name: str) -> Message:
    return Message(
        "DTSL215",
        f"'{name}' is not this twin, whose conditions and actions can only name itself",
        "write 'property' alone, or put the behavior into an overlay that has both twins",
    )


def quoted_severity() -> Message:
    return Message("DTSL207", "a severity is a bare word", f"write it without quotes: {one_of(SEVERITIES)}")


def one_of_many(role: str) -> Message:
    return Message(
        "DTSL217",
        f"the role '{role}' may be filled by several twins: a condition or an action can't name one of them",
        "name a role that one twin fills, or in the overlay itself one of the twins by its id",
    )


def property_of_overlay(role: str, name: str, inside: Iterable[str]) -> Message:
    roles = sorted(islice(inside, 1))
    hint = f"write '{role}.{roles[0]}.{name}', or another role in it" if roles else "name a role that a twin fills"
    return Message("DTSL218", f"the role '{role}' is filled by an overlay, which has no properties", hint)


def filled_by_twin(role: str, twin_type: str) -> Message:
    return Message(
        "DTSL220", f"the role '{role}' is filled by a twin, not by an overlay", f"add '{role} = <a {twin_type}>;'"
    )


def filled_by_overlay(role: str, overlay_type: str) -> Message:
    return Message(
        "DTSL220",
        f"the role '{role}' is filled by an overlay, not by a twin",
        f"add '{role} = <an instance of {overlay_type}>;'",
    )


def wrong_overlay_type(overlay: str, is_a: str, role: str, needs: str) -> Message:
    is_a = f"of {is_a}" if is_a else "of no overlay"
    return Message("DTSL212", f"'{overlay}' is an instance {is_a}, but the role '{role}' needs one of {needs}")


def filled_twice(role: str) -> Message:
    return Message(
        "DTSL209", f"role '{role}' is filled twice", "it takes one: fill it once, or make it many in its overlay"
    )


def nothing_inside(role: str) -> Message:
    return Message("DTSL219", f"the role '{role}' is filled by a twin: there are no roles in it", "leave one part out")


def alert_arguments() -> Message:
    return Message("DTSL214", "an alert takes a severity and a message", "write 'alert(warning, \"what is wrong\");'")


# ---------------------------------------------------------------------------------------------------- 3xx values


def incompatible(left: str, right: str) -> Message:
    return Message("DTSL301", f"{left} can't be compared with {right}", "both sides must be of one kind")


def unknown_value(value: str, name: str, known: Iterable[str]) -> Message:
    found = unknown(UNKNOWN_VALUE, f"'{value}' is no value of {name}", value, known, "values")
    return replace(found, instead=quote(found.instead, '"')) if found.instead is not None else found


def not_a_condition(what: str) -> Message:
    return Message("DTSL303", f"{what} is not true or false", "compare it with something, for example '> 0'")


def not_a_number(what: str, sign: str) -> Message:
    return Message("DTSL304", f"{what} is not a number, so '{sign}' can't be applied to it")


def no_order(what: str, sign: str) -> Message:
    return Message("DTSL305", f"{what} has no order, so '{sign}' can't compare it", "use '==' or '!='")


def argument_count(method: str, expected: Sequence[str], found: int) -> Message:
    takes = {0: "no arguments", 1: "1 argument"}.get(len(expected), f"{len(expected)} arguments")
    return Message("DTSL306", f"'{method}' takes {takes}, not {found}", f"write '{method}({', '.join(expected)})'")


def unknown_field(field: str, name: str, known: Iterable[str]) -> Message:
    return unknown("DTSL322", f"'{name}' has no field '{field}'", field, known, "fields")


def missing_field(field: str, name: str) -> Message:
    return Message("DTSL322", f"'{name}' needs the field '{field}'", f"add '{field} = ...;'")


def too_many_items(name: str, most: int, found: int) -> Message:
    return Message("DTSL323", f"'{name}' takes at most {most} items, not {found}")


def unknown_parameter(name: str, method: str, known: Iterable[str]) -> Message:
    return unknown("DTSL337", f"'{method}' has no parameter '{name}'", name, known, "parameters")


def mixed_arguments() -> Message:
    return Message("DTSL338", "arguments by place stand before those by name", "move them to the front, or name them")


def wrong_value_type(name: str, data_type: str, found: str) -> Message:
    article = "an" if data_type[0] in "aeiou" else "a"
    return Message("DTSL307", f"'{name}' takes {article} {data_type}, not {found}")


def out_of_range(name: str, found: str, minimum: float | None, maximum: float | None, unit: str | None) -> Message:
    unit = f" {unit}" if unit else ""
    limits = [f"at least {minimum}{unit}"] if minimum is not None else []
    limits += [f"at most {maximum}{unit}"] if maximum is not None else []
    return Message("DTSL308", f"{found} is out of range for '{name}'", f"'{name}' is {' and '.join(limits)}")


def read_only(name: str, writable: Iterable[str]) -> Message:
    listed = sorted(writable)
    hint = f"writable: {', '.join(listed)}" if listed else "no property of it can be written"
    return Message("DTSL309", f"'{name}' is read-only", hint)


def division_by_zero() -> Message:
    return Message("DTSL310", "division by zero", "the result would never be known")


def bad_guard(source: str, target: str) -> Message:
    return Message(
        "DTSL311",
        "a relationship's 'if' can only test whether its own roles are filled",
        f"write 'if {source} != null' or 'if {target} != null'",
    )


def write_only(name: str) -> Message:
    return Message("DTSL312", f"'{name}' is write-only, so its value is never known", "conditions read properties only")


def bare_word(word: str) -> Message:
    return Message(
        "DTSL316",
        f"'{word}' is a bare word where a value belongs",
        f'write a text in quotes: "{word}"',
        instead=f'"{word}"',
    )


def nothing_in_common(left: str, right: str) -> Message:
    return Message("DTSL317", f"{left} and {right} have no value in common", "they can never be equal")


def no_moment(text: str) -> Message:
    return Message("DTSL318", f"{text} is no date and time", 'write it like "2026-01-31T12:00:00Z"')


def wrong_result(name: str, data_type: str, result: str) -> Message:
    article = "an" if data_type[0] in "aeiou" else "a"
    return Message("DTSL319", f"'{name}' is {article} {data_type}, but what it is computed from gives {result}")


def not_comparable(what: str) -> Message:
    return Message("DTSL321", f"{what} can't be compared", "compare a number, a text, a truth or a moment")


def reads_nothing(name: str) -> Message:
    return Message(
        "DTSL320", f"'{name}' is computed from no property, so it would never change", "name one, as in 'power / 2'"
    )


# ---------------------------------------------------------------------------------------------------- 5xx warnings


def unguarded(role: str) -> Message:
    return Message(
        "DTSL501",
        f"the optional role '{role}' may be unfilled, and then this is never known",
        f"add '{role} != null &&'",
        "warning",
    )


def unguarded_action(role: str) -> Message:
    return Message(
        "DTSL502",
        f"the optional role '{role}' may be unfilled, and then this is skipped",
        f"add '{role} != null &&' to the condition",
        "warning",
    )


def unguarded_relationship(role: str) -> Message:
    return Message(
        "DTSL503",
        f"this relationship is required, but its role '{role}' is optional",
        f"add 'if {role} != null'",
        "warning",
    )


def twin_in_two_roles(twin: str, first: str, second: str) -> Message:
    return Message(
        "DTSL504", f"'{twin}' fills both '{first}' and '{second}'", "give each role a twin of its own", "warning"
    )


def needless_test(role: str) -> Message:
    return Message("DTSL505", f"the role '{role}' is required, so this test is always the same", "remove it", "warning")


# ---------------------------------------------------------------------------------------------------- of documents

OF_DOCUMENTS = {
    "UNKNOWN_FIELD": "DTSL150",
    "MISSING_FIELD": "DTSL151",
    "WRONG_TYPE": "DTSL152",
    "NOT_ALLOWED": "DTSL153",
    **dict.fromkeys(("OUT_OF_RANGE", "TOO_LONG", "TOO_SHORT", "TOO_DEEP", "TYPE_TOO_DEEP"), "DTSL154"),
    **dict.fromkeys(("NUMBER_TOO_LARGE", "NOT_FINITE", "DOCUMENT_TOO_LARGE"), "DTSL154"),
    **dict.fromkeys(("BAD_FORMAT", "BAD_MULTIPLICITY", "BAD_TEXT", "BAD_IDENTIFIER"), "DTSL155"),
    **dict.fromkeys(("BAD_LIMITS", "NOT_FOR_TYPE"), "DTSL156"),
    "UNKNOWN_TWIN_TYPE": "DTSL201",
    "UNKNOWN_OVERLAY_TYPE": "DTSL202",
    "UNKNOWN_TWIN": "DTSL203",
    "UNKNOWN_ROLE": "DTSL204",
    "UNKNOWN_PROPERTY": "DTSL205",
    "UNKNOWN_METHOD": "DTSL206",
    **dict.fromkeys(("DUPLICATE_NAME", "NAME_TAKEN"), "DTSL209"),
    "UNKNOWN_RELATIONSHIP_TYPE": "DTSL230",
    "UNKNOWN_OVERLAY": "DTSL231",
    **dict.fromkeys(("EXTENDS_CYCLE", "OVERLAY_TYPE_CYCLE", "OVERLAY_CYCLE", "COMPUTED_CYCLE"), "DTSL232"),
    "UNKNOWN_EVENT": "DTSL260",
    "UNKNOWN_BEHAVIOR": "DTSL263",
    **dict.fromkeys(("SUPPRESSES_ITSELF", "SUPPRESSION_CYCLE"), "DTSL264"),
    **dict.fromkeys(("OPTION_NOT_HERE", "NEVER_ACTIVE", "TIMED_EXPECTATION"), "DTSL372"),
    **dict.fromkeys(("DEADBAND_WITHOUT_EFFECT", "NOTHING_TO_ACKNOWLEDGE", "SAME_MOMENT"), "DTSL520"),
    "UNKNOWN_UNIT": "DTSL330",
    "INCOMPATIBLE_UNIT": "DTSL331",
    **dict.fromkeys(("COMPUTED_MAPPED", "COMPUTED_NEVER_STALE", "COMPUTED_READ_ONLY", "TOO_MANY_COMPUTED"), "DTSL332"),
    **dict.fromkeys(("BAD_ENDPOINT", "BAD_NODE_ID", "BAD_POINTER", "BAD_TOPIC", "UNKNOWN_PLACEHOLDER"), "DTSL335"),
    **dict.fromkeys(("ROLE_IS_OVERLAY", "ROLE_IS_MANY", "TOO_MANY_EDGES"), "DTSL336"),
    **dict.fromkeys(("INTERLOCK_ON_PULSE", "INTERLOCK_NEEDS_PAST", "TARGET_NOT_ALLOWED", "MISSING_TARGET"), "DTSL339"),
    "UNRESOLVED_TARGET": "DTSL510",
    **dict.fromkeys(("INTERLOCK_ON_SAFE_METHOD", "LIMIT_ON_SAFE_METHOD"), "DTSL511"),
    **dict.fromkeys(("INTERLOCK_NEVER_HOLDS", "INTERLOCK_READS_NOTHING"), "DTSL512"),
    "CALL_WITHOUT_CONNECTIVITY": "DTSL513",
}
"""What commands find in documents, by its code there."""
_FAMILIES = {"OVERRIDE_": "DTSL333", "RELATIONSHIP_": "DTSL334", "TOO_MANY_RELATIONSHIPS": "DTSL334"}
_SAID = {
    "enum_values": "values",
    "min_value": "'from'",
    "max_value": "'to'",
    "stale_after": "'stale after'",
    "data_type": "type",
    "twin_roles": "roles",
    "delay_on": "delayOn",
    "delay_off": "delayOff",
}
_FIELD = re.compile(r"(?<![\w'])(" + "|".join(_SAID) + r")(?![\w'])")
_FIELDS_IN_JSON = re.compile(r"list its parts: .*")
_MEANT = re.compile(r"did you mean '([^']*)'\?")


def of_document(problem: Problem, severity: Severity) -> Message:
    """Something that was found in what a declaration means."""
    code = OF_DOCUMENTS.get(problem.code, "")
    if problem.code.startswith("DTSL"):
        code = problem.code
    for beginning, family in _FAMILIES.items():
        if problem.code.startswith(beginning):
            code = family
    meant = _MEANT.search(problem.hint) if code in ("DTSL153", "DTSL330") else None
    instead = meant[1] if meant is not None else None
    if instead is not None and not is_word(instead):
        instead = quote(instead, '"')
    hint = _FIELDS_IN_JSON.sub("write them in braces: 'object name { float x; }'", problem.hint)
    hint = 'write \'enum name in ["a", "b"];\'' if hint == "list the values that it can take" else hint
    return Message(code or "DTSL124", _in_words(problem.message), _in_words(hint), severity, instead)


def _in_words(text: str) -> str:
    """Fields of documents as scripts say them."""
    return _FIELD.sub(lambda match: _SAID[match[0]], text)
