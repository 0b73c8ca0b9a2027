"""The pumps of the headline: one property each, one message an update, three rules that its temperature goes through.

A message's number is the fraction of its temperature, so whoever reads the journal, a frame or the peer's word sees
what is missing; its whole degrees go up and down, and with them each rule turns true and false once in `PERIOD`
messages. What must have been decided follows from the numbers alone.
"""

import time
from collections.abc import Sequence
from typing import Any

from app.model.time import iso

TYPE = "pump"
PERIOD, LOWEST, HIGHEST = 300, 20, 100
RULES = {"cold": ("<", 25), "hot": (">", 80), "overheated": (">", 95)}
"""Comparison with the temperature; each raises an alert."""
_FRACTION = 10_000_000


def degrees(number: int) -> int:
    """Of the message of that number: up for half a period, then down again."""
    place = number % PERIOD
    half = PERIOD // 2
    return LOWEST + (HIGHEST - LOWEST) * (place if place < half else PERIOD - place) // half


def payload(number: int) -> bytes:
    temperature = degrees(number) + number / _FRACTION
    moment = iso(time.time_ns() // 1000)
    return b'{"temperature":%r,"timestamp":"%b"}' % (temperature, moment.encode())


def number_of(temperature: float) -> int:
    return round(temperature % 1 * _FRACTION)


def true_at(rule: str, number: int) -> bool:
    sign, bound = RULES[rule]
    temperature = degrees(number) + number / _FRACTION
    return temperature > bound if sign == ">" else temperature < bound


def turns(rule: str, upto: int) -> tuple[int, int]:
    """How often it has become true, and false again, by the message of that number; before the first it is neither."""
    rises = falls = 0
    was = False
    for number in range(1, upto + 1):
        now = true_at(rule, number)
        rises += now and not was
        falls += was and not now
        was = now
    return rises, falls


def twin_ids(count: int) -> list[str]:
    return [f"pump_{number:03}" for number in range(count)]


def documents(endpoint: str, twins: Sequence[str]) -> list[dict[str, Any]]:
    """As `saveDefinitions` takes them."""
    where = {"topic": "plant/{twin_id}", "pointer": "/temperature", "timestamp_pointer": "/timestamp", "qos": 1}
    pump = {
        "type_id": TYPE,
        "properties": [{"name": "temperature", "data_type": "float", "unit": "celsius"}],
        "connectivity": {
            "protocol": "mqtt",
            "endpoint": endpoint,
            "mapping": {"properties": {"temperature": where}},
        },
        "behaviors": [
            {
                "name": rule,
                "conditions": [f"temperature {sign} {bound}"],
                "actions": [{"type": "alert", "severity": "warning", "message": f"the pump is {rule}", "code": rule}],
            }
            for rule, (sign, bound) in RULES.items()
        ],
    }
    return [
        {"kind": "TWIN_TYPE", "document": pump},
        *({"kind": "TWIN", "document": {"twin_id": twin_id, "twin_type": TYPE}} for twin_id in twins),
    ]
