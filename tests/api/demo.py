"""The demo's definitions on the real engine, as `make demo` is while the primary pump runs and the backup rests."""

from importlib.resources import files
from typing import Any

from app.commands.check_scripts import check_script
from app.demo.documents import load_documents
from app.model.definitions import kind_of, to_document
from tests.api.parts import Installation
from tests.api.plant import Plant

HEARD: dict[str, dict[str, Any]] = {
    "pump_123": {"status": "running", "temperature": 65.5, "speed": 2400.0, "flow_rate": 42.0},
    "pump_124": {"status": "off", "temperature": 20.5, "speed": 0.0},
    "valve_234": {"status": "open", "position": 100.0},
    "valve_235": {"status": "open", "position": 100.0},
    "sensor_567": {"flow_rate": 42.0},
    "sensor_678": {"pressure": 6.5},
}


def save_demo(installation: Installation) -> None:
    """Its documents and its script."""
    installation.save(*load_documents("opc.tcp://127.0.0.1:4840", "mqtt://127.0.0.1:1883"))
    script = (files("app.demo") / "pumping_system.dtsl").read_text(encoding="utf-8")
    checked = check_script(script, installation.catalogue)
    installation.save(*((kind_of(item), to_document(item)) for item in checked.definitions))


def demo_plant() -> Plant:
    """Started: inside the loop."""
    plant = Plant()
    save_demo(plant)
    plant.start()
    for twin_id, values in HEARD.items():
        plant.reach(twin_id)
        for name, value in values.items():
            plant.hear(twin_id, name, value)
    return plant
