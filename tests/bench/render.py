"""docs/benchmarks.md out of docs/benchmarks.json. A test holds the one against the other: nobody edits it by hand."""

from collections.abc import Iterator, Mapping

from tests.bench import plots
from tests.bench.figures import Beside, Figure, Report, Suite, number, spread
from tests.bench.goals import GOALS
from tests.bench.machine import Machine
from tests.bench.record import Measured

_INTRO = """\
# Figures

Made by `make bench`, which runs every suite below and writes this page and `benchmarks.json`; `make bench
SUITE=journal` runs one and leaves the others' figures as they are (`python -m tests.bench --help`). Everything
(devices, broker, server, graph engine, peers, clients) runs on the machine that is told, over loopback. Each figure
is the median of its rounds, in brackets the lowest and the highest; what stands beside it was measured in the same
rounds, in turn, and the ratio (ours over the other's) is taken round by round. There are five rounds or more; what
has no brackets was measured once (memory, a run of minutes) or is a count that does not differ. MB behind a figure are
those of the server's process. Another machine has other figures and, mostly, the same ratios."""


def page(measured: Mapping[str, Measured], suites: Mapping[str, Suite]) -> str:
    parts = [_INTRO, *_where(measured), *_goals(measured, suites)]
    for name, suite in suites.items():
        parts.append(f"## {suite.title}\n\n{suite.about}")
        if name not in measured:
            parts.append(f"Not measured yet: `make bench SUITE={name}`.")
            continue
        parts += _report(name, measured[name].report)
        parts.append(_how(name, measured[name]))
    return "\n\n".join(parts) + "\n"


def _where(measured: Mapping[str, Measured]) -> Iterator[str]:
    if not measured:
        yield "Nothing has been measured yet."
        return
    commits = sorted({one.commit for one in measured.values()})
    if len(commits) == 1:
        yield f"All of one commit, `{commits[0]}`."
    else:
        yield "Of more than one commit; each suite says which."
    machines: list[Machine] = []
    for one in measured.values():
        if one.machine not in machines:
            machines.append(one.machine)
    for machine in machines:
        versions = ", ".join(f"{name} {found}" for name, found in machine.versions.items())
        yield f"{machine.cores} cores ({machine.processor}), {machine.memory_gib:g} GiB, {machine.system}. {versions}."


def _goals(measured: Mapping[str, Measured], suites: Mapping[str, Suite]) -> Iterator[str]:
    rows = ["## Goals", "", "| step | goal | measured | | in |", "|---|---|---|---|---|"]
    for goal in GOALS:
        found, verdict = goal.told(measured[goal.suite].report if goal.suite in measured else None)
        title = suites[goal.suite].title
        where = f"[{title}](#{title.lower().replace(' ', '-')})"
        rows.append(f"| {goal.step} | {goal.text} | {found} | {verdict} | {where} |")
    yield "\n".join(rows)


def _report(name: str, report: Report) -> Iterator[str]:
    rows = ["| what | ours | beside it, in the same rounds | ours over it |", "|---|---|---|---|"]
    rows += [_row(figure) for figure in report.figures]
    if report.figures:
        yield "\n".join(rows)
    yield from report.said
    for curve in report.curves:
        yield f"![{curve.title}]({plots.address(name, curve)})"
        yield curve.said


def _row(figure: Figure) -> str:
    what = f"{figure.what} ({figure.note})" if figure.note else figure.what
    ours = f"{spread(figure.rounds)} {figure.unit}"
    if figure.memory is not None:
        ours += f"; {number(figure.memory)} MB"
    beside = "; ".join(f"{_other(one)}" for one in figure.beside)
    ratios = "; ".join(spread(figure.ratios(at)) for at in range(len(figure.beside)))
    return f"| {what} | {ours} | {beside} | {ratios} |"


def _other(beside: Beside) -> str:
    return f"{beside.what}: {spread(beside.rounds)}"


def _how(name: str, one: Measured) -> str:
    versions = "".join(f", {what} {found}" for what, found in one.report.versions.items())
    return (
        f"`make bench SUITE={name}`: {one.seconds / 60:.0f} min, at most {one.peak_mb:,.0f} MB in all its processes "
        f"together, load before it {one.load_before:.1f}; commit `{one.commit}`, {one.at}{versions}."
    )


def told(report: Report) -> str:
    """For the terminal."""
    lines = []
    for figure in report.figures:
        lines.append(f"{figure.what}: {spread(figure.rounds)} {figure.unit}")
        if figure.memory is not None:
            lines[-1] += f"; {number(figure.memory)} MB"
        for at, beside in enumerate(figure.beside):
            lines.append(f"    {_other(beside)}; ours over it {spread(figure.ratios(at))}")
    for curve in report.curves:
        lines.append(f"{curve.title} ({curve.x}: {curve.y})")
        for label, points in curve.lines.items():
            lines.append(f"    {label}: " + ", ".join(f"{number(x)}: {number(y)}" for x, y in points))
        lines.append(f"    {curve.said}")
    return "\n".join([*lines, *report.said])
