"""Documents of every kind: ones in which every field of the model is written, and strategies for any valid one."""

from typing import Any

from hypothesis import strategies as st

from app.model.definitions import Kind

ODD = "Größe \u2028 \U0001f680 \"quoted\" back\\slash </script> {braces} 'x' \t\n"
_TOLD = ODD.replace("{braces}", "{{braces}}")
"""As a message, in which braces name a property."""
_PARAMETERS = [
    {"name": "rpm", "description": "how fast", "data_type": "float", "unit": "rpm", "min_value": 0.0, "max_value": 9.5},
    {"name": "how", "data_type": "enum", "enum_values": ["slow", "fast"]},
]
_ITEM: dict[str, Any] = {"data_type": "float", "unit": "bar", "min_value": 0.0, "max_value": 10.0}
_FIELDS: list[dict[str, Any]] = [
    {"name": "pressure", "required": False, "description": "of water", **_ITEM},
    {"name": "mode", "data_type": "enum", "enum_values": ["a", "b"]},
    {"name": "points", "data_type": "array", "max_items": 3, "items": {"data_type": "integer"}},
    {"name": "inner", "data_type": "object", "fields": [{"name": "x", "data_type": "boolean"}]},
]
_LISTS: list[dict[str, Any]] = [
    {"name": "modes", "data_type": "array", "items": {"data_type": "enum", "enum_values": ["a", "b"]}},
    {
        "name": "rows",
        "data_type": "array",
        "max_items": 2,
        "items": {"data_type": "array", "max_items": 2, "items": _ITEM},
    },
    {"name": "steps", "data_type": "array", "items": {"data_type": "object", "fields": _FIELDS}},
    {"name": "step", "data_type": "object", "fields": _FIELDS},
]
_BEHAVIORS = [
    {
        "name": "hot",
        "description": ODD,
        "conditions": ["temperature >= 90.0"],
        "actions": [
            {
                "type": "alert",
                "severity": "critical",
                "message": _TOLD,
                "code": "hot-1",
                "latched": True,
                "ack_required": False,
                "delay_on": 5.0,
                "delay_off": 0.5,
                "deadband": 2.0,
                "re_alarm": 3600.0,
                "group": "heat",
            },
            {
                "type": "method_call",
                "method": "go",
                "parameters": [{"name": "rpm", "value": 1.5}, {"name": "how", "value": "slow"}],
                "required": True,
            },
            {"type": "property_write", "property": "temperature", "value": 1, "required": False},
            {
                "type": "expect",
                "within": 10.0,
                "condition": "temperature < 80.0",
                "otherwise": [{"type": "alert", "severity": "error", "message": "still hot"}],
            },
        ],
        "otherwise": [{"type": "property_write", "property": "temperature", "value": 0}],
        "escalations": [
            {
                "after": 300.0,
                "unless_acknowledged": True,
                "actions": [{"type": "alert", "severity": "critical", "message": "nobody came", "code": "late"}],
            }
        ],
        "let": [{"name": "limit", "value": "count + 1"}],
        "suppressed_by": ["calm"],
        "on_load": "act",
    },
    {"name": "calm", "conditions": ["temperature < 20.0"]},
]
_INTERLOCKS = [
    {"name": "never_hot", "description": "keep cool", "method": "go", "while": "temperature > 95.0"},
    {"name": "never_write", "property": "temperature", "while": "count == 0"},
]
_CONNECTIVITY: dict[str, Any] = {
    "protocol": "mqtt",
    "endpoint": "mqtt://127.0.0.1:1",
    "authentication": {"type": "password", "username": "u", "password_env": "P", "own": [1, 1.0]},
    "client_id": "one",
    "availability": {"topic": "a/b", "online": "1", "offline": "0"},
    "mapping": {
        "properties": {
            "temperature": {
                "topic": "t",
                "pointer": "/a~1b",
                "timestamp_pointer": "/t",
                "quality_pointer": "/q",
                "qos": 1,
                "write_topic": "w",
                "unit": "fahrenheit",
                "sampling_interval": 250.5,
            },
            "count": {"topic": "c", "node_id": "ns=2;s=C"},
        },
        "methods": {"go": {"topic": "m", "qos": 0, "node_id": "ns=2;s=M", "units": {"rpm": "rad/s"}}},
        "events": {"fault": {"topic": "e", "pointer": "", "qos": 0, "node_id": "ns=2;s=E"}},
    },
    "namespace": "urn:x",
    "node_id": "ns=2;s=T",
    "heartbeat": {"property": "temperature", "interval": 2.5},
    "fallback_after": 0.0,
    "return_after": 60.0,
    "fallbacks": [
        {
            "protocol": "opc-ua",
            "endpoint": "opc.tcp://127.0.0.1:3",
            "namespace": "urn:y",
            "node_id": "ns=2;s=T",
            "authentication": {"type": "none"},
            "mapping": {"properties": {"count": {"node_id": "ns=2;s=C", "sampling_interval": 100.0}}},
        },
        {"endpoint": "mqtt://127.0.0.1:4", "client_id": "two", "availability": {"topic": "a/c"}},
    ],
}
_FREE: dict[str, Any] = {
    "z": 1,
    "a": 1.0,
    "big": 9007199254740993,
    "small": -1e-300,
    "huge": 1e22,
    "nothing": None,
    "no": False,
    ODD: [ODD, [], {}, [1, 1.0, "1"]],
}
EVERYTHING: list[tuple[Kind, dict[str, Any]]] = [
    (
        "relationship_type",
        {
            "relationship_type": "own_kind",
            "inverse": "own_dnik",
            "impact": "both",
            "description": ODD,
            "version": "1.0.0",
            "metadata": _FREE,
        },
    ),
    ("relationship_type", {"relationship_type": "monitoring", "impact": "backward"}),
    ("twin_type", {"type_id": "thing", "name": "Thing", "kind": "controller", "methods": [{"name": "halt"}]}),
    (
        "twin_type",
        {
            "type_id": "Every-Thing:1.2",
            "name": ODD,
            "extends": "thing",
            "kind": "controller",
            "version": "1.2.3-rc.1",
            "description": ODD,
            "properties": [
                {
                    "name": "temperature",
                    "description": "how warm",
                    "data_type": "float",
                    "unit": "celsius",
                    "min_value": -20.5,
                    "max_value": 1e3,
                    "access": "read-write",
                    "stale_after": 2.5,
                    "deadband": 0.1,
                },
                {"name": "count", "data_type": "integer"},
                {"name": "parts", "data_type": "object", "fields": _FIELDS},
                {"name": "curve", "data_type": "array", "max_items": 5, "items": {**_ITEM, "description": "a point"}},
                {"name": "ratio", "data_type": "float", "computed": "temperature / count"},
                {"name": "mode", "data_type": "enum", "enum_values": ["a", ODD]},
            ],
            "methods": [
                {
                    "name": "go",
                    "description": "go",
                    "parameters": _PARAMETERS,
                    "return_type": "boolean",
                    "idempotent": True,
                    "safe": False,
                    "min_interval": 2.0,
                    "rate_limit": {"calls": 3, "per": 60.0},
                    "timeout": 30.0,
                }
            ],
            "events": [{"name": "fault", "description": "ouch", "parameters": [*_PARAMETERS, *_LISTS]}],
            "relationships": [
                {
                    "name": name,
                    "description": "whither",
                    "relationship_type": relationship_type,
                    "direction": direction,
                    "target_type": "thing",
                    "multiplicity": "0..*",
                    "group": "water",
                }
                for name, relationship_type, direction in (
                    ("feeds", "physical_connection", "incoming"),
                    ("misses", "own_kind", "outgoing"),
                )
            ],
            "behaviors": _BEHAVIORS,
            "interlocks": _INTERLOCKS,
            "connectivity": _CONNECTIVITY,
            "simulation": {"enabled": True, "model_type": "fmu", "model_path": "a.fmu", "parameters": _FREE},
            "visualization": _FREE,
            "metadata": _FREE,
        },
    ),
    ("overlay_type", {"type_id": "bare"}),
    (
        "overlay_type",
        {
            "type_id": "group",
            "name": "Group",
            "description": ODD,
            "version": "2.0.0",
            "twin_roles": [
                {"role": "one", "description": "first", "twin_type": "thing"},
                {"role": "two", "required": False, "twin_type": "thing"},
                {"role": "in", "many": True, "overlay_type": "group"},
            ],
            "relationship_types": [
                {
                    "name": "joins",
                    "description": "x",
                    "source_role": "one",
                    "target_role": "two",
                    "relationship_type": "control",
                    "required": False,
                    "group": "hands",
                }
            ],
            "behaviors": [{"name": "both", "conditions": ["two != null"], "actions": []}],
            "interlocks": [{"name": "one", "role": "one", "method": "halt", "while": "two != null"}],
            "visualization": _FREE,
            "metadata": _FREE,
        },
    ),
    (
        "twin",
        {
            "twin_id": ".T-1",
            "twin_type": "Every-Thing:1.2",
            "version": "1.0.0",
            "description": ODD,
            "manufacturer": "Acme",
            "model": "M",
            "serial_number": "007",
            "installation_date": "2020-01-01",
            "location": _FREE,
            "relationships": [
                {
                    "name": "feeds",
                    "target_twin_id": "t_2",
                    "relationship_type": "physical_connection",
                    "direction": "incoming",
                    "group": "water",
                },
                {"name": "misses", "target_twin_id": "not_there", "relationship_type": "own_kind"},
            ],
            "properties": [{"name": "extra", "data_type": "datetime"}],
            "methods": [{"name": "stop"}],
            "events": [{"name": "more"}],
            "behaviors": [{"name": "counted", "conditions": ["count > 5"], "actions": []}],
            "interlocks": [{"name": "own", "method": "stop", "while": "count > 5"}],
            "connectivity": {"endpoint": "mqtt://127.0.0.1:2"},
            "simulation": {"enabled": False},
            "visualization": {"icon": "p.svg"},
            "metadata": _FREE,
        },
    ),
    ("twin", {"twin_id": "t_2", "twin_type": "Every-Thing:1.2", "connectivity": None}),
    (
        "overlay",
        {
            "overlay_id": "o",
            "overlay_type": "group",
            "name": "O",
            "description": ODD,
            "version": "1.0.0",
            "lifecycle": "suspended",
            "twins": [{"twin_id": ".T-1", "role": "one"}, {"overlay_id": "P", "role": "in"}],
            "relationships": [
                {
                    "source_twin_id": ".T-1",
                    "target_twin_id": "t_2",
                    "relationship_type": "control",
                    "name": "holds",
                    "group": "hands",
                }
            ],
            "behaviors": [
                {
                    "name": "own",
                    "conditions": ["one.count > 1"],
                    "actions": [
                        {"type": "method_call", "role": "one", "method": "stop"},
                        {"type": "method_call", "twin_id": ".T-1", "method": "stop"},
                        {"type": "property_write", "role": "one", "property": "temperature", "value": 1},
                        {"type": "property_write", "twin_id": ".T-1", "property": "temperature", "value": 2.0},
                    ],
                },
                {
                    "name": "told",
                    "conditions": ["one.count > 1"],
                    "actions": [
                        {"type": "emit_event", "role": "one", "event": "more", "parameters": []},
                        {"type": "emit_event", "twin_id": ".T-1", "event": "more"},
                    ],
                },
            ],
            "interlocks": [{"name": "idle", "twin_id": ".T-1", "method": "stop", "while": "one.count == 0"}],
            "visualization": _FREE,
            "metadata": _FREE,
        },
    ),
    ("overlay", {"overlay_id": "P", "overlay_type": "group", "twins": [{"twin_id": "t_2", "role": "one"}]}),
]

