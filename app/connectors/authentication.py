"""How a connector proves who it is: nothing, or a user name with a password from the environment.

A document never holds a secret: it names the environment variable that does (`password_env`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from app.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str


def credentials(authentication: Mapping[str, Any] | None, endpoint: str) -> Credentials | None:
    """None for anonymous access. Raises Misconfigured where the document asks for what cannot be had here."""
    if shown(endpoint) != endpoint:
        raise Misconfigured(
            f"the endpoint {shown(endpoint)} is written with a user name or password in it",
            code="CREDENTIALS_IN_ENDPOINT",
            hint="use authentication of type password, with password_env",
        )
    kind = (authentication or {}).get("type", "none")
    if authentication is None or kind == "none":
        return None
    if kind == "password":
        return _password(authentication, endpoint)
    if kind == "certificate":
        raise Misconfigured(
            f"{endpoint} asks for the client certificate '{authentication.get('certificate_id', '')}', and this server "
            "has no certificates yet",
            code="CERTIFICATE_NOT_AVAILABLE",
            hint="use an endpoint without security, or authentication of type password",
        )
    raise Misconfigured(
        f"{endpoint} has authentication of the unknown type '{kind}'",
        code="AUTHENTICATION_UNKNOWN",
        hint="known are none and password",
    )


def _password(authentication: Mapping[str, Any], endpoint: str) -> Credentials:
    username, variable = authentication.get("username"), authentication.get("password_env")
    if not isinstance(username, str) or not isinstance(variable, str) or not username or not variable:
        raise Misconfigured(
            f"{endpoint} has authentication of type password without username or password_env",
            code="AUTHENTICATION_INCOMPLETE",
            hint="password_env names the environment variable that holds the password",
        )
    password = os.environ.get(variable)
    if password is None:
        raise Misconfigured(
            f"{endpoint} takes its password from the environment variable {variable}, which is not set",
            code="PASSWORD_NOT_SET",
            hint=f"start the server with {variable} set",
        )
    return Credentials(username, password)


def shown(endpoint: str) -> str:
    """The endpoint without a user name and password that somebody may have put into it."""
    try:
        address = urlparse(endpoint)
    except ValueError:
        return endpoint
    _, at, host = address.netloc.rpartition("@")
    return address._replace(netloc=host).geturl() if at else endpoint
