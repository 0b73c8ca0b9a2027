"""`probe`: what a device or broker has."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.ending import run_to_end
from app.cli.options import DEFAULT_CERTIFICATES, CertificatesFolder

commands = typer.Typer()


@commands.command()
def probe(
    address: Annotated[str, typer.Argument(help="opc.tcp://host:port or mqtt://host:port")],
    root: Annotated[str, typer.Option(help="OPC UA: the node to look below, such as `ns=2;s=Pump123`.")] = "i=85",
    topic: Annotated[str, typer.Option(help="MQTT: the topics to listen to, such as `plant/#`.")] = "#",
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="MQTT: how long to listen.")] = 10.0,
    user: Annotated[str | None, typer.Option(help="User name; the password is in --password-env.")] = None,
    password_env: Annotated[str | None, typer.Option(help="Environment variable that holds the password.")] = None,
    allow_plain_password: Annotated[
        bool, typer.Option("--allow-plain-password", help="OPC UA: send it also where it can't be encrypted.")
    ] = False,
    certificate: Annotated[
        str | None, typer.Option(help="Id of this server's certificate, for a secured connection.")
    ] = None,
    certificates: CertificatesFolder = DEFAULT_CERTIFICATES,
    max_nodes: Annotated[int, typer.Option(min=1, help="Nodes or topics to look at, at most.")] = 5000,
    max_depth: Annotated[int, typer.Option(min=1, max=100, help="OPC UA: levels to look below the root.")] = 12,
    type_id: Annotated[
        str | None, typer.Option("--type", help="Write a twin type of this id; with --server the mapping of that one.")
    ] = None,
    existing: Annotated[
        Path | None, typer.Option("--for", help="Write the mapping of the twin type in this file.")
    ] = None,
    server: Annotated[str | None, typer.Option(help="The running server that has the type.")] = None,
    twin_id: Annotated[
        str | None, typer.Option("--twin", help="Only what is this twin's; its id becomes {twin_id} in the mapping.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the documents there instead of to standard output.")] = None,
) -> None:
    """List what a device or broker has, with live values, and write a mapping for a twin type."""
    from app.probe import Options
    from app.probe import probe as probe_address

    options = Options(
        root,
        topic,
        seconds,
        user,
        password_env,
        allow_plain_password,
        certificate,
        certificates,
        max_nodes,
        max_depth,
        type_id,
        twin_id,
        existing,
        server,
        out,
    )
    run_to_end(probe_address(address, options, lambda text: print(text, end="")))
