"""Messages with values in them: `{primary_pump.temperature}`, `{dp:.2f}`; `{{` and `}}` are braces.

A message is cut here and nowhere read: what stands between the braces is a reference in either notation, and who knows
the names (the checks, the language) makes something of it.
"""

import re
from dataclasses import dataclass

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_FORMAT = re.compile(r"\.([0-9])f?")


@dataclass(frozen=True, slots=True)
class Hole:
    """`reference` as it is written; offsets in the message: `start` of the brace, `end` behind the closing one."""

    reference: str
    decimals: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrong with the form of a message, and where."""

    told: str
    hint: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Hole, ...]
    slips: tuple[Slip, ...] = ()

    @property
    def holes(self) -> tuple[Hole, ...]:
        return tuple(part for part in self.parts if isinstance(part, Hole))


def template(message: str) -> Template:
    """Never raises; what is wrong is among the slips and, in the parts, text."""
    parts: list[str | Hole] = []
    slips: list[Slip] = []
    at = 0

    def text(piece: str) -> None:
        if parts and isinstance(parts[-1], str):
            parts[-1] += piece
        elif piece:
            parts.append(piece)

    for match in _PIECE.finditer(message):
        text(message[at : match.start()])
        at = match.end()
        inner = match[1]
        if inner is None:
            text(match[0][0])
            if len(match[0]) == 1:
                slips.append(_lone(match[0], match.start()))
            continue
        reference, colon, form = _split(inner)
        wanted = _FORMAT.fullmatch(form.strip()) if colon else None
        if not reference.strip():
            slips.append(Slip("there is nothing between the braces", "write {{ and }} for braces", *match.span()))
        elif colon and wanted is None:
            where = match.start() + 1 + len(reference)
            told = f"'{form.strip()}' is no way to show a number"
            slips.append(Slip(told, "write the decimals: {name:.1f}", where, match.end() - 1))
        else:
            decimals = int(wanted[1]) if wanted else None
            parts.append(Hole(reference.strip(), decimals, match.start(), match.end()))
    text(message[at:])
    return Template(tuple(parts), tuple(slips))


def written(parts: tuple[str | Hole, ...]) -> str:
    """The message again; `template(written(parts)).parts == parts`, places apart."""
    return "".join(_doubled(part) if isinstance(part, str) else _hole(part) for part in parts)


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _hole(hole: Hole) -> str:
    return f"{{{hole.reference}}}" if hole.decimals is None else f"{{{hole.reference}:.{hole.decimals}f}}"


def _split(inner: str) -> tuple[str, str, str]:
    """Reference and form; a colon inside of quotes is the reference's."""
    for index, character in enumerate(inner):
        if character == ":" and inner.count("'", 0, index) % 2 == 0 and inner.count('"', 0, index) % 2 == 0:
            return inner[:index], ":", inner[index + 1 :]
    return inner, "", ""


def _lone(brace: str, at: int) -> Slip:
    if brace == "{":
        return Slip("'{' is not closed", "write {{ for a brace", at, at + 1)
    return Slip("'}' closes nothing", "write }} for a brace", at, at + 1)
