"""How often a method may be sent: `min_interval` between two sends, and at most so many within a time.

Counted are sends, whoever asked and whatever the device said; the moments are part of the journaled state, so a restart
forgives nothing. A clock that is set makes no wait shorter or longer.
"""

from app.engine.cells import TwinState
from app.engine.elapsed import Elapsed
from app.model.events import Refusal
from app.model.plan import MethodPlan
from app.model.time import Micros


def limited(method: MethodPlan) -> bool:
    return method.min_interval is not None or method.most_calls is not None


def kept(sends: tuple[Micros, ...], method: MethodPlan) -> tuple[Micros, ...]:
    """As many of the last ones as its limits look at."""
    return sends[-max(1, method.most_calls or 1) :]


def against(twin: TwinState, name: str, now: Micros, elapsed: Elapsed) -> Refusal | None:
    method = twin.shape.methods.get(name)
    sends = twin.sends.get(name, ())
    if method is None or not sends:
        return None
    too_soon = elapsed.from_then(sends[-1]) + method.min_interval if method.min_interval is not None else now
    too_many = now
    if method.most_calls is not None and len(sends) >= method.most_calls:
        too_many = elapsed.from_then(sends[-method.most_calls]) + method.per
    if max(too_soon, too_many) <= now:
        return None
    if too_many >= too_soon:
        return Refusal("CALL_RATE_LIMITED", retry_at=too_many)
    return Refusal("CALL_TOO_SOON", retry_at=too_soon)
