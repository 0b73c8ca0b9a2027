"""What the checks of overlays and of instances share: the catalogue, where findings go, names declared once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from pydantic import ValidationError

from app.dtsl import diagnostics
from app.dtsl.ast import Name
from app.dtsl.diagnostics import Message
from app.dtsl.findings import Findings
from app.dtsl.source import Span
from app.dtsl.spelling import dtsl_member
from app.model.catalogue import Capabilities
from app.model.definitions import Kind, Overlay, OverlayType, RelationshipType, Twin, TwinType

Made = TypeVar("Made")


class Known(Protocol):
    """What scripts are checked against: a Catalogue, or a draft of one."""

    def ids(self, kind: Kind) -> Iterable[str]: ...

    def twin_type(self, type_id: str) -> TwinType | None: ...

    def twin(self, twin_id: str) -> Twin | None: ...

    def overlay_type(self, type_id: str) -> OverlayType | None: ...

    def relationship_type(self, name: str) -> RelationshipType | None: ...

    def overlay(self, overlay_id: str) -> Overlay | None: ...

    def subtypes_of(self, type_id: str) -> list[str]: ...

    def twins_of_type(self, type_id: str) -> list[str]: ...

    def type_capabilities(self, type_id: str) -> Capabilities: ...


@dataclass(slots=True)
class Checking:
    catalogue: Known
    findings: Findings
    lost: frozenset[str]
    """Ids whose declaration could not be read: nothing is said about them."""
    failed: bool = False
    _twins_of_type: dict[str, list[str]] = field(default_factory=dict)

    def report(self, message: Message, span: Span) -> None:
        self.failed = self.failed or message.severity == "error"
        self.findings.report(message, span)

    def once(self, kind: str, names: Iterable[Name], spell: Callable[[str], str] = dtsl_member) -> None:
        """Reports each name that stood before."""
        first: dict[str, Name] = {}
        for name in names:
            before = first.setdefault(name.id, name)
            if before is not name:
                line = self.findings.line(before.span)
                self.report(diagnostics.declared_twice(kind, spell(name.id), line), name.span)

    def twins_of_type(self, type_id: str) -> list[str]:
        if type_id not in self._twins_of_type:
            self._twins_of_type[type_id] = self.catalogue.twins_of_type(type_id)
        return self._twins_of_type[type_id]

    def make(self, what: str, span: Span, build: Callable[[], Made]) -> Made | None:
        """What `build` makes; a limit of the document's form that it breaks is reported. None after any error."""
        if self.failed:
            return None
        try:
            return build()
        except ValidationError as error:
            for fault in error.errors():
                self.report(diagnostics.unusable(what, fault["msg"]), span)
            return None
