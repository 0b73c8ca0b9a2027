"""The goals that the steps set, each by the figure that tells whether it is met.

Where one is not met, `why` has the reason and names the figure that shows it; it is printed only then.
"""

from typing import Literal

import msgspec

from tests.bench.figures import Report, number


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    step: int
    text: str
    suite: str
    figure: str
    bound: float
    way: Literal["at least", "at most"]
    ratio: bool = False
    """Of the ratio to what stands beside it, not of the figure itself."""
    beside: int = 0
    """Which of them."""
    why: str = ""

    def found(self, report: Report | None) -> float | None:
        """The median that counts; None where it was not measured."""
        figure = report.figure(self.figure) if report else None
        if figure is None:
            return None
        if not self.ratio:
            return figure.median
        ratios = sorted(figure.ratios(self.beside)) if len(figure.beside) > self.beside else []
        return ratios[len(ratios) // 2] if ratios else None

    def met(self, found: float) -> bool:
        return found >= self.bound if self.way == "at least" else found <= self.bound

    def told(self, report: Report | None) -> tuple[str, str]:
        """(what was found, whether that is met and why not)."""
        found = self.found(report)
        if found is None:
            return "-", "not measured"
        figure = report.figure(self.figure) if report else None
        unit = "times" if self.ratio else figure.unit if figure else ""
        verdict = "met" if self.met(found) else f"not met: {self.why}" if self.why else "not met"
        return f"{number(found)} {unit}", verdict


GOALS: tuple[Goal, ...] = ()
