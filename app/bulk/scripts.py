"""Scripts among the files that are applied: checked here over what the server has, and sent as what they mean.

So they are in one transaction with the documents beside them, and a problem that the server finds is told with the line
of the script that it is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.bulk.reading import Found, Place, Read
from app.commands.check_together import check_together
from app.dtsl.parse import parse_scripts
from app.dtsl.places import place_of
from app.dtsl.source import Source, Span
from app.errors import Invalid, Problem
from app.model.catalogue import Catalogue
from app.model.definitions import id_of, kind_of, to_document


@dataclass(frozen=True, slots=True)
class PlaceInScript(Place):
    source: Source = field(default_factory=lambda: Source.of("", ""))
    places: Mapping[str, Span] = field(default_factory=dict)

    def at(self, pointer: str = "") -> str:
        line, column = self.source.position(place_of(self.places, pointer).start)
        return f"{self.file}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Meant:
    documents: Sequence[Read]
    remarks: Sequence[str]
    """Warnings of the scripts, as a terminal shows them."""


def meant_by_scripts(found: Found, catalogue: Catalogue) -> Meant:
    """Raises Invalid: DTSL_INVALID with every error of every script, FILES_INVALID where a document stands beside a
    declaration of the same thing."""
    parsed = parse_scripts([(str(file), text) for file, text in found.scripts])
    answer = check_together(parsed, [read.definition for read in found.documents], catalogue)
    problems = [item.problem() for script in answer.scripts for item in script.diagnostics if item.severity == "error"]
    if problems:
        raise Invalid.of(problems, "the scripts", code="DTSL_INVALID")
    documents: list[Read] = []
    for (file, _), item, checked in zip(found.scripts, parsed, answer.scripts, strict=True):
        for definition, places in zip(checked.definitions, checked.places, strict=True):
            place = PlaceInScript(file, source=item.source, places=places)
            read = Read(kind_of(definition), id_of(definition), to_document(definition), definition, place)
            documents.append(read)
    _refuse_twice(found.documents, documents)
    remarks = [
        item.render(text)
        for (_, text), checked in zip(found.scripts, answer.scripts, strict=True)
        for item in checked.diagnostics
    ]
    return Meant(documents, remarks)


def without_said(problems: Sequence[Problem], documents: Sequence[Read]) -> list[Problem]:
    """Warnings of the server, but for those about scripts, which were told here."""
    scripts = tuple(f"{read.place.file}:" for read in documents if isinstance(read.place, PlaceInScript))
    return [item for item in problems if not item.path.startswith(scripts)]


def _refuse_twice(documents: Sequence[Read], declared: Sequence[Read]) -> None:
    there = {read.key: read.place for read in documents}
    problems = [
        Problem(
            "DUPLICATE_DOCUMENT",
            f"{read.kind.replace('_', ' ')} '{read.id}' is in {there[read.key].at()} too",
            read.place.at(),
            "leave one of them out",
        )
        for read in declared
        if read.key in there
    ]
    if problems:
        raise Invalid.of(problems, "what was given", code="FILES_INVALID")
