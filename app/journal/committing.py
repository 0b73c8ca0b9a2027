"""The one thread that writes: whatever was handed in while a commit ran goes together into the next.

There is no linger: a lone append is committed at once, and the group forms by itself out of what waits. The first
commit that fails ends the thread's work for good, since nobody can say what is on the disk then.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from app.errors import Unavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


@dataclass(frozen=True, slots=True)
class _Job:
    work: Work[Any]
    done: Future[Any]


class CommitThread:
    """Owns the writing connection. `on_commit` runs in the thread after each commit, before anyone is told of it."""

    def __init__(self, connection: sqlite3.Connection, name: str, on_commit: Callable[[], None]) -> None:
        self._connection = connection
        self._name = name
        self._on_commit = on_commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._failure: str | None = None
        self.commits = 0
        # A daemon: a program that dies of an error elsewhere must not hang on a thread that waits for work.
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        """What `work` returned, once it is durable. Raises Unavailable (JOURNAL_FAILED, JOURNAL_CLOSED). A caller that
        is cancelled meanwhile takes nothing back: the work is committed all the same."""
        if self._closed:
            raise closed(self._name)
        if self._failure is not None:
            raise self._failed()
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()
        self._jobs.put(_Job(work, done))
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Commit what waits, close the connection; blocks until that is done."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            jobs, last = self._next()
            if self._failure is None and jobs:
                self._commit(jobs)
            elif jobs:
                for job in jobs:
                    job.done.set_exception(self._failed())
        self._connection.close()

    def _next(self) -> tuple[list[_Job], bool]:
        """Everything that waits now (at least one), and whether it is the last of all."""
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [job.work(self._connection) for job in jobs]
            self._connection.execute("COMMIT")
        except Exception as error:  # handed to every waiter, and the journal stays failed
            self._failure = str(error)
            if self._connection.in_transaction:
                self._connection.rollback()
            for job in jobs:
                job.done.set_exception(self._failed())
            return
        self.commits += 1
        self._on_commit()
        for job, result in zip(jobs, results, strict=True):
            job.done.set_result(result)

    def _failed(self) -> Unavailable:
        return Unavailable(
            f"the journal in {self._name} could not commit: {self._failure}",
            code="JOURNAL_FAILED",
            hint="look for free space and a healthy disk, then start again: everything acknowledged is in it",
        )


def closed(name: str) -> Unavailable:
    return Unavailable(f"the journal in {name} is closed", code="JOURNAL_CLOSED", hint="the server is going down")
