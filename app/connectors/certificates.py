"""This server's own certificates: `own/ID.pem` (or .crt, .cer, .der) with its key in `own/ID.key`, named by ID.

Files are read at each connect, so a certificate that is renewed is the next connection's. Whatever is wrong with them
is Unavailable, not Misconfigured: a person puts the files right, and no definition changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.errors import Unavailable
from app.model.near import near

SUFFIXES = (".pem", ".crt", ".cer", ".der")
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Those above it, as they follow it in its file."""
    key: RSAPrivateKey = field(repr=False)
    file: Path
    key_file: Path

    @property
    def application_uri(self) -> str | None:
        uris = application_uris(self.certificate)
        return uris[0] if uris else None


@dataclass(frozen=True, slots=True)
class OwnCertificates:
    folder: Path

    def load(self, certificate_id: str, key_password: str | None, now: datetime) -> OwnCertificate:
        """Raises Unavailable: CERTIFICATE_NOT_FOUND, CERTIFICATE_KEY_NOT_FOUND, CERTIFICATE_UNREADABLE,
        CERTIFICATE_KEY_UNREADABLE, CERTIFICATE_KEY_MISMATCH, CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID."""
        file = self._file(certificate_id)
        certificate, *chain = read_certificates(file)
        key_file, key = self._key(certificate_id, key_password)
        if certificate.public_key() != key.public_key():
            raise Unavailable(
                f"{key_file.name} is not the key of the certificate {file.name}",
                code="CERTIFICATE_KEY_MISMATCH",
                hint=f"put the key that belongs to it there, or make both anew: {_create(certificate_id)}",
            )
        if now > certificate.not_valid_after_utc:
            raise Unavailable(
                f"this server's certificate '{certificate_id}' has expired at {day(certificate.not_valid_after_utc)}",
                code="CERTIFICATE_EXPIRED",
                hint=f"make a new one: {_create(certificate_id)} --renew, and let the device trust it",
            )
        if now < certificate.not_valid_before_utc:
            begins = day(certificate.not_valid_before_utc)
            raise Unavailable(
                f"this server's certificate '{certificate_id}' is valid only from {begins}",
                code="CERTIFICATE_NOT_YET_VALID",
                hint="check this machine's clock",
            )
        return OwnCertificate(certificate, tuple(chain), key, file, key_file)

    def _file(self, certificate_id: str) -> Path:
        for suffix in SUFFIXES:
            file = self.folder / f"{certificate_id}{suffix}"
            if file.is_file():
                return file
        try:
            known = sorted({file.stem for file in self.folder.iterdir() if file.suffix in SUFFIXES})
        except OSError:
            known = []
        raise Unavailable(
            f"there is no certificate '{certificate_id}' in {self.folder}",
            code="CERTIFICATE_NOT_FOUND",
            hint=near(certificate_id, known) or f"make one: {_create(certificate_id)}",
        )

    def _key(self, certificate_id: str, key_password: str | None) -> tuple[Path, RSAPrivateKey]:
        file = self.folder / f"{certificate_id}.key"
        if not file.is_file():
            raise Unavailable(
                f"the certificate '{certificate_id}' has no key: {file} is not there",
                code="CERTIFICATE_KEY_NOT_FOUND",
                hint="put its private key (PEM or DER) there",
            )
        password = key_password.encode() if key_password is not None else None
        try:
            key = _parsed_key(_content(file), password)
        except TypeError:
            # cryptography tells both ways of not fitting by TypeError
            wanted = "has no password, and one is given" if password is not None else "is locked by a password"
            raise Unavailable(
                f"the key {file} {wanted}",
                code="CERTIFICATE_KEY_UNREADABLE",
                hint="name its password with key_password_file or key_password_env, where it has one",
            ) from None
        except (OSError, ValueError):
            problem = "with the given password" if password is not None else "as a key in PEM or DER"
            message = f"the key {file} can't be read {problem}"
            raise Unavailable(message, code="CERTIFICATE_KEY_UNREADABLE") from None  # the cause may quote it
        if not isinstance(key, RSAPrivateKey):
            message = f"the key {file} is no RSA key, which OPC UA's policies need"
            raise Unavailable(message, code="CERTIFICATE_KEY_UNREADABLE")
        return file, key


def _parsed_key(content: bytes, password: bytes | None) -> object:
    if b"-----BEGIN" in content:
        return serialization.load_pem_private_key(content, password)
    return serialization.load_der_private_key(content, password)


def read_certificates(file: Path) -> Sequence[x509.Certificate]:
    """One or more, in PEM or DER whatever its name says. Raises Unavailable (CERTIFICATE_UNREADABLE)."""
    try:
        content = _content(file)
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificates(content)
        return split_der(content)
    except (OSError, ValueError) as error:
        message = f"{file} can't be read as a certificate in PEM or DER"
        raise Unavailable(message, code="CERTIFICATE_UNREADABLE", hint=str(error)[:200]) from error


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES)


def split_der(content: bytes) -> list[x509.Certificate]:
    """Certificates one behind the other, as an OPC UA server sends its chain. Raises ValueError where it is none."""
    found = []
    rest = content
    while rest:
        length, header = _der_length(rest)
        found.append(x509.load_der_x509_certificate(rest[: header + length]))
        rest = rest[header + length :]
    if not found:
        raise ValueError("it is empty")
    return found


def _der_length(data: bytes) -> tuple[int, int]:
    """(of the content, of the header) of the ASN.1 sequence at the beginning."""
    if len(data) < 2 or data[0] != 0x30:
        raise ValueError("it is not in DER")
    if data[1] < 0x80:
        return data[1], 2
    bytes_of_length = data[1] & 0x7F
    length = int.from_bytes(data[2 : 2 + bytes_of_length], "big")
    if not 0 < bytes_of_length <= 4 or len(data) < 2 + bytes_of_length + length:
        raise ValueError("it is cut off")
    return length, 2 + bytes_of_length


def application_uris(certificate: x509.Certificate) -> list[str]:
    names = alternative_names(certificate)
    return [] if names is None else names.get_values_for_type(x509.UniformResourceIdentifier)


def alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def shown_name(name: x509.Name) -> str:
    """Its common name, else all of it; without what would break a line of a log."""
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    text = str(common[0].value) if common else name.rfc4514_string()
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:100] or "without a name"


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-1 of it in hex, by which OPC UA tools name certificates."""
    return certificate.fingerprint(hashes.SHA1()).hex()


def day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _create(certificate_id: str) -> str:
    return f"twin-overlay certificate create {certificate_id}"
