"""`twin-overlay test`: scenarios in `.twins` scripts, run on a fresh engine each, in virtual time and without a server.

The files are read here and nowhere else: what a script names (`use`, `edit`) is read once, relative to the script.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.bulk.reading import SCENARIOS, Fault, gather, texts_of
from app.bulk.shown import placed_fault
from app.dtsl.source import Source
from app.scenarios.junit import Suite
from app.scenarios.parse import parse
from app.scenarios.plant import NotDefined
from app.scenarios.run import definitions_of, run
from app.scenarios.script import Script
from app.scenarios.sources import Document, Sources


@dataclass(slots=True)
class Files:
    """What scripts name, read once each."""

    _read: dict[str, Sources] = field(default_factory=dict)

    def library(self, script: Script) -> dict[str, Sources]:
        folder = Path(script.source.file).parent
        return {item.path: self._sources(os.path.normpath(folder / item.path)) for item in script.files()}

    def _sources(self, path: str) -> Sources:
        found = self._read.get(path)
        if found is None:
            found = self._read[path] = sources_at(Path(path))
        return found


def sources_at(path: Path) -> Sources:
    """Everything in a file or a folder. Never raises; what can't be used is in `faults`."""
    found = gather([path])
    sources = {file: Source.of(text, str(file)) for file, text in found.texts.items()}
    return Sources(
        [(str(file), text) for file, text in found.scripts],
        [
            Document(
                read.definition,
                sources[read.place.file],
                sources[read.place.file].start_of_line(read.place.line or 1),
                read.place.pointer,
            )
            for read in found.documents
        ],
        [placed_fault(fault, sources) for fault in found.faults],
        {str(file): text for file, text in found.texts.items()},
    )


def run_paths(paths: Sequence[Path], only: str = "") -> Iterator[Suite]:
    """A suite for each script, as soon as it has run; `only` is a part of `FILE: SCENARIO`, in any case."""
    faults: list[Fault] = []
    files = Files()
    for file, text in texts_of(paths, SCENARIOS, faults):
        suite = run_text(text, str(file), files, only)
        if suite.results or suite.unreadable:
            yield suite
    for fault in faults:
        yield Suite(str(fault.place.file), unreadable=[placed_fault(fault, {}).render("")])


def run_text(text: str, file: str, files: Files, only: str = "") -> Suite:
    suite = Suite(file, text)
    script, problems = parse(text, file)
    if any(item.severity == "error" for item in problems):
        suite.unreadable = [item.render(text) for item in problems]
        return suite
    chosen = [item for item in script.scenarios if only.casefold() in f"{file}: {item.name}".casefold()]
    if not chosen:
        return suite
    library = files.library(script)
    try:
        definitions = definitions_of(script, library)
    except NotDefined as error:
        suite.unreadable = error.told(script.source)
        return suite
    for scenario in chosen:
        began = time.perf_counter()
        result = run(script, scenario, definitions, library)
        suite.results.append((result, time.perf_counter() - began))
    return suite
