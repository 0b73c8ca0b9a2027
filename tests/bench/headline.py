"""The headline: updates a second that two cores take, journal, decide, write to the graph and push, with nothing lost.

One update is one MQTT message of QoS 1 with one property. Broker, publisher, server, graph engine and ten subscribers
share the cores. The peer in the same run is Node-RED with the same three rules a pump, which keeps nothing, has no
graph and pushes to nobody; once with the rules made of its nodes, once as one function node.

First the rate rises in steps on each side until it does not keep up: fewer are taken than are published, or p99 reaches
100 ms. Then rounds alternate at more than that, in which each goes as fast as it can. Then minutes at a rate that is
sustained, with memory and everybody's processor time; where it does not keep up in the first minute, a lower one. Then
all ten follow all pumps and are pushed every single change. At the end is the account: journal, alerts, graph and each
subscriber's pushes are held against what the publisher knows, and the run fails where one update is missing.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.engines import ENGINES
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, number
from tests.bench.side_by_side import node_red
from tests.bench.side_by_side.account import check_pushed, check_stored
from tests.bench.side_by_side.delays import Delays
from tests.bench.side_by_side.plant import twin_ids
from tests.bench.side_by_side.sampled import ROOMS
from tests.bench.side_by_side.sides import INTERVAL_MS, SUBSCRIBERS, TWINS, Ours, Peer, Side
from tests.bench.side_by_side.spent import Times, resident_mb, times
from tests.faults.installation import written
from tests.servers import mosquitto, npm

MOST_MS = 100.0
"""p99 below which it keeps up."""
_LADDER, _LOWER = 1.12, 0.85
_OVER = 1.3
"""Times what it keeps up with: then it goes as fast as it can."""
_SUSTAINED = 0.9
_LOWEST = 200
_STILL = 10
_TENTHS = [twin_ids(TWINS)[at::SUBSCRIBERS] for at in range(SUBSCRIBERS)]
_ALL = [twin_ids(TWINS)] * SUBSCRIBERS
_PEERS = ("Node-RED, rules of its nodes", "Node-RED, rules in one function node")


@dataclass(frozen=True)
class Lengths:
    """Seconds, but for `rounds`."""

    rounds: int = LEAST_ROUNDS
    settle: float = 1.5
    step: float = 3.5
    round: float = 6.0
    soak: float = 300.0
    every: float = 10.0
    all_to_all: float = 60.0


_QUICK = Lengths(rounds=1, settle=0.5, step=1.0, round=2.0, soak=10.0, every=2.0, all_to_all=5.0)


@dataclass
class Step:
    """What a side did at a rate, from one moment to another."""

    rate: float
    sent: int = 0
    taken: int = 0
    seconds: float = 0.0
    worked: float = 0.0
    """Processor seconds of the process that does the work."""
    delays: Delays = field(default_factory=Delays)

    def __add__(self, other: "Step") -> "Step":
        return Step(
            self.rate,
            self.sent + other.sent,
            self.taken + other.taken,
            self.seconds + other.seconds,
            self.worked + other.worked,
            self.delays + other.delays,
        )

    @property
    def kept_up(self) -> bool:
        return self.taken >= 0.97 * self.sent and self.p99 < MOST_MS

    @property
    def per_second(self) -> float:
        return self.taken / self.seconds

    @property
    def us_each(self) -> float:
        return self.worked / self.taken * 1e6

    @property
    def p99(self) -> float:
        return self.delays.percentile(99)


async def _for(side: Side, rate: float, seconds: float) -> Step:
    """What it does from now on, at the rate at which it is."""
    clock = asyncio.get_running_loop().time
    await side.look()
    sent, taken, began = await side.publisher.ask("sent"), await side.taken(), clock()
    worker = {"it": next(iter(side.pids.values()))}
    before = times(worker)
    await asyncio.sleep(seconds)
    worked = times(worker).since(before).processes["it"]
    sent, taken = await side.publisher.ask("sent") - sent, await side.taken() - taken
    assert taken > 0, f"nothing of {sent} updates was taken"
    return Step(rate, sent, taken, clock() - began, worked, await side.look())


async def _at_rate(side: Side, rate: float, settle: float, seconds: float) -> Step:
    await side.publisher.ask("rate", rate)
    await asyncio.sleep(settle)
    return await _for(side, rate, seconds)


async def _drained(side: Side) -> None:
    """Nothing is sent, and all that was sent is taken. The peer does not tell of its last few: then how much it has
    taken does not change any more."""
    await side.publisher.ask("rate", 0)
    sent, before, same = await side.publisher.ask("sent"), -1, 0
    while (now := await side.taken()) < sent and same < _STILL:
        same = same + 1 if now == before else 0
        before = now
        await asyncio.sleep(0.2)
        sent = await side.publisher.ask("sent")
    await asyncio.sleep(2 * INTERVAL_MS / 1000)  # what is held back for a subscriber goes out meanwhile
    await side.look()


async def _highest(side: Side, first: float, lengths: Lengths) -> Step:
    """The highest rung of the ladder that it keeps up with; two in a row that it does not are the end of it. Where it
    does not keep up with the first, one below that; where with none, what it did at the lowest."""
    missed, step = 0, await _at_rate(side, first, lengths.settle, lengths.step)
    while not step.kept_up and step.rate > _LOWEST:
        await _drained(side)
        step = await _at_rate(side, step.rate * _LOWER**2, lengths.settle, lengths.step)
    best = step
    while best.rate >= first and missed < 2:
        step = await _at_rate(side, step.rate * _LADDER, lengths.settle, lengths.step)
        if step.kept_up:
            best, missed = step, 0
        else:
            missed += 1
            await _drained(side)
    await _drained(side)
    return best


async def _rounds(sides: Sequence[tuple[Side, Step]], lengths: Lengths) -> list[list[Step]]:
    """What each does, a round, while it is sent more than it can."""
    found: list[list[Step]] = [[] for _ in sides]
    for round in range(lengths.rounds):
        for index in range(len(sides)):
            at = (index + round) % len(sides)
            side, best = sides[at]
            found[at].append(await _at_rate(side, _OVER * best.rate, lengths.settle, lengths.round))
            await _drained(side)
    return found


@dataclass
class _Soak:
    whole: Step
    spent: Times
    server_mb: list[float]
    engine_mb: list[float]
    behind: float = 0.0
    """Seconds after the last of it until all was in the graph."""


async def _soak(ours: Ours, rate: float, lengths: Lengths) -> _Soak:
    """At that rate, or a lower one where it does not keep up at first."""
    parts = max(2, round(lengths.soak / lengths.every))
    while True:
        await ours.publisher.ask("rate", rate)
        await asyncio.sleep(2 * lengths.settle)
        before = times(ours.pids, ours.samples)
        found = _Soak(Step(rate), before, [], [])
        for part in range(parts):
            step = await _for(ours, rate, lengths.every)
            found.whole += step
            found.server_mb.append(resident_mb(ours.pids["server"]))
            found.engine_mb.append(resident_mb(ours.pids["graph engine"]))
            if part < parts / 5 and not found.whole.kept_up and rate > _LOWEST:
                break
        else:
            found.spent = times(ours.pids, ours.samples).since(before)
            ended = asyncio.get_running_loop().time()
            await _drained(ours)
            await written(ours.server)
            found.behind = asyncio.get_running_loop().time() - ended
            return found
        await _drained(ours)
        rate *= _LOWER


async def _all_to_all(ours: Ours, rate: float, lengths: Lengths) -> Step:
    best = await _highest(ours, rate, lengths)
    found = await _at_rate(ours, best.rate * _SUSTAINED, lengths.settle, lengths.all_to_all)
    await _drained(ours)
    return found


@contextlib.asynccontextmanager
async def _ours(folder: Path) -> AsyncIterator[Ours]:
    async with (
        ENGINES["embedded"](folder / "graph") as (graph, graph_pid),
        Ours.up(folder / "ours", graph, graph_pid) as ours,
    ):
        yield ours


async def _bench(lengths: Lengths) -> Report:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        async with _ours(folder) as ours:
            async with ours.followed_by(_TENTHS, INTERVAL_MS) as clients:
                async with Peer.up(folder / "nodes", "nodes") as nodes, Peer.up(folder / "one", "function") as one:
                    best = await _highest(ours, 2500, lengths)
                    peers = [await _highest(peer, 1500, lengths) for peer in (nodes, one)]
                    rounds = await _rounds([(ours, best), (nodes, peers[0]), (one, peers[1])], lengths)
                soak = await _soak(ours, _SUSTAINED * min(best.rate, *(step.per_second for step in rounds[0])), lengths)
                books = await clients.ask("books")
            check_pushed(books, _TENTHS, await ours.publisher.ask("numbers"))
            async with ours.followed_by(_ALL, 0) as clients:
                crowded = await _all_to_all(ours, soak.whole.rate / 2, lengths)
                books = await clients.ask("books")
            await ours.publisher.ask("stop")
            last = await ours.publisher.ask("numbers")
            check_pushed(books, _ALL, last)
            await ours.settled(last)
            status = await ours.server.end()
            assert status == 0, (status, ours.server.log[-20:])
            stored = await check_stored(ours.data / "journal", ours.graph, last)
    updates = sum(last.values())
    return _report(rounds, peers, soak, crowded, updates, updates - stored)


def _report(
    rounds: Sequence[Sequence[Step]], peers: Sequence[Step], soak: _Soak, crowded: Step, updates: int, lost: int
) -> Report:
    taken, whole = soak.whole.taken, soak.whole
    fifth = max(1, len(soak.server_mb) // 5)
    minutes = f"{whole.seconds / 60:.1f} minutes"
    at = f"at {number(whole.per_second)} updates/s for {minutes}"

    def overloaded(key: str, what: str, unit: str, of: Callable[[Step], float]) -> Figure:
        own, *others = (tuple(map(of, steps)) for steps in rounds)
        beside = tuple(Beside(what=peer, rounds=other) for peer, other in zip(_PEERS, others, strict=True))
        return Figure(key=key, what=what, unit=unit, rounds=own, beside=beside)

    figures = [
        overloaded("most", "updates a second, more published than taken", "updates/s", lambda step: step.per_second),
        overloaded("each", "processor time of the server's process an update, then", "us", lambda step: step.us_each),
        Figure(
            key="sustained",
            what=f"updates a second sustained for {minutes}, none lost",
            unit="updates/s",
            rounds=(whole.per_second,),
            beside=tuple(
                Beside(what=f"{what}, the most with p99 below 100 ms, for seconds", rounds=(peer.per_second,))
                for what, peer in zip(_PEERS, peers, strict=True)
            ),
            memory=soak.server_mb[-1],
        ),
        Figure(
            key="p99",
            what=f"from the publish of a value to the frame that has it, {at}, p99",
            unit="ms",
            rounds=(whole.p99,),
            beside=tuple(
                Beside(what=f"{what} at {number(peer.per_second)}/s, to its word", rounds=(peer.p99,))
                for what, peer in zip(_PEERS, peers, strict=True)
                if peer.delays.number
            ),
        ),
        Figure(key="p50", what="the same, p50", unit="ms", rounds=(whole.delays.percentile(50),)),
        Figure(key="lost", what="updates that the broker took and the journal has not", unit="", rounds=(lost,)),
        Figure(
            key="memory_growth",
            what="the server's memory in their last fifth over that in their first",
            unit="times",
            rounds=(statistics.mean(soak.server_mb[-fifth:]) / statistics.mean(soak.server_mb[:fifth]),),
        ),
        *(
            Figure(
                key=f"cost {who}", what=f"processor time an update, {who}", unit="us", rounds=(seconds / taken * 1e6,)
            )
            for who, seconds in soak.spent.processes.items()
        ),
        *(
            Figure(
                key=f"room {room}",
                what=f"of the server's, {room}",
                unit="us",
                rounds=(soak.spent.rooms.get(room, 0.0) / taken * 1e6,),
            )
            for room in ROOMS
        ),
        Figure(
            key="all to all",
            what=f"updates a second, each pushed to all {SUBSCRIBERS} subscribers as it is",
            unit="updates/s",
            rounds=(crowded.per_second,),
            note=f"{crowded.delays.number / crowded.seconds:,.0f} frames/s, p99 {crowded.p99:.1f} ms",
        ),
    ]
    everybody = sum(soak.spent.processes.values())
    rooms = sum(soak.spent.rooms.values())
    said = (
        f"Of the processors' time {at}: {_shares(soak.spent.processes, everybody)}; {everybody / whole.seconds:.2f} "
        f"cores in all. Of the server's, whose main thread was looked at 200 times in each second that the "
        f"processors gave it and whose other threads are known by name: {_shares(soak.spent.rooms, rooms)}.",
        f"Memory every {whole.seconds / len(soak.server_mb):.0f} s: server {_sizes(soak.server_mb)} MB; graph engine "
        f"{_sizes(soak.engine_mb)} MB. {soak.behind:.1f} s after the last of these updates all were in the graph.",
        f"{updates:,} updates in all: each is in the journal once and in order, each alert was raised and cleared as "
        "often as the numbers make it, the graph is a fold of the journal, and each subscriber's pushes stand for all "
        "updates of its pumps and end with the last.",
    )
    return Report(figures=tuple(figures), said=said, versions=_versions())


def _versions() -> dict[str, str]:
    wanted = json.loads((node_red.PACKAGE / "package.json").read_text())["dependencies"]
    return {"Node-RED": wanted["node-red"]}


def _shares(seconds: Mapping[str, float], whole: float) -> str:
    return ", ".join(f"{who} {share / whole:.0%}" for who, share in sorted(seconds.items(), key=lambda of: -of[1]))


def _sizes(sizes: Sequence[float]) -> str:
    return ", ".join(f"{size:.0f}" for size in sizes)


def run(quick: bool) -> Report:
    return asyncio.run(_bench(_QUICK if quick else Lengths()))


SUITE = Suite(
    title="The headline",
    about=(
        f"{TWINS} pumps, each with one property that changes and three behaviors on it, of which two in a hundred "
        "updates turn one; an update is an MQTT message of QoS 1 with its source's time. Each is journaled (fsync "
        "before the broker is answered), decided, written to the embedded graph engine and pushed to one of "
        f"{SUBSCRIBERS} subscribers, who each follow a tenth of the pumps with `minIntervalMs: {INTERVAL_MS}`. All of "
        "it, publisher and broker included, runs on the same cores. Of the updates of a pump between two frames each "
        "frame has the last and says how many went before it; the time is that of the value in it. Beside it Node-RED, "
        "in rounds of the same run: MQTT in at QoS 1, the same rules with their edges, MQTT out for each that turns; "
        "it keeps nothing. Once the rules are made of nodes that its editor offers (for each a switch, a change and "
        "a filter for what differs), once they are one function node in JavaScript. All are up throughout, and whose "
        "turn it is not is sent nothing. More updates in one message cost less each: see MQTT under Ingest."
    ),
    run=run,
    needs=(mosquitto.installed, lambda: npm.provision(node_red.PACKAGE)),
)
