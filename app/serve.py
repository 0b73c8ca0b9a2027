"""`twin-overlay serve`: the assembled application behind uvicorn, with errors at start as one clear line.

The socket is bound before anything else starts, so that a taken port costs nothing; the application's lifespan is
entered here rather than by uvicorn, which would print a traceback and exit 3 for what is often just a wrong setting.
The embedded graph engine is started before the program itself is imported: Java needs 2 s, our imports 1 s beside it.
"""

import asyncio
import contextlib
import gc
import ipaddress
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn

from app import huge_pages
from app.errors import Misconfigured
from app.frames import FrameProtocol
from app.graph.embedded import EmbeddedEngine
from app.parent import end_with_parent
from app.settings import ServerSettings, Settings
from app.tls import ServerCertificate

if TYPE_CHECKING:
    from app.api.going import Going
    from app.main import OpenJournal
    from app.ports import Journal
    from app.standby import Opened

StartEngine = Callable[[], Awaitable[EmbeddedEngine]]

log = logging.getLogger("twin_overlay")
_ENDING = (signal.SIGINT, signal.SIGTERM)
MANY = 500
"""Twins and overlays: their objects are about as many as make a look long."""
_TAKES_NOTHING_MS = 30_000
_COLLECT_AFTER = 10_000
"""New objects between two looks for garbage; Python's own 700 cost a bulk save a quarter of its time."""
_FULL_LOOK_AFTER = 3
"""Looks at what is young between two at everything. With 20 of them 800,000 objects had come together during a bulk
load, and one look stopped telemetry for 300 ms; with 3 it is 160,000, and a sixth of that."""
_SWITCH_SECONDS = 0.0001
"""For how long one thread in Python code keeps another from going on. Python's own 5 ms are waited for at every return
from a call to the system: several times between a message and its push by the loop, where a thread formats a script,
and several times in each commit by the journal's thread, where the loop has work without end."""


class _Server(uvicorn.Server):
    """uvicorn raises captured signals again after serving, which would kill us before the rooms have closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Signals:
    """The first one ends the server in good order, a second one hurries it, a third ends the process."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.hurry: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        for number in _ENDING:
            self._loop.add_signal_handler(number, self._came)

    def _came(self) -> None:
        if not self.first.is_set():
            self.first.set()
            return
        log.warning("in a hurry: what is under way is not waited for")
        self.hurry()
        for number in _ENDING:
            self._loop.remove_signal_handler(number)


