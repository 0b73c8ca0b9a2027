"""npm's packages for what tests run in Node: each `package.json` is installed into a cache once, and kept.

`python -m tests.servers.npm` only fills the cache, for every package.json under tests/. Tests that want packages are
skipped where Node or npm is missing; with REQUIRE_NODE=1 they fail instead.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.missing import NotHere

_ROOT = Path(__file__).resolve().parents[2]
_INSTALL_SECONDS = 540


def provision(folder: Path) -> Path:
    """A folder with the `node_modules` that `folder/package.json` names in exact versions. Raises NotHere."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NotHere("Node with npm is not installed (apt-get install nodejs npm)")
    wanted = (folder / "package.json").read_bytes()
    cache = Path(os.environ.get("TWIN_OVERLAY_CACHE") or _ROOT / ".cache") / "npm"
    kept = cache / f"{folder.name}-{hashlib.sha256(wanted).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_dir():
            draft = kept.with_suffix(".new")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            (draft / "package.json").write_bytes(wanted)
            try:
                done = subprocess.run(
                    [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"],
                    cwd=draft,
                    capture_output=True,
                    text=True,
                    timeout=_INSTALL_SECONDS,
                )
            except subprocess.TimeoutExpired:
                raise NotHere(f"npm did not fetch {folder.name}'s packages within {_INSTALL_SECONDS} s") from None
            if done.returncode != 0:
                last = " ".join(done.stderr.strip().splitlines()[-1:])
                raise NotHere(f"npm could not fetch {folder.name}'s packages: {last}")
            draft.rename(kept)
    return kept


def demanded(folder: Path) -> Path:
    """`provision` for a fixture: skips the test where there is no Node, fails it with REQUIRE_NODE=1."""
    try:
        return provision(folder)
    except NotHere as reason:
        if os.environ.get("REQUIRE_NODE") == "1":
            pytest.fail(f"REQUIRE_NODE=1, and {reason}")
        pytest.skip(f"{reason}; REQUIRE_NODE=1 makes this a failure")


if __name__ == "__main__":
    for found in sorted((_ROOT / "tests").rglob("package.json")):
        if "node_modules" not in found.parts:
            try:
                sys.stdout.write(f"{provision(found.parent)}\n")
            except NotHere as reason:
                sys.exit(str(reason))
