"""`twin-overlay restore`: a backup becomes the installation of a data directory and its graph, whole or not at all.

Everything is made beside what is there and put in its place at the end; a marker stands in the data directory from the
first change to the last, and no server starts while it does. The graph is filled through Cypher, so a backup of either
engine fills the other.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from app.attach import graph_password
from app.backup.folder import EDGES, NODES, SNAPSHOT, Manifest, entries_in, invalid, rows_in, verify
from app.errors import Misconfigured, Refused, Unavailable
from app.graph.connect import connect
from app.graph.embedded import EmbeddedEngine
from app.graph.store import GraphStore
from app.journal.identity import Identity, read_identity, write_identity
from app.journal.laying import lay_down
from app.journal.lock import LOCK_FILE, FolderLock
from app.journal.snapshot import sync_folder
from app.model.events import Entry
from app.model.time import Micros, iso
from app.settings import GraphSettings, Settings

log = logging.getLogger("twin_overlay.backup")
MARKER = "restore-unfinished"
_ROWS_AT_ONCE = 500


def refuse_unfinished(data_dir: Path) -> None:
    """Before a server starts. Raises Misconfigured (RESTORE_UNFINISHED)."""
    if (data_dir / MARKER).exists():
        raise Misconfigured(
            f"a restore into {data_dir} was cut off: journal and graph may be by half",
            code="RESTORE_UNFINISHED",
            hint="run `twin-overlay restore` again, with --replace",
        )


async def restore(folder: Path, settings: Settings, now: Micros, *, replace: bool) -> Manifest:
    """Raises Invalid (BACKUP_INVALID), Refused (INSTALLATION_NOT_EMPTY), Misconfigured (JOURNAL_IN_USE and whatever
    a graph or a data directory may raise), Unavailable."""
    manifest = await asyncio.to_thread(verify, folder)
    data_dir = settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True)
    journal = data_dir / "journal"
    journal.mkdir(exist_ok=True)
    lock = FolderLock.take(journal)
    try:
        again = (data_dir / MARKER).exists()
        if not (replace or again) and any(path.name != LOCK_FILE for path in journal.iterdir()):
            raise _not_empty(f"{data_dir} has a journal")
        embedded = settings.graph.uri == "embedded"
        if embedded and not (replace or again) and (data_dir / "graph").exists():
            raise _not_empty(f"{data_dir} has a graph")
        async with _graph(settings, embedded) as store:
            await store.migrate()
            if not (replace or again) and await store.contents.inhabited():
                raise _not_empty("the graph belongs to an installation")
            (data_dir / MARKER).touch()
            sync_folder(data_dir)
            await _fill(store, folder, manifest)
        drafts = {"journal": data_dir / "journal.restoring"}
        _remove(drafts["journal"])
        await _lay_down(drafts["journal"], folder, manifest)
        write_identity(drafts["journal"], next_identity(journal, manifest.installation))
        if embedded:
            drafts["graph"] = data_dir / "graph.restoring"
        for name, draft in drafts.items():
            _put_in_place(data_dir / name, draft, now)
        sync_folder(data_dir)
        (data_dir / MARKER).unlink()
        sync_folder(data_dir)
    finally:
        lock.release()
    return manifest


@contextlib.asynccontextmanager
async def _graph(settings: Settings, embedded: bool) -> AsyncIterator[GraphStore]:
    """An embedded one is made anew beside the one that is there."""
    graph: GraphSettings = settings.graph
    async with contextlib.AsyncExitStack() as stack:
        if embedded:
            draft = settings.data_dir / "graph.restoring"
            _remove(draft)
            engine = EmbeddedEngine(
                draft,
                heap_mb=graph.heap_mb,
                java_options=graph.java_options,
                start_timeout_seconds=graph.start_timeout_seconds,
            )
            await engine.start()
            stack.push_async_callback(engine.stop)
            uri, user, password, database = engine.uri, engine.user, engine.password, engine.database
        else:
            uri, user, password, database = graph.uri, graph.user, await graph_password(graph), graph.database
        store = await connect(uri, user, password, database, timeout_seconds=graph.start_timeout_seconds)
        stack.push_async_callback(store.close)
        yield store


async def _fill(store: GraphStore, folder: Path, manifest: Manifest) -> None:
    contents = store.contents
    epoch = max(manifest.epoch, await contents.epoch())  # a server that still has this graph must not be its actor
    await contents.clear()
    for (label,), rows in _runs(rows_in(folder, NODES), "label"):
        found = [row["properties"] for row in rows]
        if label == "Installation":
            found = [{**row, "epoch": epoch} for row in found]
        await contents.put_nodes(label, found)
    ends = ("type", "from_label", "to_label")
    for (type, from_label, to_label), rows in _runs(rows_in(folder, EDGES), *ends):
        kept = [{name: row[name] for name in ("from_key", "to_key", "properties")} for row in rows]
        await contents.put_edges(type, from_label, to_label, kept)
    if await contents.counts() != (manifest.nodes, manifest.edges):
        raise Unavailable(
            "the graph does not hold what was put into it: an answer was lost on the way",
            code="RESTORE_FAILED",
            hint="run it again, with --replace",
        )
    if await store.catalogue_revision() != manifest.catalogue_revision:
        raise invalid(folder, "its catalogue is at another revision than the manifest says")
    if await store.cursor() != manifest.graph_sequence:
        raise invalid(folder, "its graph is at another sequence than the manifest says")


def _runs(rows: Iterator[dict[str, Any]], *names: str) -> Iterator[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """Rows of one kind together, some at a time; at most one part of each kind is held."""
    held: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        kind = tuple(str(row[name]) for name in names)
        part = held.setdefault(kind, [])
        part.append(row)
        if len(part) >= _ROWS_AT_ONCE:
            yield kind, held.pop(kind)
    yield from held.items()


async def _lay_down(draft: Path, folder: Path, manifest: Manifest) -> None:
    parts = entries_in(folder)
    first = next(parts, [])
    after = first[0].sequence - 1 if first else manifest.sequence

    def all_parts() -> Iterator[list[Entry]]:
        yield first
        yield from parts

    state = (folder / SNAPSHOT).read_bytes()
    snapshot = (manifest.snapshot_sequence, state) if manifest.has_snapshot else None
    last = await lay_down(draft, after, all_parts(), snapshot, manifest.cursors)
    if last != manifest.sequence:
        raise invalid(folder, f"its journal ends at {last}, not at {manifest.sequence}")


def next_identity(journal: Path, of_backup: str) -> Identity:
    """An installation that goes back to an earlier day in its own `journal` folder keeps its MQTT sessions. Anywhere
    else it is another one: the first may still live, and a broker takes two clients of one name for one."""
    try:
        there = read_identity(journal)
    except Misconfigured as error:
        log.warning("%s", error)
        there = None
    if there is None or there.id != of_backup.partition("-")[0]:
        return Identity.new()
    return Identity(there.id, there.restored + 1)


def _put_in_place(place: Path, draft: Path, now: Micros) -> None:
    if place.exists():
        if any(path.name != LOCK_FILE for path in place.iterdir()):
            stamp = iso(now)[:19].replace("-", "").replace(":", "")
            aside = place.with_name(f"{place.name}.before-{stamp}")
            place.rename(aside)
            log.info("what was in %s is in %s now", place, aside)
        else:
            shutil.rmtree(place)
    draft.rename(place)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _not_empty(what: str) -> Refused:
    return Refused(
        f"{what} already: a restore would replace it",
        code="INSTALLATION_NOT_EMPTY",
        hint="give another data directory and graph, or --replace: a journal and an embedded graph are moved aside,"
        " the content of a Neo4j database is deleted",
    )
