"""How a connection proves who it is, as a document says it: references to secrets and certificates, never themselves.

`authentication` is the writer's own object, so unknown keys stay in it; but one that looks like a secret is refused,
because whatever is in a document is also in the graph, its revisions, the journal and every export.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from app.errors import Problem
from app.model.names import IDENTIFIER_RULE, is_identifier
from app.model.near import near

Kind = Literal["none", "password", "certificate"]
_KINDS: tuple[Kind, ...] = ("none", "password", "certificate")
POLICIES = ("Aes256Sha256RsaPss", "Basic256Sha256", "Aes128Sha256RsaOaep")
"""OPC UA security policies, the preferred one first."""
MODES = ("SignAndEncrypt", "Sign")
ANY_HOST = "*"
_OBSOLETE = ("Basic256", "Basic128Rsa15")
_IDS = ("certificate_id", "user_certificate_id", "ca_id")
_TEXTS = ("username", "server_host", "security_policy", "security_mode")
_REFERENCES = (("password", "password_env", "password_file"), ("key_password", "key_password_env", "key_password_file"))
_OPCUA_ONLY = ("security_policy", "security_mode", "server_host", "user_certificate_id", "allow_plain_password")
_SECRET_WORDS = frozenset(
    (
        "password",
        "passwd",
        "pwd",
        "pass",
        "passphrase",
        "secret",
        "token",
        "key",
        "privatekey",
        "apikey",
        "accesskey",
        "sharedkey",
        "credential",
        "credentials",
        "pin",
        "psk",
        "accesstoken",
        "bearertoken",
        "authtoken",
        "clientsecret",
        "keypassword",
        "userpassword",
    )
)
_OWN_VARIABLES = "TWIN_OVERLAY_"
_HINT = (
    "put it into a file of the secrets folder or an environment variable, and name that: password_file, password_env"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is: one of the two."""

    env: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Authentication:
    kind: Kind = "none"
    username: str = ""
    password: Reference | None = None
    certificate_id: str = ""
    """Of the application: it secures the connection, whoever the user on it is."""
    user_certificate_id: str = ""
    key_password: Reference | None = None
    security_policy: str = ""
    """OPC UA; empty for the best that the server offers."""
    security_mode: str = "SignAndEncrypt"
    server_host: str = ""
    """OPC UA: the host that the server's certificate has to name, where it is not the endpoint's; ANY_HOST for any."""
    ca_id: str = ""
    """MQTT: the one certificate of the trust list that vouches for the broker."""
    allow_plain_password: bool = False
    """OPC UA: send the password also where the server offers no way to encrypt it."""


def authentication_of(document: Mapping[str, Any] | None) -> Authentication:
    """Of a document without problems."""
    given = document or {}
    references = {
        name: Reference(env=given.get(env) or "", file=given.get(file) or "")
        if given.get(env) or given.get(file)
        else None
        for name, env, file in _REFERENCES
    }
    return Authentication(
        kind=given.get("type", "none"),
        username=given.get("username", ""),
        certificate_id=given.get("certificate_id", ""),
        user_certificate_id=given.get("user_certificate_id", ""),
        security_policy=given.get("security_policy", ""),
        security_mode=given.get("security_mode", MODES[0]),
        server_host=given.get("server_host", ""),
        ca_id=given.get("ca_id", ""),
        allow_plain_password=given.get("allow_plain_password", False),
        password=references["password"],
        key_password=references["key_password"],
    )


def problems_of(
    document: Mapping[str, Any] | None, protocol: str | None = None, endpoint: str | None = None
) -> list[Problem]:
    """Everything wrong with it, with pointers below `/connectivity`; none of the messages has a value that may be
    secret. What is to be read from files or the environment is not looked at: that is another machine's, or later."""
    found = list(_of_endpoint(endpoint))
    if document is not None:
        found += _literal_secrets(document, "/authentication")
        found += _of_fields(document)
        found += _of_kind(document)
        found += _of_protocol(document, protocol, endpoint)
    return found


