"""docs/rest.md: every curl command in it does what its first line says, in their order, against a real server."""

from pathlib import Path

from tests.api.plant import Plant
from tests.docs.curl import run_examples

TEXT = (Path(__file__).parents[2] / "docs" / "rest.md").read_text(encoding="utf-8")


async def test_every_example_answers_with_the_status_that_it_promises() -> None:
    await run_examples(TEXT, Plant(), "docs/rest.md")
