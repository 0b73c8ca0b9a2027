"""The Java that the embedded engine runs on: where it is, and how it is started.

Classes take most of a start: to find, check and link them. graph/archive.py lays them out beforehand in an archive
(Java's AOT cache), which Java itself holds against its own version, its jars and their times: one that does not fit is
passed over. It lies beside the Java that it is of: who may write there may replace Java as well.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.errors import Misconfigured

_COMPILE_LATER = (
    "-XX:Tier4InvocationThreshold=20000",
    "-XX:Tier4MinInvocationThreshold=5000",
    "-XX:Tier4CompileThreshold=40000",
    "-XX:Tier4BackEdgeThreshold=200000",
)
"""Four times Java's own: what a start runs is not worth the optimizing compiler's time (cold start and migrations took
4.5 s of processor time with Java's own, 3.3 s with these); what a server runs for long still gets there."""
VARIABLES = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH")
_NOT_INSTALLED = "run `pip install arcadedb-embedded`, or set graph.uri to a Neo4j server"


def package() -> Path:
    """The wheel's folder, found without running any of its code."""
    found = importlib.util.find_spec("arcadedb_embedded")
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        if (Path(place) / "jre" / "bin" / "java").is_file() and (Path(place) / "jars").is_dir():
            return Path(place)
    what = "has no Java runtime for this machine" if places else "is not installed"
    raise Misconfigured(f"the embedded graph engine {what}", code="ENGINE_NOT_INSTALLED", hint=_NOT_INSTALLED)


def archive_of(package: Path) -> Path:
    """Where the archive of its classes is, if there is one."""
    return package / "jre" / "lib" / "server" / "twin-overlay.aot"


def command(
    package: Path, folder: Path, bolt_port: int, heap_mb: int, archive: Path | None, options: Sequence[str]
) -> list[str]:
    """`options` are Java's own, behind ours: where both say something of one thing, the last counts."""
    return [
        str(package / "jre" / "bin" / "java"),
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        *_COMPILE_LATER,
        "-Djava.awt.headless=true",
        # Nothing but the data folder is written to: the rest may be a read-only image, /tmp included.
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        "-XX:-UsePerfData",
        f"-XX:ErrorFile={folder / 'jvm-error-%p.log'}",
        *("--add-exports", "java.management/sun.management=ALL-UNNAMED"),
        *("--add-opens", "java.base/java.util.concurrent.atomic=ALL-UNNAMED"),
        *("--add-opens", "java.base/java.nio.channels.spi=ALL-UNNAMED"),
        "--enable-native-access=ALL-UNNAMED",
        *((f"-XX:AOTCache={archive}",) if archive is not None and archive.is_file() else ()),
        *options,
        *("-cp", str(package / "jars" / "*")),
        *(f"-Darcadedb.{name}={value}" for name, value in _settings(folder, bolt_port).items()),
        "com.arcadedb.server.ArcadeDBServer",
    ]


def _settings(folder: Path, bolt_port: int) -> Mapping[str, str]:
    return {
        "server.rootPath": str(folder),
        "server.databaseDirectory": str(folder / "databases"),
        "server.rootPasswordPath": str(folder / "root-password"),
        "server.name": "embedded",
        "server.mode": "development",  # production blanks error texts on Bolt
        "txWalFlush": "1",
        "command.timeout": "60000",
        "dateTimeImplementation": "java.time.ZonedDateTime",
        "opencypher.loadCsv.allowFileUrls": "false",
        "opencypher.loadCsv.allowRemoteUrls": "false",
        "server.httpIncomingHost": "127.0.0.1",
        "server.httpIncomingPort": "0",  # can't be switched off; any free port, and nobody is told
        "bolt.host": "127.0.0.1",
        "bolt.port": str(bolt_port),
        "bolt.defaultDatabase": "neo4j",
        "server.defaultDatabases": "neo4j[root]",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
    }
