"""Any history of edits, through the real commands on the real graph: what is left equals its replay, in every respect.

Set HISTORY_EXAMPLES for longer runs; Neo4j gets a few of the examples.
"""

import itertools
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from app.commands.definitions import DefinitionCommands
from app.commands.documents import KINDS
from app.errors import Conflict, Invalid, NotFound
from app.graph.store import GraphStore
from app.model.catalogue import Catalogue
from app.model.change import RevisionRecord, StoredDefinition
from app.model.definitions import Kind, to_document
from app.model.time import Micros
from tests.commands.ports import ANN
from tests.commands.station import opc_ua, pump_type, station_type, valve_type
from tests.contract.test_concurrency import commands_on
from tests.servers.graph import GraphAddress

EXAMPLES = int(os.environ.get("HISTORY_EXAMPLES", "6"))
NEO4J_EXAMPLES = max(3, EXAMPLES // 10)
Key = tuple[Kind, str]
Document = dict[str, Any]
Step = tuple[str, Key, Any]

_EXTRA = {"name": "vibration", "data_type": "float", "unit": "mm/s"}
_FEEDS = {"name": "feeds", "target_twin_id": "p2", "relationship_type": "steam"}
_SHUT = {"name": "shut", "method": "start", "while": "temperature > 90"}
_READS_P2 = {"name": "b", "conditions": ["'p2'.status == 'fault'"]}
VARIANTS: dict[Key, list[Document]] = {
    ("relationship_type", "steam"): [
        {"relationship_type": "steam", "impact": "forward"},
        {"relationship_type": "steam", "impact": "none", "inverse": "steamed_by", "metadata": {"b": 1, "a": [None]}},
        {"relationship_type": "steam"},  # says nothing of impact
    ],
    ("twin_type", "pump"): [
        pump_type(),
        pump_type(description="\u2028 'quoted' \\ $x", properties=[*pump_type()["properties"], _EXTRA]),
        pump_type(interlocks=[_SHUT, {**_SHUT, "name": "hand", "while": "speed > 3 || temperature > 90"}]),
        pump_type(visualization={"model": "https://x.example/p.glb"}, behaviors=[]),
        pump_type(properties=[], behaviors=[]),  # breaks what reads them
        pump_type(extends="small"),  # a circle, once `small` is there
        pump_type(properties=[{"name": "speed", "data_type": "float", "unit": "rpn"}]),
    ],
    ("twin_type", "small"): [
        {"type_id": "small", "extends": "pump"},
        {"type_id": "small", "extends": "pump", "properties": [_EXTRA], "metadata": {"tags": ["s"]}},
        {"type_id": "small", "extends": "pump", "properties": [{"name": "speed", "data_type": "string"}]},
    ],
    **{
        ("twin", id): [
            {"twin_id": id, "twin_type": "pump"},
            {"twin_id": id, "twin_type": "small", "location": {"floor": 2, "site": "ä"}},
            {"twin_id": id, "twin_type": "pump", "relationships": [_FEEDS], "metadata": {"z": 1.5, "a": {}}},
            {"twin_id": id, "twin_type": "pump", "connectivity": opc_ua(status="ns=2;s=X")},
            {"twin_id": id, "twin_type": "valve"},
            {"twin_id": id, "twin_type": "nothing"},
        ]
        for id in ("p1", "p2", "p3")
    },
    ("overlay_type", "station"): [
        station_type(),
        station_type(behaviors=[], relationship_types=[]),
        station_type(
            interlocks=[{"name": "hot", "role": "spare", "method": "start", "while": "main.temperature > 90"}]
        ),
        station_type(twin_roles=[*station_type()["twin_roles"], {"role": "third", "twin_type": "pump"}]),
    ],
    ("overlay", "s"): [
        _bound := {
            "overlay_id": "s",
            "overlay_type": "station",
            "twins": [{"role": "main", "twin_id": "p1"}, {"role": "outlet", "twin_id": "v1"}],
        },
        {**_bound, "twins": [*_bound["twins"], {"role": "spare", "twin_id": "p2"}], "behaviors": [_READS_P2]},
        {**_bound, "twins": [{"role": "outlet", "twin_id": "v1"}]},  # main is required
    ],
    ("overlay", "free"): [
        {
            "overlay_id": "free",
            "twins": [{"role": "a", "twin_id": "p2"}, {"role": "b", "twin_id": "p3"}],
            "relationships": [
                {"name": "r", "source_twin_id": "p3", "target_twin_id": "p2", "relationship_type": "control"}
            ],
        },
        {"overlay_id": "free", "twins": [{"role": "a", "twin_id": "p3"}], "name": "F"},
    ],
}
PATCHES: dict[Kind, list[Document]] = {
    "relationship_type": [{"impact": "both"}, {"inverse": None}, {"metadata": {"k": 1}}],
    "twin_type": [
        {"description": "new"},
        {"properties": [{"name": "note", "remove": True}]},
        {"properties": [{"name": "temperature", "remove": True}]},
        {"metadata": {"k": {"deep": [1, 2]}}},
    ],
    "twin": [
        {"description": "d"},
        {"description": None},
        {"relationships": [{**_FEEDS, "name": "to_p3", "target_twin_id": "p3"}]},
        {"relationships": [{"name": "feeds", "remove": True}]},
        {"twin_type": "small"},
        {"colour": "red"},
    ],
    "overlay_type": [{"name": "S"}, {"behaviors": [{"name": "failure", "remove": True}]}],
    "overlay": [
        {"twins": [{"role": "spare", "twin_id": "p3"}]},
        {"twins": [{"role": "spare", "twin_id": None}]},
        {"twins": [{"role": "main", "twin_id": "p2"}]},
        {"metadata": {"k": None, "j": True}},
    ],
}
KEYS = st.sampled_from(list(VARIANTS))
EXPECTED = st.sampled_from(["none", "none", "none", "right", "wrong"])
START: list[Key] = [key for key in VARIANTS if key != ("overlay", "free")]


@st.composite
def steps(draw: st.DrawFn) -> Step:
    key = draw(KEYS)
    match draw(st.sampled_from(["save", "save", "update", "update", "delete", "revert", "batch"])):
        case "save":
            return "save", key, (draw(st.sampled_from(VARIANTS[key])), draw(EXPECTED))
        case "update":
            return "update", key, (draw(st.sampled_from(PATCHES[key[0]])), draw(EXPECTED))
        case "delete":
            return "delete", key, (draw(st.booleans()), draw(EXPECTED))
        case "revert":
            return "revert", key, draw(st.integers(1, 6))
        case _:
            several = draw(st.lists(KEYS, min_size=2, max_size=4, unique=True))
            return "batch", key, [(each[0], draw(st.sampled_from(VARIANTS[each]))) for each in several]


def _text(document: Document) -> str:
    """Its fields in the order in which they are kept: a difference of one byte is one."""
    return json.dumps(document)


class History:
    """The commands under test, and beside them what must have come of them."""

    def __init__(self, commands: DefinitionCommands) -> None:
        self.commands = commands
        self.now: dict[Key, str] = {}
        self.revisions: dict[Key, list[str]] = {}
        """Documents by number, "" for a deletion."""
        self.lives: dict[Key, int] = {}
        self.moments: list[tuple[Micros, dict[Key, int]]] = []
        """After each accepted change: when, and the last number of each."""

    async def do(self, step: Step) -> None:
        before = dict(self.commands.catalogue.stored)
        try:
            await self._ask(*step)
        except (Conflict, Invalid, NotFound):
            assert self.commands.catalogue.stored == before, step
            return
        await self._notice(before, step)

    async def _ask(self, what: str, key: Key, detail: Any) -> None:
        kind, id = key
        match what:
            case "save":
                document, expected = detail
                await self.commands.save([(kind, document)], ANN, expected_revision=self._expected(key, expected))
                assert json.loads(self._document(key)) == document
            case "update":
                patch, expected = detail
                await self.commands.update(kind, id, patch, ANN, expected_revision=self._expected(key, expected))
            case "delete":
                unbind, expected = detail
                await self.commands.delete(
                    kind, id, ANN, unbind=unbind, expected_revision=self._expected(key, expected)
                )
                assert key not in self.commands.catalogue.stored
            case "revert":
                await self.commands.revert(kind, id, detail, ANN)
                assert self._document(key) == self.revisions[key][detail - 1]
            case "batch":
                await self.commands.save(detail, ANN)

    def _expected(self, key: Key, what: str) -> int | None:
        stored = self.commands.catalogue.stored.get(key)
        now = stored.revision if stored else 0
        return {"none": None, "right": now, "wrong": now + 1}[what]

    def _document(self, key: Key) -> str:
        return _text(to_document(self.commands.catalogue.stored[key].definition))

    async def _notice(self, before: dict[Key, StoredDefinition], step: Step) -> None:
        after = self.commands.catalogue.stored
        changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        if not changed:
            return
        for key in changed:
            numbers = self.revisions.setdefault(key, [])
            numbers.append(self._document(key) if key in after else "")
            if key not in after:
                self.now.pop(key)
                continue
            self.now[key] = numbers[-1]
            if key not in before:
                self.lives[key] = len(numbers)
            assert (after[key].revision, after[key].life) == (len(numbers), self.lives[key]), step
        self.moments.append((self._now(), {key: len(numbers) for key, numbers in self.revisions.items()}))

    def _now(self) -> Micros:
        """A moment after that change and before the next; asking the clock moves it on."""
        return self.commands._clock.now()


async def _records(store: GraphStore, key: Key) -> list[RevisionRecord]:
    return list(reversed(await store.revisions(*key, first=1000)))


_VOLATILE = ("document", "revision", "life", "created_at", "created_by", "updated_at", "updated_by")
_NODES = (
    "MATCH (n) WHERE none(label IN labels(n) WHERE label IN "
    "['Revision', 'AuditEntry', 'Catalogue', 'Cursor', 'Migration', 'TestDatabase', 'Installation']) "
    "RETURN labels(n) AS labels, properties(n) AS properties"
)
_EDGES = (
    "MATCH (a)-[e]->(b) WHERE type(e) <> 'HAS_REVISION' RETURN type(e) AS type, properties(e) AS properties, "
    "coalesce(a.key, a.twin_id, a.overlay_id, a.type_id, a.name) AS source, "
    "coalesce(b.key, b.twin_id, b.overlay_id, b.type_id, b.name) AS target"
)


async def _graph(graph: GraphAddress) -> list[str]:
    rows = [*await graph.run(_NODES), *await graph.run(_EDGES)]
    for row in rows:
        properties: Any = row["properties"]
        row["properties"] = {name: value for name, value in properties.items() if name not in _VOLATILE}
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)


