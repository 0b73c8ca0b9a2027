"""Who gives a command, and which way it came in.

The name is a claim until there is access control: it is recorded with every revision, acknowledgement and call.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    name: str
    via: str
    """graphql, cli, ..."""
