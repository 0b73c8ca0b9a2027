"""Where the examples are: the repository's own, and the specification beside the repository where it exists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parent.parent / "corpus" / "dtsl"
_SPECIFICATION = Path(__file__).parents[3] / "shared" / "spec"


def specification() -> str:
    """Its text; skips the test, with a line that can't be missed, where the folder is not there."""
    pages = sorted(_SPECIFICATION.glob("*.md"))
    if not pages:
        pytest.skip("NOT CHECKED AGAINST THE SPECIFICATION: ../shared/spec is not beside this repository")
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def specified_json(key: str, value: str) -> list[dict[str, Any]]:
    """The specification's JSON blocks in which `key` is `value`."""
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", specification(), re.DOTALL)]
    return [block for block in blocks if isinstance(block, dict) and block.get(key) == value]


def specified_scripts() -> list[str]:
    """Its DTSL in order: the example of the language, then the API's two request bodies."""
    text = specification()
    examples = re.findall(r"```dtsl\n(.*?)```", text, re.DOTALL)
    requests = re.findall(r"```http\nPOST /api/v1/dtsl/\w+\nContent-Type: text/plain\n\n(.*?)```", text, re.DOTALL)
    return [*examples, *requests]


def specified_documents() -> list[dict[str, Any]]:
    """Every JSON block of the specification that is a definition, in order."""
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", specification(), re.DOTALL)]
    keys = ("type_id", "twin_id", "overlay_id")
    return [
        block
        for block in blocks
        if isinstance(block, dict) and any(key in block for key in keys) and not {"state", "instance_id"} & block.keys()
    ]
