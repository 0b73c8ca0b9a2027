"""The bodies of trials: steps to rehearse, and definitions to plan or to run beside the running ones.

Every fault of their form is told at once; what stands in a step or a definition is for the commands to judge.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, get_args

from app.commands.documents import KINDS
from app.commands.pointers import found as what
from app.commands.pointers import pointer
from app.commands.request import read_documents
from app.commands.scripts import ScriptCommands
from app.commands.what_if import Answers, Change, Step, wait_of
from app.errors import Invalid, Problem
from app.model.definitions import Definition, Kind
from app.model.near import near
from app.model.values import Quality

_QUALITIES: tuple[Quality, ...] = get_args(Quality)
_ANSWERS: tuple[Answers, ...] = get_args(Answers)
_LONGEST = 1e9
"""Seconds: more is more than may be waited, and would be no number of microseconds."""


class Form:
    """What is read of a body, and everything that is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def finish(self) -> None:
        """Raises Invalid (DOCUMENT_INVALID)."""
        if self.problems:
            raise Invalid.of(self.problems, "the body", code="DOCUMENT_INVALID")

    def fields(self, item: Any, known: Collection[str], needed: Collection[str], path: str) -> Mapping[str, Any]:
        if not isinstance(item, dict):
            self.wrong(item, path, "an object")
            return {}
        for name in item:
            if name not in known:
                hint = near(name, known) or f"known are {', '.join(known)}"
                told = f"there is no field '{name[:100]}' here"
                self.problems.append(Problem("UNKNOWN_FIELD", told, path + pointer((name,)), hint))
        for name in needed:
            if name not in item:
                self.problems.append(Problem("MISSING_FIELD", f"'{name}' is missing", path, f"add '{name}'"))
        return item

    def items(self, item: Mapping[str, Any], name: str, path: str) -> list[Any]:
        given = item.get(name, [])
        if isinstance(given, list):
            return given
        self.wrong(given, f"{path}/{name}", "a list")
        return []

    def text(self, item: Mapping[str, Any], name: str, path: str) -> str:
        given = item.get(name, "")
        if isinstance(given, str):
            return given
        self.wrong(given, f"{path}/{name}", "a text")
        return ""

    def texts(self, item: Mapping[str, Any], name: str, path: str) -> tuple[str, ...]:
        found = self.items(item, name, path)
        for place, given in enumerate(found):
            if not isinstance(given, str):
                self.wrong(given, f"{path}/{name}/{place}", "a text")
        return tuple(given for given in found if isinstance(given, str))

    def number(self, item: Mapping[str, Any], name: str, path: str, default: float) -> float:
        given = item.get(name, default)
        if isinstance(given, int | float) and not isinstance(given, bool):
            return float(max(-_LONGEST, min(given, _LONGEST)))
        self.wrong(given, f"{path}/{name}", "a number")
        return default

    def word(self, item: Mapping[str, Any], name: str, path: str, known: Sequence[str], default: str) -> str:
        given = item.get(name, default)
        if given in known and isinstance(given, str):
            return given
        listed = f"allowed are {', '.join(known)}"
        hint = f"{near(given, known)} {listed}".strip() if isinstance(given, str) else listed
        self.problems.append(Problem("NOT_ALLOWED", f"{what(given)} is none of them", f"{path}/{name}", hint))
        return default

    def wrong(self, given: Any, path: str, wanted: str) -> None:
        self.problems.append(Problem("WRONG_TYPE", f"{what(given)} where {wanted} is wanted", path, f"give {wanted}"))


def steps_of(body: Mapping[str, Any]) -> tuple[list[Step], Answers]:
    """Raises Invalid (DOCUMENT_INVALID)."""
    form = Form()
    form.fields(body, ("steps", "answers"), ("steps",), "")
    steps = [_step(form, item, f"/steps/{index}") for index, item in enumerate(form.items(body, "steps", ""))]
    given = form.word(body, "answers", "", _ANSWERS, "accept")
    form.finish()
    return steps, next(answers for answers in _ANSWERS if answers == given)


def _step(form: Form, item: Any, path: str) -> Step:
    step = form.fields(item, ("set", "disconnect", "connect", "wait"), (), path)
    return Step(
        tuple(_change(form, each, f"{path}/set/{place}") for place, each in enumerate(form.items(step, "set", path))),
        form.texts(step, "disconnect", path),
        form.texts(step, "connect", path),
        wait_of(form.number(step, "wait", path, 0.0)),
    )


def _change(form: Form, item: Any, path: str) -> Change:
    change = form.fields(item, ("twin_id", "property", "value", "quality"), ("twin_id", "property"), path)
    given = form.word(change, "quality", path, _QUALITIES, "good")
    quality = next(quality for quality in _QUALITIES if quality == given)
    return Change(form.text(change, "twin_id", path), form.text(change, "property", path), change.get("value"), quality)


def hours_of(body: Mapping[str, Any], default: float) -> float:
    """Raises Invalid (DOCUMENT_INVALID)."""
    form = Form()
    hours = form.number(body, "hours", "", default)
    form.finish()
    return hours


async def definitions_of(
    body: Mapping[str, Any], scripts: ScriptCommands, more: Collection[str] = ()
) -> Sequence[Definition]:
    """Of documents, or of a script. Raises Invalid (DOCUMENT_INVALID, NOTHING_TO_REHEARSE), ScriptInvalid."""
    form = Form()
    form.fields(body, ("documents", "source", *more), (), "")
    given = form.items(body, "documents", "")
    documents = [_document(form, item, f"/documents/{index}") for index, item in enumerate(given)]
    source = None if body.get("source") is None else form.text(body, "source", "")
    form.finish()
    if bool(documents) == (source is not None):
        raise Invalid("give either documents or a script", code="NOTHING_TO_REHEARSE", path="/documents")
    if source is not None:
        return await scripts.definitions(source)
    with in_documents(len(documents)):
        return await read_documents(documents)


def _document(form: Form, item: Any, path: str) -> tuple[Kind, Mapping[str, Any]]:
    given = form.fields(item, ("kind", "document"), ("kind", "document"), path)
    kinds: list[Kind] = list(KINDS)
    word = form.word(given, "kind", path, kinds, "twin") if "kind" in given else "twin"
    document = given.get("document", {})
    if not isinstance(document, dict):
        form.wrong(document, f"{path}/document", "an object")
    return next(kind for kind in kinds if kind == word), document if isinstance(document, dict) else {}


@contextmanager
def in_documents(count: int) -> Iterator[None]:
    """Commands point into the documents; those stand in the body, each beside its kind."""
    try:
        yield
    except Invalid as error:
        if not error.problems:
            raise
        placed = [Problem(item.code, item.message, _placed(item.path, count), item.hint) for item in error.problems]
        raise Invalid.of(placed, "the request", code=error.code) from error


def _placed(path: str, count: int) -> str:
    if count == 1:
        return f"/documents/0/document{path}"
    place, _, rest = path.removeprefix("/").partition("/")
    return f"/documents/{place}/document" + (f"/{rest}" if rest else "")
