"""Where the parts of a document stand in a script, by JSON pointer: what is found in a document is told there."""

from collections.abc import Mapping

from app.dtsl.ast import Place
from app.dtsl.scope import Finding
from app.dtsl.source import Span


def below(pointer: str, part: str | int) -> str:
    """The pointer to a field or an item of what `pointer` points to."""
    return f"{pointer}/{str(part).replace('~', '~0').replace('/', '~1')}"


def place_of(places: Mapping[str, Span], pointer: str) -> Span:
    """Of the part, or of the nearest around it that has a place. `places` has one for "", the whole."""
    while pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return places[pointer]


def span_of_finding(finding: Finding, places: Mapping[int, Place]) -> Span:
    """`places` are the condition's."""
    place = places[id(finding.node)]
    return {"whole": place.whole, "owner": place.owner, "name": place.name}[finding.part]
