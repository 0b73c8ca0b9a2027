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


def test_asking_for_help_reads_next_to_nothing() -> None:
    told = (
        "import sys, app.__main__ as m\n"
        "try: m.app(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'app.serve', 'app.main', 'pydantic', 'rich.live', 'neo4j'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", told], cwd=REPO, check=False, capture_output=True).returncode == 0
