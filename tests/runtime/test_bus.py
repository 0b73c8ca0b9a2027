"""The bus: who hears what, what a slow one keeps, and that nobody can hold up the others."""

import asyncio
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Unavailable
from app.model.events import (
    Alert,
    AlertChanged,
    BehaviorChanged,
    Call,
    CallChanged,
    Cause,
    ConnectivityChanged,
    Outcome,
    PropertyChanged,
    TwinEventOccurred,
)
from app.model.ledger import Pushes
from app.model.plan import BehaviorKey, OwnerKey
from app.runtime.bus import Bus, Fact, Published, Subscription

CAUSE = Cause("reading", "opcua", 0)
EVERYTHING = (PropertyChanged, BehaviorChanged, AlertChanged, CallChanged, TwinEventOccurred, ConnectivityChanged)


def value(twin: str, number: float, property: str = "flow_rate") -> PropertyChanged:
    return PropertyChanged(twin, property, number, "good", 0, 0, True)


def values(*changes: PropertyChanged) -> Outcome:
    return Outcome(changes=changes)


def per_property(fact: Fact) -> Hashable:
    assert isinstance(fact, PropertyChanged)
    return fact.twin_id, fact.property


async def read(subscription: Subscription, count: int) -> list[Published]:
    return [await asyncio.wait_for(anext(subscription), 5) for _ in range(count)]


async def rest(subscription: Subscription) -> list[Published]:
    return [published async for published in subscription]


def outcome_about(twin: str) -> Outcome:
    alert = Alert(
        "a1", OwnerKey("overlay", "station"), "hot", "HOT", "error", "", ("other", twin), 0, True, False, CAUSE
    )
    own, foreign = (BehaviorKey(OwnerKey("twin", twin), "b"), BehaviorKey(OwnerKey("overlay", twin), "b"))
    return Outcome(
        changes=(value(twin, 1),),
        behaviors=tuple(BehaviorChanged(key, "active", "true", 0, CAUSE) for key in (own, foreign)),
        alerts=(AlertChanged(alert, "raised", 0, CAUSE),),
        calls=(CallChanged(Call("c1", twin, "decided", 0, CAUSE), 0),),
        events=(TwinEventOccurred(twin, "fault", 0, {}, CAUSE),),
        connectivity=(ConnectivityChanged(twin, "connected", "", 0),),
    )


async def test_each_gets_its_kinds_about_its_twins_with_sequence_and_moment() -> None:
    bus = Bus()
    everything = bus.subscribe(EVERYTHING)
    of_pump = bus.subscribe(EVERYTHING, twins=["pump_123", "pump_124"])
    calls = bus.subscribe([CallChanged])
    of_nobody = bus.subscribe(EVERYTHING, twins=[])
    bus.publish(41, 7, outcome_about("pump_123"))
    bus.publish(42, 8, outcome_about("valve_234"))
    bus.close()
    assert len(await rest(everything)) == 14
    found = await rest(of_pump)
    assert {(published.sequence, published.now) for published in found} == {(41, 7)}
    kinds = [type(published.fact) for published in found]
    assert kinds == [
        PropertyChanged,
        ConnectivityChanged,
        TwinEventOccurred,
        BehaviorChanged,  # the overlay's behavior of the same name is not the twin's
        AlertChanged,
        CallChanged,
    ]
    assert [published.sequence for published in await rest(calls)] == [41, 42]
    assert await rest(of_nobody) == []


async def test_an_alert_about_two_of_my_twins_comes_once() -> None:
    bus = Bus()
    subscription = bus.subscribe([AlertChanged], twins=["other", "pump_123"])
    bus.publish(1, 0, outcome_about("pump_123"))
    bus.close()
    assert len(await rest(subscription)) == 1


async def test_a_filter_has_the_last_word() -> None:
    bus = Bus()
    subscription = bus.subscribe(
        [PropertyChanged], wants=lambda fact: isinstance(fact, PropertyChanged) and fact.value > 10
    )
    bus.publish(1, 0, values(value("a", 5), value("a", 15)))
    bus.close()
    assert [published.fact for published in await rest(subscription)] == [value("a", 15)]


