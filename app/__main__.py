"""The command line: `twin-overlay serve | apply | export | backup | restore | check | fmt | test | why | why-not |
what-if | rehearse | impact | causes | replay | journal | probe | audit | certificate | notify | demo | schema`.

Every command imports what it needs when it runs, so that `--help` stays quick. Errors of the tree in app/errors.py are
printed as text to standard error: exit code 1 where the input or the world was wrong, 2 where the set-up is.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="twin-overlay",
    help="A GraphQL backend for digital twin overlays.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DEFAULT_SERVER = "http://127.0.0.1:8420"
ServerUrl = Annotated[str, typer.Option(help="Base address of a running server.", envvar="TWIN_OVERLAY_SERVER_URL")]

DEFAULT_CERTIFICATES = Path("twin-overlay-data/certificates")
CertificatesFolder = Annotated[
    Path,
    typer.Option(
        "--certificates",
        help="The server's certificates folder: `certificates` in its data folder.",
        envvar="TWIN_OVERLAY_SECURITY__CERTIFICATES_DIR",
    ),
]


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"


@app.command()
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

    _run(run())


@app.command()
def apply(
    paths: Annotated[
        list[Path],
        typer.Argument(help="JSON documents (.json: one or a list; .ndjson: one a line), .dtsl scripts, or folders."),
    ],
    server: ServerUrl = DEFAULT_SERVER,
    reason: Annotated[str, typer.Option(help="Kept with every revision this makes.")] = "",
    batch: Annotated[
        int, typer.Option(min=1, max=10_000, help="Documents of one transaction, where they need several.")
    ] = 500,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do and break.")] = False,
) -> None:
    """Load definitions into a running server.

    All of them are one transaction where they fit into one request; more go in batches, after all of them were checked,
    and a run that was interrupted goes on when it is run again.
    """
    from app.bulk.apply import Options
    from app.bulk.apply import apply as apply_paths
    from app.client import GraphqlClient

    async def run() -> None:
        async with GraphqlClient(server) as client:
            for line in await apply_paths(client, paths, Options(reason, batch, dry_run), _say):
                print(line)

    _run(run())


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder, or one of an earlier export.")],
    ndjson: Annotated[
        bool,
        typer.Option("--ndjson", help="One file of many lines for each kind, instead of a file for each document."),
    ] = False,
    dtsl: Annotated[bool, typer.Option("--dtsl", help="A script for each definition, instead of a document.")] = False,
    server: ServerUrl = DEFAULT_SERVER,
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that has other files; those stay.")
    ] = False,
) -> None:
    """Write every definition of a running server to files, which `apply` takes back."""
    from app.bulk.export import export as export_to
    from app.bulk.forms import Form
    from app.client import GraphqlClient

    if ndjson and dtsl:
        typer.echo("error: --ndjson and --dtsl are two forms; give one of them", err=True)
        raise typer.Exit(2)
    form: Form = "ndjson" if ndjson else "dtsl" if dtsl else "json"

    async def run() -> None:
        async with GraphqlClient(server) as client:
            for line in await export_to(client, folder, form=form, force=force, say=_say):
                print(line)

    _run(run())


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder; with --verify one that has a backup.")],
    server: ServerUrl = DEFAULT_SERVER,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only read an existing backup, and tell what it has.")
    ] = False,
) -> None:
    """Write everything a running server has into a folder, and read it back.

    Graph, journal and live state as of one moment, while the server goes on. Assets are not in it.
    """
    from app.backup.fetch import fetch
    from app.backup.folder import verify as verified

    async def run() -> None:
        manifest = verified(folder) if verify else await fetch(server, folder)
        print(f"{folder}: {manifest.summary()}")

    _run(run())


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    config: Annotated[Path | None, typer.Option(help="The server's TOML settings file.")] = None,
    graph: Annotated[str | None, typer.Option(help="`embedded`, or a Bolt address such as neo4j://host:7687.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Journal and embedded graph live here.")] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Also where there is an installation: it is moved aside, but a Neo4j database's is deleted.",
        ),
    ] = False,
) -> None:
    """Make a backup the installation of a data directory and its graph; then `serve`.

    Whole or not at all. It may go to the other graph engine than it came from. Settings come as for `serve`.
    """
    import time

    from app.backup.restore import restore as put_back
    from app.settings import load_settings

    async def run() -> None:
        overrides: dict[str, Any] = {} if graph is None else {"graph": {"uri": graph}}
        if data_dir is not None:
            overrides["data_dir"] = data_dir
        settings = load_settings(config, **overrides)
        manifest = await put_back(folder, settings, time.time_ns() // 1000, replace=replace)
        print(f"{settings.data_dir}: {manifest.summary()}")

    _run(run())


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="JSON documents (.json, .ndjson) and .dtsl scripts, or folders of them.")
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="Check against what this server has; else the files stand alone.")
    ] = None,
    output: Annotated[Output, typer.Option("--format", help="`text` for people, `json` for programs.")] = Output.TEXT,
    explain: Annotated[
        str | None, typer.Option(metavar="CODE", help="Print what a code means, with an example, and check nothing.")
    ] = None,
) -> None:
    """Check scripts and documents, together and in any order, and save nothing.

    Every problem of every file is told at once. Exit code 1 where there is an error; warnings are none.
    """
    from app.check import check_against, check_alone
    from app.client import GraphqlClient
    from app.dtsl.explain import explain as explained

    if explain is not None:
        text = explained(explain)
        if text is None:
            typer.echo(f"error: there is no code '{explain}'; they look like DTSL204", err=True)
            raise typer.Exit(2)
        print(text)
        return
    if not paths:
        typer.echo("error: no files were given; name scripts, documents or folders of them", err=True)
        raise typer.Exit(2)

    async def run() -> None:
        if server is None:
            report = await check_alone(paths)
        else:
            async with GraphqlClient(server) as client:
                report = await check_against(client, paths, _say)
        print(report.to_json() if output == Output.JSON else report.render())
        if report.count("error"):
            raise typer.Exit(1)

    _run(run())


@app.command()
def fmt(
    paths: Annotated[list[Path], typer.Argument(help="Scripts, or folders of them; `-` is standard input.")],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 and a list where any would.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Change nothing; show what would change.")] = False,
) -> None:
    """Rewrite scripts in their canonical form, comments kept. `-` reads standard input and writes standard output.

    A script with a fault in its form is left as it is and told on standard error, exit code 1.
    """
    from app.fmt import STANDARD_INPUT, difference, format_files, format_one

    if [str(path) for path in paths] == [STANDARD_INPUT]:
        try:
            text = sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            typer.echo(f"error: standard input: byte {error.start} is no UTF-8", err=True)
            raise typer.Exit(1) from None
        formatted, faults = format_one(text, "standard input")
        for fault in faults:
            typer.echo(fault, err=True)
        if formatted is None:
            raise typer.Exit(1)
        changed = formatted != text
        if diff:
            sys.stdout.write(difference(text, formatted, "standard input") if changed else "")
        elif not check:
            sys.stdout.buffer.write(formatted.encode())
        raise typer.Exit(1 if check and changed else 0)
    done = format_files(paths, write=not (check or diff))
    for fault in done.faults:
        typer.echo(fault + "\n", err=True)
    if diff:
        sys.stdout.write("".join(done.differences))
    else:
        for name in done.changed:
            print(f"would reformat {name}" if check else f"reformatted {name}")
    if done.faults or (check and done.changed):
        raise typer.Exit(1)


@app.command("test")
def run_scenarios(
    paths: Annotated[list[Path], typer.Argument(help="Scripts of scenarios (.twins), or folders of them.")],
    only: Annotated[
        str, typer.Option("-k", metavar="TEXT", help="Only scenarios with this in their file or name, in any case.")
    ] = "",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every scenario's timeline: each line, and what it led to.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write the results there too, as JUnit XML.")] = None,
) -> None:
    """Run scenarios: definitions tried out on a fresh engine, in virtual time, before they are deployed.

    Exit code 1 where a scenario fails, or a script can't be read or run.
    """
    from app.test import run_paths
    from app.test_output import Output as Shown

    shown = Shown(verbose)
    suites = []
    for suite in run_paths(paths, only):
        suites.append(suite)
        shown.suite(suite)
    if junit is not None:
        from app.scenarios.junit import junit as as_junit

        try:
            junit.write_text(as_junit(suites), encoding="utf-8")
        except OSError as error:
            typer.echo(f"error: {junit}: {error.strerror}", err=True)
            raise typer.Exit(2) from None
    if not suites:
        typer.echo(f"error: no scenario has '{only}' in its file or name", err=True)
        raise typer.Exit(1)
    if not shown.summary():
        raise typer.Exit(1)


@app.command()
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
    _run(probe_address(address, options, lambda text: print(text, end="")))


@app.command()
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

    _run(run_demo(story=story, port=port, once=once, plain=plain, data_dir=data_dir))


AsJson = Annotated[Output, typer.Option("--format", help="`text` for people, `json` for programs.")]
BehaviorName = Annotated[str, typer.Argument(metavar="OWNER/BEHAVIOR", help="Such as pump_123/overheated.")]


def _moment(given: str | None) -> int | None:
    """Raises Invalid."""
    from app.errors import Invalid
    from app.model.time import parse_iso

    try:
        return parse_iso(given) if given is not None else None
    except ValueError:
        raise Invalid(f"'{given}' is no moment", code="TIME_INVALID", hint="write it as 2026-01-02T03:04:05Z") from None


@app.command()
def why(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="OWNER/BEHAVIOR, or the id of an alert.")],
    at: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Why the behavior turned last before that (ISO 8601).")
    ] = None,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Say why a behavior is as it is, or why an alert was raised, with the values behind it."""
    from app.client import GraphqlClient
    from app.why import why as told

    async def run() -> None:
        async with GraphqlClient(server) as client:
            print(await told(client, what, output == Output.JSON, _moment(at)))

    _run(run())


