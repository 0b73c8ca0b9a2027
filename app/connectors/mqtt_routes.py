"""Routes: who wants what from which topic of a broker, and which mappings can't be used.

Twins that take their type's connectivity differ in their id alone, so what there is to read in that is read once: of
each twin its topics are written, and nothing else is made of what its type says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from app.connectors.decode import EventRoute, Pointer, PropertyRoute, Unusable, parse_pointer
from app.model.connection import TwinConnection
from app.model.connectivity import Template, around_placeholders
from app.model.definitions import Availability, Connectivity, EventMapping, PropertyMapping

DEFAULT_QOS = 1
_LONGEST_TOPIC = 65_535
"""In bytes [MQTT 4.7.3]."""
_FEW = 8
_MOST_BYTES = 4
"""Of one character."""
Text = tuple[str, ...]
"""With the id of a twin between its parts."""


class Topic(msgspec.Struct, gc=False):
    qos: int = 0
    properties: Sequence[PropertyRoute] = ()
    """A tuple where they are few, as nearly always: the collector leaves that alone, too."""
    events: tuple[EventRoute, ...] = ()
    availability: tuple[tuple[str, Availability], ...] = ()

    def put(self, route: PropertyRoute) -> None:
        if len(self.properties) < _FEW:
            self.properties = (*self.properties, route)
        elif isinstance(self.properties, list):
            self.properties.append(route)
        else:
            self.properties = [*self.properties, route]

    def twins(self) -> set[str]:
        return {route.twin_id for route in self.properties}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a mapping wants from a topic, whichever twin it is."""

    topic: Text | None
    qos: int
    pointers: tuple[Text | None, ...]
    same: tuple[Pointer | None, ...] | Unusable | None
    """What the pointers are for every twin; None where an id is in one of them."""

    def of(self, twin_id: str) -> tuple[Pointer | None, ...]:
        """Raises Unusable."""
        if isinstance(self.same, Unusable):
            raise Unusable(self.same.reason, self.same.what)
        return self.same if self.same is not None else _parsed(self.pointers, twin_id)


@dataclass(frozen=True, slots=True)
class _Said:
    """All that a connectivity says about topics."""

    properties: Mapping[str, _Wanted]
    events: Mapping[str, _Wanted]
    availability: tuple[Text, Text, Text] | None
    """Its topic, and the two words on it."""


class Routes:
    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self.unmapped: list[tuple[str, str, Unusable]] = []
        """By twin and what of it."""
        self._said: dict[int, tuple[Template, _Said]] = {}
        """By the identity of a template, which it keeps."""

    def add(self, twin: TwinConnection) -> None:
        twin_id, said = twin.twin_id, self._said_by(twin.given)
        for name, plan in twin.properties.items():
            wanted = said.properties.get(name)
            if wanted is None or plan.access == "write":
                continue
            try:
                topic = self._topic(wanted, twin_id)
                topic.put(PropertyRoute(twin_id, plan, *wanted.of(twin_id)))
            except Unusable as unusable:
                self.unmapped.append((twin_id, name, unusable))
        for name, wanted in said.events.items():
            try:
                [pointer] = wanted.of(twin_id)
                self._topic(wanted, twin_id).events += (EventRoute(twin_id, name, pointer),)
            except Unusable as unusable:
                self.unmapped.append((twin_id, f"event {name}", unusable))
        if said.availability is not None:
            name, online, offline = (twin_id.join(text) for text in said.availability)
            availability = Availability.model_construct(topic=name, online=online, offline=offline)
            try:
                self._at(name, DEFAULT_QOS).availability += ((twin_id, availability),)
            except Unusable as unusable:
                self.unmapped.append((twin_id, "availability", unusable))

    def _said_by(self, given: Connectivity | Template) -> _Said:
        if isinstance(given, Connectivity):
            return _said_in(given, filled=False)
        found = self._said.get(id(given))
        if found is None:
            assert given.unfilled is not None, "nobody is given a template that says too little to connect"
            found = self._said[id(given)] = (given, _said_in(given.unfilled, filled=True))
        return found[1]

    def _topic(self, wanted: _Wanted, twin_id: str) -> Topic:
        """Raises Unusable."""
        return self._at(None if wanted.topic is None else twin_id.join(wanted.topic), wanted.qos)

    def _at(self, name: str | None, qos: int) -> Topic:
        usable = usable_topic(name)
        found = self.topics.get(usable)
        if found is None:
            found = self.topics[usable] = Topic()
        if found.qos < qos:
            found.qos = qos
        return found


def _said_in(connectivity: Connectivity, *, filled: bool) -> _Said:
    """`filled`: whether ids take the places of placeholders."""

    def text(written: str) -> Text:
        return around_placeholders(written) if filled else (written,)

    def wanted(mapping: PropertyMapping | EventMapping, *pointers: str | None) -> _Wanted:
        texts = tuple(None if pointer is None else text(pointer) for pointer in pointers)
        same: tuple[Pointer | None, ...] | Unusable | None = None
        if all(one is None or len(one) == 1 for one in texts):
            try:
                same = _parsed(texts, "")
            except Unusable as unusable:
                same = unusable
        qos = min(1, DEFAULT_QOS if mapping.qos is None else mapping.qos)
        return _Wanted(None if mapping.topic is None else text(mapping.topic), qos, texts, same)

    said, mapping = connectivity.availability, connectivity.mapping
    return _Said(
        {
            name: wanted(item, item.pointer, item.timestamp_pointer, item.quality_pointer)
            for name, item in mapping.properties.items()
        },
        {name: wanted(item, item.pointer) for name, item in mapping.events.items()},
        None if said is None else (text(said.topic), text(said.online), text(said.offline)),
    )


def _parsed(pointers: tuple[Text | None, ...], twin_id: str) -> tuple[Pointer | None, ...]:
    """Raises Unusable."""
    return tuple(None if pointer is None else parse_pointer(twin_id.join(pointer)) for pointer in pointers)


def usable_topic(topic: str | None) -> str:
    """Raises Unusable."""
    if not topic:
        raise Unusable("NoTopic", "its mapping has no topic")
    too_long = len(topic) * _MOST_BYTES > _LONGEST_TOPIC and len(topic.encode(errors="replace")) > _LONGEST_TOPIC
    if "+" in topic or "#" in topic or "\0" in topic or too_long:
        raise Unusable("BadTopic", f"'{topic[:100]}' is a filter, not a topic: + and # can't be mapped")
    return topic
