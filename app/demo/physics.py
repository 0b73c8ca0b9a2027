"""The pumping station as a small physical model: two pumps in parallel between an inlet and an outlet valve.

Nothing here knows a clock or a network. Commands only change what the plant strives for; `step` alone moves it, and
the measured values stay those of the last step until the next one.
"""

import math
import random
from dataclasses import dataclass, field
from typing import Literal

PumpStatus = Literal["off", "starting", "running", "stopping", "fault"]
ValveStatus = Literal["open", "closed", "moving"]
ControlMode = Literal["automatic", "manual"]

MAX_SPEED_RPM = 3000.0
MAX_TARGET_FLOW = 100.0
FULLY_OPEN = 100.0
RATED_SPEED_RPM = 2500.0
RATED_FLOW = 75.0
"""m3/h of one pump alone at its rated speed with both valves open."""

# Head of a pump in bar: SHUT_OFF * s^2 - SLOPE * s * q (s = speed / rated speed, q in m3/h). Fitted so that one pump
# alone gives 75 m3/h at 6.0 bar in the outlet pipe (0.4 bar are lost in the inlet valve), both together stay under the
# 8 bar warning (7.4), and a shut outlet valve passes the critical 9.5 (9.8).
_SHUT_OFF_BAR = 9.8
_RATED_HEAD_BAR = 6.4
_RATED_PRESSURE_BAR = 6.0
_SLOPE = (_SHUT_OFF_BAR - _RATED_HEAD_BAR) / RATED_FLOW
_SYSTEM = _RATED_HEAD_BAR / RATED_FLOW**2
_VALVE_SHARE = 1.0 - _RATED_PRESSURE_BAR / _RATED_HEAD_BAR
"""Of the system's resistance, what each open valve adds; it grows with 1 / opening^2."""
_LEAK = 1e-3
_STILL = 1e-3
"""Of the rated speed: slower, a pump moves nothing (and a speed of 5e-324 divides nothing)."""
_RELIEF_BAR = 9.9
_LOSSES_KW = 17.0
_EFFICIENCY = 0.85
_RATED_POWER_KW = _LOSSES_KW + _RATED_PRESSURE_BAR * RATED_FLOW / 36 / _EFFICIENCY

AMBIENT_CELSIUS = 22.0
_RISE_AT_RATED = 43.0
_RISE_WITHOUT_COOLING = 98.0
_THERMAL_SECONDS = 8.0

_RAMP_RPM_PER_S = 1250.0
_COAST_RPM_PER_S = 2500.0
_STROKE_PERCENT_PER_S = 20.0


@dataclass(frozen=True, slots=True)
class StatusChanged:
    pump: str
    old_status: PumpStatus
    new_status: PumpStatus


@dataclass(frozen=True, slots=True)
class FaultOccurred:
    pump: str
    fault_code: int
    fault_description: str


@dataclass(frozen=True, slots=True)
class MaintenanceDue:
    """A pump that was faulted wants to be looked at."""

    pump: str
    maintenance_type: str
    due_in_days: int


PlantEvent = StatusChanged | FaultOccurred | MaintenanceDue