def secrets_in(document: Mapping[str, Any]) -> list[Problem]:
    """Those that are written out in a whole definition, at whatever stage of its making; with whole pointers."""
    connectivity = document.get("connectivity")
    if not isinstance(connectivity, Mapping):
        return []
    fallbacks = connectivity.get("fallbacks")
    paths: list[tuple[str, Any]] = [("/connectivity", connectivity)]
    if isinstance(fallbacks, list | tuple):
        paths += [(f"/connectivity/fallbacks/{number}", path) for number, path in enumerate(fallbacks)]
    found = []
    for at, path in paths:
        if isinstance(path, Mapping):
            endpoint = path.get("endpoint")
            problems = [*_of_endpoint(endpoint if isinstance(endpoint, str) else None)]
            problems += _literal_secrets(path.get("authentication"), "/authentication")
            found += [Problem(item.code, item.message, at + item.path, item.hint) for item in problems]
    return found


def warnings_of(document: Mapping[str, Any] | None, protocol: str | None, endpoint: str | None) -> Iterator[Problem]:
    """What may be meant, and weakens the protection."""
    given = document or {}
    if protocol == "mqtt" and (endpoint or "").startswith("mqtt:") and given.get("type") == "password":
        message = "the password goes over the network in plain text"
        yield Problem(
            "PASSWORD_UNPROTECTED", message, "/authentication", "use the broker's TLS port: mqtts://host:8883"
        )
    if protocol == "opc-ua" and given.get("allow_plain_password") is True:
        message = "the password may go over the network in plain text"
        hint = "give a certificate_id instead, where the server offers security"
        yield Problem("PASSWORD_UNPROTECTED", message, "/authentication/allow_plain_password", hint)
    if protocol == "opc-ua" and given.get("server_host") == ANY_HOST:
        message = "the server's certificate may name any host"
        yield Problem("ANY_HOST", message, "/authentication/server_host", "write the host that it does name")


def without_user(endpoint: str) -> str:
    """The endpoint without a user name and password that somebody may have put into it."""
    try:
        address = urlsplit(endpoint)
    except ValueError:
        return endpoint
    _, at, host = address.netloc.rpartition("@")
    return address._replace(netloc=host).geturl() if at else endpoint


def _of_endpoint(endpoint: str | None) -> Iterator[Problem]:
    if endpoint is not None and without_user(endpoint) != endpoint:
        yield Problem(
            "CREDENTIALS_IN_ENDPOINT",
            f"the endpoint {without_user(endpoint)} is written with a user name or password in it",
            "/endpoint",
            "use authentication of type password, with password_file or password_env",
        )


def _literal_secrets(item: Any, path: str) -> Iterator[Problem]:
    if isinstance(item, Mapping):
        for name, below in item.items():
            where = f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"
            if _is_secret(str(name)) and isinstance(below, str | int | float) and not isinstance(below, bool):
                yield Problem(
                    "SECRET_IN_DEFINITION", f"'{name}' holds a secret; a document may only name one", where, _HINT
                )
            else:
                yield from _literal_secrets(below, where)
    elif isinstance(item, list | tuple):
        for number, below in enumerate(item):
            yield from _literal_secrets(below, f"{path}/{number}")
    elif isinstance(item, str) and "PRIVATE KEY-----" in item:
        message = "a private key is written out here; a document may only name one"
        hint = "put it into the certificates folder (certificates/own/ID.key) and name it: certificate_id"
        yield Problem("SECRET_IN_DEFINITION", message, path, hint)


def _is_secret(name: str) -> bool:
    return "".join(letter for letter in name.lower() if letter.isalnum()) in _SECRET_WORDS


def _of_fields(document: Mapping[str, Any]) -> Iterator[Problem]:
    for name in (*_IDS, *_TEXTS, *(field for _, *fields in _REFERENCES for field in fields)):
        value = document.get(name)
        if name in document and not (isinstance(value, str) and value):
            yield Problem("WRONG_TYPE", f"'{name}' is a text that is not empty", f"/authentication/{name}")
    for name in _IDS:
        value = document.get(name)
        if isinstance(value, str) and value and (not is_identifier(value) or value.startswith(".")):
            yield Problem(
                "CERTIFICATE_ID_INVALID", f"'{name}' is no identifier: {IDENTIFIER_RULE}", f"/authentication/{name}"
            )
    if not isinstance(document.get("allow_plain_password", False), bool):
        yield Problem("WRONG_TYPE", "'allow_plain_password' is true or false", "/authentication/allow_plain_password")
    for _, env, file in _REFERENCES:
        yield from _of_reference(document, env, file)
    policy, mode = document.get("security_policy"), document.get("security_mode")
    for name, value, known in (("security_policy", policy, POLICIES), ("security_mode", mode, MODES)):
        if isinstance(value, str) and value and value not in known:
            yield _unknown_security(name, value, known)


