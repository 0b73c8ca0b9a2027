"""Cursors: a key in an order, sealed with a digest of the order and the filter that it belongs to.

The digest is no signature: it keeps an honest client from paging through one answer with the place of another.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, overload

import msgspec

from app.errors import Invalid
from app.find.lines import Key, rank
from app.find.query import OrderBy

_HINT = "give a `cursor`, `startCursor` or `endCursor` of an earlier page of the same question"


def seal(*question: object) -> str:
    """Equal for equal questions, over restarts too."""
    return hashlib.blake2b(repr(question).encode(), digest_size=6).hexdigest()


def encode(sealed: str, key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((sealed, *key))).decode()


class Cursors(Sequence[str]):
    """Of a page whose items have these keys, each written when it is asked for: most clients take one, or none."""

    __slots__ = ("_keys", "_sealed")

    def __init__(self, sealed: str, keys: Sequence[Key]) -> None:
        self._sealed = sealed
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> "Cursors": ...
    def __getitem__(self, at: int | slice) -> "str | Cursors":
        if isinstance(at, slice):
            return Cursors(self._sealed, self._keys[at])
        return encode(self._sealed, self._keys[at])


def decode(cursor: str, sealed: str, by: OrderBy, name: str) -> Key:
    """Raises Invalid: CURSOR_INVALID for what is none, CURSOR_FOREIGN for one of another filter or order."""
    return unseal(cursor, sealed, name, lambda key: _fits(key, by))


def unseal(cursor: str, sealed: str, name: str, fits: Callable[[Key], bool]) -> Key:
    """The same for a key of any form; `fits` tells whether it has that."""
    try:
        found = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) < 2 or not isinstance(found[0], str):
        raise Invalid(f"`{name}` is not a cursor", code="CURSOR_INVALID", hint=_HINT, path=f"/{name}")
    if found[0] != sealed:
        raise Invalid(
            f"`{name}` is a cursor of another filter or order", code="CURSOR_FOREIGN", hint=_HINT, path=f"/{name}"
        )
    key = tuple(found[1:])
    if not fits(key):
        raise Invalid(f"`{name}` is not a cursor", code="CURSOR_INVALID", hint=_HINT, path=f"/{name}")
    return key


def is_ranked(key: Key) -> bool:
    """A number, then an id."""
    return len(key) == 2 and type(key[0]) is int and isinstance(key[1], str)


def _fits(key: Key, by: OrderBy) -> bool:
    *rest, id = key
    if not isinstance(id, str):
        return False
    match by:
        case "id":
            return rest == []
        case "type":
            return len(rest) == 1 and isinstance(rest[0], str)
        case "updated":
            return len(rest) == 1 and type(rest[0]) is int
        case "property":
            return len(rest) == 2 and _is_rank(rest[0], rest[1])


def _is_rank(where: Any, value: Any) -> bool:
    return value is None if where is None else type(where) is int and rank(value) == where
