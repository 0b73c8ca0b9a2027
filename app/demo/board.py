"""What the demo knows of the plant, gathered from subscriptions like any other client's.

Nothing here polls: values, behaviors, alerts and connectivity arrive as pushes, each stream starting with the current
state. `changed` wakes whoever waits for a condition (the story) or draws (the table).
"""

import asyncio
import collections
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.client import GraphqlClient

VALUES = """
subscription Values($overlayId: ID) {
  propertyChanged(overlayId: $overlayId) {
    twinId property sequence skipped value { json unit quality timestamp known reason }
  }
}
"""
BEHAVIORS = """
subscription Behaviors {
  behaviorChanged { ownerKind ownerId behavior state evidence initial }
}
"""
ALERTS = """
subscription Alerts {
  alertChanged {
    transition initial
    alert { alertId severity message behavior ownerId code active acknowledged raisedAt closedAt }
  }
}
"""
CONNECTIVITY = """
subscription Connectivity {
  connectivityChanged { twinId status reason lastContact }
}
"""
CONNECTORS = """
query Connectors {
  connectors { name protocol endpoint status twins samples lastError rejected { reason count } }
}
"""
CONNECTOR_SECONDS = 1.0


@dataclass
class Board:
    values: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    behaviors: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """(owner id, behavior) -> its last state."""
    alerts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    connectivity: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    connectors: list[Mapping[str, Any]] = field(default_factory=list)
    facts: collections.deque[str] = field(default_factory=lambda: collections.deque(maxlen=200))
    updates: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    say: Callable[[str], None] = lambda line: None
    """Told every fact as a line, as it arrives."""
    _pace: collections.deque[tuple[float, int]] = field(default_factory=lambda: collections.deque(maxlen=20))

    # ------------------------------------------------------------ asking

    def value(self, twin_id: str, name: str) -> Any:
        found = self.values.get((twin_id, name))
        return found["json"] if found else None

    def active(self, owner_id: str) -> list[str]:
        return sorted(
            name for (owner, name), state in self.behaviors.items() if owner == owner_id and state["state"] == "ACTIVE"
        )

    def open_alert(self, behavior: str) -> Mapping[str, Any] | None:
        for alert in self.alerts.values():
            if alert["behavior"] == behavior and alert["closedAt"] is None:
                return alert
        return None

    def updates_per_second(self) -> float:
        now = time.monotonic()
        self._pace.append((now, self.updates))
        first, count = self._pace[0]
        return (self.updates - count) / (now - first) if now > first else 0.0

    async def until(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until `holds`; raises TimeoutError naming `what` after `seconds`."""
        try:
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(holds)
        except TimeoutError:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s") from None

    # ------------------------------------------------------------ following

    async def follow(self, client: GraphqlClient) -> None:
        """Keep the board up to date until cancelled or the server goes away."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._values(client))
            group.create_task(self._behaviors(client))
            group.create_task(self._alerts(client))
            group.create_task(self._connectivity(client))
            group.create_task(self._connectors(client))

    async def _values(self, client: GraphqlClient) -> None:
        async for data in client.subscribe(VALUES):
            push = data["propertyChanged"]
            self.values[(push["twinId"], push["property"])] = push["value"]
            self.updates += 1 + push["skipped"]
            await self._wake()

    async def _behaviors(self, client: GraphqlClient) -> None:
        async for data in client.subscribe(BEHAVIORS):
            push = data["behaviorChanged"]
            before = self.behaviors.get((push["ownerId"], push["behavior"]))
            self.behaviors[(push["ownerId"], push["behavior"])] = push
            if not push["initial"] and (before is None or before["state"] != push["state"]):
                self._tell(f"behavior {push['ownerId']}/{push['behavior']} is {push['state'].lower()}")
            await self._wake()

    async def _alerts(self, client: GraphqlClient) -> None:
        async for data in client.subscribe(ALERTS):
            push = data["alertChanged"]
            alert = push["alert"]
            self.alerts[alert["alertId"]] = alert
            if alert["closedAt"] is not None:
                self.alerts.pop(alert["alertId"])
            if not push["initial"]:
                self._tell(f"alert {alert['severity'].lower()} {alert['behavior']}: {push['transition'].lower()}")
            await self._wake()

    async def _connectivity(self, client: GraphqlClient) -> None:
        async for data in client.subscribe(CONNECTIVITY):
            push = data["connectivityChanged"]
            self.connectivity[push["twinId"]] = push
            await self._wake()

    async def _connectors(self, client: GraphqlClient) -> None:
        while True:
            self.connectors = (await client.execute(CONNECTORS))["connectors"]
            await self._wake()
            await asyncio.sleep(CONNECTOR_SECONDS)

    def _tell(self, fact: str) -> None:
        self.facts.append(fact)
        self.say(fact)

    async def _wake(self) -> None:
        async with self.changed:
            self.changed.notify_all()
