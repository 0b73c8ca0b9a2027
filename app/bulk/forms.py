"""What an exported definition is written as: a JSON document of its own, a line of NDJSON, or a script."""

from typing import Literal

from app.bulk import canonical
from app.dtsl.ast import Script
from app.dtsl.format_script import format_script
from app.dtsl.parse import parse_script
from app.dtsl.raise_definitions import raised
from app.model.definitions import Definition

Form = Literal["json", "ndjson", "dtsl"]


def written(definition: Definition, form: Literal["json", "dtsl"]) -> tuple[str, str]:
    """The suffix and the content of its file. What is too large for a script (a text of more than 10,000 letters, for
    one) is a document all the same."""
    if form == "dtsl":
        script = Script((raised(definition),))
        text = format_script(script)
        if parse_script(text) == (script, []):
            return ".dtsl", text
    return ".json", canonical.page(definition)
