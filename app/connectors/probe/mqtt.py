"""What a broker publishes in a few seconds: topics with their last payloads, JSON opened into pointers.

A retained message is there at once, but may be years old; what was heard only as such is marked.
"""

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiomqtt

from app.connectors.decode import Unusable, moment, quality_of
from app.connectors.keys import Keys, wall_clock, wanted
from app.connectors.mqtt import broker_address
from app.connectors.mqtt_session import Message, Timing, opened, reason_of
from app.connectors.mqtt_tls import tls
from app.connectors.probe.found import Found, FoundAvailability, FoundProperty
from app.errors import Invalid, Unavailable
from app.model.definitions import DataType
from app.model.time import parse_iso

_WORDS = {"online": "offline", "connected": "disconnected", "alive": "dead", "up": "down", "true": "false", "1": "0"}
"""What devices say of themselves on an availability topic."""
_AVAILABILITY = frozenset({"availability", "available", "status", "state", "lwt", "online", "connected", "connection"})
_TIMES = frozenset({"timestamp", "time", "ts", "datetime", "sourcetimestamp", "source_timestamp"})
_QUALITIES = frozenset({"quality", "q", "status_code"})
_MOST_LEAVES = 200
_MOST_DEPTH = 8
_WIDEST = 60


@dataclass(slots=True)
class _Heard:
    payload: bytes = b""
    count: int = 0
    only_retained: bool = True
    fractions: frozenset[str] = frozenset()
    """Pointers at which a number with a fraction was seen: the next one may be whole."""


async def probe_mqtt(
    endpoint: str,
    topic: str,
    seconds: float,
    authentication: Mapping[str, Any] | None,
    most_topics: int,
    keys: Keys,
    timing: Timing | None = None,
) -> Found:
    """Raises Misconfigured (ENDPOINT_INVALID, and what `wanted` does), Invalid (TOPIC_INVALID), Unavailable."""
    who = wanted(authentication, "mqtt", endpoint)
    secure, hostname, port = broker_address(endpoint)
    user = await keys.credentials(who, endpoint, wall_clock())
    with_tls = await tls(keys, user, who.ca_id, endpoint) if secure else None
    found = Found("mqtt", endpoint)
    heard: dict[str, _Heard] = {}
    missed = 0
    _check_filter(topic)

    def lost(topic: str) -> None:
        nonlocal missed
        missed += 1

    name = f"to-probe-{secrets.token_hex(6)}"
    try:
        async with opened(hostname, port, name, user, timing or Timing(), lost, tls=with_tls, clean=True) as session:
            if await session.subscribe([(topic, 0)]):
                raise Unavailable(f"the broker refuses a subscription to '{topic}': not authorized")
            try:
                async with asyncio.timeout(seconds):
                    async for held in session.messages():
                        if held is not None:
                            _hear(heard, held[0], most_topics, found)
            except TimeoutError:
                pass
    except aiomqtt.MqttError as error:
        raise Unavailable(f"{endpoint}: {reason_of(error)}", code="DEVICE_UNREACHABLE") from error
    except Unavailable as error:
        raise _explained(error) from error
    if not heard:
        found.notes.append(f"no message on '{topic}' in {seconds:g} s")
    if missed:
        found.notes.append(f"{missed} messages came too fast to be looked at")
    for where, item in sorted(heard.items()):
        _describe(found, where, item)
    return found


def _explained(error: Unavailable) -> Unavailable:
    if error.code != Unavailable.default_code:
        return error
    if "authori" in error.message.lower() or "bad user name" in error.message.lower():
        hint = "give --user NAME and --password-env VARIABLE of somebody who may"
        return Unavailable(error.message, code="ACCESS_DENIED", hint=hint)
    return Unavailable(error.message, code="DEVICE_UNREACHABLE", hint="look at host and port, and whether it runs")


def _check_filter(topic: str) -> None:
    levels = topic.split("/")
    fits = bool(topic) and len(topic.encode()) <= 65_535 and "\0" not in topic
    fits = fits and all(level in ("+", "#") or not set("+#") & set(level) for level in levels)
    if not fits or "#" in levels[:-1]:
        raise Invalid(
            f"'{topic[:100]}' is not a topic filter",
            code="TOPIC_INVALID",
            hint="write it like plant/+/temperature, or plant/# for all below",
        )


