"""Any input in any order: no exception, and replay, fold and snapshot all give what the live run gave."""

import math
from itertools import islice
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.computed import compute
from app.engine.engine import Engine
from app.model.conditions import Aggregate, And, Arithmetic, Bound, Compare, Evidence, Held, Literal, Not, Or
from app.model.definitions import Lifecycle
from app.model.events import (
    AcknowledgeAlert,
    AcknowledgeAlerts,
    AlertKey,
    AttemptCall,
    CallResult,
    ClearOverride,
    ClockStepped,
    CommentAlert,
    Delivery,
    DeviceEvent,
    EngineSettings,
    Entry,
    Input,
    Load,
    Note,
    Origin,
    Outcome,
    PathStatus,
    Reading,
    ReportSamples,
    RequestCall,
    ResetAlert,
    Sample,
    Samples,
    SetManual,
    SetOverride,
    ShelveAlert,
    SourceStatus,
    Started,
    Tick,
    Unaccepted,
    UnshelveAlert,
)
from app.model.ledger import Tally
from app.model.plan import (
    AlertPlan,
    EmitPlan,
    EscalationPlan,
    ExpectPlan,
    MessageValue,
    OverlayPlan,
    OwnerKey,
    Plan,
    PropertyKey,
    PropertyPlan,
    Shape,
)
from app.model.time import SECOND, Micros
from app.model.values import Quality
from tests.engine.plant import (
    MAPPED,
    PUMP_PROPERTIES,
    T0,
    alert,
    call,
    compare,
    failure,
    hot,
    never,
    pump,
    pump_shape,
    ref,
    rule,
    station,
    write,
)
from tests.engine.timed import FAULT, PULSES, STATION_TIMED, TIMED

TWINS = ("p1", "p2", "p3")
NAMES = (*MAPPED, "limit", "mode", "shown", "level", "slip", "steep", "profile", "window", "nothing")
PROPERTIES = (
    *PUMP_PROPERTIES,
    PropertyPlan("level", "float", minimum=0.0, maximum=10.0, stale_after=5 * SECOND),
    PropertyPlan("profile", "array", items=PropertyPlan("", "float", maximum=80.0), max_items=2),
    PropertyPlan("window", "object", fields=(PropertyPlan("low", "integer"),), access="read-write"),
)

RATIO = Compare(">", Arithmetic("/", ref("speed"), ref("temperature")), Literal(2))
COMPUTED = (
    PropertyPlan("slip", "float", maximum=3.0, computed=Arithmetic("/", ref("speed"), ref("temperature"))),
    PropertyPlan("steep", "boolean", computed=Or((compare("slip", ">", 2), compare("mode", "==", "hand")))),
    PropertyPlan("slack", "integer", computed=Arithmetic("*", ref("limit"), ref("starts"))),
)
EDITED = (msgspec.structs.replace(COMPUTED[0], computed=Arithmetic("-", ref("limit"), ref("level"))), *COMPUTED[1:])


def waiting(code: str, **options: Any) -> AlertPlan:
    return msgspec.structs.replace(alert(code), **options)


def saying(code: str) -> AlertPlan:
    slip = MessageValue(Arithmetic("/", ref("speed"), ref("temperature")), 1)
    return waiting(code, parts=("at ", MessageValue(ref("temperature")), " ", slip))


