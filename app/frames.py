"""The server's side of a WebSocket as pushes need it: whole frames, written past ASGI while the client has room.

ASGI takes one text at a time and has whoever sends wait for room, which is a task a client and an encoding a frame. A
push that a thousand clients get has its bytes once; here each client's connection takes what is ready for it in one
write, or says that it is full and calls back. What is written here must not be compressed in the connection's own
window: such a frame stands for itself, as the protocol allows at any time.
"""

from collections.abc import Callable, Sequence

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "twin_overlay.frames"
"""Where the ASGI scope has it."""


def _nobody() -> None:
    return None


class FrameProtocol(WebSocketsSansIOProtocol):
    """Give it to uvicorn as `ws`."""

    drained: Callable[[], None] = staticmethod(_nobody)
    """Called when there is room again."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][EXTENSION] = {"connection": self}
        await super().run_asgi()

    @property
    def full(self) -> bool:
        """Nothing is to be written now: what was is not read yet, or nobody is there any more."""
        return not self.writable.is_set() or self.close_sent or self.disconnected or self.transport.is_closing()

    def write(self, pieces: Sequence[bytes]) -> None:
        """Frames, whole, in pieces. Only while it is not `full`."""
        self.transport.write(b"".join(pieces))

    def resume_writing(self) -> None:
        super().resume_writing()
        self.drained()
