"""Each fault once; `python -m tests.faults lost_devices` does them ten times."""

from pathlib import Path

import pytest

from tests.faults import lost_devices
from tests.servers.graph import GraphAddress


@pytest.mark.timeout(400)
async def test_devices_that_go_and_come_lose_nothing_and_converge(
    tmp_path: Path, graph: GraphAddress, mosquitto_program: str
) -> None:
    await graph.clean()
    await lost_devices.run(tmp_path, graph, mosquitto_program, lost_devices.IN_CI)
