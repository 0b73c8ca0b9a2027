"""What somebody can do or be refused, as the audit tells it apart."""

from typing import Literal

AuditKind = Literal[
    "definition",
    "script",
    "write",
    "call",
    "acknowledgement",
    "reset",
    "comment",
    "shelving",
    "unshelving",
    "override",
    "override_end",
    "report",
    "asset",
    "journal",
    "notification",
    "path",
]
