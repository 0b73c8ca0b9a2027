"""`twin-overlay fmt`: scripts rewritten in their one canonical form, comments kept.

A file that can't be read is left as it is and its faults are told; the others are formatted all the same.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.bulk.reading import SCRIPTS, gather
from app.dtsl.format_script import format_text
from app.errors import Problem

STANDARD_INPUT = "-"


@dataclass(slots=True)
class Formatting:
    changed: list[str] = field(default_factory=list)
    """Files that are not, or were not, in their canonical form."""
    unchanged: int = 0
    faults: list[str] = field(default_factory=list)
    """Of files that can't be formatted, as a terminal shows them."""
    differences: list[str] = field(default_factory=list)


def format_files(paths: Sequence[Path], *, write: bool) -> Formatting:
    """Never raises; with `write` each changed file is replaced by its formatted text."""
    done = Formatting()
    found = gather(paths, SCRIPTS)
    done.faults += [str(fault.told()) for fault in found.faults]
    for path, text in found.scripts:
        formatted = _formatted(text, str(path), done)
        if formatted is None:
            continue
        if formatted.encode() == path.read_bytes():
            done.unchanged += 1
            continue
        done.changed.append(str(path))
        done.differences.append(difference(text, formatted, str(path)))
        if write:
            try:
                path.write_bytes(formatted.encode())
            except OSError as error:
                problem = Problem("FILE_UNWRITABLE", error.strerror or str(error), str(path))
                done.faults.append(str(problem))
    return done


def format_one(text: str, name: str) -> tuple[str | None, list[str]]:
    """The formatted text, or None and why not."""
    done = Formatting()
    return _formatted(text.removeprefix("\ufeff"), name, done), done.faults


def difference(text: str, formatted: str, name: str) -> str:
    """A unified diff; a carriage return is shown as `\\r`."""
    lines = difflib.unified_diff(_lines(text), _lines(formatted), name, name)
    return "".join(
        line.replace("\r", "\\r") if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in lines
    )


def _lines(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, last] if last else lines


def _formatted(text: str, name: str, done: Formatting) -> str | None:
    formatted = format_text(text, name)
    done.faults += [found.render(text) for found in formatted.diagnostics]
    return formatted.text
