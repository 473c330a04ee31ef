"""What a service is, and what it is given when it runs. Every service has the same anatomy."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Annotated, Any, Protocol, TypeVar, cast, runtime_checkable

import httpx
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy import MetaData

from shared import openapi, problems, telemetry
from shared.auth import Authenticator
from shared.config import Settings
from shared.database import Database
from shared.direct import DirectApp
from shared.eventlog import EventLog
from shared.reactions import Pump, Reactions, topics_of
from shared.relay import Relay
from shared.strictjson import read_json

log = logging.getLogger(__name__)

P = TypeVar("P")


@runtime_checkable
class Holding(Protocol):
    """A part that holds something open until the service ends."""

    def hang_up(self) -> None: ...


@dataclass
class Context:
    """What one service holds while it runs: never shared with another service."""

    name: str
    settings: Settings
    database: Database
    log: EventLog
    authenticator: Authenticator
    peers: Callable[[str], httpx.AsyncClient]
    """An HTTP client for another service, in this process or another; see `ask`."""
    parts: dict[type, object] = field(default_factory=dict)

    def part(self, kind: type[P]) -> P:
        """A thing that the service made for itself at the start (`Service.parts`)."""
        return cast(P, self.parts[kind])

    async def ask(
        self, service: str, path: str, *scopes: str, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Ask another service for a fact that must not travel on the log.

        Raises httpx.HTTPError when it cannot be had now; the caller tries again later.
        """
        token = self.authenticator.service_token(self.name, scopes)
        return await self._get(service, path, {**(headers or {}), "Authorization": f"Bearer {token}"})

    async def ask_for(self, caller: Request, service: str, path: str, **headers: str) -> Any:
        """The same with the caller's own credentials: what they may not read there, they are not given here, and that
        service's audit trail names them. Raises httpx.HTTPError."""
        credentials = {"Authorization": caller.headers.get("Authorization", "")}
        return await self._get(service, path, headers | credentials)

    async def _get(self, service: str, path: str, headers: dict[str, str]) -> Any:
        if traceparent := telemetry.traceparent():
            headers["traceparent"] = traceparent
        answer = await self.peers(service).get(path, headers=headers)
        return answer.raise_for_status().json()

    async def hand(
        self, service: str, path: str, content: bytes, kind: str, scope: str, **query: str
    ) -> httpx.Response:
        """Hand another service what must not travel on the log. Raises httpx.HTTPError when it cannot be had now."""
        token = self.authenticator.service_token(self.name, [scope])
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        return await self.peers(service).post(path, content=content, headers=headers, params=query)


@dataclass(frozen=True)
class Worker:
    """A loop that runs as long as the service. If it fails it begins again, after a pause."""

    name: str
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Service:
    """Routers, reactions, workers and tables of one service, by name."""

    name: str
    summary: str
    router: APIRouter
    metadata: MetaData
    faces: Mapping[str, APIRouter] = field(default_factory=dict)
    """Routers beside `/v1`, by prefix: interfaces whose paths a standard prescribes, and pages."""
    reactions: Sequence[Reactions[Any]] = ()
    """What follows from events, for each kind of aggregate; one consumer, called like the service, feeds them all."""
    readers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Topics that workers of its own read from the log, by consumer group."""
    parts: Callable[[Context], Sequence[object]] = lambda context: ()
    """Things made once at the start and handed out by `Context.part`."""
    workers: Callable[[Context], Sequence[Worker]] = lambda context: ()
    """Loops of its own, next to the relay and the pump that every service has."""
    large_bodies: Callable[[Settings], Mapping[str, int]] = lambda settings: {}
    """Paths below the service (regular expressions) whose bodies are streamed and may be larger than
    `body_limit`: up to so many bytes."""

    @property
    def groups(self) -> Mapping[str, Sequence[str]]:
        """Everything that the service reads from the log, by consumer group."""
        return {self.name: topics_of(self.reactions), **self.readers}

    def app(self, context: Context) -> FastAPI:
        """The service's HTTP application, mounted at `/<name>`."""
        app = DirectApp(
            title=f"Redress {self.name}",
            summary=self.summary,
            version="1",
            docs_url="/docs",
            redirect_slashes=False,  # nobody who forgot an id shall be sent to the list
            servers=[{"url": f"/{self.name}", "description": "At the address where Redress answers"}],
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            # Generated clients name their methods by it.
            generate_unique_id_function=lambda route: route.name,
        )
        app.state.context = context
        problems.install(app)
        app.include_router(self.router, prefix="/v1")
        for prefix, face in self.faces.items():
            app.include_router(face, prefix=prefix)
        openapi.complete(app, self.name)
        return app

    def all_workers(self, context: Context) -> list[Worker]:
        settings = context.settings
        relay = Relay(context.database, context.log, settings.relay_batch, settings.poll_interval)
        context.database.on_publish = relay.wake
        return [
            Worker(f"{self.name}.relay", relay.run),
            *self.workers(context),
            Worker(f"{self.name}.consumer", self.pump(context).run),
        ]

    def pump(self, context: Context) -> Pump:
        """What feeds its reactions from the log."""
        return Pump(
            self.name,
            self.reactions,
            context.database,
            context.log,
            batch=context.settings.consumer_batch,
            poll_interval=context.settings.poll_interval,
            attempts=context.settings.handler_attempts,
        )


async def repeat(context: Context, pause: int, turn: Callable[[], Awaitable[object]]) -> None:
    """A turn now, and one after each `pause` (poll intervals), for ever."""
    while True:
        await turn()
        await asyncio.sleep(context.settings.poll_interval * pause)


async def supervise(worker: Worker, failing: dict[str, str]) -> None:
    """Run the worker for ever. While it fails, `failing` says why, and readiness shows it."""
    pause, lasted = 0.1, 0.0
    while True:
        started = asyncio.get_running_loop().time()
        try:
            # Well again when it has run for longer than it took to fail the last time.
            steady = asyncio.get_running_loop().call_later(1.0 + lasted, failing.pop, worker.name, None)
            try:
                await worker.run()
            finally:
                steady.cancel()
            return
        except Exception as error:
            from shared.reactions import describe

            failing[worker.name] = describe(error)
            telemetry.WORKER_RESTARTS.labels(worker.name).inc()
            log.warning("%s failed and begins again: %s", worker.name, describe(error))
            lasted = min(asyncio.get_running_loop().time() - started, 60.0)
            if lasted > 10:
                pause = 0.1
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


async def context_of(request: Request) -> Context:
    return cast(Context, request.app.state.context)


Ctx = Annotated[Context, Depends(context_of)]


class StrictRequest(Request):
    """Reads JSON as `read_json` does."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            try:
                self._json = read_json(await self.body())
            except ValueError as error:
                raise JSONDecodeError(str(error), "", 0) from None
        return self._json


class StrictRoute(APIRoute):
    """A route whose handler gets a StrictRequest; a query parameter that it does not know is refused."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        known = set(_query_parameters(self.dependant))

        async def strict(request: Request) -> Response:
            if unknown := request.query_params.keys() - known:
                raise RequestValidationError(
                    [
                        {"type": "extra_forbidden", "loc": ("query", name[:100]), "msg": ""}
                        for name in sorted(unknown)
                    ]
                )
            return await answer(StrictRequest(request.scope, request.receive))

        return strict


def _query_parameters(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for each in dependant.dependencies:
        yield from _query_parameters(each)


def api_router(**arguments: Any) -> APIRouter:
    """The router that every service's `api.py` begins with."""
    return APIRouter(route_class=StrictRoute, **arguments)