async def test_a_waiting_reader_is_woken() -> None:
    bus = Bus()
    with bus.subscribe([PropertyChanged]) as subscription:
        reader = asyncio.create_task(read(subscription, 2))
        await asyncio.sleep(0)
        bus.publish(1, 0, values(value("a", 1)))
        await asyncio.sleep(0)
        bus.publish(2, 0, values(value("a", 2)))
        assert [published.fact for published in await reader] == [value("a", 1), value("a", 2)]


async def test_a_slow_reader_of_states_keeps_the_newest_and_knows_what_it_skipped() -> None:
    bus = Bus()
    subscription = bus.subscribe([PropertyChanged], coalesce=per_property)
    for number in range(100):
        bus.publish(number + 1, number, values(value("a", number), value("b", -number)))
    first, second = await read(subscription, 2)
    assert first == Published(100, 99, value("a", 99), skipped=99)
    assert second == Published(100, 99, value("b", -99), skipped=99, place=1)
    bus.publish(101, 100, values(value("a", 100)))
    assert await read(subscription, 1) == [Published(101, 100, value("a", 100), skipped=0)]


async def test_a_busy_key_does_not_starve_the_others_nor_itself() -> None:
    bus = Bus()
    subscription = bus.subscribe([PropertyChanged], coalesce=per_property)
    bus.publish(1, 0, values(value("busy", 0), value("quiet", 0)))
    heard = []
    for number in range(4):
        bus.publish(number + 2, 0, values(value("busy", number)))
        heard += [published.fact for published in await read(subscription, 1)]
    assert [fact.twin_id for fact in heard if isinstance(fact, PropertyChanged)] == ["busy", "quiet", "busy", "busy"]


async def test_a_slow_reader_of_facts_gets_what_fits_and_is_then_cut_off() -> None:
    bus = Bus()
    slow = bus.subscribe([PropertyChanged], limit=3)
    quick = bus.subscribe([PropertyChanged], limit=3)
    heard = []
    for number in range(10):
        bus.publish(number + 1, 0, values(value("a", number)))
        heard += await read(quick, 1)
    assert len(heard) == 10
    assert [published.sequence for published in await read(slow, 3)] == [1, 2, 3]
    for _ in range(2):
        with pytest.raises(Unavailable) as cut:
            await anext(slow)
        assert cut.value.code == "SLOW_CONSUMER"


async def test_a_filter_that_fails_ends_its_own_subscription_only() -> None:
    bus = Bus()
    broken = bus.subscribe([PropertyChanged], wants=lambda fact: 1 / 0 > 1)
    other = bus.subscribe([PropertyChanged])
    bus.publish(1, 0, values(value("a", 1)))
    bus.publish(2, 0, values(value("a", 2)))
    assert len(await read(other, 2)) == 2
    with pytest.raises(ZeroDivisionError):
        await anext(broken)


async def test_closing_the_bus_ends_everyone_after_what_waits_for_them() -> None:
    bus = Bus()
    idle, busy = bus.subscribe([PropertyChanged]), bus.subscribe([PropertyChanged], twins=["a"])
    reader = asyncio.create_task(rest(bus.subscribe([CallChanged])))
    await asyncio.sleep(0)
    bus.publish(1, 0, values(value("a", 1)))
    bus.close()
    assert len(await rest(idle)) == len(await rest(busy)) == 1
    assert await asyncio.wait_for(reader, 5) == []
    assert await rest(bus.subscribe([PropertyChanged])) == []
    bus.publish(2, 0, values(value("a", 2)))
    assert await rest(idle) == []


async def test_a_closed_subscription_leaves_nothing_behind() -> None:
    bus = Bus()
    kept = bus.subscribe([PropertyChanged], twins=["a"])
    for _ in range(3):
        with bus.subscribe(EVERYTHING, twins=["a", "b"]):
            bus.publish(1, 0, values(value("a", 1)))
    assert list(bus._places) == [kept]
    assert all(set(interested.by_twin) <= {"a"} for interested in bus._kinds.values())
    assert not any(interested.everywhere for interested in bus._kinds.values())


