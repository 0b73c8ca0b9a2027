"""The kinds of definitions as bulk knows them: their folder on disk, their list in GraphQL, and what each refers to.

The order of KINDS is that of dependence: what comes later may need what comes before, never the other way round. A new
kind is one line.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.commands.documents import kind_in
from app.model.definitions import Kind

Document = Mapping[str, Any]


def _nothing(document: Document) -> Iterator[str]:
    yield from ()


def _asked_for(document: Document) -> Iterator[str]:
    """The type that it extends, and those that its rules for relationships ask for."""
    yield from _texts(document.get("extends"))
    yield from _in_items(document.get("relationships"), "target_type")


def _contained(document: Document) -> Iterator[str]:
    """The overlays that fill its roles."""
    yield from _in_items(document.get("twins"), "overlay_id")


def _needed(document: Document) -> Iterator[str]:
    """The overlay types whose overlays fill its roles."""
    yield from _in_items(document.get("twin_roles"), "overlay_type")


def _in_items(items: object, field: str) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            yield from _texts(item.get(field))


@dataclass(frozen=True, slots=True)
class BulkKind:
    kind: Kind
    folder: str
    """`DIR/<folder>/<id>.json`, or `DIR/<folder>.ndjson`."""
    field: str
    """Of GraphQL's Query: a connection whose nodes have `document`."""
    needs: Callable[[Document], Iterator[str]] = _nothing
    """Ids of the same kind that must be there before, or come with it."""
    every: str = ""
    """The argument with which that field leaves nothing out, where it would."""

    @property
    def enum(self) -> str:
        """GraphQL's DefinitionKind."""
        return self.kind.upper()


KINDS = (
    BulkKind("relationship_type", "relationship_types", "relationshipTypes"),
    BulkKind("twin_type", "twin_types", "twinTypes", _asked_for),
    BulkKind("overlay_type", "overlay_types", "overlayTypes", _needed),
    BulkKind("twin", "twins", "twins"),
    BulkKind(
        *("overlay", "overlays", "overlays", _contained), "where: {lifecycle: [DRAFT, ACTIVE, SUSPENDED, RETIRED]}"
    ),
)
OF_KIND = {item.kind: item for item in KINDS}
_OF_FOLDER = {item.folder: item for item in KINDS}


def kind_of_document(document: Document, file: Path | None = None) -> Kind | None:
    """Which kind of definition a document of the specification's form is; None where it is none of them. A bare
    overlay type looks like a twin type: there the folder decides (or the name, as in `overlay_types.ndjson`)."""
    kind = kind_in(document)
    placed = _OF_FOLDER.get(file.parent.name) or _OF_FOLDER.get(file.stem) if file is not None else None
    return "overlay_type" if kind == "twin_type" and placed is not None and placed.kind == "overlay_type" else kind


def _texts(*values: object) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
