"""`python -m app.demo.plant`: the demo plant as one process, OPC UA server, MQTT broker and the physics behind both.

It prints one JSON line with its addresses once everything can be reached, and nothing else on standard output.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from app.demo.physics import Station
from app.errors import Misconfigured
from app.parent import end_with_parent

STEP_SECONDS = 0.1
_STOP_SECONDS = 0.8
_LATE_SECONDS = 1.0


def main() -> None:
    wanted = argparse.ArgumentParser(prog="python -m app.demo.plant", description="The demo plant, on 127.0.0.1.")
    for name in ("opcua", "mqtt", "control"):
        wanted.add_argument(f"--{name}-port", type=int, default=0, help="0 (the default) takes a free one")
    wanted.add_argument("--die-with-parent", action="store_true", help="end when the process that started this ends")
    options = wanted.parse_args()
    if options.die_with_parent:
        end_with_parent()  # first of all: importing what follows takes a second in which the parent could end
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until it runs there is nothing to close
    try:
        _run(run_plant(options.opcua_port, options.mqtt_port, options.control_port))
    except Misconfigured as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


async def run_plant(opcua_port: int, mqtt_port: int, control_port: int) -> None:
    """Run until SIGINT or SIGTERM. Raises Misconfigured where a port is taken or the demo's extra is missing."""
    logging.basicConfig(level=logging.WARNING, format="plant %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for library in ("asyncua", "amqtt", "transitions"):
        logging.getLogger(library).setLevel(logging.ERROR)
    # It prints a traceback of a taken port before raising it; the one line below says the same.
    logging.getLogger("asyncua.server.server").setLevel(logging.CRITICAL)
    try:
        from app.demo.mqtt_broker import MqttBroker, Sensor
    except ModuleNotFoundError as error:
        raise Misconfigured(
            f"the demo plant needs the package '{error.name}'",
            code="DEMO_EXTRA_MISSING",
            hint="install it with: pip install 'twin-overlay[demo]'",
        ) from error
    from app.demo.control import ControlServer
    from app.demo.opcua_server import OpcUaPlant

    station = Station()
    plc, broker = OpcUaPlant(station), MqttBroker()
    control = ControlServer(station, plc.publish)
    sensors = (
        Sensor("sensor_567", "flow_rate", lambda: station.flow_rate),
        Sensor("sensor_678", "pressure", lambda: station.pressure),
    )
    async with AsyncExitStack() as running:
        opcua_endpoint = await plc.start(opcua_port)
        running.push_async_callback(plc.stop)
        mqtt = await broker.start(mqtt_port)
        running.push_async_callback(broker.stop)
        control_bound = await control.start(control_port)
        running.push_async_callback(control.stop)
        async with asyncio.TaskGroup() as group:
            up = [asyncio.Event() for _ in sensors]
            tasks = [
                group.create_task(sensor.run(mqtt, STEP_SECONDS, is_up))
                for sensor, is_up in zip(sensors, up, strict=True)
            ]
            tasks.append(group.create_task(_step(station, plc.publish)))
            for is_up in up:
                await is_up.wait()
            stopping = _stop_on_signals()
            ready = {
                "opcua_endpoint": opcua_endpoint,
                "mqtt_endpoint": f"mqtt://127.0.0.1:{mqtt}",
                "control_port": control_bound,
                "pid": os.getpid(),
            }
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            await stopping.wait()
            for task in tasks:
                task.cancel()


async def _step(station: Station, publish: Callable[[], Awaitable[None]]) -> None:
    """Step by the same amount at a steady pace; a process that was suspended goes on from where it stood."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        station.step(STEP_SECONDS)
        await publish()
        due += STEP_SECONDS
        if loop.time() - due > _LATE_SECONDS:
            due = loop.time()
        await asyncio.sleep(max(0.0, due - loop.time()))


def _stop_on_signals() -> asyncio.Event:
    """Set on SIGINT or SIGTERM. What has not closed 0.8 s later is left to the kernel: ending is promised in 1 s."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            loop.call_later(_STOP_SECONDS, os._exit, 0)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopping


def _run(work: Coroutine[Any, Any, None]) -> None:
    if sys.platform == "win32":
        asyncio.run(work)
    else:
        import uvloop

        uvloop.run(work)


if __name__ == "__main__":
    main()
