"""`check`, `fmt` and `test`: scripts, without a server."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.ending import run_to_end, say
from app.cli.options import AsJson, Output

commands = typer.Typer()


@commands.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="JSON documents (.json, .ndjson) and .dtsl scripts, or folders of them.")
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="Check against what this server has; else the files stand alone.")
    ] = None,
    output: AsJson = Output.TEXT,
    explain: Annotated[
        str | None, typer.Option(metavar="CODE", help="Print what a code means, with an example, and check nothing.")
    ] = None,
) -> None:
    """Check scripts and documents, together and in any order, and save nothing.

    Every problem of every file is told at once. Exit code 1 where there is an error; warnings are none.
    """
    if explain is not None:
        from app.dtsl.explain import explain as explained

        text = explained(explain)
        if text is None:
            typer.echo(f"error: there is no code '{explain}'; they look like DTSL204", err=True)
            raise typer.Exit(2)
        print(text)
        return
    if not paths:
        typer.echo("error: no files were given; name scripts, documents or folders of them", err=True)
        raise typer.Exit(2)

    from app.check import check_against, check_alone

    async def run() -> None:
        if server is None:
            report = await check_alone(paths)
        else:
            from app.client import GraphqlClient

            async with GraphqlClient(server) as client:
                report = await check_against(client, paths, say)
        print(report.to_json() if output == Output.JSON else report.render())
        if report.count("error"):
            raise typer.Exit(1)

    run_to_end(run())


@commands.command()
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


@commands.command("test")
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
