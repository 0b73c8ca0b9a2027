"""The embedded engine under a running server: killed it comes again with everything, broken it is tried for ever."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from app.attach import Absent, StartEngine, follow
from app.commands.definitions import DefinitionCommands
from app.errors import Misconfigured, Unavailable
from app.graph.connect import connect
from app.graph.embedded import EmbeddedEngine
from app.graph.respawn import Respawn
from app.graph.store import GraphStore
from app.journal.sqlite import SqliteJournal
from app.model.catalogue import Catalogue
from app.runtime.clock import SystemClock
from app.settings import GraphSettings
from tests.assets.everything import EveryAsset
from tests.commands.ports import FakeClock, FakeDevices, FakeInbox
from tests.contract.samples import batch
from tests.runtime.fakes import until
from tests.servers.graph import QUICK_JAVA

pytestmark = pytest.mark.xdist_group("embedded")


class QuickClock(SystemClock):
    """Remembers how long it was asked to sleep, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def starting(engine: EmbeddedEngine) -> StartEngine:
    async def started() -> EmbeddedEngine:
        if engine.ended:
            await engine.restart()
        return engine

    return started


@contextlib.asynccontextmanager
async def kept(folder: Path, clock: SystemClock) -> AsyncIterator[tuple[EmbeddedEngine, GraphStore, Respawn]]:
    engine = EmbeddedEngine(folder, java_options=QUICK_JAVA)
    await engine.start()
    store = await connect(engine.uri, engine.user, engine.password, engine.database, answer_seconds=5)

    respawn = Respawn(starting(engine), partial(follow, store), clock)
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
            await EmbeddedEngine(tmp_path, java_options=QUICK_JAVA).start()
        assert caught.value.code == "DATA_DIR_IN_USE", "the lock was never let go"
    levels = [(record.levelname, record.message.splitlines()[0]) for record in caplog.records]
    assert [level for level, text in levels if "ended (status -9)" in text] == ["ERROR"] * 2
    assert len([text for _, text in levels if "answers again after" in text]) == 2


async def test_one_that_dies_at_once_is_tried_ever_less_often_and_comes_when_what_kept_it_down_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = QuickClock()
    async with kept(tmp_path, clock) as (engine, store, respawn):
        await store.write(batch(0, 1))
        databases = tmp_path / "databases"
        databases.rename(tmp_path / "elsewhere")
        databases.write_text("no folder")
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        await until(lambda: "could not be started again in 6 attempts" in (respawn.problem or ""), 240)
        assert clock.slept[1:8] == pytest.approx([0.1, 0.4, 1.6, 6.4, 25.6, 60.0, 60.0])
        assert "is not a directory" in (respawn.problem or ""), "its own words are there"
        last = [record for record in caplog.records if record.levelname == "ERROR"][-1]
        assert "is not a directory" in last.message
        with pytest.raises(Unavailable):
            await store.ping()
        databases.unlink()
        (tmp_path / "elsewhere").rename(databases)
        await until(lambda: respawn.problem is None, 60)
        assert await store.cursor() == 1


async def test_one_that_ended_before_anybody_looked_is_followed_and_a_start_that_fails_ends_nothing(
    tmp_path: Path,
) -> None:
    engine = EmbeddedEngine(tmp_path, java_options=QUICK_JAVA)
    await engine.start()
    store = await connect(engine.uri, engine.user, engine.password, engine.database, answer_seconds=5)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await engine.wait()
    started, failures = starting(engine), [Misconfigured("no memory"), Unavailable("too slow")]

    async def at_the_third() -> EmbeddedEngine:
        if failures:
            raise failures.pop()
        return await started()

    clock = QuickClock()
    respawn = Respawn(at_the_third, partial(follow, store), clock)
    task = asyncio.create_task(respawn.run())
    try:
        await until(lambda: respawn.problem == "too slow")
        await until(lambda: respawn.problem is None, 60)
        await store.migrate()
        assert clock.slept == pytest.approx([0.0, 0.1, 0.4])
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()
        await engine.stop()


class DiesWhenAttached(GraphStore):
    """Its engine does, once."""

    pid: int | None = None

    def attach(self, other: GraphStore) -> None:
        super().attach(other)
        assert self.pid is not None
        os.kill(self.pid, signal.SIGKILL)


async def test_one_that_ends_before_its_definitions_were_read_is_started_again_by_whoever_waits_for_it(
    tmp_path: Path,
) -> None:
    engine, journal = (
        EmbeddedEngine(tmp_path / "graph", java_options=QUICK_JAVA),
        SqliteJournal.open(tmp_path / "journal"),
    )
    await engine.start()
    store = DiesWhenAttached(None, engine.database, answer_seconds=5)
    store.pid = engine.pid
    absent = Absent(store, GraphSettings(), starting(engine), journal, QuickClock(), Unavailable("not yet"))
    definitions = DefinitionCommands(store, Catalogue.of(0, []), FakeInbox(), FakeDevices(), FakeClock(), EveryAsset())
    try:
        await asyncio.wait_for(absent.run(definitions), 60)
        assert absent.why is None
        assert engine.pid != store.pid
        assert store.uri == engine.uri
        assert await store.cursor() == 0
    finally:
        await store.close()
        await journal.close()
        await engine.stop()
