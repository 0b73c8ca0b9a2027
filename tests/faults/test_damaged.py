"""A journal is damaged a few times; `python -m tests.faults damaged` does it fifty times."""

from pathlib import Path

import pytest

from tests.faults import damaged
from tests.servers.graph import GraphAddress


@pytest.mark.timeout(300)
async def test_what_a_damaged_journal_lost_is_told_and_everything_later_is_applied(
    tmp_path: Path, graph: GraphAddress, mosquitto_program: str
) -> None:
    await graph.clean()
    await damaged.run(tmp_path, graph, mosquitto_program, damaged.IN_CI)
