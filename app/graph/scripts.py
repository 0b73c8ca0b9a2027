"""DTSL scripts that are kept: Script nodes, and each accepted text as a Revision.

The number of a revision is found in the transaction that writes it, so two who save at once get two numbers.
"""

from collections.abc import Sequence

from neo4j import Record

from app.errors import Conflict
from app.graph import codec
from app.graph.session import Graph, Transaction
from app.graph.statements import Statements
from app.model.audit import AuditEntry
from app.model.events import HERE, Origin
from app.model.stored_script import ScriptRevision, StoredScript
from app.model.time import Micros, iso, parse_iso


class Scripts:
    """Implements ports.ScriptStore."""

    def __init__(self, graph: Graph, statements: Statements) -> None:
        self._graph = graph
        self._save = statements["scripts/save_script"]
        self._delete = statements["scripts/delete_script"]
        self._scripts = statements["scripts/scripts"]
        self._ids = statements["scripts/script_ids"]
        self._declaring = statements["scripts/declaring"]
        self._audit = statements["audit/write_entries"]
        self._last = statements["definitions/last_revisions"]
        self._revisions = statements["definitions/revisions"]
        self._deletions = statements["definitions/record_deletions"]

    async def ids(self) -> list[str]:
        async def work(transaction: Transaction) -> list[str]:
            return [record["script_id"] for record in await transaction.run(self._ids)]

        # Sorted here: the engines do not agree on the order of texts.
        return sorted(await self._graph.read(work))

    async def scripts(self, script_ids: Sequence[str]) -> dict[str, StoredScript]:
        async def work(transaction: Transaction) -> dict[str, StoredScript]:
            found = await transaction.run_each(self._scripts, list(dict.fromkeys(script_ids)))
            return {record["script_id"]: _script(record) for record in found}

        return await self._graph.read(work)

    async def declaring(self, keys: Sequence[str]) -> dict[str, list[str]]:
        async def work(transaction: Transaction) -> dict[str, list[str]]:
            found: dict[str, list[str]] = {key: [] for key in keys}
            for record in await transaction.run(self._declaring, keys=list(found)):
                found[record["key"]].append(record["script_id"])
            return {key: sorted(ids) for key, ids in found.items()}

        return await self._graph.read(work)

    async def revisions(self, script_id: str, first: int, before: int) -> list[ScriptRevision]:
        async def work(transaction: Transaction) -> list[ScriptRevision]:
            found = await transaction.run(self._revisions, definition_key=_key(script_id), before=before, first=first)
            return [_revision(record) for record in found]

        return await self._graph.read(work)

    async def save(
        self,
        script_id: str,
        source: str,
        *,
        at: Micros,
        author: str,
        reason: str,
        expected: int | None,
        declares: Sequence[str] = (),
        origin: Origin = HERE,
    ) -> tuple[StoredScript, bool]:
        async def work(transaction: Transaction) -> tuple[StoredScript, bool]:
            now, number = await self._state(transaction, script_id, expected)
            if now is not None and now.source == source:
                return now, False
            await transaction.run(
                self._save,
                script_id=script_id,
                source=source,
                declares=list(declares),
                number=number,
                at=iso(at),
                author=author,
                reason=reason,
                revision_key=f"{_key(script_id)}/{number}",
                definition_key=_key(script_id),
            )
            await self._record(transaction, _entry(script_id, number, at, author, origin, reason, removed=False))
            created_at, created_by = (now.created_at, now.created_by) if now else (at, author)
            kept = StoredScript(script_id, source, number, created_at, created_by, at, author, tuple(declares))
            return kept, True

        return await self._graph.write(work)

    async def delete(
        self, script_id: str, *, at: Micros, author: str, reason: str, expected: int | None, origin: Origin = HERE
    ) -> bool:
        async def work(transaction: Transaction) -> bool:
            now, number = await self._state(transaction, script_id, expected)
            if now is None:
                return False
            await transaction.run(self._delete, script_id=script_id)
            row = {
                "revision_key": f"{_key(script_id)}/{number}",
                "definition_key": _key(script_id),
                "kind": "script",
                "id": script_id,
                "number": number,
                "at": iso(at),
                "author": author,
                "reason": reason,
                "catalogue_revision": 0,
            }
            await transaction.each(self._deletions, [row])
            await self._record(transaction, _entry(script_id, number, at, author, origin, reason, removed=True))
            return True

        return await self._graph.write(work)

    async def _state(
        self, transaction: Transaction, script_id: str, expected: int | None
    ) -> tuple[StoredScript | None, int]:
        """What there is, and the number of the next revision. Raises Conflict (REVISION_MOVED)."""
        found = await transaction.run(self._scripts, rows=[script_id])
        now = _script(found[0]) if found else None
        if expected is not None and expected != (now.revision if now else 0):
            stands = f"is at revision {now.revision}" if now else "is not there"
            raise Conflict(
                f"script '{script_id}' {stands}, not at {expected}",
                code="REVISION_MOVED",
                hint="read it again and make your change on that",
            )
        last = await transaction.run(self._last, rows=[_key(script_id)])
        return now, (last[0]["number"] if last else 0) + 1

    async def _record(self, transaction: Transaction, entry: AuditEntry) -> None:
        await transaction.each(self._audit, [codec.audit_row(entry)])


def _entry(
    script_id: str, number: int, at: Micros, author: str, origin: Origin, reason: str, *, removed: bool
) -> AuditEntry:
    return AuditEntry(
        f"scripts/{script_id}/{number:012}",
        at,
        "script",
        "done",
        author,
        origin=origin,
        subjects=(_key(script_id),),
        reason=reason,
        details={"revision": number, "removed": removed},
    )


def _key(script_id: str) -> str:
    return f"script/{script_id}"


def _script(record: Record) -> StoredScript:
    return StoredScript(
        record["script_id"],
        record["source"],
        record["revision"],
        parse_iso(record["created_at"]),
        record["created_by"],
        parse_iso(record["updated_at"]),
        record["updated_by"],
        tuple(record["declares"] or ()),
    )


def _revision(record: Record) -> ScriptRevision:
    return ScriptRevision(
        record["number"], parse_iso(record["at"]), record["author"], record["reason"], record["document"] or None
    )