RULE_SETS = (
    (),
    (
        rule("hot", hot(), waiting("0", severity="critical", ack_required=True, re_alarm=3 * SECOND), call("stop")),
        rule("odd", compare("status", ">", 5)),
    ),
    (
        rule(
            "hot",
            hot(60.0),
            waiting("0", severity="error", ack_required=True, group="trip", re_alarm=2 * SECOND),
            call("start"),
            write("mode", "hand"),
            suppressed_by=("steep", "hand"),
        ),
        rule(
            "hand",
            compare("mode", "==", "hand"),
            waiting("1", severity="error", ack_required=True, latched=True, group="trip", re_alarm=SECOND),
            write("limit", 5.0),
            suppressed_by=("steep",),
        ),
        rule("back", compare("limit", "<", 10.0), write("mode", "auto"), act_on_load=True),
        rule(
            "ratio",
            Or((RATIO, Not(compare("level", "<", 5)))),
            write("speed", 0.0),
        ),
        rule("steep", compare("steep", "==", True), write("limit", 50.0), waiting("0", group="trip")),
        rule("none", compare("limit", "==", 50.0), write("limit", 0.0)),
        rule("broken", None, error="BROKEN"),
    ),
    (
        rule("hot", hot(70.0), call("flush", required=True), call(), write("limit", 9.0, required=True), alert()),
        rule("slow", compare("speed", "<", 60.0), write("speed", 70.0, required=True), write("mode", "hand")),
        rule("fast", compare("speed", ">", 60.0), write("speed", 50.0), call("flush")),
        rule("low", compare("limit", "<", 30.0), write("limit", 80.0, required=True), call("start"), alert("1")),
    ),
    (
        rule(
            "hot",
            hot(70.0),
            waiting("a", delay_on=2 * SECOND, deadband=5.0, delay_off=SECOND),
            call("start"),
            ExpectPlan(2 * SECOND, compare("status", "==", "running"), (alert("b", "error"), write("limit", 5.0)), 2),
            saying("c"),
            escalations=(
                EscalationPlan(2 * SECOND, True, (waiting("d", delay_off=2 * SECOND), call("stop"))),
                EscalationPlan(SECOND, False, (write("mode", "hand"),)),
            ),
            otherwise=(call("stop", required=True), write("mode", "auto"), saying("e")),
        ),
        rule(
            "low",
            Or((Not(compare("limit", ">", 60.0)), compare("level", "<", 1.0))),
            EmitPlan(None, "low", {"limit": 60.0}),
            call("flush", required=True),
            ExpectPlan(SECOND, compare("limit", ">", 60.0), (write("limit", 80.0),), 2),
            waiting("f", delay_off=SECOND, latched=True),
            otherwise=(alert("g", "error"),),
        ),
        rule("hand", compare("mode", "==", "hand"), waiting("h", delay_on=SECOND), write("limit", 50.0)),
    ),
    (
        rule(
            "hot",
            hot(60.0),
            waiting("a", delay_on=SECOND),
            ExpectPlan(2 * SECOND, compare("status", "==", "running"), (alert("b", "error"),), 1),
            escalations=(EscalationPlan(3 * SECOND, True, (alert("d"),)),),
        ),
        rule("low", compare("limit", "<", 60.0), waiting("f", deadband=2.0), act_on_load=True),
    ),
    (rule("hot", hot(), write("mode", "auto")), rule("loop", compare("mode", "==", "auto"), write("mode", "hand")),
     rule("loop2", compare("mode", "==", "hand"), write("mode", "auto"))),
    TIMED,
    PULSES,
)  # fmt: skip
INTERLOCKS = (
    never(compare("level", ">", 5.0), call="start"),
    never(compare("mode", "==", "hand"), write="limit", name="by_hand"),
    never(compare("temperature", ">", 100.0), write="speed", name="too_hot"),
    never(None, call="stop", name="broken", error="BROKEN it is broken"),
)
STATION_LOCKS = (
    never(compare("level", ">", 9.0, "backup"), call="start", owner="backup"),
    never(compare("status", "==", "fault", "primary"), write="limit", owner="backup", name="faulty"),
)
STATION_RULES = (
    failure(
        alert("0", "critical"),
        call("start", "backup"),
        ExpectPlan(2 * SECOND, compare("status", "==", "running", "backup"), (alert("deaf", "error"),), 2),
        write("limit", 9.0, "backup"),
    ),
    rule("alone", And((Not(Bound("backup")), compare("temperature", ">", 10.0, "primary"))), alert()),
)
SHARE = Compare(">", Arithmetic("/", ref("level", "area/station/primary"), ref("limit", "backup")), Literal(0.5))
SITE_RULES = (
    rule(
        "empty", compare("slack", "<", 10, "area/station/primary"), alert("0", "error"), write("limit", 0.0, "backup")
    ),
    rule("share", Or((SHARE, compare("limit", "<", 5.0, "backup"))), alert("1"), call("start", "area/station/primary")),
    rule("inside", Bound("area"), write("limit", 80.0, "backup")),
)
FLEET_RULES = (
    rule("any_hot", Aggregate("any", compare("temperature", ">", 70.0, "pumps"), over="pumps"), alert("any")),
    rule(
        "two_run",
        Compare(">=", Aggregate("count", compare("status", "==", "running", "pumps"), over="pumps"), Literal(2)),
        alert("two", "error"),
    ),
    rule(
        "warm",
        Held(
            Compare(">", Aggregate("avg", ref("temperature", "pumps"), known=True, over="pumps"), Literal(40)), SECOND
        ),
        write("limit", 70.0, "pumps/p3"),
    ),
    rule(
        "least",
        Compare(
            "<",
            Aggregate("min", Arithmetic("-", ref("speed", "pumps"), ref("limit", "pumps/p3")), over="pumps"),
            Literal(1),
        ),
        alert("least"),
    ),
    rule("stale", Aggregate("any", Evidence("isStale", ref("level", "pumps")), over="pumps"), alert("stale")),
    rule("unheard", Aggregate("any", Evidence("isSilent", ref("level", "pumps")), over="pumps"), alert("unheard")),
)
"""Of the overlay two around the station: roles of its own, and paths to who is bound inside."""


