"""Files and folders to documents: everything that is wrong with any of them is told before anything is sent.

A folder is read with all that is below it, in the order of its names; hidden files and folders are left out. A problem
says its file, the line in NDJSON, and the JSON pointer into the file: `plant/twins.ndjson:12#/location`.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.bulk.kinds import kind_of_document
from app.commands.documents import KINDS, read_document
from app.commands.json_text import read_json
from app.dtsl.parse import imports_of
from app.errors import Invalid, Problem
from app.model.definitions import Definition, Kind, id_of

DOCUMENTS = (".json", ".ndjson")
SCRIPTS = (".dtsl",)
SCENARIOS = (".twins",)
SUFFIXES = (*DOCUMENTS, *SCRIPTS)
_NAMED = {
    SUFFIXES: ".json or .ndjson documents, .dtsl scripts",
    SCRIPTS: ".dtsl scripts",
    SCENARIOS: ".twins scripts",
}
_MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Place:
    file: Path
    line: int | None = None
    pointer: str = ""
    """Of the document in its file; "" where it is all of the file or of the line."""

    def at(self, pointer: str = "") -> str:
        where = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        return f"{where}#{self.pointer}{pointer}" if self.pointer or pointer else where


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file, or something in it, can't be used; the problem's path is a pointer into what stands at the place."""

    place: Place
    problem: Problem
    column: int | None = None
    """Of JSON that can't be read."""

    def told(self) -> Problem:
        where = self.place.at(self.problem.path)
        where += f":{self.column}" if self.column is not None else ""
        return Problem(self.problem.code, self.problem.message, where, self.problem.hint)


@dataclass(frozen=True, slots=True)
class Read:
    """A document whose form is right."""

    kind: Kind
    id: str
    document: dict[str, Any]
    definition: Definition
    place: Place

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.id


@dataclass(slots=True)
class Found:
    documents: list[Read] = field(default_factory=list)
    scripts: list[tuple[Path, str]] = field(default_factory=list)
    """In the order in which they were named."""
    texts: dict[Path, str] = field(default_factory=dict)
    """Of every file that could be read, in the order in which they were named."""
    faults: list[Fault] = field(default_factory=list)


def read_paths(paths: Sequence[Path]) -> Found:
    """Raises Invalid (FILES_INVALID) with every problem of every file."""
    found = gather(paths)
    if found.faults:
        more = len(found.faults) - _MOST_PROBLEMS
        rest = [Problem("MORE_PROBLEMS", f"and {more} more", "", "correct these first")] if more > 0 else []
        problems = [fault.told() for fault in found.faults[:_MOST_PROBLEMS]]
        raise Invalid.of([*problems, *rest], "what was given", code="FILES_INVALID")
    return found


def gather(paths: Sequence[Path], suffixes: Sequence[str] = SUFFIXES) -> Found:
    """Never raises; what can't be used is in `faults`."""
    found = Found()
    first: dict[tuple[Kind, str], Place] = {}
    for file, text in texts_of(paths, suffixes, found.faults):
        found.texts[file] = text
        if file.suffix in SCRIPTS:
            found.scripts.append((file, text))
            continue
        for place, item in _items(file, text, found.faults):
            _take(place, item, found, first, found.faults)
    if set(DOCUMENTS) & set(suffixes):
        _follow_imports(found)
    return found


def _follow_imports(found: Found) -> None:
    """Scripts of the same folder that others import come along; that one is not there, is told where it is named."""
    known = {file.absolute() for file in found.texts}
    for file, text in found.scripts:  # grows meanwhile
        for name in imports_of(text):
            beside = file.parent / name
            if "/" in name or "\\" in name or beside.absolute() in known or not _is_script(beside):
                continue
            known.add(beside.absolute())
            read = _text(beside, found.faults)
            if read is not None:
                found.texts[beside] = read
                found.scripts.append((beside, read))


