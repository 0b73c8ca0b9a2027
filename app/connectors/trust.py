"""Whom this server trusts: the folders `trusted`, `issuers` and `rejected`, in the manner of OPC UA part 12.

A certificate is trusted where it lies in `trusted`, or one of those above it does; what lies in `issuers` completes a
chain, and vouches for nobody by itself. One that is not trusted is refused and copied into `rejected`, for a person to
move to `trusted`: the folders are read at each try, so that is all there is to do. Revocation lists (`*.crl`) may lie
in `trusted` and `issuers`.
"""

import contextlib
import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.connectors.certificates import (
    SUFFIXES,
    alternative_names,
    application_uris,
    day,
    read_certificates,
    shown_name,
    thumbprint,
)
from app.errors import Unavailable
from app.model.authentication import ANY_HOST

MIN_KEY_BITS = 2048
"""Of RSA; what every policy that we speak asks for."""
MAX_REJECTED = 100
"""Files in `rejected`; past it the oldest goes, so that whoever offers new ones forever fills no disk."""
_MAX_CHAIN = 8
_WEAK = (hashes.MD5, hashes.SHA1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the certificate has to say of whom it belongs to; None is not looked at."""

    host: str | None = None
    application_uri: str | None = None


@dataclass(frozen=True, slots=True)
class TrustList:
    folder: Path

    @property
    def trusted(self) -> Path:
        return self.folder / "trusted"

    @property
    def issuers(self) -> Path:
        return self.folder / "issuers"

    @property
    def rejected(self) -> Path:
        return self.folder / "rejected"

    def certificates(self) -> list[x509.Certificate]:
        """The trusted ones."""
        return list(_certificates(self.trusted))

    def check(self, chain: Sequence[x509.Certificate], expected: Expected, where: str, now: datetime) -> None:
        """The first of `chain` is the server's own; `where` is the endpoint. Raises Unavailable, with a code that
        begins with SERVER_CERTIFICATE_: KEY_TOO_SHORT, SIGNATURE_WEAK, UNTRUSTED, EXPIRED, NOT_YET_VALID, REVOKED,
        WRONG_HOST, WRONG_URI."""
        certificate = chain[0]
        try:
            _strong(certificate)
            line = self._trusted_line(chain)
            for member in line:
                _in_time(member, now)
            self._not_revoked(line)
            _of_host(certificate, expected.host)
            _of_application(certificate, expected.application_uri)
        except Unavailable as error:
            raise Unavailable(f"{where}: {error.message}", code=error.code, hint=error.hint) from error

    def how_to_trust(self, copy: Path) -> str:
        return f"twin-overlay certificate trust {copy.name} --certificates {self.folder}"

    def reject(self, certificate: x509.Certificate) -> Path:
        """A copy for a person to look at. Where it can't be written that is not worth another error."""
        file = self.rejected / file_name(certificate)
        with contextlib.suppress(OSError):
            self.rejected.mkdir(parents=True, exist_ok=True)
            others = sorted((found for found in self.rejected.iterdir() if found != file), key=_written_at)
            for old in others[: max(0, len(others) - MAX_REJECTED + 1)]:
                old.unlink(missing_ok=True)
            if not file.exists():
                file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def _trusted_line(self, chain: Sequence[x509.Certificate]) -> list[x509.Certificate]:
        """From the server's up to the one that is trusted or, where that is not the last, as far as it is known."""
        certificate = chain[0]
        trusted = self.certificates()
        above = [*chain[1:], *_certificates(self.issuers), *trusted]
        line = [certificate]
        is_trusted = certificate in trusted
        while len(line) < _MAX_CHAIN and line[-1].issuer != line[-1].subject:
            issuer = next((found for found in above if _issued(line[-1], found)), None)
            if issuer is None or issuer in line:
                break
            line.append(issuer)
            is_trusted = is_trusted or issuer in trusted
        if not is_trusted:
            last = line[-1]
            by = "is self-signed" if last.issuer == last.subject else f"is issued by '{shown_name(last.issuer)}'"
            if len(line) > 1 and last.issuer == last.subject:
                by = f"leads to '{shown_name(last.subject)}'"
            copy = self.reject(certificate)
            raise Unavailable(
                f"the server's certificate '{shown_name(certificate.subject)}' {by} and nobody here trusts it; "
                f"thumbprint {thumbprint(certificate)}",
                code="SERVER_CERTIFICATE_UNTRUSTED",
                hint=f"compare the thumbprint with the device's, then: {self.how_to_trust(copy)}",
            )
        return line

    def _not_revoked(self, line: Sequence[x509.Certificate]) -> None:
        lists = [*_revocations(self.trusted), *_revocations(self.issuers)]
        for member, issuer in pairwise(line):
            for found in lists:
                if found.issuer != member.issuer or not _signed(found, issuer):
                    continue
                if found.get_revoked_certificate_by_serial_number(member.serial_number) is not None:
                    raise Unavailable(
                        f"the certificate '{shown_name(member.subject)}' is revoked by '{shown_name(member.issuer)}'",
                        code="SERVER_CERTIFICATE_REVOKED",
                        hint="give the device a new certificate",
                    )


def file_name(certificate: x509.Certificate) -> str:
    """`Name [thumbprint].pem`, as certificate stores of OPC UA name them."""
    name = re.sub(r"[^A-Za-z0-9._@-]+", "_", shown_name(certificate.subject)).strip("._") or "certificate"
    return f"{name[:60]}_{thumbprint(certificate)}.pem"


def _strong(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    if isinstance(key, RSAPublicKey) and key.key_size < MIN_KEY_BITS:
        raise Unavailable(
            f"the server's certificate has a key of {key.key_size} bits; less than {MIN_KEY_BITS} is no protection",
            code="SERVER_CERTIFICATE_KEY_TOO_SHORT",
            hint="give the device a new certificate",
        )
    if isinstance(certificate.signature_hash_algorithm, _WEAK):
        raise Unavailable(
            f"the server's certificate is signed with {certificate.signature_hash_algorithm.name.upper()}, "
            "which can be forged",
            code="SERVER_CERTIFICATE_SIGNATURE_WEAK",
            hint="give the device a new certificate, signed with SHA-256",
        )


def _in_time(member: x509.Certificate, now: datetime) -> None:
    name = shown_name(member.subject)
    if now > member.not_valid_after_utc:
        raise Unavailable(
            f"the certificate '{name}' has expired at {day(member.not_valid_after_utc)}",
            code="SERVER_CERTIFICATE_EXPIRED",
            hint="renew it on the device, and trust the new one",
        )
    if now < member.not_valid_before_utc:
        raise Unavailable(
            f"the certificate '{name}' is valid only from {day(member.not_valid_before_utc)}",
            code="SERVER_CERTIFICATE_NOT_YET_VALID",
            hint="check the clocks of this machine and of the device",
        )


def _of_host(certificate: x509.Certificate, host: str | None) -> None:
    if host is None or host == ANY_HOST:
        return
    names = _hosts(certificate)
    if _plain(host) not in names:
        raise Unavailable(
            f"the server's certificate is for {_listed(names) or 'no host'}, not for '{host}'",
            code="SERVER_CERTIFICATE_WRONG_HOST",
            hint="write the endpoint as the certificate does, or say server_host in its authentication",
        )


def _hosts(certificate: x509.Certificate) -> list[str]:
    names = alternative_names(certificate)
    if names is None:
        return []
    dns = [_plain(name) for name in names.get_values_for_type(x509.DNSName)]
    return [*dns, *(str(address) for address in names.get_values_for_type(x509.IPAddress))]


def _plain(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower().rstrip(".")


def _of_application(certificate: x509.Certificate, uri: str | None) -> None:
    if uri is None:
        return
    uris = application_uris(certificate)
    if uri not in uris:
        raise Unavailable(
            f"the server calls itself '{uri[:200]}', and its certificate is for {_listed(uris) or 'no application'}",
            code="SERVER_CERTIFICATE_WRONG_URI",
            hint="give the device a certificate with its own application URI",
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name[:100]}'" for name in names[:5])


def _issued(member: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        member.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True


def _signed(revocations: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    return isinstance(key, RSAPublicKey) and revocations.is_signature_valid(key)


def _certificates(folder: Path) -> Iterator[x509.Certificate]:
    """Files that can't be read as certificates are passed over: one broken file must not stop every device."""
    for file in _files(folder, SUFFIXES):
        with contextlib.suppress(Unavailable):
            yield from read_certificates(file)


def _revocations(folder: Path) -> Iterator[x509.CertificateRevocationList]:
    for file in _files(folder, (".crl",)):
        with contextlib.suppress(OSError, ValueError):
            content = file.read_bytes()
            pem = b"-----BEGIN" in content
            yield x509.load_pem_x509_crl(content) if pem else x509.load_der_x509_crl(content)


def _files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix.lower() in suffixes)
    except OSError:
        return []


def _written_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
