"""Where in a JSON text the value of a pointer stands: a problem of a document is then shown like one of a script.

Of a key that stands twice the last is meant, as in what was read.
"""

import re
from json.decoder import JSONDecoder

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder()


def place_of(text: str, pointer: str, begins: int = 0) -> tuple[int, int]:
    """Offsets of the value, or of the innermost part on the way to it that is there; an object or a list is shown by
    its bracket. The JSON begins at `begins` of the text."""
    start = _skip(text, begins)
    for part in pointer.split("/")[1:]:
        found = _member(text, start, part.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        start = found
    return start, start + 1 if text[start : start + 1] in ("{", "[") else _end(text, start)


def _member(text: str, start: int, key: str) -> int | None:
    opening = text[start : start + 1]
    if opening not in ("{", "["):
        return None
    found = None
    at = _skip(text, start + 1)
    index = 0
    while text[at] not in "}]":
        name = str(index)
        if opening == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if name == key:
            found = at
        at = _skip(text, _end(text, at))
        if text[at] == ",":
            at = _skip(text, at + 1)
        index += 1
    return found


def _end(text: str, start: int) -> int:
    try:
        _, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):  # what could not be read is shown by its first character
        return start + 1
    return int(end)


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches everywhere
