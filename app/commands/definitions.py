"""Saving and deleting definitions: checked as a whole, written to the graph in one transaction, then everywhere else.

The graph's commit is the moment it happened (design D5). What follows it (catalogue, engine, connectors) is done by a
task of its own that a client who goes away can't stop, and what the engine could not be told is owed to it, not lost.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.commands.actor import Actor
from app.commands.changes import change_of, differing
from app.commands.check_units import needs_library
from app.commands.checks import check
from app.commands.connections import connection, connections
from app.commands.dependents import Reach, broken, reach, refuse_in_use
from app.commands.documents import KINDS, named, read_document
from app.commands.draft import Draft, Key
from app.commands.plan import plan_for
from app.errors import Conflict, Invalid, NotFound, Problem, TwinOverlayError, Unavailable
from app.model import units
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.connection import TwinConnection
from app.model.definitions import Definition, Kind, id_of, kind_of, to_document
from app.model.events import Load
from app.model.near import near
from app.ports import Clock, Devices, Inbox, TwinStore

log = logging.getLogger("twin_overlay.definitions")
_BREATHE_EVERY = 100
"""Documents between two turns of the event loop: telemetry goes on while thousands are checked."""


@dataclass(frozen=True, slots=True)
class Saved:
    created: tuple[Key, ...] = ()
    updated: tuple[Key, ...] = ()
    unchanged: tuple[Key, ...] = ()
    """Equal to what stands: no revision was made."""
    removed: tuple[Key, ...] = ()
    warnings: tuple[Problem, ...] = ()


class DefinitionCommands:
    def __init__(self, store: TwinStore, catalogue: Catalogue, inbox: Inbox, devices: Devices, clock: Clock) -> None:
        self.catalogue = catalogue
        self._store = store
        self._inbox = inbox
        self._devices = devices
        self._clock = clock
        self._lock = asyncio.Lock()
        self._committing: asyncio.Task[Saved] | None = None
        self._owed = Reach()
        """What the graph has and the engine was not told yet."""
        self._connections: dict[str, TwinConnection] | None = None

    async def save(
        self,
        documents: Sequence[tuple[Kind, Mapping[str, Any]]],
        actor: Actor,
        *,
        expected_revision: int | None = None,
        reason: str = "",
    ) -> Saved:
        """Each document replaces the definition of its id; all of them or none. With one document pointers are into
        it, with several they start with its index. Raises Invalid (DOCUMENT_INVALID, DEFINITION_INVALID), Conflict
        (REVISION_MOVED, BREAKS_DEPENDENTS), Unavailable."""
        return await self.save_definitions(
            await _read(documents), actor, expected_revision=expected_revision, reason=reason
        )

    async def save_definitions(
        self,
        definitions: Sequence[Definition],
        actor: Actor,
        *,
        expected_revision: int | None = None,
        reason: str = "",
    ) -> Saved:
        """As `save`, for definitions whose form is known to be right."""
        if expected_revision is not None and len(definitions) != 1:
            raise Invalid(
                f"an expected revision was given with {len(definitions)} documents",
                code="EXPECTED_REVISION_NEEDS_ONE",
                hint="send the document that it is meant for alone",
            )
        _refuse_twice(definitions)
        if needs_library(definitions):
            await asyncio.to_thread(units.prepare)  # two seconds, the first time
        return await self._alone(lambda: self._save(definitions, actor, expected_revision, reason))

    async def delete(
        self, kind: Kind, id: str, actor: Actor, *, expected_revision: int | None = None, reason: str = ""
    ) -> Saved:
        """Raises NotFound, Conflict (IN_USE with everyone who uses it, REVISION_MOVED), Unavailable."""
        return await self._alone(lambda: self._delete(kind, id, actor, expected_revision, reason))

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
                return await work()
            except Conflict as error:
                if error.code != "CATALOGUE_MOVED":
                    raise
            # Somebody else wrote, or a commit of ours whose answer was lost: look again, decide again, once.
            await self._reload()
            return await work()

    async def _save(
        self, definitions: Sequence[Definition], actor: Actor, expected_revision: int | None, reason: str
    ) -> Saved:
        stored = {_key(item): self.catalogue.get(*_key(item)) for item in definitions}
        changed = [item for item in definitions if not _is_stored(item, stored[_key(item)])]
        for item in changed:
            _expect(stored[_key(item)], expected_revision, *_key(item))
        draft = Draft(self.catalogue, {_key(item): item for item in changed})
        warnings = await _checked(draft, definitions)
        keys = [_key(item) for item in changed]
        sent = set(keys)
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
            change = change_of(self.catalogue, draft, reached, saved, (), now, actor.name, reason)
            await self._commit(change, reached, actor.name)
        elif self._is_owed():
            await self._commit(None, Reach(), actor.name)
        return Saved(
            tuple(key for key in keys if stored[key] is None),
            tuple(key for key in keys if stored[key] is not None),
            tuple(key for key in stored if key not in sent),
            (),
            warnings,
        )

    async def _delete(self, kind: Kind, id: str, actor: Actor, expected_revision: int | None, reason: str) -> Saved:
        found = self.catalogue.get(kind, id)
        name = KINDS[kind][0]
        if found is None:
            code = name.upper().replace(" ", "_") + "_NOT_FOUND"
            raise NotFound(f"there is no {name} '{id}'", code=code, hint=near(id, self.catalogue.ids(kind)))
        _expect(found, expected_revision, kind, id)
        key: Key = (kind, id)
        draft = Draft(self.catalogue, {key: None})
        refuse_in_use(draft, kind, id)
        reached = reach(self.catalogue, draft, [key])
        now = self._clock.now()
        change = change_of(self.catalogue, draft, reached, (), [key], now, actor.name, reason)
        warnings = _left_behind(self.catalogue, kind, id)
        await self._commit(change, reached, actor.name)
        return Saved(removed=(key,), warnings=warnings)

    async def _numbered(
        self, changed: Sequence[Definition], stored: Mapping[Key, StoredDefinition | None], actor: Actor
    ) -> list[StoredDefinition]:
        new = [_key(item) for item in changed if stored[_key(item)] is None]
        last = await self._store.last_revisions(new) if new else {}
        now = self._clock.now()
        numbered = []
        for item in changed:
            kind, id = _key(item)
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

    async def _commit(self, change: DefinitionChange | None, reached: Reach, author: str) -> None:
        self._committing = asyncio.current_task()
        try:
            if change is not None:
                await self._store.save(change)
                self._apply(change, reached)
            await self._tell(author)
        finally:
            self._committing = None

    def _apply(self, change: DefinitionChange, reached: Reach) -> None:
        if self._connections is None:
            self._connections = {item.twin_id: item for item in connections(self.catalogue)}
        self.catalogue.apply(change)
        self._owed.twins |= reached.twins
        self._owed.overlays |= reached.overlays

    async def _tell(self, author: str) -> None:
        """The engine first, so that no connector feeds a twin that it does not know."""
        owed, catalogue = self._owed, self.catalogue
        if self._is_owed():
            plan = plan_for(
                catalogue,
                twins=[id for id in sorted(owed.twins) if catalogue.twin(id)],
                overlays=[id for id in sorted(owed.overlays) if catalogue.overlay(id)],
                removed_twins=[id for id in sorted(owed.twins) if not catalogue.twin(id)],
                removed_overlays=[id for id in sorted(owed.overlays) if not catalogue.overlay(id)],
            )
            try:
                await self._inbox.submit(Load(plan, author=author))
            except TwinOverlayError as error:
                raise Unavailable(
                    f"the change is stored, but the engine could not load it: {error.message}",
                    code="LOAD_PENDING",
                    hint="send the same again: it is loaded then, and at the latest by a restart",
                ) from error
        self._owed = Reach()
        if self._connect(owed.twins):
            self._devices.configure(list((self._connections or {}).values()))

    def _connect(self, twins: Iterable[str]) -> bool:
        """Brings the connections of these twins up to date; whether any of them is different now."""
        known = self._connections
        if known is None:
            return False
        moved = False
        for twin_id in twins:
            now = connection(self.catalogue, twin_id)
            if now != known.get(twin_id):
                moved = True
                if now is None:
                    del known[twin_id]
                else:
                    known[twin_id] = now
        return moved

    def _is_owed(self) -> bool:
        return bool(self._owed.twins or self._owed.overlays)

    async def _reload(self) -> None:
        """Take over what the graph has and the catalogue does not."""
        revision, found = await self._store.load()
        saved, removed = differing(self.catalogue.stored, found)
        changes: dict[Key, Definition | None] = {(item.kind, item.id): item.definition for item in saved}
        changes |= dict.fromkeys(removed)
        reached = reach(self.catalogue, Draft(self.catalogue, changes), changes)
        log.warning("the graph moved to catalogue revision %s: %s definitions taken over", revision, len(changes))
        taken = DefinitionChange(revision - 1, self._clock.now(), "", "", tuple(saved), tuple(removed))
        self._apply(taken, reached)
        await self._tell("system")


async def _read(documents: Sequence[tuple[Kind, Mapping[str, Any]]]) -> list[Definition]:
    """Raises Invalid (DOCUMENT_INVALID) with the problems of all documents."""
    definitions: list[Definition] = []
    problems: list[Problem] = []
    for index, (kind, document) in enumerate(documents):
        if index % _BREATHE_EVERY == _BREATHE_EVERY - 1:
            await asyncio.sleep(0)
        if kind not in KINDS:
            hint = f"known are {', '.join(KINDS)}"
            problems.append(Problem("UNKNOWN_KIND", f"there is no kind of definition '{kind}'", f"/{index}", hint))
            continue
        definition, wrong = read_document(kind, document)
        if definition is not None:
            definitions.append(definition)
        else:
            problems += _told(wrong, index, len(documents), named(kind, document))
    if problems:
        what = named(*documents[0]) if len(documents) == 1 and documents[0][0] in KINDS else "the request"
        raise Invalid.of(problems, what, code="DOCUMENT_INVALID")
    return definitions


async def _checked(draft: Draft, definitions: Sequence[Definition]) -> tuple[Problem, ...]:
    """The warnings. Raises Invalid (DEFINITION_INVALID) with the problems of all definitions."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for index, item in enumerate(definitions):
        if index % _BREATHE_EVERY == _BREATHE_EVERY - 1:
            await asyncio.sleep(0)
        found = check(draft, item)
        problems += _told(found.problems, index, len(definitions), _named(item))
        warnings += _told(found.warnings, index, len(definitions), _named(item))
    if problems:
        what = _named(definitions[0]) if len(definitions) == 1 else "the request"
        raise Invalid.of(problems, what, code="DEFINITION_INVALID")
    return tuple(warnings)


