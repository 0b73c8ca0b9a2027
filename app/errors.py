"""Every error this program raises on purpose, as one tree; whatever is not in it is a bug and is masked.

    TwinOverlayError            code, message, hint, path, problems
    ├── Invalid                 the input is wrong as it stands: fix it and send it again
    ├── NotFound                a name that nothing carries
    ├── Conflict                right in itself, but the world has moved on (revision, id taken, in use)
    ├── Refused                 understood and not done: the rules of the plant forbid it
    ├── Unavailable             would be right; something it needs is not there now: try again later
    └── Misconfigured           the server can't start, or keep running, as it is set up

The code is stable and is what clients branch on; the message says what and where; the hint says what next.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

OBSERVER = "OBSERVER"
ONLY_OBSERVES = "this server only observes: it changes nothing and calls nobody"
ASK_THE_ACTOR = "ask the server that acts for this installation"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input. `path` is an RFC 6901 JSON pointer, or `file:line:column` for text."""

    code: str
    message: str
    path: str = ""
    hint: str = ""

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "path": self.path, "hint": self.hint}

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.code} {self.message}{hint}"


class TwinOverlayError(Exception):
    """Base of the tree; never raised itself."""

    default_code = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str = "",
        path: str = "",
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.path = path
        self.problems = tuple(problems)
        self.recorded = False
        """Whether the journal has it, so that the audit tells it once."""

    def __str__(self) -> str:
        first = str(Problem(self.code, self.message, self.path, self.hint))
        return "\n".join([first, *(f"  {problem}" for problem in self.problems)])

    def extensions(self) -> dict[str, Any]:
        """What a GraphQL error carries in `extensions`."""
        found: dict[str, Any] = {"code": self.code, "hint": self.hint}
        if self.path:
            found["path"] = self.path
        if self.problems:
            found["problems"] = [problem.to_json() for problem in self.problems]
        return found


class Invalid(TwinOverlayError):
    """The input is wrong as it stands; `problems` has every fault found, not only the first."""

    default_code = "INVALID"

    @classmethod
    def of(cls, problems: Sequence[Problem], what: str, *, code: str | None = None) -> Self:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        return cls(f"{what} has {count}: {problems[0].message}", code=code, hint=problems[0].hint, problems=problems)


class NotFound(TwinOverlayError):
    """A name that nothing carries."""

    default_code = "NOT_FOUND"

    @classmethod
    def named(cls, kind: str, name: str, known: Iterable[str] = (), *, path: str = "") -> "NotFound":
        """`kind` as people say it ("twin", "overlay type"); `known` feeds the suggestion."""
        code = kind.upper().replace(" ", "_") + "_NOT_FOUND"
        return cls(f"there is no {kind} '{name}'", code=code, hint=suggestion(name, known), path=path)


class Conflict(TwinOverlayError):
    """Right in itself, but the world has moved on."""

    default_code = "CONFLICT"


class Refused(TwinOverlayError):
    """Understood and not done."""

    default_code = "REFUSED"


class Unavailable(TwinOverlayError):
    """Something this needs is not there now."""

    default_code = "UNAVAILABLE"


class Misconfigured(TwinOverlayError):
    """The server can't start, or keep running, as it is set up; the CLI prints it as one line and exits 2."""

    default_code = "MISCONFIGURED"


def suggestion(name: str, known: Iterable[str]) -> str:
    """ "did you mean 'x'?" for the nearest known name, or "" where none is near."""
    meant = nearest(name, known)
    return f"did you mean '{meant}'?" if meant is not None else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was meant; None where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else None
