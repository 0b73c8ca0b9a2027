"""The states of a connection: what each event does, and that no order of events leads to one that can't be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.health import MISSING, Health


def test_it_is_connecting_until_the_first_try_comes_to_an_end() -> None:
    health = Health(1)
    health.tries_now()
    assert (health.status, health.tries, health.since) == ("connecting", 1, 1)
    assert health.lost("no route", "UNAVAILABLE", 5)
    assert (health.status, health.since, health.outages) == ("disconnected", 5, 1)
    health.again_at(9)
    assert health.next_try == 9
    health.tries_now()
    assert (health.status, health.tries, health.since) == ("disconnected", 2, 5)
    assert not health.next_try
    assert not health.lost("no route either", "UNAVAILABLE", 11), "the outage goes on"
    assert (health.since, health.outages, health.last_error) == (5, 1, "no route either")
    health.connected(20)
    assert (health.status, health.since, health.tries, health.last_error) == ("connected", 20, 0, "")


def test_what_is_known_to_be_missing_before_it_stands_counts_once_it_does() -> None:
    health = Health(1)
    health.tries_now()
    health.lacks("UnknownNode", "pump.speed: no such node", 2)
    assert health.status == "connecting"
    health.connected(3)
    assert (health.status, health.since) == ("degraded", 3)
    assert (dict(health.missing), health.details) == ({"UnknownNode": 1}, ["pump.speed: no such node"])
    health.lost("cut", "UNAVAILABLE", 4)
    health.tries_now()
    health.connected(5)
    assert (health.status, dict(health.missing)) == ("connected", {})


def test_a_bad_message_is_nothing_that_is_missing() -> None:
    health = Health(1)
    health.connected(2)
    health.lacks("BadPayload", "not JSON", 3)
    assert health.status == "connected"


def test_silent_twins_degrade_it_until_they_are_heard_of() -> None:
    health = Health(1)
    health.silent_twins(3, 1)
    health.connected(2)
    assert health.status == "connected"
    health.silent_twins(1, 3)
    assert (health.status, health.since) == ("degraded", 3)
    health.silent_twins(2, 4)
    assert health.since == 3
    health.silent_twins(0, 5)
    assert (health.status, health.since) == ("connected", 5)


@pytest.mark.parametrize("stands", [False, True])
def test_what_no_try_can_help_is_failed_for_good(stands: bool) -> None:
    health = Health(1)
    if stands:
        health.connected(2)
    assert health.lost("no certificate", "CERTIFICATE_MISSING", 3, final=True)
    health.again_at(4)
    health.tries_now()
    health.connected(5)
    health.lacks("UnknownNode", "x", 6)
    assert (health.status, health.since, health.next_try, health.tries) == ("failed", 3, None, 0)


events = st.lists(
    st.one_of(
        st.just(("tries_now",)),
        st.just(("connected",)),
        st.tuples(st.just("lost"), st.booleans()),
        st.tuples(st.just("lacks"), st.sampled_from([*sorted(MISSING), "BadPayload"])),
        st.tuples(st.just("silent_twins"), st.integers(0, 3)),
        st.just(("again_at",)),
    ),
    max_size=40,
)


@given(events)
def test_no_order_of_events_leads_to_a_state_that_cannot_be(happened: list[Any]) -> None:
    health = Health(0)
    failed = False
    for now, (what, *given_) in enumerate(happened, 1):
        before, since, outages = health.status, health.since, health.outages
        match what:
            case "tries_now":
                health.tries_now()
            case "connected":
                health.connected(now)
            case "lost":
                began = health.lost("cut", "UNAVAILABLE", now, final=given_[0])
                assert began == (health.outages == outages + 1)
                failed |= given_[0]
            case "lacks":
                health.lacks(given_[0], "x", now)
            case "silent_twins":
                health.silent_twins(given_[0], now)
            case _:
                health.again_at(now + 10)
        assert health.status != "failed" or failed
        assert before != "failed" or (health.status, health.since) == ("failed", since), "it is left by nothing"
        assert before in (health.status, "connecting") or health.status != "connecting", "it is never new again"
        assert (health.status == "degraded") == (health.stands and bool(health.missing or health.silent))
        assert health.next_try is None or health.status == "disconnected"
        assert bool(health.last_error) == (health.status in ("disconnected", "failed"))
        assert (health.down_since is None) == (health.status in ("connecting", "connected", "degraded"))
        assert not health.stands or health.tries == 0
        assert health.status == before or health.since == now
        assert health.status != before or what == "connected" or health.since == since
        assert health.missing.keys() <= MISSING
        assert health.outages >= outages
