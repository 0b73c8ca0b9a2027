"""A driver that writes down every statement that goes through it, on its way to a real database."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from neo4j import AsyncDriver


class CountingDriver:
    """The part of neo4j.AsyncDriver that app/graph uses."""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver
        self.statements: list[str] = []

    def session(self, **options: Any) -> "_Session":
        return _Session(self._driver.session(**options), self.statements)

    async def close(self) -> None:
        await self._driver.close()


class _Session:
    def __init__(self, session: Any, statements: list[str]) -> None:
        self._session = session
        self._statements = statements

    async def __aenter__(self) -> "_Session":
        await self._session.__aenter__()
        return self

    async def __aexit__(self, *why: Any) -> None:
        await self._session.__aexit__(*why)

    async def execute_read(self, work: Callable[..., Awaitable[Any]]) -> Any:
        return await self._session.execute_read(self._counted(work))

    async def execute_write(self, work: Callable[..., Awaitable[Any]]) -> Any:
        return await self._session.execute_write(self._counted(work))

    def _counted(self, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(work)  # with the time limit that the driver reads off it
        async def counted(transaction: Any) -> Any:
            return await work(_Transaction(transaction, self._statements))

        return counted


class _Transaction:
    def __init__(self, transaction: Any, statements: list[str]) -> None:
        self._transaction = transaction
        self._statements = statements

    async def run(self, text: str, params: Any) -> Any:
        self._statements.append(text)
        return await self._transaction.run(text, params)
