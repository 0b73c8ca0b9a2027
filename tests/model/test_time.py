"""Moments and their text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.time import FIRST, LAST, from_datetime, iso, parse_iso, to_datetime

MOMENTS = st.integers(min_value=0, max_value=253_402_300_799_999_999)


@given(MOMENTS)
def test_text_reads_back_as_the_same_moment(moment: int) -> None:
    assert parse_iso(iso(moment)) == moment
    assert from_datetime(to_datetime(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(one: int, other: int) -> None:
    assert (iso(one) < iso(other)) == (one < other)


def test_a_datetime_without_a_zone_is_utc() -> None:
    assert from_datetime(datetime(2026, 1, 2)) == from_datetime(datetime(2026, 1, 2, tzinfo=UTC))
    assert from_datetime(datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=1)))) == parse_iso(
        "2026-01-02T00:00:00Z"
    )


def test_all_of_rfc_3339_is_read_and_comes_back_in_the_same_width() -> None:
    for text, same in (
        ("2016-12-31t23:59:60z", "2017-01-01T00:00:00.000000Z"),
        ("2016-12-31T23:59:60.5+01:00", "2016-12-31T23:00:00.500000Z"),
        ("2016-12-31T23:59:60.500000Z", "2017-01-01T00:00:00.500000Z"),
        ("0000-02-29T00:00:00.500000Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:60.500000Z", "9999-12-31T23:59:59.999999Z"),
        ("0300-01-01T00:00:00Z", "0300-01-01T00:00:00.000000Z"),
        ("0000-02-29T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z"),
    ):
        assert iso(parse_iso(text)) == same
    assert (iso(FIRST), iso(LAST)) == ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")


@pytest.mark.parametrize("text", ["20260102T030405.123.123456Z", "20260102T03:04:05.1.123456Z"])
def test_two_fractions_of_a_second_are_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        parse_iso(text)
