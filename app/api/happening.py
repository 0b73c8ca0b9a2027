"""Queries about what happens in the plant: behaviors, alerts, what is shelved, calls, and who did what."""

from typing import Annotated

import strawberry

from app.api.behavior_pages import Behaviors
from app.api.connections import PAGES, After, Before, Connection, First, Last, connect
from app.api.context import Info
from app.api.pages import MAX_PAGE
from app.api.shelved import find_shelving, shelved_keys
from app.api.types.alert import Alert, AlertConnection, alerts_of
from app.api.types.alert_history import AlertHistoryConnection, AlertHistoryWhereArgument, history_connection
from app.api.types.audit import AuditConnection, AuditWhereArgument, audit_connection
from app.api.types.behavior import Behavior, find_behavior
from app.api.types.call import Call, CallConnection, calls_of
from app.api.types.enums import OwnerKind
from app.api.types.shelving import Shelving
from app.api.walks import walk_page
from app.api.wheres import AlertWhereArgument, BehaviorFilter, BehaviorWhereArgument, CallWhereArgument, OwnerInput
from app.api.written import written
from app.model.audit import AlertQuery, AuditQuery

_ABOUT = "TWIN_NOT_FOUND, TWIN_TYPE_NOT_FOUND, OVERLAY_NOT_FOUND with a suggestion, TOO_MANY_IDS, BAD_TEXT"


@strawberry.type
class HappeningQueries:
    @strawberry.field(description="One behavior; null where its owner has none of that name. ID_INVALID.")
    def behavior(
        self,
        info: Info,
        owner_kind: Annotated[OwnerKind, strawberry.argument(description="Whether a twin or an overlay owns it.")],
        owner_id: Annotated[strawberry.ID, strawberry.argument(description="The twinId or overlayId of its owner.")],
        name: Annotated[str, strawberry.argument(description="Its name.")],
    ) -> Behavior | None:
        id = written(owner_id, "ownerId")
        return find_behavior(info.context.catalogue, info.context.live, owner_kind.value, id, name)

    @strawberry.field(
        description=f"Behaviors with their live state, by owner and name, at most {MAX_PAGE} a page. {_ABOUT}; {PAGES}."
    )
    async def behaviors(
        self,
        info: Info,
        where: BehaviorWhereArgument = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Behavior]:
        wanted = where.asked(info.context.catalogue) if where is not None else BehaviorFilter()
        catalogue, live = info.context.catalogue, info.context.live

        def show(_: object, key: str) -> Behavior | None:
            return find_behavior(catalogue, live, *key.split("/"))

        walk = Behaviors(info.context, wanted)
        return await walk_page(info.context, walk, show, first, after, last, before, f"behaviors/{where!r}")

    @strawberry.field(
        description=(
            f"Alerts, newest first, at most {MAX_PAGE} a page: open ones unless the filter asks for others. Open ones "
            "are read from memory, closed ones from the graph, which may lag by a second (UNAVAILABLE while it is "
            f"down). {_ABOUT}; {PAGES}."
        )
    )
    async def alerts(
        self, info: Info, where: AlertWhereArgument = None, first: First = None, after: After = None
    ) -> AlertConnection:
        return await alerts_of(info.context, "", None, where, first, after)

    @strawberry.field(description="One alert, open or closed; null where there is none of that id.")
    async def alert(
        self, info: Info, alert_id: Annotated[strawberry.ID, strawberry.argument(description="The alert's id.")]
    ) -> Alert | None:
        found = await info.context.loaders.alert.load(alert_id)
        return Alert.of(found) if found else None

    @strawberry.field(description=f"What is shelved, raised or not, by owner. {PAGES}.")
    def shelvings(
        self,
        info: Info,
        owner: Annotated[
            OwnerInput | None, strawberry.argument(description="Only alerts of behaviors of this twin or overlay.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Shelving]:
        live, key = info.context.live, owner.key() if owner is not None else None

        def show(_: object, text: str) -> Shelving | None:
            found = find_shelving(live, text)
            return Shelving.of(found) if found is not None else None

        ids = shelved_keys(live, key)
        return connect(ids, show, info.context, first, after, last, before, f"shelvings/{key}")

    @strawberry.field(
        description=(
            f"What happened to alerts, open and closed ones, newest first, at most {MAX_PAGE} a page: from the graph, "
            f"which is waited for. {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def alert_history(
        self, info: Info, where: AlertHistoryWhereArgument = None, first: First = None, after: After = None
    ) -> AlertHistoryConnection:
        return await history_connection(info.context, where.asked() if where else AlertQuery(), first, after)

    @strawberry.field(description="One call to a device; null where there is none of that id.")
    async def call(
        self, info: Info, call_id: Annotated[strawberry.ID, strawberry.argument(description="The call's id.")]
    ) -> Call | None:
        found = await info.context.loaders.call.load(call_id)
        return Call.of(found) if found else None

    @strawberry.field(
        description=(
            f"Method calls and property writes to devices, newest first, at most {MAX_PAGE} a page: from the graph, "
            f"which is waited for. {_ABOUT}; {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def calls(
        self, info: Info, where: CallWhereArgument = None, first: First = None, after: After = None
    ) -> CallConnection:
        return await calls_of(info.context, "", None, where, first, after)

    @strawberry.field(
        description=(
            "Who did or was refused what, from where and why: writes, calls and their results, acknowledgements, "
            f"overrides, changes of definitions; newest first, at most {MAX_PAGE} a page, from the graph, which is "
            f"waited for. {PAGES}, UNAVAILABLE while it is down."
        )
    )
    async def audit_log(
        self, info: Info, where: AuditWhereArgument = None, first: First = None, after: After = None
    ) -> AuditConnection:
        return await audit_connection(info.context, where.asked() if where else AuditQuery(), first, after)
