"""`redress demo`: real complaints, posted and played to their end, and every one of them accounted for."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from demo import sample
from demo.account import SUBSCRIBED
from demo.audit import Audit
from demo.calls import Caller, Screen
from demo.cast import Cast, Shop
from demo.receivers import Hook, Mailbox, hook, mailbox
from demo.sample import Complaint
from demo.show import Report
from demo.stage import PATIENCE, Stage, Vain, eventually, opened
from demo.story import story
from shared.config import Settings
from shared.database import PLATFORM, make_engine

SIDE_BY_SIDE = 16
"""Complaints that are posted, or played, at the same time."""


async def play(settings: Settings, complaints: int, as_json: bool, out: Console, err: Console) -> bool:
    """True when every complaint that was accepted is accounted for in every service.

    Everything happens in a folder and on ports of its own, and no message leaves this machine.
    """
    work = asyncio.ensure_future(_play(settings, complaints, err))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel, "stopped")
    try:
        report = await work
    except asyncio.CancelledError as cancelled:
        if cancelled.args != ("stopped",):
            raise
        err.print("Stopped.")
        return False
    report.print_json(out) if as_json else report.print(out)
    return report.agrees


async def _play(settings: Settings, complaints: int, err: Console) -> Report:
    begun = time.monotonic()
    err.print("[dim]Starting a Redress of its own: private PostgreSQL, five services, one port ...[/]")
    async with mailbox() as mail, hook() as receiver, opened(settings, mail.port) as stage:
        ready = time.monotonic()
        async with _callers(stage) as callers, _log(stage) as engine:
            await _subscribe(callers, receiver)
            played = await _performed(callers, sample.complaints(complaints), err)
            done = time.monotonic()
            report = await _audited(callers, engine, mail, receiver, played)
        report.warnings = stage.warnings()
    end = time.monotonic()
    report.seconds = {"start": ready - begun, "play": done - ready, "audit": end - done}
    return report


@dataclass
class _Callers:
    """Whoever calls Redress, each with a key for their own work and no more."""

    shop: Caller
    desk: Caller
    handlers: Caller
    management: Caller
    operations: Caller
    auditor: Caller
    customers: Caller


@asynccontextmanager
async def _callers(stage: Stage) -> AsyncIterator[_Callers]:
    async def caller(name: str, *scopes: str) -> Caller:
        return Caller(stage.url, await stage.key(name, *scopes))

    callers = _Callers(
        shop=await caller("shop", "complaints:write"),
        desk=await caller("triage desk", "complaints:read", "triage:write"),
        handlers=await caller("handlers", "cases:read", "cases:work"),
        # Nobody of the sample directory has larger limits than another: so an administrator approves.
        management=await caller("management", "admin"),
        operations=await caller("operations", "webhooks:write", "complaints:read"),
        auditor=await caller("auditor", "complaints:read", "cases:read", "deliveries:read", "measures:read"),
        customers=Caller(stage.url),
    )
    try:
        yield callers
    finally:
        for each in vars(callers).values():
            await each.http.aclose()


@asynccontextmanager
async def _log(stage: Stage) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(stage.database_url, PLATFORM, pool_size=2)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _subscribe(callers: _Callers, receiver: Hook) -> None:
    wanted = {"url": receiver.url, "event_types": list(SUBSCRIBED), "description": "operations team"}
    webhook = await callers.operations.post("/notification/v1/webhooks", wanted)
    receiver.secret = webhook["secret"]


@dataclass
class _Played:
    complaints: list[Complaint]
    followed: Complaint
    screens: list[Screen] = field(default_factory=list)
    """The followed customer's."""


async def _performed(callers: _Callers, complaints: list[Complaint], err: Console) -> _Played:
    """Post everything, and play it to the end. One story is followed live, from its first second."""
    shop = Shop(callers.shop)
    cast = Cast(callers.desk, callers.handlers, callers.management, callers.customers)
    played = _Played(complaints, sample.most_eventful(complaints))
    first, rest = played.followed, [c for c in complaints if c is not played.followed]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as progress:
        posted = progress.add_task("posted  登记", total=len(complaints))
        ended = progress.add_task("played  处理", total=len(complaints))

        async def post(complaint: Complaint) -> None:
            await shop.post(complaint)
            progress.advance(posted)

        async def act(complaint: Complaint) -> None:
            if complaint.id:
                watched = played.screens.append if complaint is first else _nobody
                await cast.play(complaint, watched)
            progress.advance(ended)

        await post(first)
        async with asyncio.TaskGroup() as group:
            group.create_task(act(first))
            await _side_by_side(post, rest)
            await _side_by_side(act, rest)
    return played


def _nobody(live: Screen) -> None:
    pass


async def _side_by_side(
    work: Callable[[Complaint], Awaitable[None]], complaints: Iterable[Complaint]
) -> None:
    waiting = iter(complaints)

    async def worker() -> None:
        for complaint in waiting:
            await work(complaint)

    async with asyncio.TaskGroup() as group:
        for _ in range(SIDE_BY_SIDE):
            group.create_task(worker())


async def _audited(
    callers: _Callers, engine: AsyncEngine, mail: Mailbox, receiver: Hook, played: _Played
) -> Report:
    """Wait until nothing is under way any more, and account for everything."""
    audit = Audit(callers.auditor, callers.shop, engine, mail, receiver)
    with suppress(Vain):
        within = max(PATIENCE, len(played.complaints) / 2)
        await eventually(audit.settled, "the last messages", within, pause=0.2)
    with suppress(Vain):
        # Who reads the log may still be at the last events: so the account is drawn up again.
        await eventually(lambda: audit.agrees(played.complaints), "the account", PATIENCE / 2, 0.5)
    assert audit.last is not None
    found, lines = audit.last
    live = played.screens[0] if played.screens else None
    events = await story(engine, played.followed.id, live) if played.followed.id else []
    catalogue = (await callers.auditor.get("/insights/v1/measures/catalogue"))["items"]
    return Report(played.complaints, played.followed, events, found, catalogue, lines)
