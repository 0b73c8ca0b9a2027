"""The goals that the steps set, each by the figure that tells whether it is met.

Where one is not met, `why` has the reason with the figures of its suite that show it; it is printed only then. It
says nothing that was not measured in the same run.
"""

import statistics
from typing import Literal

import msgspec

from tests.bench.figures import Figure, Report, number


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    step: int
    text: str
    suite: str
    figure: str
    bound: float
    way: Literal["at least", "at most"]
    ratio: bool = False
    """Of the ratio to what stands beside it, not of the figure itself."""
    beside: int = 0
    """Which of them."""
    why: str = ""
    """`{key}` is the median of that figure, `{key:beside}` that of what stands beside it, `{key:beside1}` that of the
    second beside it."""

    def found(self, report: Report | None) -> float | None:
        """The median that counts; None where it was not measured."""
        figure = report.figure(self.figure) if report else None
        if figure is None:
            return None
        if not self.ratio:
            return figure.median
        ratios = figure.ratios(self.beside) if len(figure.beside) > self.beside else ()
        return statistics.median(ratios) if ratios else None

    def met(self, found: float) -> bool:
        return found >= self.bound if self.way == "at least" else found <= self.bound

    def told(self, report: Report | None) -> tuple[str, str]:
        """(what was found, whether that is met and why not)."""
        found = self.found(report)
        if found is None:
            return "-", "not measured"
        figure = report.figure(self.figure) if report else None
        unit = "times" if self.ratio else figure.unit if figure else ""
        why = self.reason(report) if report else ""
        verdict = "met" if self.met(found) else f"not met: {why}" if why else "not met"
        return f"{number(found)} {unit}".rstrip(), verdict

    def reason(self, report: Report) -> str:
        return self.why.format(**{figure.key: _Named(figure) for figure in report.figures})


