"""From the settings to a graph that this server may write: reached, migrated, fit for this journal, and taken over.

At start it is waited for; where there is a local copy of the definitions, not for long. A server that had to start
without it goes on asking for it, and takes it up whenever it comes (`Absent`): no alarm waits for a database.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Iterator

from app.commands.definitions import DefinitionCommands
from app.connectors.secrets import read_secret_file
from app.errors import Misconfigured, TwinOverlayError, Unavailable
from app.graph.connect import connect, move
from app.graph.embedded import EmbeddedEngine
from app.graph.store import GraphStore
from app.ports import Clock, Journal
from app.runtime.recover import agree
from app.settings import GraphSettings

log = logging.getLogger("twin_overlay")
StartEngine = Callable[[], Awaitable[EmbeddedEngine]]
_OURS = ("GRAPH_URI_INVALID", "ENGINE_NOT_INSTALLED", "STATEMENT_INVALID", "STATEMENT_MISSING", "MIGRATION_INVALID")
"""What is wrong with this program's own set-up, and no graph that comes back can mend."""
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0


class Away(Exception):
    """Nobody answers there, or not as a graph that this server can use."""

    def __init__(self, error: TwinOverlayError) -> None:
        super().__init__(error.message)
        self.error = error


async def reach(settings: GraphSettings, start_engine: StartEngine | None, seconds: float) -> GraphStore:
    """A store that answers. Raises Away, and Misconfigured where no waiting would help."""
    try:
        async with asyncio.timeout(seconds + 0.5):
            uri, user, password = settings.uri, settings.user, await graph_password(settings)
            database = settings.database
            if start_engine is not None:
                embedded = await start_engine()
                uri, user, password, database = embedded.uri, embedded.user, embedded.password, embedded.database
            return await connect(
                uri,
                user,
                password,
                database,
                timeout_seconds=seconds,
                answer_seconds=settings.answer_timeout_seconds,
            )
    except TimeoutError:
        error = Misconfigured(f"the graph did not answer within {seconds:g} s", code="GRAPH_UNREACHABLE")
        raise Away(error) from None
    except TwinOverlayError as error:
        if error.code in _OURS:
            raise
        raise Away(error) from error


async def graph_password(settings: GraphSettings) -> str:
    """Raises Unavailable (SECRET_FILE_MISSING, SECRET_FILE_UNREADABLE)."""
    if settings.password_file is None:
        return settings.password.get_secret_value()
    return await asyncio.to_thread(read_secret_file, settings.password_file, "the graph's password is to be in")


async def follow(store: GraphStore, engine: EmbeddedEngine) -> None:
    """An engine that was started again is elsewhere."""
    await move(store, engine.uri, engine.user, engine.password)


@contextlib.contextmanager
def gone() -> Iterator[None]:
    """Away where a graph that did answer does so no more."""
    try:
        yield
    except Unavailable as error:
        if error.code not in ("GRAPH_UNAVAILABLE", "GRAPH_FAILED"):
            raise
        raise Away(error) from error


async def taken(
    settings: GraphSettings, start_engine: StartEngine | None, seconds: float, journal: Journal, copied: int | None
) -> GraphStore:
    """This server's graph, to write: reached, migrated, of this journal. `copied`: the catalogue's revision that the
    local copy is of. Raises Away, and Misconfigured where it is not the graph of this journal and these definitions."""
    store = await reach(settings, start_engine, seconds)
    try:
        with gone():
            await store.migrate()
            await agree(journal, store)
            revision = await store.catalogue_revision()
            if copied is not None and revision < copied:
                raise _older(revision, copied)
            log.info("the graph's actor, epoch %d", await store.take_over())
    except BaseException:
        await store.close()
        raise
    return store


def _older(revision: int, copied: int) -> Misconfigured:
    return Misconfigured(
        f"the graph's definitions are at catalogue revision {revision}, this server had them at {copied}: the graph is"
        " an older copy, and what was saved since is not in it",
        code="GRAPH_DEFINITIONS_OLDER",
        hint="restore a newer copy of the graph; or, to go on with the older definitions, move the file definitions.db"
        " out of the journal folder",
    )


class Absent:
    """Waits for the graph of a server that started without it."""

    def __init__(
        self,
        store: GraphStore,
        settings: GraphSettings,
        start_engine: StartEngine | None,
        journal: Journal,
        clock: Clock,
        error: TwinOverlayError,
    ) -> None:
        self._store = store
        self._settings = settings
        self._start_engine = start_engine
        self._journal = journal
        self._clock = clock
        self.why: TwinOverlayError | None = error
        """Why it is not there; None once it is."""

    async def run(self, definitions: DefinitionCommands) -> None:
        """Until the graph is there and its definitions are taken over."""
        wait, attached = _FIRST_WAIT, False
        while self.why is not None:
            await self._clock.sleep(wait * (0.5 + random.random() / 2))
            wait = min(wait * 2, _LONGEST_WAIT)
            try:
                if not attached:
                    await self._return(definitions.catalogue.revision)
                    attached = True
                elif self._start_engine is not None:  # it may have ended since: nobody else starts it again yet
                    await follow(self._store, await self._start_engine())
                await definitions.catch_up()
                self.why = None
            except TwinOverlayError as error:
                self._tell(error)
            except Away as away:
                self._tell(away.error)
        log.info("the graph is there: definitions may change again, at revision %d", definitions.catalogue.revision)

    async def _return(self, copied: int) -> None:
        seconds = self._settings.start_timeout_seconds
        self._store.attach(await taken(self._settings, self._start_engine, seconds, self._journal, copied))

    def _tell(self, error: TwinOverlayError) -> None:
        """Each reason once."""
        if self.why is None or error.code != self.why.code:
            log.error("still without the graph: %s", error)
        self.why = error