@dataclass(slots=True)
class Pump:
    """Commands answer False, and do nothing, where the pump can't obey."""

    id: str
    events: list[PlantEvent]
    status: PumpStatus = "off"
    setpoint_rpm: float = RATED_SPEED_RPM
    target_flow_rate: float = RATED_FLOW
    cooling_blocked: bool = False
    rpm: float = 0.0
    celsius: float = AMBIENT_CELSIUS
    flow_rate: float = 0.0
    pressure: float = 0.0
    temperature: float = AMBIENT_CELSIUS
    power: float = 0.0
    speed: float = 0.0
    """These five as measured: rounded, with noise."""

    def start(self) -> bool:
        if self.status == "fault":
            return False
        if self.status != "running":
            self._become("starting")
        return True

    def stop(self) -> bool:
        if self.status == "fault":
            return False
        if self.status != "off":
            self._become("stopping")
        return True

    def set_speed(self, rpm: float) -> bool:
        if self.status == "fault" or not 0.0 <= rpm <= MAX_SPEED_RPM:
            return False
        self.setpoint_rpm = rpm
        return True

    def set_target_flow(self, flow_rate: float) -> bool:
        """Goes for the speed at which the pump alone would give this flow; the last of the two commands wins."""
        if self.status == "fault" or not 0.0 <= flow_rate <= MAX_TARGET_FLOW:
            return False
        self.target_flow_rate = flow_rate
        self.setpoint_rpm = min(flow_rate / RATED_FLOW * RATED_SPEED_RPM, MAX_SPEED_RPM)
        return True

    def fail(self, code: int, description: str) -> bool:
        """Latches until `reset_fault`; False where it is latched already."""
        if self.status == "fault":
            return False
        self._become("fault")
        self.events.append(FaultOccurred(self.id, code, description))
        return True

    def reset_fault(self) -> bool:
        if self.status != "fault":
            return False
        self._become("stopping" if self.rpm > 0.0 else "off")
        self.events.append(MaintenanceDue(self.id, "inspection_after_fault", 7))
        return True

    def turn(self, dt: float) -> None:
        """Move the speed for `dt` seconds, and the status where a ramp ends."""
        if self.status == "fault":
            self.rpm = _toward(self.rpm, 0.0, _COAST_RPM_PER_S * dt)
        elif self.status in ("off", "stopping"):
            self.rpm = _toward(self.rpm, 0.0, _RAMP_RPM_PER_S * dt)
            if self.rpm == 0.0:
                self._become("off")
        else:
            self.rpm = _toward(self.rpm, self.setpoint_rpm, _RAMP_RPM_PER_S * dt)
            if self.rpm == self.setpoint_rpm:
                self._become("running")

    def warm(self, power: float, dt: float) -> None:
        rise = _RISE_WITHOUT_COOLING if self.cooling_blocked else _RISE_AT_RATED
        goal = AMBIENT_CELSIUS + rise * power / _RATED_POWER_KW
        self.celsius += (goal - self.celsius) * -math.expm1(-dt / _THERMAL_SECONDS)

    def _become(self, status: PumpStatus) -> None:
        if status != self.status:
            self.events.append(StatusChanged(self.id, self.status, status))
            self.status = status


@dataclass(slots=True)
class Valve:
    id: str
    position: float = FULLY_OPEN
    target: float = FULLY_OPEN

    @property
    def status(self) -> ValveStatus:
        if self.position != self.target:
            return "moving"
        return "open" if self.position > 0.0 else "closed"

    def open(self, position: float) -> bool:
        """Percent; False where it is out of range."""
        if not 0.0 <= position <= FULLY_OPEN:
            return False
        self.target = position
        return True

    def close(self) -> bool:
        return self.open(0.0)

    def move(self, dt: float) -> None:
        self.position = _toward(self.position, self.target, _STROKE_PERCENT_PER_S * dt)

    @property
    def resistance(self) -> float:
        """Of the flow through it, in shares of the system's; finite even when shut (it leaks a thousandth)."""
        return _VALVE_SHARE / max(self.position / FULLY_OPEN, _LEAK) ** 2


