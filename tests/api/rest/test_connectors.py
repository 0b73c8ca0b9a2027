"""Connections and paths over REST: what GraphQL and /metrics say of them."""

from app.model.live import ConnectorHealth, PathView
from app.model.time import SECOND
from tests.api.rest.client import send
from tests.api.rest.test_instances import running

LOST = ConnectorHealth(
    "opc-ua opc.tcp://a:4840",
    "opc-ua",
    "opc.tcp://a:4840",
    "disconnected",
    3,
    last_error="connection refused",
    last_error_code="UNAVAILABLE",
    since=1_767_000_000 * SECOND,
    tries=2,
    outages=1,
    next_try=1_767_000_004 * SECOND,
    rejected={"TypeMismatch": 1},
)
WORSE = ConnectorHealth(
    "mqtt mqtt://b:1883",
    "mqtt",
    "mqtt://b:1883",
    "degraded",
    5,
    missing={"NotSubscribed": 2},
    missing_details=("p1.speed: the broker refuses topic 'x'",),
    silent_twins=1,
    fallback_twins=3,
    samples=70,
    standby=9,
)


async def test_every_connection_is_listed_as_it_stands() -> None:
    plant = running()
    plant.devices.connections = [LOST, WORSE]
    answer = await send(plant, "GET", "/connectors")
    assert answer.status_code == 200
    worse, lost = answer.json()["connectors"]
    assert (lost["status"], lost["tries"], lost["next_try"]) == ("disconnected", 2, "2025-12-29T09:20:04.000000Z")
    assert (lost["last_error_code"], lost["security"], lost["rejected"]) == ("UNAVAILABLE", None, {"TypeMismatch": 1})
    assert (worse["status"], worse["missing"], worse["since"]) == ("degraded", {"NotSubscribed": 2}, None)
    assert (worse["silent_twins"], worse["fallback_twins"], worse["standby"]) == (1, 3, 9)


async def test_the_paths_of_a_twin_are_listed_the_preferred_one_first() -> None:
    plant = running()
    plant.devices.ways = [
        PathView("opc-ua a", False, False, 1_767_000_000 * SECOND, "no route"),
        PathView("mqtt b", True, True, 1_767_000_010 * SECOND),
    ]
    answer = (await send(plant, "GET", "/twins/pump_123/paths")).json()
    assert answer["twin_id"] == "pump_123"
    assert [(path["name"], path["in_use"], path["alive"], path["reason"]) for path in answer["paths"]] == [
        ("opc-ua a", False, False, "no route"),
        ("mqtt b", True, True, None),
    ]
    missing = await send(plant, "GET", "/twins/pump_9/paths")
    assert (missing.status_code, missing.json()["code"]) == (404, "TWIN_NOT_FOUND")
