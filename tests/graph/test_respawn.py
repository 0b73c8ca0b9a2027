"""The embedded engine under a running server: killed it comes again with everything, broken it is given up."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.errors import Misconfigured, Unavailable
from app.graph.connect import connect, move
from app.graph.embedded import EmbeddedEngine
from app.graph.respawn import Respawn
from app.graph.store import GraphStore
from app.runtime.clock import SystemClock
from tests.contract.samples import batch
from tests.runtime.fakes import until

pytestmark = pytest.mark.xdist_group("embedded")


class QuickClock(SystemClock):
    """Remembers how long it was asked to sleep, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def kept(folder: Path, clock: SystemClock) -> AsyncIterator[tuple[EmbeddedEngine, GraphStore, Respawn]]:
    engine = EmbeddedEngine(folder)
    await engine.start()
    store = await connect(engine.uri, engine.user, engine.password, engine.database, answer_seconds=5)

    async def started() -> EmbeddedEngine:
        return engine

    async def moved(engine: EmbeddedEngine) -> None:
        await move(store, engine.uri, engine.user, engine.password)

    respawn = Respawn(started, moved, clock)
    task = asyncio.create_task(respawn.run())
    try:
        await store.migrate()
        yield engine, store, respawn
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()
        await engine.stop()


async def test_killed_it_comes_again_with_what_was_written_and_the_store_finds_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="twin_overlay.graph")
    async with kept(tmp_path, SystemClock()) as (engine, store, respawn):
        for life in range(2):
            await store.write(batch(life, life + 1))
            assert engine.pid is not None
            os.kill(engine.pid, signal.SIGKILL)
            await until(lambda: respawn.problem is not None)
            assert respawn.problem == "the embedded graph engine ended (status -9) and is started again"
            with pytest.raises(Unavailable):
                await store.cursor()
            await until(lambda: respawn.problem is None, 60)
            assert await store.cursor() == life + 1
        with pytest.raises(Misconfigured) as caught:
            await EmbeddedEngine(tmp_path).start()
        assert caught.value.code == "DATA_DIR_IN_USE", "the lock was never let go"
    levels = [(record.levelname, record.message.splitlines()[0]) for record in caplog.records]
    assert [level for level, text in levels if "ended (status -9)" in text] == ["ERROR"] * 2
    assert len([text for _, text in levels if "answers again after" in text]) == 2


async def test_one_that_dies_at_once_again_and_again_is_given_up_with_its_last_output_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = QuickClock()
    async with kept(tmp_path, clock) as (engine, store, respawn):
        (tmp_path / "databases").rename(tmp_path / "elsewhere")
        (tmp_path / "databases").write_text("no folder")
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await until(lambda: "could not be started again" in (respawn.problem or ""), 240)
        assert clock.slept == pytest.approx([0.1, 0.4, 1.6, 6.4, 25.6])
        last = [record for record in caplog.records if record.levelname == "ERROR"][-1]
        assert "is not a directory" in last.message, "its own words are there"
        with pytest.raises(Unavailable):
            await store.ping()
