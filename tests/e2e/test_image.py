"""What the Dockerfile makes, as far as it can be tried without Docker: the wheel is whole, and serves from a tree that
nobody can write, as nobody in particular."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from app.__main__ import app
from app.settings import load_settings
from tests.e2e.processes import REPO

DOCKERFILE = (REPO / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = import_module("yaml").safe_load((REPO / "docker-compose.yml").read_text(encoding="utf-8"))
UID = 10001
_READ_ONLY = """
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/data /mnt/image /mnt/python
mount --bind "$DATA" /mnt/data
mount --bind "$SITE" /mnt/image
mount --bind "$PACKAGES" /mnt/python
mount -o remount,bind,ro /mnt/image
mount -o remount,bind,ro /mnt/python
mount -o remount,ro /mnt
for folder in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o ro tmpfs $folder; done
mount -o remount,bind,ro /
cd /
exec "$@"
"""


def instructions() -> list[tuple[str, str]]:
    """(name, rest) of each, lines joined."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", DOCKERFILE))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


def last(name: str) -> str:
    return [rest for found, rest in instructions() if found == name][-1]


def commands() -> set[str]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return set(group.commands)


def test_the_dockerfile_copies_what_is_there_and_runs_as_nobody_in_particular() -> None:
    stages = [rest for name, rest in instructions() if name == "FROM"]
    assert len(stages) == 2
    assert len({stage.split()[0] for stage in stages}) == 1, (
        "a virtual environment needs the interpreter it was made by"
    )
    copied = [rest.split() for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    for *sources, _ in copied:
        assert all((REPO / source).exists() for source in sources)
    assert last("USER") == f"{UID}:{UID}"
    assert last("VOLUME") == "/data"
    entry, command, health = json.loads(last("ENTRYPOINT")), json.loads(last("CMD")), last("HEALTHCHECK")
    assert entry == ["twin-overlay"]
    assert command[0] in commands()
    assert json.loads(health.partition("CMD ")[2])[1] in commands()
    names = [name for name, _ in instructions()]
    assert names.index("USER") < names.index("HEALTHCHECK")
    prepared = instructions().index(("RUN", "twin-overlay prepare"))
    assert prepared < names.index("USER"), "who serves can't write where the archive goes"
    assert "prepare" in commands()


def test_the_settings_of_the_image_and_of_compose_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    image = dict(re.findall(r"(TWIN_OVERLAY_\w+)=(\S+)", last("ENV")))
    server = COMPOSE["services"]["server"]
    for name, value in {**image, **server["environment"]}.items():
        monkeypatch.setenv(name, re.sub(r"\$\{.*\}", "12345678", value))
    settings = load_settings()
    assert (str(settings.data_dir), settings.server.host, settings.server.insecure) == ("/data", "0.0.0.0", True)  # noqa: S104
    assert settings.graph.uri == "neo4j://neo4j:7687"
    assert settings.server.allowed_hosts == ("server:8420",)
    assert server["read_only"] is True
    assert server["ports"] == ["127.0.0.1:8420:8420"], "there is no access control"
    assert server["volumes"] == ["server-data:/data"]
    assert set(server["depends_on"]) <= set(COMPOSE["services"])
    seconds = int(server["stop_grace_period"].removesuffix("s"))
    both = settings.server.drain_seconds * 2 + settings.server.announce_seconds
    assert seconds > both + 10, "else Docker kills it while it still waits"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=REPO, check=True, capture_output=True)
    [found] = folder.glob("*.whl")
    return found


def test_the_wheel_has_all_that_the_server_needs_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
    folders = {"app": REPO / "app", "app/cypher": REPO / "cypher"}
    expected = {
        f"{inside}/{file.relative_to(folder).as_posix()}"
        for inside, folder in folders.items()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == expected
    with zipfile.ZipFile(wheel) as packed:
        [scripts] = [packed.read(name) for name in packed.namelist() if name.endswith("entry_points.txt")]
    assert b"twin-overlay = app.__main__:main" in scripts


@pytest.mark.timeout(180)
async def test_it_serves_from_a_tree_that_nobody_can_write(wheel: Path, tmp_path: Path) -> None:
    if os.geteuid() or shutil.which("unshare") is None or _fails("unshare", "--mount", "true"):
        pytest.skip("READ-ONLY LANE NOT RUN: there is no mount namespace to make the tree unwritable in")
    site, data = tmp_path / "site", tmp_path / "data"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    data.mkdir()
    packages = Path(import_module("uvicorn").__file__ or "").parents[1]
    python, who = _interpreter()
    os.chown(data, *([UID, UID] if who else [0, 0]))
    environment = {
        "DATA": str(data),
        "SITE": str(site),
        "PACKAGES": str(packages),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }
    inside = [
        "env",
        "-i",
        "PATH=/usr/bin:/bin",
        "PYTHONPATH=/mnt/image:/mnt/python",
        "PYTHONDONTWRITEBYTECODE=1",
        python,
    ]
    process = await asyncio.create_subprocess_exec(
        "unshare", "--mount", "bash", "-c", _READ_ONLY, "bash", *who, *inside, "-m", "app", "serve",
        "--data-dir", "/mnt/data", "--port", "0", "--exit-with-parent",
        env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    log: list[str] = []
    try:
        async with asyncio.timeout(120):
            while not (log and "serving GraphQL at" in log[-1]):
                line = (await process.stderr.readline()).decode()
                assert line, "it ended:\n" + "".join(log)
                log.append(line)
        url = log[-1].partition("serving GraphQL at ")[2].strip().removesuffix("/graphql")
        healthy = await asyncio.create_subprocess_exec(sys.executable, "-m", "app", "health", "--server", url, cwd=REPO)
        assert await asyncio.wait_for(healthy.wait(), 60) == 0
        assert (data / "graph" / "databases").is_dir(), "the embedded engine has made its database"
        if who:
            assert {file.stat().st_uid for file in data.rglob("*")} == {UID}
    finally:
        process.send_signal(signal.SIGTERM)
        rest = await asyncio.wait_for(process.stderr.read(), 60)
        assert await process.wait() == 0, "".join(log) + rest.decode()
    down = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "health", "--server", url, cwd=REPO, stderr=asyncio.subprocess.DEVNULL
    )
    assert await asyncio.wait_for(down.wait(), 60) == 1


def _fails(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode != 0


def _interpreter() -> tuple[str, list[str]]:
    """One that nobody in particular may run, and how to become that; else this one, and as who we are."""
    who = ["setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups", "--no-new-privs"]
    same = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        # By way of env, for setpriv still has the rights of root as it executes.
        if not _fails(*who, "env", python, "-c", same):
            return python, who
    return os.path.realpath(sys.executable), []
