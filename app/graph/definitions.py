"""Definitions in the graph: one transaction per change, and everything back at start.

The order inside a change matters: the catalogue is taken first (nobody else then decides on the same revision), what
goes is deleted before what comes is saved (an id may do both), and edges come last, when both their ends are there.

A twin or overlay that comes into being here has nothing yet that could be replaced: it is created, and the statements
that look for what it had before are left out.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neo4j import Record

from app.errors import Conflict, Unavailable
from app.graph import codec
from app.graph.codec import Row
from app.graph.session import FAILED, LONGEST_SECONDS, Graph, Transaction, in_batches
from app.graph.statements import Statement, Statements
from app.model.change import BehaviorNode, DefinitionChange, LifecycleRecord, RevisionRecord, StoredDefinition
from app.model.definitions import Kind, Overlay, OverlayType, TwinType
from app.model.plan import OwnerKind
from app.model.time import Micros, iso, parse_iso

_KINDS: tuple[Kind, ...] = ("relationship_type", "twin_type", "overlay_type", "twin", "overlay")
"""In the order in which they are saved: types before what is of them."""
_OWNER_KINDS: tuple[OwnerKind, ...] = ("twin", "overlay")
_DEFINITIONS_AT_ONCE = 50
"""Their rows are made and packed in one turn of the loop, a tenth of a millisecond each."""
_TIMES = 4
"""How much longer than others a statement of a save may take: one may create 70,000 properties."""
_ABOVE_ALL = 2**62
"""More than any revision number."""
_New = Mapping[OwnerKind, set[str]]
"""Ids of the twins and the overlays that come into being in a change."""


class Definitions:
    def __init__(self, graph: Graph, statements: Statements) -> None:
        def named(name: str) -> Statement:
            return statements[f"definitions/{name}"]

        self._graph = graph
        self._advance = named("advance_catalogue")
        self._catalogue_revision = named("catalogue_revision")
        self._record_audit = statements["audit/write_entries"]
        self._record_deletions = named("record_deletions")
        self._last_revisions = named("last_revisions")
        self._revisions = named("revisions")
        self._changes_after = named("changes_after")
        self._revisions_of = named("revisions_of")
        self._revisions_at = named("revisions_at")
        self._lifecycles = named("lifecycles")
        self._load = {kind: named(f"load_{kind}s") for kind in _KINDS}
        self._save = {kind: named(f"save_{kind}s") for kind in _KINDS}
        self._delete = {kind: named(f"delete_{kind}s") for kind in _KINDS}
        self._create_twins = named("create_twins")
        self._delete_parts = {
            "twin": named("delete_twin_parts"),
            "overlay_type": named("delete_overlay_type_parts"),
            "overlay": named("delete_overlay_parts"),
        }
        self._built_in = named("keep_built_in_relationship_types")
        self._unlink_supertypes = named("unlink_supertypes")
        self._link_supertypes = named("link_supertypes")
        self._unlink_type = {kind: named(f"unlink_{kind}s_from_types") for kind in _OWNER_KINDS}
        self._link_type = {kind: named(f"link_{kind}s_to_types") for kind in _OWNER_KINDS}
        self._roles = [named(name) for name in ("save_roles", "unlink_roles")]
        self._link_roles = {
            "twin_type": named("link_roles_to_twin_types"),
            "overlay_type": named("link_roles_to_overlay_types"),
        }
        self._remove_roles = named("remove_roles")
        self._unbind = named("unbind_overlays")
        self._bind = named("bind_overlays")
        self._contain = named("contain_overlays")
        self._properties = [
            named(name) for name in ("forget_retyped_properties", "remove_properties", "save_properties")
        ]
        self._create_properties = named("create_properties")
        self._drop_relationships = {kind: named(f"drop_{kind}_relationships") for kind in _OWNER_KINDS}
        self._remember_sources = named("remember_overlay_sources")
        self._save_relationships = named("save_relationships")
        self._remove_behaviors = {kind: named(f"remove_{kind}_behaviors") for kind in _OWNER_KINDS}
        self._save_behaviors = {kind: named(f"save_{kind}_behaviors") for kind in _OWNER_KINDS}
        self._create_twin_behaviors = named("create_twin_behaviors")
        self._unlink_behaviors = named("unlink_behaviors")
        self._link_reads = named("link_reads")
        self._link_acts_on = named("link_acts_on")
        self._drop_interlocks = {kind: named(f"drop_{kind}_interlocks") for kind in _OWNER_KINDS}
        self._create_interlocks = {kind: named(f"create_{kind}_interlocks") for kind in _OWNER_KINDS}
        self._link_interlock_reads = named("link_interlock_reads")
        self._link_guards = named("link_interlock_guards")

    # ------------------------------------------------------------ reading

    async def load(self) -> tuple[int, list[StoredDefinition]]:
        """The catalogue's revision and every definition. Both engines read what is committed *now*, statement by
        statement, so a change in between shows as a moved revision, and all is read again."""

        async def work(transaction: Transaction) -> tuple[int, list[StoredDefinition]]:
            before = await self._revision(transaction)
            while True:
                found: list[StoredDefinition] = []
                for kind in _KINDS:
                    of_kind = []
                    for record in await transaction.run(self._load[kind]):
                        of_kind += [codec.stored_definition(kind, row) for row in record["definitions"]]
                        await asyncio.sleep(0)  # a running server looks again where another has written
                    found += sorted(of_kind, key=_id)
                after = await self._revision(transaction)
                if after == before:
                    return after, found
                before = after

        return await self._graph.read(work, LONGEST_SECONDS)  # what is decoded in between takes its time too

    async def catalogue_revision(self) -> int:
        return await self._graph.read(self._revision)

    async def last_revisions(self, keys: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        async def work(transaction: Transaction) -> dict[tuple[Kind, str], int]:
            return await self._last(transaction, keys)

        return await self._graph.read(work)

    async def revisions(self, kind: Kind, id: str, first: int, before: int | None) -> list[RevisionRecord]:
        below = _ABOVE_ALL if before is None else min(before, _ABOVE_ALL)

        async def work(transaction: Transaction) -> list[RevisionRecord]:
            key = codec.definition_key(kind, id)
            found = await transaction.run(self._revisions, definition_key=key, before=below, first=first)
            return [_revision(kind, id, record) for record in found]

        return await self._graph.read(work) if first > 0 else []

    async def changes_after(self, catalogue_revision: int, most: int) -> list[RevisionRecord]:
        async def work(transaction: Transaction) -> list[RevisionRecord]:
            found = await transaction.run(self._changes_after, after=catalogue_revision, most=most)
            return [_revision(record["kind"], record["id"], record) for record in found if record["kind"] in _KINDS]

        return await self._graph.read(work)

    async def revisions_of(
        self, askers: Sequence[tuple[Kind, str, int | None]], first: int
    ) -> list[list[RevisionRecord]]:
        rows = [
            {
                "asker": asker,
                "definition_key": codec.definition_key(kind, id),
                "before": _ABOVE_ALL if before is None else min(before, _ABOVE_ALL),
            }
            for asker, (kind, id, before) in enumerate(askers)
        ]

        async def work(transaction: Transaction) -> list[list[RevisionRecord]]:
            found: list[list[RevisionRecord]] = [[] for _ in askers]
            for record in await transaction.run(self._revisions_of, rows=rows, first=first):
                kind, id, _ = askers[record["asker"]]
                found[record["asker"]] = [_revision_in(kind, id, row) for row in record["revisions"]]
            return found

        return await self._graph.read(work) if first > 0 else [[] for _ in askers]

    async def revisions_at(self, askers: Sequence[tuple[Kind, str, Micros]]) -> list[RevisionRecord | None]:
        rows = [
            {"asker": asker, "definition_key": codec.definition_key(kind, id), "at": iso(at)}
            for asker, (kind, id, at) in enumerate(askers)
        ]

        async def work(transaction: Transaction) -> list[RevisionRecord | None]:
            found: list[RevisionRecord | None] = [None] * len(askers)
            for record in await transaction.run(self._revisions_at, rows=rows):
                kind, id, _ = askers[record["asker"]]
                found[record["asker"]] = _revision_in(kind, id, record["revision"])
            return found

        return await self._graph.read(work)

    async def lifecycles(self, overlay_ids: Sequence[str]) -> dict[str, list[LifecycleRecord]]:
        by_key = {codec.definition_key("overlay", id): id for id in overlay_ids}

        async def work(transaction: Transaction) -> dict[str, list[LifecycleRecord]]:
            found: dict[str, list[LifecycleRecord]] = {id: [] for id in overlay_ids}
            for record in await transaction.run_each(self._lifecycles, list(by_key)):
                found[by_key[record["definition_key"]]].append(
                    LifecycleRecord(
                        record["number"],
                        record["lifecycle"],
                        parse_iso(record["at"]),
                        record["author"],
                        record["reason"],
                    )
                )
            return found

        return await self._graph.read(work)

    async def _revision(self, transaction: Transaction) -> int:
        found = await transaction.run(self._catalogue_revision)
        return found[0]["revision"] if found else 0

    async def _last(self, transaction: Transaction, keys: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        by_key = {codec.definition_key(kind, id): (kind, id) for kind, id in keys}
        return {
            by_key[record["definition_key"]]: record["number"]
            for record in await transaction.run_each(self._last_revisions, list(by_key))
        }

    # ------------------------------------------------------------ saving

    async def save(self, change: DefinitionChange) -> None:
        new = _new(change)

        async def work(transaction: Transaction) -> None:
            await self._take_catalogue(transaction, change)
            await self._delete_all(transaction, change)
            for kind in _KINDS:
                items = [item for item in change.saved if item.kind == kind]
                created = [item for item in items if kind == "twin" and item.id in new["twin"]]
                standing = [item for item in items if not (kind == "twin" and item.id in new["twin"])]
                for statement, chosen in ((self._create_twins, created), (self._save[kind], standing)):
                    for part in in_batches(chosen, _DEFINITIONS_AT_ONCE):
                        await transaction.run(statement, rows=[codec.definition_row(item, change) for item in part])
            await self._link_types_and_roles(transaction, change, new)
            await self._replace_properties(transaction, change, new)
            await self._replace_relationships(transaction, change, new)
            await self._replace_behaviors(transaction, change, new)
            await self._replace_interlocks(transaction, change, new)

        try:
            await self._graph.write(work, _TIMES * self._graph.answer_seconds)
        except Unavailable as error:
            # The embedded engine lets two writers in and refuses the second at its commit, for a reason of its own
            # (a key that is there twice). Whether that was it, the catalogue itself says.
            if error.code == FAILED and await self._graph.read(self._revision) != change.catalogue_revision:
                raise _moved(change) from error
            raise

    async def _take_catalogue(self, transaction: Transaction, change: DefinitionChange) -> None:
        entry = codec.definition_audit(change)
        if not await transaction.run(self._advance, expected=change.catalogue_revision, entry_id=entry.entry_id):
            raise _moved(change)
        await transaction.each(self._record_audit, [codec.audit_row(entry)])

    async def _delete_all(self, transaction: Transaction, change: DefinitionChange) -> None:
        if not change.removed:
            return
        last = await self._last(transaction, change.removed)
        coming = {(item.kind, item.id): item.revision for item in change.saved}
        rows: list[Row] = [
            {
                "revision_key": codec.revision_key(kind, id, number),
                "definition_key": codec.definition_key(kind, id),
                "kind": kind,
                "id": id,
                "number": number,
                "at": iso(change.at),
                "author": change.author,
                "reason": change.reason,
                "catalogue_revision": change.catalogue_revision + 1,
            }
            for kind, id in change.removed
            # An id that is made anew in the same change may take the number that its deletion would have.
            if coming.get((kind, id)) != (number := last.get((kind, id), 0) + 1)
        ]
        await transaction.each(self._record_deletions, rows)
        for kind in reversed(_KINDS):
            ids = [id for removed_kind, id in change.removed if removed_kind == kind]
            if kind == "overlay":
                await transaction.each(self._drop_relationships["overlay"], ids)
            if kind in self._delete_parts:
                await transaction.each(self._delete_parts[kind], ids)
            await transaction.each(self._delete[kind], ids)
            if kind == "relationship_type" and ids:
                await transaction.each(self._built_in, codec.built_in_rows())

    async def _link_types_and_roles(self, transaction: Transaction, change: DefinitionChange, new: _New) -> None:
        twin_types = [item.definition for item in change.saved if isinstance(item.definition, TwinType)]
        lines: list[Row] = [{"id": item.type_id, "extends": item.extends} for item in twin_types]
        await transaction.each(self._unlink_supertypes, lines)
        await transaction.each(self._link_supertypes, [row for row in lines if row["extends"] is not None])

        types = [item.definition for item in change.saved if isinstance(item.definition, OverlayType)]
        role_rows = [codec.role_rows(item) for item in types]
        kept: list[Row] = [
            {"id": item.type_id, "role_keys": [row["key"] for row in rows]}
            for item, rows in zip(types, role_rows, strict=True)
        ]
        await transaction.each(self._remove_roles, kept)
        for statement in self._roles:
            await transaction.each(statement, [row for rows in role_rows for row in rows])
        for field, statement in self._link_roles.items():
            filled = [row for rows in role_rows for row in rows if row[field] is not None]
            await transaction.each(statement, filled)

        for kind in _OWNER_KINDS:
            field = f"{kind}_type"
            instances: list[Row] = [
                {"id": item.id, field: getattr(item.definition, field)}
                for item in change.saved
                if item.kind == kind and not (kind == "twin" and item.id in new["twin"])  # created with its type
            ]
            await transaction.each(self._unlink_type[kind], [row for row in instances if row["id"] not in new[kind]])
            await transaction.each(self._link_type[kind], [row for row in instances if row[field] is not None])

        overlays = [item.definition for item in change.saved if isinstance(item.definition, Overlay)]
        standing = [overlay.overlay_id for overlay in overlays if overlay.overlay_id not in new["overlay"]]
        await transaction.each(self._unbind, standing)
        await transaction.each(self._bind, [row for overlay in overlays for row in codec.binding_rows(overlay)])
        await transaction.each(self._contain, [row for overlay in overlays for row in codec.containing_rows(overlay)])

    async def _replace_properties(self, transaction: Transaction, change: DefinitionChange, new: _New) -> None:
        fresh = {twin_id: rows for twin_id, rows in change.twin_properties.items() if twin_id in new["twin"]}
        for part in in_batches(list(fresh.items())):
            await transaction.each(self._create_properties, codec.shared_properties(part))
        standing = [
            codec.properties_row(twin_id, rows)
            for twin_id, rows in change.twin_properties.items()
            if twin_id not in new["twin"]
        ]
        for statement in self._properties:
            await transaction.each(statement, standing)

    async def _replace_relationships(self, transaction: Transaction, change: DefinitionChange, new: _New) -> None:
        for kind in _OWNER_KINDS:
            owners = [owner.id for owner in change.relationships if owner.kind == kind and owner.id not in new[kind]]
            await transaction.each(self._drop_relationships[kind], owners)
        sources: list[Row] = [
            {"id": owner.id, "sources": sorted({edge.source_twin_id for edge in edges})}
            for owner, edges in change.relationships.items()
            if owner.kind == "overlay"
        ]
        await transaction.each(self._remember_sources, sources)
        rows = [row for owner, edges in change.relationships.items() for row in codec.relationship_rows(owner, edges)]
        await transaction.each(self._save_relationships, rows)

    async def _replace_behaviors(self, transaction: Transaction, change: DefinitionChange, new: _New) -> None:
        fresh = [node for owner, nodes in change.behaviors.items() if owner.id in new[owner.kind] for node in nodes]
        standing = {owner: nodes for owner, nodes in change.behaviors.items() if owner.id not in new[owner.kind]}
        for kind in _OWNER_KINDS:
            owned = {owner.id: nodes for owner, nodes in standing.items() if owner.kind == kind}
            kept: list[Row] = [
                {"owner_id": id, "keys": [codec.behavior_key(node.key) for node in nodes]}
                for id, nodes in owned.items()
            ]
            await transaction.each(self._remove_behaviors[kind], kept)
            await transaction.each(self._save_behaviors[kind], [codec.behavior_row(node) for node in _all(owned)])
        for kind, statement in (("twin", self._create_twin_behaviors), ("overlay", self._save_behaviors["overlay"])):
            rows = [codec.behavior_row(node) for node in fresh if node.key.owner.kind == kind]
            await transaction.each(statement, rows)
        await transaction.each(self._unlink_behaviors, [codec.behavior_key(node.key) for node in _all(standing)])
        nodes = [node for owned in change.behaviors.values() for node in owned]
        await transaction.each(self._link_reads, [codec.reads_row(node) for node in nodes if node.reads])
        await transaction.each(self._link_acts_on, [codec.acts_on_row(node) for node in nodes if node.acts_on])

    async def _replace_interlocks(self, transaction: Transaction, change: DefinitionChange, new: _New) -> None:
        """All anew: the graph keeps nothing of them that a definition does not say."""
        for kind in _OWNER_KINDS:
            owners = [owner for owner in change.interlocks if owner.kind == kind]
            standing = [owner.id for owner in owners if owner.id not in new[kind]]
            await transaction.each(self._drop_interlocks[kind], standing)
            rows = [codec.interlock_row(node) for owner in owners for node in change.interlocks[owner]]
            await transaction.each(self._create_interlocks[kind], rows)
        nodes = [node for owned in change.interlocks.values() for node in owned]
        await transaction.each(
            self._link_interlock_reads, [codec.interlock_reads_row(node) for node in nodes if node.reads]
        )
        await transaction.each(self._link_guards, [codec.guards_row(node) for node in nodes if node.guards])


def _new(change: DefinitionChange) -> _New:
    new: dict[OwnerKind, set[str]] = {"twin": set(), "overlay": set()}
    for item in change.saved:
        if item.life == item.revision and (item.kind == "twin" or item.kind == "overlay"):
            new[item.kind].add(item.id)
    return new


def _id(stored: StoredDefinition) -> str:
    return stored.id


def _moved(change: DefinitionChange) -> Conflict:
    return Conflict(
        f"the definitions have changed since revision {change.catalogue_revision}: nothing was saved",
        code="CATALOGUE_MOVED",
        hint="look at them as they stand now, and save again",
    )


def _revision(kind: Kind, id: str, record: Record) -> RevisionRecord:
    return RevisionRecord(
        kind,
        id,
        record["number"],
        parse_iso(record["at"]),
        record["author"],
        record["reason"],
        record["document"],
        record["catalogue_revision"],
    )


def _revision_in(kind: Kind, id: str, row: Sequence[Any]) -> RevisionRecord:
    number, at, author, reason, document, catalogue_revision = row
    return RevisionRecord(kind, id, number, parse_iso(at), author, reason, document, catalogue_revision)


def _all(nodes: Mapping[Any, Sequence[BehaviorNode]]) -> Iterable[BehaviorNode]:
    for owned in nodes.values():
        yield from owned
