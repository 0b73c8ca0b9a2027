"""What any JSON document must keep to before its content is looked at: size, depth, numbers and text.

It walks without recursion, so that depth is a finding and not a crash; what passes here can be stored anywhere as JSON.
Of a document in which nothing is wrong, as nearly all are, it does not even note where it is.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from app.commands.pointers import found, pointer
from app.commands.values import is_text
from app.errors import Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_PROBLEMS = 1000
_INTEGERS = range(-(2**63), 2**63)

Path = tuple[str | int, ...]


def limit_problems(document: Any) -> tuple[list[Problem], bool]:
    """Every place where a limit is passed, and whether the document is sound enough to be looked into all the same."""
    bound = _bytes_at_most(document, MAX_DEPTH)
    if bound is not None and bound <= MAX_BYTES:
        return [], True
    problems: list[Problem] = []
    sound = True
    size = 0
    waiting: list[tuple[Path, Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        size += 1
        if isinstance(value, Mapping | list):
            if len(path) >= MAX_DEPTH:
                problems.append(
                    Problem(
                        "TOO_DEEP",
                        f"more than {MAX_DEPTH} levels of lists and objects inside each other",
                        pointer(path),
                        f"at most {MAX_DEPTH} levels are allowed",
                    )
                )
                sound = False
            elif isinstance(value, list):
                waiting.extend(((*path, index), item) for index, item in reversed(list(enumerate(value))))
            else:
                for key, item in reversed(list(value.items())):
                    if isinstance(key, str):
                        size += len(key)
                        problems.extend(_text_problems(key, path))
                        waiting.append(((*path, key), item))
                    else:
                        problems.append(Problem("WRONG_TYPE", f"a key is {found(key)}, not text", pointer(path)))
                        sound = False
        elif isinstance(value, str):
            size += len(value)
            problems.extend(_text_problems(value, path))
        else:
            problem = _scalar_problem(value, path)
            if problem is not None:
                problems.append(problem)
                sound = sound and problem.code != "WRONG_TYPE"
        if size > MAX_BYTES:
            return [_too_large()], False
        if len(problems) > MAX_PROBLEMS:
            return problems, False
    if sound and len(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")) > MAX_BYTES:
        return [_too_large()], False
    return problems, sound


def _bytes_at_most(value: Any, levels: int) -> int | None:
    """What its JSON can take (an escape has six bytes); None where something in it needs a closer look."""
    kind = value.__class__
    if kind is str:
        if value.isascii():
            return 6 * len(value) + 3
        return 6 * len(value) + 3 if is_text(value) else None
    if kind is dict or kind is list:
        if levels == 0:
            return None
        bound = 2
        for item in value.values() if kind is dict else value:
            inside = _bytes_at_most(item, levels - 1)
            if inside is None:
                return None
            bound += inside + 1
        if kind is dict:
            for key in value:
                if key.__class__ is not str or not is_text(key):
                    return None
                bound += 6 * len(key) + 3
        return bound
    if kind is int:
        return 20 if value in _INTEGERS else None
    if kind is float:
        return 25 if math.isfinite(value) else None
    return 5 if value is None or kind is bool else None


def _scalar_problem(value: Any, path: Path) -> Problem | None:
    match value:
        case None | bool():
            return None
        case int():
            if value in _INTEGERS:
                return None
            return Problem(
                "NUMBER_TOO_LARGE",
                "a whole number here does not fit into 64 bits",
                pointer(path),
                f"allowed is {_INTEGERS.start} to {_INTEGERS.stop - 1}; write larger ones as text",
            )
        case float():
            if math.isfinite(value):
                return None
            return Problem("NOT_FINITE", f"{value} is not a finite number", pointer(path), "give a finite number")
        case _:
            return Problem("WRONG_TYPE", f"{found(value)} is not JSON", pointer(path), "give plain JSON")


def _text_problems(text: str, path: Path) -> list[Problem]:
    if is_text(text):
        return []
    return [Problem("BAD_TEXT", "half of a surrogate pair is not text", pointer(path), "send valid Unicode")]


def _too_large() -> Problem:
    return Problem(
        "DOCUMENT_TOO_LARGE",
        f"the document is larger than {MAX_BYTES} bytes of JSON",
        "",
        f"at most {MAX_BYTES} bytes are allowed; split it, and keep files elsewhere and their addresses here",
    )
