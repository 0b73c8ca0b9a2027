"""The engine's snapshots: one file each beside the journal, the newest replaced whole or not at all.

The one that is replaced goes on under its sequence (`snapshot.5000`) until retention drops it.
It is no table of the journal's database on purpose: tens of megabytes through the write-ahead log would hold up the
commits behind them, while a file is written, synced and renamed by a thread of its own.
"""

import contextlib
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

from app.errors import Unavailable

SNAPSHOT_FILE = "snapshot"
_MAGIC = b"TWOVSNP1"
_HEAD = struct.Struct(">8sqI")


def write_snapshot(folder: Path, sequence: int, state: bytes | bytearray) -> None:
    """Durable when it returns. Raises Unavailable (SNAPSHOT_FAILED); the former snapshot is then still there."""
    new = folder / f"{SNAPSHOT_FILE}.new"
    try:
        _keep_former(folder)
        with new.open("wb") as file:
            file.write(_HEAD.pack(_MAGIC, sequence, _checksum(sequence, state)))
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / SNAPSHOT_FILE)
        sync_folder(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)  # else a part of it would take the space that is left
        raise Unavailable(
            f"cannot write a snapshot to {folder}: {error.strerror}",
            code="SNAPSHOT_FAILED",
            hint="look for free space; nothing is lost, the journal keeps growing meanwhile",
        ) from error


def _keep_former(folder: Path) -> None:
    """Under its sequence too, as a second name of the same file: nothing is copied."""
    try:
        with (folder / SNAPSHOT_FILE).open("rb") as file:
            head = file.read(_HEAD.size)
    except FileNotFoundError:
        return
    if len(head) == _HEAD.size:
        with contextlib.suppress(FileExistsError):
            (folder / f"{SNAPSHOT_FILE}.{_HEAD.unpack(head)[1]}").hardlink_to(folder / SNAPSHOT_FILE)


def former_snapshots(folder: Path) -> list[int]:
    """Sequences of those that were replaced and are still there, oldest first."""
    names = (path.name.removeprefix(f"{SNAPSHOT_FILE}.") for path in folder.glob(f"{SNAPSHOT_FILE}.*"))
    return sorted(int(name) for name in names if name.isdecimal())


def drop_former(folder: Path, sequences: Iterable[int]) -> None:
    for sequence in sequences:
        (folder / f"{SNAPSHOT_FILE}.{sequence}").unlink(missing_ok=True)


def read_snapshot(folder: Path, sequence: int | None = None) -> tuple[int, bytes] | None:
    """The newest, or the former one of a sequence. Raises Unavailable (JOURNAL_DAMAGED) where the file is not what was
    written."""
    name = SNAPSHOT_FILE if sequence is None else f"{SNAPSHOT_FILE}.{sequence}"
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(folder, error.strerror or "it cannot be read") from error
    if len(content) < _HEAD.size:
        raise _damaged(folder, "it is too short")
    magic, of, crc = _HEAD.unpack_from(content)
    state = content[_HEAD.size :]
    if magic != _MAGIC or _checksum(of, state) != crc or (sequence is not None and of != sequence):
        raise _damaged(folder, "its checksum is wrong")
    return of, state


def sync_folder(folder: Path) -> None:
    """A new or renamed file is durable only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checksum(sequence: int, state: bytes | bytearray) -> int:
    return zlib.crc32(state, zlib.crc32(sequence.to_bytes(8, "big", signed=True)))


def _damaged(folder: Path, why: str) -> Unavailable:
    return Unavailable(
        f"the snapshot in {folder} is damaged: {why}",
        code="JOURNAL_DAMAGED",
        hint="restore the journal folder from a copy, or move it aside and start with an empty one",
    )