async def serve(settings: Settings, *, exit_with_parent: bool = False, journal_of: "OpenJournal | None" = None) -> None:
    """Serve until SIGINT or SIGTERM. Raises Misconfigured or Unavailable where it can't start or go on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else each webhook's address, which may be a secret
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # else a line or two for every WebSocket that comes or goes
    if exit_with_parent:
        end_with_parent()
    sys.setswitchinterval(_SWITCH_SECONDS)
    refuse_open_address(settings.server)
    certificate = _certificate(settings.server)
    with contextlib.closing(_bind(settings.server)) as bound:
        signals = _Signals()
        serving = asyncio.ensure_future(_serve(bound, settings, certificate, signals, journal_of))
        ended = asyncio.ensure_future(signals.first.wait())
        try:
            await asyncio.wait({serving, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
        finally:
            ended.cancel()


async def _serve(
    bound: socket.socket,
    settings: Settings,
    certificate: ServerCertificate | None,
    signals: _Signals,
    journal_of: "OpenJournal | None",
) -> None:
    """Cancelling it before it serves ends the start; while it serves, it is the signal to end in good order."""
    host, port = bound.getsockname()[:2]
    async with contextlib.AsyncExitStack() as stack:
        start_engine = await stack.enter_async_context(_engine(settings, at_once=not settings.actor.standby))
        with starting():  # looks for garbage take a seventh of the time in which the program is read
            from app.api.http import standby_routes  # only now: see above
            from app.api.security import shown_address
            from app.main import build, open_journal
            from app.standby import StandBy, open_at_once

        def journal() -> "Journal":
            return (journal_of or open_journal)(settings)

        address = shown_address(settings.server, host, port)
        taken: Opened | None = None
        app = build(settings, port, start_engine, opened=lambda: taken or open_at_once(journal()))
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws=FrameProtocol,
            ws_max_size=settings.server.max_body_bytes,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=math.ceil(settings.server.drain_seconds),
            server_header=False,
            ssl_context_factory=(lambda _, __: certificate.context) if certificate is not None else None,
        )
        server = _Server(config)
        running: asyncio.Future[None] | None = None
        watching = asyncio.ensure_future(certificate.watch()) if certificate is not None else None
        try:
            if settings.actor.standby:
                standby = StandBy(settings.data_dir / "journal", journal)
                app.router.routes[:] = standby_routes(lambda: standby.why)
                running = asyncio.ensure_future(server.serve(sockets=[bound]))
                log.info("standing by at %s for the journal in %s", address, settings.data_dir)
                taken = await standby.wait()
            with starting():
                await stack.enter_async_context(app.router.lifespan_context(app))
            looking = LeaveAlone(app.state.built)
            gc.callbacks.append(looking)
            stack.callback(gc.callbacks.remove, looking)
            running = running or asyncio.ensure_future(server.serve(sockets=[bound]))
            log.info("serving GraphQL at %s/graphql", address)
            await asyncio.shield(running)
        except asyncio.CancelledError:
            going: Going | None = getattr(app.state, "going", None)
            if running is not None and going is not None:
                await _go_down(server, running, going, signals, settings.server)
            raise
        finally:
            if watching is not None:
                watching.cancel()
            if running is not None and not running.done():
                server.should_exit = True
                await running


async def _go_down(
    server: _Server, running: asyncio.Future[None], going: "Going", signals: _Signals, settings: ServerSettings
) -> None:
    """Say so, accept nothing more, cut off the subscriptions with the reason, and let requests come to their end."""
    signals.hurry = going.hurry.set
    going.down = True
    log.info("going down: what is under way has %g s", settings.drain_seconds)
    hurrying = asyncio.ensure_future(_hurry(server, going))
    if settings.announce_seconds:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(going.hurry.wait(), settings.announce_seconds)
    server.should_exit = True
    if closed := await going.close_sockets():
        log.info("the WebSockets of clients are closed: %d", closed)
    await running
    hurrying.cancel()


async def _hurry(server: _Server, going: "Going") -> None:
    await going.hurry.wait()
    await going.close_sockets()  # they are told all the same
    server.force_exit = True
    for task in server.server_state.tasks:
        task.cancel()


def _certificate(server: ServerSettings) -> ServerCertificate | None:
    """Raises Misconfigured (TLS_UNUSABLE)."""
    if server.tls_cert is None:
        return None
    found = ServerCertificate(server.tls_cert, server.tls_key, server.tls_key_password.get_secret_value())
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, found.look_now)
    return found


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Without looking for garbage meanwhile, nor ever again among what is there at the end: it stays for the server's
    life, and of 100,000 twins there are so many objects that each look would stop telemetry for seconds."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
    _leave_alone()
    gc.set_threshold(_COLLECT_AFTER, 3, _FULL_LOOK_AFTER)


def _leave_alone() -> None:
    """What is there now stays: it is not searched for garbage any more, and lies where it is found fast."""
    gc.freeze()
    huge_pages.ask_beside()


class LeaveAlone:
    """Told by the collector of each look, as it begins and ends. Where many twins and overlays were made since the last
    time, as when thousands are saved, one at more than what is youngest has found what stays: it is left alone as well,
    before there is so much of it that a look at everything stops telemetry. Not what else there is much of, as
    documents of clients: it goes again, and much of it in circles, which nothing would find any more (26 kB of each
    document)."""

    def __init__(self, built: Callable[[], int]) -> None:
        """`built`: how many were made so far."""
        self._built = built
        self._left_alone = built()

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"]:
            built = self._built()
            if built >= self._left_alone + MANY:
                self._left_alone = built
                _leave_alone()


@contextlib.asynccontextmanager
async def _engine(settings: Settings, *, at_once: bool) -> AsyncIterator[StartEngine | None]:
    """The embedded engine, its process there but not yet answering, or (a standby's) not begun; stopped at the end,
    whatever came of it. Whoever asks for it waits for the start that is under way; where that has failed, or it ended
    since, another one begins."""
    if settings.graph.uri != "embedded" or settings.actor.observe:
        yield None
        return
    embedded = EmbeddedEngine(
        settings.data_dir / "graph",
        heap_mb=settings.graph.heap_mb,
        java_options=settings.graph.java_options,
        start_timeout_seconds=settings.graph.start_timeout_seconds,
    )

    async def start() -> EmbeddedEngine:
        await (embedded.restart() if embedded.ended else embedded.start())
        return embedded

    starting: asyncio.Future[EmbeddedEngine] | None = None

    def start_it() -> asyncio.Future[EmbeddedEngine]:
        nonlocal starting
        failed = starting is not None and starting.done() and (starting.cancelled() or starting.exception() is not None)
        if starting is None or failed or (starting.done() and embedded.ended):
            starting = asyncio.ensure_future(start())
        return starting

    async def started() -> EmbeddedEngine:
        return await asyncio.shield(start_it())

    try:
        if at_once:
            spawned = asyncio.ensure_future(embedded.spawned.wait())
            start_it().add_done_callback(lambda _: spawned.cancel())  # one that failed before has nothing to wait for
            await asyncio.wait({spawned})
        yield started
    finally:
        if starting is not None:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        await embedded.stop()


def refuse_open_address(server: ServerSettings) -> None:
    """Until access control exists, only loopback is served (issue 3). Raises Misconfigured."""
    if server.insecure:
        return
    try:
        loopback = server.host == "localhost" or ipaddress.ip_address(server.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise Misconfigured(
            f"{server.host} is not a loopback address and there is no access control yet",
            code="ADDRESS_NOT_LOOPBACK",
            hint="serve on 127.0.0.1, or say --insecure if anyone who reaches the address may do anything",
        )


def _bind(server: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Inherited by every connection: a client that takes nothing at all for so long is gone, however alive it is.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TAKES_NOTHING_MS)
    try:
        bound.bind((server.host, server.port))
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise Misconfigured(
            f"cannot listen on {server.host}:{server.port}: {os.strerror(error.errno or 0)}",
            code="PORT_TAKEN" if error.errno in (98, 48) else "ADDRESS_UNUSABLE",
            hint="choose another with --port, or stop what listens there",
        ) from error
    bound.setblocking(False)
    return bound
