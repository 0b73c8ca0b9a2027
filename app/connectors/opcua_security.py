"""How an OPC UA session is secured: which of the server's endpoints, by which certificates, for which user.

The server's list of endpoints comes over a channel that anybody may tamper with. So what is asked for is never lowered
to what the list says: with a certificate of ours nothing less than `security_mode` is taken, the server's certificate
is checked before anything of ours is sent, and a password goes in plain text only where the document allows it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import (
    SecurityPolicy,
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
    SecurityPolicyNone,
)
from asyncua.ua.uaerrors import UaError, UaStatusCodeError
from cryptography import x509

from app.connectors.certificates import shown_name, split_der
from app.connectors.keys import Credentials, moment
from app.connectors.trust import Expected, TrustList
from app.errors import Unavailable
from app.model.authentication import ANY_HOST, POLICIES, Authentication
from app.model.time import Micros

APPLICATION_URI = "urn:twin-overlay:client"
"""Where our certificate says none of its own."""
_POLICIES: dict[str, type[SecurityPolicy]] = {
    "Aes256Sha256RsaPss": SecurityPolicyAes256Sha256RsaPss,
    "Basic256Sha256": SecurityPolicyBasic256Sha256,
    "Aes128Sha256RsaOaep": SecurityPolicyAes128Sha256RsaOaep,
}
_MODES = {"Sign": ua.MessageSecurityMode.Sign, "SignAndEncrypt": ua.MessageSecurityMode.SignAndEncrypt}
_TOKENS = {
    ua.UserTokenType.Anonymous: "anonymous",
    ua.UserTokenType.UserName: "user name and password",
    ua.UserTokenType.Certificate: "user certificate",
    ua.UserTokenType.IssuedToken: "issued token",
}
_OURS_REFUSED = frozenset(
    (
        "BadSecurityChecksFailed",
        "BadCertificateInvalid",
        "BadCertificateUntrusted",
        "BadCertificateTimeInvalid",
        "BadCertificateUriInvalid",
        "BadCertificateUseNotAllowed",
        "BadCertificateIssuerUseNotAllowed",
        "BadCertificateRevoked",
        "BadCertificateChainIncomplete",
        "BadCertificateHostNameInvalid",
        "BadCertificatePolicyCheckFailed",
        "BadNoValidCertificates",
    )
)
_NOT_LET_IN = frozenset(("BadUserAccessDenied", "BadIdentityTokenInvalid", "BadIdentityTokenRejected"))

Endpoints = Sequence[ua.EndpointDescription]


class SecureClient(Client):
    """asyncua's, which takes the best token policy instead of the first, and no plain one unless allowed."""

    allow_plain_password = False
    token = ""
    """How the password was sent; empty where none was."""

    def server_policy(self, token_type: ua.UserTokenType) -> ua.UserTokenPolicy:
        # Here and not before the session is created: it is the list in that answer that asyncua goes by.
        offered = [
            replace(policy, SecurityPolicyUri=policy.SecurityPolicyUri or self.security_policy.URI)
            for policy in self._policy_ids
            if policy.TokenType == token_type
        ]
        usable = [*SECURE_URIS, SecurityPolicyNone.URI]
        offered = sorted(
            (policy for policy in offered if policy.SecurityPolicyUri in usable),
            key=lambda policy: usable.index(policy.SecurityPolicyUri),
        )
        if not offered:
            raise _no_token(token_type, self._policy_ids, self.server_url.geturl())
        chosen = offered[0]
        if token_type == ua.UserTokenType.UserName:
            self.token = self._protection(chosen.SecurityPolicyUri)
        return chosen

    def _protection(self, uri: str) -> str:
        if self.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt:
            return "password encrypted"
        if uri != SecurityPolicyNone.URI:
            return f"password encrypted with {_policy_name(uri)}"
        if self.allow_plain_password:
            return "PASSWORD IN PLAIN TEXT"
        raise Unavailable(
            f"{self.server_url.geturl()} takes the password in plain text only, and it was not sent",
            code="PASSWORD_UNPROTECTED",
            hint="secure the connection with a certificate_id, or write allow_plain_password: true",
        )


SECURE_URIS = tuple(_POLICIES[name].URI for name in POLICIES)


