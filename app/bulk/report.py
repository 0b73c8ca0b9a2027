"""What was done, in lines for people: each definition where they are few, counts where they are many."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.commands.differences import Difference
from app.errors import Problem

_LISTED = 100
_WIDEST = 60
Ref = tuple[str, str]
"""(kind, id)"""


def refs(items: Iterable[Mapping[str, Any]]) -> list[Ref]:
    return [(item["kind"].lower(), item["id"]) for item in items]


def listed(what: str, items: Sequence[Ref]) -> Iterator[str]:
    """`created: twin pump_123`, or `created: 20000 twin, 3 twin_type`."""
    if len(items) > _LISTED:
        yield f"{what}: " + ", ".join(f"{count} {kind}" for kind, count in Counter(kind for kind, _ in items).items())
    else:
        yield from (f"{what}: {kind} {id}" for kind, id in items)


def warnings(problems: Sequence[Problem]) -> Iterator[str]:
    yield from (f"warning: {problem}" for problem in problems[:_LISTED])
    if len(problems) > _LISTED:
        yield f"warning: and {len(problems) - _LISTED} more"


def differing(changes: Sequence[Difference]) -> Iterator[str]:
    for change in changes[:_LISTED]:
        yield f"  {change.op} {change.where}: {_shown(change.before)} -> {_shown(change.after)}"
    if len(changes) > _LISTED:
        yield f"  and {len(changes) - _LISTED} more"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
