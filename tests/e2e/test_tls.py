"""HTTPS: who connects sees the newest certificate that is right, and whoever is connected stays so."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import tls
from app.client import GraphqlClient
from app.errors import Misconfigured
from app.tls import ServerCertificate
from tests.connectors.parts import until, until_true
from tests.e2e.processes import running_server
from tests.servers.authority import made


@contextlib.asynccontextmanager
async def serving(certificate: ServerCertificate) -> AsyncIterator[int]:
    async def answer(request: Request) -> Response:
        return PlainTextResponse(request.url.scheme)

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        config = uvicorn.Config(
            Starlette(routes=[Route("/", answer)]),
            lifespan="off",
            log_config=None,
            ssl_context_factory=lambda _, __: certificate.context,
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[bound]))
        watching = asyncio.create_task(certificate.watch())
        await until(lambda: server.started, "it serves")
        try:
            yield port
        finally:
            server.should_exit = True
            await running
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def shown(port: int, **how: Any) -> bytes:
    """The certificate that a new connection is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in how.items():
        setattr(context, name, value)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()
    return found


async def test_a_new_certificate_is_shown_to_new_connections_and_ends_no_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tls, "LOOK_SECONDS", 0.05)
    caplog.set_level(logging.INFO, "twin_overlay.tls")
    first, second = made("first"), made("second")
    files = first.write(tmp_path, "server")
    certificate = ServerCertificate(*files)
    async with (
        serving(certificate) as port,
        httpx.AsyncClient(verify=ssl.create_default_context(cafile=files[0])) as web,
    ):
        kept = f"https://127.0.0.1:{port}/"
        assert (await web.get(kept)).text == "https"
        assert await shown(port) == first.der
        files[0].write_bytes(second.pem)  # its key comes a moment later, as with most who renew
        await until(lambda: "the key is not that of the certificate" in caplog.text, "half a renewal is refused")
        assert await shown(port) == first.der
        files[1].write_bytes(second.key_pem())
        await until(lambda: "is shown from now on" in caplog.text, "the whole one is taken")
        assert await shown(port) == second.der
        assert (await web.get(kept)).text == "https", "the old connection stands"
        files[0].write_text("nonsense")
        await until(lambda: "there is no certificate in PEM in it" in caplog.text, "nonsense is refused")
        files[0].unlink()
        assert await shown(port) == second.der
        files[0].write_bytes(first.pem)
        files[1].write_bytes(first.key_pem())
        await until(lambda: caplog.text.count("is shown from now on") == 2, "and it can be renewed after that")
        assert await shown(port) == first.der


async def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    certificate = ServerCertificate(*made("first").write(tmp_path, "server"))
    async with serving(certificate) as port:
        assert await shown(port, maximum_version=ssl.TLSVersion.TLSv1_2)
        assert await shown(port, minimum_version=ssl.TLSVersion.TLSv1_3)
        with pytest.warns(DeprecationWarning, match="TLSv1"), pytest.raises((ssl.SSLError, ConnectionError)):
            await shown(port, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_files_that_cannot_be_used_are_said_at_start(tmp_path: Path) -> None:
    certificate, key = made("first").write(tmp_path, "server")
    other = made("second").write(tmp_path, "other")[1]
    locked = made("first").write(tmp_path, "locked", "plant")[1]
    ServerCertificate(certificate, locked, "plant")
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    ServerCertificate(both, None)
    wrong: tuple[tuple[tuple[Path, Path | None], str, str], ...] = (
        ((certificate, other), "", "the key is not that of the certificate"),
        ((certificate, locked), "", "the key's password is missing or wrong"),
        ((certificate, locked), "wrong", "the key's password is missing or wrong"),
        ((certificate, None), "", "there is no key in PEM in it"),
        ((key, key), "", "there is no certificate in PEM in it"),
        ((tmp_path / "nowhere", key), "", "No such file"),
    )
    for (found, with_key), password, why in wrong:
        with pytest.raises(Misconfigured) as refused:
            ServerCertificate(found, with_key, password)
        assert refused.value.code == "TLS_UNUSABLE"
        assert why in refused.value.message


@pytest.mark.timeout(180)
async def test_a_server_speaks_https_and_wss_and_takes_a_renewed_certificate_at_a_hangup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = made("first"), made("second")
    files = first.write(tmp_path, "server")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(first.pem + second.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with (
        running_server(tmp_path / "data", "--tls-cert", str(files[0]), "--tls-key", str(files[1])) as server,
        GraphqlClient(server.url) as client,
    ):
        assert server.url.startswith("https://127.0.0.1:")
        assert await client.ready()
        pushes = client.subscribe("subscription { alertChanged { transition } }")
        port = int(server.url.rpartition(":")[2])
        pushing = asyncio.ensure_future(anext(pushes))
        async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=trusted), trust_env=False) as web:
            own = await web.post(
                f"{server.url}/graphql", json={"query": "{ sequence }"}, headers={"Origin": server.url}
            )
            assert own.status_code == 200
            foreign = await web.post(
                f"{server.url}/graphql",
                json={"query": "{ sequence }"},
                headers={"Origin": server.url.replace("https", "http")},
            )
            assert foreign.status_code == 403
        for path, content in zip(files, (second.pem, second.key_pem()), strict=True):
            path.with_suffix(".new").write_bytes(content)
            os.replace(path.with_suffix(".new"), path)
        for _ in range(2):
            server.process.send_signal(signal.SIGHUP)

        async def renewed() -> bool:
            return await shown(port) == second.der

        await until_true(renewed, "the new certificate is shown")
        assert not pushing.done(), "the socket stands"
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)
        assert await client.ready()
