"""Who may see what of the plant: everybody everything, until there is access control.

Every push asks here, whatever it comes from: how things stand at the start, what happens, what is replayed. What is
executed for one viewer is given to all who are the same one: a viewer stands for what may be seen, not for a name.
"""

from collections.abc import Hashable

from app.model.sight import Subject


class Everybody:
    """Implements ports.Sight."""

    def viewer(self, name: str) -> Hashable:
        return None

    def may_see(self, viewer: Hashable, subject: Subject) -> bool:
        return True
