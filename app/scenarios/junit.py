"""Results as JUnit XML, which every CI reads: a suite for each script, a case for each scenario.

A scenario that fails is a `failure`; one that can't be run as it is written is an `error`, as is a script that can't be
read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from app.scenarios.report import failure
from app.scenarios.run import Result

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Suite:
    """What came of one script."""

    file: str
    text: str = ""
    results: list[tuple[Result, float]] = field(default_factory=list)
    """Each with the seconds it took."""
    unreadable: list[str] = field(default_factory=list)
    """Why none of it could be run."""


def junit(suites: Sequence[Suite]) -> str:
    root = ElementTree.Element("testsuites", name="twin-overlay")
    totals = {"tests": 0, "failures": 0, "errors": 0}
    seconds = 0.0
    for suite in suites:
        element = ElementTree.SubElement(root, "testsuite", name=_clean(suite.file))
        counts = _fill(element, suite)
        took = sum(time for _, time in suite.results)
        for name, count in counts.items():
            element.set(name, str(count))
            totals[name] += count
        element.set("time", f"{took:.6f}")
        seconds += took
    for name, count in totals.items():
        root.set(name, str(count))
    root.set("time", f"{seconds:.6f}")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _fill(element: ElementTree.Element, suite: Suite) -> dict[str, int]:
    counts = {"tests": 0, "failures": 0, "errors": 0}
    for result, took in suite.results:
        counts["tests"] += 1
        case = _case(element, suite.file, result.name, took)
        case.set("line", str(result.line))
        if result.errors:
            counts["errors"] += 1
            _say(case, "error", result.errors[0].message, [item.render(suite.text) for item in result.errors])
        elif result.failures:
            counts["failures"] += 1
            first = result.failures[0]
            _say(case, "failure", f"line {first.line}: {first.written}", [failure(item) for item in result.failures])
    if suite.unreadable:
        counts["tests"] += 1
        counts["errors"] += 1
        case = _case(element, suite.file, "(the script)", 0)
        _say(case, "error", suite.unreadable[0].split("\n")[0], suite.unreadable)
    return counts


def _case(suite: ElementTree.Element, file: str, name: str, took: float) -> ElementTree.Element:
    attributes = {"classname": _clean(file), "name": _clean(name), "file": _clean(file), "time": f"{took:.6f}"}
    return ElementTree.SubElement(suite, "testcase", attributes)


def _say(case: ElementTree.Element, kind: str, message: str, texts: Sequence[str]) -> None:
    element = ElementTree.SubElement(case, kind, message=_clean(message), type=kind)
    element.text = _clean("\n\n".join(texts))


def _clean(text: str) -> str:
    """Without the characters that XML can't hold."""
    return _NO_XML.sub("\ufffd", text)