def _plan(data: tuple[int, int, dict[str, str], list[str], bool, int, Lifecycle, tuple[str, ...], str]) -> Plan:
    revision, rules, bindings, removed, manual, life, lifecycle, filled, site = data
    shape_id, station_id, site_id = f"pump@{revision}-{rules}", f"station@{revision}", f"site@{len(site)}"
    inside = {"area/station/primary": bindings["primary"]} if "primary" in bindings else {}
    around = OverlayPlan(
        "site",
        None,
        site_id,
        revision,
        {**inside, **({"backup": site} if site else {}), **{f"pumps/{twin}": twin for twin in TWINS[revision - 1 :]}},
        ("area",) if inside else (),
        "suspended" if lifecycle == "draft" else "active",
        {"pumps": TWINS[revision - 1 :]},
    )
    mapped = tuple(name for name in (*MAPPED, "level", "profile") if not (manual and name == "speed"))
    return Plan(
        revision,
        (
            Shape(
                shape_id,
                (*(EDITED if rules % 2 else COMPUTED), *PROPERTIES),
                pump_shape().methods,
                RULE_SETS[rules],
                INTERLOCKS[: rules + revision - 1],
                (FAULT,),
            ),
            Shape(station_id, rules=STATION_RULES + STATION_TIMED, interlocks=STATION_LOCKS),
            Shape(site_id, rules=(*SITE_RULES[len(site) % 2 :], *FLEET_RULES)),
        ),
        tuple(
            pump(twin, shape_id, revision, mapped=mapped, connected=twin != "p3", life=life)
            for twin in TWINS
            if twin not in removed
        ),
        (*([station(bindings, station_id, revision, lifecycle=lifecycle, filled=filled)] if bindings else []), around),
        tuple(removed),
        () if bindings else ("station",),
    )


plans = st.tuples(
    st.integers(1, 3),
    st.integers(0, len(RULE_SETS) - 1),
    st.dictionaries(st.sampled_from(["primary", "backup"]), st.sampled_from(TWINS)),
    st.lists(st.sampled_from(TWINS), max_size=1),
    st.booleans(),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from(["active", "active", "suspended", "draft"]),
    st.sampled_from([(), (), ("backup",)]),
    st.sampled_from(["p3", "p1", ""]),
).map(_plan)

values: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([0.0, 1.0, 50.0, 70.0, 90.0, 150.0, -1.0]),
    st.sampled_from(["running", "fault", "auto", "hand", "2026-01-02T03:04:05Z", "\ud800", ""]),
    st.sampled_from([True, False, None, 0, 3, 2**63, -(2**63), math.nan, math.inf, 1e308]),
    st.lists(st.integers(), max_size=3),
    st.sampled_from([{"low": 1}, {"low": 2, "more": 1}, {"low": "x"}, {}]),
    st.floats(),
    st.text(max_size=3),
)
qualities = st.sampled_from([*["good"] * 6, "uncertain", "bad", "splendid"])
times = st.one_of(
    st.integers(-90, 20).map(lambda seconds: seconds * SECOND), st.sampled_from([0, -T0, 10**17, 400_000])
)