class Access:
    """Whom a session is opened for, and what it needs of the server. Used for one connect."""

    def __init__(self, wanted: Authentication, credentials: Credentials, trust: TrustList, now: Micros) -> None:
        self._wanted = wanted
        self._credentials = credentials
        self._trust = trust
        self._now = moment(now)

    @classmethod
    def anonymous(cls, trust: TrustList, now: Micros) -> "Access":
        return cls(Authentication(), Credentials(), trust, now)

    @property
    def discovers(self) -> bool:
        """Whether the server's endpoints have to be looked at first."""
        return bool(self._wanted.certificate_id) or self._wanted.kind != "none"

    async def secure(self, client: SecureClient, endpoints: Endpoints, endpoint: str) -> None:
        """Everything on `client` that `connect` needs. Raises Unavailable: SECURITY_NOT_OFFERED, TOKEN_NOT_OFFERED,
        PASSWORD_UNPROTECTED and what `TrustList.check` does."""
        chosen = self._chosen(endpoints, endpoint)
        self._identify(client, chosen, endpoint)
        own = self._credentials.certificate
        if own is not None or self._credentials.password:
            leaf = await asyncio.to_thread(self._trusted, chosen, endpoint)
            if leaf is not None:
                client.certificate_validator = _same_as(leaf)
            if own is not None:
                assert leaf is not None
                policy = _policy_class(chosen.SecurityPolicyUri)
                secured = policy(leaf, own.certificate, own.key, chosen.SecurityMode, host_cert_chain=list(own.chain))
                client.security_policy = secured  # type: ignore[assignment]  # asyncua says None's
                client.uaclient.set_security(secured)
                client.application_uri = own.application_uri or APPLICATION_URI

    def _chosen(self, endpoints: Endpoints, endpoint: str) -> ua.EndpointDescription:
        mode, uris = ua.MessageSecurityMode.None_, [SecurityPolicyNone.URI]
        if self._credentials.certificate is not None:
            mode = _MODES[self._wanted.security_mode]
            names = [self._wanted.security_policy] if self._wanted.security_policy else POLICIES
            uris = [_POLICIES[name].URI for name in names]
        offered = [item for item in endpoints if str(item.EndpointUrl).startswith("opc.tcp")]
        fitting = [item for item in offered if item.SecurityMode == mode and item.SecurityPolicyUri in uris]
        if not fitting:
            what = (
                f"{self._wanted.security_policy or 'one of ' + ', '.join(POLICIES)} with {self._wanted.security_mode}"
            )
            raise not_offered(endpoint, what if self._credentials.certificate else "None", offered)
        return min(fitting, key=lambda item: uris.index(item.SecurityPolicyUri))

    def _identify(self, client: SecureClient, chosen: ua.EndpointDescription, endpoint: str) -> None:
        tokens = chosen.UserIdentityTokens or []
        offered = {token.TokenType for token in tokens}
        if self._wanted.kind == "password":
            if ua.UserTokenType.UserName not in offered:
                raise _no_token(ua.UserTokenType.UserName, tokens, endpoint)
            client.set_user(self._credentials.username)
            client.set_password(self._credentials.password)
            client.allow_plain_password = self._wanted.allow_plain_password
            return
        user = self._credentials.user_certificate
        if user is None and self._wanted.kind == "certificate" and ua.UserTokenType.Certificate in offered:
            user = self._credentials.certificate
        if user is not None:
            if ua.UserTokenType.Certificate not in offered:
                raise _no_token(ua.UserTokenType.Certificate, tokens, endpoint)
            client.user_certificate, client.user_private_key = user.certificate, user.key
            client.user_certificate_chain = list(user.chain)
        elif ua.UserTokenType.Anonymous not in offered:
            raise _no_token(ua.UserTokenType.Anonymous, tokens, endpoint)

    def _trusted(self, chosen: ua.EndpointDescription, endpoint: str) -> x509.Certificate | None:
        """The server's certificate, checked. None where it has none, so that a password can only go plain."""
        if not chosen.ServerCertificate:
            if self._credentials.certificate is None:
                return None
            raise Unavailable(f"{endpoint} has no certificate", code="SERVER_CERTIFICATE_UNREADABLE")
        try:
            chain = split_der(chosen.ServerCertificate)
        except ValueError as error:
            message = f"{endpoint}: the server's certificate can't be read"
            raise Unavailable(message, code="SERVER_CERTIFICATE_UNREADABLE", hint=str(error)[:200]) from error
        host = self._wanted.server_host or urlsplit(endpoint).hostname
        self._trust.check(chain, Expected(host, chosen.Server.ApplicationUri), endpoint, self._now)
        return chain[0]

    def told(self, client: SecureClient) -> str:
        """One line for people: `Basic256Sha256 SignAndEncrypt, user 'ann', password encrypted`."""
        parts = ["none"]
        if self._credentials.certificate is not None:
            parts = [f"{_policy_name(client.security_policy.URI)} {self._wanted.security_mode}"]
        if client.user_certificate is not None:
            parts.append(f"user certificate '{shown_name(client.user_certificate.subject)}'")
        elif self._credentials.username:
            parts += [f"user '{self._credentials.username}'", client.token]
        if self._wanted.server_host == ANY_HOST:
            parts.append("ANY HOST NAME")
        return ", ".join(parts)

    def refused(self, error: Exception, reason: str, endpoint: str) -> Unavailable:
        """What the server's no means, where it is about who we are."""
        own = self._credentials.certificate
        message = f"cannot connect to {endpoint}: {reason}"
        if isinstance(error, UaStatusCodeError) and reason in _NOT_LET_IN:
            who = f"the user '{self._wanted.username}'" if self._wanted.username else "nobody without a name"
            if self._wanted.kind == "certificate":
                who = "the user of this certificate"
            hint = f"the server doesn't let in {who}" if self._wanted.kind != "none" else f"the server lets in {who}"
            return Unavailable(message, code="ACCESS_DENIED", hint=hint)
        if own is not None and (reason in _OURS_REFUSED or isinstance(error, ConnectionError | TimeoutError)):
            return Unavailable(
                f"{message}; it may not trust this server's certificate '{shown_name(own.certificate.subject)}'",
                code="CLIENT_CERTIFICATE_REFUSED",
                hint=f"trust {own.file.name} on the device: often it lies in its list of rejected certificates by now",
            )
        return Unavailable(message)


