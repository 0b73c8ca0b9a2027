"""How a command on the plant says no: an unknown name, a value or text that does not fit, the engine's own refusal."""

from collections.abc import Iterable, Sequence
from typing import NoReturn

from app.commands.pointers import shown
from app.commands.values import is_text
from app.errors import Conflict, Invalid, NotFound, Problem, Refused
from app.model.catalogue import Catalogue
from app.model.definitions import PropertyDefinition
from app.model.document import MAX_TEXT
from app.model.near import near

_HINTS = {"CALL_INTERLOCKED": "wait until it no longer stands, or override it with a reason"}


def unknown(kind: str, name: str, where: str, known: Iterable[str]) -> NotFound:
    return NotFound(
        f"there is no {kind} {shown(name)}{where}", code=f"{kind.upper()}_NOT_FOUND", hint=near(name, known)
    )


def refuse_unknown_twin(catalogue: Catalogue, twin_id: str) -> None:
    if catalogue.twin(twin_id) is None:
        raise unknown("twin", twin_id, "", catalogue.ids("twin"))


def property_of(catalogue: Catalogue, twin_id: str, name: str) -> PropertyDefinition:
    """Raises NotFound (TWIN_NOT_FOUND, PROPERTY_NOT_FOUND)."""
    refuse_unknown_twin(catalogue, twin_id)
    properties = catalogue.capabilities(twin_id).properties
    definition = properties.get(name)
    if definition is None:
        raise unknown("property", name, f" of twin '{twin_id}'", properties)
    return definition


def refuse(problems: Sequence[Problem], what: str) -> None:
    """The code of the whole is that of its first fault: a value has one."""
    if problems:
        raise Invalid.of(problems, what, code=problems[0].code)


def refuse_text(text: str, what: str, path: str) -> None:
    """What a person says and the journal keeps. Raises Invalid (TOO_LONG, BAD_TEXT)."""
    if len(text) > MAX_TEXT:
        hint = f"at most {MAX_TEXT} are allowed"
        raise Invalid(f"the {what} has more than {MAX_TEXT} characters", code="TOO_LONG", hint=hint, path=path)
    if not is_text(text):
        raise Invalid(f"the {what} is not valid Unicode", code="BAD_TEXT", hint="send valid Unicode", path=path)


def given_reason(text: str, path: str, what: str = "an override") -> str:
    """Why a person overrides or shelves something. Raises Invalid (REASON_MISSING, TOO_LONG, BAD_TEXT)."""
    refuse_text(text, "reason", path)
    if not text.strip():
        raise Invalid(
            f"{what} needs a reason",
            code="REASON_MISSING",
            hint="say why: whoever is on shift next will read it",
            path=path,
        )
    return text.strip()


def raise_refused(reason: str) -> NoReturn:
    """The engine's `CODE message` as the error that it is."""
    raise _recorded(reason)


def _recorded(reason: str) -> NotFound | Conflict | Refused:
    code, _, message = reason.partition(" ")
    error: NotFound | Conflict | Refused
    if code.endswith("_NOT_FOUND"):
        error = NotFound(message, code=code)
    elif "_ALREADY_" in code or code.endswith("_EXISTS"):
        error = Conflict(message, code=code)
    else:
        error = Refused(message, code=code, hint=_HINTS.get(code, ""))
    error.recorded = True
    return error
