"""A list as it is shown: so many of its items at most, and how many there are.

What a trial tells depends on the size of the plant that it reaches; an answer must not.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

MOST_LISTED = 1000

Item = TypeVar("Item")


class Listed(NamedTuple, Generic[Item]):
    items: Sequence[Item]
    """The first ones."""
    total: int

    @property
    def truncated(self) -> bool:
        return len(self.items) < self.total


def listed(items: Sequence[Item], most: int = MOST_LISTED) -> Listed[Item]:
    return Listed(items[:most], len(items))
