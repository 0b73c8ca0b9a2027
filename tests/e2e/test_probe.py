"""`twin-overlay probe` on the demo plant: what it writes is applied as it stands, and values arrive."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import REPO, running_plant, running_server, until


async def _cli(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", *arguments),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def _done(*arguments: str) -> str:
    status, out, errors = await _cli(*arguments)
    assert status == 0, errors
    return out


@pytest.mark.timeout(240)
async def test_what_is_probed_applies_as_it_stands_and_its_values_arrive(tmp_path: Path) -> None:
    async with running_plant() as plant, running_server(tmp_path / "data") as server, server.client as client:
        listed = await _done("probe", plant.opcua)
        assert "http://acme.com/pumps/" in listed
        assert "Pump123/FlowRate" in listed
        pump = tmp_path / "pump.json"
        pump.write_text(await _done("probe", plant.opcua, "--type", "pump", "--twin", "Pump123"))
        sensor = ("--type", "meter", "--twin", "sensor_567", "--seconds", "2", "--out", str(tmp_path / "meter.json"))
        assert "plant/building_a/sensor_567" in await _done("probe", plant.mqtt, *sensor)
        await _done("apply", "--server", server.url, str(pump), str(tmp_path / "meter.json"))
        other = {"twin_id": "Pump124", "twin_type": "pump"}
        (tmp_path / "other.json").write_text(json.dumps(other))
        await _done("apply", "--server", server.url, str(tmp_path / "other.json"))

        query = "query V($id: ID!, $name: String!) { twin(twinId: $id) { property(name: $name) { value { known } } } }"

        async def known(twin_id: str, name: str) -> bool:
            data = await client.execute(query, {"id": twin_id, "name": name})
            return bool(data["twin"]["property"]["value"]["known"])

        wanted = [("Pump123", "flow_rate"), ("Pump124", "temperature"), ("sensor_567", "flow_rate")]

        async def all_known() -> bool:
            return all([await known(*item) for item in wanted])

        await until(all_known, "the values of both protocols arrive")
        call = await client.execute(
            'mutation { invokeMethod(input: {twinId: "Pump123", method: "set_speed", arguments: {speed: 2000.0}}) '
            "{ call { status } } }"
        )
        assert call["invokeMethod"]["call"]["status"] == "ACCEPTED"


@pytest.mark.timeout(240)
async def test_a_type_that_a_server_or_a_file_has_gets_its_mapping(tmp_path: Path) -> None:
    async with running_plant() as plant, running_server(tmp_path / "data") as server, server.client as client:
        base = {"type_id": "machine", "properties": [{"name": "powerDraw", "data_type": "float"}]}
        properties = [{"name": name, "data_type": "float"} for name in ("FLOW_RATE", "speed")]
        kind: dict[str, Any] = {"type_id": "own", "extends": "machine", "metadata": {"a": 1}, "properties": properties}
        twin = {"twin_id": "pump_123", "twin_type": "own", "model": "kept"}
        (tmp_path / "own.json").write_text(json.dumps([base, kind, twin]))
        await _done("apply", "--server", server.url, str(tmp_path / "own.json"))
        out = str(tmp_path / "mapped.json")
        where = ("--type", "own", "--twin", "pump_123", "--out", out)
        told = await _done("probe", plant.opcua, *where, "--server", server.url)
        assert "not found on the device: property 'powerDraw'" in told
        mapped = json.loads((tmp_path / "mapped.json").read_text())
        assert mapped["model"] == "kept"
        assert set(mapped["connectivity"]["mapping"]["properties"]) == {"FLOW_RATE", "speed"}
        await _done("apply", "--server", server.url, out)

        async def known() -> bool:
            data = await client.execute(
                '{ twin(twinId: "pump_123") { property(name: "FLOW_RATE") { value { known } } } }'
            )
            return bool(data["twin"]["property"]["value"]["known"])

        await until(known, "the value arrives")
        of_file = json.loads(await _done("probe", plant.opcua, "--for", str(tmp_path / "own.json"), "--type", "own",
                                         "--twin", "Pump123"))  # fmt: skip
        assert of_file[0]["metadata"] == {"a": 1}
        assert of_file[0]["connectivity"]["node_id"] == "ns=2;s={twin_id}"
        for arguments, status, code in (
            (("--type", "onw", "--server", server.url), 1, "TWIN_TYPE_NOT_FOUND"),
            (("--type", "own", "--twin", "Pump999"), 1, "TWIN_NOT_FOUND"),
            (("--for", str(tmp_path / "own.json")), 1, "TYPE_UNCLEAR"),
            (("--twin", "Pump123"), 2, "OPTIONS_CONFLICT"),
            (("--user", "ann"), 2, "AUTHENTICATION_INCOMPLETE"),
        ):
            got, out_text, errors = await _cli("probe", plant.opcua, *arguments)
            assert (got, code in errors) == (status, True), errors
            assert "{" not in out_text
