"""A small plant to check scripts against: the catalogue as the graph would give it. The types are in our own words."""

from app.model.catalogue import Catalogue
from app.model.change import StoredDefinition
from app.model.definitions import (
    ConnectivityPart,
    Definition,
    EventDefinition,
    FieldDefinition,
    ItemDefinition,
    MethodDefinition,
    ParameterDefinition,
    PropertyDefinition,
    Twin,
    TwinKind,
    TwinType,
    id_of,
    kind_of,
)

RUN_STATES = ["off", "starting", "running", "stopping", "fault"]


def _measured(name: str, unit: str, high: float) -> PropertyDefinition:
    return PropertyDefinition(name=name, data_type="float", unit=unit, min_value=0.0, max_value=high)


def _method(name: str, *parameters: ParameterDefinition) -> MethodDefinition:
    return MethodDefinition(name=name, parameters=list(parameters), return_type="boolean")


def _type(
    type_id: str,
    properties: list[PropertyDefinition],
    methods: list[MethodDefinition] | None = None,
    kind: TwinKind = "equipment",
    events: list[EventDefinition] | None = None,
) -> TwinType:
    return TwinType(
        type_id=type_id,
        kind=kind,
        properties=properties,
        methods=methods or [],
        events=events or [],
        connectivity=ConnectivityPart(protocol="opc-ua", endpoint="opc.tcp://plant.example:4840"),
    )


TYPES = [
    _type(
        "centrifugal_pump",
        [
            PropertyDefinition(name="status", data_type="enum", enum_values=RUN_STATES),
            _measured("temperature", "celsius", 100.0),
            _measured("flow_rate", "m3/h", 100.0),
            PropertyDefinition(
                name="speed", data_type="float", unit="rpm", min_value=0.0, max_value=3000.0, access="read-write"
            ),
            PropertyDefinition(name="starts", data_type="integer", min_value=0.0),
            PropertyDefinition(name="remote", data_type="boolean"),
            PropertyDefinition(name="label", data_type="string", access="read-write"),
            PropertyDefinition(name="serviced_at", data_type="datetime", access="read-write"),
            PropertyDefinition(name="password", data_type="string", access="write"),
            PropertyDefinition(name="FIC-1.PV", data_type="float"),
        ],
        [
            _method("start"),
            _method("stop"),
            _method("set_speed", ParameterDefinition(name="speed", data_type="float", min_value=0.0, max_value=3000.0)),
            _method(
                "schedule",
                ParameterDefinition(name="mode", data_type="enum", enum_values=["eco", "full"]),
                ParameterDefinition(name="cycles", data_type="integer", min_value=1.0, max_value=10.0),
            ),
        ],
        events=[
            EventDefinition(
                name="tripped",
                parameters=[
                    ParameterDefinition(name="code", data_type="integer"),
                    ParameterDefinition(name="reason", data_type="string"),
                ],
            )
        ],
    ),
    _type(
        "valve",
        [
            PropertyDefinition(name="status", data_type="enum", enum_values=["open", "closed", "moving"]),
            PropertyDefinition(
                name="position", data_type="float", unit="%", min_value=0.0, max_value=100.0, access="read-write"
            ),
        ],
        [
            _method("open", ParameterDefinition(name="position", data_type="float", min_value=0.0, max_value=100.0)),
            _method("close"),
        ],
    ),
    _type("pipe", []),
    _type("flow_sensor", [_measured("flow_rate", "m3/h", 100.0)], kind="sensor"),
    _type("pressure_sensor", [_measured("pressure", "bar", 10.0)], kind="sensor"),
    _type(
        "controller",
        [PropertyDefinition(name="mode", data_type="enum", enum_values=["auto", "manual"])],
        kind="controller",
    ),
    _type(
        "recorder",
        [
            PropertyDefinition(
                name="curve",
                data_type="array",
                items=ItemDefinition(data_type="float"),
                max_items=3,
                access="read-write",
            ),
            PropertyDefinition(
                name="settings",
                data_type="object",
                fields=[FieldDefinition(name="title", data_type="string")],
                access="read-write",
            ),
        ],
    ),
]

TWINS = [
    ("centrifugal_pump", ["pump_123", "pump_124", "pump_223", "pump_224", "pump7", "P-101A"]),
    ("valve", ["valve_234", "valve_235", "valve_334", "valve_335"]),
    ("pipe", ["pipe_456", "pipe_789", "pipe_556", "pipe_889"]),
    ("flow_sensor", ["sensor_567", "sensor_667"]),
    ("pressure_sensor", ["sensor_678", "sensor_778"]),
    ("controller", ["controller_234", "controller_334"]),
]


def catalogue(*more: Definition) -> Catalogue:
    twins = [Twin(twin_id=twin_id, twin_type=type_id) for type_id, ids in TWINS for twin_id in ids]
    return Catalogue.of(
        1,
        [
            StoredDefinition(kind_of(item), id_of(item), item, 1, 1, 0, "test", 0, "test")
            for item in [*TYPES, *twins, *more]
        ],
    )
