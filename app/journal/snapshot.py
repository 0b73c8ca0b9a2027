"""The engine's last snapshot: one file beside the journal, replaced whole or not at all.

It is no table of the journal's database on purpose: tens of megabytes through the write-ahead log would hold up the
commits behind them, while a file is written, synced and renamed by a thread of its own.
"""

import os
import struct
import zlib
from pathlib import Path

from app.errors import Unavailable

SNAPSHOT_FILE = "snapshot"
_MAGIC = b"TWOVSNP1"
_HEAD = struct.Struct(">8sqI")


def write_snapshot(folder: Path, sequence: int, state: bytes) -> None:
    """Durable when it returns. Raises Unavailable (SNAPSHOT_FAILED); the former snapshot is then still there."""
    new = folder / f"{SNAPSHOT_FILE}.new"
    try:
        with new.open("wb") as file:
            file.write(_HEAD.pack(_MAGIC, sequence, _checksum(sequence, state)))
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / SNAPSHOT_FILE)
        sync_folder(folder)
    except OSError as error:
        raise Unavailable(
            f"cannot write a snapshot to {folder}: {error.strerror}",
            code="SNAPSHOT_FAILED",
            hint="look for free space; nothing is lost, the journal keeps growing meanwhile",
        ) from error


def read_snapshot(folder: Path) -> tuple[int, bytes] | None:
    """Raises Unavailable (JOURNAL_DAMAGED) where the file is not what was written."""
    try:
        content = (folder / SNAPSHOT_FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(folder, error.strerror or "it cannot be read") from error
    if len(content) < _HEAD.size:
        raise _damaged(folder, "it is too short")
    magic, sequence, crc = _HEAD.unpack_from(content)
    state = content[_HEAD.size :]
    if magic != _MAGIC or _checksum(sequence, state) != crc:
        raise _damaged(folder, "its checksum is wrong")
    return sequence, state


def sync_folder(folder: Path) -> None:
    """A new or renamed file is durable only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checksum(sequence: int, state: bytes) -> int:
    return zlib.crc32(state, zlib.crc32(sequence.to_bytes(8, "big")))


def _damaged(folder: Path, why: str) -> Unavailable:
    return Unavailable(
        f"the snapshot in {folder} is damaged: {why}",
        code="JOURNAL_DAMAGED",
        hint="restore the journal folder from a copy, or move it aside and start with an empty one",
    )