def not_offered(endpoint: str, wanted: str, offered: Iterable[ua.EndpointDescription]) -> Unavailable:
    known = sorted({_offer(item) for item in offered})
    hint = "write one of these as security_policy and security_mode, with a certificate_id"
    if "None" in known:
        hint += "; or leave certificate_id out for None"
    return Unavailable(
        f"{endpoint} does not offer security {wanted}; it offers {', '.join(known) or 'nothing'}",
        code="SECURITY_NOT_OFFERED",
        hint=hint,
    )


def offers_plain(offered: Iterable[ua.EndpointDescription]) -> bool:
    return any(item.SecurityMode == ua.MessageSecurityMode.None_ for item in offered)


def _offer(item: ua.EndpointDescription) -> str:
    if item.SecurityMode == ua.MessageSecurityMode.None_:
        return "None"
    return f"{_policy_name(item.SecurityPolicyUri)} {item.SecurityMode.name}"


def _no_token(wanted: ua.UserTokenType, tokens: Iterable[ua.UserTokenPolicy], endpoint: str) -> Unavailable:
    known = sorted({_TOKENS.get(token.TokenType, "others") for token in tokens})
    return Unavailable(
        f"{endpoint} lets nobody in by {_TOKENS[wanted]}; it offers {', '.join(known) or 'nothing'}",
        code="TOKEN_NOT_OFFERED",
        hint="choose the authentication by what the server offers, or let it offer more",
    )


def _policy_name(uri: str) -> str:
    return str(uri).rpartition("#")[2].replace("_", "")[:60] or "unknown"


def _policy_class(uri: str) -> type[SecurityPolicy]:
    return next(policy for policy in _POLICIES.values() if uri == policy.URI)


def _same_as(leaf: x509.Certificate) -> Callable[[x509.Certificate, ua.ApplicationDescription], Awaitable[None]]:
    """asyncua asks it of the certificate in the answer to CreateSession: it must be the one that was checked."""

    async def check(certificate: x509.Certificate, application: ua.ApplicationDescription) -> None:
        if certificate != leaf:
            raise UaError("the server shows another certificate than in its list of endpoints")

    return check


async def discovered(client: Client) -> list[ua.EndpointDescription]:
    """The endpoints of the server, over a channel of its own that is gone afterwards."""
    try:
        found: list[ua.EndpointDescription] = await client.connect_and_get_server_endpoints()
        return found
    finally:
        with contextlib.suppress(Exception):
            client.disconnect_socket()
