"""HTTP POST of a message's document. 2xx is delivered; who redirects is told to be named by its right address.

401, 403 and 407 are about us and not about the message, so no alert is given up over a password that was changed.
"""

import ssl
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from app.errors import Misconfigured, Refused, TwinOverlayError, Unavailable
from app.model.time import SECOND, from_datetime
from app.notification_settings import SecretReference, WebhookTarget, check_url
from app.notify.channel import Later
from app.notify.message import Message
from app.notify.secrets import Secrets
from app.notify.texts import filled_in
from app.ports import Clock

KEY_HEADER = "Idempotency-Key"
_AGENT = "twin-overlay"
_LATER = frozenset({408, 421, 425, 429})
_DENIED = frozenset({401, 403, 407})
_MOST_ANSWER = 300


class WebhookChannel:
    def __init__(self, target: WebhookTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._secrets = Secrets()

    @property
    def address(self) -> str:
        if isinstance(self._target.url, SecretReference):
            return "an address that is secret"
        parts = urlsplit(self._target.url)
        return f"{parts.scheme}://{parts.netloc}"

    async def send(self, message: Message) -> str:
        target = self._target
        headers = {
            "User-Agent": _AGENT,
            "Content-Type": "application/json",
            KEY_HEADER: message.key,
            **{name: self._value(value) for name, value in target.headers.items()},
        }
        document: Any = message.document if target.body is None else filled_in(target.body, message.fields)
        try:
            async with (
                httpx.AsyncClient(timeout=target.timeout_seconds, verify=self._trusted()) as client,
                client.stream("POST", self._url(), content=msgspec.json.encode(document), headers=headers) as answer,
            ):
                if not answer.is_success:
                    raise self._not_taken(answer, await _beginning(answer))
        except httpx.HTTPError as error:
            raise Unavailable(self._secrets.struck(f"{self.address}: {_reason(error)}")) from error
        except (httpx.InvalidURL, ValueError) as error:
            raise Misconfigured(self._secrets.struck(f"{self.address} cannot be asked: {error}")) from error
        return ""

    def _value(self, value: str | SecretReference) -> str:
        return value if isinstance(value, str) else self._secrets.read(value)

    def _url(self) -> str:
        url = self._target.url
        if isinstance(url, str):
            return url
        try:
            return check_url(self._secrets.read(url))
        except ValueError as error:
            raise Misconfigured(f"the secret address is not usable: {error}") from error

    def _trusted(self) -> ssl.SSLContext | bool:
        if self._target.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=self._target.ca_file)
        except OSError as error:
            raise Misconfigured(f"the file {self._target.ca_file} cannot be used: {error}") from error

    def _not_taken(self, answer: httpx.Response, beginning: str) -> TwinOverlayError:
        status = answer.status_code
        said = f": {beginning}" if beginning else ""
        told = self._secrets.struck(f"{self.address} answered {status} {answer.reason_phrase}{said}")
        if status in _DENIED:
            return Misconfigured(told, code="TARGET_DENIED", hint="look at the target's headers and secrets")
        if 300 <= status < 400:
            return Misconfigured(told, code="TARGET_MOVED", hint="name the address that it leads to")
        if status in _LATER or status >= 500 or status < 200:
            seconds = self._retry_after(answer)
            return Later(told, seconds=seconds) if seconds else Unavailable(told, code="TARGET_UNAVAILABLE")
        return Refused(told, code="TARGET_REFUSED")

    def _retry_after(self, answer: httpx.Response) -> float:
        """Seconds; 0 where it says nothing that makes sense."""
        text = answer.headers.get("retry-after", "")
        if text.isdigit():
            return float(text[:9])
        try:
            return max(0.0, (from_datetime(parsedate_to_datetime(text)) - self._clock.now()) / SECOND)
        except (ValueError, TypeError):
            return 0.0


async def _beginning(answer: httpx.Response) -> str:
    taken = b""
    async for piece in answer.aiter_bytes():
        taken += piece
        if len(taken) >= _MOST_ANSWER:
            break
    return " ".join(taken[:_MOST_ANSWER].decode("utf-8", "replace").split())


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    return str(error) or type(error).__name__