_identifiers = st.from_regex(r"[A-Za-z0-9_.:\-]{1,128}", fullmatch=True)
_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), max_size=30)
_finite = st.floats(allow_nan=False, allow_infinity=False)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _finite | _texts,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_texts, below, max_size=3),
    max_leaves=8,
)
_free = st.dictionaries(_texts, _json, max_size=4)
_behaviors = st.lists(
    st.fixed_dictionaries(
        {"name": _identifiers, "conditions": st.lists(_texts, min_size=1, max_size=2)},
        optional={"description": _texts, "on_load": st.sampled_from(["withhold", "act"])},
    ),
    max_size=2,
    unique_by=lambda item: str(item["name"]),
)
_properties = st.lists(
    st.fixed_dictionaries(
        {"name": _identifiers, "data_type": st.sampled_from(["float", "integer"])},
        optional={"unit": st.none() | _texts, "max_value": _finite | st.integers(-(2**53), 2**53)},
    ),
    max_size=3,
    unique_by=lambda item: str(item["name"]),
)
_roles = st.lists(
    st.fixed_dictionaries(
        {"role": _identifiers},
        optional={"many": st.booleans(), "required": st.booleans(), "description": _texts},
    ).flatmap(lambda role: st.sampled_from(["twin_type", "overlay_type"]).map(lambda field: {**role, field: "x"})),
    max_size=3,
    unique_by=lambda item: str(item["role"]),
)
_common: dict[str, st.SearchStrategy[Any]] = {"description": _texts, "metadata": _free}
_acting: dict[str, st.SearchStrategy[Any]] = {"behaviors": _behaviors, "visualization": st.none() | _free}


def _of(kind: Kind, *ids: str, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Kind, dict[str, Any]]]:
    required = dict.fromkeys(ids, _identifiers)
    documents = st.fixed_dictionaries(required, optional={**_common, **optional})
    return documents.map(lambda document: (kind, document))


DOCUMENTS = st.one_of(
    _of("relationship_type", "relationship_type", inverse=_identifiers).map(
        lambda item: (item[0], {**item[1], "impact": "both"})
    ),
    _of("twin_type", "type_id", name=_texts, properties=_properties, **_acting),
    _of(
        "twin",
        "twin_id",
        "twin_type",
        location=st.none() | _free,
        connectivity=st.none(),
        properties=_properties,
        **_acting,
    ),
    _of("overlay_type", "type_id", name=_texts, twin_roles=_roles, **_acting),
    _of("overlay", "overlay_id", overlay_type=_identifiers, **_acting),
)
