"""An export's files: staged beside their places, then moved there one by one, so that none is ever half written.

The folder remembers in a hidden manifest which files an export wrote; those alone are taken away when their
definitions are gone. The manifest names everything that may be there before anything is moved: a run that was cut off
leaves files that the next one knows.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from app.bulk import canonical
from app.bulk.forms import Form, written
from app.bulk.kinds import KINDS, OF_KIND
from app.errors import Conflict, Invalid, Misconfigured
from app.model.definitions import Definition, Kind, id_of

MANIFEST = ".twin-overlay-export.json"
_STAGING = ".twin-overlay-export.part"
_FOLDERS = "|".join(item.folder for item in KINDS)
_OURS = re.compile(rf"({_FOLDERS})/[^/\0]+\.(json|dtsl)|({_FOLDERS})\.ndjson")


class Tree:
    """One export into one folder. `begin`, `add` as often as needed, `finish`; or `begin` again to start over."""

    def __init__(self, folder: Path, *, form: Form, force: bool) -> None:
        """Raises Conflict (FOLDER_NOT_EMPTY), Misconfigured where the folder can't be written to, Invalid where its
        manifest is none."""
        self.folder = folder
        self._form = form
        self._staging = folder / _STAGING
        self._files: set[str] = set()
        self._lines: dict[str, TextIOWrapper] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._earlier = _earlier(folder)
            if self._earlier is None and not force and any(item.name != _STAGING for item in folder.iterdir()):
                raise Conflict(
                    f"{folder} is not empty, and no earlier export wrote it",
                    code="FOLDER_NOT_EMPTY",
                    hint="name an empty folder, or write into this one with --force: other files stay",
                )
        except OSError as error:
            raise _unwritable(error) from error

    def begin(self) -> None:
        try:
            self.abandon()
            self._files.clear()
            self._staging.mkdir()
        except OSError as error:
            raise _unwritable(error) from error

    def add(self, kind: Kind, definitions: Iterable[Definition]) -> None:
        try:
            for definition in definitions:
                self._add(OF_KIND[kind].folder, definition)
        except FileExistsError as error:
            raise Conflict(
                f"two definitions would be the same file here: {error.filename}",
                code="NAMES_COLLIDE",
                hint="this file system does not tell small letters from capitals; export with --ndjson",
            ) from error
        except OSError as error:
            raise _unwritable(error) from error

    def finish(self, revision: int) -> tuple[int, int]:
        """Moves everything into place; how many files are different now, and how many were taken away."""
        earlier = self._earlier or set()
        try:
            self._close()
            self._note(revision, self._files | earlier)
            changed = sum(self._put(name) for name in sorted(self._files))
            gone = sorted(earlier - self._files)
            for name in gone:
                (self.folder / name).unlink(missing_ok=True)
            for item in KINDS:
                folder = self.folder / item.folder
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
            self._note(revision, self._files)
            self.abandon()
        except OSError as error:
            raise _unwritable(error) from error
        return changed, len(gone)

    def abandon(self) -> None:
        """Leaves nothing half done; what was there before stays."""
        self._close()
        if self._staging.exists():
            shutil.rmtree(self._staging)

    # ------------------------------------------------------------

    def _add(self, folder: str, definition: Definition) -> None:
        if self._form == "ndjson":
            name = f"{folder}.ndjson"
            if name not in self._lines:
                self._lines[name] = (self._staging / name).open("x", encoding="utf-8", newline="\n")
                self._files.add(name)
            self._lines[name].write(canonical.line(definition))
            return
        suffix, content = written(definition, self._form)
        name = f"{folder}/{file_name(id_of(definition), suffix)}"
        staged = self._staging / name
        staged.parent.mkdir(exist_ok=True)
        with staged.open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)
        self._files.add(name)

    def _close(self) -> None:
        while self._lines:
            self._lines.popitem()[1].close()

    def _put(self, name: str) -> bool:
        """A file that is right already keeps its time."""
        staged, place = self._staging / name, self.folder / name
        if place.is_file() and place.read_bytes() == staged.read_bytes():
            return False
        place.parent.mkdir(exist_ok=True)
        os.replace(staged, place)
        return True

    def _note(self, revision: int, files: Iterable[str]) -> None:
        content = {"catalogue_revision": revision, "files": sorted(files)}
        staged = self._staging / MANIFEST
        staged.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        os.replace(staged, self.folder / MANIFEST)


def file_name(id: str, suffix: str = ".json") -> str:
    """An id may begin with a dot, but a hidden file would not be applied again. No id has a % in it."""
    return (f"%2E{id[1:]}" if id.startswith(".") else id) + suffix


def _earlier(folder: Path) -> set[str] | None:
    """The files that an earlier export wrote; None where there was none."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        return None
    try:
        content: Any = json.loads(manifest.read_text(encoding="utf-8"))
        files = content["files"]
        if isinstance(files, list) and all(isinstance(name, str) and _OURS.fullmatch(name) for name in files):
            return set(files)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Invalid(
        f"{manifest} is no manifest of an export",
        code="MANIFEST_INVALID",
        hint="it says which files may be taken away: restore it, or remove it and export with --force",
    )


def _unwritable(error: OSError) -> Misconfigured:
    return Misconfigured(
        f"cannot write the export: {os.strerror(error.errno or 0).lower()}: {error.filename}",
        code="FOLDER_UNWRITABLE",
        hint="name a folder that you may write to, with enough room",
    )
