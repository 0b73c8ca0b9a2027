"""What edges are called, each name once: an edge holds a number, and a million edges share a few words."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.topology.runs import Ints


class Label(NamedTuple):
    name: str
    relationship_type: str
    group: str | None = None
    """Where one is declared: which of a twin's edges can stand in for this one."""


class Labels:
    """Numbered, and counted so that a name nobody uses any more gives its number back."""

    def __init__(self) -> None:
        self._all: list[Label | None] = []
        self._numbers: dict[Label, int] = {}
        self._uses: list[int] = []
        self._free: list[int] = []
        self._types: dict[str, int] = {}
        self._type_of: Ints = np.zeros(16, np.int32)
        """By label: the number of its relationship type."""

    def __getitem__(self, number: int) -> Label:
        label = self._all[number]
        assert label is not None, "an edge has it"
        return label

    def __len__(self) -> int:
        """Above every number that is in use."""
        return len(self._all)

    def items(self) -> list[tuple[int, Label]]:
        return [(number, label) for label, number in self._numbers.items()]

    def take(self, label: Label) -> int:
        """For one edge more."""
        number = self._numbers.get(label)
        if number is None:
            number = self._numbers[label] = self._put(label)
        self._uses[number] += 1
        return number

    def give_back(self, number: int, uses: int = 1) -> None:
        self._uses[number] -= uses
        if not self._uses[number]:
            del self._numbers[self[number]]
            self._all[number] = None
            self._free.append(number)

    def number(self, label: Label) -> int | None:
        return self._numbers.get(label)

    def of_types(self, types: tuple[str, ...]) -> NDArray[np.bool_] | None:
        """By label, whether it is of one of these types; None, for no types, means every one."""
        if not types:
            return None
        wanted = np.zeros(max(1, len(self._types)), np.bool_)
        wanted[[self._types[name] for name in types if name in self._types]] = True
        chosen: NDArray[np.bool_] = wanted[self._type_of[: max(1, len(self._all))]]
        return chosen

    def _put(self, label: Label) -> int:
        if self._free:
            number = self._free.pop()
            self._all[number] = label
        else:
            number = len(self._all)
            self._all.append(label)
            self._uses.append(0)
            if number == len(self._type_of):
                self._type_of = np.concatenate([self._type_of, np.zeros_like(self._type_of)])
        self._type_of[number] = self._types.setdefault(label.relationship_type, len(self._types))
        return number
