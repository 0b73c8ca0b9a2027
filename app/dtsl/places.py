"""Where the parts of a document stand in a script, by JSON pointer: what is found in a document is told there."""

from collections.abc import Mapping

from app.dtsl.source import Span


def below(pointer: str, part: str | int) -> str:
    """The pointer to a field or an item of what `pointer` points to."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


def place_of(places: Mapping[str, Span], pointer: str) -> Span:
    """Of the part, or of the nearest around it that has a place. `places` has one for "", the whole."""
    while pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return places[pointer]
