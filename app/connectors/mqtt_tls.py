"""TLS towards a broker: whom we trust, who we are, and what OpenSSL's refusals mean.

The broker's certificate and the name in it are always checked, and nothing switches that off. Trusted are the system's
authorities and what lies in the trust list; with `ca_id` that one alone.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from app.connectors.certificates import SUFFIXES, OwnCertificate, read_certificates, shown_name, thumbprint
from app.connectors.keys import Credentials, Keys
from app.connectors.trust import TrustList
from app.errors import Unavailable
from app.model.near import near

_EXPIRED, _NOT_YET = {10}, {9}
_UNKNOWN = {2, 18, 19, 20, 21, 27}
"""No issuer, self-signed (also above), the first one's signature not verified, untrusted."""
_OTHER_HOST = {62, 64}
_WEAK = {66, 67, 68}
_OURS = ("CERTIFICATE_REQUIRED", "UNKNOWN_CA", "BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED",
         "CERTIFICATE_REVOKED", "HANDSHAKE_FAILURE", "DECRYPT_ERROR", "ACCESS_DENIED")  # fmt: skip
"""In the broker's alerts, which come once the handshake is over for us."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What one connection is made with."""

    context: ssl.SSLContext
    own: OwnCertificate | None
    trust: TrustList
    heard: list[ssl.SSLError]
    """What the broker said once the handshake was over for us; paho keeps it to itself."""

    def told(self) -> str:
        who = f", client certificate '{shown_name(self.own.certificate.subject)}'" if self.own is not None else ""
        return f"TLS{who}"


async def tls(keys: Keys, credentials: Credentials, ca_id: str, where: str) -> Tls:
    """Raises Unavailable (CA_NOT_FOUND, CERTIFICATE_NOT_PEM, CERTIFICATE_UNREADABLE)."""
    return await asyncio.to_thread(_tls, keys, credentials, ca_id, where)


def _tls(keys: Keys, credentials: Credentials, ca_id: str, where: str) -> Tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    heard: list[ssl.SSLError] = []
    context.sslsocket_class = _socket(heard)
    if ca_id:
        _trust(context, read_certificates(_authority(keys.trust, ca_id, where)))
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        _trust(context, keys.trust.certificates())
    own = credentials.certificate
    if own is not None:
        try:
            context.load_cert_chain(own.file, own.key_file, credentials.key_password)
        except (ssl.SSLError, OSError) as error:  # read and paired already: only its form is left
            raise Unavailable(
                f"{own.file.name} and {own.key_file.name} have to be in PEM for TLS",
                code="CERTIFICATE_NOT_PEM",
                hint=f"openssl x509 -inform der -in {own.file.name} -out {own.file.stem}.pem; openssl rsa for the key",
            ) from error
    return Tls(context, own, keys.trust, heard)


def _socket(heard: list[ssl.SSLError]) -> type[ssl.SSLSocket]:
    class Socket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            try:
                super().do_handshake(block)
            except BaseException:
                self.close()  # paho forgets it
                raise

        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            try:
                return super().recv(buflen, flags)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                heard.append(error)
                raise

    return Socket


def _trust(context: ssl.SSLContext, certificates: Sequence[x509.Certificate]) -> None:
    pem = b"".join(item.public_bytes(serialization.Encoding.PEM) for item in certificates)
    if pem:
        context.load_verify_locations(cadata=pem.decode())
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # what lies in the list is trusted, root or not


def _authority(trust: TrustList, ca_id: str, where: str) -> Path:
    for suffix in SUFFIXES:
        file = trust.trusted / f"{ca_id}{suffix}"
        if file.is_file():
            return file
    known = [file.stem for file in trust.trusted.glob("*") if file.suffix in SUFFIXES]
    raise Unavailable(
        f"{where} is to be vouched for by '{ca_id}', which is not in {trust.trusted}",
        code="CA_NOT_FOUND",
        hint=near(ca_id, known) or "put the authority's certificate there: twin-overlay certificate trust FILE",
    )


async def refusal(
    cause: BaseException | None, tls: Tls, hostname: str, port: int, timeout_seconds: float
) -> Unavailable | None:
    """What a failed handshake means; None where it is not about certificates."""
    where = f"mqtts://{hostname}:{port}"
    error = tls.heard[-1] if tls.heard else cause
    if isinstance(error, ssl.SSLCertVerificationError):
        return await _ours(error, tls, where, hostname, port, timeout_seconds)
    text = f"{error} {getattr(error, 'reason', '') or ''}".upper().replace(" ", "_")
    if isinstance(error, ssl.SSLError) and any(word in text for word in _OURS):
        who = f"this server's certificate '{shown_name(tls.own.certificate.subject)}'" if tls.own else "no certificate"
        return Unavailable(
            f"{where} refuses to talk with {who} ({getattr(error, 'reason', None) or 'TLS alert'})",
            code="CLIENT_CERTIFICATE_REFUSED",
            hint="let the broker trust it" if tls.own else "the broker wants one: give a certificate_id",
        )
    if isinstance(error, ssl.SSLError | ConnectionResetError):
        return Unavailable(
            f"{where} does not speak TLS as it should ({getattr(error, 'reason', None) or 'it hung up'})",
            code="TLS_FAILED",
            hint="is this the broker's TLS port (8883), and does it speak TLS 1.2 or newer?",
        )
    return None


async def _ours(
    error: ssl.SSLCertVerificationError, tls: Tls, where: str, hostname: str, port: int, timeout_seconds: float
) -> Unavailable:
    number, message = error.verify_code, str(error.verify_message)
    if number in _EXPIRED:
        code, hint = "EXPIRED", "renew it on the broker"
    elif number in _NOT_YET:
        code, hint = "NOT_YET_VALID", "check the clocks of this machine and of the broker"
    elif number in _OTHER_HOST:
        code, hint = "WRONG_HOST", "write the endpoint with a name that the broker's certificate has"
    elif number in _WEAK:
        code, hint = "KEY_TOO_SHORT", "give the broker a new certificate"
    elif number in _UNKNOWN:
        code, hint = "UNTRUSTED", "let the trust list have its authority: twin-overlay certificate trust FILE"
        shown = await asyncio.to_thread(_fetch, hostname, port, timeout_seconds)
        if shown is not None:
            copy = await asyncio.to_thread(tls.trust.reject, shown)
            message += f"; thumbprint {thumbprint(shown)}"
            hint = f"compare the thumbprint with the broker's, then: {tls.trust.how_to_trust(copy)}"
    else:
        code, hint = "INVALID", "give the broker a certificate that is right"
    message = f"{where}: the broker's certificate is refused: {message}"
    return Unavailable(message, code=f"SERVER_CERTIFICATE_{code}", hint=hint)


def _fetch(hostname: str, port: int, timeout_seconds: float) -> x509.Certificate | None:
    """The broker's certificate for a person to look at: nothing is sent to whom it belongs."""
    try:
        return x509.load_pem_x509_certificate(
            ssl.get_server_certificate((hostname, port), timeout=timeout_seconds).encode()
        )
    except (OSError, ValueError):
        return None
