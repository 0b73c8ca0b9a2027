"""The topics that can be subscribed to: which facts, which of them, and what they look like.

A topic has the name of its field; facts are called as the subscriptions to them.
"""

from collections.abc import Collection, Iterable, Iterator

from app.api.alert_pages import newest_first
from app.api.context import Context
from app.api.membership import Membership
from app.api.pushes import (
    AlertChange,
    BehaviorChange,
    CallChange,
    ChangedDefinition,
    ConnectivityChange,
    PropertyChange,
    TwinEventOccurrence,
    alert_change,
    alert_found,
    behavior_change,
    behavior_found,
    call_change,
    call_found,
    connectivity_change,
    connectivity_found,
    definition_change,
    property_change,
    property_found,
    twin_event,
)
from app.api.sources import FactTopic, StateTopic, owners
from app.model.events import (
    Alert,
    AlertChanged,
    BehaviorChanged,
    Call,
    CallChanged,
    ConnectivityChanged,
    DefinitionChanged,
    PropertyChanged,
    TwinEventOccurred,
)
from app.model.live import BehaviorView
from app.model.sight import Subject
from app.model.time import Micros
from app.runtime.bus import Published


class Properties(StateTopic[PropertyChanged]):
    kind = PropertyChanged
    name = "propertyChanged"

    def __init__(
        self, context: Context, membership: Membership, names: Collection[str] | None, interval: float
    ) -> None:
        self._catalogue, self._live = context.catalogue, context.live
        self.membership = membership
        self._names = names
        self.interval = interval

    def wants(self, fact: PropertyChanged) -> bool:
        return (self._names is None or fact.property in self._names) and self.membership.has(fact.twin_id)

    def key(self, fact: PropertyChanged) -> tuple[str, ...]:
        return fact.twin_id, fact.property

    def subject(self, fact: PropertyChanged) -> Subject:
        return Subject(self.name, (fact.twin_id,), name=fact.property)

    def push(self, published: Published, fact: PropertyChanged) -> PropertyChange:
        return property_change(self._catalogue, self._live, published, fact)

    def stands(
        self, twin_id: str, now: Micros, sequence: int
    ) -> Iterator[tuple[tuple[str, ...], Subject, PropertyChange]]:
        if self.membership.holds(twin_id):
            for name in self._catalogue.capabilities(twin_id).properties:
                if self._names is None or name in self._names:
                    state = self._live.property_state(twin_id, name)
                    push = property_found(self._catalogue, twin_id, name, state, now, sequence)
                    yield (twin_id, name), Subject(self.name, (twin_id,), name=name), push


class Connectivities(StateTopic[ConnectivityChanged]):
    kind = ConnectivityChanged
    name = "connectivityChanged"

    def __init__(self, context: Context, membership: Membership, interval: float) -> None:
        self._live = context.live
        self.membership = membership
        self.interval = interval

    def wants(self, fact: ConnectivityChanged) -> bool:
        return self.membership.has(fact.twin_id)

    def key(self, fact: ConnectivityChanged) -> tuple[str, ...]:
        return (fact.twin_id,)

    def subject(self, fact: ConnectivityChanged) -> Subject:
        return Subject(self.name, (fact.twin_id,))

    def push(self, published: Published, fact: ConnectivityChanged) -> ConnectivityChange:
        return connectivity_change(self._live, published, fact)

    def stands(
        self, twin_id: str, now: Micros, sequence: int
    ) -> Iterator[tuple[tuple[str, ...], Subject, ConnectivityChange]]:
        state = self._live.connectivity(twin_id)
        if state is not None and self.membership.holds(twin_id):
            yield (twin_id,), Subject(self.name, (twin_id,)), connectivity_found(twin_id, state, now, sequence)


class Behaviors(FactTopic[BehaviorChanged, BehaviorView]):
    kind = BehaviorChanged
    name = "behaviorChanged"

    def __init__(self, context: Context, membership: Membership) -> None:
        self._live = context.live
        self.membership = membership

    def wants(self, fact: BehaviorChanged) -> bool:
        return self.membership.owns(fact.key.owner)

    def subject(self, fact: BehaviorChanged | BehaviorView) -> Subject:
        owner = fact.key.owner
        return Subject(self.name, (owner.id,) if owner.kind == "twin" else (), owner, fact.key.name)

    def push(self, published: Published, fact: BehaviorChanged) -> BehaviorChange:
        return behavior_change(published, fact)

    def stands(self, joined: frozenset[str] | None) -> Iterable[tuple[Subject, BehaviorView]]:
        for owner in self.membership.owners() if joined is None else owners(joined):
            for view in self._live.behaviors(owner):
                yield self.subject(view), view

    def show(self, view: BehaviorView, now: Micros, sequence: int, remaining: int) -> BehaviorChange:
        return behavior_found(view, now, sequence, remaining)


