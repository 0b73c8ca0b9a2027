"""DTSL scripts that are kept under an id, changed in revisions and executed when somebody says so.

A script is kept as its author left it: names that are not there (yet) are told and don't refuse it, since its types may
come later; a text that is no script does. Scripts import each other by these ids (imported.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.pointers import shown
from app.commands.scripts import ScriptCommands, ScriptInvalid, ScriptResult, parsed_in_turns
from app.dtsl.findings import Diagnostic
from app.errors import Conflict, Invalid, NotFound
from app.model.authentication import secrets_in
from app.model.names import IDENTIFIER_RULE, is_identifier
from app.model.near import near
from app.model.stored_script import ScriptRevision, StoredScript
from app.off_loop import unlooked
from app.ports import Clock, ScriptStore

NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Stored:
    script: StoredScript
    changed: bool
    diagnostics: tuple[Diagnostic, ...]
    """Against the definitions as they stand; errors too, of names that are not there."""


class StoredScriptCommands:
    def __init__(self, store: ScriptStore, scripts: ScriptCommands, clock: Clock) -> None:
        self._store = store
        self._scripts = scripts
        self._clock = clock

    async def ids(self) -> Sequence[str]:
        return await self._store.ids()

    async def several(self, script_ids: Sequence[str]) -> list[StoredScript]:
        """Those that are there, in their order."""
        found = await self._store.scripts(script_ids)
        return [found[id] for id in script_ids if id in found]

    async def find(self, script_id: str) -> StoredScript | None:
        return (await self._store.scripts([script_id])).get(script_id)

    async def get(self, script_id: str) -> StoredScript:
        """Raises NotFound (SCRIPT_NOT_FOUND)."""
        found = await self.find(script_id)
        if found is None:
            raise await self._missing(script_id)
        return found

    async def declaring(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """By `kind/id` the ids of the scripts that declare it."""
        return await self._store.declaring(keys)

    async def revisions(self, script_id: str, first: int, before: int = NEWEST) -> list[ScriptRevision]:
        return await self._store.revisions(script_id, first, before)

    async def diagnostics(self, script: StoredScript) -> tuple[Diagnostic, ...]:
        """Against the definitions as they stand now."""
        return await self._scripts.check(script.source, name=script.script_id)

    async def save(
        self,
        source: str,
        actor: Actor,
        *,
        script_id: str | None = None,
        new: bool = False,
        reason: str = "",
        expected_revision: int | None = None,
        dry_run: bool = False,
    ) -> Stored:
        """Without an id it gets that of the first thing it declares, and must be new: no other text may be kept there.
        Raises ScriptInvalid where it can't be read, Invalid (BAD_IDENTIFIER, SCRIPT_EMPTY, SECRET_IN_DEFINITION,
        CREDENTIALS_IN_ENDPOINT), Conflict (ALREADY_EXISTS, REVISION_MOVED)."""
        about = () if script_id is None else (f"script/{script_id}",)
        async with self._scripts.noting.refusals("script", actor, about, reason=reason, dry_run=dry_run):
            with unlooked():
                [parsed] = await parsed_in_turns([(script_id or "script.dtsl", source)])
            script, unreadable = parsed.script, parsed.unreadable
            if unreadable:
                error = ScriptInvalid.of([item.problem() for item in unreadable], "the script", code="DTSL_INVALID")
                error.diagnostics = tuple(unreadable)
                raise error
            if written := [item for made in script.declarations for item in secrets_in(made.document)]:
                raise Invalid.of(written, "the script", code=written[0].code)
            if not script.declarations and (script_id is None or not script.imports):
                hint = "give it an id" if script.imports else "write an overlay or an instance"
                raise Invalid("the script declares nothing", code="SCRIPT_EMPTY", hint=hint)
            new = new or script_id is None
            script_id = script.declarations[0].name.id if script_id is None else script_id
            if not is_identifier(script_id):
                message = f"{shown(script_id)} is not an identifier: {IDENTIFIER_RULE}"
                raise Invalid(message, code="BAD_IDENTIFIER", path="/scriptId")
            declares = tuple(dict.fromkeys(f"{made.kind}/{made.name.id}" for made in script.declarations))
            now = self._clock.now()
            if dry_run:
                stands = await self.find(script_id)
                if not new:
                    _expect(script_id, stands, expected_revision)
                if stands is not None and new and stands.source != source:
                    raise _taken(script_id)
                if stands is not None and stands.source == source:
                    stored, changed = stands, False
                else:
                    created_at, created_by = (stands.created_at, stands.created_by) if stands else (now, actor.name)
                    revision = await self._next(script_id)
                    stored = StoredScript(
                        script_id, source, revision, created_at, created_by, now, actor.name, declares
                    )
                    changed = True
            else:
                expected = 0 if new else expected_revision
                try:
                    stored, changed = await self._store.save(
                        script_id,
                        source,
                        at=now,
                        author=actor.name,
                        reason=reason,
                        expected=expected,
                        declares=declares,
                        origin=actor.origin,
                    )
                except Conflict:
                    stands = await self.find(script_id)
                    if not new:
                        raise
                    if stands is None or stands.source != source:
                        raise _taken(script_id) from None
                    stored, changed = stands, False
            return Stored(stored, changed, await self.diagnostics(stored))

    async def delete(
        self,
        script_id: str,
        actor: Actor,
        *,
        reason: str = "",
        expected_revision: int | None = None,
        dry_run: bool = False,
    ) -> StoredScript:
        """What executing it has made stays. Raises NotFound (SCRIPT_NOT_FOUND), Conflict (REVISION_MOVED)."""
        about = (f"script/{script_id}",)
        async with self._scripts.noting.refusals("script", actor, about, reason=reason, dry_run=dry_run):
            stands = await self.get(script_id)
            if dry_run:
                _expect(script_id, stands, expected_revision)
                return stands
            gone = await self._store.delete(
                script_id,
                at=self._clock.now(),
                author=actor.name,
                reason=reason,
                expected=expected_revision,
                origin=actor.origin,
            )
            if not gone:
                raise await self._missing(script_id)
            return stands

    async def execute(
        self, script_id: str, actor: Actor, *, dry_run: bool = False
    ) -> tuple[StoredScript, ScriptResult]:
        """Raises NotFound (SCRIPT_NOT_FOUND), and what executing a text raises."""
        about = (f"script/{script_id}",)
        async with self._scripts.noting.refusals("definition", actor, about, dry_run=dry_run):
            script = await self.get(script_id)
        return script, await self._scripts.execute(script.source, actor, name=script_id, dry_run=dry_run)

    async def _next(self, script_id: str) -> int:
        last = await self._store.revisions(script_id, 1, NEWEST)
        return last[0].number + 1 if last else 1

    async def _missing(self, script_id: str) -> NotFound:
        hint = near(script_id, await self._store.ids())
        return NotFound(f"there is no script {shown(script_id)}", code="SCRIPT_NOT_FOUND", hint=hint)


def _expect(script_id: str, stands: StoredScript | None, expected: int | None) -> None:
    if expected is not None and expected != (stands.revision if stands else 0):
        is_at = f"is at revision {stands.revision}" if stands else "is not there"
        raise Conflict(f"script '{script_id}' {is_at}, not at {expected}", code="REVISION_MOVED")


def _taken(script_id: str) -> Conflict:
    return Conflict(
        f"there is a script '{script_id}' already, with another text",
        code="ALREADY_EXISTS",
        hint="replace it by its id, or give the new one an id of its own",
    )
