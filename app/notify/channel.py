"""How a message gets to a target: one try, whose failure says whether trying the same again can help.

Unavailable     the target is not there, or is too busy: the same message, later
Misconfigured   it does not let us in, or we lack a secret: the same message, once somebody has seen to it
Refused         it is there and does not take this message: given up after some tries
"""

from typing import Protocol

from app.errors import Unavailable
from app.notify.message import Message


class Later(Unavailable):
    """It says itself when to come again."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message, code="TARGET_BUSY")
        self.seconds = seconds


class Channel(Protocol):
    @property
    def address(self) -> str:
        """For people; nothing secret in it."""

    async def send(self, message: Message) -> str:
        """One try. What is not right although the message was taken, "" where all is. Raises as above."""
