"""Assets: the files (models, icons, layouts, dashboards) that documents point to, and what a path may look like.

A document writes `/models/pump.glb`, which means `/assets/models/pump.glb` on this server; here its path is
`models/pump.glb`. What is an address of its own (`https://...`, `//host/...`) is no asset of ours.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from app.model.definitions import Definition, Simulation
from app.model.document import FreeForm
from app.model.time import Micros

PREFIX = "/assets"
MAX_PATH = 500
MAX_SEGMENT = 200
"""Bytes in UTF-8; file systems take 255."""
MAX_DEPTH = 16
NAME_RULE = (
    f"at most {MAX_PATH} characters in at most {MAX_DEPTH} parts between slashes; a part has at most {MAX_SEGMENT} "
    'bytes of printable text (Unicode NFC), without \\ : * ? " < > | and not beginning with a dot'
)
_FORBIDDEN = frozenset('\\:*?"<>|')

_MEDIA_TYPES = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "fmu": "application/x-fmu-sharedlibrary",
    "geojson": "application/geo+json",
    "gif": "image/gif",
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
    "hdr": "image/vnd.radiance",
    "htm": "text/html; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "ktx2": "image/ktx2",
    "md": "text/markdown; charset=utf-8",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "obj": "model/obj",
    "pdf": "application/pdf",
    "png": "image/png",
    "ssp": "application/x-ssp-package",
    "step": "model/step",
    "stl": "model/stl",
    "stp": "model/step",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain; charset=utf-8",
    "usdz": "model/vnd.usdz+zip",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
    "woff2": "font/woff2",
    "xml": "application/xml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "zip": "application/zip",
}
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Asset:
    path: str
    """Without a slash before it."""
    size: int
    modified_at: Micros
    etag: str
    """Strong, in its quotes."""

    @property
    def written(self) -> str:
        """As a document writes it."""
        return f"/{self.path}"

    @property
    def url(self) -> str:
        return url_of(self.path)

    @property
    def media_type(self) -> str:
        return media_type_of(self.path)


@dataclass(frozen=True, slots=True)
class AssetReference:
    """A place in a document that names an asset."""

    at: tuple[str | int, ...]
    written: str
    path: str


def url_of(path: str) -> str:
    return f"{PREFIX}/{quote(path, safe='/')}"


def media_type_of(path: str) -> str:
    """By the ending alone, and the same on every machine: the content is not looked at."""
    return _MEDIA_TYPES.get(path.rpartition(".")[2].lower(), UNKNOWN_TYPE)


def path_fault(path: str) -> str | None:
    """What is wrong with a path, in words; None where it keeps to NAME_RULE."""
    if not 0 < len(path) <= MAX_PATH:
        return f"it has {len(path)} characters"
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        return f"it has {len(parts)} parts"
    if parts[0] == PREFIX[1:]:
        return f"'{PREFIX}/' is the address that it is served at, not a part of its path"
    for part in parts:
        if not part:
            return "a part is empty"
        if part[0] == ".":
            return f"'{part[:40]}' begins with a dot"
        if part[0] == " " or part[-1] in " .":
            return f"'{part[:40]}' begins or ends with a space, or ends with a dot"
        if not part.isprintable() or not _FORBIDDEN.isdisjoint(part):
            return "a character in it is not allowed"
        if not unicodedata.is_normalized("NFC", part):
            return f"'{part[:40]}' is not in Unicode's form NFC"
        if len(part.encode()) > MAX_SEGMENT:
            return f"a part has more than {MAX_SEGMENT} bytes"
    return None


def path_named_by(text: str) -> str | None:
    """The asset's path that a text of a document means; None for an address elsewhere, and for what is no path."""
    if not text.startswith("/") or text.startswith("//"):
        return None
    path = unquote(text.partition("#")[0].partition("?")[0])
    return path.removeprefix(f"{PREFIX}/").lstrip("/") or None


def references(definition: Definition) -> Iterator[AssetReference]:
    """Every text in `visualization` that begins with a slash, and the simulation's model, which needs none."""
    yield from references_in(getattr(definition, "visualization", None), getattr(definition, "simulation", None))


def references_in(visualization: FreeForm | None, simulation: Simulation | None) -> Iterator[AssetReference]:
    if visualization is not None:
        yield from _within(visualization, ("visualization",))
    if simulation is not None and simulation.model_path and "://" not in simulation.model_path:
        written = simulation.model_path
        path = path_named_by("/" + written.removeprefix("/"))
        if path is not None:
            yield AssetReference(("simulation", "model_path"), written, path)


def _within(value: Any, at: tuple[str | int, ...]) -> Iterator[AssetReference]:
    if isinstance(value, str):
        path = path_named_by(value)
        if path is not None:
            yield AssetReference(at, value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _within(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _within(item, (*at, index))
