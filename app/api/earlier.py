"""Why a behavior is, or at a moment in the past was, as it is: the one question that GraphQL and REST both ask."""

from app.api.services import Services
from app.errors import Invalid
from app.model.explanation import Explanation
from app.model.plan import BehaviorKey
from app.model.time import Micros, iso


async def explanation_at(services: Services, key: BehaviorKey, at: Micros | None) -> Explanation | None:
    """None for a behavior that the engine has not loaded, or that had not turned by then. Raises Invalid
    (MOMENT_IN_FUTURE), NotFound (HISTORY_NOT_KEPT), Unavailable (HISTORY_TOO_LONG)."""
    if at is None:
        return services.live.explain(key)
    now = services.clock.now()
    if at > now:
        raise Invalid(
            f"{iso(at)} has not come yet: it is {iso(now)}",
            code="MOMENT_IN_FUTURE",
            hint="leave `at` out for the values of now, or ask `rehearse` what would be",
            path="/at",
        )
    return await services.past.explain(key, at)
