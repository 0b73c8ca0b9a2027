"""What stands in the braces of a message: `pump.temperature`, `'P-101'.temperature`, in either notation.

It is what a condition calls a reference, read here letter by letter: a message is met wherever a script is read or a
role is filled anew, and has nothing else of a condition in it.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from app.dtsl.spelling import RESERVED, SELF, json_name, quote, read_name, unquote
from app.model.conditions import PropertyRef
from app.model.names import has_unquoted_form, is_identifier, to_camel
from app.model.templates import Hole, template, written

_NAME = re.compile(r"""\s*(?:([A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))\s*""")


def read_reference(text: str) -> PropertyRef | None:
    """None where it is none."""
    parts: list[str] = []
    at, own, quoted = 0, False, None
    while match := _NAME.match(text, at):
        word, quoted = match.groups()
        if word == SELF and not parts and not own and text[match.end() : match.end() + 1] == ".":
            own = True
        elif word is not None and word in RESERVED:
            return None
        else:
            parts.append(read_name(word) if word is not None else unquote(quoted)[0])
        at = match.end()
        if at == len(text):
            break
        if text[at] != ".":
            return None
        at += 1
        if at == len(text):
            return None
    a_text = len(parts) == 1 and not own and quoted is not None
    if at != len(text) or not parts or a_text or (own and len(parts) > 1) or not all(map(is_identifier, parts)):
        return None
    return PropertyRef("/".join(parts[:-1]) or None, parts[-1])


def reference_in(hole: Hole) -> PropertyRef | None:
    """None where something else stands in the braces."""
    return read_reference(hole.reference)


def json_reference(reference: PropertyRef) -> str:
    """`primary_pump.temperature`, as in conditions of documents."""
    return _written(reference, json_name)


def dtsl_reference(reference: PropertyRef) -> str:
    """`primaryPump.temperature`; in single quotes what has to be quoted, since a message stands in double ones."""

    def spelled(name: str) -> str:
        return to_camel(name) if has_unquoted_form(name) and name not in RESERVED else quote(name, "'")

    return _written(reference, spelled)


def _written(reference: PropertyRef, spelled: Callable[[str], str]) -> str:
    name = spelled(reference.name)
    if reference.owner is not None:
        return ".".join([*map(spelled, reference.owner.split("/")), name])
    return f"{SELF}.{name}" if name.startswith("'") else name


def owners_in(message: str) -> set[str]:
    """The roles, ids and paths that a message names."""
    found = (reference_in(hole) for hole in template(message).holes)
    return {reference.owner for reference in found if reference is not None and reference.owner is not None}


def names_in_message(message: str) -> set[str]:
    """What it names without an owner."""
    found = (reference_in(hole) for hole in template(message).holes)
    return {reference.name for reference in found if reference is not None and reference.owner is None}


def respelled(message: str, spell: Callable[[PropertyRef], str]) -> str:
    """The same message with its references in another notation, or to others; one that can't be read stays as it is."""
    cut = template(message)
    if cut.slips or not cut.holes:
        return message
    parts: list[str | Hole] = []
    for part in cut.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        reference = reference_in(part)
        parts.append(part if reference is None else replace(part, reference=spell(reference)))
    return written(tuple(parts))
