"""The prepared documents of the editor: one file each in examples/, for the demo's plant, run by a test as they stand.

A file begins with comments: what it is called, then what is to be known of it. The order is that of the file names.
"""

from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).with_name("examples")


@dataclass(frozen=True, slots=True)
class Example:
    group: str
    """As "Find": the folder's name."""
    title: str
    document: str
    """With its comments."""
    variables: str
    """JSON, from the file of that name beside it; "" where it has none."""


def _read(file: Path) -> Example:
    document = file.read_text(encoding="utf-8")
    title = document.partition("\n")[0].removeprefix("#").strip()
    variables = file.with_suffix(".json")
    given = variables.read_text(encoding="utf-8") if variables.exists() else ""
    return Example(_worded(file.parent.name), title, document, given)


def _worded(name: str) -> str:
    """`1_what_if` is "What if"."""
    return name.partition("_")[2].replace("_", " ").capitalize()


EXAMPLES = tuple(_read(file) for file in sorted(_FOLDER.glob("*/*.graphql")))
