"""A frontend of TypeScript and Apollo Client: it compiles against schema.graphql, and works with a real server.

Its programs and tests are in src/; here they are generated, compiled and run, as `npm run` would do each by hand.
"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.processes import REPO, ServerProcess, command, running_server
from tests.servers.npm import demanded

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
HERE = Path(__file__).parent
STEP_SECONDS = 300.0


@dataclass(frozen=True)
class Project:
    """A copy of this folder at the same place below a copy of schema.graphql, with its packages beside it."""

    folder: Path

    async def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """A program of its packages, or a file of its own, in Node: the exit status and all that it printed."""
        process = await asyncio.create_subprocess_exec(
            "node",
            *arguments,
            cwd=self.folder,
            env={**os.environ, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), STEP_SECONDS)
        assert process.returncode is not None
        return process.returncode, output.decode()

    async def done(self, *arguments: str, **environment: str) -> str:
        status, said = await self.run(*arguments, **environment)
        assert status == 0, said
        return said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Generated and compiled: what `npm run generate` and `npm run build` do."""
    packages = await asyncio.to_thread(demanded, HERE)
    root = tmp_path_factory.mktemp("frontend")
    found = Project(root / "tests" / "frontend")
    shutil.copytree(HERE, found.folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "build", "gql"))
    shutil.copy(REPO / "schema.graphql", root)
    (found.folder / "node_modules").symlink_to(packages / "node_modules")
    await found.done("node_modules/@graphql-codegen/cli/cjs/bin.js", "--config", "codegen.yml")
    await found.done("node_modules/typescript/bin/tsc")
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    async with running_server(tmp_path_factory.mktemp("data")) as found:
        status, output, errors = await command("apply", str(HERE / "station.dtsl"), "--server", found.url)
        assert status == 0, output + errors
        yield found


@pytest.mark.parametrize("name", sorted(path.name.partition(".")[0] for path in HERE.glob("src/test/*.test.ts")))
async def test_it_works_with_a_real_server(project: Project, server: ServerProcess, name: str) -> None:
    said = await project.done("--test", f"build/test/{name}.test.js", TWIN_OVERLAY=server.url)
    assert re.search(r"^# pass [1-9]", said, re.M), said


# ---------------------------------------------------------------- against the last release

OLD = """
type Query { "A pump." pump(id: ID!): Pump, valve: String @deprecated(reason: "pump has it") }
type Pump { id: ID!, speed: Float!, mode: Mode! }
enum Mode { AUTO MANUAL }
"""


async def test_the_schema_breaks_no_client_of_the_last_release(project: Project) -> None:
    said = await project.done("build/breaking.js", str(REPO / ".ci" / "released.graphql"), str(REPO / "schema.graphql"))
    assert "nothing is released yet" in said or "0 of them breaking" in said


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("speed: Float!,", "", "Pump.speed: Field 'speed' was removed"),
        ("Float!", "Float", "Pump.speed"),
        ("pump(id: ID!)", "pump(id: ID!, at: String!)", "Query.pump"),
        ("AUTO MANUAL", "MANUAL", "Mode.AUTO"),
    ],
)
async def test_what_a_client_would_miss_is_found(
    project: Project, tmp_path: Path, old: str, new: str, told: str
) -> None:
    status, said = await _compared(project, tmp_path, OLD.replace(old, new))
    assert status == 1
    assert any(line.startswith(told) for line in said.splitlines()), said
    assert "1 of them breaking" in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("speed: Float!,", "speed: Float!, head: Float,"),
        ("A pump.", "One pump."),
        (', valve: String @deprecated(reason: "pump has it")', ""),
    ],
)
async def test_what_no_client_misses_may_change(project: Project, tmp_path: Path, old: str, new: str) -> None:
    status, said = await _compared(project, tmp_path, OLD.replace(old, new))
    assert (status, "0 of them breaking" in said) == (0, True), said


async def _compared(project: Project, folder: Path, now: str) -> tuple[int, str]:
    (folder / "released.graphql").write_text(OLD)
    (folder / "now.graphql").write_text(now)
    return await project.run("build/breaking.js", str(folder / "released.graphql"), str(folder / "now.graphql"))
