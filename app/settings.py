"""Settings: environment variables (TWIN_OVERLAY_*) and an optional TOML file, frozen at start; units in the names.

Nested names take two underscores (`TWIN_OVERLAY_GRAPH__URI`). A flag of the CLI wins over the environment, the
environment over the file, the file over the defaults here. Secrets come from the environment, or from files that
settings name.
"""

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from app.errors import Misconfigured, Problem
from app.notification_settings import NotificationSettings


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GraphSettings(_Section):
    uri: str = "embedded"
    """`embedded`, or a Bolt address (neo4j://, neo4j+s://, bolt://, bolt+s://)."""
    user: str = "neo4j"
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    """Holds the password, where `password` doesn't; read at start."""
    database: str = "neo4j"
    heap_mb: int = Field(default=512, ge=256)
    """Of the embedded engine's JVM."""
    java_options: tuple[str, ...] = ()
    """More options for it, such as -XX:TieredStopAtLevel=1."""
    start_timeout_seconds: float = Field(default=60.0, gt=0)
    answer_timeout_seconds: float = Field(default=15.0, gt=0)
    """Without any answer for so long, a connection counts as dead and is dropped."""
    degraded_after_seconds: float = Field(default=5.0, ge=0)
    """How long a start waits for it where there is a local copy of the definitions to start from; six times as long
    for an embedded engine that is starting."""

    @field_validator("java_options")
    @classmethod
    def _options_of_java(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for option in given:
            if option.startswith("-Xmx"):
                raise ValueError(f"'{option}' is what heap_mb is for")
            if not option.startswith(("-X", "-D")) or option.startswith("-Darcadedb."):
                raise ValueError(f"'{option}' is no -X... nor -D..., or says what this server says itself")
        return given

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password_file is not None and self.password.get_secret_value():
            raise ValueError("give password or password_file, not both")
        return self


class ActorSettings(_Section):
    standby: bool = False
    """Waits, as long as another server has the journal folder, and takes over when that one ends."""
    observe: bool = False
    """Answers queries from the graph alone, without a journal; changes nothing and calls nobody."""
    observe_interval_seconds: float = Field(default=1.0, gt=0)
    """Between two looks at the graph."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.standby and self.observe:
            raise ValueError("a server stands by or observes, not both")
        return self


class IngestSettings(_Section):
    max_waiting_readings: int = Field(default=10_000, ge=1)
    max_waiting_commands: int = Field(default=1_000, ge=1)
    """Of people and programs; what the server has to say to itself always finds room."""
    max_batch_readings: int = Field(default=500, ge=1)
    max_skew_seconds: float = Field(default=5.0, gt=0)
    tick_seconds: float = Field(default=0.25, gt=0)


class GraphWriterSettings(_Section):
    interval_seconds: float = Field(default=0.2, gt=0)
    max_rows: int = Field(default=1000, ge=1)
    max_entries: int = Field(default=2000, ge=1)
    keep_days: float = Field(default=400.0, ge=0, le=36_500)
    """Of the audit and of what happened to closed alerts; 0 for ever."""


class JournalSettings(_Section):
    keep_hours: float = Field(default=24.0, ge=0)
    """How far back a replay or a dry run of rules may begin."""
    keep_mb: int = Field(default=1024, ge=0)
    """Of the journal; past it less than `keep_hours` is kept."""
    segment_mb: int = Field(default=64, ge=1)
    """Of one of its files: space comes back a file at a time."""
    reserve_mb: int = Field(default=64, ge=0)
    """Held ready for the time when the disk is full."""
    low_space_mb: int = Field(default=512, ge=0)
    """Less free space is warned of."""
    accept_gap: bool = False
    """Go on without records that are lost and still needed; for one start."""


class ConnectorSettings(_Section):
    connect_timeout_seconds: float = Field(default=5.0, gt=0, le=300)
    """After which a try to connect has failed."""
    retry_first_seconds: float = Field(default=0.5, gt=0, le=3600)
    retry_most_seconds: float = Field(default=30.0, gt=0, le=3600)
    """Between two tries: doubled from the first to the most, less up to half of it by chance."""
    stable_seconds: float = Field(default=10.0, ge=0)
    """A connection that stood this long begins with the first again."""
    read_back_seconds: float = Field(default=60.0, ge=0, le=86_400)
    """OPC UA: how often all values are read and compared with what the subscriptions told; 0 for never."""
    fallback_after_seconds: float = Field(default=10.0, ge=0)
    """Of silence, after which a twin is heard by its next path."""
    return_after_seconds: float = Field(default=60.0, ge=0)
    """For which an earlier path must have been alive to be taken again."""


class CallSettings(_Section):
    timeout_seconds: float = Field(default=10.0, gt=0)
    deadline_seconds: float = Field(default=30.0, gt=0)
    """A call is sent only while younger than this, after a restart as behind a device that does not answer."""


class AlertSettings(_Section):
    max_shelving_seconds: float = Field(default=7 * 86_400.0, gt=0, le=366 * 86_400.0)
    flood_per_minute: int = Field(default=10, ge=0)
    """Alerts raised within a minute under one overlay beyond which one more sums them up; 0 for never."""


class SecuritySettings(_Section):
    certificates_dir: Path | None = None
    """`certificates` in the data folder where none is given; in it own, trusted, issuers and rejected."""
    secrets_dir: Path | None = None
    """`secrets` in the data folder where none is given; what a `password_file` in a definition names lies there."""


class AssetSettings(_Section):
    dir: Path | None = None
    """`assets` in the data folder where none is given."""
    max_file_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    max_total_bytes: int = Field(default=2 * 1024 * 1024 * 1024, ge=1)


class ServerSettings(_Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65535)
    insecure: bool = False
    """Allows an address that is not loopback, although there is no access control yet."""
    allowed_hosts: tuple[str, ...] = ()
    """Besides the server's own; `name` or `name:port`."""
    allowed_origins: tuple[str, ...] = ()
    """Besides the server's own; `http://name:port`."""
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    compress_over_bytes: int = Field(default=1024, ge=0)
    """Smaller answers are sent as they are; 0: all are."""
    tls_cert: Path | None = None
    """PEM: the server's certificate, and those that lead to an authority behind it. Without one, HTTP is served."""
    tls_key: Path | None = None
    """PEM; in the certificate's file where left out."""
    tls_key_password: SecretStr = SecretStr("")
    drain_seconds: float = Field(default=10.0, ge=0, le=600)
    """How long requests, and calls to devices, that are under way are waited for as the server goes down."""
    announce_seconds: float = Field(default=0.0, ge=0, le=600)
    """How long before that it only says that it will: for a load balancer that asks /readyz."""

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> Self:
        if self.tls_key is not None and self.tls_cert is None:
            raise ValueError("tls_key is of a tls_cert, which is not given")
        return self


class GraphQLSettings(_Section):
    max_tokens: int = Field(default=10_000, ge=100)
    """Of a document, as its text is read; 20 characters for each."""
    max_depth: int = Field(default=16, ge=1)
    """Levels of fields; those at the root are the first."""
    max_aliases: int = Field(default=200, ge=0)
    max_directives: int = Field(default=200, ge=0)
    max_root_fields: int = Field(default=100, ge=1)
    max_cost: int = Field(default=50_000, ge=1)
    """Objects that an answer may hold, as they are reckoned before it is executed."""
    timeout_seconds: float = Field(default=30.0, gt=0)
    """Of a query; it is ended then, down to the graph."""
    mutation_timeout_seconds: float = Field(default=600.0, gt=0)
    """Of a mutation, which goes on all the same: only its answer is not waited for any longer."""
    batch_operations: int = Field(default=0, ge=0, le=100)
    """Of one request that is a list; 0: none may be."""
    keep_rendered_mb: int = Field(default=64, ge=0)
    """Of twins as they were answered last, to be answered so again while nothing of them has changed; 0: none are."""
    introspection: bool = True
    documents_dir: Path | None = None
    """Trusted documents, which clients name by `documentId`."""
    trusted_only: bool = False
    """Executes nothing else."""
    max_sockets: int = Field(default=10_000, ge=1)
    """WebSockets at once, from all clients."""
    max_operations_per_socket: int = Field(default=100, ge=1)
    """At once."""
    init_timeout_seconds: float = Field(default=10.0, gt=0)
    """How long a WebSocket may be open without `connection_init`."""

    @model_validator(mode="after")
    def _trusted_documents(self) -> Self:
        if self.trusted_only and self.documents_dir is None:
            raise ValueError("trusted_only needs documents_dir: without documents nothing would be executed")
        return self


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="TWIN_OVERLAY_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    data_dir: Path = Path("twin-overlay-data")
    """The journal, its lock, the embedded graph and the assets live here."""
    graph: GraphSettings = GraphSettings()
    actor: ActorSettings = ActorSettings()
    ingest: IngestSettings = IngestSettings()
    graph_writer: GraphWriterSettings = GraphWriterSettings()
    journal: JournalSettings = JournalSettings()
    connectors: ConnectorSettings = ConnectorSettings()
    calls: CallSettings = CallSettings()
    alerts: AlertSettings = AlertSettings()
    notifications: NotificationSettings = NotificationSettings()
    server: ServerSettings = ServerSettings()
    graphql: GraphQLSettings = GraphQLSettings()
    assets: AssetSettings = AssetSettings()
    security: SecuritySettings = SecuritySettings()
    snapshot_every_entries: int = Field(default=5000, ge=1)


def certificates_folder(settings: Settings) -> Path:
    return settings.security.certificates_dir or settings.data_dir / "certificates"


def secrets_folder(settings: Settings) -> Path:
    return settings.security.secrets_dir or settings.data_dir / "secrets"


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """Settings from `overrides` (nested dicts), then the environment, then `file`. Raises Misconfigured with every
    problem found."""

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            if file is None:
                return (init_settings, env_settings)
            return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file))

    if file is not None and not file.is_file():
        raise Misconfigured(f"there is no settings file {file}", hint="give an existing TOML file to --config")
    try:
        return FromFile(**overrides)
    except ValidationError as error:
        problems = [
            Problem("SETTING_INVALID", item["msg"].removeprefix("Value error, "), _pointer(item["loc"]))
            for item in error.errors()
        ]
        raise Misconfigured(
            "the settings are not usable", hint="see the settings table in docs/operating.md", problems=problems
        ) from error
    except SettingsError as error:
        raise Misconfigured(
            f"a variable of the environment can't be read: {error}", hint='a list is written as JSON: ["...", "..."]'
        ) from error
    except ValueError as error:  # a TOML syntax error
        raise Misconfigured(f"{file} is not valid TOML: {error}") from error


def _pointer(places: tuple[int | str, ...]) -> str:
    """Without the kind that pydantic puts behind the place of a notification target."""
    kind = 3 if places[:2] == ("notifications", "targets") and len(places) > 3 else None
    return "/" + "/".join(str(part) for index, part in enumerate(places) if index != kind)
