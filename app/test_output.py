"""What `twin-overlay test` prints: a line a scenario, failures like a diff, and how many of each there were."""

from rich.console import Console

from app.scenarios.junit import Suite
from app.scenarios.report import problems, timeline
from app.scenarios.run import Result


class Output:
    def __init__(self, verbose: bool) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._verbose = verbose
        self._passed = self._failed = self._errors = 0
        self._seconds = 0.0

    def suite(self, suite: Suite) -> None:
        self._console.print(suite.file, style="bold")
        if suite.unreadable:
            self._errors += 1
            for text in suite.unreadable:
                self._problem(text)
        for result, seconds in suite.results:
            self._seconds += seconds
            self._result(result, seconds, suite.text)

    def _result(self, result: Result, seconds: float, text: str) -> None:
        if result.errors:
            self._errors += 1
            word, style = "ERROR ", "bold red"
        elif result.failures:
            self._failed += 1
            word, style = "FAILED", "bold red"
        else:
            self._passed += 1
            word, style = "passed", "green"
        self._console.print(f"  {word}", style=style, end="")
        self._console.print(f"  {result.name}", end="")
        self._console.print(f"  {seconds * 1000:.1f} ms", style="dim")
        if self._verbose:
            for line in timeline(result):
                self._console.print(f"    {line}", style="dim")
        for problem in problems(result, text):
            self._problem(problem)

    def _problem(self, text: str) -> None:
        for line in text.split("\n"):
            style = {"  - ": "green", "  + ": "red"}.get(line[:4], "")
            self._console.print(f"    {line}", style=style)
        self._console.print()

    def summary(self) -> bool:
        """Whether all passed."""
        parts = [f"{self._passed} passed"]
        parts += [f"{self._failed} failed"] if self._failed else []
        parts += [f"{self._errors} {'error' if self._errors == 1 else 'errors'}"] if self._errors else []
        good = not (self._failed or self._errors)
        style = "bold green" if good else "bold red"
        self._console.print(f"{', '.join(parts)} in {self._seconds * 1000:.0f} ms", style=style)
        return good
