"""`twin-overlay health`: whether a server's process works, for whoever watches containers.

It asks /healthz and not /readyz: a server that waits for its graph, or stands by, is to be left alone, not restarted.
"""

import ssl
from urllib.parse import urlsplit

import httpx

from app.client import trusted
from app.errors import Unavailable

_SECONDS = 5.0
_OWN = ("127.0.0.1", "localhost", "::1")


async def check_health(url: str) -> None:
    """Raises Unavailable. On the machine itself a certificate need not have the name by which it is asked here."""
    context = trusted()
    if urlsplit(url).hostname in _OWN:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False, verify=context) as http:
            status = (await http.get(f"{url.rstrip('/')}/healthz")).status_code
    except httpx.HTTPError as error:
        raise Unavailable(
            f"no server answers at {url}: {error or type(error).__name__}",
            code="SERVER_UNREACHABLE",
            hint="name another address with --server or TWIN_OVERLAY_SERVER_URL",
        ) from error
    if status != 200:
        raise Unavailable(f"{url} answered {status}", code="SERVER_NOT_HEALTHY")
