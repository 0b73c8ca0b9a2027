"""The part of the definitions that one definition hung on at a moment: its types, who filled its roles, its ends.

It is a small catalogue of its own, put together from revisions level by level: one question to the graph for each step
outwards, whatever is in it. So everything that is derived from a catalogue can be derived from it.
"""

import asyncio
from collections.abc import Iterator

from pydantic import ValidationError

from app.api.loaders import HistoryAt, Loaders
from app.errors import Invalid
from app.model.catalogue import Catalogue
from app.model.change import RevisionRecord, StoredDefinition
from app.model.definitions import MODELS, Definition, Kind, Overlay, OverlayType, Twin, TwinType
from app.model.time import Micros

MAX_DEFINITIONS = 10_000
Key = tuple[Kind, str]


async def world_then(loaders: Loaders, record: RevisionRecord, at: Micros) -> Catalogue:
    """What is not there, was not there then. Raises Invalid (HISTORY_TOO_WIDE)."""
    root = (record.kind, record.id)
    found: dict[Key, StoredDefinition | None] = {root: _stored(record)}
    new = [root]
    while new:
        wanted = dict.fromkeys(
            key
            for at_key in new
            if (stored := found[at_key]) is not None
            for key in _needed(stored.definition, root=at_key == root)
            if key not in found
        )
        if len(found) + len(wanted) > MAX_DEFINITIONS:
            raise Invalid(
                f"more than {MAX_DEFINITIONS:,} definitions belonged to '{record.id}'",
                code="HISTORY_TOO_WIDE",
                hint="ask for the parts of it",
            )
        records = await asyncio.gather(*(loaders.history_at.load(HistoryAt(*key, at)) for key in wanted))
        found.update({key: _stored(item) for key, item in zip(wanted, records, strict=True)})
        new = list(wanted)
    return Catalogue.of(0, [stored for stored in found.values() if stored is not None])


def _needed(definition: Definition, *, root: bool) -> Iterator[Key]:
    """What its parts and edges are derived from. Of a twin that is not the one asked for: its type alone."""
    match definition:
        case Twin():
            yield "twin_type", definition.twin_type
            if root:
                yield from (("twin", item.target_twin_id) for item in definition.relationships)
        case TwinType():
            if definition.extends is not None:
                yield "twin_type", definition.extends
        case OverlayType():
            for role in definition.twin_roles:
                if role.twin_type is not None:
                    yield "twin_type", role.twin_type
                elif role.overlay_type is not None:
                    yield "overlay_type", role.overlay_type
        case Overlay():
            if definition.overlay_type is not None:
                yield "overlay_type", definition.overlay_type
            for binding in definition.twins:
                if binding.twin_id is not None:
                    yield "twin", binding.twin_id
                elif binding.overlay_id is not None:
                    yield "overlay", binding.overlay_id
            if root:
                for edge in definition.relationships:
                    yield "twin", edge.source_twin_id
                    yield "twin", edge.target_twin_id


def _stored(record: RevisionRecord | None) -> StoredDefinition | None:
    """None for a deletion, and for a document that this program can't read any more."""
    if record is None or not record.document:
        return None
    try:
        definition = MODELS[record.kind].model_validate_json(record.document)
    except ValidationError:
        return None
    number, at, author = record.number, record.at, record.author
    return StoredDefinition(record.kind, record.id, definition, number, number, at, author, at, author)
