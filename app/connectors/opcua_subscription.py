"""What a server publishes in one subscription: which message is next, and which never came.

Every message with data has a number, one more than the one before; a keep-alive has that of the message to come. So
what was lost on the way shows with the next one, and the server still has it for a while (Republish).
"""

from dataclasses import dataclass, field

from asyncua import ua

LAST_NUMBER = 0xFFFF_FFFF
MAX_REPUBLISHED = 100
"""Of one gap; a server keeps no more than a few."""


def following(number: int) -> int:
    return 1 if number >= LAST_NUMBER else number + 1


@dataclass(slots=True)
class Published:
    id: int
    interval_seconds: float
    quiet_seconds: float
    """Longer without a publish and the subscription is dead."""
    last_contact: float
    next_number: int = 0
    """0 until the first message: servers don't agree on where to begin."""
    busy: bool = False
    """In our own hands (waiting for room): the server can't be blamed for being quiet."""
    drained: int = 0
    """How often the server has said that it has nothing more to tell."""
    handles: list[int] = field(default_factory=list)
    """Of the monitored items that stand."""

    def missing(self, number: int) -> int:
        """How many messages before the one of this number never came; 0 where it is an older one."""
        if 0 in (number, self.next_number):  # asyncua makes up a message without one as the connection ends
            return 0
        ahead = (number - self.next_number) % LAST_NUMBER
        return ahead if ahead < LAST_NUMBER // 2 else 0

    def took(self, message: ua.NotificationMessage, more: bool) -> None:
        number = int(message.SequenceNumber)
        if number and not self._is_older(number):
            self.next_number = following(number) if message.NotificationData else number
        if not more:
            self.drained += 1

    def _is_older(self, number: int) -> bool:
        return self.next_number != 0 and (number - self.next_number) % LAST_NUMBER >= LAST_NUMBER // 2

    def available(self, numbers: list[int]) -> list[int]:
        """Those that have not come, in their order."""
        return sorted(
            (number for number in map(int, numbers) if number and not self._is_older(number)),
            key=lambda number: (number - self.next_number) % LAST_NUMBER,
        )
