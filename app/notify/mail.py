"""A mail of plain text over SMTP, sent by the standard library in a thread of its own.

All mails about one alert are one thread: they refer to its id. The Message-ID holds the key, so that a mail that was
sent twice is known as one.
"""

import asyncio
import smtplib
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC
from email.message import EmailMessage
from email.utils import format_datetime

from app.errors import Misconfigured, Refused, TwinOverlayError, Unavailable
from app.model.time import to_datetime
from app.notification_settings import SmtpTarget
from app.notify.message import Message
from app.notify.secrets import Secrets
from app.ports import Clock


class MailChannel:
    def __init__(self, target: SmtpTarget, installation: str, clock: Clock) -> None:
        self._target = target
        self._domain = f"{installation}.twin-overlay"
        self._clock = clock
        self._secrets = Secrets()

    @property
    def address(self) -> str:
        return f"{', '.join(self._target.recipients)} by {self._target.host}:{self._target.at}"

    async def send(self, message: Message) -> str:
        """A cancelled caller leaves the thread to its time-outs: nobody waits for it, not even the interpreter."""
        password = self._secrets.read(self._target.password) if self._target.password is not None else ""
        mail = self._mail(message)
        sent: Future[str] = Future()
        sent.set_running_or_notify_cancel()

        def work() -> None:
            try:
                sent.set_result(self._deliver(mail, password))
            except Exception as error:  # whatever it is, whoever waits for it is to get it
                sent.set_exception(error)

        threading.Thread(target=work, name="mail", daemon=True).start()
        try:
            return await asyncio.wrap_future(sent)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise self._failed(error) from error

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = self._target.sender
        mail["To"] = ", ".join(self._target.recipients)
        mail["Date"] = format_datetime(to_datetime(self._clock.now()).astimezone(UTC))
        mail["Message-ID"] = self._id(message.key)
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Idempotency-Key"] = message.key
        if message.thread:
            mail["References"] = self._id(message.thread)
        mail.set_content(message.text)
        return mail

    def _id(self, key: str) -> str:
        return f"<{key.replace('/', '.')}@{self._domain}>"

    def _deliver(self, mail: EmailMessage, password: str) -> str:
        target, timeout = self._target, self._target.timeout_seconds
        if target.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(target.host, target.at, timeout=timeout, context=self._trusted())
        else:
            client = smtplib.SMTP(target.host, target.at, timeout=timeout)
        with client:
            if target.security == "starttls":
                client.starttls(context=self._trusted())
            if target.user:
                client.login(target.user, password)
            refused = client.send_message(mail)
        return f"it takes no mail for {_recipients(refused)}" if refused else ""

    def _trusted(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._target.ca_file)
        except OSError as error:
            raise Misconfigured(f"the file {self._target.ca_file} cannot be used: {error}") from error

    def _failed(self, error: Exception) -> TwinOverlayError:
        where = f"{self._target.host}:{self._target.at}"
        told = self._secrets.struck(f"{where}: {_reason(error)}")
        if isinstance(error, _DENIED) and not _passing(error):
            return Misconfigured(told, code="TARGET_DENIED", hint="look at what the target says of users and addresses")
        if isinstance(error, ValueError) or (isinstance(error, smtplib.SMTPDataError) and not _passing(error)):
            return Refused(told, code="TARGET_REFUSED")
        return Unavailable(told, code="TARGET_UNAVAILABLE")


_DENIED = (
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPNotSupportedError,
    smtplib.SMTPSenderRefused,
    smtplib.SMTPRecipientsRefused,
    ssl.SSLCertVerificationError,
)
"""About us and not about the mail: what the target's settings say is not what the server wants."""


def _passing(error: Exception) -> bool:
    """4yz of RFC 5321; of several recipients, where it is so for one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code < 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code < 500


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it takes no mail for {_recipients(error.recipients)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _recipients(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{name} ({code} {_text(said)})" for name, (code, said) in sorted(refused.items()))


def _text(said: bytes | str) -> str:
    return " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split())[:300]