_seen = itertools.count()


@pytest.mark.timeout(300)
@seed(1)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking a history on a graph takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(asked=st.lists(steps(), min_size=6, max_size=16))
async def test_what_any_history_leaves_behind_equals_its_replay(
    store: GraphStore, graph: GraphAddress, request: pytest.FixtureRequest, asked: list[Step]
) -> None:
    if "neo4j" in request.node.name and next(_seen) >= NEO4J_EXAMPLES:
        return
    await graph.clean()
    await store.migrate()
    history = History(await commands_on(store))
    valve: list[tuple[Kind, Document]] = [
        ("twin_type", valve_type()),
        ("twin", {"twin_id": "v1", "twin_type": "valve"}),
    ]
    await history.do(("batch", ("twin", "v1"), [*valve, *((key[0], VARIANTS[key][0]) for key in START)]))
    assert len(history.now) == len(START) + 2
    for step in asked:
        await history.do(step)

    # The catalogue is the graph's image, to the byte.
    fresh = Catalogue.of(*await store.load())
    assert fresh.stored == history.commands.catalogue.stored
    assert fresh.revision == history.commands.catalogue.revision
    assert {key: _text(to_document(item.definition)) for key, item in fresh.stored.items()} == history.now

    # The revisions are what was accepted, no more and no less, and each moment has its own.
    for key, documents in history.revisions.items():
        records = await _records(store, key)
        assert [record.document and _text(json.loads(record.document)) for record in records] == documents
        assert [record.number for record in records] == list(range(1, len(documents) + 1))
    for at, numbers in history.moments[:: max(1, len(history.moments) // 3)]:
        for key in history.revisions:
            (found,) = await store.revisions_at([(*key, at)])
            assert (found.number if found else None) == numbers.get(key), (key, at)

    # Nodes and edges are those of a graph that never knew anything but the end.
    left = await _graph(graph)
    await graph.clean()
    await store.migrate()
    alone = await commands_on(store)
    await alone.save([(key[0], json.loads(document)) for key, document in history.now.items()], ANN)
    assert await _graph(graph) == left


def test_every_kind_of_definition_is_edited() -> None:
    assert {kind for kind, _ in VARIANTS} == set(KINDS)