def _of_reference(document: Mapping[str, Any], env: str, file: str) -> Iterator[Problem]:
    variable, name = document.get(env), document.get(file)
    if variable and name:
        yield Problem("AUTHENTICATION_AMBIGUOUS", f"{env} and {file} are both given", f"/authentication/{file}")
    if isinstance(variable, str) and variable.upper().startswith(_OWN_VARIABLES):
        yield Problem(
            "SECRET_NAME_INVALID",
            f"{env} names a variable of the server's own settings, which is no device's password",
            f"/authentication/{env}",
            f"take a variable whose name doesn't begin with {_OWN_VARIABLES}",
        )
    if isinstance(name, str) and name and not is_secret_name(name):
        yield Problem(
            "SECRET_NAME_INVALID",
            f"{file} is not the name of a file in the secrets folder",
            f"/authentication/{file}",
            "write its name alone, without a folder",
        )


def is_secret_name(name: str) -> bool:
    return not (name.startswith(".") or set(name) & set("/\\\0") or len(name) > 255)


def _unknown_security(name: str, value: str, known: tuple[str, ...]) -> Problem:
    word = name.replace("_", " ")
    if value in _OBSOLETE:
        message = f"the security policy {value} is broken (SHA-1) and not supported"
    elif value == "None":
        message = f"a {word} None is what a connection without certificate_id has"
    else:
        message = f"there is no {word} '{value[:100]}'"
    hint = near(value, known) or f"known are {', '.join(known)}"
    return Problem("SECURITY_UNKNOWN", message, f"/authentication/{name}", hint)


def _of_kind(document: Mapping[str, Any]) -> Iterator[Problem]:
    kind = document.get("type", "none")
    if kind not in _KINDS:
        hint = (near(kind, _KINDS) if isinstance(kind, str) else "") or f"known are {', '.join(_KINDS)}"
        yield Problem(
            "AUTHENTICATION_UNKNOWN",
            f"there is no authentication of type '{str(kind)[:100]}'",
            "/authentication/type",
            hint,
        )
    elif kind == "certificate" and not document.get("certificate_id"):
        yield Problem(
            "AUTHENTICATION_INCOMPLETE",
            "authentication of type certificate has no certificate_id",
            "/authentication/certificate_id",
            "it names a certificate of the server: twin-overlay certificate create ID",
        )
    elif kind == "password":
        if not document.get("username"):
            message = "authentication of type password has no username"
            yield Problem("AUTHENTICATION_INCOMPLETE", message, "/authentication/username")
        if not (document.get("password_env") or document.get("password_file")):
            yield Problem(
                "AUTHENTICATION_INCOMPLETE",
                "authentication of type password has neither password_file nor password_env",
                "/authentication/password_file",
                "password_file names a file in the server's secrets folder, password_env a variable of its environment",
            )


def _of_protocol(document: Mapping[str, Any], protocol: str | None, endpoint: str | None) -> Iterator[Problem]:
    if protocol == "mqtt":
        for name in _OPCUA_ONLY:
            if name in document:
                yield Problem("NOT_OF_PROTOCOL", f"'{name}' is for OPC UA only", f"/authentication/{name}")
        tls = [name for name in ("certificate_id", "ca_id") if name in document]
        if tls and endpoint is not None and endpoint.startswith("mqtt:"):
            yield Problem(
                "TLS_NEEDED",
                f"'{tls[0]}' is for a connection with TLS, and {without_user(endpoint)} is one without",
                f"/authentication/{tls[0]}",
                "write the endpoint as mqtts://host:8883",
            )
    elif protocol == "opc-ua":
        if "ca_id" in document:
            hint = "OPC UA trusts whatever lies in certificates/trusted"
            yield Problem("NOT_OF_PROTOCOL", "'ca_id' is for MQTT only", "/authentication/ca_id", hint)
        for name in ("security_policy", "security_mode", "user_certificate_id"):
            if name in document and not document.get("certificate_id"):
                yield Problem(
                    "AUTHENTICATION_INCOMPLETE",
                    f"'{name}' needs a certificate_id: a secured connection has a certificate at both ends",
                    "/authentication/certificate_id",
                    "twin-overlay certificate create ID makes one",
                )
