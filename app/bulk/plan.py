"""What saving definitions would do to a server, decided here: on an image of its catalogue, by the commands' checks.

A set that goes over in several requests is looked at as a whole first, so that a fault in the last document is told
before the first is saved, and what the server has already is not sent again. That is also how an interrupted run goes
on where it stopped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.bulk.server import read_definitions
from app.client import GraphqlClient
from app.commands.dependents import broken, reach
from app.commands.differences import Difference, differences
from app.commands.draft import Draft, Key
from app.commands.request import checked_together, key_of
from app.errors import Conflict, Problem
from app.model.catalogue import Catalogue
from app.model.change import StoredDefinition
from app.model.definitions import Definition, Kind, id_of, to_document


@dataclass(frozen=True, slots=True)
class Plan:
    created: Sequence[Key]
    updated: Mapping[Key, Sequence[Difference]]
    unchanged: Sequence[Key]
    warnings: Sequence[Problem]
    """Their pointers begin with the index of the definition where there are several. Nothing about assets: what files
    the server has is not known here."""
    after: Catalogue
    """As it would be."""


async def image(client: GraphqlClient, say: Callable[[str], None]) -> Catalogue:
    """The server's catalogue as it stands, without who changed what when."""
    found: list[StoredDefinition] = []

    def took(kind: Kind, definitions: list[Definition]) -> None:
        found.extend(_stored(kind, definition) for definition in definitions)

    revision, _ = await read_definitions(client, "compared with the server's", found.clear, took, say)
    return Catalogue.of(revision, found)


async def plan(base: Catalogue, definitions: Sequence[Definition]) -> Plan:
    """Raises Invalid (DEFINITION_INVALID) and Conflict (BREAKS_DEPENDENTS) with every problem."""
    created: list[Key] = []
    updated: dict[Key, Sequence[Difference]] = {}
    unchanged: list[Key] = []
    for definition in definitions:
        key = key_of(definition)
        stored = base.get(*key)
        if stored is None:
            created.append(key)
        elif changes := differences(to_document(stored.definition), to_document(definition)):
            updated[key] = changes
        else:
            unchanged.append(key)
    changed = [*created, *updated]
    sent = {key_of(definition): definition for definition in definitions}
    draft = Draft(base, {key: sent[key] for key in changed})
    warnings = await checked_together(draft, definitions)
    breaks = broken(base, draft, reach(base, draft, changed), changed)
    if breaks:
        raise Conflict(
            f"this would break other definitions: {breaks[0].message}",
            code="BREAKS_DEPENDENTS",
            hint="apply the changed versions of those along with it",
            problems=breaks,
        )
    after = {**base.stored, **{key: _stored(key[0], sent[key]) for key in changed}}
    return Plan(created, updated, unchanged, warnings, Catalogue.of(base.revision, after.values()))


def _stored(kind: Kind, definition: Definition) -> StoredDefinition:
    return StoredDefinition(kind, id_of(definition), definition, 1, 1, 0, "", 0, "")
