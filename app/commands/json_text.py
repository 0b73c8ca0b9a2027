"""JSON as people write it into files: read strictly, and what is wrong with its documents shown where it stands.

A problem of a document has a pointer; in a text it is shown like one of a script, by line and column.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.dtsl.diagnostics import Message, Severity
from app.dtsl.findings import Diagnostic
from app.dtsl.source import Source, Span
from app.errors import Problem
from app.json_places import place_of


@dataclass(frozen=True, slots=True)
class JsonFault:
    """Why a text is not read; `line` and `column` are None where it is the whole that is wrong."""

    problem: Problem
    line: int | None = None
    column: int | None = None


def read_json(text: str) -> tuple[Any, Sequence[JsonFault]]:
    """What it says, or None and why it can't be used. A key that stands twice is refused: which one was meant?"""
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
        return None, [JsonFault(Problem("JSON_INVALID", error.msg), error.lineno, error.colno)]
    except ValueError:
        return None, [JsonFault(Problem("JSON_INVALID", "a number has thousands of digits", "", "write it as text"))]
    except RecursionError:
        return None, [JsonFault(Problem("JSON_INVALID", "too many brackets inside each other"))]
    if twice:
        return None, [
            JsonFault(
                Problem("DUPLICATE_KEY", f"an object has the key '{name[:100]}' twice", "", "leave one of them out")
            )
            for name in twice
        ]
    return content, []


def shown_in_json(problem: Problem, severity: Severity, source: Source, begins: int, pointer: str) -> Diagnostic:
    """Of a document at `pointer` of the JSON that begins at `begins` of the source."""
    span = Span(*place_of(source.text, pointer + problem.path, begins))
    return Diagnostic.of(Message(problem.code, problem.message, problem.hint, severity), source, span)
