"""A few kills of the server; `python -m tests.faults killed_server` does a hundred."""

from pathlib import Path

import pytest

from tests.faults import killed_server
from tests.servers.graph import GraphAddress


@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_missing_or_applied_twice_over_kills(
    tmp_path: Path, graph: GraphAddress, mosquitto_program: str
) -> None:
    await graph.clean()
    await killed_server.run(tmp_path, graph, mosquitto_program, killed_server.IN_CI)
