"""What is heavy for a server, asked from a process of its own, over and over until it is ended.

`python -m tests.bench.heavy questions|script URL` says, a line each, what was answered and after how many milliseconds.
`burn SHARE` takes that share of one processor and asks nobody for anything: what any work that is done on the same
machine costs its neighbours.
"""

import itertools
import json
import sys
import time
import urllib.request
from typing import Any

from tests.bench.dtsl import script

LINES = 10_000
QUESTIONS = {
    "1,000 twins that one leads to, with the way to each": """{ twin(twinId: "plant_000000") {
        related(direction: OUTGOING, maxDepth: 100, first: 1000) { totalCount
            edges { depth node { twinId twinType location } path { sourceTwinId name targetTwinId } } } } }""",
    "the impact of a failure on 10,000 twins": """{
        impact(input: {change: {failure: ["plant_000000"]}, first: 1000}) {
            summary { lost degraded } twins { totalCount nodes { twinId state depth reason } } } }""",
    "a part of 5,000 twins to draw": """{ subgraph(around: ["plant_005000"], depth: 50, maxNodes: 5000) {
        nodes { depth twin { twinId twinType } } edges { sourceTwinId targetTwinId name relationshipType } } }""",
    "components": "{ components(minSize: 2) { totalCount nodes { size leastTwinId } } }",
    "a page of 1,000 twins with their values": """{ twins(first: 1000) { totalCount nodes {
        twinId location properties { name value { json unit quality timestamp } } behaviors { name state } } } }""",
    "1,000 documents by location and type": """{ twins(
        first: 1000, where: {location: {site: "Site 3"}}, orderBy: {field: TYPE}
    ) { totalCount nodes { twinId document } } }""",
}
_CHECK = "query($source: String!) { checkDtsl(source: $source) { diagnostics { severity } } }"
_BURST_SECONDS = 0.01


def bodies(what: str) -> dict[str, dict[str, Any]]:
    if what == "script":
        return {"a script of 10,000 lines": {"query": _CHECK, "variables": {"source": script(LINES)}}}
    return {name: {"query": query} for name, query in QUESTIONS.items()}


def ask(what: str, url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = [(name, json.dumps(body).encode()) for name, body in bodies(what).items()]
    for name, body in itertools.cycle(asked):
        request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
        began = time.perf_counter()
        with opener.open(request, timeout=60) as answer:
            text = answer.read()
        assert b'"errors"' not in text, text[:500]
        assert b'"ERROR"' not in text, text[:500]
        print(json.dumps([name, (time.perf_counter() - began) * 1e3]), flush=True)


def burn(share: float) -> None:
    while True:
        began, until = time.thread_time(), time.monotonic() + _BURST_SECONDS
        while time.thread_time() - began < _BURST_SECONDS * share:
            pass
        time.sleep(max(0.0, until - time.monotonic()))


if __name__ == "__main__":
    if sys.argv[1] == "burn":
        burn(float(sys.argv[2]))
    else:
        ask(sys.argv[1], sys.argv[2])