def _told(problems: Iterable[Problem], index: int, count: int, name: str) -> list[Problem]:
    """As they are for a single document; among several each says whose it is, in words and in its pointer."""
    if count == 1:
        return list(problems)
    return [Problem(item.code, f"{name}: {item.message}", f"/{index}{item.path}", item.hint) for item in problems]


def _refuse_twice(definitions: Sequence[Definition]) -> None:
    seen: dict[Key, int] = {}
    problems = []
    for index, item in enumerate(definitions):
        first = seen.setdefault(_key(item), index)
        if first != index:
            message = f"{_named(item)} is there twice, first as number {first}"
            problems.append(Problem("DUPLICATE_DOCUMENT", message, f"/{index}", "leave one of them out"))
    if problems:
        raise Invalid.of(problems, "the request", code="DOCUMENT_INVALID")


def _left_behind(catalogue: Catalogue, kind: Kind, id: str) -> tuple[Problem, ...]:
    if kind != "twin":
        return ()
    owners = [f"twin '{other}'" for other in catalogue.twins_relating_to(id) if other != id]
    owners += [f"overlay '{other}'" for other in catalogue.overlays_relating_to(id)]
    return tuple(
        Problem("UNRESOLVED_TARGET", f"a relationship of {owner} refers to twin '{id}', which is gone")
        for owner in owners
    )


def _expect(stored: StoredDefinition | None, expected: int | None, kind: Kind, id: str) -> None:
    current = stored.revision if stored else 0
    if expected is not None and expected != current:
        raise Conflict(
            f"{KINDS[kind][0]} '{id}' is at revision {current}, not {expected}",
            code="REVISION_MOVED",
            hint="read it again and make your change on that" if current else "it does not exist: expect revision 0",
        )


def _is_stored(definition: Definition, stored: StoredDefinition | None) -> bool:
    """By content as JSON has it: Python holds 1, 1.0 and True equal, a document does not."""
    return stored is not None and _text(stored.definition) == _text(definition)


def _text(definition: Definition) -> str:
    return json.dumps(to_document(definition), sort_keys=True)


def _key(definition: Definition) -> Key:
    return kind_of(definition), id_of(definition)


def _named(definition: Definition) -> str:
    kind, id = _key(definition)
    return f"{KINDS[kind][0]} '{id}'"


def _log_unheard(task: asyncio.Task[Saved]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a definition change whose client had gone failed: %s", error)
