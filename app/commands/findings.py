"""What a check found: faults that refuse the change, and warnings that do not.

Every message about names, roles and actions of a definition is written here, so that they read alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.errors import Problem
from app.model.near import near

_LISTED = 20


@dataclass(slots=True)
class Findings:
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def unknown(self, what: str, name: str, where: str, path: str, known: Iterable[str]) -> None:
        """`UNKNOWN_ROLE there is no role 'x' in overlay type 'y'`; `where` is "" or starts with a preposition."""
        code = "UNKNOWN_" + what.upper().replace(" ", "_")
        names = list(known)
        hint = near(name, names)
        if not hint and 0 < len(names) <= _LISTED:
            hint = f"known are {', '.join(sorted(names))}"
        self.problems.append(Problem(code, f"there is no {what} '{name}' {where}".rstrip(), path, hint))

    def fault(self, code: str, message: str, path: str, hint: str = "") -> None:
        self.problems.append(Problem(code, message, path, hint))

    def warn(self, code: str, message: str, path: str, hint: str = "") -> None:
        self.warnings.append(Problem(code, message, path, hint))

    def take(self, found: "Findings", path: str, what: str) -> None:
        """What was found of a part at `path`. One that is inherited has none: messages name it, and what it is warned
        of was said where it stands."""
        if path:
            self.problems += found.problems
            self.warnings += found.warnings
        else:
            self.problems += [Problem(item.code, f"{what}: {item.message}", "", item.hint) for item in found.problems]

    def unresolved(self, twin_id: str, relationship: str, path: str) -> None:
        self.warn(
            "UNRESOLVED_TARGET",
            f"relationship '{relationship}' refers to twin '{twin_id}', which does not exist yet",
            path,
            "it joins by itself once that twin is saved",
        )
