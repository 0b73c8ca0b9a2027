"""Moments and their text."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from app.model.time import from_datetime, iso, parse_iso, to_datetime

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
