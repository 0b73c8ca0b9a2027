"""Who gives a command, and which way it came in.

The name is a claim until there is access control: it is recorded with every revision, acknowledgement and call.
"""

from dataclasses import dataclass

from app.model.events import Origin


@dataclass(frozen=True, slots=True)
class Actor:
    name: str
    via: str
    """graphql, cli, ..."""
    address: str = ""
    """Of the host that sent it; "" where nothing was sent."""

    @property
    def origin(self) -> Origin:
        return Origin(self.via, self.address)
