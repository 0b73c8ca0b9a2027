"""A scenario on a fresh engine, line after line, and what came of it.

Expectations that stand together are all judged; at the next line that does something a scenario that has failed ends,
because what follows would only fail for the same reason. After a line that can't be done (a name that is not there) the
rest is read for more of those, and judged no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.dtsl.findings import Diagnostic
from app.dtsl.source import Source, Span
from app.errors import TwinOverlayError
from app.model.catalogue import Catalogue
from app.model.definitions import Definition
from app.model.events import Entry
from app.model.time import Micros
from app.scenarios.judge import judge
from app.scenarios.mismatch import Mismatch, Said
from app.scenarios.moment import inputs, why
from app.scenarios.perform import perform
from app.scenarios.plant import NotDefined, Plant, defined
from app.scenarios.script import Definitions, Edit, File, Line, Scenario, Script
from app.scenarios.sources import Sources, named_in, sources_of
from app.scenarios.stage import Stage, Step, Undoable
from app.scenarios.telling import rejection
from app.scenarios.words import Fault

Library = Mapping[str, Sources]
"""What the files that a script names bring, by their path as the script writes it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold, or something that went otherwise than it should."""

    file: str
    line: int
    column: int
    written: str
    at: Micros
    """Since the scenario's beginning."""
    expected: str
    found: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    """What the behavior in question reads, as it stood."""
    why: tuple[str, ...] = ()
    """Why it is as it is, in a sentence."""
    step: tuple[str, ...] = ()
    """What had happened since the step began; told with the first failure of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the timeline: what was written, and what it led to, each with its moment."""

    at: Micros
    written: str
    facts: tuple[tuple[Micros, str], ...]
    expects: bool
    holds: bool = True


@dataclass(slots=True)
class Result:
    name: str
    file: str
    line: int
    failures: list[Failure] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    """Lines that can't be done."""
    timeline: list[Told] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    """The journal, for whoever wants to read it back."""

    @property
    def passed(self) -> bool:
        return not (self.failures or self.errors)


def definitions_of(script: Script, library: Library) -> list[Definition]:
    """What the scenarios of a script run on. Raises NotDefined with all that is wrong with it."""
    sources = Sources()
    for item in script.definitions:
        sources.add(_brought(script.source, item, library))
    return defined(sources, Catalogue())


def run(script: Script, scenario: Scenario, definitions: Sequence[Definition], library: Library) -> Result:
    """Never raises for what a script can say; `definitions` are those of `definitions_of`."""
    line, _ = script.source.position(scenario.span.start)
    result = Result(scenario.name, script.source.file, line)
    plant = Plant()
    try:
        plan = plant.save_definitions(definitions, scenario.begins)
    except TwinOverlayError as error:
        result.failures.append(_refusal(script.source, scenario.span, 0, error))
        return result
    running = _Running(script, library, Stage(plant, plan, scenario.begins), result)
    for item in (*script.opening, *scenario.lines):
        if not running.go_on(item):
            break
    running.end()
    return result


def _brought(script: Source, item: Definitions, library: Library) -> Sources:
    if isinstance(item, File):
        return named_in(script, item, library[item.path])
    found = sources_of(script, item)
    for imported in item.imports:
        if library[imported.path].texts:  # that one is not there, the check of the block tells at its import
            found.add(library[imported.path])
    return found


