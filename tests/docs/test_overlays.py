"""The documents of docs/overlays.md save, and its queries and mutations answer."""

import json
import re
from pathlib import Path
from typing import Any

from app.bulk.kinds import kind_of_document
from tests.api.client import ask
from tests.api.plant import Plant

TEXT = (Path(__file__).parents[2] / "docs" / "overlays.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


async def test_every_block_of_the_page_can_be_applied() -> None:
    plant = Plant()
    plant.start()
    documents: list[Any] = [json.loads(block) for block in _blocks("json")]
    save = """mutation($documents: [DefinitionInput!]!) {
      saveDefinitions(input: {documents: $documents}) { created { id } warnings { code message } } }"""
    given = [{"kind": str(kind_of_document(document)).upper(), "document": document} for document in documents]
    saved = (await ask(plant, save, documents=given))["saveDefinitions"]
    assert len(saved["created"]) == len(documents) >= 9
    assert saved["warnings"] == []
    answers = [await ask(plant, block) for block in _blocks("graphql")]
    assert [node["overlayId"] for node in answers[-1]["overlays"]["nodes"]] == ["water_works_north"]
    found = answers[0]["overlay"]
    assert [role["role"] for role in found["roles"]] == ["filtering", "second_line", "reserve"]
    assert found["roles"][0]["overlays"]["nodes"] == [
        {"overlayId": "filtering_a", "memberships": {"nodes": [{"role": "filtering"}]}}
    ]
