"""Interlocks as lines of a script."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.dtsl.format import fits_a_comment
from app.dtsl.format_conditions import DTSL
from app.dtsl.format_data import Rest, doc_lines, rest_text
from app.dtsl.spelling import dtsl_member, dtsl_path


def interlock_lines(item: Mapping[str, Any]) -> Iterator[str]:
    yield from doc_lines(item)
    rest = Rest({key: value for key, value in item.items() if key != "description" or not fits_a_comment(value)})
    field = "method" if isinstance(rest.get("method"), str) else "property"
    verb = "call" if field == "method" else "write"
    path = dtsl_member(rest.pop(field))
    if isinstance(rest.get("role"), str):
        path = f"{dtsl_path(rest.pop('role'))}.{path}"
    condition = DTSL.text(rest.pop("while").condition)
    yield f"never {verb} {path} while {condition} as {dtsl_member(rest.pop('name'))}{rest_text(rest)};"