@dataclass(slots=True)
class Station:
    """The whole plant; begins in normal operation on pump_123, with pump_124 off."""

    seed: int = 1
    mode: ControlMode = "automatic"
    events: list[PlantEvent] = field(default_factory=list)
    flow_rate: float = 0.0
    """As sensor_567 measures it in the outlet pipe, m3/h."""
    pressure: float = 0.0
    """As sensor_678 measures it in the outlet pipe, bar."""
    pumps: dict[str, Pump] = field(init=False)
    inlet: Valve = field(init=False)
    outlet: Valve = field(init=False)
    _noise: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._noise = random.Random(self.seed)
        self.pumps = {id: Pump(id, self.events) for id in ("pump_123", "pump_124")}
        self.inlet, self.outlet = Valve("valve_234"), Valve("valve_235")
        primary = self.pumps["pump_123"]
        primary.status, primary.rpm = "running", RATED_SPEED_RPM
        primary.celsius = AMBIENT_CELSIUS + _RISE_AT_RATED
        self.step(0.0)

    @property
    def status(self) -> Literal["running", "degraded"]:
        """As controller_234 reports it."""
        return "degraded" if any(pump.status == "fault" for pump in self.pumps.values()) else "running"

    @property
    def valves(self) -> tuple[Valve, Valve]:
        return self.inlet, self.outlet

    def reset(self) -> None:
        """Send everything back to normal operation; ramps, strokes and cooling take their time."""
        for pump in self.pumps.values():
            pump.cooling_blocked = False
            pump.reset_fault()
            pump.set_target_flow(RATED_FLOW)
        self.pumps["pump_123"].start()
        self.pumps["pump_124"].stop()
        self.inlet.open(FULLY_OPEN)
        self.outlet.open(FULLY_OPEN)
        self.mode = "automatic"

    def step(self, dt: float) -> None:
        """Move the plant by `dt` seconds (0 or more) and measure it."""
        for pump in self.pumps.values():
            pump.turn(dt)
        for valve in self.valves:
            valve.move(dt)
        heads, flows, header = self._flow()
        for pump, head, flow in zip(self.pumps.values(), heads, flows, strict=True):
            speed = pump.rpm / RATED_SPEED_RPM
            pressure = min(header if flow > 0.0 else head, _RELIEF_BAR)
            driven = pump.status != "fault"
            power = _LOSSES_KW * speed + pressure * flow / 36 / _EFFICIENCY if driven else 0.0
            pump.warm(power, dt)
            pump.speed = min(self._measure(pump.rpm, 0.0005, 1), MAX_SPEED_RPM)
            pump.flow_rate = self._measure(flow, 0.003, 2)
            pump.pressure = self._measure(pressure, 0.002, 3)
            pump.power = self._measure(power, 0.005, 2)
            pump.temperature = self._measure(pump.celsius, 0.0004, 2)
        self.flow_rate = self._measure(sum(flows), 0.003, 2)
        self.pressure = self._measure(min(header, _RELIEF_BAR), 0.002, 3)

    def _flow(self) -> tuple[list[float], list[float], float]:
        """Shut-off head and flow of each pump, and the pressure in the outlet pipe.

        All pumps work against the same head, which falls with it while the system's need rises: one crossing, found by
        bisection. A check valve behind each pump lets nothing flow back.
        """
        speeds = [pump.rpm / RATED_SPEED_RPM for pump in self.pumps.values()]
        heads = [_SHUT_OFF_BAR * speed**2 for speed in speeds]
        pipes = 1.0 - 2 * _VALVE_SHARE
        behind = _SYSTEM * (pipes + self.outlet.resistance)
        whole = behind + _SYSTEM * self.inlet.resistance

        def flows(head: float) -> list[float]:
            return [
                max(0.0, own - head) / (_SLOPE * speed) if speed > _STILL else 0.0
                for own, speed in zip(heads, speeds, strict=True)
            ]

        low, high = 0.0, max(heads)
        for _ in range(40):
            middle = (low + high) / 2
            if whole * sum(flows(middle)) ** 2 > middle:
                low = middle
            else:
                high = middle
        found = flows(high)
        return heads, found, high * behind / whole

    def _measure(self, value: float, noise: float, digits: int) -> float:
        """Noise is a share of the value, so that nothing reads as exactly nothing."""
        return round(value * (1.0 + self._noise.uniform(-noise, noise)), digits)


def _toward(value: float, target: float, most: float) -> float:
    return min(value + most, target) if value < target else max(value - most, target)
