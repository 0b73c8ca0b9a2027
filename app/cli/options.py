"""Arguments and options that commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_SERVER = "http://127.0.0.1:8420"
ServerUrl = Annotated[str, typer.Option(help="Base address of a running server.", envvar="TWIN_OVERLAY_SERVER_URL")]

DEFAULT_CERTIFICATES = Path("twin-overlay-data/certificates")
CertificatesFolder = Annotated[
    Path,
    typer.Option(
        "--certificates",
        help="The server's certificates folder: `certificates` in its data folder.",
        envvar="TWIN_OVERLAY_SECURITY__CERTIFICATES_DIR",
    ),
]


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"


AsJson = Annotated[Output, typer.Option("--format", help="`text` for people, `json` for programs.")]
