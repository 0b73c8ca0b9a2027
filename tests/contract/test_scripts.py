"""Scripts that are kept, the same in the graph of both engines and in the memory that the API's tests use."""

import pytest

from app.errors import Conflict
from app.graph.store import GraphStore
from app.model.stored_script import ScriptRevision, StoredScript
from app.model.time import SECOND
from app.ports import ScriptStore
from tests.api.script_store import ScriptMemory
from tests.contract.samples import T0

ONE, TWO = "overlay One {\n}\n", 'overlay Two {\n  // "quoted" \\ ä €\n}\n'


async def _behaves(scripts: ScriptStore) -> None:
    async def save(source: str, second: int, expected: int | None = None) -> tuple[StoredScript, bool]:
        at = T0 + second * SECOND
        return await scripts.save("pumps", source, at=at, author=f"a{second}", reason="because", expected=expected)

    assert await scripts.ids() == []
    assert await scripts.scripts(["pumps"]) == {}
    assert await scripts.revisions("pumps", 10, 99) == []
    first, changed = await save(ONE, 1, expected=0)
    assert changed
    assert first == StoredScript("pumps", ONE, 1, T0 + SECOND, "a1", T0 + SECOND, "a1")
    assert await save(ONE, 2) == (first, False)
    second, _ = await save(TWO, 3, expected=1)
    assert second == StoredScript("pumps", TWO, 2, T0 + SECOND, "a1", T0 + 3 * SECOND, "a3")
    for expected in (0, 1, 3):
        with pytest.raises(Conflict) as refused:
            await save(ONE, 4, expected)
        assert refused.value.code == "REVISION_MOVED"
    with pytest.raises(Conflict):
        await scripts.delete("pumps", at=T0, author="x", reason="", expected=1)
    assert await scripts.scripts(["pumps", "none"]) == {"pumps": second}

    assert await scripts.delete("pumps", at=T0 + 5 * SECOND, author="bob", reason="old", expected=2)
    assert not await scripts.delete("pumps", at=T0 + 6 * SECOND, author="bob", reason="", expected=None)
    assert await scripts.ids() == []
    third, _ = await save(ONE, 7, expected=0)
    assert (third.revision, third.created_by) == (4, "a7")
    await scripts.save("Abc", ONE, at=T0, author="a", reason="", expected=None)
    await scripts.save("z-1", ONE, at=T0, author="a", reason="", expected=None)
    assert await scripts.ids() == ["Abc", "pumps", "z-1"]

    history = await scripts.revisions("pumps", 10, 99)
    assert [(item.number, item.source) for item in history] == [(4, ONE), (3, None), (2, TWO), (1, ONE)]
    assert history[1] == ScriptRevision(3, T0 + 5 * SECOND, "bob", "old", None)
    assert [item.number for item in await scripts.revisions("pumps", 2, 4)] == [3, 2]


async def test_scripts_are_kept_with_their_revisions(store: GraphStore) -> None:
    await _behaves(store.scripts)


async def test_the_memory_of_other_tests_keeps_them_alike() -> None:
    await _behaves(ScriptMemory())
