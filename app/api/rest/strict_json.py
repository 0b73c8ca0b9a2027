"""JSON as we take it: no NaN or infinities, no whole numbers beyond 64 bits, no half surrogate pairs, no key twice.

Most of that is not JSON, and a strict parser gives up at the first; where a lenient one can read on, every place is
told with its pointer.
"""

import codecs
import json
from collections import Counter
from typing import Any

import msgspec

from app.commands.json_limits import limit_problems
from app.commands.pointers import pointer
from app.errors import Invalid, Problem


def read_json(content: bytes) -> Any:
    """A byte order mark is skipped. Raises Invalid (REQUEST_INVALID; DOCUMENT_INVALID with the places)."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        found = msgspec.json.decode(content)
        problems = _repeated_keys(_leniently(content))
    except (ValueError, RecursionError) as error:
        problems = _what_json_is_not(content)
        if not problems:
            message = f"the body is not valid JSON: {error}"
            raise Invalid(message, code="REQUEST_INVALID", hint="send one JSON object in UTF-8") from error
        found = None
    if problems:
        raise Invalid.of(problems, "the body", code="DOCUMENT_INVALID")
    return found


class _Twice(dict[str, Any]):
    """An object in which keys came more than once; it has the last of each."""

    keys_twice: list[str]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = _Twice(found)
    twice.keys_twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    return twice


def _leniently(content: bytes) -> Any:
    return json.loads(content.decode("utf-8"), object_pairs_hook=_object)


def _what_json_is_not(content: bytes) -> list[Problem]:
    """The places that kept it from being read; none where it is no JSON in any reading."""
    try:
        return limit_problems(_leniently(content))[0]
    except (ValueError, RecursionError):
        return []


def _repeated_keys(value: Any) -> list[Problem]:
    """Whoever writes a key twice means one of them; which, nobody can know."""
    found: list[Problem] = []
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        at, part = waiting.pop()
        if isinstance(part, _Twice):
            found += [
                Problem("DUPLICATE_KEY", f"'{key[:100]}' is there twice", pointer((*at, key)), "leave one of them out")
                for key in part.keys_twice
            ]
        if isinstance(part, dict):
            waiting += [((*at, key), item) for key, item in part.items()]
        elif isinstance(part, list):
            waiting += [((*at, index), item) for index, item in enumerate(part)]
    return found
