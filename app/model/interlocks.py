"""Interlocks as documents: what must never be sent while a condition is TRUE, or while nobody knows whether it is.

Of a twin or its type an interlock stands before the twin's own methods and properties; of an overlay or its type before
those of a role. The condition is text in the JSON notation, as a behavior's is.
"""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from app.model.behaviors import ConditionText
from app.model.document import Document, Faults, Identifier, RolePath, Text, exactly_one
from app.model.value_types import Fault


class InterlockDefinition(Document):
    """`never call pump.start while ...`: of one method, or of one property that must not be written."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: Identifier
    description: Text = ""
    role: RolePath | None = None
    """Of many: it stands before each that fills it."""
    twin_id: Identifier | None = None
    method: Identifier | None = None
    property: Identifier | None = None
    condition: ConditionText = Field(alias="while")
    """`while` in the document, which Python keeps for itself."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if self.role and self.twin_id:
            raise Faults([Fault("TWO_TARGETS", ("twin_id",), "an interlock names a role or a twin_id, not both")])
        return exactly_one(self, "method", "property", f"interlock '{self.name}'", "TWO_TARGETS")
