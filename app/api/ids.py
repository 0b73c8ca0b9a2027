"""Global ids: what `Node.id` holds and `node(id)` takes.

They are base64 of `Type:key` ("Twin:pump_123"). Clients must treat them as opaque; twinId and its like are the ids that
people write. Keys may hold ":" themselves, so only the first one separates.
"""

import base64
import binascii

import strawberry

from app.errors import Invalid


def global_id(type_name: str, *key: str) -> strawberry.ID:
    """`("Property", "pump_123", "speed")` -> base64 of `Property:pump_123/speed`; ids never contain a "/"."""
    return strawberry.ID(base64.b64encode(f"{type_name}:{'/'.join(key)}".encode()).decode())


def parse_global_id(text: str) -> tuple[str, tuple[str, ...]]:
    """The type name and the parts of the key. Raises Invalid (ID_INVALID)."""
    try:
        type_name, separator, key = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        type_name = separator = key = ""
    if not (type_name and separator and key):
        raise Invalid(
            f"'{text[:200]}' is not a global id",
            code="ID_INVALID",
            hint="give an `id` that this API returned; ids that people write go to twin(twinId) and its like",
        )
    return type_name, tuple(key.split("/"))
