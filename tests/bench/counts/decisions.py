"""What the engine decides: readings that turn nothing, readings that turn a rule, aggregates over many, time alone."""

from collections.abc import Sequence

from app.engine.engine import Engine
from app.model.conditions import Aggregate, And, Compare, Literal, PropertyRef
from app.model.events import Input, Load, PathStatus, Reading, Sample, Samples, SourceStatus, Started, Tick
from app.model.plan import AlertPlan, OverlayPlan, Plan, PropertyPlan, Rule, Shape, TwinPlan
from app.model.time import SECOND, Micros
from tests.bench import timers
from tests.bench.counts.piece import ROUNDS, Piece

PUMPS, MEMBERS, WAITING, TICKS = 100, 1_000, 2_000, 200
START: Micros = 1_767_000_000 * SECOND
_TEMPERATURE = PropertyRef(None, "temperature")
_RUNS = Compare("!=", PropertyRef(None, "status"), Literal("fault"))
_QUIET = (
    Rule("normal", And((Compare("<", _TEMPERATURE, Literal(500.0)), _RUNS))),
    Rule("warm", And((Compare(">", _TEMPERATURE, Literal(500.0)), _RUNS))),
    Rule("hot", Compare(">", _TEMPERATURE, Literal(600.0))),
)
_ALARM = (
    Rule(
        "hot",
        Compare(">", _TEMPERATURE, Literal(80.0)),
        (AlertPlan("hot", "warning", "the pump is hot", latched=False, ack_required=False),),
    ),
)


def alone() -> Piece:
    """Readings of one sample, each decided by itself, as when little comes in."""
    return _quiet(100, 1, 1)


def one_sample(engine: Engine | None = None) -> Piece:
    """Readings of one sample, 50 at once."""
    return _quiet(10, 50, 1, engine)


def ten_samples() -> Piece:
    """Readings of ten samples, five at once."""
    return _quiet(10, 5, 10)


def turning() -> Piece:
    """Every reading raises its pump's alert, or ends it."""
    engine = pumps(_ALARM)
    rounds = [
        [
            _reading(_second(2 * number + half), _id(index), value + number)
            for half, value in enumerate((90.0, 20.0))
            for index in range(PUMPS)
        ]
        for number in range(ROUNDS)
    ]

    def round(number: int) -> None:
        for input in rounds[number]:
            outcome = engine.decide(input, input.readings[0].received_at)
            assert outcome.alerts

    return Piece(2 * PUMPS, round)


def aggregates() -> Piece:
    """Updates of members of a role of 1,000, with any, count and avg over them."""
    own = PropertyRef("pumps", "temperature")
    hot = Compare(">", own, Literal(500.0))
    rules = (
        Rule("any_hot", Aggregate("any", hot, over="pumps")),
        Rule("many", Compare(">=", Aggregate("count", hot, over="pumps"), Literal(3))),
        Rule("mean", Compare(">", Aggregate("avg", own, over="pumps"), Literal(400.0))),
    )
    members = tuple(_id(index) for index in range(MEMBERS))
    fleet = OverlayPlan("fleet", None, "fleet@1", 1, {f"pumps/{id}": id for id in members}, members={"pumps": members})
    engine = plant((Shape("fleet@1", rules=rules),), (fleet,), MEMBERS)
    rounds = [
        [_reading(_second(number), _id(index), 20.0 + (index + number) % 50) for index in range(0, MEMBERS, 5)]
        for number in range(ROUNDS)
    ]

    def round(number: int) -> None:
        for input in rounds[number]:
            engine.decide(input, input.readings[0].received_at)

    return Piece(MEMBERS // 5, round)


def idle_tick() -> Piece:
    """With none due of 2,000 timers that wait."""
    engine = timers.plant(WAITING, 0)

    def round(number: int) -> None:
        for index in range(TICKS):
            engine.decide(Tick(), START + number * SECOND + index)

    return Piece(TICKS, round)


# ------------------------------------------------------------ the plant


def pumps(rules: tuple[Rule, ...], engine: Engine | None = None) -> Engine:
    return plant((), (), PUMPS, rules, engine)


def plant(
    shapes: Sequence[Shape],
    overlays: Sequence[OverlayPlan],
    twins: int,
    rules: tuple[Rule, ...] = (),
    engine: Engine | None = None,
) -> Engine:
    """Pumps with those rules each, connected, all values known."""
    properties = (
        PropertyPlan("temperature", "float", "celsius", 0.0, 1000.0),
        PropertyPlan("status", "enum", enum_values=("running", "fault")),
    )
    found = tuple(
        TwinPlan(_id(index), "pump", "pump@1", 1, 1, ("temperature", "status"), connected=True)
        for index in range(twins)
    )
    first = tuple(
        Sample(twin.twin_id, name, value, START)
        for twin in found
        for name, value in (("temperature", 1.0), ("status", "running"))
    )
    engine = engine or Engine()
    beginning: tuple[Input, ...] = (
        Started(),
        Load(Plan(1, (Shape("pump@1", properties, (), rules), *shapes), found, tuple(overlays))),
        SourceStatus("opc", tuple(PathStatus(twin.twin_id, True) for twin in found)),
        Samples((Reading("opc", START, first),)),
    )
    for input in beginning:
        engine.decide(input, START)
    return engine


def _id(index: int) -> str:
    return f"pump_{index}"


def _second(number: int) -> Micros:
    return START + (number + 1) * SECOND


def _reading(now: Micros, twin_id: str, value: float) -> Samples:
    return Samples((Reading("opc", now, (Sample(twin_id, "temperature", value, now),)),))


def _quiet(inputs: int, readings: int, size: int, engine: Engine | None = None) -> Piece:
    """Inputs of so many readings with so many samples; every sample changes its value, and no rule turns."""
    decided = pumps(_QUIET, engine)
    each = readings * size

    def reading(now: Micros, number: int, first: int) -> Reading:
        return Reading(
            "opc",
            now,
            tuple(
                Sample(_id(index % PUMPS), "temperature", 20.0 + (7 * number + index // PUMPS) % 97, now)
                for index in range(first, first + size)
            ),
        )

    rounds = [
        [
            Samples(tuple(reading(_second(number), number, first) for first in range(at, at + each, size)))
            for at in range(0, inputs * each, each)
        ]
        for number in range(ROUNDS)
    ]

    def round(number: int) -> None:
        now = _second(number)
        for input in rounds[number]:
            decided.decide(input, now)

    return Piece(inputs * each, round)
