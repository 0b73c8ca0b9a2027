"""What became of each sample is a fact of its record, and a message that comes again is not taken twice."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.deliveries import KEPT, Deliveries
from app.engine.engine import Engine
from app.model.events import Delivery, DeviceEvent, Landed, Reading, ReportSamples, Sample, Samples, Started, Unaccepted
from app.model.ledger import Tally
from app.model.plan import Plan, PropertyPlan
from app.model.time import SECOND
from tests.engine.plant import PUMP_PROPERTIES, Plant, alert, compare, hot, pump, pump_shape, ref, rule, sample, write

TWICE = PropertyPlan("twice", "float", computed=ref("temperature"))


def message(number: int, digest: bytes = b"a", *, again: bool = False) -> Delivery:
    return Delivery(number, digest, again)


def reading(plant: Plant, *samples: Sample, source: str = "mqtt", delivery: Delivery | None = None) -> Reading:
    return Reading(source, plant.now, samples, delivery=delivery)


def test_every_sample_of_a_record_has_one_fate() -> None:
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=20.0)
    now = plant.now = plant.now + 60 * SECOND
    outcome = plant.do(
        Samples(
            (
                reading(
                    plant,
                    Sample("p1", "temperature", 21.0, now),
                    Sample("p1", "temperature", 21.0, now),
                    Sample("p1", "temperature", 22.0, now - 50 * SECOND),
                    Sample("p1", "temperature", "hot", now),
                    Sample("p1", "nothing", 1, now),
                    Sample("nobody", "nothing", 1, now),
                    source="opc",
                ),
            )
        )
    )
    assert outcome.tallies == (
        Tally("opc", 6, 3, 1, 1, 1, 0, {"TypeMismatch": 1, "UnknownProperty": 1, "UnknownTwin": 1}),
    )
    assert outcome.landed == (Landed("opc", 0, 1),)


def test_what_follows_from_a_sample_is_none() -> None:
    shape = pump_shape(rule("hot", hot(), write("limit", 5.0)), properties=(*PUMP_PROPERTIES, TWICE))
    plant = Plant(plan=Plan(1, (shape,), (pump(),)))
    plant.read(temperature=20.0)
    one = reading(plant, Sample("p1", "temperature", 90.0, plant.now), source="a")
    two = reading(plant, Sample("p1", "temperature", 10.0, plant.now), source="b")
    outcome = plant.do(Samples((one, two, two)))
    changed = [(change.property, change.value) for change in outcome.changes]
    assert changed == [("temperature", 90.0), ("twice", 90.0), ("limit", 5.0), ("temperature", 10.0), ("twice", 10.0)]
    assert outcome.landed == (Landed("a", 0, 1), Landed("b", 3, 1))
    assert [(tally.source, tally.applied, tally.unchanged) for tally in outcome.tallies] == [("a", 1, 0), ("b", 1, 1)]


def test_a_report_is_counted_and_what_a_behavior_writes_beside_it_is_not() -> None:
    plant = Plant(rule("low", compare("limit", "<", 10), write("limit", 50.0)))
    plant.do(ReportSamples((reading(plant, Sample("p1", "limit", 60.0, plant.now), source="api"),), "eva"))
    outcome = plant.do(ReportSamples((reading(plant, Sample("p1", "limit", 5.0, plant.now), source="api"),), "eva"))
    assert [change.value for change in outcome.changes] == [5.0, 50.0]
    assert outcome.landed == (Landed("api", 0, 1),)


def test_events_are_no_samples_also_where_they_are_rejected() -> None:
    plant = Plant(rule("hot", hot()))
    event = DeviceEvent("nobody", "fault_occurred", plant.now, {})
    outcome = plant.do(Samples((Reading("opc", plant.now, (), (event,)),)))
    assert [item.reason for item in outcome.rejected] == ["UnknownTwin"]
    assert outcome.tallies == (Tally("opc"),)


def test_what_could_not_be_decoded_is_counted_with_its_reasons() -> None:
    plant = Plant(rule("hot", hot()))
    for _ in range(2):
        plant.do(Unaccepted((("mqtt", "BadPayload", 2), ("mqtt", "Overflow", 5))))
    assert plant.engine.live.tallies["mqtt"] == Tally("mqtt", 14, rejected={"BadPayload": 4, "Overflow": 10})


def test_a_message_that_comes_again_is_counted_and_not_taken_twice() -> None:
    plant = Plant(rule("hot", hot(), alert()))
    hot_one = Sample("p1", "temperature", 90.0, plant.now)
    plant.do(Samples((reading(plant, hot_one, delivery=message(7)),)))
    plant.do(Samples((reading(plant, Sample("p1", "temperature", 10.0, plant.now), delivery=message(8, b"b")),)))
    contact = plant.engine.live.twins["p1"].last_contact
    plant.now += SECOND
    outcome = plant.do(Samples((reading(plant, hot_one, delivery=message(7, again=True)),)))
    assert (outcome.changes, outcome.alerts, outcome.events) == ((), (), ())
    assert outcome.tallies == (Tally("mqtt", 1, duplicate=1),)
    assert plant.engine.live.twins["p1"].last_contact == contact


def test_one_that_was_never_taken_is_applied_when_it_comes_again() -> None:
    plant = Plant(rule("hot", hot()))
    outcome = plant.do(
        Samples((reading(plant, Sample("p1", "temperature", 90.0, plant.now), delivery=message(7, again=True)),))
    )
    assert outcome.tallies[0].applied == 1


def test_two_equal_messages_are_two() -> None:
    plant = Plant(rule("hot", hot()))
    again = Sample("p1", "temperature", 90.0, plant.now)
    plant.do(Samples((reading(plant, again, delivery=message(7)),)))
    assert plant.do(Samples((reading(plant, again, delivery=message(8, again=True)),))).tallies[0].duplicate == 0
    assert plant.do(Samples((reading(plant, again, delivery=message(7)),))).tallies[0].duplicate == 0


def test_a_number_that_has_another_content_now_is_another_message() -> None:
    plant = Plant(rule("hot", hot()))
    for digest, again, duplicate in ((b"a", False, 0), (b"b", False, 0), (b"a", True, 0), (b"a", True, 1)):
        given = reading(plant, sample("temperature", 1.0, plant.now), delivery=message(7, digest, again=again))
        assert plant.do(Samples((given,))).tallies[0].duplicate == duplicate


def test_sources_have_their_own_numbers() -> None:
    plant = Plant(rule("hot", hot()))
    given = sample("temperature", 1.0, plant.now)
    plant.do(Samples((reading(plant, given, source="a", delivery=message(7)),)))
    other = reading(plant, given, source="b", delivery=message(7, again=True))
    assert plant.do(Samples((other,))).tallies[0].duplicate == 0


def test_a_crash_forgets_no_message() -> None:
    plant = Plant(rule("hot", hot()))
    plant.do(Samples((reading(plant, sample("temperature", 1.0, plant.now), delivery=message(7)),)))
    other = Engine()
    other.restore(plant.engine.snapshot())
    other.decide(Started(), plant.now)
    again = reading(plant, sample("temperature", 1.0, plant.now), delivery=message(7, again=True))
    assert other.decide(Samples((again,)), plant.now).tallies == (Tally("mqtt", 1, duplicate=1),)


def test_the_last_messages_of_a_source_are_kept_and_no_more() -> None:
    deliveries = Deliveries()
    for number in range(KEPT + 10):
        assert not deliveries.repeats(Reading("mqtt", 0, delivery=message(number)))
    assert not deliveries.repeats(Reading("mqtt", 0, delivery=message(5, again=True)))
    assert deliveries.repeats(Reading("mqtt", 0, delivery=message(KEPT, again=True)))


def test_as_many_as_a_broker_may_repeat_after_a_kill_are_known() -> None:
    """Mosquitto was seen to repeat 29,650; where the first of them are not known any more, each one that is taken again
    makes the next one forgotten."""
    deliveries, numbers = Deliveries(), range(1, 30_001)
    for number in numbers:
        deliveries.repeats(Reading("mqtt", 0, delivery=message(number)))
    again = (Reading("mqtt", 0, delivery=message(number, again=True)) for number in numbers)
    assert all(deliveries.repeats(reading) for reading in again)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.integers(0, 6) | st.sampled_from([255, 256, 65_535]),
            st.sampled_from([b"x", b"y"]),
            st.booleans(),
            st.booleans(),
        )
    )
)
def test_what_is_known_is_what_was_taken_last_whatever_restarts_come_between(
    steps: list[tuple[str, int, bytes, bool, bool]],
) -> None:
    kept, taken = 5, list[tuple[str, int, bytes]]()
    deliveries = Deliveries(kept)
    for source, number, digest, again, restarts in steps:
        if restarts:
            rows, deliveries = deliveries.rows(), Deliveries(kept)
            deliveries.restore(rows)
        last = [item for item in taken if item[0] == source][-kept:]
        known = next((was == digest for _, found, was in reversed(last) if found == number), False)
        found = deliveries.repeats(Reading(source, 0, delivery=message(number, digest, again=again)))
        assert found == (again and known)
        taken.append((source, number, digest))
