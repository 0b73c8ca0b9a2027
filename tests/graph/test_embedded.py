"""The embedded engine's life: started, stopped, killed, started again; and what connecting to it says."""

import asyncio
import gc
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from app.errors import Misconfigured, Unavailable
from app.graph.connect import answers, connect
from app.graph.embedded import EmbeddedEngine
from app.graph.process import free_port
from app.graph.store import GraphStore
from tests.contract.samples import batch as fact_batch
from tests.contract.samples import change, pump_type, reading, stored

pytestmark = pytest.mark.xdist_group("embedded")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path / "data")
    await engine.start()
    yield engine
    await engine.stop()


async def connected(engine: EmbeddedEngine) -> GraphStore:
    return await connect(engine.uri, engine.user, engine.password, engine.database, timeout_seconds=10)


async def until(what: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_killed_and_started_again_it_has_everything_that_was_saved(tmp_path: Path) -> None:
    for life in range(3):
        engine = EmbeddedEngine(tmp_path)
        await engine.start()
        store = await connected(engine)
        assert await store.migrate() == ([] if life else list(range(1, 31)))
        assert (await store.load())[0] == life
        assert await store.cursor() == life
        await store.save(change(life, stored(pump_type(name=f"life {life}"), life + 1)))
        await store.write(fact_batch(life, life + 1, properties=(reading("pump_1", "temperature", 1.0),)))
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        assert await asyncio.wait_for(engine.wait(), 10) == -signal.SIGKILL
        await store.close()
        await engine.stop()


async def test_a_second_engine_on_the_same_directory_is_refused(engine: EmbeddedEngine, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        await EmbeddedEngine(tmp_path / "data").start()
    assert caught.value.code == "DATA_DIR_IN_USE"
    assert str(tmp_path / "data") in caught.value.message
    assert str(os.getpid()) in caught.value.message
    store = await connected(engine)
    await store.ping()
    await store.close()


async def test_stop_leaves_no_process_no_lock_and_may_be_called_twice(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    await engine.start()
    pid = engine.pid
    assert pid is not None
    await engine.stop()
    await engine.stop()
    assert gone(pid)
    again = EmbeddedEngine(tmp_path)
    await again.start()
    await again.stop()


async def test_its_files_are_for_this_user_and_its_ports_for_this_machine(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    secret = tmp_path / "data" / "root-password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text()) >= 32
    assert engine.pid is not None
    listening = [item for item in psutil.Process(engine.pid).net_connections() if item.status == psutil.CONN_LISTEN]
    assert listening
    assert {item.laddr.ip.removeprefix("::ffff:") for item in listening} == {"127.0.0.1"}
    assert not [part for part in psutil.Process(engine.pid).cmdline() if engine.password in part]


async def test_a_lost_password_file_is_made_anew_and_the_data_stays(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    await engine.start()
    store = await connected(engine)
    await store.migrate()
    await store.save(change(0, stored(pump_type())))
    await store.close()
    await engine.stop()
    (tmp_path / "root-password").unlink()
    await engine.start()
    store = await connected(engine)
    assert (await store.load())[0] == 1
    await store.close()
    await engine.stop()


async def test_it_dies_with_a_server_that_is_killed_and_the_next_one_starts(tmp_path: Path) -> None:
    script = """
        import asyncio, sys
        from pathlib import Path
        from app.graph.embedded import EmbeddedEngine
        async def main():
            engine = EmbeddedEngine(Path(sys.argv[1]))
            await engine.start()
            print(engine.pid, flush=True)
            await engine.wait()
        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert server.stdout is not None
    pid = int(await asyncio.wait_for(server.stdout.readline(), 60))
    server.kill()
    engine = EmbeddedEngine(tmp_path)
    await engine.start()
    assert gone(pid)
    await engine.stop()
    await server.wait()


async def test_a_directory_that_can_not_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured) as caught:
        await EmbeddedEngine(tmp_path / "file" / "data").start()
    assert caught.value.code == "DATA_DIR_UNUSABLE"


async def test_an_engine_that_can_not_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "databases").write_text("a file where its folder should be")
    engine = EmbeddedEngine(tmp_path, start_timeout_seconds=15)
    with pytest.raises((Misconfigured, Unavailable)) as caught:
        await engine.start()
    assert caught.value.code in ("ENGINE_FAILED", "ENGINE_TIMEOUT")
    assert "databases" in caught.value.message
    assert engine.pid is None


async def test_a_graph_that_goes_away_is_unavailable_without_internals(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    await engine.start()
    store = await connected(engine)
    await store.migrate()
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    await engine.wait()
    with pytest.raises(Unavailable) as caught:
        await store.save(change(0, stored(pump_type())))
    assert caught.value.code == "GRAPH_UNAVAILABLE"
    assert "127.0.0.1" not in caught.value.message
    await store.close()
    await engine.stop()


async def test_a_wrong_password_is_not_waited_for(engine: EmbeddedEngine) -> None:
    with pytest.raises(Misconfigured) as caught:
        await connect(engine.uri, engine.user, "wrong", engine.database, timeout_seconds=60)
    assert caught.value.code == "GRAPH_AUTH"
    assert "wrong" not in str(caught.value)


async def test_a_database_that_is_not_there_is_refused_by_name(engine: EmbeddedEngine) -> None:
    with pytest.raises(Misconfigured) as caught:
        await connect(engine.uri, engine.user, engine.password, "no-such-database", timeout_seconds=5)
    assert caught.value.code == "GRAPH_REFUSED"
    assert "no-such-database" in caught.value.message


async def test_a_port_where_nothing_answers_is_unreachable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(Unavailable) as caught:
            await connect(f"bolt://127.0.0.1:{port}", "neo4j", "x", "neo4j", timeout_seconds=0.5)
    assert caught.value.code == "GRAPH_UNREACHABLE"


@pytest.mark.parametrize(
    "uri", ["", "http://127.0.0.1", "neo4j://", "127.0.0.1:7687", "bolt://h:not-a-port", "bolt://me:secret@h"]
)
async def test_an_address_of_no_graph_is_misconfigured(uri: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        await connect(uri, "neo4j", "x", "neo4j", timeout_seconds=1)
    assert caught.value.code == "GRAPH_URI_INVALID"
    assert "secret" not in str(caught.value)


async def test_nothing_is_printed_where_the_program_is_busy_while_nobody_listens() -> None:
    printed: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: printed.append(context))
    for turns in range(12):
        uri = f"bolt://127.0.0.1:{free_port()}"
        asking = asyncio.create_task(answers(uri, "root", "secret", "neo4j", timeout_seconds=0.01))
        for _ in range(turns):
            await asyncio.sleep(0)
        time.sleep(0.02)  # noqa: ASYNC251  # longer than the timeout, as imports are at start
        assert not await asking
    gc.collect()
    assert printed == []
