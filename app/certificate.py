"""`twin-overlay certificate create | list | trust | distrust`: this server's certificates, and whom it trusts.

They work on the certificates folder alone, so a server that runs need not be told: it looks there at each connect.
"""

import os
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.connectors.certificates import (
    SUFFIXES,
    alternative_names,
    application_uris,
    day,
    read_certificates,
    shown_name,
    thumbprint,
)
from app.connectors.issue import Subject, key_text, new_key, self_signed
from app.connectors.trust import TrustList, file_name
from app.errors import Conflict, Invalid, Misconfigured, NotFound, Unavailable
from app.model.names import IDENTIFIER_RULE, is_identifier

Say = Callable[[str], None]
_WIDTH = 200
"""Columns, where no terminal says how many."""


@dataclass(frozen=True, slots=True)
class Wanted:
    certificate_id: str
    hosts: Sequence[str] = ()
    application_uri: str = ""
    organization: str = ""
    days: int = 1825
    bits: int = 2048
    key_password_env: str = ""
    renew: bool = False


def create(folder: Path, wanted: Wanted, say: Say) -> None:
    """Raises Invalid (CERTIFICATE_ID_INVALID, URI_INVALID, HOST_INVALID), Conflict (CERTIFICATE_EXISTS),
    Misconfigured (PASSWORD_NOT_SET, FOLDER_UNWRITABLE)."""
    name = wanted.certificate_id
    if not is_identifier(name) or name.startswith("."):
        raise Invalid(f"'{name[:200]}' is no certificate id: {IDENTIFIER_RULE}", code="CERTIFICATE_ID_INVALID")
    if not 2048 <= wanted.bits <= 4096:
        raise Invalid("a key has 2048 to 4096 bits", code="KEY_SIZE_INVALID", hint="2048 is what every device takes")
    password = _password(wanted.key_password_env)
    own = folder / "own"
    there = [file for file in (own / f"{name}{suffix}" for suffix in (*SUFFIXES, ".key")) if file.exists()]
    if there and not wanted.renew:
        raise Conflict(
            f"there is a certificate '{name}' already: {there[0]}",
            code="CERTIFICATE_EXISTS",
            hint="take another id, or --renew to replace it; every device that trusts it has to trust the new one",
        )
    host = socket.gethostname()
    uri = wanted.application_uri or f"urn:{host}:twin-overlay:{name}"
    if ":" not in uri or not uri.isascii() or not uri.isprintable():
        raise Invalid(f"'{uri[:200]}' is no URI", code="URI_INVALID", hint="write it like urn:host:twin-overlay")
    key = new_key(wanted.bits)
    begins = datetime.now(UTC) - timedelta(hours=1)  # a device's clock may be behind
    try:
        subject = Subject(f"Twin Overlay {name}"[:64], uri, wanted.hosts or (host,), wanted.organization)
        certificate = self_signed(subject, key, begins, wanted.days)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"that can't be in a certificate: {error}", code="HOST_INVALID") from error
    try:
        own.mkdir(parents=True, exist_ok=True)
        _write(own / f"{name}.key", key_text(key, password), 0o600)
        _write(own / f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        _write(own / f"{name}.der", certificate.public_bytes(serialization.Encoding.DER), 0o644)
    except OSError as error:
        message = f"cannot write into {own}: {error.strerror}"
        raise Misconfigured(message, code="FOLDER_UNWRITABLE", hint="give another --certificates folder") from error
    say(f"made {own / f'{name}.pem'} with its key, valid until {day(certificate.not_valid_after_utc)}")
    say(f"  application URI {uri}, hosts {', '.join(wanted.hosts or (host,))}")
    say(f"  thumbprint {thumbprint(certificate)}")
    say(f'name it in a definition: "authentication": {{"type": "certificate", "certificate_id": "{name}"}}')
    say(f"let the device trust it: give it {own / f'{name}.der'}, or move it from the device's rejected list")


def _password(variable: str) -> str | None:
    if not variable:
        return None
    found = os.environ.get(variable)
    if not found:
        raise Misconfigured(f"the environment variable {variable} is not set", code="PASSWORD_NOT_SET")
    return found


def _write(file: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never for a moment readable by others than it shall be."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)


def trust(folder: Path, what: str, issuer: bool, say: Say) -> None:
    """`what` is the name of a file in `rejected` (or how it begins), or a path. Raises NotFound
    (CERTIFICATE_NOT_FOUND), Invalid (CERTIFICATE_UNREADABLE), Misconfigured (FOLDER_UNWRITABLE)."""
    trusted = TrustList(folder)
    file = _found(trusted.rejected, what)
    target = trusted.issuers if issuer else trusted.trusted
    if file.suffix.lower() == ".crl":
        _take(file, target / file.name, away=False)
        say(f"revocation list taken: {target / file.name}")
        return
    certificates = _read(file)
    into = target / (file_name(certificates[0]) if file.parent == trusted.rejected else f"{file.stem}.pem")
    _take(file, into, away=file.parent == trusted.rejected)
    for certificate in certificates:
        _describe(certificate, say)
    say(f"{'completes chains' if issuer else 'trusted'} from now on: {into}")


def distrust(folder: Path, what: str, say: Say) -> None:
    """From `trusted` or `issuers` into `rejected`. A connection that stands goes on until it ends."""
    trusted = TrustList(folder)
    for place in (trusted.trusted, trusted.issuers):
        try:
            file = _found(place, what, only_there=True)
        except NotFound:
            continue
        _take(file, trusted.rejected / file.name, away=True)
        say(f"no longer trusted: {trusted.rejected / file.name}")
        say("a connection that stands is not ended by this: restart the server, or the device")
        return
    raise NotFound(
        f"there is no certificate '{what}' in {trusted.trusted}",
        code="CERTIFICATE_NOT_FOUND",
        hint="twin-overlay certificate list shows them",
    )


def _found(place: Path, what: str, *, only_there: bool = False) -> Path:
    if not only_there and Path(what).is_file():
        return Path(what)
    files = [file for file in place.glob("*") if file.is_file()] if place.is_dir() else []
    fitting = [file for file in files if file.name == what or file.stem == what]
    fitting = fitting or [file for file in files if file.name.startswith(what) or what.lower() in _thumbprints(file)]
    if len(fitting) != 1:
        problem = "there is no certificate" if not fitting else "more than one begins with"
        raise NotFound(
            f"{problem} '{what}' in {place}",
            code="CERTIFICATE_NOT_FOUND",
            hint="give a file, or a name that `twin-overlay certificate list` shows",
        )
    return fitting[0]


def _thumbprints(file: Path) -> list[str]:
    try:
        return [thumbprint(certificate) for certificate in read_certificates(file)]
    except Unavailable:
        return []


def _read(file: Path) -> Sequence[x509.Certificate]:
    try:
        return read_certificates(file)
    except Unavailable as error:
        raise Invalid(error.message, code=error.code, hint=error.hint) from error


def _take(file: Path, into: Path, *, away: bool) -> None:
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, into)
        if away:
            file.unlink()
    except OSError as error:
        raise Misconfigured(f"cannot write {into}: {error.strerror}", code="FOLDER_UNWRITABLE") from error


def _describe(certificate: x509.Certificate, say: Say) -> None:
    say(f"{shown_name(certificate.subject)}, issued by {shown_name(certificate.issuer)}")
    say(f"  valid {day(certificate.not_valid_before_utc)} to {day(certificate.not_valid_after_utc)}")
    hosts, uris = _hosts(certificate), application_uris(certificate)
    say(f"  hosts {', '.join(hosts) or 'none'}, application {', '.join(uris) or 'none'}")
    say(f"  thumbprint {thumbprint(certificate)}, SHA-256 {certificate.fingerprint(hashes.SHA256()).hex()}")
    if certificate.not_valid_after_utc < datetime.now(UTC):
        say("  it has EXPIRED: connections to it are refused whatever is trusted")


def _hosts(certificate: x509.Certificate) -> list[str]:
    names = alternative_names(certificate)
    if names is None:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def show(folder: Path, console: Console) -> None:
    """Every certificate there is, with what a person compares."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("where", "file", "name", "valid until", "hosts", "thumbprint"):
        table.add_column(column, overflow="fold")
    now = datetime.now(UTC)
    for place in ("own", "trusted", "issuers", "rejected"):
        for file in sorted((folder / place).glob("*")):
            if file.suffix.lower() not in SUFFIXES or (file.with_suffix(".pem").exists() and file.suffix == ".der"):
                continue
            try:
                certificates = read_certificates(file)
            except Unavailable:
                table.add_row(place, Text(file.name), "can't be read", "", "", "")
                continue
            for certificate in certificates:
                until = day(certificate.not_valid_after_utc)
                late = " EXPIRED" if certificate.not_valid_after_utc < now else ""
                hosts = Text(", ".join(_hosts(certificate)))
                name = Text(shown_name(certificate.subject))
                table.add_row(place, Text(file.name), name, until + late, hosts, thumbprint(certificate))
    if not console.is_terminal:
        console.width = _WIDTH
    if table.row_count:
        console.print(table)
    else:
        console.print(f"there are no certificates in {folder}", markup=False, soft_wrap=True)
