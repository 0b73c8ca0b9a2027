"""A message of MQTT as samples: a JSON object with two values, its time and a quality."""

from app.connectors.decode import PropertyRoute, decode_message
from app.model.plan import PropertyPlan
from tests.bench.counts.decisions import START
from tests.bench.counts.piece import Piece

MESSAGES = 500
_PAYLOAD = b'{"temperature": 71.25, "pressure": 3, "at": "2026-01-02T12:00:00.123Z", "quality": "good"}'
_ROUTES = [
    PropertyRoute("pump_1", PropertyPlan(name, "float"), (name,), ("at",), ("quality",))
    for name in ("temperature", "pressure")
]


def decoding() -> Piece:
    decoded = decode_message(_PAYLOAD, START, _ROUTES)
    assert (len(decoded.samples), decoded.rejected) == (len(_ROUTES), ())

    def round(number: int) -> None:
        for _ in range(MESSAGES):
            decode_message(_PAYLOAD, START, _ROUTES)

    return Piece(MESSAGES, round)
