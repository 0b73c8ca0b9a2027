"""The definitions that a scenario runs on: a catalogue with nothing beneath it, changed as a server's commands do.

The same checks refuse and the same plan is loaded; only the graph's part of a change (rows, revisions kept) is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.commands.check_together import check_together
from app.commands.checks import check
from app.commands.dependents import Reach, broken, in_use, reach, refusal
from app.commands.draft import Draft, Key
from app.commands.json_text import shown_in_json
from app.commands.lifecycle import kept, refuse_transitions
from app.commands.plan import plan_of
from app.commands.refusals import unknown
from app.commands.request import is_stored, key_of, refuse_twice
from app.dtsl.findings import Diagnostic
from app.dtsl.parse import parse_scripts
from app.dtsl.source import Source
from app.errors import Conflict, Invalid
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import Definition, Kind, Lifecycle
from app.model.plan import Plan
from app.model.time import Micros
from app.scenarios.sources import Sources


class NotDefined(Invalid):
    """Definitions that can't be had as they are; `diagnostics` say why, each at its place."""

    def __init__(self, diagnostics: Sequence[Diagnostic], texts: Mapping[str, str]) -> None:
        errors = [item for item in diagnostics if item.severity == "error"]
        problems = [item.problem() for item in errors]
        count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        message = f"the definitions have {count}: {errors[0].message}"
        super().__init__(message, code=errors[0].code, hint=errors[0].hint, problems=problems)
        self.diagnostics = tuple(errors)
        self._texts = texts

    def told(self, script: Source) -> list[str]:
        """Each with its line, out of the file that it is in, or of the script itself."""
        texts = {script.file: script.text, **self._texts}
        return [item.render(texts.get(item.file, "")) for item in self.diagnostics]


class Plant:
    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self._last: dict[Key, int] = {}
        """Revisions of what was removed."""

    def save(self, sources: Sources, now: Micros) -> Plan | None:
        """What the engine is to load; None where nothing differs. Raises NotDefined, Conflict (BREAKS_DEPENDENTS,
        TRANSITION_NOT_ALLOWED), Invalid (DOCUMENT_INVALID)."""
        return self.save_definitions(defined(sources, self.catalogue), now)

    def save_definitions(self, definitions: Sequence[Definition], now: Micros) -> Plan | None:
        """Of definitions that were checked against the catalogue as it stands."""
        catalogue = self.catalogue
        refuse_twice(definitions)
        definitions = [kept(catalogue, item)[0] for item in definitions]
        refuse_transitions(catalogue, definitions)
        stored = {key_of(item): catalogue.get(*key_of(item)) for item in definitions}
        changed = [item for item in definitions if not is_stored(item, stored[key_of(item)])]
        if not changed:
            return None
        draft = Draft(catalogue, {key_of(item): item for item in changed})
        if problems := [problem for item in changed for problem in check(draft, item).problems]:
            raise Invalid.of(problems, "the change", code="DEFINITION_INVALID")
        keys = [key_of(item) for item in changed]
        reached = reach(catalogue, draft, keys)
        if problems := broken(catalogue, draft, reached, keys):
            message = f"this would break other definitions: {problems[0].message}"
            raise Conflict(message, code="BREAKS_DEPENDENTS", problems=problems)
        return self._apply([self._numbered(item, stored[key_of(item)], now) for item in changed], (), reached, now)

    def set_lifecycle(self, overlay_id: str, lifecycle: Lifecycle, now: Micros) -> Plan | None:
        """Raises NotFound, Conflict (TRANSITION_NOT_ALLOWED), Invalid (DEFINITION_INVALID)."""
        standing = self.catalogue.overlay(overlay_id)
        if standing is None:
            raise unknown("overlay", overlay_id, "", self.catalogue.ids("overlay"))
        if standing.lifecycle == lifecycle:
            return None
        return self.save_definitions([standing.model_copy(update={"lifecycle": lifecycle})], now)

    def remove(self, kind: Kind, id: str, now: Micros) -> Plan | None:
        """Of one that is there. Raises Conflict (IN_USE, BREAKS_DEPENDENTS)."""
        catalogue = self.catalogue
        draft = Draft(catalogue, {(kind, id): None})
        reached = reach(catalogue, draft, [(kind, id)])
        if problems := [*in_use(draft, kind, id), *broken(catalogue, draft, reached, [])]:
            raise refusal(kind, id, problems)
        stored = catalogue.get(kind, id)
        assert stored is not None, f"{kind} {id} is not in the catalogue"
        self._last[(kind, id)] = stored.revision
        return self._apply([], [(kind, id)], reached, now)

    def _apply(
        self, saved: Sequence[StoredDefinition], removed: Sequence[Key], reached: Reach, now: Micros
    ) -> Plan | None:
        catalogue = self.catalogue
        catalogue.apply(DefinitionChange(catalogue.revision, now, "", "", tuple(saved), tuple(removed)))
        if not (reached.twins or reached.overlays):
            return None
        return plan_of(catalogue, reached.twins, reached.overlays)

    def _numbered(self, item: Definition, before: StoredDefinition | None, now: Micros) -> StoredDefinition:
        if before is not None:
            return replace(before, definition=item, revision=before.revision + 1, updated_at=now)
        kind, id = key_of(item)
        revision = self._last.get((kind, id), 0) + 1
        return StoredDefinition(kind, id, item, revision, revision, now, "", now, "")


def defined(sources: Sources, catalogue: Catalogue) -> list[Definition]:
    """Everything that the sources define, checked together. Raises NotDefined with all that is wrong."""
    found = list(sources.faults)
    together = check_together(
        parse_scripts(sources.scripts), [document.definition for document in sources.documents], catalogue
    )
    for script in together.scripts:
        found += script.diagnostics
    for document, findings in zip(sources.documents, together.definitions, strict=True):
        found += [
            shown_in_json(problem, "error", document.source, document.begins, document.pointer)
            for problem in findings.problems
        ]
    if any(item.severity == "error" for item in found):
        raise NotDefined(found, sources.texts)
    return [
        *(document.definition for document in sources.documents),
        *(item for script in together.scripts for item in script.definitions),
    ]