def _hear(heard: dict[str, _Heard], message: Message, most: int, found: Found) -> None:
    where = message.topic
    if where not in heard and len(heard) >= most:
        note = f"cut at {most} topics: there are more (--max-nodes, or --topic for a part)"
        if note not in found.notes:
            found.notes.append(note)
        return
    item = heard.setdefault(where, _Heard())
    item.payload = message.payload
    item.count += 1
    item.only_retained = item.only_retained and message.retained
    document = _document(message.payload)
    item.fractions |= {pointer for pointer, value in _leaves(document) if isinstance(value, float)}


def _describe(found: Found, topic: str, item: _Heard) -> None:
    levels = tuple(topic.split("/"))
    remark = f"{item.count} messages" if item.count != 1 else "1 message"
    if item.only_retained:
        remark += ", retained"
    availability = _availability(levels, topic, item.payload)
    if availability is not None:
        found.availability.append(availability)
        remark += ", looks like availability"
    document = _document(item.payload)
    if not isinstance(document, dict | list):
        data_type, device_type = _type_of(document, "" in item.fractions)
        mapping = {"topic": topic, "qos": 1}
        usable = None if availability is not None else data_type
        found.properties.append(
            FoundProperty(levels[-1], levels[:-1], mapping, usable, device_type, _shown(document), remark=remark)
        )
        return
    leaves = list(_leaves(document))
    beside = _beside(leaves)
    for pointer, value in leaves:
        if pointer in beside.values():
            continue
        parts = pointer.split("/")[1:]
        data_type, device_type = _type_of(value, pointer in item.fractions)
        found.properties.append(
            FoundProperty(
                _unescaped(parts[-1]),
                (*levels, *map(_unescaped, parts[:-1])),
                {"topic": topic, "pointer": pointer, **beside, "qos": 1},
                data_type,
                device_type,
                _shown(value),
                remark=remark,
            )
        )


def _availability(levels: tuple[str, ...], topic: str, payload: bytes) -> FoundAvailability | None:
    word = payload.decode(errors="replace").strip()
    if levels[-1].lower() not in _AVAILABILITY:
        return None
    for online, offline in _WORDS.items():
        if word.lower() in (online, offline):
            written = [text.upper() if word.isupper() else text for text in (online, offline)]
            written = [text.capitalize() if word.istitle() else text for text in written]
            return FoundAvailability(levels[:-1], topic, *written)
    return None


def _document(payload: bytes) -> Any:
    """Parsed where it is JSON, else its text; None for bytes that are neither."""
    try:
        text = payload.decode("utf-8-sig")
    except ValueError:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """(pointer, value) of what is neither a list nor an object; at most so many, and so deep."""
    waiting: list[tuple[str, Any, int]] = [("", document, 0)]
    count = 0
    while waiting and count < _MOST_LEAVES:
        pointer, value, depth = waiting.pop()
        if isinstance(value, dict | list) and depth < _MOST_DEPTH:
            items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
            waiting.extend((f"{pointer}/{_escaped(str(name))}", item, depth + 1) for name, item in reversed(items))
        elif not isinstance(value, dict | list):
            count += 1
            yield pointer, value


def _beside(leaves: list[tuple[str, Any]]) -> dict[str, str]:
    """Where a message says when and how good its values are: once, at its top."""
    found: dict[str, str] = {}
    for pointer, value in leaves:
        name = pointer[1:].lower()
        try:
            if name in _TIMES and "timestamp_pointer" not in found:
                moment(value)
                found["timestamp_pointer"] = pointer
            elif name in _QUALITIES and "quality_pointer" not in found:
                quality_of(value)
                found["quality_pointer"] = pointer
        except Unusable:
            continue
    return found if len(found) < len(leaves) else {}


def _type_of(value: Any, has_fractions: bool) -> tuple[DataType | None, str]:
    match value:
        case bool():
            return "boolean", "boolean"
        case int():
            return ("float", "number") if has_fractions else ("integer", "whole number")
        case float():
            return "float", "number"
        case str():
            try:
                parse_iso(value)
            except (ValueError, OverflowError):
                return "string", "text"
            return "datetime", "date and time"
        case None:
            return None, "nothing"
    return None, "list or object"


def _shown(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")
