"""Saving and deleting definitions: checked as a whole, written to the graph in one transaction, then everywhere else.

The graph's commit is the moment it happened (design D5). What follows it (catalogue, engine, connectors) is done by a
task of its own that a client who goes away can't stop, and what the engine could not be told is owed to it, not lost.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from app.commands.actor import Actor
from app.commands.changed import changed_by, changed_in
from app.commands.changes import change_of, differing
from app.commands.connections import Connections
from app.commands.dependents import Reach, broken, in_use, listed, misfits, reach, refusal
from app.commands.differences import Difference, differences
from app.commands.documents import KINDS, definition_of
from app.commands.draft import Draft, Key
from app.commands.earlier import earlier, revision_moved
from app.commands.lifecycle import kept, refuse_transitions, restored
from app.commands.merge import merge
from app.commands.noting import MAX_SUBJECTS, Noting
from app.commands.patch_places import in_patch, refused_in_patch
from app.commands.plan import plan_for, plan_of
from app.commands.rebind import rebound
from app.commands.request import checked, is_stored, key_of, read_documents, refuse_twice, told, unfit
from app.commands.unbind import without
from app.errors import Conflict, Invalid, NotFound, Problem, TwinOverlayError, Unavailable
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import Definition, Kind, Lifecycle, Overlay, bounds, to_document
from app.model.events import DefinitionChanged, Load, Redefined
from app.model.near import near
from app.model.plan import Plan
from app.off_loop import unlooked
from app.ports import AssetStore, Clock, DefinitionsCopy, Devices, Inbox, TwinStore

log = logging.getLogger("twin_overlay.definitions")
MAX_TOLD = 10_000
"""Changes that the journal is told of, where it was not told as they were made."""
_LOADED_TOGETHER = 250
"""New twins that the engine takes up in one step, which stops it for some 5 ms."""


@dataclass(frozen=True, slots=True)
class Saved:
    created: tuple[Key, ...] = ()
    updated: tuple[Key, ...] = ()
    unchanged: tuple[Key, ...] = ()
    """Equal to what stands: no revision was made."""
    removed: tuple[Key, ...] = ()
    warnings: tuple[Problem, ...] = ()
    breaks: tuple[Problem, ...] = ()
    """Of a dry run only: what would refuse it."""
    differences: Mapping[Key, tuple[Difference, ...]] = field(default_factory=dict)
    """Of a dry run only: what each would be changed by."""


class DefinitionCommands:
    def __init__(
        self,
        store: TwinStore,
        catalogue: Catalogue,
        inbox: Inbox,
        devices: Devices,
        clock: Clock,
        assets: AssetStore,
        copy: DefinitionsCopy | None = None,
        check_space: Callable[[], None] = lambda: None,
    ) -> None:
        self.catalogue = catalogue
        self._store = store
        self._copy = copy
        self._check_space = check_space
        """Raises Unavailable (DISK_FULL) while a change that the graph takes could not be told to the engine."""
        self._inbox = inbox
        self._devices = devices
        self._clock = clock
        self._assets = assets
        self.noting = Noting(inbox)
        self._lock = asyncio.Lock()
        self._committing: asyncio.Task[Saved] | None = None
        self._owed = Reach()
        """What the graph has and the engine was not told yet."""
        self._changed: list[DefinitionChanged] = []
        """What the graph has and the journal was not told yet."""
        self.told = catalogue.revision
        """The last catalogue revision that the journal was told of."""

    async def save(
        self,
        documents: Sequence[tuple[Kind, Mapping[str, Any]]],
        actor: Actor,
        *,
        expected_revision: int | None = None,
        reason: str = "",
        dry_run: bool = False,
    ) -> Saved:
        """Each document replaces the definition of its id; all of them or none. With one document pointers are into
        it, with several they start with its index. A dry run changes nothing and tells what it would do, what it
        would break (`breaks`) included. Raises Invalid (DOCUMENT_INVALID, DEFINITION_INVALID), Conflict
        (REVISION_MOVED, BREAKS_DEPENDENTS), Unavailable."""
        async with self.noting.refusals("definition", actor, _named(documents), reason=reason, dry_run=dry_run):
            definitions = await read_documents(documents)
            return await self.save_definitions(
                definitions, actor, expected_revision=expected_revision, reason=reason, dry_run=dry_run
            )

    async def save_definitions(
        self,
        definitions: Sequence[Definition],
        actor: Actor,
        *,
        expected_revision: int | None = None,
        reason: str = "",
        dry_run: bool = False,
    ) -> Saved:
        """As `save`, for definitions whose form is known to be right."""
        about = (_subject(*key_of(item)) for item in islice(definitions, MAX_SUBJECTS))
        async with self.noting.refusals("definition", actor, about, reason=reason, dry_run=dry_run):
            if expected_revision is not None and len(definitions) != 1:
                raise Invalid(
                    f"an expected revision was given with {len(definitions)} documents",
                    code="EXPECTED_REVISION_NEEDS_ONE",
                    hint="send the document that it is meant for alone",
                )
            refuse_twice(definitions)

            async def work() -> Saved:
                return await self._save_keeping(definitions, kept, actor, expected_revision, reason, dry_run)

            return await self._alone(work)

    async def update(
        self,
        kind: Kind,
        id: str,
        patch: Mapping[str, Any],
        actor: Actor,
        *,
        expected_revision: int | None = None,
        reason: str = "",
        dry_run: bool = False,
    ) -> Saved:
        """Merge `patch` into the definition (merge.py); a role of an overlay that it rebinds takes behaviors and
        relationships along (rebind.py). Pointers are into the patch (patch_places.py). Raises NotFound,
        and what `save` raises."""
        async with self.noting.refusals("definition", actor, (_subject(kind, id),), reason=reason, dry_run=dry_run):
            problems = unfit(kind, id, patch)
            if problems:
                raise Invalid.of(problems, f"the patch for {KINDS[kind][0]} '{id}'", code="DOCUMENT_INVALID")

            async def work() -> Saved:
                standing = to_document(self._standing(kind, id).definition)
                many = self._many(kind, {**standing, **patch})
                if kind == "overlay":
                    standing = rebound(standing, patch, self._roles({**standing, **patch}), many)
                merged = merge(kind, standing, patch, many)
                try:
                    definition = definition_of(kind, merged.document)
                    saved = await self._save_keeping([definition], kept, actor, expected_revision, reason, dry_run)
                except Invalid as error:
                    raise refused_in_patch(error, kind, merged.document, patch) from error
                warnings = in_patch(saved.warnings, kind, merged.document, patch)
                return replace(saved, warnings=merged.warnings + warnings)

            return await self._alone(work)

    async def revert(
        self,
        kind: Kind,
        id: str,
        to_revision: int,
        actor: Actor,
        *,
        expected_revision: int | None = None,
        reason: str = "",
        dry_run: bool = False,
    ) -> Saved:
        """Save the document of an earlier revision again, exactly, as a revision of its own; a deleted definition
        comes back with a new life. An overlay's lifecycle stays as it is. Raises NotFound (REVISION_NOT_FOUND),
        Conflict (REVISION_IS_DELETION), and what `save` raises."""

        async with self.noting.refusals("definition", actor, (_subject(kind, id),), reason=reason, dry_run=dry_run):

            async def work() -> Saved:
                record = await earlier(self._store, kind, id, to_revision)
                why = f"revert to revision {to_revision}" + (f": {reason}" if reason else "")
                definition = definition_of(kind, json.loads(record.document))
                return await self._save_keeping([definition], restored, actor, expected_revision, why, dry_run)

            return await self._alone(work)

    async def set_lifecycle(
        self,
        overlay_id: str,
        lifecycle: Lifecycle,
        actor: Actor,
        *,
        reason: str,
        expected_revision: int | None = None,
        dry_run: bool = False,
    ) -> Saved:
        """Raises NotFound, Invalid (REASON_REQUIRED; DEFINITION_INVALID where an overlay that is to be active has open
        roles), Conflict (TRANSITION_NOT_ALLOWED), and what `save` raises."""
        about = (_subject("overlay", overlay_id),)
        async with self.noting.refusals("definition", actor, about, what=lifecycle, reason=reason, dry_run=dry_run):
            if not reason.strip():
                raise Invalid("say why, for the history", code="REASON_REQUIRED", hint="give a reason", path="/reason")

            async def work() -> Saved:
                standing = self._standing("overlay", overlay_id).definition
                if isinstance(standing, Overlay) and standing.lifecycle != lifecycle:
                    standing = standing.model_copy(update={"lifecycle": lifecycle})
                return await self._save([standing], actor, expected_revision, reason, dry_run)

            return await self._alone(work)

    async def delete(
        self,
        kind: Kind,
        id: str,
        actor: Actor,
        *,
        expected_revision: int | None = None,
        reason: str = "",
        unbind: bool = False,
        dry_run: bool = False,
    ) -> Saved:
        """With `unbind` a twin or overlay leaves the optional roles it fills, and relationships that name the twin go
        too. Raises NotFound, Conflict (IN_USE with everyone who needs it, BUILT_IN, REVISION_MOVED),
        Unavailable."""
        async with self.noting.refusals("definition", actor, (_subject(kind, id),), reason=reason, dry_run=dry_run):
            return await self._alone(lambda: self._delete(kind, id, actor, expected_revision, reason, unbind, dry_run))

    async def catch_up(self) -> None:
        """Take over what the graph has, after a time in which it was not there. Raises Unavailable."""
        async with self._lock:
            await self._reload()

    async def tell(self) -> None:
        """Tell the journal of changes that it has not been told of: the server ended before. Raises Unavailable."""
        async with self._lock:
            await self._look_behind(self.catalogue.revision)
            await self._tell_journal()

    # ------------------------------------------------------------ one at a time

    async def _alone(self, work: Callable[[], Awaitable[Saved]]) -> Saved:
        """`work` under the lock, in a task of its own: cancelling the caller stops it only before the commit."""
        task = asyncio.create_task(self._locked(work), name="definition change")
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task is self._committing:
                task.add_done_callback(_log_unheard)
            else:
                task.cancel()
                await asyncio.wait({task})
            raise

    async def _locked(self, work: Callable[[], Awaitable[Saved]]) -> Saved:
        async with self._lock:
            try:
                with unlooked():
                    return await work()
            except Conflict as error:
                if error.code != "CATALOGUE_MOVED":
                    raise
            # Somebody else wrote, or a commit of ours whose answer was lost: look again, decide again, once.
            await self._reload()
            return await work()

    async def _save_keeping(
        self,
        definitions: Sequence[Definition],
        keep: Callable[[Catalogue, Definition], tuple[Definition, list[Problem]]],
        actor: Actor,
        expected_revision: int | None,
        reason: str,
        dry_run: bool,
    ) -> Saved:
        """`_save` with what `keep` makes of each definition, as things stand now."""
        warnings: list[Problem] = []
        keeping: list[Definition] = []
        for index, item in enumerate(definitions):
            definition, found = keep(self.catalogue, item)
            keeping.append(definition)
            warnings += told(found, index, len(definitions), item)
        saved = await self._save(keeping, actor, expected_revision, reason, dry_run)
        return replace(saved, warnings=(*saved.warnings, *warnings))

    async def _save(
        self,
        definitions: Sequence[Definition],
        actor: Actor,
        expected_revision: int | None,
        reason: str,
        dry_run: bool,
    ) -> Saved:
        stored = {key_of(item): self.catalogue.get(*key_of(item)) for item in definitions}
        changed = [item for item in definitions if not is_stored(item, stored[key_of(item)])]
        for item in changed:
            await self._expect(stored[key_of(item)], expected_revision, *key_of(item))
        refuse_transitions(self.catalogue, definitions)
        draft = Draft(self.catalogue, {key_of(item): item for item in changed})
        warnings = await checked(draft, definitions, self._assets)
        keys = [key_of(item) for item in changed]
        sent = set(keys)
        done = Saved(
            tuple(key for key in keys if stored[key] is None),
            tuple(key for key in keys if stored[key] is not None),
            tuple(key for key in stored if key not in sent),
            (),
            warnings,
        )
        if dry_run:
            problems = broken(self.catalogue, draft, reach(self.catalogue, draft, keys), keys) if changed else []
            return replace(done, breaks=tuple(problems), differences=_differences(self.catalogue, changed, ()))
        if changed:
            reached = reach(self.catalogue, draft, keys)
            problems = broken(self.catalogue, draft, reached, keys)
            if problems:
                raise Conflict(
                    f"this would break other definitions: {problems[0].message}",
                    code="BREAKS_DEPENDENTS",
                    hint="send the changed versions of those along with it",
                    problems=problems,
                )
            saved = await self._numbered(changed, stored, actor)
            now = self._clock.now()
            change = await change_of(self.catalogue, draft, reached, saved, (), now, actor, reason)
            await self._commit(change, reached, actor)
        elif self._is_owed():
            await self._commit(None, Reach(), actor)
        return done

    async def _delete(
        self,
        kind: Kind,
        id: str,
        actor: Actor,
        expected_revision: int | None,
        reason: str,
        unbind: bool,
        dry_run: bool,
    ) -> Saved:
        await self._expect(self._standing(kind, id), expected_revision, kind, id)
        if self.catalogue.get(kind, id) is None:
            raise Conflict(
                f"{KINDS[kind][0]} '{id}' is built in and can't be deleted",
                code="BUILT_IN",
                hint="save another document under its name to have it mean something else",
            )
        key: Key = (kind, id)
        freed, problems = without(self.catalogue, kind, id) if unbind else ([], [])
        draft = Draft(self.catalogue, {key: None, **{key_of(item): item for item in freed}})
        updated = [key_of(item) for item in freed]
        reached = reach(self.catalogue, draft, [*updated, key])
        problems = problems or in_use(draft, kind, id)
        problems = problems or [*misfits(draft, freed), *broken(self.catalogue, draft, reached, updated)]
        done = Saved(
            updated=tuple(updated),
            removed=(key,),
            warnings=() if unbind else _left_behind(self.catalogue, kind, id),
        )
        if dry_run:
            return replace(done, breaks=listed(problems), differences=_differences(self.catalogue, freed, (key,)))
        if problems:
            raise refusal(kind, id, problems)
        stored = {key_of(item): self.catalogue.get(*key_of(item)) for item in freed}
        saved = await self._numbered(freed, stored, actor)
        why = reason or (f"{kind} '{id}' deleted, and unbound everywhere" if freed else "")
        change = await change_of(self.catalogue, draft, reached, saved, [key], self._clock.now(), actor, why)
        await self._commit(change, reached, actor)
        return done

    def _standing(self, kind: Kind, id: str) -> StoredDefinition:
        """What is in effect. Raises NotFound (TWIN_NOT_FOUND and its like)."""
        found = self.catalogue.standing(kind, id)
        if found is None:
            name = KINDS[kind][0]
            code = name.upper().replace(" ", "_") + "_NOT_FOUND"
            raise NotFound(f"there is no {name} '{id}'", code=code, hint=near(id, self.catalogue.ids(kind)))
        return found

    async def _expect(self, stored: StoredDefinition | None, expected: int | None, kind: Kind, id: str) -> None:
        """Raises Conflict (REVISION_MOVED)."""
        if expected is not None and expected != (stored.revision if stored else 0):
            raise await revision_moved(self._store, kind, id, stored, expected)

    def _many(self, kind: Kind, document: Mapping[str, Any]) -> set[str]:
        """Names that several items of the document may have (merge.py)."""
        if kind == "twin":
            twin_type = document.get("twin_type")
            rules = self.catalogue.type_capabilities(twin_type).relationships if isinstance(twin_type, str) else {}
            return {name for name, rule in rules.items() if bounds(rule.multiplicity)[1] != 1}
        return {role for role, many in self._roles(document).items() if many} if kind == "overlay" else set()

    def _roles(self, document: Mapping[str, Any]) -> dict[str, bool]:
        """Of an overlay's type, and whether many fill them."""
        type_id = document.get("overlay_type")
        overlay_type = self.catalogue.overlay_type(type_id) if isinstance(type_id, str) else None
        return {item.role: item.many for item in overlay_type.twin_roles} if overlay_type else {}

    async def _numbered(
        self, changed: Sequence[Definition], stored: Mapping[Key, StoredDefinition | None], actor: Actor
    ) -> list[StoredDefinition]:
        new = [key_of(item) for item in changed if stored[key_of(item)] is None]
        last = await self._store.last_revisions(new) if new else {}
        now = self._clock.now()
        numbered = []
        for item in changed:
            kind, id = key_of(item)
            before = stored[(kind, id)]
            revision = (before.revision if before else last.get((kind, id), 0)) + 1
            numbered.append(
                StoredDefinition(
                    kind,
                    id,
                    item,
                    revision,
                    before.life if before else revision,
                    before.created_at if before else now,
                    before.created_by if before else actor.name,
                    now,
                    actor.name,
                )
            )
        return numbered

    # ------------------------------------------------------------ the commit and what follows it

    async def _commit(self, change: DefinitionChange | None, reached: Reach, actor: Actor) -> None:
        self._committing = asyncio.current_task()
        try:
            if change is not None:
                self._check_space()
                await self._store.save(change)
                self._apply(change, reached)
                if self._copy is not None:  # before the engine: a start without the graph must not take it back
                    await self._copy.record(change)
            await self._tell(actor)
        finally:
            self._committing = None

    def _apply(self, change: DefinitionChange, reached: Reach) -> None:
        if change.catalogue_revision == self._known():  # else others' are among them: the graph tells of all
            self._changed += changed_by(self.catalogue, change)
        self.catalogue.apply(change)
        self._owed.twins |= reached.twins
        self._owed.overlays |= reached.overlays

    def _known(self) -> int:
        return self._changed[-1].catalogue_revision if self._changed else self.told

    async def _look_behind(self, revision: int) -> None:
        """In the graph, where there are changes that nothing here knows of."""
        if revision > self._known():
            records = await self._store.changes_after(self._known(), MAX_TOLD)
            self._changed += changed_in(records, self.catalogue)

    async def _tell_journal(self) -> None:
        if self._changed:
            revision = self._changed[-1].catalogue_revision
            await self._inbox.submit(Redefined(revision, tuple(self._changed)))
            self._changed, self.told = [], revision

    async def _tell(self, actor: Actor) -> None:
        """The journal, whoever follows definitions with it; then the engine, before any connector feeds a twin that it
        does not know."""
        owed, catalogue = self._owed, self.catalogue
        if self._is_owed():
            try:
                await self._tell_journal()
                for plan in self._plans(owed) if owed.twins or owed.overlays else ():
                    await self._inbox.submit(Load(plan, author=actor.name, origin=actor.origin))
            except TwinOverlayError as error:
                raise Unavailable(
                    f"the change is stored, but the engine could not load it: {error.message}",
                    code="LOAD_PENDING",
                    hint="any next definition change loads it too, and at the latest a restart",
                ) from error
        self._owed = Reach()
        making = Connections(catalogue)
        self._devices.reconnect({twin_id: making.of(twin_id) for twin_id in owed.twins})

    def _plans(self, owed: Reach) -> Iterator[Plan]:
        """What the engine is owed, in one: whoever names another is loaded with it. Only new twins, where there are
        many, come before that, some at a time and with telemetry in between; nobody can have known them yet."""
        catalogue = self.catalogue
        twins = [stored for id in sorted(owed.twins) if (stored := catalogue.get("twin", id)) is not None]
        new = [stored.id for stored in twins if stored.revision == stored.life]
        early = new[: max(0, len(new) - 1) // _LOADED_TOGETHER * _LOADED_TOGETHER]
        for start in range(0, len(early), _LOADED_TOGETHER):
            yield plan_for(catalogue, twins=early[start : start + _LOADED_TOGETHER])
        loaded = set(early)
        yield plan_of(catalogue, owed.twins - loaded, owed.overlays)

    def _is_owed(self) -> bool:
        return bool(self._owed.twins or self._owed.overlays or self._changed)

    async def _reload(self) -> None:
        """Take over what the graph has and the catalogue does not."""
        before = self.catalogue.revision
        revision, found = await self._store.load()
        saved, removed = differing(self.catalogue.stored, found)
        changes: dict[Key, Definition | None] = {(item.kind, item.id): item.definition for item in saved}
        changes |= dict.fromkeys(removed)
        reached = reach(self.catalogue, Draft(self.catalogue, changes), changes)
        if revision != before:
            log.warning("the graph moved to catalogue revision %s: %s definitions taken over", revision, len(changes))
        taken = DefinitionChange(revision - 1, self._clock.now(), "", "", tuple(saved), tuple(removed))
        self._apply(taken, reached)
        await self._look_behind(revision)
        if self._copy is not None and (changes or revision != before):
            await self._copy.replace(revision, found)
        await self._tell(Actor("system", ""))


def _left_behind(catalogue: Catalogue, kind: Kind, id: str) -> tuple[Problem, ...]:
    if kind != "twin":
        return ()
    owners = [f"twin '{other}'" for other in catalogue.twins_relating_to(id) if other != id]
    owners += [f"overlay '{other}'" for other in catalogue.overlays_relating_to(id)]
    return tuple(
        Problem("UNRESOLVED_TARGET", f"a relationship of {owner} refers to twin '{id}', which is gone")
        for owner in owners
    )


def _differences(
    catalogue: Catalogue, changed: Iterable[Definition], removed: Iterable[Key]
) -> dict[Key, tuple[Difference, ...]]:
    def standing(key: Key) -> dict[str, Any] | None:
        stored = catalogue.get(*key)
        return to_document(stored.definition) if stored else None

    found = {key_of(item): tuple(differences(standing(key_of(item)), to_document(item))) for item in changed}
    return found | {key: tuple(differences(standing(key), None)) for key in removed}


def _subject(kind: Kind, id: str) -> str:
    return f"{kind}/{id}"


def _named(documents: Sequence[tuple[Kind, Any]]) -> Iterator[str]:
    """What they say they are, whatever else is wrong with them."""
    for kind, document in islice(documents, MAX_SUBJECTS):
        id = document.get(KINDS[kind][1]) if isinstance(document, Mapping) else None
        if isinstance(id, str):
            yield _subject(kind, id)


def _log_unheard(task: asyncio.Task[Saved]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a definition change whose client had gone failed: %s", error)