@st.composite
def readings(draw: Any) -> tuple[Any, ...]:
    """Moments are relative to the input's `now`."""

    def one(twin: str, name: str, value: Any, at: Micros, quality: Quality, reason: str | None) -> Any:
        return twin, name, value, at, quality, reason

    rows = draw(
        st.lists(
            st.builds(
                one,
                st.sampled_from([*TWINS, "p1", "p1", "nobody"]),
                st.sampled_from(["temperature", "temperature", "status", *NAMES]),
                values,
                times,
                qualities,
                st.sampled_from([None, None, "SomeReason", "\ud800"]),
            ),
            max_size=4,
        )
    )
    events = draw(st.lists(st.tuples(st.sampled_from([*TWINS, "nobody"]), times, values), max_size=1))
    delivery = st.builds(Delivery, st.integers(1, 2), st.sampled_from([b"one", b"two"]), st.booleans())
    source = draw(st.sampled_from(["opc", "opc", "mqtt"]))
    return "readings", rows, events, draw(times), (source, draw(st.one_of(st.none(), delivery)))


texts = st.sampled_from(["", "x", "eva"])
scripts = st.lists(
    st.tuples(
        st.sampled_from([0, 400_000, SECOND, SECOND, 20 * SECOND]),
        st.one_of(
            readings(),
            readings(),
            readings(),
            st.tuples(st.just("batch"), st.lists(readings(), max_size=3)),
            st.tuples(st.just("reports"), st.lists(readings(), max_size=2)),
            plans.map(Load),
            st.builds(
                lambda twin, alive, reason, source, unfed: SourceStatus(
                    source, (PathStatus(twin, alive, reason, int(source == "mqtt"), unfed),)
                ),
                st.sampled_from([*TWINS, "nobody"]),
                st.sampled_from([True, True, False]),
                texts,
                st.sampled_from(["opc", "opc", "mqtt", ""]),
                st.sampled_from([(), (), ("temperature", "status")]),
            ),
            st.just(Tick()),
            st.just(Unaccepted((("opc", "BadPayload", 2), ("mqtt", "Overflow", 1), ("opc", "NoTopic", 1)))),
            st.just(Started()),
            st.builds(ClockStepped, st.sampled_from([0, 3 * SECOND, 3600 * SECOND]), st.sampled_from([0, 60 * SECOND])),
            st.builds(
                SetManual,
                st.sampled_from([*TWINS, "nobody"]),
                st.sampled_from(NAMES),
                values,
                st.just("eva"),
                override_reason=st.sampled_from(["", "", "because"]),
            ),
            st.builds(
                SetOverride,
                st.sampled_from([*TWINS, "p1", "nobody"]),
                st.sampled_from(["temperature", "temperature", "status", *NAMES]),
                st.sampled_from(["out_of_service", "forced", "forced"]),
                st.sampled_from(["eva", "adam"]),
                st.just("maintenance"),
                values,
            ),
            st.builds(
                ClearOverride,
                st.sampled_from([*TWINS, "p1", "nobody"]),
                st.sampled_from(["temperature", "temperature", "status", *NAMES]),
                st.just("eva"),
                st.just("done"),
                st.sampled_from([None, None, "out_of_service", "forced"]),
            ),
            st.builds(
                RequestCall,
                st.sampled_from(["a", "b", "c"]),
                st.sampled_from([*TWINS, "nobody"]),
                st.just("eva"),
                st.sampled_from([None, "start", "stop", "flush", "explode"]),
                st.sampled_from([None, None, "speed", "limit"]),
                st.sampled_from([{}, {"value": 50.0}, {"value": 70.0}]),
                override_reason=st.sampled_from(["", "", "because"]),
            ),
            st.just(Note("write", "refused", "eva", Origin(), ("twin/p1",), "speed", code="PROPERTY_READ_ONLY")),
            st.tuples(st.sampled_from(["attempt", "accepted", "refused", "failed"]), st.integers(0, 3)),
            st.tuples(
                st.just("alert"),
                st.sampled_from(
                    ["acknowledge", "acknowledge", "all", "reset", "reset", "comment", "shelve", "unshelve"]
                ),
                st.integers(0, 3),
            ),
        ),
    ),
    max_size=25,
)


