"""`serve`, `demo`, `health` and `prepare`: a server, running."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.ending import run_to_end
from app.cli.options import DEFAULT_SERVER, ServerUrl

commands = typer.Typer()


@commands.command()
def serve(
    config: Annotated[Path | None, typer.Option(help="A TOML settings file.")] = None,
    graph: Annotated[str | None, typer.Option(help="`embedded`, or a Bolt address such as neo4j://host:7687.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Journal and embedded graph live here.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow an address that is not loopback: anyone may then do anything.")
    ] = False,
    standby: Annotated[
        bool, typer.Option("--standby", help="Wait while another server has the data directory; then take over.")
    ] = False,
    accept_journal_gap: Annotated[
        bool,
        typer.Option(
            "--accept-journal-gap", help="Go on without records that the journal has lost, although they are needed."
        ),
    ] = False,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Serve HTTPS with this certificate chain (PEM); reloaded when it changes.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key (PEM); in the certificate's file if left out.")] = None,
    observe: Annotated[
        bool, typer.Option("--observe", help="Answer queries from the graph alone; change nothing, call nobody.")
    ] = False,
    documents: Annotated[
        Path | None, typer.Option(help="A folder of trusted GraphQL documents, which clients name by `documentId`.")
    ] = None,
    trusted_only: Annotated[
        bool, typer.Option("--trusted-only", help="Execute no other GraphQL document than those; needs --documents.")
    ] = False,
    no_introspection: Annotated[
        bool, typer.Option("--no-introspection", help="Do not tell the GraphQL schema to clients.")
    ] = False,
    exit_with_parent: Annotated[bool, typer.Option("--exit-with-parent", hidden=True)] = False,
) -> None:
    """Run the server until Ctrl-C.

    Settings come from flags, then TWIN_OVERLAY_* variables, then the file; the graph's password only from
    TWIN_OVERLAY_GRAPH__PASSWORD.
    """
    from app.serve import serve as run_server
    from app.settings import load_settings

    async def run() -> None:
        overrides: dict[str, Any] = {}
        if graph is not None:
            overrides["graph"] = {"uri": graph}
        if data_dir is not None:
            overrides["data_dir"] = data_dir
        if standby or observe:
            overrides["actor"] = {name: True for name, given in (("standby", standby), ("observe", observe)) if given}
        server: dict[str, Any] = {"insecure": True} if insecure else {}
        if host is not None:
            server["host"] = host
        if port is not None:
            server["port"] = port
        if tls_cert is not None:
            server["tls_cert"] = tls_cert
        if tls_key is not None:
            server["tls_key"] = tls_key
        if server:
            overrides["server"] = server
        if accept_journal_gap:
            overrides["journal"] = {"accept_gap": True}
        graphql: dict[str, Any] = {}
        if documents is not None:
            graphql["documents_dir"] = documents
        if trusted_only:
            graphql["trusted_only"] = True
        if no_introspection:
            graphql["introspection"] = False
        if graphql:
            overrides["graphql"] = graphql
        await run_server(load_settings(config, **overrides), exit_with_parent=exit_with_parent)

    run_to_end(run())


@commands.command()
def demo(
    story: Annotated[bool, typer.Option(help="Play the scripted story; --no-story leaves the plant alone.")] = True,
    port: Annotated[int, typer.Option(help="Port of the GraphQL server; 0 takes a free one.")] = 8420,
    once: Annotated[bool, typer.Option("--once", help="End after the story has been told once.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="One line per fact instead of the live table.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep journal and graph here; a temporary folder where left out.")
    ] = None,
) -> None:
    """The pumping station, live: embedded graph, demo plant, server, and a story of a failing pump."""
    from app.demo.run import run_demo

    run_to_end(run_demo(story=story, port=port, once=once, plain=plain, data_dir=data_dir))


@commands.command()
def health(server: ServerUrl = DEFAULT_SERVER) -> None:
    """Exit with 0 where a server's process works, else with 1: for health checks of containers."""
    from app.health import check_health

    run_to_end(check_health(server))


@commands.command()
def prepare() -> None:
    """Make later starts of the embedded graph engine quicker: once after an installation, some seconds and 50 MB.

    Its classes are laid out in an archive beside its Java. One that no longer fits, after an upgrade, is passed over:
    run this again.
    """
    from app.graph.archive import lay_out

    async def run() -> None:
        archive = await lay_out()
        print(f"{archive}: {archive.stat().st_size / 2**20:.0f} MB")

    run_to_end(run())
