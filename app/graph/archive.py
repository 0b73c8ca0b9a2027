"""Lays out the embedded engine's classes beforehand, once for each installation of it: later starts take half as long.

Java learns from a run what a start needs (record), then writes the archive in a process of its own (create). A draft
is renamed into place once it is whole and on the disk: two at once, or one that is killed, leave nothing broken.
"""

import asyncio
import os
import tempfile
from pathlib import Path

from app.errors import Misconfigured, Unavailable
from app.graph import java
from app.graph.connect import connect
from app.graph.embedded import EmbeddedEngine

_HEAP_MB = 512
_WRITE_SECONDS = 60.0
"""Java writes down what it has learnt when it ends: 1 s, and more on a busy machine."""
_CREATE_SECONDS = 300.0


async def lay_out(archive: Path | None = None) -> Path:
    """The archive, made now; beside the engine's Java where left out. Raises Misconfigured (ARCHIVE_UNWRITABLE,
    ARCHIVE_FAILED), Unavailable (ARCHIVE_TIMEOUT), and what a start raises."""
    package = java.package()
    archive = archive or java.archive_of(package)
    try:
        with tempfile.TemporaryDirectory(prefix=".twin-overlay-", dir=archive.parent) as scratch:
            learnt, draft = Path(scratch, "learnt"), Path(scratch, "draft")
            await _learn(Path(scratch, "graph"), learnt)
            await _create(package, Path(scratch, "graph"), learnt, draft)
            os.replace(draft, archive)
    except OSError as error:
        raise Misconfigured(
            f"the archive {archive} can't be written: {error.strerror}",
            code="ARCHIVE_UNWRITABLE",
            hint="run this as whoever installed the program; without the archive everything works, and starts later",
        ) from error
    return archive


async def _learn(folder: Path, learnt: Path) -> None:
    """A start as any other: the schema made, what there is read."""
    options = ("-XX:AOTMode=record", f"-XX:AOTConfiguration={learnt}")
    engine = EmbeddedEngine(folder, heap_mb=_HEAP_MB, java_options=options, archive=folder / "none")
    await engine.start()
    try:
        store = await connect(engine.uri, engine.user, engine.password, engine.database)
        try:
            await store.migrate()
            await store.load()
        finally:
            await store.close()
    finally:
        await engine.stop(_WRITE_SECONDS)


async def _create(package: Path, folder: Path, learnt: Path, draft: Path) -> None:
    options = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={learnt}", f"-XX:AOTCache={draft}")
    process = await asyncio.create_subprocess_exec(
        *java.command(package, folder, 0, _HEAP_MB, None, options),
        env={name: value for name, value in os.environ.items() if name not in java.VARIABLES},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _CREATE_SECONDS)
    except TimeoutError:
        raise Unavailable(
            f"Java did not write the archive of its classes within {_CREATE_SECONDS:g} s", code="ARCHIVE_TIMEOUT"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not _to_disk(draft):
        raise Misconfigured(
            f"Java did not write the archive of its classes; its last output:\n{_tail(output)}",
            code="ARCHIVE_FAILED",
            hint="look for free memory and disk space; without the archive everything works, and starts later",
        )


def _to_disk(file: Path) -> bool:
    """Whether it is there."""
    if not file.is_file():
        return False
    with file.open("rb") as written:
        os.fsync(written.fileno())
    return True


def _tail(output: bytes) -> str:
    return "\n".join(output.decode(errors="replace").splitlines()[-10:])
