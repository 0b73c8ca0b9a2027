"""The docs page: Swagger UI over openapi.json.

Its scripts come from unpkg.com, pinned by hash; without a network the page is a link to openapi.json, and everything
else works.
"""

import base64
import hashlib

_CDN = "https://unpkg.com"
_SWAGGER = f"{_CDN}/swagger-ui-dist@5.35.0"
_SCRIPT = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger", deepLinking: true, validatorUrl: null,
});"""
_PAGE = f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Twin Overlay REST API</title>
    <link rel="stylesheet" crossorigin href="{_SWAGGER}/swagger-ui.css"
      integrity="sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I" />
  </head>
  <body>
    <p>The whole API as OpenAPI 3.1: <a href="openapi.json">openapi.json</a>.
      What is below this line loads from unpkg.com; without a network, take the link.</p>
    <div id="swagger"></div>
    <script crossorigin src="{_SWAGGER}/swagger-ui-bundle.js"
      integrity="sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"></script>
    <script>{_SCRIPT}</script>
  </body>
</html>
"""


def page() -> str:
    return _PAGE


def headers() -> dict[str, str]:
    """Scripts only ours and the CDN's; connections only to this server; no frame may hold the page."""
    own = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = (
        "default-src 'none'",
        f"script-src 'sha256-{own}' {_CDN}",
        f"style-src 'unsafe-inline' {_CDN}",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {"content-security-policy": "; ".join(policy), "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