def _reading(step: Any, now: Micros) -> Reading:
    _, rows, events, received, (source, delivery) = step
    samples = tuple(
        Sample(twin, name, value, now + at, quality, reason) for twin, name, value, at, quality, reason in rows
    )
    found = tuple(DeviceEvent(twin, "fault", now + at, {"value": value}) for twin, at, value in events)
    return Reading(source, now + min(received, 0), samples, found, delivery)


def _input(engine: Engine, step: Any, now: Micros) -> Input:
    match step:
        case ("readings", *_):
            return Samples((_reading(step, now),))
        case ("batch", given):
            return Samples(tuple(sorted((_reading(item, now) for item in given), key=lambda it: it.received_at)))
        case ("reports", given):
            return ReportSamples(tuple(_reading(item, now) for item in given), "eva")
        case ("alert", what, number):
            return _about_an_alert(engine, what, number)
        case (str(kind), number):
            calls = [*engine.live.calls, "nothing"]
            call_id = calls[number % len(calls)]
            return AttemptCall(call_id) if kind == "attempt" else CallResult(call_id, kind)  # type: ignore[arg-type]
        case _:
            return step  # type: ignore[no-any-return]


def _about_an_alert(engine: Engine, what: str, number: int) -> Input:
    known = [*(alert.alert_id for alert in engine.live.open_alerts()), "nothing"]
    alert_id = known[number % len(known)]
    match what:
        case "acknowledge":
            return AcknowledgeAlert(alert_id, "eva")
        case "all":
            return AcknowledgeAlerts((*known[number:], alert_id), "eva", "all of them")
        case "reset":
            return ResetAlert(alert_id, "eva")
        case "shelve" | "unshelve":
            key = _identity(engine, alert_id, number)
            if what == "shelve":
                return ShelveAlert(key, (number - 1) * 8 * SECOND, "eva", "noisy")
            return UnshelveAlert(key, "eva")
        case _:
            return CommentAlert(alert_id, "eva", "noted")


def _identity(engine: Engine, alert_id: str, number: int) -> AlertKey:
    """Of an open one, of one that may be raised, or of none."""
    alert = engine.live.alert(alert_id)
    if alert is not None:
        return AlertKey(alert.owner, alert.behavior, alert.code)
    return AlertKey(OwnerKey("twin", TWINS[number % 3]), ("hot", "hand", "nobody")[number % 3], str(number % 2))


def _probe(now: Micros) -> Samples:
    """What shows whether two engines go on alike."""
    return Samples(
        (Reading("opc", now, (Sample("p1", "temperature", 70.5, now), Sample("p2", "status", "fault", now))),)
    )


def live_run(script: list[tuple[Micros, Any]]) -> tuple[Engine, list[Entry], list[bytes]]:
    """The engine afterwards, its journal, and a snapshot before each entry."""
    engine, now = Engine(), T0
    entries: list[Entry] = []
    snapshots: list[bytes] = []
    first: list[tuple[Micros, Any]] = [
        (0, Started(EngineSettings(flood_limit=2, max_shelving=20 * SECOND))),
        (0, Load(_plan((1, 1, {"primary": "p1", "backup": "p2"}, [], False, 1, "active", (), "p3")))),
        (0, SourceStatus("opc", (PathStatus("p1", True), PathStatus("p2", True)))),
    ]
    for passed, step in [*first, *script]:
        now += passed
        input = _input(engine, step, now)
        snapshots.append(engine.snapshot())
        outcome = engine.decide(input, now)
        entries.append(Entry(len(entries) + 1, now, input, outcome))
        engine.live.sequence = len(entries)
    return engine, entries, snapshots


