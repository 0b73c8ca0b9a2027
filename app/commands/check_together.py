"""Scripts and definitions checked as they stand together, and nothing saved: what `twin-overlay check` asks.

The definitions are laid over the catalogue before the scripts are looked at, and what the scripts declare before the
definitions are, so each may need the other. What saving would break elsewhere is a dry run's to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.commands.check_scripts import Checked, check_parsed
from app.commands.checks import check
from app.commands.draft import Draft, Key
from app.commands.findings import Findings
from app.commands.request import key_of
from app.dtsl.parse import Parsed
from app.model.catalogue import Catalogue
from app.model.definitions import Definition, Overlay


@dataclass(frozen=True, slots=True)
class Together:
    """In the order given."""

    scripts: list[Checked]
    definitions: list[Findings]


def check_together(scripts: Sequence[Parsed], definitions: Sequence[Definition], catalogue: Catalogue) -> Together:
    written: dict[Key, Definition | None] = {key_of(item): item for item in definitions}
    answers = check_parsed(scripts, Draft(catalogue, written) if written else catalogue)
    declared = {key_of(item): item for answer in answers for item in answer.definitions}
    wrong = {key for answer in answers if not answer.definitions for key in answer.declared}
    world = Draft(catalogue, {**written, **declared})
    return Together(
        answers,
        # of an overlay whose type is wrong in its script nothing is known
        [Findings() if _of_type_in(item, wrong) else check(world, item) for item in definitions],
    )


def _of_type_in(item: Definition, wrong: set[Key]) -> bool:
    return isinstance(item, Overlay) and ("overlay_type", item.overlay_type) in wrong
