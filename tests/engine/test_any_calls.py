"""Calls in any order of what may happen to them: nothing is sent that must not be, and a restart knows all of it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.engine import Engine
from app.model.events import AttemptCall, Call, CallResult, Entry, Input, Load, RequestCall, SetManual, Started
from app.model.plan import Plan
from app.model.time import SECOND, Micros
from tests.engine.plant import Plant, alert, call, compare, hot, never, pump, pump_shape, rule, write

RULES = (
    rule("hot", hot(70.0), call("flush", required=True), write("mode", "hand"), call("start", required=True), alert()),
    rule("slow", compare("speed", "<", 55.0), write("speed", 60.0, required=True), write("limit", 5.0)),
    rule("fast", compare("speed", ">", 55.0), write("speed", 50.0), call("flush")),
    rule("low", compare("limit", "<", 30.0), write("limit", 80.0, required=True), alert("1")),
)
LOCKS = (
    never(compare("mode", "==", "auto"), call="start", name="by_hand"),
    never(compare("limit", ">", 90.0), write="speed", name="open"),
    never(compare("speed", ">", 100.0), write="limit", name="running"),
)
EDITS = [(1, RULES, LOCKS), (2, RULES[:2], LOCKS), (3, RULES, LOCKS[1:]), (4, RULES[::-1], LOCKS)]
PLANS = [
    Plan(
        revision,
        (pump_shape(*rules, shape_id=f"pump@{revision}", interlocks=locks),),
        (pump(shape_id=f"pump@{revision}", revision=revision),),
    )
    for revision, rules, locks in EDITS
]
SETTINGS = [("mode", "auto"), ("mode", "auto"), ("mode", "hand"), ("limit", 95.0), ("limit", 50.0)]
ASKED = st.sampled_from(["start", "flush", "stop", "speed"])
ANSWERS = st.sampled_from(["accepted", "accepted", "accepted", "refused", "failed"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, SECOND, SECOND, 4 * SECOND, 12 * SECOND, 40 * SECOND]),
        st.one_of(
            st.tuples(st.just("speed"), st.sampled_from([50.0, 60.0, 55.0, 120.0])),
            st.tuples(st.just("temperature"), st.sampled_from([20.0, 90.0])),
            st.tuples(st.just("set"), st.sampled_from(SETTINGS)),
            st.tuples(st.just("ask"), ASKED, st.sampled_from(["", "", "why"])),
            st.tuples(st.just("attempt"), st.integers(0, 3)),
            st.tuples(st.just("answer"), st.integers(0, 3), ANSWERS),
            st.tuples(st.just("load"), st.sampled_from(PLANS)),
            st.tuples(st.just("restart")),
            st.tuples(st.just("alive")),
        ),
    ),
    max_size=40,
)  # fmt: skip


def _command(plant: Plant, step: Any) -> Input | None:
    match step:
        case ("set", (name, value)):
            return SetManual("p1", name, value, "eva")
        case ("ask", what, reason):
            call_id = f"c{len(plant.journal)}"
            if what == "speed":
                return RequestCall(call_id, "p1", "eva", None, "speed", {"value": 60.0}, override_reason=reason)
            return RequestCall(call_id, "p1", "eva", what, override_reason=reason)
        case ("attempt", number):
            waiting = [it.call_id for it in plant.engine.live.calls.values() if it.status == "decided"]
            return AttemptCall(waiting[number % len(waiting)]) if waiting else None
        case ("answer", number, status):
            sent = [it.call_id for it in plant.engine.live.calls.values() if it.status == "attempted"]
            return CallResult(sent[number % len(sent)], status) if sent else None
        case ("load", plan):
            return Load(plan)
        case _:
            return Started()


def lived(script: list[tuple[Micros, Any]]) -> Plant:
    plant = Plant(plan=PLANS[0])
    plant.read(speed=55.0, temperature=20.0)
    for name, value in (("mode", "hand"), ("limit", 50.0)):
        plant.do(SetManual("p1", name, value, "eva"))
    for passed, step in script:
        match step:
            case ("speed" | "temperature" as name, value):
                plant.now += passed
                plant.read(**{name: value})
            case ("alive",):
                plant.alive("p1")
            case _ if (command := _command(plant, step)) is not None:
                plant.do(command, after=passed)
                if isinstance(command, RequestCall) and len(plant.journal) % 2:
                    plant.do(AttemptCall(command.call_id), after=0)
    return plant


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(0, 50))
def test_what_is_decided_again_or_folded_or_restored_is_the_same(script: list[tuple[Micros, Any]], after: int) -> None:
    plant = lived(script)
    again, folded, restored = Engine(), Engine(), Engine()
    after %= len(plant.journal)
    for index, entry in enumerate(plant.journal):
        if index == after:
            restored.restore(again.snapshot())
        assert again.decide(entry.input, entry.now) == entry.outcome
        folded.fold(entry)
        if index >= after:
            restored.fold(entry)
        again.live.sequence = entry.sequence
    digests = {engine.state_digest() for engine in (plant.engine, again, folded, restored)}
    assert len(digests) == 1


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_nothing_is_sent_that_must_not_be_and_nothing_waits_for_what_is_over(script: list[tuple[Micros, Any]]) -> None:
    plant = lived(script)
    engine = Engine()
    flushed: list[Micros] = []
    for entry in plant.journal:
        standing = {(it.method, it.property) for it in engine.live.guards("p1") if it.truth != "false"}
        engine.decide(entry.input, entry.now)
        for sent in _attempts(entry):
            assert sent.override_reason or (sent.method, None) not in standing
            assert sent.override_reason or (None, sent.property) not in standing
            if sent.method == "flush":
                assert all(entry.now - at >= 10 * SECOND for at in flushed[-1:])
                assert all(entry.now - at >= 60 * SECOND for at in flushed[-3:-2])
                flushed.append(entry.now)
        live = engine.live
        for call_id, waiting in live.held_actions.items():
            assert call_id in live.calls
            assert live.rule(waiting.key) is not None
        for key, (call_id, _) in live.unread.items():
            found = live.call(call_id)
            assert found is not None
            assert (found.property, found.observed_at) == (key.name, None)


def _attempts(entry: Entry) -> list[Call]:
    found = [it.call for it in entry.outcome.calls if it.call.status == "attempted"]
    return found if isinstance(entry.input, AttemptCall) else []
