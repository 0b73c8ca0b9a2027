"""The goals of the steps name figures that somebody measures; whether they are met is told on docs/benchmarks.md."""

from collections import Counter

from tests.bench.__main__ import SUITES, suite
from tests.bench.figures import Beside, Figure, Report
from tests.bench.goals import GOALS, Goal


def test_every_goal_is_of_a_suite_that_the_bench_runs() -> None:
    assert {goal.suite for goal in GOALS} <= set(SUITES)


def test_every_suite_says_what_it_measures() -> None:
    titles = Counter(suite(name).title for name in SUITES)
    assert max(titles.values()) == 1
    assert all(suite(name).about.endswith(".") for name in SUITES)


def test_every_step_up_to_the_bench_has_goals_and_none_is_told_twice() -> None:
    assert {goal.step for goal in GOALS} == set(range(1, 8))
    assert max(Counter((goal.suite, goal.figure, goal.ratio, goal.beside) for goal in GOALS).values()) == 1
    assert max(Counter(goal.text for goal in GOALS).values()) == 1


def test_a_goal_is_told_as_met_only_by_what_was_measured() -> None:
    why = "it takes {f} where the other takes {f:beside}"
    goal = Goal(step=1, text="fast", suite="s", figure="f", bound=2, way="at most", ratio=True, why=why)
    fast, slow = (
        Report(
            figures=(Figure(key="f", what="f", unit="ms", rounds=ours, beside=(Beside(what="it", rounds=(2, 2, 2)),)),)
        )
        for ours in ((1.0, 9.0, 2.0), (8.0, 1.0, 6.0))
    )
    assert goal.told(fast) == ("1.00 times", "met")
    assert goal.told(slow) == ("3.00 times", "not met: it takes 6.00 where the other takes 2.00")
    assert goal.told(Report(figures=())) == ("-", "not measured")


def test_a_goal_may_be_of_the_second_that_stands_beside() -> None:
    figure = Figure(
        key="f", what="f", unit="ms", rounds=(6,), beside=tuple(Beside(what="it", rounds=(n,)) for n in (2.0, 3.0))
    )
    why = "it takes {f} where the others take {f:beside} and {f:beside1}"
    goal = Goal(step=1, text="fast", suite="s", figure="f", bound=1, way="at most", ratio=True, beside=1, why=why)
    assert goal.told(Report(figures=(figure,))) == (
        "2.00 times",
        "not met: it takes 6.00 where the others take 2.00 and 3.00",
    )
