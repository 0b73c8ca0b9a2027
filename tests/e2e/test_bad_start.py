"""What can't start says so in one clear line, with an exit code that is not 0."""

import socket
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.processes import command, running_server


async def _run(*arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    status, _, said = await command(*arguments, environment=environment, seconds=60)
    assert "Traceback" not in said, said
    return status, "\n".join(line for line in said.splitlines() if " INFO " not in line)


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = await _run("serve", "--data-dir", str(tmp_path), "--port", str(port))
    assert status == 2
    assert said.startswith(f"error: PORT_TAKEN cannot listen on 127.0.0.1:{port}")
    assert list(tmp_path.iterdir()) == []


async def test_an_open_address_is_refused_without_insecure(tmp_path: Path) -> None:
    status, said = await _run("serve", "--data-dir", str(tmp_path), "--host", "0.0.0.0")  # noqa: S104
    assert status == 2
    assert "ADDRESS_NOT_LOOPBACK" in said
    assert "--insecure" in said


async def test_a_graph_that_is_down_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["serve", "--data-dir", str(tmp_path), "--port", "0", "--graph", f"bolt://127.0.0.1:{port}"]
    status, said = await _run(*arguments, environment={"TWIN_OVERLAY_GRAPH__START_TIMEOUT_SECONDS": "1"})
    assert status in (1, 2)
    assert f"bolt://127.0.0.1:{port}" in said
    assert said.count("error:") == 1


async def test_a_data_directory_in_use_is_refused(tmp_path: Path) -> None:
    async with running_server(tmp_path):
        status, said = await _run("serve", "--data-dir", str(tmp_path), "--port", "0")
    assert status == 2
    assert "IN_USE" in said
    assert str(tmp_path) in said


async def test_settings_that_make_no_sense_are_all_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[server]\nport = 99999\n[graph]\nurl = 'x'\n")
    status, said = await _run("serve", "--config", str(file))
    assert status == 2
    assert "/server/port" in said
    assert "/graph/url" in said


async def test_files_that_cannot_be_applied_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"twin_id": ')
    (tmp_path / "other.json").write_text('[{"some": "thing"}]')
    (tmp_path / "notes.txt").write_text("hello")
    names = ["broken.json", "other.json", "notes.txt", "missing.json"]
    status, said = await _run("apply", *(str(tmp_path / name) for name in names))
    assert status == 1
    for code in ("JSON_INVALID", "KIND_UNKNOWN", "FILE_UNKNOWN", "FILE_UNREADABLE"):
        assert code in said


async def test_applying_without_a_server_says_how_to_start_one(tmp_path: Path) -> None:
    file = tmp_path / "pump.json"
    file.write_text('{"type_id": "pump"}')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    status, said = await _run("apply", str(file), "--server", f"http://127.0.0.1:{port}")
    assert status == 1
    assert "SERVER_UNREACHABLE" in said
    assert "twin-overlay serve" in said


async def test_trusted_documents_that_are_none_are_all_named_with_their_place(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "Broken.graphql").write_text("{\n  twins {")
    (documents / "Unknown.graphql").write_text("{ sequenc }")
    status, said = await _run("serve", "--data-dir", str(tmp_path / "data"), "--documents", str(documents))
    assert status == 2
    assert f"{documents / 'Broken.graphql'}:2:10: GRAPHQL_PARSE_FAILED" in said
    assert f"{documents / 'Unknown.graphql'}:1:3: GRAPHQL_VALIDATION_FAILED" in said
    assert "Did you mean 'sequence'?" in said
    status, said = await _run("serve", "--data-dir", str(tmp_path / "data"), "--trusted-only")
    assert (status, "documents_dir" in said) == (2, True)