async def test_closing_while_a_reader_waits_ends_its_iteration() -> None:
    bus = Bus()
    subscription = bus.subscribe([PropertyChanged])
    reader = asyncio.create_task(rest(subscription))
    await asyncio.sleep(0)
    subscription.close()
    assert await asyncio.wait_for(reader, 5) == []


async def test_publishing_costs_what_the_interested_ones_cost() -> None:
    asked = 0

    def count(fact: Fact) -> bool:
        nonlocal asked
        asked += 1
        return True

    bus = Bus()
    kept = [bus.subscribe(EVERYTHING, twins=[f"twin_{n}"], wants=count) for n in range(1000)]
    bus.publish(1, 0, values(*(value("twin_7", n) for n in range(10))))
    assert asked == 10
    assert len(kept) == 1000


@given(st.lists(st.one_of(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), st.none())))
def test_coalescing_loses_no_last_value_and_counts_what_it_skips(steps: list[tuple[str, int] | None]) -> None:
    """None is the reader taking one fact; at the end it takes the rest."""

    async def run() -> None:
        bus = Bus()
        subscription = bus.subscribe([PropertyChanged], coalesce=per_property)
        heard: list[Published] = []
        for sequence, step in enumerate(steps, 1):
            if step is not None:
                bus.publish(sequence, 0, values(value(step[0], step[1])))
            elif subscription._newest:
                heard += await read(subscription, 1)
        bus.close()
        heard += await rest(subscription)
        published = [step for step in steps if step is not None]
        assert {fact.fact.twin_id: fact.fact.value for fact in heard if isinstance(fact.fact, PropertyChanged)} == dict(
            published
        )
        assert len(heard) + sum(fact.skipped for fact in heard) == len(published)

    asyncio.run(run())


async def test_whoever_takes_is_told_of_what_comes_and_of_definitions_that_change() -> None:
    bus = Bus()
    told: list[str] = []
    with bus.subscribe([PropertyChanged], news=lambda: told.append("news")) as facts:
        assert facts.take() is None
        bus.definitions_changed()
        assert told == ["news"]
        assert facts.take() is None
        bus.publish(1, 0, values(value("a", 1.0)))
        assert told == ["news"] * 2
        published = facts.take()
        assert published is not None
        assert published.sequence == 1
        assert facts.take() is None
    assert facts.ended
    assert told == ["news"] * 3


async def test_what_waits_coalesced_tells_how_many_have_come() -> None:
    bus = Bus()
    facts = bus.subscribe([PropertyChanged], coalesce=per_property)
    for number in range(3):
        bus.publish(number, 0, values(value("a", number)))
    bus.publish(3, 0, values(value("b", 1)))
    assert dict(facts.held()) == {("a", "flow_rate"): 3, ("b", "flow_rate"): 1}


async def test_facts_carry_their_place_among_their_kind_also_where_a_filter_leaves_some_out() -> None:
    bus = Bus()
    facts = bus.subscribe([PropertyChanged], twins=["b"])
    bus.publish(1, 0, values(value("a", 1), value("b", 2), value("a", 3), value("b", 4)))
    bus.close()
    assert [published.place for published in await rest(facts)] == [1, 3]


async def test_pushes_are_counted_per_subscriber_and_per_topic() -> None:
    bus = Bus()
    slow, quick, strict = bus.delivery("propertyChanged"), bus.delivery("propertyChanged"), bus.delivery("alertChanged")
    slow.waits = lambda: 2
    slow.delivered, slow.skipped = 1, 5
    quick.delivered = 6
    strict.skipped = 1
    strict.close()
    assert bus.pushes() == [
        Pushes(1, "propertyChanged", delivered=1, skipped=5, waiting=2),
        Pushes(2, "propertyChanged", delivered=6),
    ]
    slow.close()
    assert bus.pushed() == [
        Pushes(0, "alertChanged", delivered=0, skipped=1),
        Pushes(0, "propertyChanged", delivered=7, skipped=5),
    ]
    assert bus.skipped == 6
