"""Interlocks of a script: what their conditions name and compare, told where it stands in them.

Whom they stand before, and what else a document can be wrong in, is looked at in the document (commands/).
"""

from collections.abc import Mapping
from typing import Any

from app.dtsl.ast import Expression
from app.dtsl.declared import Checking
from app.dtsl.examine import examine
from app.dtsl.places import span_of_finding
from app.dtsl.scope import Scope


def check_interlocks(written: Any, scope: Scope, checking: Checking) -> None:
    """`written` as the script has them; what stands in a `with` may be anything, and is no Expression."""
    for interlock in written if isinstance(written, list) else ():
        condition = interlock.get("while") if isinstance(interlock, Mapping) else None
        if isinstance(condition, Expression):
            examined = examine(condition.condition, scope)
            for finding in (*examined.errors, *examined.but_never):
                checking.report(finding.message, span_of_finding(finding, condition.places))
