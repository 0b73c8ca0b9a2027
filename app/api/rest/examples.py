"""The bodies that the OpenAPI shows: the specification's own, cut to what a reader needs.

They are examples of form; whether they can be saved depends on the types and twins that there are.
"""

from typing import Any

from app.model.definitions import Kind

CREATED: dict[Kind, dict[str, Any]] = {
    "relationship_type": {
        "relationship_type": "steam_supply",
        "inverse": "steam_supplied_by",
        "impact": "forward",
        "description": "Live steam runs from the source to the target",
    },
    "twin_type": {
        "type_id": "centrifugal_pump",
        "name": "Centrifugal Pump",
        "properties": [
            {"name": "status", "data_type": "enum", "enum_values": ["off", "running", "fault"]},
            {
                "name": "speed",
                "data_type": "float",
                "unit": "rpm",
                "min_value": 0.0,
                "max_value": 3000.0,
                "access": "read-write",
            },
        ],
        "methods": [{"name": "start", "return_type": "boolean"}],
    },
    "twin": {
        "twin_id": "pump_123",
        "twin_type": "centrifugal_pump",
        "version": "1.0.0",
        "description": "Digital twin for centrifugal pump in Building A",
        "manufacturer": "Acme Pumps",
        "location": {"site": "Manufacturing Plant 1", "building": "Building A", "room": "Pump Room 3"},
        "connectivity": {
            "protocol": "opc-ua",
            "endpoint": "opc.tcp://plc1.factory.local:4840",
            "mapping": {
                "properties": {"status": {"node_id": "ns=2;s=Pump123.Status", "sampling_interval": 500}},
                "methods": {"start": {"node_id": "ns=2;s=Pump123.Start"}},
            },
        },
    },
    "overlay_type": {
        "type_id": "pumping_system",
        "name": "Pumping System",
        "twin_roles": [
            {"role": "primary_pump", "twin_type": "centrifugal_pump"},
            {"role": "backup_pump", "twin_type": "centrifugal_pump", "required": False},
        ],
    },
    "overlay": {
        "overlay_id": "pumping_system_345_overlay",
        "name": "Building A Pumping System",
        "twins": [{"twin_id": "pump_123", "role": "primary_pump"}, {"twin_id": "pump_124", "role": "backup_pump"}],
    },
}

CHANGED: dict[Kind, dict[str, Any]] = {
    "relationship_type": {"impact": "both"},
    "twin_type": {"description": "Pumps of the 5000 series"},
    "twin": {
        "description": "Updated digital twin for centrifugal pump in Building A",
        "location": {"site": "Manufacturing Plant 1", "building": "Building A", "room": "Pump Room 4"},
    },
    "overlay_type": {"description": "A duty pump, and maybe a standby"},
    "overlay": {
        "description": "Updated digital twin overlay for the pumping system in Building A",
        "twins": [{"twin_id": "pump_125", "role": "backup_pump"}],
    },
}

SCRIPT = """instance BuildingBPumpingSystem of PumpingSystem {
  twins {
    primaryPump = Pump223;
    backupPump = Pump224;
  }
  metadata {
    tags = ["pumping", "water", "building_b"];
  }
}
"""
