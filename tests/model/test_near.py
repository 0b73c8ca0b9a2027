"""Suggestions come quickly, however many names there are."""

import time

from app.model.near import near


def test_a_near_name_among_a_hundred_thousand_is_found_within_a_moment() -> None:
    names = [f"pump_{number}" for number in range(100_000)] + ["controller_234"]
    began = time.perf_counter()
    assert near("contrller_234", names) == "did you mean 'controller_234'?"
    assert near("x" * 100_000, names) == ""
    near("pump_1x3", names)
    assert time.perf_counter() - began < 1.0
