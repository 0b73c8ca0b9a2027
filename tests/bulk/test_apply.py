"""Applying files over HTTP to an installation with real commands: transactions, batches, interruptions, problems."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.bulk.apply import Options, apply
from app.client import GraphqlClient
from app.errors import TwinOverlayError, Unavailable
from tests.api.client import serving
from tests.api.parts import Installation

TYPES = json.dumps([{"type_id": "fan", "extends": "machine"}, {"type_id": "machine"}])
SMALL_BODY = 64 * 1024


class Dying(GraphqlClient):
    """Loses its server after so many mutations."""

    def __init__(self, url: str, mutations: int) -> None:
        super().__init__(url)
        self._left = mutations

    async def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, timeout_seconds: float | None = None
    ) -> dict[str, Any]:
        if document.strip().startswith("mutation"):
            if self._left == 0:
                raise Unavailable("the cable is cut", code="SERVER_UNREACHABLE")
            self._left -= 1
        return await super().execute(document, variables, timeout_seconds=timeout_seconds)


@contextlib.asynccontextmanager
async def _server(**settings: Any) -> AsyncIterator[tuple[Installation, GraphqlClient]]:
    installation = Installation(**settings)
    async with serving(installation) as port, GraphqlClient(f"http://127.0.0.1:{port}") as client:
        yield installation, client


async def _apply(client: GraphqlClient, *paths: Path, **options: Any) -> tuple[list[str], list[str]]:
    said: list[str] = []
    return await apply(client, paths, Options(**options), said.append), said


async def _refused(client: GraphqlClient, *paths: Path, **options: Any) -> TwinOverlayError:
    with pytest.raises(TwinOverlayError) as refused:
        await _apply(client, *paths, **options)
    return refused.value


def _fans(folder: Path, count: int, **more: Any) -> Path:
    """A folder of two types, an overlay and so many twins of about 1 KB, each related to the one after it."""
    (folder / "types.json").write_text(TYPES)
    with (folder / "fans.ndjson").open("w") as file:
        for number in range(count):
            related = {"name": "next", "target_twin_id": f"fan_{number + 1}", "relationship_type": "control"}
            twin = {
                "twin_id": f"fan_{number}",
                "twin_type": "fan",
                "description": "x" * 900,
                "relationships": [related],
            }
            file.write(json.dumps({**twin, **more}) + "\n")
    (folder / "a.json").write_text(json.dumps({"overlay_id": "fans", "twins": [{"twin_id": "fan_1", "role": "one"}]}))
    return folder


async def test_what_fits_into_one_request_is_one_transaction(tmp_path: Path) -> None:
    async with _server() as (installation, client):
        lines, _ = await _apply(client, _fans(tmp_path, 20), reason="new fans")
        assert "created: twin_type machine" in lines
        assert "created: twin fan_19" in lines
        warned = f"warning: {tmp_path}/fans.ndjson:20#/relationships/0/target_twin_id: UNRESOLVED_TARGET"
        assert sum(line.startswith("warning") for line in lines) == sum(line.startswith(warned) for line in lines) == 1
        [change] = installation.store.changes
        assert change.reason == "new fans"
        assert len(change.saved) == 23
        lines, _ = await _apply(client, tmp_path)
        assert sum(line.startswith("unchanged: ") for line in lines) == 23
        assert len(installation.store.changes) == 1


async def test_what_is_too_large_for_the_server_goes_in_batches_that_it_takes(tmp_path: Path) -> None:
    async with _server(max_body_bytes=SMALL_BODY) as (installation, client):
        lines, _ = await _apply(client, _fans(tmp_path, 300))
        assert lines[0] == "created: 2 twin_type, 300 twin, 1 overlay"
        assert len([line for line in lines if line.startswith("warning")]) == 1, "only the last fan's next is missing"
        changes = installation.store.changes
        assert len(changes) > 4
        saved = [item.id for change in changes for item in change.saved]
        assert saved[:2] == ["machine", "fan"]
        assert saved[-1] == "fans"
        assert len(saved) == len(set(saved)) == 303
        lines, _ = await _apply(client, tmp_path)
        assert lines[0].startswith("unchanged: ")
        assert installation.store.changes == changes


async def test_the_batch_is_the_users_to_choose(tmp_path: Path) -> None:
    async with _server(max_body_bytes=SMALL_BODY) as (installation, client):
        await _apply(client, _fans(tmp_path, 100), batch=10)
        assert max(len(change.saved) for change in installation.store.changes) == 10


async def test_types_that_need_each_other_go_in_one_batch(tmp_path: Path) -> None:
    """Ten in a ring of rules, and a chain that is read from its end."""
    ring = [
        {"type_id": f"ring_{n}", "relationships": [{"name": "to", "target_type": f"ring_{(n + 1) % 10}"}]}
        for n in range(10)
    ]
    chain = [
        {"type_id": f"chain_{n}", "relationships": [{"name": "to", "target_type": f"chain_{n + 1}"}]} for n in range(9)
    ] + [{"type_id": "chain_9", "relationships": [{"name": "to", "target_type": "chain_9"}]}]
    (tmp_path / "types.json").write_text(json.dumps([*ring, *chain]))
    async with _server(max_body_bytes=SMALL_BODY) as (installation, client):
        (tmp_path / "more").mkdir()
        await _apply(client, tmp_path / "types.json", _fans(tmp_path / "more", 100), batch=4)
        sizes = [len(change.saved) for change in installation.store.changes]
        assert max(sizes) == 10, "the ring"
        assert sum(sizes) == 20 + 103


async def test_a_fault_in_the_last_document_is_told_before_the_first_batch_is_sent(tmp_path: Path) -> None:
    async with _server(max_body_bytes=SMALL_BODY) as (installation, client):
        _fans(tmp_path, 200)
        with (tmp_path / "fans.ndjson").open("a") as file:
            file.write(json.dumps({"twin_id": "odd", "twin_type": "fann"}) + "\n")
        (tmp_path / "z.json").write_text(json.dumps([{"overlay_id": "z", "overlay_type": "nothing"}]))
        error = await _refused(client, tmp_path)
        told = {(problem.code, problem.path.removeprefix(f"{tmp_path}/")) for problem in error.problems}
        assert told == {
            ("UNKNOWN_TWIN_TYPE", "fans.ndjson:201#/twin_type"),
            ("UNKNOWN_OVERLAY_TYPE", "z.json#/0/overlay_type"),
        }
        assert "did you mean 'fan'?" in str(error)
        assert installation.store.changes == []


async def test_an_interrupted_run_says_how_far_it_came_and_the_next_goes_on_from_there(tmp_path: Path) -> None:
    async with _server(max_body_bytes=SMALL_BODY) as (installation, client):
        _fans(tmp_path, 300)
        said: list[str] = []
        async with Dying(client.url, 4) as dying:
            with pytest.raises(Unavailable):
                await apply(dying, [tmp_path], Options(batch=30), said.append)
        done = sum(len(change.saved) for change in installation.store.changes)
        assert 0 < done < 303
        assert said == [f"stopped with {done} of 303 changes applied; run it again, and it goes on from there"]
        await _apply(client, tmp_path)
        saved = [item.id for change in installation.store.changes for item in change.saved]
        assert len(saved) == len(set(saved)) == 303, "nothing was saved twice"


async def test_a_document_that_no_request_can_hold_is_named(tmp_path: Path) -> None:
    async with _server(max_body_bytes=SMALL_BODY) as (installation, client):
        _fans(tmp_path, 3)
        (tmp_path / "large.json").write_text(
            json.dumps({"type_id": "large", "metadata": {str(n): "x" * 1000 for n in range(100)}})
        )
        error = await _refused(client, tmp_path)
        assert (error.code, error.path) == ("BODY_TOO_LARGE", f"{tmp_path}/large.json")
        assert "MAX_BODY_BYTES" in error.hint
        assert all(item.id != "large" for change in installation.store.changes for item in change.saved)


@pytest.mark.parametrize("as_list", [False, True])
async def test_the_servers_problems_come_back_with_their_files(tmp_path: Path, as_list: bool) -> None:
    async with _server() as (installation, client):
        twin = {"twin_id": "p", "twin_type": "pmp"}
        (tmp_path / "p.json").write_text(json.dumps([twin, {"type_id": "other"}] if as_list else twin))
        error = await _refused(client, tmp_path)
        [problem] = error.problems
        assert problem.path == f"{tmp_path}/p.json#{'/0' if as_list else ''}/twin_type"
        assert error.code == "DEFINITION_INVALID"
        assert installation.store.changes == []


async def test_a_change_that_breaks_others_is_refused_with_the_list(tmp_path: Path) -> None:
    (tmp_path / "pump.json").write_text('{"type_id": "pump"}')
    async with _server() as (installation, client):
        for options in ({}, {"dry_run": True}):
            error = await _refused(client, tmp_path / "pump.json", **options)
            assert error.code == "BREAKS_DEPENDENTS"
            assert any("twin 'pump_123' would break" in problem.message for problem in error.problems)
        assert installation.store.changes == []


async def test_a_dry_run_tells_what_would_happen_and_does_nothing(tmp_path: Path) -> None:
    _fans(tmp_path, 3)
    (tmp_path / "valve.json").write_text('{"type_id": "valve", "description": "shuts", "properties": []}')
    (tmp_path / "b.dtsl").write_text(
        "overlay Blowing { twins { Fan main; } }\ninstance B of Blowing { twins { main = Fan1; } }"
    )
    async with _server() as (installation, client):
        lines, _ = await _apply(client, tmp_path, dry_run=True)
        assert "would create: twin fan_2" in lines
        assert "would create: overlay_type blowing" in lines, "the script sees what the documents would leave"
        assert "would create: overlay b" in lines
        at = lines.index("would update: twin_type valve")
        assert lines[at + 1] == '  add /description: nothing -> "shuts"'
        assert installation.store.changes == []
        (tmp_path / "b.dtsl").write_text("overlay Blowing { twins { Fann main; } }")
        error = await _refused(client, tmp_path, dry_run=True)
        assert error.code == "DTSL_INVALID"
        assert "b.dtsl:1:" in error.problems[0].path


async def test_scripts_and_documents_that_need_each_other_are_one_transaction(tmp_path: Path) -> None:
    (tmp_path / "types.dtsl").write_text("twin type Blower extends Fan {\n}\n")
    (tmp_path / "fan.json").write_text('{"type_id": "fan"}')
    (tmp_path / "twins.dtsl").write_text('import "types.dtsl";\ntwin Blower1 of Blower {\n}\n')
    (tmp_path / "o.json").write_text('{"overlay_id": "o", "twins": [{"twin_id": "blower_1", "role": "one"}]}')
    async with _server() as (installation, client):
        named = [tmp_path / name for name in ("fan.json", "twins.dtsl", "o.json")]
        lines, _ = await _apply(client, *named, reason="new blowers")
        assert "created: twin_type blower" in lines, "what is imported comes along"
        assert "created: twin blower_1" in lines
        [change] = installation.store.changes
        assert len(change.saved) == 4
        lines, _ = await _apply(client, *named)
        assert all(line.startswith("unchanged: ") for line in lines)


async def test_what_the_server_says_of_a_script_is_told_with_its_line(tmp_path: Path) -> None:
    script = tmp_path / "pump.dtsl"
    script.write_text("// without the properties that an overlay needs\ntwin type Pump {\n}\n")
    async with _server() as (installation, client):
        error = await _refused(client, script)
        assert error.code == "BREAKS_DEPENDENTS"
        assert installation.store.changes == []
        script.write_text("twin type Pump {\n  properties { flaot x; }\n}\n")
        error = await _refused(client, script)
        assert error.code == "DTSL_INVALID"
        assert error.problems[0].path == f"{script}:2:16"


async def test_a_document_beside_a_declaration_of_the_same_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"type_id": "fan"}')
    (tmp_path / "b.dtsl").write_text("\ntwin type Fan {\n}\n")
    async with _server() as (_, client):
        error = await _refused(client, tmp_path)
        assert error.code == "FILES_INVALID"
        assert [(item.code, item.path) for item in error.problems] == [
            ("DUPLICATE_DOCUMENT", f"{tmp_path}/b.dtsl:2:11")
        ]
