"""Setting damaged files aside and going on with what can be read of them; nothing is ever deleted here.

Each step may be the last one before a kill: a salvaged segment gets the name `.salvaged` only once it is whole, and
from then on the rest is done by whoever opens the folder next (`finish`). What SQLite keeps beside a file goes with
it: a write-ahead log beside a file that it is not of would be taken for that file's.
"""

import contextlib
import logging
from itertools import pairwise
from pathlib import Path

from app.errors import Unavailable
from app.journal.index import INDEX_FILE, Index, create_index
from app.journal.segment import create, remove, segment_file, still, transaction, writing
from app.journal.snapshot import SNAPSHOT_FILE, former_snapshots, read_snapshot, sync_folder
from app.journal.survey import Look, Survey, sound_rows
from app.model.gap import Gap

log = logging.getLogger("twin_overlay.journal")
DAMAGED_FOLDER = "damaged"
_SALVAGED, _NEW = ".salvaged", ".new"
_FAR = 2**62


def finish(folder: Path) -> None:
    """What a run that was killed had begun."""
    for made in folder.glob(f"*{_NEW}"):
        if made.name.removesuffix(_NEW).endswith((_SALVAGED, INDEX_FILE)):
            remove(made)
    for salvaged in folder.glob(f"*{_SALVAGED}"):
        _put_in_place(folder, salvaged)


def repair(found: Survey, gaps: list[Gap]) -> None:
    """Bring the folder into the order that the survey tells of; `gaps` are those that are known from now on. Raises
    OSError, sqlite3.Error."""
    folder = found.folder
    found.known.gaps = sorted([*found.known.gaps, *gaps], key=lambda gap: gap.first)
    if found.index_faults:
        found.known.marks["reached"] = found.last
        new = folder / f"{INDEX_FILE}{_NEW}"
        create_index(new, found.known)
        set_aside(folder, folder / INDEX_FILE)
        new.rename(folder / INDEX_FILE)
        sync_folder(folder)
    elif gaps:
        # First of all: a kill between here and the end must not make a person say it again.
        with contextlib.closing(Index.open(folder)) as index, index.whole():
            index.set_gaps(found.known.gaps)
            index.set_mark("reached", found.last)
    for look, after in pairwise([*found.looks, None]):
        assert look is not None
        if look.faults:
            _salvage(folder, look, _FAR if after is None else after.first - 1)
    if found.snapshot_faults:
        _fall_back(folder)


def set_aside(folder: Path, file: Path) -> None:
    """Into the folder of damaged files, under a name that is free there."""
    aside = folder / DAMAGED_FOLDER
    aside.mkdir(exist_ok=True)
    number = 1
    while (aside / f"{file.name}.{number}").exists() or (aside / f"{file.name}-wal.{number}").exists():
        number += 1
    log_file = file.with_name(f"{file.name}-wal")
    if log_file.exists() and not log_file.stat().st_size:
        log_file.unlink()
    for path in (log_file, file):
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside / f"{path.name}.{number}")
            log.error("%s was set aside as %s", path, aside / f"{path.name}.{number}")
    file.with_name(f"{file.name}-shm").unlink(missing_ok=True)
    sync_folder(aside)
    sync_folder(folder)


def _salvage(folder: Path, look: Look, upto: int) -> None:
    file = segment_file(folder, look.first)
    if not look.present:
        set_aside(folder, file)
        return
    salvaged = folder / f"{file.name}{_SALVAGED}"
    new = folder / f"{salvaged.name}{_NEW}"
    create(new)
    with contextlib.closing(still(file)) as source, contextlib.closing(writing(new)) as target:
        with transaction(target):
            target.executemany(
                "INSERT INTO entries VALUES (?, ?, ?, ?)",
                sound_rows(source, look.first - 1, upto, lambda fault: None),
            )
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    new.rename(salvaged)
    sync_folder(folder)
    _put_in_place(folder, salvaged)


def _put_in_place(folder: Path, salvaged: Path) -> None:
    file = folder / salvaged.name.removesuffix(_SALVAGED)
    if file.exists() or file.with_name(f"{file.name}-wal").exists():
        set_aside(folder, file)
    salvaged.rename(file)
    sync_folder(folder)


def _fall_back(folder: Path) -> None:
    """To the newest former snapshot that can be read; those that can't are set aside. Without one, a start begins with
    the first record."""
    for sequence in (None, *reversed(former_snapshots(folder))):
        file = folder / (SNAPSHOT_FILE if sequence is None else f"{SNAPSHOT_FILE}.{sequence}")
        try:
            state = read_snapshot(folder, sequence)
        except Unavailable:
            set_aside(folder, file)
            continue
        if state is not None:
            if sequence is not None:
                file.rename(folder / SNAPSHOT_FILE)
                sync_folder(folder)
            return
