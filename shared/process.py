"""One process: the services it runs, on one port, with everything they need started and stopped in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

import httpx
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import failpoints, problems, telemetry
from shared.asgi import App, Edge, Mounts
from shared.auth import Authenticator, OpenIdIssuer
from shared.config import Settings
from shared.database import PLATFORM, Database, is_transient, make_engine
from shared.eventlog import EventLog, open_log
from shared.reactions import describe
from shared.service import Context, Holding, Service, Worker, supervise

log = logging.getLogger(__name__)

T = TypeVar("T")


class Process:
    """Assembles services into one ASGI application. `database_url` is a PostgreSQL that is up and migrated."""

    def __init__(self, settings: Settings, database_url: str, services: Sequence[Service]) -> None:
        self.settings = settings
        self.services = services
        self.log: EventLog = open_log(settings, database_url)
        self._platform: AsyncEngine = make_engine(database_url, PLATFORM, pool_size=4)
        self._failing: dict[str, str] = {}
        self._clients: dict[str, httpx.AsyncClient] = {}
        oidc = None
        if settings.oidc_issuer and settings.oidc_jwks_url:
            oidc = OpenIdIssuer(settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks_url)
        authenticator = Authenticator(self._platform, settings.installation_secret, oidc)
        self.contexts: dict[str, Context] = {}
        for service in services:
            url = settings.database_urls.get(service.name, database_url)
            database = Database(url, service.name, settings.database_pool_size)
            context = Context(service.name, settings, database, self.log, authenticator, self._peer)
            context.parts = {type(part): part for part in service.parts(context)}
            self.contexts[service.name] = context
        self._app = self._build()
        self.app: App = Edge(
            self._app,
            authenticator,
            settings.body_limit,
            settings.rate_limit,
            settings.rate_limit_anonymous,
            {
                f"/{service.name}{path}": limit
                for service in services
                for path, limit in service.large_bodies(settings).items()
            },
            [settings.base_url, *settings.stream_origins],
        )
        failpoints.arm(settings.failpoint)

    @asynccontextmanager
    async def running(self, *, workers: bool = True, patience: float = 0.0) -> AsyncIterator["Process"]:
        """Everything started; on leaving, everything stopped, in reverse order.

        Without `workers` nothing happens by itself: for commands that do one thing. A log that is away is waited for
        during `patience` seconds.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            await patiently(self.log.start, patience)
            stack.push_async_callback(self.log.stop)
            loops = [w for s in self.services for w in s.all_workers(self.contexts[s.name])]
            loops.append(Worker("gauges", self._gauge))
            tasks = [
                asyncio.create_task(supervise(loop, self._failing), name=loop.name)
                for loop in (loops if workers else ())
            ]
            stack.push_async_callback(_cancel, tasks)
            yield self

    async def _close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        for context in self.contexts.values():
            for part in context.parts.values():
                if isinstance(part, Holding):
                    part.hang_up()
            await context.database.close()
        await self._platform.dispose()

    def _build(self) -> App:
        app = FastAPI(title="Redress", docs_url=None, redoc_url=None, openapi_url=None)
        app.state.process = self
        problems.install(app)
        app.include_router(_own)
        return Mounts({s.name: s.app(self.contexts[s.name]) for s in self.services}, app)

    async def unready(self) -> dict[str, str]:
        """Why this process should get no requests now, by part; empty when it should."""
        reasons = dict(self._failing)
        for name, context in self.contexts.items():
            try:
                async with asyncio.timeout(2), context.database.reading() as connection:
                    await connection.execute(text("SELECT 1"))
            except Exception as error:
                reasons[f"{name}.database"] = describe(error)
        return reasons

    def _peer(self, service: str) -> httpx.AsyncClient:
        if service not in self._clients:
            here = service in self.contexts
            url = self.settings.service_urls.get(service, self.settings.base_url)
            self._clients[service] = httpx.AsyncClient(
                base_url="http://in-process" if here else url,
                transport=httpx.ASGITransport(self._app) if here else None,
                timeout=10,
            )
        return self._clients[service]

    async def _gauge(self) -> None:
        """Measure what cannot be counted as it happens: ages, lags, open letters."""
        while True:
            for service in self.services:
                context = self.contexts[service.name]
                async with context.database.reading() as connection:
                    age = await connection.execute(
                        text("SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox")
                    )
                    telemetry.OUTBOX_OLDEST.labels(service.name).set(float(age.scalar_one()))
                    letters = await connection.execute(text("SELECT count(*) FROM dead_letters"))
                    telemetry.DEAD_LETTERS.labels(service.name).set(letters.scalar_one())
                for group, topics in service.groups.items():
                    telemetry.CONSUMER_LAG.labels(group).set(await self.log.lag(group, topics))
            await asyncio.sleep(5)

    async def backlog(self) -> int:
        """Events that wait anywhere: in an outbox, or on the log for a consumer of this process."""
        waiting = 0
        for service in self.services:
            async with self.contexts[service.name].database.reading() as connection:
                waiting += (await connection.execute(text("SELECT count(*) FROM outbox"))).scalar_one()
            for group, topics in service.groups.items():
                waiting += await self.log.lag(group, topics)
        return waiting


# FastAPI remembers every endpoint for good. So these belong to the module, not to a process: all of it would be kept.
_own = APIRouter(include_in_schema=False)


@_own.get("/")
async def index(request: Request) -> dict[str, dict[str, str]]:
    """What runs here."""
    process: Process = request.app.state.process
    return {
        s.name: {"what": s.summary, "docs": f"/{s.name}/docs", "openapi": f"/{s.name}/openapi.json"}
        for s in process.services
    }


@_own.get("/livez")
async def livez() -> dict[str, str]:
    """That it runs."""
    return {"status": "alive"}


@_own.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Whether it should get requests now."""
    process: Process = request.app.state.process
    reasons = await process.unready()
    status = "unready" if reasons else "ready"
    return JSONResponse({"status": status, "reasons": reasons}, 503 if reasons else 200)


@_own.get("/metrics")
async def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(telemetry.METRICS), media_type=CONTENT_TYPE_LATEST)


async def patiently(work: Callable[[], Awaitable[T]], patience: float) -> T:
    """What `work` returns. While what it needs is away it is tried again, for `patience` seconds."""
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + patience, 0.1
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_transient(error) or loop.time() + pause > end:
                raise
            log.warning("Waiting for what is away: %s", describe(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, 2.0)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    left = set(tasks)
    while left:  # a library that loses a cancellation gets another one
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=1)
        for task in left:
            log.warning("still stopping: %s", task.get_name())
