"""From an address and credentials to a GraphStore that answers, or one clear line why not.

A database that is still starting is waited for; one that says no (password, address, version) is not: trying again
would not help.
"""

import asyncio
import logging
import socket
import time
from urllib.parse import urlsplit

from neo4j import READ_ACCESS, AsyncDriver, AsyncGraphDatabase
from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    Neo4jError,
    UnsupportedServerProduct,
)

from app.errors import Misconfigured, Unavailable
from app.graph.session import ANSWER_SECONDS
from app.graph.store import GraphStore

_ATTEMPT_SECONDS = 5.0
_IDLE_SECONDS = 5.0
"""A connection that was not used for so long may be dead without anybody having said so: it is asked first."""
_RETRY_SECONDS = 0.25
_OLDEST_NEO4J = 5
_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
_SETTINGS_HINT = "set TWIN_OVERLAY_GRAPH__USER and TWIN_OVERLAY_GRAPH__PASSWORD to what the graph expects"


async def connect(
    uri: str,
    user: str,
    password: str,
    database: str,
    *,
    timeout_seconds: float = 30.0,
    answer_seconds: float = ANSWER_SECONDS,
) -> GraphStore:
    """`answer_seconds` is how long it may take to answer from then on.

    Raises Misconfigured (GRAPH_URI_INVALID, GRAPH_AUTH, GRAPH_REFUSED, GRAPH_UNSUPPORTED, or a broken statement file)
    and Unavailable (GRAPH_UNREACHABLE: nothing answered for `timeout_seconds`)."""
    deadline = time.monotonic() + timeout_seconds
    driver = _driver(uri, user, password)
    try:
        while True:
            try:
                async with asyncio.timeout(max(0.1, deadline - time.monotonic())):
                    await _greet(driver, uri, database)
                return GraphStore(driver, database, answer_seconds=answer_seconds, uri=uri)
            except (AuthError, UnsupportedServerProduct, ConfigurationError) as error:
                raise _no(error, uri, user, database) from error
            except (DriverError, Neo4jError, OSError, ValueError) as error:  # ValueError: a name not resolved
                if isinstance(error, Neo4jError) and not error.is_retryable():
                    raise _no(error, uri, user, database) from error
                if time.monotonic() + _RETRY_SECONDS > deadline:
                    raise Unavailable(
                        f"no graph database answers at {_shown(uri)} (waited {timeout_seconds:g} s)",
                        code="GRAPH_UNREACHABLE",
                        hint="start it, or correct graph.uri; `embedded` needs no server",
                    ) from error
            await asyncio.sleep(_RETRY_SECONDS)
    except BaseException:
        await driver.close()
        raise


async def move(store: GraphStore, uri: str, user: str, password: str) -> None:
    """The store's database is there from now on, if it was not before. Nothing is asked of it here."""
    if uri != store.uri:
        await store.use(_driver(uri, user, password), uri)


async def answers(
    uri: str, user: str, password: str, database: str, *, timeout_seconds: float = _ATTEMPT_SECONDS
) -> bool:
    """Whether `RETURN 1` works there now."""
    if not await _listens(uri):
        return False
    driver = _driver(uri, user, password)
    try:
        async with asyncio.timeout(timeout_seconds):
            await _greet(driver, uri, database)
    except (DriverError, Neo4jError, OSError):
        return False
    finally:
        await driver.close()
    return True


async def _listens(uri: str) -> bool:
    """Asked without the driver, and of this machine only. Where imports keep the event loop for longer than a timeout,
    the driver is cancelled beside a refusal that it then never looks at, and asyncio prints that as an error."""
    parts = urlsplit(uri)
    with socket.socket() as probe:
        probe.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(probe, (parts.hostname or "", parts.port or 0))
        except OSError:
            return False
    return True


def _driver(uri: str, user: str, password: str) -> AsyncDriver:
    # Notifications are remarks of the planner ("no such property yet"), meant for people who type Cypher.
    logging.getLogger("neo4j.notifications").setLevel(logging.ERROR)
    try:
        parts = urlsplit(uri)
        if parts.scheme not in _SCHEMES or not parts.hostname or parts.port == 0:
            raise _bad_uri(uri)
        return AsyncGraphDatabase.driver(
            uri,
            auth=(user, password),
            user_agent="twin-overlay",
            telemetry_disabled=True,
            connection_timeout=_ATTEMPT_SECONDS,
            connection_acquisition_timeout=_ATTEMPT_SECONDS,
            liveness_check_timeout=_IDLE_SECONDS,
            max_transaction_retry_time=5.0,
            max_connection_pool_size=20,
        )
    except (ConfigurationError, ValueError) as error:
        raise _bad_uri(uri) from error


async def _greet(driver: AsyncDriver, uri: str, database: str) -> None:
    async with driver.session(database=database, default_access_mode=READ_ACCESS) as session:
        result = await session.run("RETURN 1 AS one")
        await result.single(strict=True)
        agent = (await result.consume()).server.agent
    product, _, version = agent.partition("/")
    major = version.split(".")[0]
    if product == "Neo4j" and major.isdigit() and int(major) < _OLDEST_NEO4J:
        raise Misconfigured(
            f"the graph database at {_shown(uri)} is {agent}, which is too old",
            code="GRAPH_UNSUPPORTED",
            hint=f"use Neo4j {_OLDEST_NEO4J} or newer, or `embedded`",
        )


def _no(error: Exception, uri: str, user: str, database: str) -> Misconfigured:
    match error:
        case AuthError():
            return Misconfigured(
                f"the graph database at {_shown(uri)} refused the password of user '{user}'",
                code="GRAPH_AUTH",
                hint=_SETTINGS_HINT,
            )
        case UnsupportedServerProduct():
            return Misconfigured(
                f"what answers at {_shown(uri)} is no graph database that this server knows",
                code="GRAPH_UNSUPPORTED",
                hint="use Neo4j 5, or `embedded`",
            )
        case ConfigurationError():
            return _bad_uri(uri)
        case _:
            return Misconfigured(
                f"the graph database at {_shown(uri)} refused to work on database '{database}'",
                code="GRAPH_REFUSED",
                hint="check graph.database, and that the user may use it",
            )


def _bad_uri(uri: str) -> Misconfigured:
    return Misconfigured(
        f"'{_shown(uri)}' is no address of a graph database",
        code="GRAPH_URI_INVALID",
        hint="use `embedded`, or neo4j://HOST:7687, neo4j+s://, bolt:// or bolt+s://, without user and password",
    )


def _shown(uri: str) -> str:
    """Without credentials, where somebody put some in."""
    head, at, tail = uri.rpartition("@")
    return f"{head.partition('://')[0]}://{tail}" if at and "://" in head else uri
