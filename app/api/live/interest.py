"""Who has read what: by key, so that a change costs what those cost who have read it, however many others there are."""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Protocol, TypeVar

from app.api.live.reads import Key, Reads
from app.model.events import PropertyChanged
from app.model.values import PropertyState, Value
from app.runtime.thinning import DeadbandOf, negligible


class Reader(Hashable, Protocol):
    @property
    def reads(self) -> Reads:
        """Of its last execution."""


Who = TypeVar("Who", bound=Reader)


class Interest(Generic[Who]):
    """`touched` is called for each reader of a key that is told of, in the same turn."""

    def __init__(
        self, touched: Callable[[Who], None], deadband_of: DeadbandOf, value_of: Callable[[str, str], Value]
    ) -> None:
        """`value_of` a twin and property is what conditions may use now."""
        self._touched = touched
        self._deadband_of = deadband_of
        self._value_of = value_of
        self._readers: dict[Key, dict[Who, None]] = {}
        self.heard: set[Key] | None = None
        """What is told while an execution waits for something; None while none does."""

    def __len__(self) -> int:
        return len(self._readers)

    def put(self, who: Who, before: set[Key], now: set[Key]) -> None:
        for key in before - now:
            found = self._readers[key]
            found.pop(who, None)
            if not found:
                del self._readers[key]
        for key in now - before:
            self._readers.setdefault(key, {})[who] = None

    def tell(self, keys: Iterable[Key]) -> None:
        """Of each key, whoever has read it, and whoever has read all of its kind."""
        if self._readers or self.heard is not None:
            for key in dict.fromkeys(keys):
                self._tell(key)

    def tell_values(self, changes: Iterable[PropertyChanged]) -> None:
        """What an answer shows is held against the deadband, from the value that it shows; a filter sees everything."""
        if not self._readers and self.heard is None:
            return
        for change in changes:
            twin_id, name = change.twin_id, change.property
            for reader in list(self._readers.get(("value", twin_id, name), ())):
                if not self._negligible(reader.reads.shown.get((twin_id, name)), change):
                    self._touched(reader)
            for reader in list(self._readers.get(("range", name), ())):
                if reader.reads.crossed(name, twin_id, self._value_of(twin_id, name)):
                    self._touched(reader)
            if self.heard is not None:
                self.heard.update((("value", twin_id, name), ("range", name)))
            for key in (("value",), ("sample", twin_id, name), ("column", name), ("heard", twin_id)):
                self._tell(key)

    def _tell(self, key: Key) -> None:
        if self.heard is not None:
            self.heard.add(key)
        for reader in list(self._readers.get(key, ())):
            self._touched(reader)
        if len(key) > 1:
            self._tell(key[:1])

    def _negligible(self, shown: PropertyState | None, change: PropertyChanged) -> bool:
        deadband = self._deadband_of(change.twin_id, change.property)
        return bool(deadband and shown is not None and change.override is None and negligible(shown, change, deadband))
