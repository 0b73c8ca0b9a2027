"""A small plant to look for things in, made of documents; and the plain way to answer: try every twin, then sort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from typing import Any

from app.find.finder import Finder
from app.find.query import Box, MemberTest, Order, OverlayFilter, PropertyTest, TwinFilter
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import MODELS, Kind, id_of
from app.model.live import BehaviorView, Connectivity
from app.model.plan import BehaviorKey, OwnerKey, OwnerKind
from app.model.values import PropertyState, Quality, Value
from app.topology.topology import Topology
from tests.api.parts import NOON, FakeLive, an_alert

TYPES: list[tuple[Kind, dict[str, Any]]] = [
    (
        "twin_type",
        {
            "type_id": "device",
            "properties": [
                {"name": "temperature", "data_type": "float"},
                {"name": "status", "data_type": "enum", "enum_values": ["off", "running", "fault"]},
            ],
            "behaviors": [{"name": "hot", "conditions": ["temperature >= 80.0"]}],
        },
    ),
    (
        "twin_type",
        {"type_id": "pump", "extends": "device", "properties": [{"name": "starts", "data_type": "integer"}]},
    ),
    (
        "twin_type",
        {
            "type_id": "valve",
            "properties": [
                {"name": "open", "data_type": "boolean"},
                {"name": "label", "data_type": "string"},
                {"name": "served", "data_type": "datetime"},
            ],
        },
    ),
    (
        "overlay_type",
        {
            "type_id": "line",
            "twin_roles": [
                {"role": "first", "twin_type": "device", "required": False},
                {"role": "second", "twin_type": "valve", "required": False},
            ],
            "relationship_types": [
                {
                    "name": "flow",
                    "source_role": "first",
                    "target_role": "second",
                    "relationship_type": "physical_connection",
                }
            ],
            "behaviors": [{"name": "blocked", "conditions": ["second.open == false"]}],
        },
    ),
]
FAMILY = {"device": {"device", "pump"}, "pump": {"pump"}, "valve": {"valve"}}


@dataclass
class Plant:
    """Documents and live states as plain data, and a Finder that was told of them change by change."""

    documents: dict[tuple[Kind, str], dict[str, Any]] = field(default_factory=dict)
    updated: dict[tuple[Kind, str], int] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=Catalogue)
    live: FakeLive = field(default_factory=FakeLive)

    def __post_init__(self) -> None:
        self.save(*TYPES)
        self.finder = Finder(self.catalogue, Topology(self.catalogue), self.live)

    def save(self, *documents: tuple[Kind, dict[str, Any]], at: int = NOON) -> None:
        saved = []
        for kind, document in documents:
            definition = MODELS[kind].model_validate(document)
            saved.append(StoredDefinition(kind, id_of(definition), definition, 1, 1, NOON, "ann", at, "ann"))
            self.documents[kind, id_of(definition)] = document
            self.updated[kind, id_of(definition)] = at
        self.catalogue.apply(DefinitionChange(self.catalogue.revision, NOON, "ann", "", tuple(saved)))

    def unbind(self, twin_id: str, at: int) -> None:
        """It leaves every overlay, as it must before it may go."""
        for document in self.of("overlay").values():
            staying = [binding for binding in document["twins"] if binding["twin_id"] != twin_id]
            if staying != document["twins"]:
                self.save(("overlay", {**document, "twins": staying}), at=at)

    def remove(self, kind: Kind, id: str) -> None:
        del self.documents[kind, id]
        self.catalogue.apply(DefinitionChange(self.catalogue.revision, NOON, "ann", "", (), ((kind, id),)))

    # ------------------------------------------------------------ what the plant does

    def report(self, twin_id: str, name: str, value: Value, quality: Quality = "good", known: bool = True) -> None:
        self.live.states[twin_id, name] = PropertyState(value, quality, NOON, NOON, None, known)

    def connect(self, twin_id: str, status: Any) -> None:
        self.live.paths[twin_id] = Connectivity(status)

    def activate(self, kind: OwnerKind, id: str, behavior: str) -> None:
        key = BehaviorKey(OwnerKey(kind, id), behavior)
        self.live.views.setdefault(key.owner, {})[behavior] = BehaviorView(key, "active", "true", NOON)

    def alarm(self, severity: Any, *twins: str, owner: OwnerKey) -> None:
        alert_id = f"alert-{len(self.live.alerts)}"
        self.live.alerts[alert_id] = an_alert(alert_id, severity=severity, twins=twins, owner=owner)

    # ------------------------------------------------------------ the plain way

    def of(self, kind: Kind) -> dict[str, dict[str, Any]]:
        return {id: document for (found, id), document in self.documents.items() if found == kind}

    def twins(self, where: TwinFilter, order: Order) -> list[str]:
        matching = [id for id, document in self.of("twin").items() if self._twin(id, document, where)]
        return self._sorted("twin", matching, order)

    def overlays(self, where: OverlayFilter, order: Order) -> list[str]:
        matching = [id for id, document in self.of("overlay").items() if self._overlay(id, document, where)]
        return self._sorted("overlay", matching, order)

    def _twin(self, id: str, document: Mapping[str, Any], where: TwinFilter) -> bool:
        location = document.get("location", {})
        place, related = where.location, where.related_to
        severities = {alert.severity for alert in self.live.alerts.values() if id in alert.twins}
        return all(
            (
                not where.types or any(document["twin_type"] in FAMILY[wanted] for wanted in where.types),
                set(where.tags) <= set(document.get("metadata", {}).get("tags", [])),
                place is None
                or all(
                    getattr(place, name) in (None, location.get(name)) for name in ("site", "building", "floor", "room")
                ),
                place is None or place.within is None or _inside(location.get("coordinates", {}), place.within),
                where.text is None or any(where.text.lower() in text.lower() for text in _texts("twin", document)),
                related is None
                or id in self._neighbours(related.twin_id, related.way, related.relationship_types),
                where.member is None
                or any(
                    binding["twin_id"] == id
                    and where.member.role in (None, binding["role"])
                    and where.member.overlay_id in (None, overlay_id)
                    for overlay_id, overlay in self.of("overlay").items()
                    for binding in overlay["twins"]
                ),
                not where.connectivity
                or (id in self.live.paths and self.live.paths[id].status in where.connectivity),
                where.active_behavior is None or self._active(OwnerKey("twin", id), where.active_behavior),
                not where.alert_severity or bool(severities & set(where.alert_severity)),
                all(self._property(id, document, test) for test in where.properties),
            )
        )  # fmt: skip

    def _overlay(self, id: str, document: Mapping[str, Any], where: OverlayFilter) -> bool:
        members = {binding["twin_id"] for binding in document["twins"]}
        severities = {
            alert.severity
            for alert in self.live.alerts.values()
            if alert.owner == OwnerKey("overlay", id) or members & set(alert.twins)
        }
        return all(
            (
                not where.types or document.get("overlay_type") in where.types,
                set(where.tags) <= set(document.get("metadata", {}).get("tags", [])),
                where.text is None or any(where.text.lower() in text.lower() for text in _texts("overlay", document)),
                all(self._has(document["twins"], test) for test in where.members),
                where.active_behavior is None or self._active(OwnerKey("overlay", id), where.active_behavior),
                not where.alert_severity or bool(severities & set(where.alert_severity)),
            )
        )

    def _has(self, bindings: Sequence[Mapping[str, str]], test: MemberTest) -> bool:
        twins = self.of("twin")
        return any(
            test.role in (None, binding["role"])
            and test.twin_id in (None, binding["twin_id"])
            and (
                test.where is None
                or (
                    binding["twin_id"] in twins
                    and self._twin(binding["twin_id"], twins[binding["twin_id"]], test.where)
                )
            )
            for binding in bindings
        )

    def _property(self, id: str, document: Mapping[str, Any], test: PropertyTest) -> bool:
        state = self.live.states.get((id, test.property))
        value = state.value if state is not None and state.known else None
        checks = []
        if test.eq is not None:
            checks.append(value is not None and type(value) is type(test.eq) and value == test.eq)
        if test.any_of:
            checks.append(any(type(value) is type(item) and value == item for item in test.any_of))
        for limit, holds in ((test.gt, gt), (test.gte, ge), (test.lt, lt), (test.lte, le)):
            if limit is not None:
                checks.append(value is not None and holds(value, limit))
        if test.known is not None:
            has = {"device": ("temperature", "status"), "pump": ("temperature", "status", "starts")}
            mine = has.get(document["twin_type"], ("open", "label", "served"))
            checks.append(test.property in mine and (value is not None) is test.known)
        if test.quality:
            checks.append(state is not None and state.quality in test.quality)
        return all(checks)

    def _active(self, owner: OwnerKey, name: str) -> bool:
        view = self.live.views.get(owner, {}).get(name)
        return view is not None and view.state == "active"

    def _neighbours(self, here: str, way: str, types: Sequence[str]) -> set[str]:
        edges = []
        for id, twin in self.of("twin").items():
            for item in twin.get("relationships", []):
                ends = (id, item["target_twin_id"])
                ends = ends if item.get("direction", "outgoing") == "outgoing" else ends[::-1]
                edges.append((*ends, item["relationship_type"]))
        for overlay in self.of("overlay").values():
            edges += [
                (item["source_twin_id"], item["target_twin_id"], item["relationship_type"])
                for item in overlay.get("relationships", [])
            ]
            bound = {binding["role"]: binding["twin_id"] for binding in overlay["twins"]}
            replaced = any(item["name"] == "flow" for item in overlay.get("relationships", []))
            if "overlay_type" in overlay and {"first", "second"} <= set(bound) and not replaced:
                edges.append((bound["first"], bound["second"], "physical_connection"))
        wanted = [edge for edge in edges if not types or edge[2] in types]
        out = {target for source, target, _ in wanted if source == here and way != "incoming"}
        back = {source for source, target, _ in wanted if target == here and way != "outgoing"}
        return (out | back) - {here}

    def _sorted(self, kind: Kind, ids: list[str], order: Order) -> list[str]:
        """Two passes: ids first, then the key, which keeps their order; the unknown behind, the same way up."""
        ids = sorted(ids, reverse=order.descending)
        documents = self.of(kind)
        match order.by:
            case "type":
                ids.sort(key=lambda id: documents[id].get(f"{kind}_type", ""), reverse=order.descending)
            case "updated":
                ids.sort(key=lambda id: self.updated[kind, id], reverse=order.descending)
            case "property":
                values = {id: self._ordered_by(kind, id, order) for id in ids}
                known = [id for id in ids if values[id] is not None]
                # reverse=True keeps the order of equals too, so descending ids stay descending
                known.sort(key=lambda id: values[id], reverse=order.descending)
                ids = known + [id for id in ids if values[id] is None]
        return ids

    def _ordered_by(self, kind: Kind, id: str, order: Order) -> Any:
        assert order.property is not None
        if kind == "overlay":
            bound = {binding["role"]: binding["twin_id"] for binding in self.of("overlay")[id]["twins"]}
            id = bound.get(order.role or "", "")
        state = self.live.states.get((id, order.property))
        return state.value if state is not None and state.known else None


def _inside(point: Mapping[str, float], box: Box) -> bool:
    for axis in ("x", "y", "z"):
        low, high = getattr(box, f"min_{axis}"), getattr(box, f"max_{axis}")
        if low is not None and not (axis in point and point[axis] >= low):
            return False
        if high is not None and not (axis in point and point[axis] <= high):
            return False
    return True


def _texts(kind: Kind, document: Mapping[str, Any]) -> list[str]:
    fields = {
        "twin": ("twin_id", "description", "manufacturer", "model", "serial_number", "installation_date"),
        "overlay": ("overlay_id", "description", "name"),
    }[kind]
    free = [document.get("metadata"), document.get("location") if kind == "twin" else None]
    return [document[name] for name in fields if name in document] + [text for part in free for text in _free(part)]


def _free(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _free(item)]
    if isinstance(value, list):
        return [text for item in value for text in _free(item)]
    return [str(value)] if isinstance(value, str) or type(value) is int else []
