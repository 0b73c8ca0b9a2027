"""docs/benchmarks.md is what `make bench` makes of docs/benchmarks.json, with a plot for every curve that is kept."""

from xml.etree import ElementTree

import pytest

from tests.bench import plots, record, render
from tests.bench.__main__ import SUITES, suite
from tests.bench.figures import LEAST_ROUNDS
from tests.bench.goals import GOALS, Goal

MEASURED = record.load()


def test_the_page_is_made_of_what_was_measured() -> None:
    made = render.page(MEASURED, {name: suite(name) for name in SUITES})
    kept = (record.DOCS / "benchmarks.md").read_text()
    assert made == kept, "docs/benchmarks.md is not of docs/benchmarks.json: python -m tests.bench --page"


def test_every_curve_has_its_plot_and_no_plot_is_of_none() -> None:
    wanted = {record.DOCS / plots.address(name, curve) for name, one in MEASURED.items() for curve in one.report.curves}
    kept = set((record.DOCS / plots.FOLDER).glob("*"))
    assert kept == wanted
    for file in kept:
        assert ElementTree.parse(file).getroot().tag.endswith("svg"), file


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.suite} {goal.figure} {goal.ratio}")
def test_what_a_goal_asks_for_was_measured_and_its_reason_with_it(goal: Goal) -> None:
    assert goal.suite in MEASURED, f"make bench SUITE={goal.suite}"
    report = MEASURED[goal.suite].report
    assert goal.found(report) is not None
    goal.reason(report)


@pytest.mark.parametrize("name", MEASURED)
def test_what_stands_beside_a_figure_was_measured_in_the_same_rounds(name: str) -> None:
    report = MEASURED[name].report
    assert len({figure.key for figure in report.figures}) == len(report.figures)
    for figure in report.figures:
        assert len(figure.rounds) == 1 or len(figure.rounds) >= LEAST_ROUNDS, figure.key
        assert all(len(other.rounds) == len(figure.rounds) for other in figure.beside), figure.key
