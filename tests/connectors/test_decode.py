"""MQTT payloads become samples: pure, so every bad one is tried here and none of them may raise."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.decode import (
    Decoded,
    EventRoute,
    PropertyRoute,
    Unusable,
    decode_message,
    moment,
    parse_pointer,
    quality_of,
    read_json,
    resolve,
)
from app.model.events import DeviceEvent, Sample
from app.model.plan import PropertyPlan

NOW = 1_767_323_045_000_000
FLOW = PropertyPlan("flow", "float")
COUNT = PropertyPlan("count", "integer")
OPEN = PropertyPlan("open", "boolean")
NAME = PropertyPlan("name", "string")
MODE = PropertyPlan("mode", "enum", enum_values=("off", "on"))
DUE = PropertyPlan("due", "datetime")
ALL = (FLOW, COUNT, OPEN, NAME, MODE, DUE)


def decoded(payload: str | bytes, plan: PropertyPlan, **pointers: str) -> Decoded:
    raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    route = PropertyRoute("t", plan, **{name: parse_pointer(pointer) for name, pointer in pointers.items()})
    return decode_message(raw, NOW, [route])


def value(payload: str | bytes, plan: PropertyPlan, **pointers: str) -> object:
    found = decoded(payload, plan, **pointers)
    assert found.rejected == ()
    return found.samples[0].value


def reason(payload: str | bytes, plan: PropertyPlan, **pointers: str) -> str:
    found = decoded(payload, plan, **pointers)
    assert found.samples == ()
    return found.rejected[0].reason


def test_a_plain_payload_is_the_value_of_a_property_without_a_pointer() -> None:
    assert value("12.5", FLOW) == 12.5
    assert value(" 12 ", FLOW) == 12.0
    assert value("12.0", COUNT) == 12
    assert value("true", OPEN) is True
    assert value("pump house", NAME) == "pump house"
    assert value("123", NAME) == "123"
    assert value('"quoted"', NAME) == "quoted"
    assert value("on", MODE) == "on"
    assert value('"on"', MODE) == "on"
    assert value("1", MODE) == "on"
    assert value("2026-01-02T03:04:05Z", DUE) == "2026-01-02T03:04:05.000000Z"


def test_pointers_follow_rfc_6901() -> None:
    document = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, "01": 9}
    found = {
        pointer: resolve(document, parse_pointer(pointer))
        for pointer in ("/foo/1", "/", "/a~1b", "/c%d", "/m~0n", "/01")
    }
    assert found == {"/foo/1": "baz", "/": 0, "/a~1b": 1, "/c%d": 2, "/m~0n": 8, "/01": 9}
    assert resolve(document, parse_pointer("")) is document
    for missing in ("/foo/2", "/foo/01", "/foo/-", "/foo/-1", "/foo/bar", "/bar", "/foo/0/1", "/foo/²"):
        with pytest.raises(Unusable) as caught:
            resolve(document, parse_pointer(missing))
        assert caught.value.reason == "MissingPointer"
    with pytest.raises(Unusable) as caught:
        parse_pointer("foo/0")
    assert caught.value.reason == "BadPointer"


def test_one_message_carries_the_samples_of_several_twins() -> None:
    routes = [
        PropertyRoute("a", FLOW, parse_pointer("/flow")),
        PropertyRoute("b", COUNT, parse_pointer("/counts/0")),
        PropertyRoute("b", MODE, parse_pointer("/mode")),
    ]
    found = decode_message(b'{"flow": 3, "counts": [4], "mode": "on"}', NOW, routes)
    assert found.samples == (
        Sample("a", "flow", 3.0, NOW),
        Sample("b", "count", 4, NOW),
        Sample("b", "mode", "on", NOW),
    )


def test_one_bad_value_does_not_take_the_others_with_it() -> None:
    routes = [PropertyRoute("a", FLOW, parse_pointer("/flow")), PropertyRoute("a", COUNT, parse_pointer("/count"))]
    found = decode_message(b'{"flow": "high", "count": 4}', NOW, routes)
    assert [sample.property for sample in found.samples] == ["count"]
    assert [item.reason for item in found.rejected] == ["TypeMismatch"]
    assert "a.flow" in found.rejected[0].detail


@pytest.mark.parametrize(
    ("payload", "plan", "expected"),
    [
        ("not json", FLOW, "BadPayload"),
        (b"\xff\xfe\x00", NAME, "BadPayload"),
        ("", FLOW, "BadPayload"),
        ("[" * 100_000, FLOW, "BadPayload"),
        ("NaN", FLOW, "NotFinite"),
        ("-Infinity", FLOW, "NotFinite"),
        ("1e999", FLOW, "NotFinite"),
        ("1" + "0" * 400, FLOW, "NotFinite"),
        ("true", FLOW, "TypeMismatch"),
        ('"12.5"', FLOW, "TypeMismatch"),
        ("{}", FLOW, "TypeMismatch"),
        ("null", FLOW, "NoValue"),
        ("1.5", COUNT, "TypeMismatch"),
        ("NaN", COUNT, "NotFinite"),
        ("9223372036854775808", COUNT, "OutOfRange"),
        ("1", OPEN, "TypeMismatch"),
        ("half", MODE, "NotInEnum"),
        ("2", MODE, "NotInEnum"),
        ("-1", MODE, "NotInEnum"),
        ("yesterday", DUE, "TypeMismatch"),
        ("x" * 10_001, NAME, "TooLong"),
        ('"\\ud800"', NAME, "TypeMismatch"),
    ],
)
def test_what_cannot_be_a_value_of_the_type_is_rejected_with_its_reason(
    payload: str | bytes, plan: PropertyPlan, expected: str
) -> None:
    assert reason(payload, plan) == expected


def test_a_payload_that_is_not_json_counts_once_however_many_properties_it_should_carry() -> None:
    routes = [PropertyRoute("a", FLOW, parse_pointer("/a")), PropertyRoute("a", COUNT, parse_pointer("/b"))]
    assert [item.reason for item in decode_message(b"{", NOW, routes).rejected] == ["BadPayload"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-01-02T03:04:05Z", 1_767_323_045_000_000),
        ("2026-01-02T04:04:05.5+01:00", 1_767_323_045_500_000),
        (1_767_323_045, 1_767_323_045_000_000),
        (1_767_323_045.25, 1_767_323_045_250_000),
        (1_767_323_045_250, 1_767_323_045_250_000),
    ],
)
def test_source_times_are_iso_text_or_seconds_or_milliseconds(raw: object, expected: int) -> None:
    assert moment(raw) == expected


@pytest.mark.parametrize("raw", ["soon", -5, 1e15, True, None, [], "0001-01-01T00:00:00Z", float("nan")])
def test_a_timestamp_that_is_none_is_counted_and_the_receipt_time_used(raw: object) -> None:
    found = decoded(json.dumps({"v": 1, "t": raw}), FLOW, value="/v", timestamp="/t")
    assert found.samples == (Sample("t", "flow", 1.0, NOW),)
    assert [item.reason for item in found.rejected] == ["BadTimestamp"]


def test_quality_comes_from_the_payload() -> None:
    assert quality_of("good") == ("good", None)
    assert quality_of("UNCERTAIN") == ("uncertain", "UNCERTAIN")
    assert quality_of("BadSensorFailure") == ("bad", "BadSensorFailure")
    assert quality_of(True) == ("good", None)
    assert quality_of(False) == ("bad", "Bad")
    found = decoded('{"v": 1, "q": "uncertain"}', FLOW, value="/v", quality="/q")
    assert found.samples == (Sample("t", "flow", 1.0, NOW, "uncertain", "uncertain"),)


def test_a_bad_reading_carries_no_value_and_need_not_have_one() -> None:
    found = decoded('{"v": null, "q": "bad"}', FLOW, value="/v", quality="/q")
    assert found == Decoded(samples=(Sample("t", "flow", None, NOW, "bad", "bad"),))


def test_a_quality_that_cannot_be_read_makes_the_value_uncertain() -> None:
    for payload in ('{"v": 1, "q": 192}', '{"v": 1}'):
        found = decoded(payload, FLOW, value="/v", quality="/q")
        assert found.samples == (Sample("t", "flow", 1.0, NOW, "uncertain", "BadQuality"),)
        assert [item.reason for item in found.rejected] == ["BadQuality"]


def test_an_event_takes_its_parameters_from_the_object_at_its_pointer() -> None:
    events = [
        EventRoute("t", "fault_occurred", parse_pointer("/fault")),
        EventRoute("t", "other", parse_pointer("/other")),
    ]
    found = decode_message(b'{"fault": {"code": 5, "parts": ["a"]}}', NOW, [], events)
    assert found == Decoded(events=(DeviceEvent("t", "fault_occurred", NOW, {"code": 5, "parts": ["a"]}),))


def test_an_event_that_cannot_be_stored_is_rejected() -> None:
    events = [EventRoute("t", "fault")]
    assert decode_message(b'{"x": NaN}', NOW, [], events).rejected[0].reason == "NotFinite"
    assert decode_message(b"{", NOW, [], events).rejected[0].reason == "BadPayload"
    assert decode_message(b"[" * 20 + b"]" * 20, NOW, [], events).rejected[0].reason == "TypeMismatch"
    assert decode_message(b"7", NOW, [], events).events[0].parameters == {"value": 7}


@given(payload=st.binary(max_size=200) | st.from_regex(r"[\[\]{}0-9eE+.,:\"a-z-]{0,40}").map(str.encode))
def test_no_payload_raises_and_what_is_taken_can_be_stored(payload: bytes) -> None:
    pointers = [None, parse_pointer("/0"), parse_pointer("/a")]
    routes = [PropertyRoute("t", plan, pointer, pointer, pointer) for plan in ALL for pointer in pointers]
    found = decode_message(payload, NOW, routes, [EventRoute("t", "e")])
    for sample in found.samples:
        json.dumps(sample.value, allow_nan=False)
        assert sample.value is not None or sample.quality == "bad"


CELLS = PropertyPlan("cells", "array", items=FLOW, max_items=3)
WINDOW = PropertyPlan(
    "window",
    "object",
    fields=(FLOW, PropertyPlan("tags", "array", items=NAME), PropertyPlan("due", "datetime", required=False)),
)


def test_a_list_and_an_object_are_taken_by_their_parts() -> None:
    assert value("[1, 2.5]", CELLS) == [1.0, 2.5]
    assert value('{"data": [[], [3]]}', CELLS, value="/data/1") == [3.0]
    told = {"flow": 1, "tags": ["a"], "more": {"x": 1}, "due": None}
    assert value(json.dumps(told), WINDOW) == {"flow": 1.0, "tags": ["a"]}


@pytest.mark.parametrize(
    ("plan", "payload", "why", "detail"),
    [
        (CELLS, "1", "TypeMismatch", "t.cells: int where an array belongs"),
        (CELLS, "[1, 2, 3, 4]", "TooLong", "t.cells: 4 items, at most 3"),
        (CELLS, '[1, "x"]', "TypeMismatch", "t.cells: /1: str where a float belongs"),
        (WINDOW, '{"flow": 1}', "MissingField", "t.window: there is no 'tags' in it"),
        (WINDOW, '{"flow": null, "tags": []}', "NoValue", "t.window: /flow: null where a float belongs"),
        (WINDOW, '{"flow": 1, "tags": ["a", 5]}', "TypeMismatch", "t.window: /tags/1: int where a string belongs"),
    ],
)
def test_a_part_that_does_not_fit_is_told_by_its_place(plan: PropertyPlan, payload: str, why: str, detail: str) -> None:
    (rejected,) = decoded(payload, plan).rejected
    assert (rejected.reason, rejected.detail) == (why, detail)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(_JSON, st.booleans(), st.sampled_from(["", "\ufeff", "x", "]"]))
def test_json_is_read_alike_by_the_fast_way_and_by_the_thorough_one(item: object, ascii: bool, stray: str) -> None:
    payload = (stray + json.dumps(item, ensure_ascii=ascii)).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(payload.decode("utf-8-sig"))
    except ValueError:
        with pytest.raises(Unusable, match="BadPayload"):
            read_json(payload)
    else:
        assert repr(read_json(payload)) == repr(expected)


@pytest.mark.parametrize("payload", [b'{"unit": "\xb0C", "flow": 1}', b'{"fl\xf6w": 1}', b'"\xed\xa0\x80"', b'["\xc3'])
def test_json_in_another_encoding_is_a_bad_payload(payload: bytes) -> None:
    assert reason(payload, FLOW, value="/flow") == "BadPayload"
