"""`certificate`: this server's certificates, and whom it trusts."""

from typing import Annotated

import typer

from app.cli.ending import do
from app.cli.listing import Listing
from app.cli.options import DEFAULT_CERTIFICATES, CertificatesFolder

commands = typer.Typer(
    cls=Listing, name="certificate", help="This server's certificates, and whom it trusts.", no_args_is_help=True
)


@commands.command("create")
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
    do(lambda: create(folder, wanted, print))


@commands.command("list")
def certificate_list(folder: CertificatesFolder = DEFAULT_CERTIFICATES) -> None:
    """Show this server's certificates, those it trusts, and those it has rejected."""
    from rich.console import Console

    from app.certificate import show

    do(lambda: show(folder, Console(highlight=False)))


@commands.command("trust")
def certificate_trust(
    what: Annotated[str, typer.Argument(metavar="FILE", help="A certificate, or one among the rejected by its name.")],
    folder: CertificatesFolder = DEFAULT_CERTIFICATES,
    issuer: Annotated[bool, typer.Option("--issuer", help="Completes chains, and is not trusted by itself.")] = False,
) -> None:
    """Trust a device's certificate, or an authority and all that it issued. The server takes it up by itself."""
    from app.certificate import trust

    do(lambda: trust(folder, what, issuer, print))


@commands.command("distrust")
def certificate_distrust(
    what: Annotated[str, typer.Argument(metavar="FILE", help="The name of one among the trusted.")],
    folder: CertificatesFolder = DEFAULT_CERTIFICATES,
) -> None:
    """Move a certificate from the trusted to the rejected ones."""
    from app.certificate import distrust

    do(lambda: distrust(folder, what, print))
