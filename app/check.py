"""`twin-overlay check`: scripts and documents checked, and nothing saved; alone, or against a running server.

Every problem is a Diagnostic here, those of files and of JSON documents too: pointers are looked up in the text.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.bulk.reading import Found, gather
from app.bulk.shown import placed, placed_fault
from app.commands.check_together import check_together
from app.dtsl.diagnostics import Severity
from app.dtsl.findings import Diagnostic
from app.dtsl.parse import parse_scripts
from app.dtsl.source import Source
from app.model.catalogue import Catalogue

if TYPE_CHECKING:
    from app.client import GraphqlClient


@dataclass(frozen=True, slots=True)
class Report:
    diagnostics: list[Diagnostic]
    texts: Mapping[str, str]
    """Of each file."""
    files: int

    def count(self, severity: Severity) -> int:
        return sum(item.severity == severity for item in self.diagnostics)

    def render(self) -> str:
        told = [item.render(self.texts.get(item.file, "")) for item in self.diagnostics]
        return "".join(part + "\n\n" for part in told) + self.summary()

    def summary(self) -> str:
        """`2 errors and 1 warning in 3 files`."""
        named = (("error", "error"), ("warning", "warning"), ("info", "remark"))
        counts = [_counted(count, name) for severity, name in named if (count := self.count(severity))]  # type: ignore[arg-type]
        return f"{' and '.join(counts) or 'no problems'} in {_counted(self.files, 'file')}"

    def to_json(self) -> str:
        found = {
            "diagnostics": [item.to_json() for item in self.diagnostics],
            "files": self.files,
            "errors": self.count("error"),
            "warnings": self.count("warning"),
        }
        return json.dumps(found, ensure_ascii=False, indent=2)


async def check_alone(paths: Sequence[Path]) -> Report:
    """The files against each other: nothing else is there."""
    return _checked(gather(paths), Catalogue())


async def check_against(client: "GraphqlClient", paths: Sequence[Path], say: Callable[[str], None]) -> Report:
    """The files laid over what the server has. Raises what the server reports."""
    from app.bulk.plan import image  # with its HTTP client, which files that stand alone do not wait for

    found = gather(paths)
    return _checked(found, await image(client, say))


def _checked(found: Found, catalogue: Catalogue) -> Report:
    sources = {file: Source.of(text, str(file)) for file, text in found.texts.items()}
    scripts = parse_scripts([(str(file), text) for file, text in found.scripts])
    answer = check_together(scripts, [read.definition for read in found.documents], catalogue)
    diagnostics = [item for script in answer.scripts for item in script.diagnostics]
    for read, findings in zip(found.documents, answer.definitions, strict=True):
        diagnostics += [placed(item, "error", read.place, sources) for item in findings.problems]
        diagnostics += [placed(item, "warning", read.place, sources) for item in findings.warnings]
    diagnostics += [placed_fault(item, sources) for item in found.faults]
    order = {str(file): index for index, file in enumerate(sources)}
    diagnostics.sort(key=lambda item: (order.get(item.file, -1), item.offset))
    texts = {source.file: source.text for source in sources.values()}
    unread = {fault.place.file for fault in found.faults if fault.place.file not in sources}
    return Report(diagnostics, texts, len(sources) + len(unread))


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"
