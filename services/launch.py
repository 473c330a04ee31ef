"""Starting processes: the database, the checks before the port opens, the server."""

import asyncio
import gc
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

import uvicorn

from services import catalogue
from shared import telemetry
from shared.config import TABLE_LOG, Settings
from shared.keys import ensure_admin_key
from shared.migrate import migrate, pending
from shared.postgres import DataFolderInUse, PrivatePostgres
from shared.process import Process, patiently

log = logging.getLogger(__name__)


class CannotStart(RuntimeError):
    """The settings do not allow a start; the message says what to change."""


@contextmanager
def database(settings: Settings, *, join: bool = False) -> Iterator[str]:
    """The URL of the database: the configured one, or a private PostgreSQL for the length of the block.

    With `join`, a private PostgreSQL that another Redress runs in the data folder is used as it is.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = PrivatePostgres(settings.data_dir)
    try:
        server.start()
    except DataFolderInUse:
        if not join:
            raise
        yield server.url
        return
    try:
        yield server.url
    finally:
        server.stop()


async def prepare(settings: Settings, url: str, report: Callable[[str], None] = lambda name: None) -> None:
    """Migrate everything, and make the first administrator's key."""
    urls = {name: settings.database_urls.get(name, url) for name in catalogue.NAMES}
    await migrate(url, urls, report=report)
    file = settings.data_dir / "admin.key"
    if await ensure_admin_key(url, file):
        log.warning("The first administrator's key is in %s (only you can read it).", file)


def run(settings: Settings, names: Sequence[str], *, migrate_first: bool) -> None:
    """Run services until the process is told to stop. Raises CannotStart, PostgresError."""
    telemetry.configure_logging(settings.log_level, settings.log_format)
    check(settings, names, one_machine=migrate_first)
    # uvicorn chooses the loop (uvloop where there is one), but only if it makes it; here the workers share it.
    loop_factory = uvicorn.Config("", log_config=None).get_loop_factory()
    with database(settings) as url, asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve(settings, url, names, migrate_first))


def check(settings: Settings, names: Sequence[str], *, one_machine: bool) -> None:
    """Refuse what would be unsafe or could not work. Raises CannotStart."""
    if not _is_loopback(settings.host) and settings.secret is None:
        raise CannotStart(
            f"REDRESS_HOST={settings.host} opens Redress to the network, but REDRESS_SECRET is not set. Set it "
            "to 32 or more random characters, the same for every process, or listen on 127.0.0.1."
        )
    if settings.secret is not None and len(settings.secret.get_secret_value()) < 32:
        raise CannotStart("REDRESS_SECRET is shorter than 32 characters.")
    if settings.oidc_issuer and not settings.oidc_jwks_url:
        raise CannotStart("REDRESS_OIDC_ISSUER is set, but REDRESS_OIDC_JWKS_URL is not.")
    if not one_machine and settings.database_url is None:
        raise CannotStart(
            "`redress serve` shares a database with other processes: set REDRESS_DATABASE_URL. To run everything "
            "in one process with a private database, use `redress up`."
        )
    if (
        "notification" in names
        and "intake" not in {*names, *settings.service_urls}
        and not settings.public_url
    ):
        raise CannotStart(
            "notification asks intake for addresses: say where it answers, "
            'REDRESS_SERVICE_URLS={"intake": "http://..."}.'
        )
    if settings.event_log_url == TABLE_LOG and settings.database_urls:
        raise CannotStart(
            "The table log moves events inside one database. With REDRESS_DATABASE_URLS set, use Kafka: "
            "REDRESS_EVENT_LOG_URL=kafka://..."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _serve(settings: Settings, url: str, names: Sequence[str], migrate_first: bool) -> None:
    if migrate_first:
        await prepare(settings, url)
    else:
        urls = {name: settings.database_urls.get(name, url) for name in names}
        if behind := await patiently(lambda: pending(url, urls), settings.start_patience):
            raise CannotStart(
                f"The database is not prepared for this version of Redress ({', '.join(behind)}): "
                "run `redress migrate`."
            )
    _allow_descriptors()
    process = Process(settings, url, catalogue.load(names))
    listener = _listen(settings)
    port = listener.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            process.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
            server_header=False,
            ws_max_size=4096,  # whoever follows live has nothing to say
            ws_per_message_deflate=False,  # it would cost each follower 300 kB
        )
    )
    # uvicorn raises a caught signal again when it has stopped, which would end us before the workers have.
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]  # it has no setting for it
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
    async with process.running(patience=settings.start_patience):
        _settle_memory()
        log.warning("Redress (%s) answers at http://%s:%s", ", ".join(names), settings.host, port)
        await server.serve([listener])


def _allow_descriptors() -> None:
    """As many open files as the system grants: each live stream is one, and the usual 1024 are soon used up."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _settle_memory() -> None:
    """What was loaded stays for good: the collector need not look at it again and again, nor after every 700
    new objects. A request leaves hundreds behind, nearly all of which are freed without it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        raise CannotStart(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Set REDRESS_PORT to a free port."
        ) from error
    return listener
