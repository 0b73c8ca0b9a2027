"""Free-form data, settings and descriptions as lines of a script."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.dtsl.format import comment_lines, fits_a_comment
from app.dtsl.format_conditions import value_text
from app.dtsl.spelling import dtsl_member

_WIDEST = 100
"""Of an object in one line."""


def doc_lines(fields: Mapping[str, Any]) -> list[str]:
    """The description above what it describes; none where a comment can't say it (`with` does then)."""
    text = fields.get("description")
    if text is None or not fits_a_comment(text):
        return []
    return list(comment_lines(text))


def data_block(keyword: str, value: Mapping[str, Any] | None) -> Iterator[str]:
    if value is None:
        yield f"{keyword} null;"
        return
    yield f"{keyword} {{"
    yield from ("  " + line for line in entries(value, 4))
    yield "}"


def entries(data: Mapping[str, Any], indent: int) -> Iterator[str]:
    """A line for each, or a block where an object is large or has others in it, or a list of such is long."""
    for key, value in data.items():
        written = dtsl_member(key)
        if not isinstance(value, dict):
            line = f"{written} = {value_text(value)};"
            if indent + len(line) > _WIDEST and isinstance(value, list) and _all_objects(value):
                yield from _objects(written, value, indent)
            else:
                yield line
            continue
        line = f"{written} {value_text(value)}"
        if indent + len(line) <= _WIDEST and not any(isinstance(inner, dict) for inner in value.values()):
            yield line
            continue
        yield f"{written} {{"
        yield from ("  " + inner for inner in entries(value, indent + 2))
        yield "}"


def _all_objects(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) and item for item in items)


def _objects(written: str, items: list[dict[str, Any]], indent: int) -> Iterator[str]:
    """A list of objects, a block each."""
    yield f"{written} = [{{"
    for index, item in enumerate(items):
        if index:
            yield "}, {"
        yield from ("  " + line for line in entries(item, indent + 2))
    yield "}];"


def rest_text(rest: Mapping[str, Any]) -> str:
    """` with { ... }` for what has no notation of its own; "" where nothing is left."""
    left = without_empty(rest)
    return f" with {value_text(left)}" if left else ""


def without_empty(rest: Mapping[str, Any]) -> dict[str, Any]:
    """Without objects that nothing is left in; in the order of their names, for a script has no order of its own."""
    found: dict[str, Any] = {}
    for key, value in sorted(rest.items()):
        if isinstance(value, Rest):
            value = without_empty(value)
            if not value:
                continue
        found[key] = value
    return found


class Rest(dict[str, Any]):
    """What is left of an object of a document once parts of it are written."""
