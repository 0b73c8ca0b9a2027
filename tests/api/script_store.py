"""ports.ScriptStore in memory, held to the graph's by tests/contract/test_scripts.py."""

from collections.abc import Sequence

from app.errors import Conflict
from app.model.events import HERE, Origin
from app.model.stored_script import ScriptRevision, StoredScript
from app.model.time import Micros


class ScriptMemory:
    def __init__(self) -> None:
        self._kept: dict[str, StoredScript] = {}
        self._history: dict[str, list[ScriptRevision]] = {}

    async def ids(self) -> list[str]:
        return sorted(self._kept)

    async def scripts(self, script_ids: Sequence[str]) -> dict[str, StoredScript]:
        return {id: self._kept[id] for id in script_ids if id in self._kept}

    async def declaring(self, keys: Sequence[str]) -> dict[str, list[str]]:
        return {key: [id for id in sorted(self._kept) if key in self._kept[id].declares] for key in keys}

    async def revisions(self, script_id: str, first: int, before: int) -> list[ScriptRevision]:
        return [item for item in self._history.get(script_id, []) if item.number < before][:first]

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
        now = self._expect(script_id, expected)
        if now is not None and now.source == source:
            return now, False
        number = self._record(script_id, source, at, author, reason)
        created = (now.created_at, now.created_by) if now else (at, author)
        self._kept[script_id] = StoredScript(script_id, source, number, *created, at, author, tuple(declares))
        return self._kept[script_id], True

    async def delete(
        self, script_id: str, *, at: Micros, author: str, reason: str, expected: int | None, origin: Origin = HERE
    ) -> bool:
        if self._expect(script_id, expected) is None:
            return False
        del self._kept[script_id]
        self._record(script_id, None, at, author, reason)
        return True

    def _expect(self, script_id: str, expected: int | None) -> StoredScript | None:
        now = self._kept.get(script_id)
        if expected is not None and expected != (now.revision if now else 0):
            raise Conflict("it has moved on", code="REVISION_MOVED")
        return now

    def _record(self, script_id: str, source: str | None, at: Micros, author: str, reason: str) -> int:
        history = self._history.setdefault(script_id, [])
        number = len(history) + 1
        history.insert(0, ScriptRevision(number, at, author, reason, source))
        return number
