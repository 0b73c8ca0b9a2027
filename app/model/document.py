"""What every part of a document is made of: closed and immutable, with identifiers, texts and numbers of one form.

These check form alone, part by part; a part that breaks several rules tells all of them at once (`Faults`).
"""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from app.model.names import IDENTIFIER_RULE, is_identifier, is_role_path
from app.model.value_types import Fault

MAX_ITEMS = 10_000
MAX_TEXT = 10_000


class Faults(ValueError):
    """What these models raise inside pydantic's ValidationError (`ctx["error"]`): all faults of one part at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = tuple(faults)


def _identifier(text: str) -> str:
    if not is_identifier(text):
        raise Faults([Fault("BAD_IDENTIFIER", (), f"'{text[:140]}' is not an identifier: {IDENTIFIER_RULE}")])
    return text


def _role_path(text: str) -> str:
    if not is_role_path(text):
        message = f"'{text[:140]}' is not a role, nor a path of roles: each is {IDENTIFIER_RULE}"
        raise Faults([Fault("BAD_IDENTIFIER", (), message)])
    return text


def _no_control_characters(text: str) -> str:
    for character in text:
        if ord(character) < 32 and character not in "\n\t\r":
            raise Faults([Fault("BAD_TEXT", (), f"control character U+{ord(character):04X} is not allowed")])
    return text


Identifier = Annotated[str, AfterValidator(_identifier)]
RolePath = Annotated[str, AfterValidator(_role_path)]
"""A role, or the way to one inside an overlay that fills a role: `pumping.primary_pump`."""
Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(_no_control_characters)]
Version = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+([-+][0-9A-Za-z.\-+]+)?$", max_length=64)]
FreeForm = dict[str, JsonValue]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Document(BaseModel):
    """Base of every part of a document: closed, immutable, no silent conversion of wrong types."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


D = TypeVar("D", bound=Document)


class Named(Document):
    name: Identifier


def exactly_one(document: D, first: str, second: str, what: str, both: str) -> D:
    given = [field for field in (first, second) if getattr(document, field) is not None]
    if len(given) == 2:
        raise Faults([Fault(both, (second,), f"{what} has both {first} and {second}", "leave one of them out")])
    if not given:
        message = f"{what} has neither {first} nor {second}"
        raise Faults([Fault("MISSING_FIELD", (first,), message, f"add '{first}', or '{second}'")])
    return document


def refuse_twice(document: D, **parts: str | tuple[str, ...]) -> D:
    """`parts` is list field -> the field of its items that may not repeat, or the fields that together may not."""
    faults: list[Fault] = []
    for part, fields in parts.items():
        fields = (fields,) if isinstance(fields, str) else fields
        seen: set[tuple[str, ...]] = set()
        for index, item in enumerate(getattr(document, part)):
            names = tuple(getattr(item, field) for field in fields)
            if names in seen:
                what = " to ".join(f"'{name}'" for name in names)
                faults.append(Fault("DUPLICATE_NAME", (part, index, fields[-1]), f"{part} has {what} twice"))
            seen.add(names)
    if faults:
        raise Faults(faults)
    return document