class _Running:
    def __init__(self, script: Script, library: Library, stage: Stage, result: Result) -> None:
        self._source = script.source
        self._library = library
        self._stage = stage
        self._result = result
        self._said = Said()
        self._refused: tuple[Line, Micros, TwinOverlayError] | None = None
        self._rejected: Line | None = None
        self._expecting = False
        self._failed = False
        """Whether something of this step does not hold."""

    def go_on(self, line: Line) -> bool:
        """False where the scenario ends with this line."""
        if line.expects:
            self._expecting = True
            self._expect(line)
            return True
        self._unasked()
        if self._result.failures and not self._result.errors:
            return False
        if self._expecting:
            self._expecting = False
            self._said = Said()
            self._failed = False
            self._stage.since.clear()
        self._do(line)
        return True

    def end(self) -> None:
        self._unasked()
        if self._result.errors:
            self._result.failures.clear()  # it was not run as it was meant
        self._result.entries = self._stage.entries

    # ------------------------------------------------------------ lines

    def _do(self, line: Line) -> None:
        stage = self._stage
        step = stage.step = Step()
        before = len(stage.entries)
        try:
            for wrong in perform(stage, line.does, self._texts):  # type: ignore[arg-type]  # it is an action
                self._fail(line, Mismatch("after the restart everything as it was", (wrong,)))
        except (Fault, Undoable) as error:
            span = error.span if isinstance(error, Fault) else line.span
            self._result.errors.append(Diagnostic.of(error.message, self._source, span))
        except TwinOverlayError as error:
            self._said.refusal = (error.code, error.message)
            self._refused = (line, stage.now, error)
            step.told.append((stage.now, f"refused: {error.code} {error.message}"))
        rejected = [item for entry in stage.entries[before:] for item in entry.outcome.rejected]
        if rejected:
            self._said.rejections += rejected
            self._rejected = line
        self._tell(line, step.told)

    def _expect(self, line: Line) -> None:
        try:
            mismatch = judge(self._stage, self._said, line.does)  # type: ignore[arg-type]  # it is an expectation
        except Fault as fault:
            self._result.errors.append(Diagnostic.of(fault.message, self._source, fault.span))
            return
        if mismatch is not None:
            self._fail(line, mismatch)
        self._tell(line, (), holds=mismatch is None)

    def _unasked(self) -> None:
        """What was refused or rejected, and no expectation has named it."""
        if self._said.refusal is not None and self._refused is not None:
            line, at, error = self._refused
            self._result.failures.append(_refusal(self._source, line.span, at - self._stage.begins, error))
        if self._said.rejections and self._rejected is not None:
            found = tuple(map(rejection, self._said.rejections))
            self._fail(self._rejected, Mismatch("every sample taken", found))
        self._said.refusal = self._refused = self._rejected = None
        self._said.rejections.clear()

    # ------------------------------------------------------------ below

    def _texts(self, edit: Edit) -> Sources:
        return _brought(self._source, edit.definitions, self._library)

    def _fail(self, line: Line, mismatch: Mismatch) -> None:
        stage = self._stage
        number, column = self._source.position(line.span.start)
        step = () if self._failed else tuple(stage.since_told())  # once is enough
        self._failed = True
        self._result.failures.append(
            Failure(
                self._source.file,
                number,
                column,
                _written(self._source, line.span),
                stage.now - stage.begins,
                mismatch.expected,
                mismatch.found,
                tuple(told for key in mismatch.behaviors for told in inputs(stage, key)),
                tuple(told for key in mismatch.behaviors for told in why(stage, key)),
                step,
            )
        )

    def _tell(self, line: Line, told: Sequence[tuple[Micros, str]], *, holds: bool = True) -> None:
        begins = self._stage.begins
        facts = tuple((moment - begins, text) for moment, text in told)
        self._result.timeline.append(
            Told(self._stage.now - begins, _written(self._source, line.span), facts, line.expects, holds)
        )


def _written(source: Source, span: Span) -> str:
    return " ".join(source.text[span.start : span.end].split())


def _refusal(source: Source, span: Span, at: Micros, error: TwinOverlayError) -> Failure:
    line, column = source.position(span.start)
    found = [f"refused {error.code} {error.message}"]
    if isinstance(error, NotDefined):
        found = [text for told in error.told(source) for text in told.split("\n")]
    elif len(error.problems) > 1:
        found += [str(problem) for problem in error.problems]
    return Failure(source.file, line, column, _written(source, span), at, "done", tuple(found))