class Alerts(FactTopic[AlertChanged, Alert]):
    kind = AlertChanged
    name = "alertChanged"
    indexed = False  # an alert of a twin's own behavior may name other twins

    def __init__(
        self, context: Context, membership: Membership, severities: Collection[str] | None, *, annunciated: bool
    ) -> None:
        self._live = context.live
        self.membership = membership
        self._severities = severities
        self._annunciated = annunciated

    def wants(self, fact: AlertChanged) -> bool:
        alert = fact.alert
        return (
            (self._severities is None or alert.severity in self._severities)
            and (not self._annunciated or alert.annunciated or fact.transition in ("shelved", "suppressed"))
            and self.membership.concerns(alert.owner, alert.twins)
        )

    def subject(self, fact: AlertChanged) -> Subject:
        return self._of(fact.alert)

    def _of(self, alert: Alert) -> Subject:
        return Subject(self.name, alert.twins, alert.owner, alert.code)

    def push(self, published: Published, fact: AlertChanged) -> AlertChange:
        return alert_change(published, fact)

    def stands(self, joined: frozenset[str] | None) -> Iterable[tuple[Subject, Alert]]:
        concerns = self.membership.concerns
        for alert in newest_first(self._live.open_alerts()):
            about = concerns(alert.owner, alert.twins) if joined is None else not joined.isdisjoint(alert.twins)
            told = alert.annunciated or not self._annunciated
            if about and told and (self._severities is None or alert.severity in self._severities):
                yield self._of(alert), alert

    def show(self, view: Alert, now: Micros, sequence: int, remaining: int) -> AlertChange:
        return alert_found(view, now, sequence, remaining)


class Calls(FactTopic[CallChanged, Call]):
    kind = CallChanged
    name = "callChanged"

    def __init__(self, context: Context, membership: Membership, methods: Collection[str] | None) -> None:
        self._live = context.live
        self.membership = membership
        self._methods = methods

    def wants(self, fact: CallChanged) -> bool:
        return self._asked(fact.call) and self.membership.has(fact.call.twin_id)

    def _asked(self, call: Call) -> bool:
        return self._methods is None or call.method in self._methods

    def subject(self, fact: CallChanged) -> Subject:
        return self._of(fact.call)

    def _of(self, call: Call) -> Subject:
        owner = call.behavior.owner if call.behavior is not None else None
        return Subject(self.name, (call.twin_id,), owner, call.method or call.property or "")

    def push(self, published: Published, fact: CallChanged) -> CallChange:
        return call_change(published, fact)

    def stands(self, joined: frozenset[str] | None) -> Iterable[tuple[Subject, Call]]:
        for call in self._live.open_calls():
            about = self.membership.has(call.twin_id) if joined is None else call.twin_id in joined
            if about and self._asked(call):
                yield self._of(call), call

    def show(self, view: Call, now: Micros, sequence: int, remaining: int) -> CallChange:
        return call_found(view, now, sequence, remaining)


class TwinEvents(FactTopic[TwinEventOccurred, None]):
    """Nothing stands: an event is over as it happens."""

    kind = TwinEventOccurred
    name = "twinEventOccurred"

    def __init__(self, membership: Membership, names: Collection[str] | None) -> None:
        self.membership = membership
        self._names = names

    def wants(self, fact: TwinEventOccurred) -> bool:
        return (self._names is None or fact.name in self._names) and self.membership.has(fact.twin_id)

    def subject(self, fact: TwinEventOccurred) -> Subject:
        return Subject(self.name, (fact.twin_id,), name=fact.name)

    def push(self, published: Published, fact: TwinEventOccurred) -> TwinEventOccurrence:
        return twin_event(published, fact)

    def stands(self, joined: frozenset[str] | None) -> Iterable[tuple[Subject, None]]:
        return ()

    def show(self, view: None, now: Micros, sequence: int, remaining: int) -> TwinEventOccurrence:
        raise AssertionError("no event stands")


class Definitions(FactTopic[DefinitionChanged, None]):
    """Nothing stands: all definitions would, and they can be asked for."""

    kind = DefinitionChanged
    name = "definitionChanged"
    indexed = False  # a twin that is deleted is in no membership any more

    def __init__(self, membership: Membership, kinds: Collection[str] | None, ids: Collection[str] | None) -> None:
        self.membership = membership
        self._kinds = kinds
        self._ids = ids

    def wants(self, fact: DefinitionChanged) -> bool:
        return (
            (self._kinds is None or fact.kind in self._kinds)
            and (self._ids is None or fact.id in self._ids)
            and self.membership.defines(fact.kind, fact.id)
        )

    def subject(self, fact: DefinitionChanged) -> Subject:
        twins = (fact.id,) if fact.kind == "twin" else ()
        return Subject(self.name, twins, name=f"{fact.kind}/{fact.id}")

    def push(self, published: Published, fact: DefinitionChanged) -> ChangedDefinition:
        return definition_change(published, fact)

    def stands(self, joined: frozenset[str] | None) -> Iterable[tuple[Subject, None]]:
        return ()

    def show(self, view: None, now: Micros, sequence: int, remaining: int) -> ChangedDefinition:
        raise AssertionError("no definition stands")
