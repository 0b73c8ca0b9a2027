"""Who a request says it comes from. A claim, not a proof, until there is access control.

It is recorded with every revision, acknowledgement and call all the same.
"""

from starlette.requests import HTTPConnection

from app.commands.actor import Actor
from app.errors import Invalid

MAX_ACTOR = 128
CLI_AGENT = "twin-overlay-cli"
"""What our own command line calls itself as User-Agent (client.py)."""


def claimed(given: object, via: str, address: str = "") -> Actor:
    """ "anonymous" where nobody says (None). Raises Invalid (ACTOR_INVALID)."""
    if given is None:
        return Actor("anonymous", via, address)
    name = given.strip() if isinstance(given, str) else ""
    if not name or len(name) > MAX_ACTOR or not name.isprintable():
        raise Invalid(
            "the name in X-Actor is not usable",
            code="ACTOR_INVALID",
            hint=f"1 to {MAX_ACTOR} printable characters, or leave the header out",
        )
    return Actor(name, via, address)


def address_of(connection: HTTPConnection) -> str:
    """The host at the other end; that of a proxy where there is one."""
    return connection.client.host if connection.client is not None else ""
