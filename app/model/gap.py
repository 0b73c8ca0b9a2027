"""A hole in the journal's numbers: records that were there and are lost, with what of it matters to whom.

A gap that nobody needs (the snapshot and every cursor are past it) is only told. Any other has to be accepted by a
person, since what was decided in it is not known, or never reaches the graph.
"""

import msgspec


class Gap(msgspec.Struct, frozen=True):
    first: int
    last: int
    why: str
    """What happened to them, in words."""
    accepted: bool = False
    """A person let the server go on without them."""
    noted: bool = False
    """The audit has it."""

    @property
    def records(self) -> str:
        return f"record {self.first}" if self.first == self.last else f"records {self.first} to {self.last}"

    def matters(self, snapshot: int, cursors: dict[str, int]) -> list[str]:
        """What is missed, one line each; empty where it is wholly behind all that is needed."""
        found = []
        if self.last > snapshot:
            past = f"it reaches past the snapshot at {snapshot}" if snapshot else "no snapshot is behind it"
            found.append(f"{past}: what was decided in it is not known")
        for name, sequence in sorted(cursors.items()):
            if self.last > sequence:
                whose = "the graph lacks it" if name == "graph" else f"'{name}' never gets it"
                found.append(f"it reaches past the cursor '{name}' at {sequence}: {whose}")
        return found


Range = tuple[int, int]
"""First and last."""


def holes(present: list[Range], first: int, last: int) -> list[Range]:
    """What of `first` to `last` is in none of them."""
    found, expected = [], first
    for begin, end in sorted(present):
        if begin > last:
            break
        if begin > expected:
            found.append((expected, begin - 1))
        expected = max(expected, end + 1)
    if expected <= last:
        found.append((expected, last))
    return found
