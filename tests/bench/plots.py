"""The curves as SVG under docs/figures: the same bytes for the same points, readable on light and on dark pages."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tests.bench.figures import Curve, Report
from tests.bench.record import DOCS

FOLDER = "figures"
_INK = "#7f8794"
"""Of axes and words: enough contrast on white and on black."""
_COLORS = ("#2f81f7", "#d9822b", "#2da44e", "#bf5fd6", "#e5534b", "#1b9e9e")
_MARKS = ("o", "s", "^", "D", "v", "P")


def address(suite: str, curve: Curve) -> str:
    """Of the file, from the page."""
    return f"{FOLDER}/{suite}_{curve.key}.svg"


def draw(suite: str, report: Report, docs: Path = DOCS) -> list[Path]:
    return [_draw(curve, docs / address(suite, curve)) for curve in report.curves]


def _draw(curve: Curve, file: Path) -> Path:
    file.parent.mkdir(exist_ok=True)
    style: dict[Any, Any] = {
        "svg.hashsalt": curve.key,
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": _INK,
        "axes.labelcolor": _INK,
        "axes.edgecolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(style):
        figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
        for index, (label, points) in enumerate(curve.lines.items()):
            xs, ys = [x for x, _ in points], [y for _, y in points]
            color, mark = _COLORS[index % len(_COLORS)], _MARKS[index % len(_MARKS)]
            axes.plot(xs, ys, label=label, color=color, marker=mark, markersize=4, linewidth=1.5)
        if curve.log_x:
            axes.set_xscale("log")
            _name(axes.xaxis, ())
        if curve.log_y:
            axes.set_yscale("log")
            _name(axes.yaxis, (2, 5))
        else:
            axes.set_ylim(bottom=0)
        axes.set(title=curve.title, xlabel=curve.x, ylabel=curve.y)
        axes.grid(visible=True, which="major", color=_INK, alpha=0.25, linewidth=0.6)
        if len(curve.lines) > 1:
            axes.legend(frameon=False)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return file


def _name(axis: Axis, between: tuple[int, ...]) -> None:
    """The decades as plain numbers, and these multiples between them."""
    plain = FuncFormatter(lambda value, _: f"{value:,g}")
    axis.set_major_formatter(plain)
    axis.set_minor_locator(LogLocator(subs=between or (1,)))
    axis.set_minor_formatter(plain if between else NullFormatter())
