"""Trusted documents: a folder of operations that clients name by `documentId` instead of sending their text.

A `.graphql` or `.gql` file is one document, known by the SHA-256 of its text (`sha256:...`) and by its name; a `.json`
file is a manifest of many, as graphql-codegen, Relay and Apollo write them. What is wrong in the folder stops a start;
afterwards a file that changed is read again, and while it is wrong what it said before stays.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import GraphQLError

from app.errors import Invalid, Misconfigured, NotFound, Problem
from app.model.near import near

log = logging.getLogger("twin_overlay.api")

MAX_DOCUMENTS = 10_000
MAX_FILE_BYTES = 16 * 1024 * 1024
_TEXTS = (".graphql", ".gql")
_ID = re.compile(r"(sha256:[0-9a-f]{64}|x-[A-Za-z0-9._~-]+:[A-Za-z0-9._~-]+|[A-Za-z0-9._~-]+)")
ID_RULE = "a name of letters, digits and `-._~`, or `sha256:` with 64 lower-case hexadecimal digits"
Check = Callable[[str], Sequence[GraphQLError]]
"""Everything that is wrong with a document."""


@dataclass(frozen=True, slots=True)
class _File:
    stamp: tuple[int, int]
    documents: dict[str, str]
    """Texts by id."""
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Trusted:
    """None at all where there is no folder."""

    folder: Path | None = None
    check: Check = lambda text: ()
    look_seconds: float = 2.0
    """Between two looks at the folder; nobody looks while nobody asks."""
    _files: dict[Path, _File] = field(default_factory=dict)
    _by_id: dict[str, str] = field(default_factory=dict)
    _texts: set[str] = field(default_factory=set)
    _looked_at: float = 0.0

    def load(self) -> None:
        """Raises Misconfigured (DOCUMENTS_INVALID) with every fault of every file."""
        if self.folder is None:
            return
        if not self.folder.is_dir():
            raise Misconfigured(
                f"there is no folder {self.folder}",
                code="DOCUMENTS_INVALID",
                hint="give the folder of trusted documents to --documents",
            )
        self._files = {path: self._read(path, stamp) for path, stamp in self._found()}
        problems = [problem for file in self._files.values() for problem in file.problems]
        problems += self._index()
        if problems:
            raise Misconfigured(
                f"the trusted documents in {self.folder} are not usable",
                code="DOCUMENTS_INVALID",
                hint="correct or remove these files",
                problems=problems,
            )
        self._looked_at = time.monotonic()
        log.info("%d trusted documents in %s", len(self), self.folder)

    def __len__(self) -> int:
        return len({text.rstrip() for text in self._texts})

    def has(self, text: str) -> bool:
        """Whether this is the text of one of them."""
        self._look()
        return text in self._texts

    def text(self, id: str) -> str:
        """Raises Invalid (PERSISTED_ID_INVALID), NotFound (PERSISTED_QUERY_NOT_FOUND)."""
        if not _ID.fullmatch(id):
            raise Invalid(f"`documentId` is not {ID_RULE}", code="PERSISTED_ID_INVALID", path="/documentId")
        self._look()
        found = self._by_id.get(id)
        if found is not None:
            return found
        raise NotFound(
            f"there is no trusted document '{id}'",
            code="PERSISTED_QUERY_NOT_FOUND",  # the code on which Apollo's clients send the whole text
            hint=self._meant(id),
            path="/documentId",
        )

    def _meant(self, id: str) -> str:
        if self.folder is None:
            return "this server has no folder of trusted documents (--documents); send the `query`"
        names = (item for item in self._by_id if ":" not in item)
        return near(id, names) or "put it into the server's folder of trusted documents, or send the `query`"

    # ------------------------------------------------------------ the folder

    def _look(self) -> None:
        if self.folder is None or time.monotonic() - self._looked_at < self.look_seconds:
            return
        self._looked_at = time.monotonic()
        files: dict[Path, _File] = {}
        for path, stamp in self._found():
            known = self._files.get(path)
            if known is not None and known.stamp == stamp:
                files[path] = known
                continue
            read = self._read(path, stamp)
            for problem in read.problems:
                log.error("trusted documents: %s", problem)
            kept = known.documents if read.problems and known is not None else read.documents
            files[path] = _File(stamp, kept)
        if files != self._files:
            self._files = files
            for problem in self._index():
                log.error("trusted documents: %s", problem)
            log.info("the trusted documents have changed: %d now", len(self))

    def _found(self) -> list[tuple[Path, tuple[int, int]]]:
        assert self.folder is not None
        found = []
        for path in sorted(self.folder.rglob("*")):
            if path.suffix in (*_TEXTS, ".json") and path.is_file():
                stat = path.stat()
                found.append((path, (stat.st_mtime_ns, stat.st_size)))
        return found

    def _index(self) -> list[Problem]:
        """By id; the first file has it where two disagree."""
        problems: list[Problem] = []
        by_id: dict[str, str] = {}
        for path, file in self._files.items():
            for id, text in file.documents.items():
                if by_id.setdefault(id, text) != text:
                    problems.append(Problem("DOCUMENT_TWICE", f"another file has a document '{id}'", str(path)))
        self._by_id, self._texts = by_id, set(by_id.values())
        if len(self) > MAX_DOCUMENTS:
            most = f"{len(self)} documents, the most is {MAX_DOCUMENTS}"
            problems.append(Problem("TOO_MANY_DOCUMENTS", most, str(self.folder)))
        return problems

    def _read(self, path: Path, stamp: tuple[int, int]) -> _File:
        try:
            if stamp[1] > MAX_FILE_BYTES:
                raise ValueError(f"it is larger than {MAX_FILE_BYTES} bytes")
            content = path.read_text(encoding="utf-8")
            texts = list(_manifest(content) if path.suffix == ".json" else self._one(path, content))
        except (OSError, ValueError) as error:
            return _File(stamp, {}, (Problem("DOCUMENT_UNREADABLE", str(error), str(path)),))
        problems: list[Problem] = []
        documents: dict[str, str] = {}
        faulty: set[str] = set()
        """Told of once, however the file names them."""
        for id, text in texts:
            if not _ID.fullmatch(id):
                problems.append(Problem("PERSISTED_ID_INVALID", f"'{id[:100]}' is not {ID_RULE}", str(path)))
                continue
            if text.rstrip() in faulty:
                continue
            faults = list(self.check(text))
            problems += [_problem(path, id, fault) for fault in faults]
            if faults:
                faulty.add(text.rstrip())
            else:
                documents[id] = text
                documents[digest(text)] = text
        return _File(stamp, documents, tuple(problems))

    def _one(self, path: Path, content: str) -> Iterable[tuple[str, str]]:
        assert self.folder is not None
        name = ".".join(path.relative_to(self.folder).with_suffix("").parts)
        yield name, content
        # What prints documents leaves the last line's end away, what edits files puts it there.
        yield digest(content.rstrip()), content.rstrip()


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _manifest(content: str) -> Iterator[tuple[str, str]]:
    """Raises ValueError."""
    found = json.loads(content)
    if isinstance(found, dict) and isinstance(found.get("operations"), list):  # Apollo's
        pairs: list[tuple[Any, Any]] = [
            (item.get("id"), item.get("body")) if isinstance(item, dict) else (None, None)
            for item in found["operations"]
        ]
    elif isinstance(found, dict):
        pairs = list(found.items())
    else:
        raise ValueError("a manifest is an object of documents by id, or one with a list of `operations`")
    for id, text in pairs:
        if not isinstance(id, str) or not isinstance(text, str):
            raise ValueError("each document of a manifest is text, and has an id")
        yield id, text


def _problem(path: Path, id: str, error: GraphQLError) -> Problem:
    place = str(path)
    if path.suffix == ".json":
        place = f"{path}#{id}"
    if error.locations:
        place += f":{error.locations[0].line}:{error.locations[0].column}"
    code = (error.extensions or {}).get("code", "GRAPHQL_VALIDATION_FAILED")
    return Problem(str(code), error.message, place, str((error.extensions or {}).get("hint", "")))
