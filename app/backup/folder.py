"""A backup as files: what they are called, what is in them, and whether they are what was written.

`manifest.json` says what there is and has the checksum of every other file: without it there is no backup.
"""

import hashlib
import json
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from app.engine.engine import Engine
from app.errors import Invalid, TwinOverlayError
from app.model.events import Entry
from app.model.unreadable import UNREADABLE

FORMAT = 2
MANIFEST, NODES, EDGES, SNAPSHOT, ENTRIES = (
    "manifest.json",
    "nodes.ndjson",
    "edges.ndjson",
    "snapshot",
    "entries",
)
FILES = (NODES, EDGES, SNAPSHOT, ENTRIES)
_LENGTH = struct.Struct(">I")
_CHUNK = 1 << 20
_encode = msgspec.msgpack.Encoder().encode
_entries = msgspec.msgpack.Decoder(list[Entry])


class FileSum(msgspec.Struct, frozen=True):
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    format: int
    program: str
    """The version that made it."""
    installation: str
    """Whose it is, by the name in its journal folder."""
    made_at: str
    sequence: int
    """The journal's last entry in it: everything is as of there."""
    graph_sequence: int
    """Up to which entry the rows of the graph are; the entries behind it bring them to `sequence`."""
    snapshot_sequence: int
    """Which entry the snapshot is of; without one, behind which the entries begin."""
    has_snapshot: bool
    catalogue_revision: int
    epoch: int
    cursors: dict[str, int]
    """Of the journal's readers."""
    nodes: dict[str, int]
    """How many, by label."""
    edges: dict[str, int]
    """How many, by type."""
    entries: int
    gaps: list[tuple[int, int]]
    """First and last of numbers of which the entries were lost before, and a person accepted it."""
    files: dict[str, FileSum]

    def summary(self) -> str:
        twins = self.nodes.get("Twin", 0)
        size = sum(item.bytes for item in self.files.values())
        return (
            f"sequence {self.sequence}, catalogue revision {self.catalogue_revision}: {twins} twins,"
            f" {sum(self.nodes.values())} nodes, {sum(self.edges.values())} edges, {self.entries} journal entries,"
            f" {size / 1e6:.1f} MB"
        )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def read_manifest(folder: Path) -> Manifest:
    """Raises Invalid (BACKUP_INVALID)."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise invalid(folder, f"{MANIFEST} cannot be read: {error.strerror}") from error
    except UNREADABLE as error:
        raise invalid(folder, f"{MANIFEST} is not what was written: {error}") from error
    if manifest.format != FORMAT:
        raise invalid(folder, f"it has format {manifest.format}, this version reads {FORMAT}")
    return manifest


def sum_of(file: Path) -> FileSum:
    found, size = hashlib.sha256(), 0
    with file.open("rb") as source:
        while part := source.read(_CHUNK):
            found.update(part)
            size += len(part)
    return FileSum(size, found.hexdigest())


def put_entries(file: BinaryIO, entries: list[Entry]) -> None:
    content = _encode(entries)
    file.write(_LENGTH.pack(len(content)))
    file.write(content)


def entries_in(folder: Path) -> Iterator[list[Entry]]:
    """Some at a time. Raises Invalid (BACKUP_INVALID)."""
    with (folder / ENTRIES).open("rb") as file:
        while head := file.read(_LENGTH.size):
            content = file.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
            try:
                yield _entries.decode(content)
            except UNREADABLE as error:
                raise invalid(folder, f"{ENTRIES} is not what this version reads: {error}") from error


def rows_in(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Raises Invalid (BACKUP_INVALID)."""
    with (folder / name).open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise invalid(folder, f"{name}, line {number}: {error}") from error


def verify(folder: Path) -> Manifest:
    """Reads all of it, and folds the journal as a start would. Raises Invalid (BACKUP_INVALID) with the first fault."""
    manifest = read_manifest(folder)
    for name in FILES:
        expected = manifest.files.get(name)
        if expected is None:
            raise invalid(folder, f"the manifest lacks {name}")
        try:
            found = sum_of(folder / name)
        except OSError as error:
            raise invalid(folder, f"{name} cannot be read: {error.strerror}") from error
        if found != expected:
            raise invalid(folder, f"{name} is not what was written: its checksum is wrong")
    for name, kind, counts in ((NODES, "label", manifest.nodes), (EDGES, "type", manifest.edges)):
        if Counter(row[kind] for row in rows_in(folder, name)) != Counter(counts):
            raise invalid(folder, f"{name} has other rows than the manifest says")
    _fold(folder, manifest)
    return manifest


def _fold(folder: Path, manifest: Manifest) -> None:
    engine, count = Engine(), 0
    at: int | None = None
    try:
        if manifest.has_snapshot:
            engine.restore((folder / SNAPSHOT).read_bytes())
        for entries in entries_in(folder):
            for entry in entries:
                expected = entry.sequence if at is None else at + 1
                if entry.sequence != expected and (expected, entry.sequence - 1) not in manifest.gaps:
                    raise invalid(folder, f"journal entry {expected} is missing")
                at, count = entry.sequence, count + 1
                if entry.sequence > manifest.snapshot_sequence:
                    engine.fold(entry)
    except TwinOverlayError as error:
        if error.code == "BACKUP_INVALID":
            raise
        raise invalid(folder, f"the state in it cannot be restored: {error.message}") from error
    if count != manifest.entries or (at is not None and at != manifest.sequence):
        raise invalid(folder, f"it has {count} journal entries up to {at}")


def invalid(folder: Path, why: str) -> Invalid:
    return Invalid(
        f"{folder} is no backup that can be restored: {why}",
        code="BACKUP_INVALID",
        hint="make another one, or take an earlier one",
    )
