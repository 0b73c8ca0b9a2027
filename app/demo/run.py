"""`twin-overlay demo`: plant, server with its graph engine, and this terminal, started and ended together.

This process is a client like any other: it applies the demo's definitions, watches and acts through GraphQL. The
others die with it, whatever ends it (the kernel sees to that), so that no demo leaves a server behind.
"""

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from app.bulk.sending import SAVE
from app.client import GraphqlClient
from app.demo.board import Board
from app.demo.control import PlantControl
from app.demo.documents import load_documents
from app.demo.story import tell_story
from app.demo.table import Screen
from app.errors import Conflict, Invalid, Misconfigured, NotFound, Refused, Unavailable

EXECUTE = """
mutation Execute($source: String!, $name: String) {
  executeDtsl(input: {script: {source: $source}, name: $name}) { created { id } }
}
"""
START_SECONDS = 60.0
END_SECONDS = 2.0
DRAW_SECONDS = 0.25
PAUSE_SECONDS = 8.0
BREATH_SECONDS = 4.0


async def run_demo(*, story: bool, port: int, once: bool, plain: bool, data_dir: Path | None) -> None:
    """Run until Ctrl-C (or, with `once`, until the story has been told). Raises what keeps it from starting."""
    console = Console()
    folder = data_dir or Path(tempfile.mkdtemp(prefix="twin-overlay-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    work = asyncio.ensure_future(_demo(console, folder, story, port, once, plain or not console.is_terminal))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        if data_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _demo(console: Console, folder: Path, story: bool, port: int, once: bool, plain: bool) -> None:
    console.print("starting the demo plant and the server ...", highlight=False)
    async with contextlib.AsyncExitStack() as stack:
        plant, url = await stack.enter_async_context(_processes(folder, port))
        client = await stack.enter_async_context(GraphqlClient(url, actor="demo"))
        await apply_demo(client, plant["opcua_endpoint"], plant["mqtt_endpoint"])
        documents = _copy_documents(folder)
        console.print(f"open {url}/graphql and try the documents in {documents}", highlight=False, soft_wrap=True)
        board = Board()
        told: list[str] = []

        def say(line: str) -> None:
            told.append(f"{time.strftime('%H:%M:%S')} {line}")
            del told[:-200]
            if plain:
                console.print(told[-1], highlight=False, soft_wrap=True)

        board.say = say
        control = PlantControl("127.0.0.1", plant["control_port"])
        tasks = [asyncio.ensure_future(board.follow(client))]
        if not plain:
            tasks.append(asyncio.ensure_future(_show(console, board, url, documents, told)))
        if story:
            tasks.append(asyncio.ensure_future(_play(client, board, control, say, once)))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _play(
    client: GraphqlClient, board: Board, control: PlantControl, say: Callable[[str], None], once: bool
) -> None:
    while True:
        try:
            await tell_story(client, board, control, say, breath_seconds=0.0 if once else BREATH_SECONDS)
        except (TimeoutError, Conflict, NotFound, Refused, Invalid) as error:
            # Somebody else acts on the plant too (that is what the documents are for), or the machine is slow.
            if once:
                raise Unavailable(f"the story can't go on: {error}", code="STORY_STOPPED") from error
            say(f"the story can't go on ({error}) and begins again")
        if once:
            return
        await asyncio.sleep(PAUSE_SECONDS)


async def _show(console: Console, board: Board, url: str, documents: Path, told: list[str]) -> None:
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(Screen(board, url, documents, told), refresh=True)
            await asyncio.sleep(DRAW_SECONDS)


async def apply_demo(client: GraphqlClient, opcua_endpoint: str, mqtt_endpoint: str) -> None:
    """The demo's definitions, for a plant that listens there: the documents, then the script."""
    documents = [
        {"kind": kind.upper(), "document": document} for kind, document in load_documents(opcua_endpoint, mqtt_endpoint)
    ]
    await client.execute(SAVE, {"documents": documents, "reason": "the demo's plant"})
    source = files("app.demo").joinpath("pumping_system.dtsl").read_text(encoding="utf-8")
    await client.execute(EXECUTE, {"source": source, "name": "pumping_system.dtsl"})


def _copy_documents(folder: Path) -> Path:
    """The prepared GraphQL documents, as files to open and paste."""
    target = folder / "graphql"
    target.mkdir(exist_ok=True)
    for document in files("app.demo").joinpath("graphql").iterdir():
        (target / document.name).write_text(document.read_text(encoding="utf-8"), encoding="utf-8")
    return target


@contextlib.asynccontextmanager
async def _processes(folder: Path, port: int) -> AsyncIterator[tuple[dict[str, Any], str]]:
    """What the plant says of itself, and the server's address. Both are started side by side, and ended so: SIGTERM,
    then after a while SIGKILL, within the 3 s that Ctrl-C may take."""
    plant = ["app.demo.plant", "--opcua-port", "0", "--mqtt-port", "0", "--control-port", "0", "--die-with-parent"]
    server = ["app", "serve", "--data-dir", str(folder / "data"), "--port", str(port), "--exit-with-parent"]
    children: list[asyncio.subprocess.Process] = []
    try:
        # The server first: its graph engine is what takes longest.
        children.append(await _start(*server, log=folder / "server.log", pipe=False))
        children.append(await _start(*plant, log=folder / "plant.log", pipe=True))
        async with asyncio.TaskGroup() as group:
            url = group.create_task(_server(children[0], folder / "server.log"))
            ports = group.create_task(_plant(children[1], folder / "plant.log"))
        yield ports.result(), url.result()
    finally:
        await _end(children)


async def _start(*arguments: str, log: Path, pipe: bool) -> asyncio.subprocess.Process:
    with log.open("wb") as out:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if pipe else out,
            stderr=out,
            start_new_session=True,  # Ctrl-C in the terminal is ours alone to handle
        )


async def _end(children: Sequence[asyncio.subprocess.Process]) -> None:
    left = [child for child in children if child.returncode is None]
    for child in left:
        child.terminate()
    waiting = [asyncio.ensure_future(child.wait()) for child in left]
    if waiting:
        await asyncio.wait(waiting, timeout=END_SECONDS)
    for child in left:
        if child.returncode is None:
            child.kill()
    await asyncio.gather(*waiting)


async def _plant(process: asyncio.subprocess.Process, log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    except TimeoutError:
        line = b""
    if not line:
        raise Unavailable(f"the demo plant did not start:\n{_tail(log)}", code="PLANT_DID_NOT_START")
    ports: dict[str, Any] = json.loads(line)
    return ports


async def _server(process: asyncio.subprocess.Process, log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while (url := _serving(log)) is None:
        if process.returncode is not None:
            raise Misconfigured(f"the server did not start:\n{_tail(log)}", code="SERVER_DID_NOT_START")
        if time.monotonic() > deadline:
            raise Unavailable(f"the server did not start in time:\n{_tail(log)}", code="SERVER_DID_NOT_START")
        await asyncio.sleep(0.05)
    return url


def _serving(log: Path) -> str | None:
    for line in log.read_text(errors="replace").splitlines():
        _, found, url = line.partition("serving GraphQL at ")
        if found:
            return url.removesuffix("/graphql")
    return None


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])
