"""What a client gets instead of a bug: a code and a reference, and the log has the rest under the same reference.

Nothing of the exception itself goes out: its text may hold addresses, statements or documents of others.
"""

import logging
import uuid
from typing import Any

log = logging.getLogger("twin_overlay.api")


def internal(cause: BaseException, where: str) -> dict[str, Any]:
    """Log it and give back the extensions of its stand-in."""
    reference = uuid.uuid4().hex[:12]
    log.error("internal error %s at %s", reference, where, exc_info=(type(cause), cause, cause.__traceback__))
    return {"code": "INTERNAL", "hint": f"report it with reference {reference}", "reference": reference}
