"""How ids, texts and numbers are spelled in the two notations, each way one function.

An unquoted name without an underscore is camelCase or PascalCase and means its snake_case id (`flowRate`, `Pump123`,
and so `pump1` is `pump_1`); one with an underscore is the id as it stands. Every other id is quoted.
"""

import math
import re

from app.model.names import has_unquoted_form, to_camel, to_pascal, to_snake

SELF = "this"
"""`this.'FIC-1.PV'`: a property of the twin itself whose name has no unquoted form. A role named `this` is quoted."""

LARGEST_INTEGER = 2**63 - 1
"""What the journal and the graph can hold."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED = frozenset({"true", "false", "null", SELF})
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.?))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/", "b": "\b", "f": "\f"}
_SPECIAL = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def read_name(written: str) -> str:
    """The id that an unquoted name means."""
    return written if "_" in written else to_snake(written)


def json_name(name: str) -> str:
    """An id in a JSON condition: bare where it reads back as itself, else in single quotes."""
    if _NAME.fullmatch(name) and read_name(name) == name and name not in RESERVED:
        return name
    return quote(name, "'")


def dtsl_member(name: str) -> str:
    """A role, property, method or behavior in DTSL: `flow_rate` -> `flowRate`, `FIC-1` -> `"FIC-1"`."""
    return to_camel(name) if has_unquoted_form(name) and name not in RESERVED else quote(name, '"')


def dtsl_type(name: str) -> str:
    """A type or a twin in DTSL: `pump_123` -> `Pump123`, `P-101A` -> `"P-101A"`."""
    return to_pascal(name) if has_unquoted_form(name) else quote(name, '"')


def is_word(text: str) -> bool:
    """Whether it can stand without quotes where it is taken letter by letter, as a unit is."""
    return _NAME.fullmatch(text) is not None


def title(name: str) -> str:
    """The display name of an id: `pumping_system` -> `Pumping System`; other ids as they are."""
    return " ".join(part.capitalize() for part in name.split("_")) if has_unquoted_form(name) else name


def quote(text: str, mark: str) -> str:
    escaped = "".join(_escaped(character, mark) for character in text)
    return f"{mark}{escaped}{mark}"


def _escaped(character: str, mark: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character == mark:
        return "\\" + character
    if ord(character) < 32 or ord(character) == 127:
        return f"\\u{ord(character):04x}"
    return character


def unquote(written: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text inside quotes, and each escape that means nothing as (start, end, text) within `written`."""
    inner = written[1:-1]
    if "\\" not in inner:
        return inner, []
    faults: list[tuple[int, int, str]] = []
    parts: list[str] = []
    at = 0
    while match := _ESCAPE.search(inner, at):
        parts.append(inner[at : match.start()])
        at = match.end()
        code, letter = match.groups()
        value = _code_point(code) if code else _ESCAPED.get(letter)
        if code and value is None and 0xD800 <= int(code, 16) < 0xDC00:  # half of a pair, as JSON writes it
            second = _ESCAPE.match(inner, at)
            if second and second[1] and 0xDC00 <= int(second[1], 16) < 0xE000:
                value = chr(0x10000 + ((int(code, 16) - 0xD800) << 10) + int(second[1], 16) - 0xDC00)
                at = second.end()
        if value is None:
            faults.append((match.start() + 1, at + 1, match[0]))
        else:
            parts.append(value)
    parts.append(inner[at:])
    return "".join(parts), faults


def letters_of(written: str) -> list[int]:
    """For each letter of the text inside quotes where it stands in `written`, and where the mark behind the last."""
    inner = written[1:-1]
    found: list[int] = []
    at = 0
    while at < len(inner):
        match = _ESCAPE.match(inner, at)
        text = unquote(f'"{inner[at : match.end()]}"')[0] if match else ""
        if match and not text and (second := _ESCAPE.match(inner, match.end())):  # half of a pair
            match, text = second, unquote(f'"{inner[at : second.end()]}"')[0]
        if match is None:
            found.append(at + 1)
            at += 1
        else:
            found += [at + 1] * len(text)
            at = match.end()
    return [*found, len(written) - 1]


def _code_point(code: str) -> str | None:
    point = int(code, 16)
    return None if 0xD800 <= point < 0xE000 else chr(point)


def read_number(written: str) -> int | float | None:
    """None where it is beyond what a double or a 64-bit integer can hold."""
    if written.isdigit():
        number = int(written) if len(written.lstrip("0")) <= 19 else LARGEST_INTEGER + 1
        return number if number <= LARGEST_INTEGER else None
    real = float(written)
    return real if math.isfinite(real) else None


def write_number(number: int | float) -> str:
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError(f"{number} has no notation")
    return repr(number)


def dtsl_path(written: str) -> str:
    """A role or a path of roles, which one text may both mean: `.` parts them here, as it does in conditions."""
    parts = written.split(".")
    return ".".join(map(dtsl_member, parts)) if all(parts) else dtsl_member(written)
