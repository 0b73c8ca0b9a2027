"""What makes a start quick: the graph engine's Java is on its way before the program itself is read."""

import subprocess
import sys

import pytest

from tests.e2e.processes import REPO


@pytest.mark.parametrize(
    "module", ["app.main", "app.api.app", "app.connectors.supervise", "neo4j", "strawberry", "asyncua"]
)
def test_serving_does_not_read_the_rest_of_the_program_before_the_engine_starts(module: str) -> None:
    told = f"import sys, app.serve, app.graph.embedded; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], cwd=REPO, check=False).returncode == 0


@pytest.mark.parametrize(
    ("asked", "besides"),
    [
        ("--help", {"pydantic", "asyncio", "importlib.metadata"}),
        ("--version", {"pydantic", "asyncio"}),
        ("serve --help", {"asyncio"}),
        ("check --help", {"asyncio"}),
        ("journal check --help", {"asyncio"}),
        ("fmt missing.dtsl", {"httpx", "websockets", "app.engine"}),
        ("check missing.dtsl", {"httpx", "websockets"}),
        ("check --explain DTSL204", {"httpx", "websockets", "app.bulk"}),
        ("test missing.twins", {"httpx", "websockets"}),
    ],
)
def test_a_command_reads_no_more_than_it_needs(asked: str, besides: set[str]) -> None:
    """Heavy packages, by which a command took longer than a person notices."""
    heavy = {"rich.markdown", "strawberry", "fastapi", "uvicorn", "neo4j", "asyncua", "aiomqtt", "numpy", "app.main"}
    told = (
        f"import sys, app.__main__ as m\ntry: m.app({asked.split()!r})\nexcept SystemExit: pass\n"
        f"read = {heavy | besides!r} & set(sys.modules)\nif read: sys.exit(f'read: {{read}}')"
    )
    ran = subprocess.run([sys.executable, "-c", told], cwd=REPO, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
