"""The long form of each code: what it means, an example that gives it, and the same mended.

The texts are explanations/*.md; tests/dtsl/test_explanations.py runs every example. What would be too long to print is
a line that ends in `// ... 101 times`, or a text `<101 letters>`; `<U+D83D>` is a character that no file can hold.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_ENTRY = re.compile(
    r"^## (?P<code>\w+) (?P<title>.+)\n(?P<text>(?:.*\n)*?)"
    r"```(?P<language>\w+)\n(?P<wrong>(?:.*\n)*?)```\n\nMended:\n\n```\w+\n(?P<mended>(?:.*\n)*?)```$",
    re.MULTILINE,
)
_FRAGMENT = "when", "behaviors", "relationships", "twins", "metadata"
AROUND = """\
overlay Station {
  twins {
    CentrifugalPump pump;
    CentrifugalPump? spare;
    Valve valve;
    Pipe pipe;
    FlowSensor meter;
    CentrifugalPump[] pumps;
    Valve[] valves;
  }
"""
"""What a fragment stands in."""


@dataclass(frozen=True, slots=True)
class Explanation:
    code: str
    title: str
    text: str
    language: str
    """`dtsl`, or `json` for a document and `condition` for one in it."""
    wrong: str
    mended: str


@lru_cache(maxsize=1)
def explanations() -> dict[str, Explanation]:
    folder = files("app.dtsl").joinpath("explanations")
    texts = [item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".md")]
    found = (Explanation(**match.groupdict()) for text in texts for match in _ENTRY.finditer(text))
    return {item.code: item for item in sorted(found, key=lambda item: item.code)}


def explain(code: str) -> str | None:
    """For a terminal; None for a code that there is not. `204` and `dtsl204` will do."""
    wanted = code.strip().upper()
    found = explanations().get(wanted if wanted.startswith("DTSL") else "DTSL" + wanted)
    if found is None:
        return None
    text = f"{found.text.strip()}\n\n" if found.text.strip() else ""
    note = ""
    if found.language == "dtsl" and is_fragment(found.wrong):
        note = "\nThis stands in an overlay with these roles:\n\n" + _indented(AROUND.split("\n", 1)[1])
    return (
        f"{found.code} {found.title}\n\n{text}An example that gives it:\n\n{_indented(found.wrong)}\n"
        f"Mended:\n\n{_indented(found.mended)}{note}"
    ).rstrip("\n")


def is_fragment(example: str) -> bool:
    return example.lstrip().startswith(_FRAGMENT)


def whole(example: str) -> str:
    """The script of an example, with all that it stands for."""
    lines: list[str] = []
    for line in example.split("\n"):
        said, mark, times = line.partition(" // ... ")
        lines += [said] * int(times.removesuffix(" times")) if mark else [line]
    text = re.sub(r"<U\+(\w{4})>", lambda match: chr(int(match[1], 16)), "\n".join(lines))
    text = re.sub(r"<(\d+) letters>", lambda match: "a" * int(match[1]), text)
    if not is_fragment(text):
        return text
    if text.startswith("twins"):
        return "overlay Station {\n" + text + "}\n"
    inner = "behaviors {\nbehavior example {\n" + text + "}\n}\n" if text.startswith("when") else text
    return AROUND + inner + "}\n"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.rstrip("\n").split("\n"))