@settings(max_examples=60, deadline=None)
@given(scripts)
def test_replaying_the_inputs_on_a_fresh_engine_decides_the_same_outcomes(script: list[tuple[Micros, Any]]) -> None:
    engine, entries, _ = live_run(script)
    other = Engine()
    for entry in entries:
        assert other.decide(entry.input, entry.now) == entry.outcome
    assert other.state_digest() == engine.state_digest()


@settings(max_examples=60, deadline=None)
@given(scripts)
def test_every_sample_has_one_fate_and_the_totals_are_those_of_the_records(script: list[tuple[Micros, Any]]) -> None:
    engine, entries, _ = live_run(script)
    totals: dict[str, Tally] = {}
    for entry in entries:
        arrived = {"opc": 0, "mqtt": 0}
        match entry.input:
            case Samples(readings=given) | ReportSamples(readings=given):
                for reading in given:
                    arrived[reading.source] += len(reading.samples)
            case Unaccepted(rejected=rows):
                for source, _, count in rows:
                    arrived[source] += count
        counted = dict.fromkeys(arrived, 0)
        for tally in entry.outcome.tallies:
            counted[tally.source] += tally.received
        assert counted == arrived
        for tally in entry.outcome.tallies:
            assert tally.received == sum(tally.rejected.values()) + tally.duplicate + tally.journaled
            assert tally.journaled == tally.applied + tally.late + tally.unchanged
            totals.setdefault(tally.source, Tally(tally.source)).add(tally)
        _landed_are_samples(entry)
    assert engine.live.tallies == totals


def _landed_are_samples(entry: Entry) -> None:
    landed = entry.outcome.landed
    assert [run.first for run in landed] == sorted({run.first for run in landed})
    by_source: dict[str, int] = {}
    for run in landed:
        assert run.count > 0
        by_source[run.source] = by_source.get(run.source, 0) + run.count
        assert isinstance(entry.input, Samples | ReportSamples)
        sampled = {(item.twin_id, item.property) for reading in entry.input.readings for item in reading.samples}
        for change in entry.outcome.changes[run.first : run.first + run.count]:
            assert (change.twin_id, change.property) in sampled
    applied: dict[str, int] = {}
    for tally in entry.outcome.tallies:
        if tally.applied:
            applied[tally.source] = applied.get(tally.source, 0) + tally.applied
    assert applied == by_source


@settings(max_examples=60, deadline=None)
@given(scripts, st.integers(0, 30))
def test_a_snapshot_and_the_folded_rest_give_the_state_of_the_live_run(
    script: list[tuple[Micros, Any]], after: int
) -> None:
    engine, entries, snapshots = live_run(script)
    after %= len(entries)
    other = Engine()
    other.restore(snapshots[after])
    for entry in entries[after:]:
        other.fold(entry)
    assert other.state_digest() == engine.state_digest()
    assert other.live.sequence == len(entries)
    started = Started()
    now = entries[-1].now + SECOND
    assert other.decide(started, now) == engine.decide(started, now)
    for step in (Tick(), SourceStatus("opc", (PathStatus("p1", True), PathStatus("p2", True)))):
        assert other.decide(step, now) == engine.decide(step, now)
    probe = _probe(now)
    assert other.decide(probe, now) == engine.decide(probe, now)
    assert other.next_due() == engine.next_due()
    assert other.state_digest() == engine.state_digest()


@settings(max_examples=100, deadline=None)
@given(scripts, st.integers(0, 10), st.integers(1, 3), st.integers(0, 2))
def test_a_snapshot_that_is_taken_meanwhile_gives_the_state_at_its_end(
    script: list[tuple[Micros, Any]], after: int, at_once: int, few: int
) -> None:
    """Of one twin or overlay at a time, `at_once` of them between two entries."""
    _, entries, snapshots = live_run(script)
    after %= len(entries)
    engine = Engine()
    engine.restore(snapshots[after])
    taking = engine.take(piece=1, few=few)
    pieces = taking.pieces()
    for entry in entries[after:]:
        for _ in islice(pieces, at_once):
            pass
        engine.decide(entry.input, entry.now)
        assert taking.void == isinstance(entry.input, Load | Started)
        if taking.void:
            taking = engine.take(piece=1, few=few)
            pieces = taking.pieces()
    for _ in pieces:
        pass
    assert taking.complete
    other = Engine()
    other.restore(bytes(taking.end()))
    assert other.state_digest() == engine.state_digest()
    now = entries[-1].now + SECOND
    probe = _probe(now)
    assert other.decide(probe, now) == engine.decide(probe, now)
    assert other.next_due() == engine.next_due()


