"""RFC 6901 JSON pointers, and names for what was found at one.

`/` and `~` inside a key are escaped, so a key of a user's document can never point elsewhere.
"""

from collections.abc import Iterable
from typing import Any

_SHOWN = 60


def pointer(parts: Iterable[str | int]) -> str:
    """`("a/b", 0)` -> `"/a~1b/0"`; `()` -> `""`, the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def parts_of(text: str) -> tuple[str, ...]:
    """What `pointer` was made of, numbers as text."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def is_pointer(text: str) -> bool:
    if text and not text.startswith("/"):
        return False
    escapes = text.split("~")[1:]
    return all(rest[:1] in ("0", "1") for rest in escapes)


def found(value: Any) -> str:
    """What stands there, for a message: `the text 'abc'`, `the number 5`, `a list`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}" if not isinstance(value, int) or abs(value) < 10**20 else "a huge number"
        case str():
            return f"the text {shown(value)}"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"


def shown(text: str) -> str:
    """Quoted, cut where long, one line."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "'" + "".join(character if character.isprintable() else "?" for character in cut) + "'"
