"""Files and folders to documents: everything that is wrong with any of them is told before anything is sent.

A folder is read with all that is below it, in the order of its names; hidden files and folders are left out. A problem
says its file, the line in NDJSON, and the JSON pointer into the file: `plant/twins.ndjson:12#/location`.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.bulk.kinds import kind_of_document
from app.commands.documents import KINDS, read_document
from app.errors import Invalid, Problem
from app.model.definitions import Definition, Kind, id_of

SUFFIXES = (".json", ".ndjson", ".dtsl")
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


def read_paths(paths: Sequence[Path]) -> Found:
    """Raises Invalid (FILES_INVALID) with every problem of every file."""
    problems: list[Problem] = []
    found = Found()
    first: dict[tuple[Kind, str], Place] = {}
    for file in _files(paths, problems):
        text = _text(file, problems)
        if text is None:
            continue
        if file.suffix == ".dtsl":
            found.scripts.append((file, text))
            continue
        for place, item in _items(file, text, problems):
            _take(place, item, found, first, problems)
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        rest = [Problem("MORE_PROBLEMS", f"and {more} more", "", "correct these first")] if more > 0 else []
        raise Invalid.of([*problems[:_MOST_PROBLEMS], *rest], "what was given", code="FILES_INVALID")
    return found


def _files(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    """Each once, although it may be named and be below a folder that is named too."""
    seen: set[Path] = set()
    for file in _named(paths, problems):
        whole = file.absolute()
        if whole not in seen:
            seen.add(whole)
            yield file


def _named(paths: Sequence[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            below = [file for file in _below(path) if file.suffix in SUFFIXES]
            if not below:
                hint = f"it is searched for {', '.join(SUFFIXES)}, hidden files left out"
                problems.append(Problem("FOLDER_EMPTY", "there is nothing to apply in this folder", str(path), hint))
            yield from below
        elif path.suffix in SUFFIXES:
            yield path
        else:
            message = f"'{path.suffix}' is not a kind of file that can be applied"
            hint = "give .json or .ndjson documents, .dtsl scripts, or a folder of these"
            problems.append(Problem("FILE_UNKNOWN", message, str(path), hint))


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _text(file: Path, problems: list[Problem]) -> str | None:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(Problem("FILE_UNREADABLE", f"this is not UTF-8: {error}", str(file), "save it as UTF-8"))
    except OSError as error:
        problems.append(Problem("FILE_UNREADABLE", os.strerror(error.errno or 0), str(file)))
    return None


def _items(file: Path, text: str, problems: list[Problem]) -> Iterator[tuple[Place, Any]]:
    if file.suffix == ".ndjson":
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield from _parsed(Place(file, number), line, problems)
        return
    for place, content in _parsed(Place(file), text, problems):
        if isinstance(content, list):
            yield from ((Place(file, None, f"/{index}"), item) for index, item in enumerate(content))
        else:
            yield place, content


def _parsed(place: Place, text: str, problems: list[Problem]) -> Iterator[tuple[Place, Any]]:
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            names = [name for name, _ in items]
            twice.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        content = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        line = error.lineno if place.line is None else place.line
        problems.append(Problem("JSON_INVALID", error.msg, f"{place.file}:{line}:{error.colno}"))
    except ValueError:
        problems.append(Problem("JSON_INVALID", "a number has thousands of digits", place.at(), "write it as text"))
    except RecursionError:
        problems.append(Problem("JSON_INVALID", "too many brackets inside each other", place.at()))
    else:
        for name in twice:
            message = f"an object has the key '{name[:100]}' twice"
            problems.append(Problem("DUPLICATE_KEY", message, place.at(), "leave one of them out"))
        if not twice:
            yield place, content


def _take(place: Place, item: Any, found: Found, first: dict[tuple[Kind, str], Place], problems: list[Problem]) -> None:
    kind = kind_of_document(item, place.file) if isinstance(item, dict) else None
    if kind is None:
        hint = "a definition is an object with " + ", ".join(sorted({id_field for _, id_field in KINDS.values()}))
        problems.append(Problem("KIND_UNKNOWN", "this is no kind of definition", place.at(), hint))
        return
    definition, wrong = read_document(kind, item)
    if definition is None:
        problems.extend(_placed(place, wrong))
        return
    id = id_of(definition)
    earlier = first.setdefault((kind, id), place)
    if earlier is not place:
        message = f"{KINDS[kind][0]} '{id}' is in {earlier.at()} too"
        problems.append(Problem("DUPLICATE_DOCUMENT", message, place.at(), "leave one of them out"))
        return
    found.documents.append(Read(kind, id, item, definition, place))


def _placed(place: Place, problems: Iterable[Problem]) -> Iterator[Problem]:
    for item in problems:
        yield Problem(item.code, item.message, place.at(item.path), item.hint)
