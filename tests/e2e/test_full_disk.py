"""The fault script of a full disk, at a length for every run of the tests."""

from pathlib import Path

import pytest

from app.graph.store import GraphStore
from tests.faults import full_disk
from tests.servers.graph import GraphAddress
from tests.servers.small_disk import NOT_RUN, can_mount


@pytest.mark.skipif(not can_mount(), reason=NOT_RUN)
async def test_a_full_disk_stops_readings_and_no_alarms_and_loses_nothing(
    tmp_path: Path, graph: GraphAddress, store: GraphStore, mosquitto_program: str
) -> None:
    await full_disk.run(tmp_path, graph, mosquitto_program, full_disk.IN_CI)
