"""Where in a patch the fault of a merged document lies: a client looks for it in what it sent.

A pointer into the merged document counts items of lists that the client may never have seen. Where the patch gave what
is wrong, the pointer leads there; else to the nearest part that it gave, and the message names the merged place.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.commands.form import told_apart_by, unique_parts
from app.commands.pointers import parts_of, pointer
from app.errors import Invalid, Problem
from app.model.definitions import Kind

_BOUND = ("twin_id", "overlay_id")
Path = tuple[str | int, ...]


def refused_in_patch(error: Invalid, kind: Kind, merged: Mapping[str, Any], patch: Mapping[str, Any]) -> Invalid:
    """`error` as it reads for whoever sent the patch."""
    problems = in_patch(error.problems, kind, merged, patch)
    message, _, rest = error.message.partition(": ")
    first = f"{message}: {problems[0].message}" if rest and problems else error.message
    return Invalid(first, code=error.code, hint=error.hint, path=error.path, problems=problems)


def in_patch(
    problems: Iterable[Problem], kind: Kind, merged: Mapping[str, Any], patch: Mapping[str, Any]
) -> tuple[Problem, ...]:
    return tuple(_placed(problem, kind, merged, patch) for problem in problems)


def _placed(problem: Problem, kind: Kind, merged: Mapping[str, Any], patch: Mapping[str, Any]) -> Problem:
    if not problem.path:
        return problem  # of the whole, or of another definition
    path = parts_of(problem.path)
    given, rest = _given(kind, merged, patch, path)
    if not rest or (given and len(rest) == 1 and problem.code == "MISSING_FIELD"):
        return Problem(problem.code, problem.message, pointer((*given, *rest)), problem.hint)
    message = f"{problem.message} (not in the patch itself: {problem.path} of the merged document)"
    return Problem(problem.code, message, pointer(given), problem.hint)


def _given(
    kind: Kind, merged: Mapping[str, Any], patch: Mapping[str, Any], path: Sequence[str]
) -> tuple[Path, Sequence[str]]:
    """The pointer into the patch as far as the patch has it, and what is left of `path`."""
    at: Any = patch
    given: list[str | int] = []
    for depth, part in enumerate(path):
        key: str | int = part
        if isinstance(at, list):
            place = int(part) if part.isdigit() else -1
            if depth == 1:
                place = _sent_as(kind, path[0], merged.get(path[0]), at, place)
            if not 0 <= place < len(at):
                return tuple(given), path[depth:]
            key = place
        elif not isinstance(at, Mapping) or key not in at:
            return tuple(given), path[depth:]
        at = at[key]
        given.append(key)
    return tuple(given), ()


def _sent_as(kind: Kind, part: str, merged: Any, sent: list[Any], index: int) -> int:
    """The item of the patch that the merged list has at `index`; -1 for one that stood there before."""
    field = unique_parts(kind).get(part) or ("role" if (kind, part) == ("overlay", "twins") else None)
    if field is None or not isinstance(merged, list) or not 0 <= index < len(merged):
        return index  # a list that is not merged is the patch's own
    name = _name(merged[index], field)
    if name is None:  # only the patch brings such: they stand in its order
        before = sum(_name(item, field) is None for item in merged[:index])
        nameless = [at for at, item in enumerate(sent) if _name(item, field) is None]
        return nameless[before] if before < len(nameless) else -1
    named = [at for at, item in enumerate(sent) if _name(item, field) == name]
    beside = told_apart_by(kind, part)
    apart = _BOUND if field == "role" else (beside,) if beside else ()
    ends = [merged[index].get(key) for key in apart]
    same = [at for at in named if apart and [sent[at].get(key) for key in apart] == ends]
    if beside:  # an item that leads elsewhere is another one
        named = [at for at in named if sent[at].get(beside) is None]
    return next(reversed(same or named), -1)


def _name(item: Any, field: str) -> str | None:
    name = item.get(field) if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else None
