""" "did you mean 'x'?", at a cost that does not grow with the plant.

errors.suggestion compares with every known name; with 100,000 twins that is seconds of a blocked loop, so only names of
like length and beginning are compared, and at most some hundreds of them.
"""

from collections.abc import Iterable

from app.errors import suggestion

_MAX_NAME = 128
_MAX_LOOKED_AT = 200_000
_MAX_COMPARED = 300


def near(name: str, known: Iterable[str]) -> str:
    """The suggestion, or "" where no known name is near."""
    if not 0 < len(name) <= _MAX_NAME:
        return ""
    few = list(_at_most(known, _MAX_LOOKED_AT))
    if len(few) > _MAX_COMPARED:
        beginning = name[:2].lower()
        alike = (item for item in few if abs(len(item) - len(name)) <= 2 and item[:2].lower() == beginning)
        few = list(_at_most(alike, _MAX_COMPARED))
    return suggestion(name, few)


def _at_most(items: Iterable[str], count: int) -> Iterable[str]:
    return (item for item, _ in zip(items, range(count), strict=False))
