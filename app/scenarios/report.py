"""Results as a person reads them: a failure like a diff, with the values at the moment, and the timeline.

Lines that begin with `- ` are what was expected, those with `+ ` what was found; whoever prints them may color them.
"""

from collections.abc import Iterable, Iterator

from app.scenarios.run import Failure, Result, Told
from app.scenarios.telling import length

_SHOWN = 30
"""Lines of one kind in a failure."""


def failure(item: Failure) -> str:
    lines = [f"{item.file}:{item.line}:{item.column}: at {length(item.at)}: {item.written}", f"  - {item.expected}"]
    lines += [f"  + {line}" for line in _some(item.found)]
    if item.inputs:
        lines += ["  what it reads:", *(f"      {line}" for line in _some(item.inputs))]
    lines += [f"  why: {told}" for told in item.why]
    if item.step:
        lines += ["  in this step:", *(f"      {line}" for line in _some(item.step))]
    return "\n".join(lines)


def problems(result: Result, source: str) -> Iterator[str]:
    """Each failure or error, as a text of several lines; `source` is the script."""
    yield from (item.render(source) for item in result.errors)
    yield from map(failure, result.failures)


def timeline(result: Result) -> Iterator[str]:
    for item in result.timeline:
        yield _line(item)
        yield from (f"{length(at):>8}      {fact}" for at, fact in item.facts)


def _line(item: Told) -> str:
    mark = "" if item.holds else "   <- does not hold"
    return f"{length(item.at):>8}  {item.written}{mark}"


def _some(lines: Iterable[str]) -> list[str]:
    listed = list(lines)
    more = len(listed) - _SHOWN
    return [*listed[:_SHOWN], f"and {more} more"] if more > 0 else listed
