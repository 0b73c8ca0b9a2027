"""Instructions of pieces of this program, counted by valgrind's callgrind: C and Python alike.

Imports and setups run uncounted, at a tenth of the usual speed; counted code runs at a fiftieth. A program under
valgrind speaks to it by an instruction sequence that does nothing elsewhere (valgrind.h, `VALGRIND_DO_CLIENT_REQUEST`),
which no Python package has: it is written into a page of memory here, for x86-64 alone.
"""

import compileall
import ctypes
import mmap
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

REPO = Path(__file__).parents[3]
SECONDS = 1_800
"""After which the counting is given up: half a minute of a processor, which a machine in use gives in ten."""
_SEQUENCE = bytes.fromhex(
    "48 89 f8"  # mov rax, rdi: the request and its arguments
    "48 89 f2"  # mov rdx, rsi: the answer where nobody hears it
    "48 c1 c7 03 48 c1 c7 0d 48 c1 c7 3d 48 c1 c7 33"  # rol rdi by 3, 13, 61 and 51: by 128 in all, which is by nothing
    "48 87 db"  # xchg rbx, rbx
    "48 89 d0"  # mov rax, rdx
    "c3"  # ret
)
_CALLGRIND = (ord("C") << 24) | (ord("T") << 16)
_RUNNING, _DUMP, _ZERO, _START, _STOP = 0x1001, _CALLGRIND + 3, _CALLGRIND + 1, _CALLGRIND + 4, _CALLGRIND + 5


class NotHere(Exception):
    """This machine can't count; the message says why and what to do."""


class Failed(Exception):
    """A piece raised, or valgrind did not do its part; the message has what they said."""


class Counter:
    """In the program that is counted: raises NotHere where it does not run under callgrind."""

    def __init__(self) -> None:
        _check_machine()
        self._page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._page.write(_SEQUENCE)
        request = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64)
        self._call = request(ctypes.addressof(ctypes.c_char.from_buffer(self._page)))
        if not self._request(_RUNNING):
            raise NotHere("this is not run by valgrind: python -m tests.bench.counts does")

    def start(self) -> None:
        """Count from here on; what was compiled for counting is kept until `stop`, so do it once."""
        self._request(_START)

    def stop(self) -> None:
        self._request(_STOP)

    def zero(self) -> None:
        self._request(_ZERO)

    def dump(self, name: str) -> None:
        """What was counted since `zero`, under that name."""
        text = ctypes.create_string_buffer(name.encode())
        self._request(_DUMP, ctypes.addressof(text))

    def _request(self, code: int, argument: int = 0) -> int:
        arguments = (ctypes.c_uint64 * 6)(code, argument)
        found: int = self._call(ctypes.addressof(arguments), 0)
        return found


def version() -> str:
    """Valgrind's, as it tells it. Raises NotHere."""
    told = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def instructions(pieces: Mapping[str, str]) -> dict[str, float]:
    """Of one unit of each piece; `pieces` gives each name the place of its Setup, `package.module:function`. Raises
    NotHere, and Failed."""
    with tempfile.TemporaryDirectory() as folder:
        units = _run(Path(folder), pieces)
        counts = _dumped(Path(folder))
        if missing := pieces.keys() - counts.keys():
            raise Failed(f"valgrind wrote no count of {', '.join(sorted(missing))}")
        return {name: counts[name] / units[name] for name in pieces}


def _run(folder: Path, pieces: Mapping[str, str]) -> dict[str, int]:
    """Dumps the counts into the folder; how many units each piece had."""
    for package in ("app", "tests"):  # or their compiling would be part of how its memory lies
        compileall.compile_dir(REPO / package, quiet=2)
    try:
        ended = subprocess.run(
            [
                *(_program(), "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/counts"),
                *(sys.executable, "-m", "tests.bench.counts.counted"),
                *(f"{name}={place}" for name, place in pieces.items()),
            ],
            cwd=REPO,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"it was not done after {SECONDS} s") from late
    if ended.returncode:
        raise Failed(f"the counted program ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return {name: int(count) for name, _, count in (line.rpartition("=") for line in ended.stdout.splitlines())}


def _program() -> str:
    _check_machine()
    found = shutil.which("valgrind")
    if found is None:
        raise NotHere("valgrind is not installed (apt-get install valgrind)")
    return found


def _check_machine() -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotHere(f"counting is written for Linux on x86-64, and this is {sys.platform} on {platform.machine()}")


def _environment() -> dict[str, str]:
    """Nothing of the caller's but where programs are: settings of this program, or of Python, would change counts."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
        "PYTHONPATH": str(REPO),
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def _dumped(folder: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for path in sorted(folder.iterdir()):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        told = {key: text.strip() for key, _, text in (line.partition(":") for line in lines)}
        names = [line.partition("Client Request: ")[2] for line in lines if line.startswith("desc: Trigger: Client")]
        if names:
            found[names[0]] = int(told["summary"])
    return found
