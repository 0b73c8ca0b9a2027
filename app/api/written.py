"""Ids as people write them, where a query takes one: one of an impossible form is an error, no empty answer."""

from app.errors import Invalid
from app.model.names import IDENTIFIER_RULE, is_identifier


def written(id: str, name: str) -> str:
    """Raises Invalid (ID_INVALID) where this can't be an id that anybody wrote."""
    if not is_identifier(id):
        raise Invalid(
            f"`{name}` is not an identifier: {IDENTIFIER_RULE}",
            code="ID_INVALID",
            hint="global ids go to node(id)",
            path=f"/{name}",
        )
    return id
