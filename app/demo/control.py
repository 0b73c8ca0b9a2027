"""How a story disturbs the plant: one JSON object a line over TCP on loopback, each answered by one line.

This is the hand of a saboteur, not a device: whatever a controller may do goes over OPC UA instead.

    {"do": "heat", "pump": "pump_123", "on": true}
    {"do": "fault", "pump": "pump_123", "code": 17, "description": "bearing seized"}
    {"do": "reset"}
    {"do": "state"}

The answer is `{"ok": true, "state": {...}}`, or `{"ok": false, "error": {"code", "message", "hint"}}`.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from app.demo.physics import Pump, Station
from app.errors import Invalid, Misconfigured, NotFound, TwinOverlayError, Unavailable
from app.model.unreadable import UNREADABLE


class Heat(msgspec.Struct, tag_field="do", tag="heat", frozen=True, forbid_unknown_fields=True):
    """Block the pump's cooling, or free it."""

    pump: str
    on: bool


class Fault(msgspec.Struct, tag_field="do", tag="fault", frozen=True, forbid_unknown_fields=True):
    """Latched until the pump's reset_fault, or `reset`."""

    pump: str
    code: int
    description: str


class Reset(msgspec.Struct, tag_field="do", tag="reset", frozen=True, forbid_unknown_fields=True):
    """Back to normal operation, at the plant's own pace."""


class State(msgspec.Struct, tag_field="do", tag="state", frozen=True, forbid_unknown_fields=True):
    pass


Command = Heat | Fault | Reset | State
_COMMANDS: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_ANSWER_SECONDS = 5.0


class ControlServer:
    """Applies commands to a station; `changed` is awaited after each that was not a mere question."""

    def __init__(self, station: Station, changed: Callable[[], Awaitable[None]]) -> None:
        self._station = station
        self._changed = changed
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1 (0 takes a free port); the port. Raises Misconfigured."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        except OSError as error:
            raise Misconfigured(
                f"cannot serve the plant's control on 127.0.0.1:{port}: {os.strerror(error.errno or 0)}",
                code="PORT_TAKEN",
                hint="choose another with --control-port, or 0 for a free one",
            ) from error
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._clients.values():
                writer.close()
            await asyncio.gather(*self._clients)
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients[task] = writer
        try:
            while line := await reader.readline():
                writer.write(await self._answer(line) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the client is gone, or sent a line without end (over 64 KiB): either way nobody to answer
        finally:
            del self._clients[task]
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> bytes:
        try:
            await self._do(_decode(line))
        except TwinOverlayError as error:
            fault = {"code": error.code, "message": error.message, "hint": error.hint}
            return msgspec.json.encode({"ok": False, "error": fault})
        return msgspec.json.encode({"ok": True, "state": state_of(self._station)})

    async def _do(self, command: Command) -> None:
        match command:
            case Heat():
                self._pump(command.pump).cooling_blocked = command.on
            case Fault():
                self._pump(command.pump).fail(command.code, command.description)
            case Reset():
                self._station.reset()
            case State():
                return
        await self._changed()

    def _pump(self, id: str) -> Pump:
        found = self._station.pumps.get(id)
        if found is None:
            raise NotFound.named("pump", id, self._station.pumps)
        return found


def state_of(station: Station) -> dict[str, Any]:
    """Everything measured, by twin id: pumps, valves, sensors and the controller."""
    state: dict[str, Any] = {
        pump.id: {
            "status": pump.status,
            "flow_rate": pump.flow_rate,
            "pressure": pump.pressure,
            "temperature": pump.temperature,
            "power": pump.power,
            "speed": pump.speed,
            "target_flow_rate": pump.target_flow_rate,
            "cooling_blocked": pump.cooling_blocked,
        }
        for pump in station.pumps.values()
    }
    for valve in station.valves:
        state[valve.id] = {"status": valve.status, "position": valve.position}
    state["sensor_567"] = {"flow_rate": station.flow_rate}
    state["sensor_678"] = {"pressure": station.pressure}
    state["controller_234"] = {"status": station.status, "mode": station.mode}
    return state


class PlantControl:
    """Client of the control port: a connection per command. Each command gives the state that `state_of` shows.

    Raises Invalid where the plant refuses the command as wrong, and Unavailable where it does not answer.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def heat(self, pump: str, on: bool = True) -> dict[str, Any]:
        return await self._send(Heat(pump, on))

    async def fault(self, pump: str, code: int, description: str) -> dict[str, Any]:
        return await self._send(Fault(pump, code, description))

    async def reset(self) -> dict[str, Any]:
        return await self._send(Reset())

    async def state(self) -> dict[str, Any]:
        return await self._send(State())

    async def _send(self, command: Command) -> dict[str, Any]:
        where = f"{self._host}:{self._port}"
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection(self._host, self._port)
                try:
                    writer.write(msgspec.json.encode(command) + b"\n")
                    await writer.drain()
                    line = await reader.readline()
                finally:
                    writer.close()
                    with contextlib.suppress(ConnectionError):
                        await writer.wait_closed()
        except (OSError, TimeoutError) as error:
            raise _silent(where) from error
        if not line:
            raise _silent(where)
        answer = msgspec.json.decode(line)
        if not answer["ok"]:
            fault = answer["error"]
            raise Invalid(fault["message"], code=fault["code"], hint=fault["hint"])
        state: dict[str, Any] = answer["state"]
        return state


def _decode(line: bytes) -> Command:
    try:
        return _COMMANDS.decode(line)
    except UNREADABLE as error:
        raise Invalid(
            f"this is no command of the demo plant: {error}",
            code="PLANT_COMMAND_INVALID",
            hint='send a line like {"do": "state"}; the others are heat, fault and reset',
        ) from error


def _silent(where: str) -> Unavailable:
    return Unavailable(
        f"the demo plant does not answer at {where}", code="PLANT_SILENT", hint="is its process still running?"
    )