def _is_script(file: Path) -> bool:
    try:
        return file.suffix in SCRIPTS and file.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def texts_of(paths: Sequence[Path], suffixes: Sequence[str], faults: list[Fault]) -> Iterator[tuple[Path, str]]:
    """Each file that can be read; why another can't is added to `faults`."""
    for file in _files(paths, suffixes, faults):
        text = _text(file, faults)
        if text is not None:
            yield file, text


def _files(paths: Sequence[Path], suffixes: Sequence[str], faults: list[Fault]) -> Iterator[Path]:
    """Each once, although it may be named and be below a folder that is named too."""
    seen: set[Path] = set()
    for file in _named(paths, suffixes, faults):
        whole = file.absolute()
        if whole not in seen:
            seen.add(whole)
            yield file


def _named(paths: Sequence[Path], suffixes: Sequence[str], faults: list[Fault]) -> Iterator[Path]:
    for path in paths:
        if os.path.isdir(path):  # Path.is_dir raises for a name that is too long
            below = [file for file in _below(path) if file.suffix in suffixes]
            if not below:
                hint = f"it is searched for {', '.join(suffixes)}, hidden files left out"
                faults.append(_fault(path, "FOLDER_EMPTY", "there is nothing of use in this folder", hint))
            yield from below
        elif path.suffix in suffixes:
            yield path
        elif not path.suffix and not os.path.exists(path):
            faults.append(_fault(path, "FILE_UNREADABLE", "there is no such file or folder"))
        else:
            message = f"'{path.suffix}' is not a kind of file that can be used"
            hint = f"give {_NAMED.get(tuple(suffixes), ', '.join(suffixes))}, or a folder of these"
            faults.append(_fault(path, "FILE_UNKNOWN", message, hint))


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _text(file: Path, faults: list[Fault]) -> str | None:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append(_fault(file, "FILE_UNREADABLE", f"this is not UTF-8: {error}", "save it as UTF-8"))
    except OSError as error:
        faults.append(_fault(file, "FILE_UNREADABLE", os.strerror(error.errno or 0)))
    return None


def _fault(file: Path, code: str, message: str, hint: str = "") -> Fault:
    return Fault(Place(file), Problem(code, message, "", hint))


def _items(file: Path, text: str, faults: list[Fault]) -> Iterator[tuple[Place, Any]]:
    if file.suffix == ".ndjson":
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield from _parsed(Place(file, number), line, faults)
        return
    for place, content in _parsed(Place(file), text, faults):
        if isinstance(content, list):
            yield from ((Place(file, None, f"/{index}"), item) for index, item in enumerate(content))
        else:
            yield place, content


def _parsed(place: Place, text: str, faults: list[Fault]) -> Iterator[tuple[Place, Any]]:
    content, wrong = read_json(text)
    for fault in wrong:
        at = Place(place.file, fault.line if place.line is None else place.line)
        faults.append(Fault(at, fault.problem, fault.column))
    if not wrong:
        yield place, content


def _take(place: Place, item: Any, found: Found, first: dict[tuple[Kind, str], Place], faults: list[Fault]) -> None:
    kind = kind_of_document(item, place.file) if isinstance(item, dict) else None
    if kind is None:
        hint = "a definition is an object with " + ", ".join(sorted({id_field for _, id_field in KINDS.values()}))
        faults.append(Fault(place, Problem("KIND_UNKNOWN", "this is no kind of definition", "", hint)))
        return
    definition, wrong = read_document(kind, item)
    if definition is None:
        faults.extend(Fault(place, problem) for problem in wrong)
        return
    id = id_of(definition)
    earlier = first.setdefault((kind, id), place)
    if earlier is not place:
        message = f"{KINDS[kind][0]} '{id}' is in {earlier.at()} too"
        faults.append(Fault(place, Problem("DUPLICATE_DOCUMENT", message, "", "leave one of them out")))
        return
    found.documents.append(Read(kind, id, item, definition, place))
