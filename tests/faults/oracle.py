"""What the graph must hold once it has caught up: a fold of the whole journal, compared with every node.

It shares no step with the graph writer: no batches, no coalescing, no cursor. The journal must still begin at its
beginning (nothing compacted), and definitions are compared only as far as facts hang on them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from app.graph import codec
from app.journal.reading import JournalReader
from app.model.audit import AlertRecord, AuditEntry
from app.model.events import Alert, BehaviorChanged, Call, Entry, Load, PropertyChanged, TwinEventOccurred
from app.model.plan import BehaviorKey, Plan
from app.runtime.audited import audited, recorded
from tests.servers.graph import GraphAddress

Row = dict[str, Any]
DeadbandOf = Callable[[str, str], float | None]
_BLANK: Row = {
    "value": None,
    "value_kind": None,
    "number": None,
    "quality": None,
    "timestamp": None,
    "reported_at": None,
    "known": None,
    "reason": None,
    "override": None,
}
"""A property of which nothing was ever heard, but for what its creation gives it."""
_PROPERTIES = "MATCH (p:Property) RETURN p.key AS key, p.life AS life, " + ", ".join(f"p.{n} AS {n}" for n in _BLANK)
_BEHAVIORS = "MATCH (b:Behavior) RETURN b.key AS key, b.state AS state, b.evidence AS evidence"
_ALERTS = "MATCH (n:Alert) RETURN n.alert_id AS key, n.document AS document"
_CALLS = "MATCH (n:Call) RETURN n.call_id AS key, n.document AS document"
_AUDITS = (
    "MATCH (n:AuditEntry) WHERE n.entry_id STARTS WITH 'journal/' RETURN n.entry_id AS key, n.document AS document"
)
_RECORDS = "MATCH (n:AlertRecord) RETURN n.record_id AS key, n.document AS document"
_EVENTS = "MATCH (t:Twin) WHERE t.last_events IS NOT NULL RETURN t.twin_id AS key, t.last_events AS document"


class Oracle:
    """Everything that the journal says, entry by entry; `differences` asks the graph."""

    def __init__(self) -> None:
        self.entries = 0
        self.last_sequence = 0
        self._lives: dict[str, int] = {}
        self._properties: dict[tuple[str, str], PropertyChanged] = {}
        self._behaviors: dict[BehaviorKey, BehaviorChanged] = {}
        self._alerts: dict[str, Alert] = {}
        self._calls: dict[str, Call] = {}
        self._audits: dict[str, AuditEntry] = {}
        self._records: dict[str, AlertRecord] = {}
        self._events: dict[str, list[TwinEventOccurred]] = defaultdict(list)

    @classmethod
    def of(cls, journal_folder: Path) -> "Oracle":
        """Also of a server that runs: up to what it has committed now. Raises Unavailable (JOURNAL_COMPACTED) where
        the beginning is gone: keep it with `journal.keep_hours`."""
        oracle = cls()
        reader = JournalReader.open(journal_folder)
        try:
            for found in reader.entries(0):
                oracle.take(found.entry)
        finally:
            reader.close()
        return oracle

    def take(self, entry: Entry) -> None:
        self.entries += 1
        self.last_sequence = entry.sequence
        if isinstance(entry.input, Load):
            self._load(entry.input.plan)
        outcome = entry.outcome
        for change in outcome.changes:
            if change.twin_id in self._lives:
                self._properties[change.twin_id, change.property] = change
        self._behaviors.update({turned.key: turned for turned in outcome.behaviors})
        self._alerts.update({item.alert.alert_id: item.alert for item in outcome.alerts})
        self._calls.update({item.call.call_id: item.call for item in outcome.calls})
        self._audits.update({item.entry_id: item for item in audited(entry)})
        self._records.update({codec.record_id(item.place): item for item in recorded(entry)})
        for event in outcome.events:
            if event.twin_id in self._lives:
                self._events[event.twin_id].append(event)

    def _load(self, plan: Plan) -> None:
        ended = set(plan.removed_twins)
        ended |= {twin.twin_id for twin in plan.twins if self._lives.get(twin.twin_id, twin.life) != twin.life}
        for twin_id in ended:
            self._lives.pop(twin_id, None)
            self._events.pop(twin_id, None)
        self._lives.update({twin.twin_id: twin.life for twin in plan.twins})
        self._properties = {key: item for key, item in self._properties.items() if key[0] not in ended}
        gone = {("twin", twin_id) for twin_id in ended} | {("overlay", id) for id in plan.removed_overlays}
        self._behaviors = {
            key: item for key, item in self._behaviors.items() if (key.owner.kind, key.owner.id) not in gone
        }

    async def differences(
        self,
        graph: GraphAddress,
        *,
        aside: Collection[str] = (),
        deadband_of: DeadbandOf = lambda twin_id, name: None,
        most: int = 20,
    ) -> list[str]:
        """What the graph has otherwise, at most so many lines; empty where it has exactly what the journal says.
        `aside`: keys that the writer says it could not write."""
        found = [
            *self._of_properties(await graph.run(_PROPERTIES), deadband_of),
            *self._of_behaviors(await graph.run(_BEHAVIORS)),
            *_of_documents("alert", self._alerts, await graph.run(_ALERTS)),
            *_of_documents("call", self._calls, await graph.run(_CALLS)),
            *_of_documents("audit entry", self._audits, await graph.run(_AUDITS)),
            *_of_documents("alert record", self._records, await graph.run(_RECORDS)),
            *self._of_events(await graph.run(_EVENTS)),
        ]
        lines = [line for key, line in found if key not in aside]
        return lines if len(lines) <= most else [*lines[:most], f"and {len(lines) - most} more"]

    def _of_properties(self, rows: Iterable[Row], deadband_of: DeadbandOf) -> Iterable[tuple[str, str]]:
        expected = {codec.property_key(*where): (where, change) for where, change in self._properties.items()}
        for row in rows:
            key, life = row.pop("key"), row.pop("life")
            where, change = expected.pop(key, (None, None))
            if where is None or change is None:
                if row["timestamp"] is not None:
                    yield key, f"property {key} is {row['value']!r}, and nothing of it is in the journal"
                continue
            wanted = codec.property_row(self._lives[where[0]], change)
            if life != wanted["life"]:
                yield key, f"property {key} is of life {life}, the journal's is {wanted['life']}"
            elif row != {name: wanted[name] for name in _BLANK} and not _near(row, wanted, deadband_of(*where)):
                yield key, f"property {key} is {row}, the journal has {wanted}"
        for key, (_, change) in expected.items():
            yield key, f"property {key} is not in the graph; the journal has {change}"

    def _of_behaviors(self, rows: Iterable[Row]) -> Iterable[tuple[str, str]]:
        expected = {codec.behavior_key(key): turned for key, turned in self._behaviors.items()}
        for row in rows:
            turned = expected.pop(str(row["key"]), None)
            wanted = ("inactive", "unknown") if turned is None else (turned.state, turned.evidence)
            if (row["state"], row["evidence"]) != wanted:
                yield row["key"], f"behavior {row['key']} is {row['state']}/{row['evidence']}, the journal has {wanted}"
        for key in expected:
            yield key, f"behavior {key} is not in the graph"

    def _of_events(self, rows: Iterable[Row]) -> Iterable[tuple[str, str]]:
        """By their moments: which of several at one moment are among the last twenty is nobody's promise."""
        stored = {str(row["key"]): msgspec.json.decode(row["document"], type=list[TwinEventOccurred]) for row in rows}
        for twin_id in sorted(stored.keys() | self._events.keys()):
            has = [event.timestamp for event in stored.get(twin_id, ())]
            moments = sorted((event.timestamp for event in self._events.get(twin_id, ())), reverse=True)
            if has != moments[: codec.MAX_LAST_EVENTS]:
                yield twin_id, f"twin {twin_id} has events of {has}, the journal of {moments[:20]}"


def _of_documents(what: str, expected: Mapping[str, object], rows: Iterable[Row]) -> Iterable[tuple[str, str]]:
    stored = {str(row["key"]): row["document"] for row in rows}
    for key in sorted(expected.keys() | stored.keys()):
        if key not in stored:
            yield key, f"{what} {key} is not in the graph; the journal has {expected[key]}"
        elif key not in expected:
            yield key, f"{what} {key} is in the graph, and not in the journal"
        elif stored[key] != (wanted := codec.encoded(expected[key])):
            yield key, f"{what} {key} is {stored[key]}, the journal has {wanted}"


def _near(row: Row, wanted: Row, deadband: float | None) -> bool:
    same = all(row[name] == wanted[name] for name in ("quality", "known", "reason", "override", "value_kind"))
    numbers = row["number"], wanted["number"]
    return bool(deadband and same and None not in numbers and abs(numbers[0] - numbers[1]) <= deadband)
