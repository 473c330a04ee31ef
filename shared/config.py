"""Settings, from the environment (`REDRESS_...`) and from `redress.toml` in the working folder.

The doc comment below each field is the manual: `docs/configuration.md` is made from it.
"""

import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl, IPvAnyNetwork, NonNegativeFloat, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from shared.postgres import default_data_dir

TABLE_LOG = "table:"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="REDRESS_",
        env_nested_delimiter="__",
        toml_file="redress.toml",
        use_attribute_docstrings=True,
        extra="forbid",
        frozen=True,
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    """Folder for everything that Redress keeps on this machine: the private PostgreSQL, the first
    administrator's key, the generated secret."""

    database_url: str | None = None
    """PostgreSQL >= 15 as `postgresql+asyncpg://user:password@host/database`. Without it Redress starts a
    private PostgreSQL inside the data folder."""

    database_urls: dict[str, str] = {}
    """A database of its own for a service, by service name, as JSON. The rest use `database_url`."""

    database_pool_size: int = Field(default=8, ge=4)
    """Connections that each service keeps ready, per process (as many again when it needs them); two of them
    belong to the relay and the listener."""

    event_log_url: str = TABLE_LOG
    """`table:` keeps the event log in the database (one machine); `kafka://host:9092,host:9092` puts it on
    Apache Kafka."""

    kafka_partitions: PositiveInt = 12
    """Partitions of every topic that Redress creates: the largest number of processes that can share the
    work of one service."""

    kafka_replication: PositiveInt = 1
    """Copies of every topic that Redress creates. Use 3 in production."""

    host: str = "127.0.0.1"
    """Address to listen on. Beyond loopback it needs `secret` to be set."""

    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and prints it."""

    public_url: HttpUrl | None = None
    """Where customers reach this installation; links in messages begin with it. Without it: `host` and
    `port`."""

    secret: SecretStr | None = None
    """Installation secret (32 characters or more): signs the calls between services and derives tracking
    tokens. Without it one is generated in the data folder, which only processes on this machine share."""

    service_urls: dict[str, str] = {}
    """Where services that run in other processes answer, by service name, as JSON:
    `{"intake": "http://intake:8000"}`."""

    vault_keys: tuple[SecretStr, ...] = ()
    """Keys (32 characters or more each) that seal personal data in the database, as JSON, the newest first. What
    older ones sealed stays readable while they are listed, until `redress vault rotate` has sealed all of it anew.
    Without any the installation secret is the key; it always opens what it has sealed."""

    retention_days: PositiveInt | None = None
    """Days after the last thing that happened to a closed case until the personal data in it is erased; counts
    survive. Without it they are kept until somebody asks for the erasure."""

    oidc_issuer: str | None = None
    """Accept access tokens (JWT) of this OpenID Connect issuer, next to API keys."""

    oidc_audience: str = "redress"
    """Audience that such a token must carry."""

    oidc_jwks_url: str | None = None
    """Where the issuer's signing keys are (JWKS). Required with `oidc_issuer`."""

    body_limit: PositiveInt = 1024 * 1024
    """Largest request body, in bytes."""

    attachments_url: str | None = Field(default=None, pattern=r"^(s3://|file:///)[^\s]+$")
    """Where attachments are kept: a folder that every process of intake sees (`file:///srv/attachments`), or
    `s3://bucket/prefix` on any S3-compatible store. Without it: `attachments` in the data folder."""

    attachments_options: dict[str, SecretStr] = {}
    """How to reach the S3-compatible store, as JSON: `endpoint`, `region`, `access_key_id`,
    `secret_access_key` and the other options of obstore's S3Store. What is left out comes from the usual
    `AWS_...` variables."""

    attachment_limit: PositiveInt = 25 * 1024 * 1024
    """Largest attachment, in bytes."""

    attachments_per_complaint: PositiveInt = 50
    """Attachments that one complaint can have."""

    import_limit: PositiveInt = 256 * 1024 * 1024
    """Largest file of complaints that is imported at once, in bytes. It lies with the attachments until its rows
    are registered."""

    open311_jurisdiction: str | None = None
    """The `jurisdiction_id` of this installation in Open311; another one is refused. Without it any is taken."""

    scanner_url: str | None = Field(default=None, pattern=r"^tcp://[^\s]+$")
    """ClamAV's daemon as `tcp://host:3310`: attachments are in quarantine until it has found them clean. Its
    StreamMaxLength must not be less than `attachment_limit`. Without it nothing is scanned."""

    start_patience: NonNegativeFloat = 30.0
    """Seconds that `redress serve` waits at its start for a database or a log that cannot be reached; then it ends."""

    rate_limit: str = "12000/minute"
    """Requests that one API key may make, per process."""

    rate_limit_anonymous: str = "600/minute"
    """Requests that one address without a key may make (tracking), per process."""

    tracking_attempts: str = "30/minute"
    """References and tracking tokens that open nothing which one address may try, per process; after that it
    has to wait, whatever it tries."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least serious message that is logged."""

    log_format: Literal["auto", "json", "text"] = "auto"
    """One JSON object a line for machines, or plain lines for a person; `auto`: plain on a terminal."""

    consumer_batch: PositiveInt = 500
    """Events that one transaction of a consumer handles at most."""

    relay_batch: PositiveInt = 1000
    """Events that one transaction of a relay moves at most."""

    poll_interval: PositiveFloat = 0.5
    """Seconds between two looks when nothing wakes a relay, a consumer or a worker."""

    handler_attempts: PositiveInt = 3
    """Tries before an event that cannot be handled is parked as a dead letter."""

    organisation: str = "Redress"
    """Name that signs the messages to customers."""

    time_zone: str = "Asia/Shanghai"
    """Zone in which working time is counted and times are shown to customers."""

    smtp_url: str | None = None
    """Mail server as `smtp://user:password@host:587` (`smtps://` for TLS from the start). Without it mails
    are written to the log channel only."""

    mail_from: str = "complaints@redress.example"
    """Sender of the mails."""

    mail_reply_to: str | None = Field(default=None, pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    """Where customers' answers to our mails go: the address whose mails your mail server hands to `mail_listen`,
    or something posts to `/intake/v1/channels/email`. Without it: `mail_from`."""

    mail_listen: str | None = Field(
        default=None, pattern=r"^(lmtp|smtp)://(\[[0-9a-f:]+\]|[^\s/:@]+):[0-9]{1,5}$"
    )
    """Take mails from your mail server at `lmtp://127.0.0.1:2525` (or `smtp://`). One process of intake listens
    there; beyond loopback only those of `mail_allow` may deliver."""

    mail_allow: list[IPvAnyNetwork] = []
    """Networks of the mail servers that may deliver to `mail_listen`, as JSON: `["10.0.3.0/24"]`. Loopback always
    may."""

    mail_limit: PositiveInt = 35 * 1024 * 1024
    """Largest mail that is taken, in bytes as it travels: files are a third larger in it."""

    bounce_address: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._-]{1,18}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$"
    )
    """Where mails that cannot be delivered come back to: `bounce@example.com`, of which your mail server hands every
    `bounce+...@example.com` to `mail_listen`, or something posts it to `/notification/v1/bounces`. Without it they go
    to `mail_from`, and only reports that return our headers are understood."""

    phone_region: str = Field(default="CN", pattern=r"^[A-Z]{2}$")
    """Country (ISO 3166) whose telephone numbers people write without its code."""

    provider_secrets: dict[str, SecretStr] = {}
    """Secrets of the providers of text and push messages, as JSON, by the names that the rulebook of message
    providers uses."""

    log_letters: bool = False
    """Write letters that reach nobody into `letters` in the data folder, and count them as delivered. For development
    only: they show personal data. It works on loopback only."""

    stock_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    """Your system that knows stock and capacity. It is asked before an exchange, a repair or an expedited delivery
    is promised (docs/api.md). Without it nothing is checked."""

    stock_token: SecretStr | None = None
    """Sent to `stock_url` as `Authorization: Bearer`."""

    stock_private: bool = False
    """`stock_url` may lead into your own network."""

    attempts_days: PositiveInt = 90
    """Days for which the attempts at each delivery are kept, with what receivers of webhooks answered. What became of
    the delivery is kept longer."""

    allow_private_targets: bool = False
    """Let webhooks and `stock_url` reach private and loopback addresses. For development only: it switches the guard
    against server-side request forgery off."""

    feed_days: PositiveInt = 30
    """Days for which the feed (`/notification/v1/events`) and the streams can be read back. The log itself is kept for
    ever."""

    stream_limit: PositiveInt = 5000
    """Live streams that one process serves at once; one key may have half of them. Each needs a file descriptor and
    about 0.1 MB."""

    stream_beat: PositiveFloat = 15.0
    """Seconds between two signs of life of a live stream; as often it is looked whether its key still holds."""

    stream_origins: list[str] = []
    """Origins of web pages that may open a WebSocket, as JSON: `["https://desk.example.com"]`. Pages at `public_url`
    and at the address that was asked always may."""

    failpoint: str = ""
    """Crash tests only: `NAME:N` kills the process the N-th time it passes the named point."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def base_url(self) -> str:
        """`public_url`, or the address that this process listens on; without a slash at the end."""
        return str(self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @cached_property
    def installation_secret(self) -> bytes:
        """The secret itself: the configured one, or the one kept in the data folder (made at first use)."""
        if self.secret is not None:
            return self.secret.get_secret_value().encode()
        return _kept_secret(self.data_dir / "secret")


def _kept_secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.exists():
        write_private(fresh, secrets.token_urlsafe(32))
        try:
            os.link(fresh, path)  # atomic: of two processes that start together one wins, both read the same
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


def reference() -> str:
    """The configuration reference in Markdown."""
    lines = [
        "# Configuration",
        "",
        "Set a variable in the environment, or the lower-case name without `REDRESS_` in `redress.toml`.",
        "Made by `redress settings` from the settings themselves.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = (
            "the user's data folder; `/var/lib/redress` as root"
            if name == "data_dir"
            else f"`{field.default}`"
        )
        if field.default is None or field.default == "":
            default = "none"
        meaning = " ".join((field.description or "").split())
        lines.append(f"| `REDRESS_{name.upper()}` | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (mode 0600 from the first moment)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
