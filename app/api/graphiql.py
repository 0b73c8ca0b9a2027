"""GraphiQL, the query editor in the browser, opened with prepared documents.

Its scripts come from unpkg.com, pinned by hash; without a way there the page says so, and how to ask with curl.
"""

import html
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

_PAGE = Path(__file__).with_name("graphiql.html").read_text(encoding="utf-8")
_CDN = "https://unpkg.com"

EXAMPLES: Mapping[str, str] = {
    "Twins": """# Every twin with its live values. Ctrl-Enter runs a document.
query Twins {
  twins(first: 20) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      twinId
      twinType
      properties { name value { json unit quality timestamp } }
      behaviors { name state evidence }
    }
  }
}
""",
    "Alerts": """# Open alerts, newest first.
query Alerts {
  alerts(first: 50) {
    totalCount
    nodes { alertId severity message ownerId behavior twinIds active acknowledged raisedAt cause { kind ref at } }
  }
}
""",
    "Live values": """# The values as they are, then every change.
subscription Values {
  propertyChanged { twinId property initial sequence value { json unit quality timestamp } }
}
""",
    "Connectors": """# The connections to devices and brokers.
query Connectors {
  connectors { name protocol endpoint status twins samples lastError rejected { reason count } }
}
""",
}


def page(examples: Mapping[str, str], url: str, note: str = "") -> tuple[str, str]:
    """The page with one tab per example, and the nonce its own script carries. `url` is the address it was asked at;
    `note` is what whoever opens it should know first."""
    nonce = secrets.token_urlsafe(16)
    tabs = json.dumps([{"query": document} for document in examples.values()]).replace("<", "\\u003c")
    said = f'<p id="note" role="note">{html.escape(note)}</p>' if note else ""
    filled = _PAGE.replace("{{url}}", html.escape(url)).replace("{{nonce}}", html.escape(nonce))
    filled = filled.replace("{{note}}", said)
    return filled.replace("{{tabs}}", tabs), nonce


def headers(nonce: str) -> dict[str, str]:
    """Scripts only ours and the CDN's; connections only to this server; no frame may hold the page."""
    policy = (
        "default-src 'none'",
        f"script-src 'nonce-{nonce}' {_CDN}",
        f"style-src 'unsafe-inline' {_CDN}",  # the editor sizes its panes by style attributes
        "img-src data:",
        f"font-src data: {_CDN}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {"content-security-policy": "; ".join(policy), "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
