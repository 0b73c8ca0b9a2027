"""Identifiers, and the two ways each is written.

An identifier is 1 to 128 characters of letters, digits and `_ - . :` (design, section 4). Those in snake_case also
have an unquoted DTSL form: camelCase for members (`flow_rate` -> `flowRate`), PascalCase for types and twins
(`pump_123` -> `Pump123`). Every capital and every digit group starts a word, so `Pump1` means `pump_1`, never `pump1`;
ids that would not come back the same (`pump1`, `P-101A`) have no unquoted form and are written in quotes.
"""

import re
from functools import lru_cache

IDENTIFIER = re.compile(r"[A-Za-z0-9_.:\-]{1,128}")
_ROLE_PATH = re.compile(r"[A-Za-z0-9_.:\-]{1,1000}")
IDENTIFIER_RULE = "1 to 128 characters of letters, digits and _ - . :"
_WORD = re.compile(r"[A-Z][a-z]*|[a-z]+|[0-9]+")
_UNQUOTED = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def is_identifier(text: str) -> bool:
    return IDENTIFIER.fullmatch(text) is not None


def is_role_path(text: str) -> bool:
    """Form only: an identifier may have dots too, so what are the roles on the path is for their overlay to say."""
    return _ROLE_PATH.fullmatch(text) is not None


@lru_cache(maxsize=65_536)
def to_snake(text: str) -> str:
    """`flowRate` -> `flow_rate`, `Pump123` -> `pump_123`, `BuildingAPumpingSystem` -> `building_a_pumping_system`."""
    return "_".join(word.lower() for word in _WORD.findall(text))


def to_pascal(name: str) -> str:
    """`pump_123` -> `Pump123`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def to_camel(name: str) -> str:
    """`flow_rate` -> `flowRate`."""
    pascal = to_pascal(name)
    return pascal[:1].lower() + pascal[1:]


@lru_cache(maxsize=65_536)
def has_unquoted_form(name: str) -> bool:
    """Whether both DTSL forms of this id read back as the same id."""
    return all(_UNQUOTED.fullmatch(form) and to_snake(form) == name for form in (to_pascal(name), to_camel(name)))