class _Named:
    """A figure in a `why`."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure

    def __format__(self, which: str) -> str:
        assert which in ("", "beside", "beside1"), which
        at = 1 if which == "beside1" else 0
        return number(statistics.median(self._figure.beside[at].rounds) if which else self._figure.median)


_FLAT = 1.3
"""What step 4 calls flat; also where a step says flat or linear and gives no number."""


def _least(
    step: int,
    text: str,
    suite: str,
    figure: str,
    bound: float,
    *,
    ratio: bool = False,
    beside: int = 0,
    why: str = "",
) -> Goal:
    goal = Goal(step=step, text=text, suite=suite, figure=figure, bound=bound, way="at least", ratio=ratio, why=why)
    return msgspec.structs.replace(goal, beside=beside)


def _most(step: int, text: str, suite: str, figure: str, bound: float, *, ratio: bool = False, why: str = "") -> Goal:
    return Goal(step=step, text=text, suite=suite, figure=figure, bound=bound, way="at most", ratio=ratio, why=why)


_LOAD = "loading 20,000 twins at 60 % or more of the rate of raw UNWINDs"
_ENDS = "the first and the last page of 100,000 twins within 1.5 of each other"
_BARE = "`Engine.decide` within 3 times of the bare loop of the same conditions"
_EXPLAINED = "explanations on within 1.2 of off"
_CAUGHT_UP = "after an outage of the graph, catching up at 5 times the live rate"
_GOES_ON = "without the graph, reports are journaled, decided and answered with a p99 within 2 times of before"
_PEER = "the rate of @neo4j/graphql"
_IMPACT = "impact on 1,000,000 edges within 3 times of rustworkx's bare traversal, a cone of about"
_FANOUT = "1,000 changes/s to 1,000 subscribers: 60 % or more of a bare broadcaster's frames"
_IDLE = "ingest p99 within 2 times of idle while"
_BEGINS = (
    "a question makes its arrays of all twins before it walks: a cone of none takes {lost_0} ms already, and rustworkx "
    "the whole of this walk {lost_100:beside} ms"
)
_LEVELS = (
    "the arrays before the walk take {lost_0} ms, and each level of it some operations on arrays however few twins it "
    "finds, so that a cone of 31 takes {lost_10} ms; by the twin it is quicker than rustworkx: see 10,000"
)
_WHOSE = "whose the processors' time was, and how many cores it took in all, stands below the table of The headline"
_AHEAD = "ahead of Node-RED at QoS 1 with the same rules"
_WAITS = (
    "an update takes {each} us of the processor time of the server's process, at {most} a second, and {each:beside} us "
    "of Node-RED's, at {most:beside}: the one has used up a core then and the other has not; what it waits for was not "
    "told apart"
)
_MORE = (
    "an update takes {each} us of the processor time of the server, whose loop is one thread, and {each:beside1} us of "
    "Node-RED's; at the rate that is sustained, the journal, the graph writer and the pushes, which the other has none "
    "of, take {room journal}, {room graph writer} and {room push} us of ours, and receiving, taking in, deciding and "
    "the loop itself, in Python, {room MQTT}, {room ingest}, {room engine} and {room event loop and other}"
)
_ONE_MOMENT = (
    "what goes into a large answer is made in turns of 1 ms, but it is put together, counted and sent in one, since it "
    "is of one moment: several ms for a page of a thousand twins, or for a drawing of 5,000; "
)
_PIECES = (
    "what is left in one turn is what 50 twins are found by, a request's variables, what a connection says of all its "
    "twins at once, and young garbage looked for; "
)
_LONGER = (
    "a bare LALR parse of the same lines, beside it, takes {lines_1000:beside} s for 1,000, {lines_10000:beside} s for "
    "10,000 and {lines_20000:beside} s for 20,000: what a line costs grows with the memory in use for that as well"
)
_ONE_CORE = (
    "an answer takes {hops_cost} ms of processor time, and theirs {hops_cost:beside} ms, but a part of theirs is the "
    "database's, a process of its own beside it, and all of ours is one process's"
)
_KEPT = "where nothing changes our server sends the bytes again that it made of a twin, and here it has to make them"


def _others(loaded: str) -> str:
    return (
        f"as much processor time burnt by others on the same cores makes it {{{loaded}:beside}} times; what is more is "
        "the server's own work between two readings"
    )


def _pace(engine: str) -> str:
    return (
        f"every change is a row: of such rows the graph engine takes {{many_{engine}:beside}} times the live rate from "
        "the bare statement alone, and live changes go on"
    )


def _distance(what: str) -> str:
    return (
        f"what the interpreter executes for it grows {{{what}_work}} times, and a walk over as many objects, which "
        f"executes the same at every size, takes {{{what}_walk}} times as long; less what that walk grows by, it is "
        f"{{{what}_near}} times"
    )


def _executed(case: str) -> str:
    return f"what the interpreter executes grows {{{case}_work}} times; what that leaves was not told apart"


GOALS: tuple[Goal, ...] = (
    _most(1, "`make demo`: the first live value within 10 s of the server's start", "start", "demo", 10),
    _most(1, "`make demo` in less than 700 MB, all its processes together", "memory", "demo", 700),
    _least(2, f"{_LOAD}, embedded engine", "load", "embedded", 0.6, ratio=True),
    _least(2, f"{_LOAD}, Neo4j", "load", "neo4j", 0.6, ratio=True),
    _most(2, f"{_ENDS}, by id", "find", "ends_id", 1.5),
    _most(2, f"{_ENDS}, by time of the last change", "find", "ends_updated", 1.5),
    _most(2, f"{_ENDS}, by a live property", "find", "ends_property", 1.5),
    _most(
        3,
        "a DTSL script of 10,000 lines read, checked and formatted in 1.5 s of one core",
        "dtsl",
        "lines_10000",
        1.5,
        why=_LONGER,
    ),
    _most(
        3,
        "linear in its length: a line of 20,000 costs what a line of 1,000 does, within 1.3",
        "dtsl",
        "growth",
        _FLAT,
        why=_LONGER,
    ),
    _most(3, "mutated scripts: none crashes", "dtsl", "mutants_failed", 0),
    _most(3, "mutated scripts: none takes more than 1 s", "dtsl", "mutants_slowest", 1),
    _least(4, f"{_BARE}, one sample a reading", "engine", "one", 1 / 3, ratio=True),
    _least(4, f"{_BARE}, ten samples a reading", "engine", "ten", 1 / 3, ratio=True),
    _most(
        4,
        "an update costs the same, within 1.3, among 10 and 100,000 overlays",
        "flat",
        "overlays",
        _FLAT,
        why=_distance("overlays"),
    ),
    _most(
        4,
        "an update of one of 100 and of 10,000 members of a role costs the same, within 1.3",
        "flat",
        "members",
        _FLAT,
        why=_distance("members") + "; the tree of an avg is seven levels deeper",
    ),
    _most(
        4, "a tick costs the same, within 1.3, with 1,000 and 100,000 timers that are not due", "timers", "idle", _FLAT
    ),
    _most(4, f"{_EXPLAINED}, no rule turns", "explain", "none", 1.2),
    _most(
        4,
        f"{_EXPLAINED}, one reading in ten turns rules",
        "explain",
        "tenth",
        1.2,
        why=_executed("tenth"),
    ),
    _most(
        4,
        f"{_EXPLAINED}, every reading turns rules",
        "explain",
        "every",
        1.2,
        why=_executed("every"),
    ),
    _least(
        5, "MQTT of QoS 1, end to end, at 80 % or more of a bare aiomqtt subscriber", "ingest", "mqtt", 0.8, ratio=True
    ),
    _least(5, "OPC UA, end to end, at 80 % or more of a bare asyncua subscription", "ingest", "opcua", 0.8, ratio=True),
    _most(5, "nothing lost in 60 s at that rate", "ingest", "soak_lost", 0),
    _most(5, "memory flat at that rate: the last 10 s over the first, within 1.3", "ingest", "soak_growth", _FLAT),
    _least(5, f"{_CAUGHT_UP}, of 1,000 properties, embedded engine", "catch_up", "few_embedded", 5),
    _least(5, f"{_CAUGHT_UP}, of 1,000 properties, Neo4j", "catch_up", "few_neo4j", 5),
    _least(
        5,
        f"{_CAUGHT_UP}, each change of another property, embedded engine",
        "catch_up",
        "many_embedded",
        5,
        why=_pace("embedded"),
    ),
    _least(5, f"{_CAUGHT_UP}, each change of another property, Neo4j", "catch_up", "many_neo4j", 5, why=_pace("neo4j")),
    _most(5, f"{_GOES_ON}, embedded engine", "catch_up", "many_embedded_answers", 2, ratio=True),
    _most(5, f"{_GOES_ON}, Neo4j", "catch_up", "many_neo4j_answers", 2, ratio=True),
    _least(6, f"one twin with 7 properties: 2 times {_PEER}", "graphql", "one", 2, ratio=True),
    _least(6, f"a page of 100 twins with their properties: 10 times {_PEER}", "graphql", "page", 10, ratio=True),
    _least(
        6,
        f"such a page while 100 values a second change: 10 times {_PEER}",
        "graphql",
        "page_live",
        10,
        ratio=True,
        why=_KEPT,
    ),
    _least(
        6,
        f"such a page to one client, all of it changed before each answer: 10 times {_PEER}",
        "graphql",
        "page_changed",
        10,
        ratio=True,
        why=_KEPT,
    ),
    _least(6, f"a traversal of 3 hops: 2 times {_PEER}", "graphql", "hops", 2, ratio=True, why=_ONE_CORE),
    _most(6, f"{_IMPACT} 100", "impact", "lost_100", 3, ratio=True, why=_BEGINS),
    _most(6, f"{_IMPACT} 1,000", "impact", "lost_1000", 3, ratio=True, why=_LEVELS),
    _most(6, f"{_IMPACT} 10,000", "impact", "lost_10000", 3, ratio=True),
    _most(6, f"{_IMPACT} 99,000", "impact", "lost_99000", 3, ratio=True),
    _most(6, "impact ahead of raw Cypher, embedded engine", "impact", "cypher_embedded", 1, ratio=True),
    _most(6, "impact ahead of raw Cypher, Neo4j", "impact", "cypher_neo4j", 1, ratio=True),
    _least(6, f"{_FANOUT}, all of one hot twin", "fanout", "hot", 0.6, ratio=True),
    _least(6, f"{_FANOUT}, each of another twin", "fanout", "many", 0.6, ratio=True),
    _least(
        7,
        "5,000 updates/s or more for 5 minutes, everything on the same two cores",
        "headline",
        "sustained",
        5_000,
        why=_WHOSE,
    ),
    _least(
        7,
        f"{_AHEAD} made of its nodes, each as fast as it can",
        "headline",
        "most",
        1,
        ratio=True,
        why=_WAITS,
    ),
    _least(
        7,
        f"{_AHEAD} made of its nodes: what ours sustains for 5 minutes over its most with p99 below 100 ms",
        "headline",
        "sustained",
        1,
        ratio=True,
    ),
    _least(
        7,
        f"{_AHEAD} in one function node, each as fast as it can",
        "headline",
        "most",
        1,
        ratio=True,
        beside=1,
        why=_MORE,
    ),
    _least(
        7,
        f"{_AHEAD} in one function node: what ours sustains for 5 minutes over its most with p99 below 100 ms",
        "headline",
        "sustained",
        1,
        ratio=True,
        beside=1,
        why=_MORE,
    ),
    _most(7, "p99 from publish to frame below 100 ms at that rate", "headline", "p99", 100),
    _most(7, "nothing lost in those 5 minutes", "headline", "lost", 0),
    _most(7, "memory flat in them: the last minute over the first, within 1.3", "headline", "memory_growth", _FLAT),
    _most(
        7,
        f"{_IDLE} heavy GraphQL traversals run",
        "interference",
        "traversals",
        2,
        why=_ONE_MOMENT + _others("traversals"),
    ),
    _most(7, f"{_IDLE} a bulk load runs", "interference", "bulk_load", 2, why=_PIECES + _others("bulk_load")),
    _most(7, f"{_IDLE} an export runs", "interference", "export", 2, why=_others("export")),
    _most(7, f"{_IDLE} 10,000 lines of DTSL are checked", "interference", "dtsl", 2, why=_others("dtsl")),
    _most(7, "`twin-overlay --help` in 300 ms", "start", "help", 300),
)
