"""The one thread that writes: whatever was handed in while a commit ran goes together into the next.

There is no linger: a lone append is committed at once, and the group forms by itself out of what waits. A commit that
finds the disk full left nothing on it and is tried again, with the reserve's help and then until there is space; nobody
is told of it before. The first that fails otherwise ends the thread's work for good, since nobody can say what is on
the disk then.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from app.errors import Unavailable
from app.journal.index import Index
from app.journal.space import DiskSpace, disk_full
from app.journal.tail import Tail
from app.model.gap import Gap
from app.model.time import Micros

T = TypeVar("T")
_RETRY_SECONDS = 0.25
Records = Sequence[tuple[Micros, bytes]]
Work = Callable[[Index], T]


@dataclass(frozen=True, slots=True)
class _Append:
    records: Records
    done: Future[int]


@dataclass(frozen=True, slots=True)
class _Change:
    work: Work[Any]
    done: Future[Any]


class CommitThread:
    """Owns tail and index. `on_commit` runs in the thread after each commit of records, before anyone is told."""

    def __init__(self, tail: Tail, index: Index, space: DiskSpace, name: str, on_commit: Callable[[int], None]) -> None:
        self._tail = tail
        self._index = index
        self._space = space
        self._name = name
        self._on_commit = on_commit
        self._jobs: queue.SimpleQueue[_Append | _Change | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._failure: str | None = None
        self.commits = 0
        # A daemon: a program that dies of an error elsewhere must not hang on a thread that waits for work.
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    async def append(self, records: Records) -> int:
        """The last number of these, once they are durable. Raises Unavailable (JOURNAL_FAILED, JOURNAL_CLOSED). A
        caller that is cancelled meanwhile takes nothing back: they are committed all the same."""
        done: Future[int] = Future()
        return await self._handed(_Append(records, done), done)

    async def change(self, work: Work[T]) -> T:
        """What `work` on the index returned, once it is durable. As `append`."""
        done: Future[T] = Future()
        return await self._handed(_Change(work, done), done)

    async def begin_after(self, sequence: int) -> bool:
        """Whether there was no record yet: then the first gets the number after this one."""

        def begin(index: Index) -> bool:
            if self._tail.last:
                return False
            index.begin_after(sequence)
            self._tail.last = sequence
            return True

        return await self.change(begin)

    async def lose(self, upto: int, why: str) -> None:
        """Numbers up to this one were given out, and their records are not here."""

        def lose(index: Index) -> None:
            index.set_gaps([*index.gaps(), Gap(self._tail.last + 1, upto, why, accepted=True)])
            self._tail.skip(upto)

        await self.change(lose)

    def later(self, work: Work[None]) -> None:
        """Change the index some time soon; nobody waits for it."""
        self._jobs.put(_Change(work, Future()))

    async def _handed(self, job: _Append | _Change, done: Future[T]) -> T:
        if self._closed.is_set():
            raise closed(self._name)
        if self._failure is not None:
            raise self._failed()
        done.set_running_or_notify_cancel()
        self._jobs.put(job)
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Commit what waits, close tail and index; blocks until that is done. What waits for space is given up."""
        if not self._closed.is_set():
            self._closed.set()
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            jobs, last = self._next()
            if self._space.full:
                self._space.tend()
            appends = [job for job in jobs if isinstance(job, _Append)]
            changes = [job for job in jobs if isinstance(job, _Change)]
            if appends:
                self._commit(appends, self._append)
            if changes:  # afterwards: no append waits for a cursor
                self._commit(changes, self._change)
        self._tail.close()
        if self._failure is None:
            self._mark_the_end()
        self._index.close()

    def _mark_the_end(self) -> None:
        """So that what is cut off a stopped server's journal is noticed."""
        with contextlib.suppress(sqlite3.Error), self._index.whole():
            self._index.set_mark("reached", self._tail.last)

    def _next(self) -> tuple[list[_Append | _Change], bool]:
        """Everything that waits now, and whether it is the last of all; nothing after a while, if the disk is full."""
        jobs: list[_Append | _Change] = []
        try:
            job = self._jobs.get(timeout=_RETRY_SECONDS if self._space.full else None)
        except queue.Empty:
            return [], False
        while job is not None:
            jobs.append(job)
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _commit(self, jobs: Sequence[Any], commit: Callable[[Any], list[Any]]) -> None:
        while self._failure is None:
            try:
                results = commit(jobs)
            except Exception as error:  # handed to every waiter, and the journal stays failed
                if not self._space.means_full(error):
                    self._failure = str(error)
                elif not self._space.give():
                    self._space.hold()
                    if self._closed.wait(_RETRY_SECONDS):
                        break
            else:
                self._space.went_in()
                for job, result in zip(jobs, results, strict=True):
                    job.done.set_result(result)
                return
        for job in jobs:
            job.done.set_exception(disk_full(self._space.space()) if self._failure is None else self._failed())

    def _append(self, jobs: Sequence[_Append]) -> list[int]:
        number = self._tail.last
        self._tail.append([record for job in jobs for record in job.records])
        self.commits += 1
        self._on_commit(self._tail.last)
        return [number := number + len(job.records) for job in jobs]

    def _change(self, jobs: Sequence[_Change]) -> list[Any]:
        with self._index.whole():
            return [job.work(self._index) for job in jobs]

    def _failed(self) -> Unavailable:
        return Unavailable(
            f"the journal in {self._name} could not commit: {self._failure}",
            code="JOURNAL_FAILED",
            hint="look for a healthy disk, then start again: everything acknowledged is in it",
        )


def closed(name: str) -> Unavailable:
    return Unavailable(f"the journal in {name} is closed", code="JOURNAL_CLOSED", hint="the server is going down")
