"""No secret that the server was given is in anything that it writes or answers (tests/faults/secrets.py)."""

from pathlib import Path

from tests.faults import secrets
from tests.servers.graph import GraphAddress


async def test_no_secret_is_in_anything_that_the_server_writes_or_answers(
    tmp_path: Path, graph: GraphAddress, mosquitto_program: str
) -> None:
    await graph.clean()
    found = await secrets.run(tmp_path / "place", graph, mosquitto_program)
    await graph.clean()
    assert found["secrets"] == 12
    assert found["refused documents"] == 8
