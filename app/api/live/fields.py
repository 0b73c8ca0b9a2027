"""The live queries of the schema: which questions there are, and what a push of each looks like."""

from collections.abc import AsyncIterable
from typing import Annotated

import strawberry

from app.api.connections import After, Before, Connection, First, Last, show
from app.api.context import Info
from app.api.filters import TwinOrderArgument, TwinWhereArgument, window
from app.api.impact import ImpactInput, place_of
from app.api.live.live_queries import MAX_ON_A_SOCKET
from app.api.live.source import MAX_INTERVAL_MS, live
from app.api.live.watch import MAX_BYTES
from app.api.pages import page_size
from app.api.scalars import JSON, Long
from app.api.types.impact import ImpactAnalysis
from app.api.types.overlay import Overlay
from app.api.types.twin import Twin
from app.commands.impact import Place
from app.commands.impact_question import Question, check
from app.errors import NotFound
from app.find.query import Order, TwinFilter, Window

DEFAULT_INTERVAL_MS = 100
IMPACT_INTERVAL_MS = 1_000

MinInterval = Annotated[
    int,
    strawberry.argument(
        description=f"Milliseconds between two pushes at least, 0 to {MAX_INTERVAL_MS:,}; what comes between is one "
        "push. INTERVAL_INVALID."
    ),
]
Delta = Annotated[
    bool,
    strawberry.argument(
        description="Push after the first answer only what differs, as `patch`, which must be among the fields "
        "(DELTA_INVALID)."
    ),
]
_PUSHED = (
    "first whole, then again whenever it is another one: on the change of any definition, edge, value, behavior, "
    "alert or path that it was read from, wherever the fields under it lead. Fields that nothing tells the changes of "
    "are refused (NOT_LIVE). A property's deadband holds for what is shown, never for what a filter looks at. At most "
    f"{MAX_ON_A_SOCKET} on a socket (TOO_MANY_LIVE_QUERIES; LIVE_QUERIES_FULL), {MAX_BYTES // 1024**2} MiB an answer "
    "(LIVE_ANSWER_TOO_LARGE)."
)


@strawberry.interface(description="One push of a live query.")
class LivePush:
    sequence: Long = strawberry.field(description="The journal sequence that the answer stands at.")
    initial: bool = strawberry.field(default=False, description="True for the first answer, which is always whole.")
    skipped: int = strawberry.field(
        default=0, description="How many answers a slow reader missed since the one before this."
    )
    patch: list[JSON] | None = strawberry.field(
        default=None,
        description=(
            "With `delta`: JSON Patch operations (RFC 6902) that make this push of the one before it, in the names "
            "that the client gave its fields; the answer itself is null then. They never touch `sequence`, `initial`, "
            "`skipped` and `patch`, which are always those of this push. Null where the answer is whole: at first, and "
            "where that is shorter."
        ),
    )


@strawberry.type(description="A page of twins, as it stands.")
class LiveTwins(LivePush):
    where: strawberry.Private[TwinFilter]
    order: strawberry.Private[Order]
    page: strawberry.Private[Window]

    @strawberry.field(
        description="The page; null where `patch` tells it, or where a name in the filter has gone (UNKNOWN_TWIN_TYPE, "
        "UNKNOWN_PROPERTY, ...), until that is there again."
    )
    def twins(self, info: Info) -> Connection[Twin] | None:
        found = info.context.services.finder.twins(self.where, self.order, self.page)
        return show(found, Twin.find, info.context.catalogue)


