"""The one way in which a definition is written to a file.

Keys are in the order of the model (app/model/definitions.py), the document's own before those that several kinds share,
so that its id comes first; those of free-form parts are in their author's. Only what the author wrote is there. A
number of a typed field is written as its type (`1000` in a float field is `1000.0`); in free-form parts 1 and 1.0 stay.
"""

import json
from functools import cache
from typing import Any

from app.model.definitions import Definition, to_document


def page(definition: Definition) -> str:
    """As the content of a file of its own."""
    return json.dumps(in_order(definition), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def line(definition: Definition) -> str:
    """As one line of NDJSON. A line separator of Unicode in a text does not end it: NDJSON is split at line feeds."""
    return json.dumps(in_order(definition), separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"


def in_order(definition: Definition) -> dict[str, Any]:
    """The document."""
    document = to_document(definition)
    return {key: document[key] for key in _order(type(definition)) if key in document}


@cache
def _order(model: type[Definition]) -> tuple[str, ...]:
    own = [name for name in model.model_fields if name in model.__annotations__]
    return (*own, *(name for name in model.model_fields if name not in own))
