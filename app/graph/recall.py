"""Closed alerts and calls, newest first: pages of all of them, and of several askers at once.

What several things of a page ask for is one statement for each way of asking (by twin, by owner, by behavior), however
many they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from app.graph import codec
from app.graph.session import Graph, Transaction
from app.graph.statements import Statement, Statements
from app.model.asked import Calls, ClosedAlerts, Place, Sought
from app.model.events import Alert, Call
from app.model.time import Micros, iso

_FIRST = ""
"""Before every ISO time, and before every key."""
_LAST = "~"
"""After every ISO time, and after every key."""
_WAYS = ("twins", "owners", "behaviors")
Item = TypeVar("Item")


class Recall:
    def __init__(self, graph: Graph, statements: Statements) -> None:
        self._graph = graph
        self._alerts = statements["telemetry/closed_alerts"]
        self._alerts_of = {way: statements[f"telemetry/closed_alerts_of_{way}"] for way in _WAYS}
        self._calls = statements["telemetry/call_page"]
        self._calls_of = {way: statements[f"telemetry/calls_of_{way}"] for way in _WAYS}

    async def closed_alerts(self, asked: ClosedAlerts, first: int, before: Place | None) -> list[Alert]:
        owners, twins = asked.about or (frozenset(), frozenset())
        params = {
            **_of_alerts(asked, first, before),
            "everything": asked.about is None,
            "owners": list(owners),
            "twins": list(twins),
        }
        return [codec.alert_from(document) for document in await self._page(self._alerts, params)]

    async def closed_alerts_of(
        self, sought: Sequence[Sought], asked: ClosedAlerts, first: int, before: Place | None
    ) -> list[list[Alert]]:
        params = _of_alerts(asked, first, before)
        found = await self._each(self._alerts_of, sought, params, codec.alert_from)
        return [_newest({item.alert_id: item for item in items}, _alert_place, first) for items in found]

    async def calls(self, asked: Calls, first: int, before: Place | None) -> list[Call]:
        params = {
            **_of_calls(asked, first, before),
            "everything": asked.twins is None,
            "twins": list(asked.twins or ()),
        }
        return [codec.call_from(document) for document in await self._page(self._calls, params)]

    async def calls_of(
        self, sought: Sequence[Sought], asked: Calls, first: int, before: Place | None
    ) -> list[list[Call]]:
        found = await self._each(self._calls_of, sought, _of_calls(asked, first, before), codec.call_from)
        return [_newest({item.call_id: item for item in items}, _call_place, first) for items in found]

    async def _page(self, statement: Statement, params: Mapping[str, Any]) -> list[str]:
        async def work(transaction: Transaction) -> list[str]:
            return [record["document"] for record in await transaction.run(statement, **params)]

        return await self._graph.read(work)

    async def _each(
        self,
        statements: Mapping[str, Statement],
        sought: Sequence[Sought],
        params: Mapping[str, Any],
        decoded: Callable[[str], Item],
    ) -> list[list[Item]]:
        rows = {
            way: [
                {"asker": asker, "id": id, "since": _since(one.since), "until": _until(one.until)}
                for asker, one in enumerate(sought)
                for id in getattr(one, way)
            ]
            for way in _WAYS
        }

        async def work(transaction: Transaction) -> list[list[Item]]:
            found: list[list[Item]] = [[] for _ in sought]
            for way, wanted in rows.items():
                for record in await transaction.run(statements[way], rows=wanted, **params) if wanted else ():
                    found[record["asker"]] += [decoded(document) for document in record["documents"]]
            return found

        return await self._graph.read(work)


def _of_alerts(asked: ClosedAlerts, first: int, before: Place | None) -> dict[str, Any]:
    return {
        "severities": list(asked.severities),
        "code": asked.code or "",
        "acknowledged": _truth(asked.acknowledged),
        "shelved": _truth(asked.shelved),
        "suppressed": _truth(asked.suppressed),
        "text": (asked.text or "").lower(),
        **_where(asked, first, before),
    }


def _of_calls(asked: Calls, first: int, before: Place | None) -> dict[str, Any]:
    return {
        "statuses": list(asked.statuses),
        "method": asked.method or "",
        "property": asked.property or "",
        **_where(asked, first, before),
    }


def _where(asked: ClosedAlerts | Calls, first: int, before: Place | None) -> dict[str, Any]:
    at, id = before or (None, _LAST)
    return {
        "owner": asked.owner or "",
        "behavior": asked.behavior or "",
        "since": _since(asked.since),
        "until": _until(asked.until),
        "before": _until(at),
        "before_id": id,
        "first": first,
    }


def _newest(items: Mapping[str, Item], place: Callable[[Item], Place], first: int) -> list[Item]:
    return sorted(items.values(), key=place, reverse=True)[:first]


def _alert_place(item: Alert) -> Place:
    return item.raised_at, item.alert_id


def _call_place(item: Call) -> Place:
    return item.decided_at, item.call_id


def _truth(asked: bool | None) -> list[bool]:
    return [] if asked is None else [asked]


def _since(moment: Micros | None) -> str:
    return _FIRST if moment is None else iso(moment)


def _until(moment: Micros | None) -> str:
    return _LAST if moment is None else iso(moment)