@strawberry.type(description="A twin, as it stands.")
class LiveTwin(LivePush):
    twin_id: strawberry.Private[str]

    @strawberry.field(description="The twin; null where `patch` tells it, and while it is deleted.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.twin_id)


@strawberry.type(description="An overlay, as it stands.")
class LiveOverlay(LivePush):
    overlay_id: strawberry.Private[str]

    @strawberry.field(description="The overlay; null where `patch` tells it, and while it is deleted.")
    def overlay(self, info: Info) -> Overlay | None:
        return Overlay.find(info.context.catalogue, self.overlay_id)


@strawberry.type(description="What an outage or a change would lead to, as things stand.")
class LiveImpact(LivePush):
    question: strawberry.Private[Question]
    size: strawberry.Private[int]
    behind: strawberry.Private[Place | None]

    @strawberry.field(
        description="The consequences; null where `patch` tells them, or where the question can't be asked any more, "
        "as when a twin that it names is deleted (IMPACT_INVALID), until that is there again."
    )
    async def impact(self, info: Info) -> ImpactAnalysis | None:
        commands = info.context.services.commands
        return ImpactAnalysis.of(await commands.impact.analyse(self.question, self.size, self.behind))


@strawberry.type
class LiveSubscriptions:
    @strawberry.subscription(
        description=f"The answer of `twins`, {_PUSHED} UNKNOWN_TWIN_TYPE, UNKNOWN_PROPERTY and so on as in `twins`."
    )
    def live_twins(
        self,
        info: Info,
        where: TwinWhereArgument = None,
        order_by: TwinOrderArgument = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        min_interval_ms: MinInterval = DEFAULT_INTERVAL_MS,
        delta: Delta = False,
    ) -> AsyncIterable[LiveTwins]:
        wanted, order = where.asked() if where else TwinFilter(), order_by.asked() if order_by else Order()
        page = window(first, after, last, before)
        info.context.services.finder.twins(wanted, order, page)

        def payload(at: int) -> LiveTwins:
            return LiveTwins(sequence=Long(at), where=wanted, order=order, page=page)

        return live(info, payload, min_interval_ms, delta)

    @strawberry.subscription(
        description=f"The answer of `twin`, {_PUSHED} TWIN_NOT_FOUND where there is none at the start; one that is "
        "deleted later is null until it is there again."
    )
    def live_twin(
        self,
        info: Info,
        twin_id: Annotated[strawberry.ID, strawberry.argument(description="The id in its document.")],
        min_interval_ms: MinInterval = DEFAULT_INTERVAL_MS,
        delta: Delta = False,
    ) -> AsyncIterable[LiveTwin]:
        catalogue = info.context.catalogue
        if catalogue.twin(twin_id) is None:
            raise NotFound.named("twin", twin_id, catalogue.ids("twin"), path="/twinId")
        return live(info, lambda at: LiveTwin(sequence=Long(at), twin_id=twin_id), min_interval_ms, delta)

    @strawberry.subscription(
        description=f"The answer of `overlay`, {_PUSHED} OVERLAY_NOT_FOUND where there is none at the start; one that "
        "is deleted later is null until it is there again."
    )
    def live_overlay(
        self,
        info: Info,
        overlay_id: Annotated[strawberry.ID, strawberry.argument(description="The id in its document.")],
        min_interval_ms: MinInterval = DEFAULT_INTERVAL_MS,
        delta: Delta = False,
    ) -> AsyncIterable[LiveOverlay]:
        catalogue = info.context.catalogue
        if catalogue.overlay(overlay_id) is None:
            raise NotFound.named("overlay", overlay_id, catalogue.ids("overlay"), path="/overlayId")
        return live(info, lambda at: LiveOverlay(sequence=Long(at), overlay_id=overlay_id), min_interval_ms, delta)

    @strawberry.subscription(
        description=f"The answer of `impact`, {_PUSHED} It is reckoned and rehearsed again with every entry of the "
        "journal, as often as `minIntervalMs` and what it costs allow. IMPACT_INVALID, PAGE_SIZE_INVALID, "
        "CURSOR_INVALID as in `impact`."
    )
    def live_impact(
        self,
        info: Info,
        input: Annotated[ImpactInput, strawberry.argument(description="What happens.")],
        min_interval_ms: MinInterval = IMPACT_INTERVAL_MS,
        delta: Delta = False,
    ) -> AsyncIterable[LiveImpact]:
        question, size = input.question(), page_size(input.first)
        behind = place_of(input.after) if input.after is not None else None
        check(info.context.catalogue, question)

        def payload(at: int) -> LiveImpact:
            return LiveImpact(sequence=Long(at), question=question, size=size, behind=behind)

        return live(info, payload, min_interval_ms, delta)