@settings(max_examples=60, deadline=None)
@given(scripts, st.integers(0, 30), st.integers(0, 30), st.integers(1, 6))
def test_a_start_folds_over_entries_that_are_lost_and_goes_on(
    script: list[tuple[Micros, Any]], after: int, gap: int, length: int
) -> None:
    _, entries, snapshots = live_run(script)
    after %= len(entries)
    gap = after + gap % (len(entries) - after)
    other = Engine()
    other.restore(snapshots[after])
    for entry in [*entries[after:gap], *entries[gap + length :]]:
        other.fold(entry)
    now = entries[-1].now + SECOND
    definitions = _plan((2, 1, {"primary": "p1", "backup": "p2"}, [], False, 2, "active", (), "p3"))
    probe = _probe(now)
    alive = SourceStatus("opc", (PathStatus("p1", True), PathStatus("p2", True)))
    for step in (Started(), Load(definitions, starting=True), alive, probe, Tick()):
        other.decide(step, now)
    again = Engine()
    again.restore(other.snapshot())
    assert again.state_digest() == other.state_digest()


@settings(max_examples=60, deadline=None)
@given(scripts)
def test_a_restored_engine_goes_on_deciding_as_the_one_it_was_taken_from(script: list[tuple[Micros, Any]]) -> None:
    _, entries, snapshots = live_run(script)
    middle = len(entries) // 2
    other = Engine()
    other.restore(snapshots[middle])
    for entry in entries[middle:]:
        assert other.decide(entry.input, entry.now) == entry.outcome


@settings(max_examples=60, deadline=None)
@given(scripts)
def test_what_is_due_is_done_by_a_tick_and_nothing_before(script: list[tuple[Micros, Any]]) -> None:
    engine, entries, _ = live_run(script)
    now = entries[-1].now
    due = engine.next_due()
    if due is None:
        assert engine.decide(Tick(), now + 3600 * SECOND) == Outcome()
        return
    if due > now:
        assert engine.decide(Tick(), due - 1) == Outcome()
    assert engine.decide(Tick(), due) != Outcome()


@settings(max_examples=60, deadline=None)
@given(scripts)
def test_the_invariants_hold_whatever_happens(script: list[tuple[Micros, Any]]) -> None:
    engine, _, _ = live_run(script)
    live = engine.live
    identities = [(alert.owner, alert.behavior, alert.code) for alert in live.open_alerts()]
    assert len(set(identities)) == len(identities)
    assert all(alert.closed_at is None and (alert.active or alert.ack_required) for alert in live.open_alerts())
    for twin in live.twins.values():
        for cell in twin.cells.values():
            usable = cell.value is not None and cell.quality != "bad" and (twin.alive or not cell.pathed)
            state = cell.state()
            if cell.override is None:
                assert cell.live == (cell.value if usable else None)
            else:
                assert cell.live == cell.override.value
                assert state.reported is not None
                assert state.reported.known == usable
            assert state.known == (cell.live is not None)
            assert live.overridden.get(PropertyKey(twin.key.id, cell.spec.plan.name)) == cell.override
            assert [rule.key for rule in cell.readers] == [
                rule.key for rule in sorted(cell.readers, key=lambda rule: rule.order)
            ]
        for computed in twin.computed:
            shown = computed.changed()
            compute(computed)
            assert computed.changed() == shown
        for each in twin.rules.values():
            assert all(each in cell.readers for cell in each.cells)
    for rules in (owner.rules for owners in (live.twins, live.overlays) for owner in owners.values()):
        for each in rules.values():
            if not each.plan.pulse:
                assert each.evidence is each.evaluate(), each.key  # also of those that a cascade was cut at
                assert each.evidence is None or each.active is each.evidence
    assert all(call_id in live.calls for call_id in live.waiting)
    assert all(live.cell(key.twin_id, key.name) is not None for key in live.overridden)
