"""Every Cypher statement of this program: one file each under cypher/, loaded and checked against its header at start.

A file's header is its contract: its parameters are all the `$names` of the text, its results all the columns of its
last RETURN, and a statement that writes says so. Text and header that disagree stop the start, not the night shift.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.errors import Misconfigured, Problem

_FIELDS = ("purpose", "params", "returns", "access", "idempotent")
_HEADER_LINE = re.compile(r"//\s?(.*)")
_FIELD = re.compile(r"(\w+):\s*(.*)")
_PARAMETER = re.compile(r"\$(\w+)")
_WRITES = re.compile(r"\b(CREATE|MERGE|SET|DELETE|REMOVE|DROP|FOREACH|LOAD\s+CSV)\b", re.IGNORECASE)
_PLAIN_CREATE = re.compile(
    r"(?<!\bON\s)\bCREATE\b(?!\s+(?:CONSTRAINT|INDEX|RANGE\s+INDEX)\b.*\bIF\s+NOT\s+EXISTS\b)", re.I | re.S
)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`")
_COLUMN = re.compile(r"\bAS\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    name: str
    """Its path below cypher/ without the suffix: `definitions/save_twins`."""
    text: str
    params: frozenset[str]
    returns: tuple[str, ...]
    access: Literal["read", "write"]
    idempotent: bool
    checksum: str
    """SHA-256 of the text without its header."""


class Statements(Mapping[str, Statement]):
    """By name. A name that no file has raises Misconfigured (STATEMENT_MISSING)."""

    def __init__(self, found: Mapping[str, Statement]) -> None:
        self._found = dict(found)

    @classmethod
    def load(cls, folder: Path | None = None) -> "Statements":
        """Raises Misconfigured (STATEMENT_INVALID) with every fault of every file below `folder` (default: the
        program's own)."""
        root = folder or statements_folder()
        problems: list[Problem] = []
        found: dict[str, Statement] = {}
        for file in sorted(root.rglob("*.cypher")):
            name = file.relative_to(root).with_suffix("").as_posix()
            statement = parse_statement(name, file.read_text(encoding="utf-8"), problems)
            if statement is not None:
                found[name] = statement
        if problems:
            raise Misconfigured(
                f"{len(problems)} fault(s) in the Cypher statements of {root}: {problems[0]}",
                code="STATEMENT_INVALID",
                hint="make the file's header and its text agree",
                problems=problems,
            )
        if not found:
            raise Misconfigured(
                f"there are no Cypher statements in {root}",
                code="STATEMENT_MISSING",
                hint="install the program again",
            )
        return cls(found)

    def __getitem__(self, name: str) -> Statement:
        try:
            return self._found[name]
        except KeyError:
            raise Misconfigured(
                f"the Cypher statement {name}.cypher is missing",
                code="STATEMENT_MISSING",
                hint="install the program again",
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def statements_folder() -> Path:
    """`app/cypher` in an installed wheel, the repository's `cypher` otherwise."""
    app = Path(__file__).resolve().parent.parent
    for folder in (app / "cypher", app.parent / "cypher"):
        if folder.is_dir():
            return folder
    raise Misconfigured(
        f"there are no Cypher statements beside {app}", code="STATEMENT_MISSING", hint="install the program again"
    )


def parse_statement(name: str, content: str, problems: list[Problem]) -> Statement | None:
    """One file's statement; None, with at least one more problem in `problems`, where it is not usable."""
    before = len(problems)

    def fault(message: str) -> None:
        problems.append(Problem("STATEMENT_INVALID", message, f"{name}.cypher"))

    header, text = _split(content)
    for field in _FIELDS:
        if not header.get(field):
            fault(f"the header has no '{field}'")
    for field in header:
        if field not in _FIELDS:
            fault(f"the header has an unknown field '{field}'")
    bare = _LITERAL.sub("''", re.sub(r"//.*", "", text))
    if not bare.strip():
        fault("there is no statement")
    elif ";" in bare:
        fault("one file holds one statement, without a semicolon")

    params = _names(header.get("params", ""))
    used = set(_PARAMETER.findall(bare))
    if params != used:
        fault(f"the header's params are {_listed(params)}, the text uses {_listed(used)}")
    returns = _names(header.get("returns", ""))
    tail = re.split(r"\bRETURN\b", bare, flags=re.IGNORECASE)
    columns = set(_COLUMN.findall(tail[-1])) if len(tail) > 1 else set()
    if returns != columns:
        fault(f"the header's returns are {_listed(returns)}, the text returns {_listed(columns)} (as `x AS name`)")

    access, idempotent = header.get("access", ""), header.get("idempotent", "")
    if access and access not in ("read", "write"):
        fault(f"access is read or write, not '{access}'")
    if access == "read" and (word := _WRITES.search(bare)):
        fault(f"access is read, but the text has {word.group(1).upper()}")
    if access == "write" and not _WRITES.search(bare):
        fault("access is write, but the text writes nothing")
    if idempotent and idempotent not in ("yes", "no"):
        fault(f"idempotent is yes or no, not '{idempotent}'")
    if idempotent == "yes" and _PLAIN_CREATE.search(bare):
        fault("idempotent is yes, but CREATE without IF NOT EXISTS makes a second one")
    if len(problems) > before:
        return None
    return Statement(
        name,
        text,
        frozenset(params),
        tuple(sorted(returns)),
        "write" if access == "write" else "read",
        idempotent == "yes",
        hashlib.sha256(text.encode()).hexdigest(),
    )


def _split(content: str) -> tuple[dict[str, str], str]:
    """The header's fields (a comment line without `field:` goes on with the one before) and the text below it."""
    lines = content.replace("\r\n", "\n").split("\n")
    header: dict[str, str] = {}
    field = ""
    end = 0
    for end, line in enumerate(lines):  # noqa: B007
        found = _HEADER_LINE.fullmatch(line.strip())
        if found is None:
            break
        if start := _FIELD.fullmatch(found.group(1)):
            field = start.group(1)
            header[field] = start.group(2).strip()
        elif field:
            header[field] += " " + found.group(1).strip()
    return header, "\n".join(lines[end:]).strip()


def _names(text: str) -> set[str]:
    """`rows (list of {id, document}), at (text)` -> {"rows", "at"}; `none` -> nothing."""
    plain = re.sub(r"\([^()]*\)", "", text)
    return {part.strip() for part in plain.split(",") if part.strip()} - {"none"}


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
