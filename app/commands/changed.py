"""Which definitions a change was of, as the journal keeps it for those who follow them.

What the graph has changed and the journal was not told, because the server ended in between or somebody else wrote, is
read from the revisions in the graph.
"""

from collections.abc import Iterable

from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, RevisionRecord
from app.model.events import DefinitionChanged


def changed_by(catalogue: Catalogue, change: DefinitionChange) -> list[DefinitionChanged]:
    """Before the catalogue has taken it up. An id that goes and comes within the change has come."""
    revision = change.catalogue_revision + 1
    coming = {(item.kind, item.id) for item in change.saved}
    gone = [
        DefinitionChanged(*key, stored.revision + 1, "deleted", change.at, change.author, revision, change.reason)
        for key in change.removed
        if key not in coming and (stored := catalogue.get(*key)) is not None
    ]
    return gone + [
        DefinitionChanged(
            item.kind,
            item.id,
            item.revision,
            "created" if item.revision == item.life else "updated",
            change.at,
            change.author,
            revision,
            change.reason,
        )
        for item in change.saved
    ]


def changed_in(records: Iterable[RevisionRecord], catalogue: Catalogue) -> list[DefinitionChanged]:
    """Of revisions in their order, with the catalogue as it is after them."""
    found: list[DefinitionChanged] = []
    deleted: set[tuple[str, str]] = set()
    for record in records:
        key = (record.kind, record.id)
        stored = catalogue.get(*key)
        begins = record.number == 1 or key in deleted or (stored is not None and stored.life == record.number)
        change = "deleted" if not record.document else "created" if begins else "updated"
        (deleted.add if change == "deleted" else deleted.discard)(key)
        found.append(
            DefinitionChanged(
                record.kind,
                record.id,
                record.number,
                change,  # type: ignore[arg-type]
                record.at,
                record.author,
                record.catalogue_revision,
                record.reason,
            )
        )
    return found
