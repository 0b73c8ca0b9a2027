"""Rules that ask for more than the values of now, one of every kind at least: for the laws that hold of any rules."""

from app.model.conditions import (
    Among,
    And,
    Between,
    Changed,
    Compare,
    Condition,
    Duration,
    EventValue,
    Every,
    Evidence,
    EvidenceFunction,
    Held,
    Literal,
    Not,
    Occurred,
    Or,
    Previous,
    Rate,
    Within,
)
from app.model.plan import EventPlan, PropertyPlan
from app.model.time import SECOND, Micros
from tests.engine.plant import alert, call, compare, hot, ref, rule, write

FAULT = EventPlan("fault", (PropertyPlan("value", "float"),))


def evidence(function: EvidenceFunction, name: str, owner: str | None = None) -> Condition:
    return Evidence(function, ref(name, owner))


def older(name: str, than: Micros, owner: str | None = None) -> Condition:
    return Compare(">", evidence("age", name, owner), Duration(than))


def rising(name: str, window: Micros, than: float) -> Condition:
    return Compare(">", Rate(ref(name), window), Literal(than))


FAULTY = Compare(">=", EventValue(None, "fault", "value"), Literal(50.0))

TIMED = (
    rule("lasting", Held(hot(60.0), 2 * SECOND), alert("0", "critical"), call("stop"), write("mode", "hand")),
    rule("nested", Not(Held(Held(hot(60.0), SECOND), SECOND)), alert("1")),
    rule(
        "either",
        Or((Held(compare("limit", "<", 10.0), 3 * SECOND), Held(compare("level", ">", 1.0), SECOND))),
        write("limit", 50.0),
        alert("2"),
    ),
    rule("recent", Within(hot(60.0), 2 * SECOND, compare("status", "==", "fault")), call("start")),
    rule(
        "twice", Within(Held(compare("mode", "==", "hand"), SECOND), 5 * SECOND, compare("limit", ">", 40.0)), alert()
    ),
    rule("deaf", Or((older("temperature", 3 * SECOND), older("limit", 4 * SECOND))), alert("3", "error")),
    rule("young", Not(older("slip", SECOND)), write("mode", "auto")),
    rule(
        "poor",
        And((Not(evidence("known", "level")), Among(evidence("quality", "level"), (Literal("bad"), Literal("x"))))),
        alert("4"),
    ),
    rule("silent", Or((evidence("isStale", "temperature"), evidence("isStale", "level"))), alert("5"), call("stop")),
    rule("steep", rising("temperature", 3 * SECOND, 4.0), alert("6")),
    rule("risen", Held(rising("limit", 2 * SECOND, 0.5), SECOND), write("limit", 2.0)),
)
PULSES = (
    rule("moved", And((Changed(ref("limit")), compare("limit", "<", 60.0))), write("limit", 70.0), alert("0")),
    rule("jumped", Compare(">", Previous(ref("temperature")), Literal(60.0)), alert("1", "error")),
    rule("turned", Changed(ref("status")), alert("2", "error"), call("start")),
    rule("fault", And((Occurred(None, "fault", ("value",)), FAULTY)), alert("3", latched=True), write("limit", 5.0)),
    rule(
        "often", And((Every(interval=2 * SECOND), Between(ref("temperature"), Literal(50.0), Literal(95.0)))), alert()
    ),
    rule("daily", Every(("monday", "thursday"), 9 * 60 + 20, "Europe/Berlin"), write("mode", "hand")),
    rule("or", Or((Changed(ref("level")), Held(hot(60.0), SECOND))), alert("4")),
)
STATION_TIMED = (
    rule("lasting", Held(compare("temperature", ">", 10.0, "primary"), 2 * SECOND), alert(), call("start", "backup")),
    rule("fault", And((Occurred("primary", "fault"), older("temperature", SECOND, "backup"))), alert("1", "error")),
    rule("blind", Not(evidence("known", "temperature", "backup")), alert("2")),
)
