"""How far a long command has come: a bar on a terminal, otherwise a plain line at each tenth; on standard error."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], None]
_WORTH_TELLING = 1000
"""Less is done before anybody has read it."""


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """Call what it gives with the number of items just done."""
    console = Console(stderr=True)
    if total < _WORTH_TELLING:
        yield lambda count: None
    elif console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda count: bar.advance(task, count)
    else:
        yield _Lines(console, what, total).advance


class _Lines:
    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self._what = what
        self._total = total
        self._done = 0
        self._told = 0

    def advance(self, count: int) -> None:
        self._done += count
        tenth = self._done * 10 // self._total
        if tenth > self._told:
            self._told = tenth
            self._console.print(f"{self._what}: {self._done} of {self._total}", highlight=False, soft_wrap=True)