@app.command("why-not")
def why_not(what: BehaviorName, server: ServerUrl = DEFAULT_SERVER, output: AsJson = Output.TEXT) -> None:
    """Say what keeps a behavior from being active, and the nearest values that would make it so."""
    from app.client import GraphqlClient
    from app.why import why_not as told

    async def run() -> None:
        async with GraphqlClient(server) as client:
            print(await told(client, what, output == Output.JSON))

    _run(run())


class Outage(StrEnum):
    FAILURE = "failure"
    MAINTENANCE = "maintenance"
    DISCONNECTED = "disconnected"


WithoutTwins = Annotated[
    list[str] | None, typer.Option("--without", metavar="TWIN", help="A twin that is gone already; may be repeated.")
]
MaxDepth = Annotated[
    int | None, typer.Option("--depth", metavar="N", min=0, help="No further away than so many relationships.")
]


@app.command()
def impact(
    what: Annotated[list[str], typer.Argument(metavar="TWIN...", help="Twins, or TWIN.PROPERTY=VALUE each.")],
    change: Annotated[Outage, typer.Option(help="What happens to the twins.")] = Outage.FAILURE,
    without: WithoutTwins = None,
    depth: MaxDepth = None,
    first: Annotated[int, typer.Option(metavar="N", min=0, max=1000, help="How many twins to show.")] = 20,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Say what an outage, or a change of values, would lead to: redundancy counted, and nothing of it happens."""
    from app.client import GraphqlClient
    from app.impact import change_of
    from app.impact import impact as told

    async def run() -> None:
        asked = change_of(what, change.value)
        async with GraphqlClient(server) as client:
            as_json = output == Output.JSON
            print(await told(client, asked, without=without or (), max_depth=depth, first=first, as_json=as_json))

    _run(run())


@app.command()
def causes(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="A twin, or the id of an open alert.")],
    without: WithoutTwins = None,
    depth: MaxDepth = None,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Look upstream of a twin, or of an alert, for what may be behind its trouble."""
    from app.client import GraphqlClient
    from app.impact import causes as told

    async def run() -> None:
        async with GraphqlClient(server) as client:
            print(await told(client, what, without=without or (), max_depth=depth, as_json=output == Output.JSON))

    _run(run())


class DeviceAnswers(StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"
    NOTHING = "nothing"


@app.command("what-if")
def what_if(
    steps: Annotated[
        list[str],
        typer.Argument(help="TWIN.PROPERTY=VALUE[,...], disconnect:TWIN, connect:TWIN, wait:30s; in their order."),
    ],
    answers: Annotated[DeviceAnswers, typer.Option(help="What devices would answer.")] = DeviceAnswers.ACCEPT,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Try out what would follow if values changed, paths fell silent and time passed. Nothing of it happens."""
    from app.client import GraphqlClient
    from app.rehearse import what_if as tried

    async def run() -> None:
        async with GraphqlClient(server) as client:
            print(await tried(client, steps, answers.value, output == Output.JSON))

    _run(run())


@app.command()
def plan(
    paths: Annotated[list[Path], typer.Argument(help="JSON documents and .dtsl scripts, or folders of them.")],
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Show what applying files would do: to the definitions, and at once to the running plant. Nothing is saved."""
    from app.client import GraphqlClient
    from app.planned import plan as worked_out

    async def run() -> None:
        async with GraphqlClient(server) as client:
            print(await worked_out(client, paths, output == Output.JSON, _say))

    _run(run())


@app.command()
def rehearse(
    paths: Annotated[list[Path], typer.Argument(help="JSON documents or .dtsl scripts, or folders of one of them.")],
    hours: Annotated[float, typer.Option(min=0.001, help="How far to look back.")] = 24.0,
    server: ServerUrl = DEFAULT_SERVER,
    output: AsJson = Output.TEXT,
) -> None:
    """Run changed definitions over the last hours beside the running ones, and show what they would have done
    differently. Nothing is saved."""
    from app.client import GraphqlClient
    from app.rehearse import rehearse as tried

    async def run() -> None:
        async with GraphqlClient(server) as client:
            print(await tried(client, paths, hours, output == Output.JSON))

    _run(run())


@app.command()
def replay(
    data_dir: Annotated[Path | None, typer.Option(help="Of a server, running or stopped.")] = None,
    config: Annotated[Path | None, typer.Option(help="The server's TOML settings file, for its data_dir.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run it through a fresh engine and compare every outcome byte for byte.")
    ] = False,
) -> None:
    """Tell how much of a server's journal can be run again, and with --verify prove that it gives the same.

    Exit code 1 at the first outcome that differs, which is shown with its input.
    """
    from app.replay import summary
    from app.replay import verify as verified
    from app.settings import load_settings

    async def run() -> None:
        overrides = {} if data_dir is None else {"data_dir": data_dir}
        folder = load_settings(config, **overrides).data_dir / "journal"
        if not verify:
            print(summary(folder))
            return
        replayed = verified(folder, _say)
        print(replayed.render())
        if replayed.difference is not None:
            raise typer.Exit(1)

    _run(run())


journal_app = typer.Typer(help="Look after the journal of a stopped server.", no_args_is_help=True)
app.add_typer(journal_app, name="journal")
DataDir = Annotated[Path | None, typer.Option(help="Of a stopped server.")]
Config = Annotated[Path | None, typer.Option(help="The server's TOML settings file, for its data_dir.")]


@journal_app.command("check")
def journal_check(
    data_dir: DataDir = None,
    config: Config = None,
    output: Annotated[Output, typer.Option("--format", help="`text` for people, `json` for programs.")] = Output.TEXT,
) -> None:
    """Read every record, tell what is damaged and whether anything that is lost is still needed. Changes nothing.

    Exit code 1 where there is damage.
    """
    import json

    from app.journal.checking import check as checked
    from app.settings import load_settings

    async def run() -> None:
        overrides = {} if data_dir is None else {"data_dir": data_dir}
        found = checked(load_settings(config, **overrides).data_dir / "journal")
        print(json.dumps(found.to_json(), indent=2) if output == Output.JSON else found.render())
        if not found.sound:
            raise typer.Exit(1)

    _run(run())


@journal_app.command("salvage")
def journal_salvage(data_dir: DataDir = None, config: Config = None) -> None:
    """Set damaged files aside, keep what can be read of them, and accept what is lost.

    Nothing is deleted: what is set aside goes to the journal's folder `damaged`.
    """
    from app.journal.checking import check as checked
    from app.journal.checking import salvage
    from app.settings import load_settings

    async def run() -> None:
        overrides = {} if data_dir is None else {"data_dir": data_dir}
        folder = load_settings(config, **overrides).data_dir / "journal"
        await salvage(folder)
        print(checked(folder).render())

    _run(run())


@app.command()
def audit(
    since: Annotated[str | None, typer.Option(help="Not older than this, such as 2026-01-01T00:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Older than this.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this; may be given again.")] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="Only this; may be given again.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only by this person or behavior.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only about this, such as twin/pump_123.")] = None,
    server: ServerUrl = DEFAULT_SERVER,
) -> None:
    """Write a running server's audit to standard output, newest first, one JSON document a line.

    It streams; exit code 1 says that what was written is not whole.
    """
    from app.audit import export as export_audit

    one = {"since": since, "until": until, "actor": actor, "subject": subject}
    asked = [(name, value) for name, value in one.items() if value is not None]
    asked += [("kind", value) for value in kind or ()] + [("outcome", value) for value in outcome or ()]

    async def run() -> None:
        await export_audit(server, asked, sys.stdout.buffer.write)
        sys.stdout.buffer.flush()

    _run(run())


@app.command()
def health(server: ServerUrl = DEFAULT_SERVER) -> None:
    """Exit with 0 where a server's process works, else with 1: for health checks of containers."""
    from app.health import check_health

    _run(check_health(server))


notify = typer.Typer(name="notify", help="Whom alerts are told to.", no_args_is_help=True)
app.add_typer(notify)


@notify.command("targets")
def notify_targets(server: ServerUrl = DEFAULT_SERVER) -> None:
    """Show the notification targets of a running server and how they stand."""
    from app.client import GraphqlClient
    from app.notifying import told_targets

    async def run() -> None:
        async with GraphqlClient(server) as client:
            for line in await told_targets(client):
                print(line)

    _run(run())


@notify.command("test")
def notify_test(
    target: Annotated[str, typer.Argument(help="A target's name in the settings.")], server: ServerUrl = DEFAULT_SERVER
) -> None:
    """Send a message that is about no alert to a notification target, once."""
    from app.client import GraphqlClient
    from app.notifying import told_test

    async def run() -> None:
        async with GraphqlClient(server) as client:
            for line in await told_test(client, target):
                print(line)

    _run(run())


certificate_app = typer.Typer(
    name="certificate", help="This server's certificates, and whom it trusts.", no_args_is_help=True
)
app.add_typer(certificate_app)


@certificate_app.command("create")
def certificate_create(
    certificate_id: Annotated[str, typer.Argument(metavar="ID", help="What definitions name as certificate_id.")],
    folder: CertificatesFolder = DEFAULT_CERTIFICATES,
    host: Annotated[
        list[str] | None, typer.Option(help="Name or address of this machine; again for more. Its own name by default.")
    ] = None,
    application_uri: Annotated[str, typer.Option(help="Of this server, unique in the plant.")] = "",
    organization: Annotated[str, typer.Option(help="Stands in the certificate.")] = "",
    days: Annotated[int, typer.Option(min=1, max=36_500, help="How long it is valid.")] = 1825,
    bits: Annotated[int, typer.Option(help="Of the RSA key, 2048 to 4096.")] = 2048,
    key_password_env: Annotated[
        str, typer.Option(help="Environment variable with a password to lock the key with.")
    ] = "",
    renew: Annotated[bool, typer.Option("--renew", help="Replace the one there is.")] = False,
) -> None:
    """Make a certificate and its key for connections to devices."""
    from app.certificate import Wanted, create

    wanted = Wanted(certificate_id, host or (), application_uri, organization, days, bits, key_password_env, renew)
    _do(lambda: create(folder, wanted, print))


@certificate_app.command("list")
def certificate_list(folder: CertificatesFolder = DEFAULT_CERTIFICATES) -> None:
    """Show this server's certificates, those it trusts, and those it has rejected."""
    from rich.console import Console

    from app.certificate import show

    _do(lambda: show(folder, Console(highlight=False)))


@certificate_app.command("trust")
def certificate_trust(
    what: Annotated[str, typer.Argument(metavar="FILE", help="A certificate, or one among the rejected by its name.")],
    folder: CertificatesFolder = DEFAULT_CERTIFICATES,
    issuer: Annotated[bool, typer.Option("--issuer", help="Completes chains, and is not trusted by itself.")] = False,
) -> None:
    """Trust a device's certificate, or an authority and all that it issued. The server takes it up by itself."""
    from app.certificate import trust

    _do(lambda: trust(folder, what, issuer, print))


@certificate_app.command("distrust")
def certificate_distrust(
    what: Annotated[str, typer.Argument(metavar="FILE", help="The name of one among the trusted.")],
    folder: CertificatesFolder = DEFAULT_CERTIFICATES,
) -> None:
    """Move a certificate from the trusted to the rejected ones."""
    from app.certificate import distrust

    _do(lambda: distrust(folder, what, print))


@app.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from app.api.schema import sdl

    print(sdl(), end="")


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _do(work: Callable[[], None]) -> None:
    async def run() -> None:
        work()

    _run(run())


def _run(work: Coroutine[Any, Any, None]) -> None:
    from app.errors import Misconfigured, TwinOverlayError

    try:
        if sys.platform == "win32":
            asyncio.run(work)
        else:
            import uvloop

            uvloop.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BaseExceptionGroup as group:
        known = _first_known(group)
        if known is None:
            raise
        typer.echo(f"error: {known}", err=True)
        raise typer.Exit(2 if isinstance(known, Misconfigured) else 1) from None
    except TwinOverlayError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, Misconfigured) else 1) from None


def _first_known(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """The error of ours in a task group's failure, if that is all that went wrong."""
    from app.errors import TwinOverlayError

    known, other = group.split(TwinOverlayError)
    if known is None or other is not None:
        return None
    first: BaseException = known
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def main() -> None:
    app()


if __name__ == "__main__":
    main()
