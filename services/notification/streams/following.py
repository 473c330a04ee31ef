"""What a stream sends, in order: what was missed, then what happens, and signs of life between."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

import httpx

from services.notification.streams.customers import Seen
from services.notification.streams.hub import Batch, Hub
from services.notification.streams.messages import Beat, Farewell, Message, Steps, Why
from services.notification.streams.model import Wanted
from services.notification.streams.store import CursorExpired, read
from shared.auth import Unauthorized
from shared.database import Database
from shared.opening import UnknownCase

PAGE = 200
"""Events that are read at once while a stream catches up."""
ASK_AFTER = (0.1, 0.5, 2.0)
"""Seconds after a fact about a case at which intake is asked what the customer sees now: it hears of it when we do."""
ASK_ANYHOW = 30.0
"""Seconds after which it is asked although nothing rang."""

Check = Callable[[], Awaitable[object]]
"""Raises Unauthorized when whoever follows may not any more."""
Ask = Callable[[int], Awaitable[Seen]]
"""What the customer sees behind a step."""


class Turns:
    """Says, every so many seconds, that it is time again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


async def follow_feed(
    database: Database, hub: Hub, wanted: Wanted, after: int, beat: float, check: Check
) -> AsyncGenerator[Message, None]:
    """Everything wanted behind the cursor, each event once and in order, for ever."""
    yield Beat(after, first=True)
    turns = Turns(beat)
    try:
        more = True
        while more:
            page = await read(database, after, wanted, PAGE)
            after, more = page.reached, page.more
            if page.entries:
                yield Batch(tuple(page.entries))
            if turns():
                await check()
        with hub.joined(wanted) as follower:
            while after < follower.since:  # what the hub had handed out before we joined
                page = await read(database, after, wanted, PAGE)
                after = page.reached
                if page.entries:
                    yield Batch(tuple(page.entries))
            while True:
                batch = await follower.next(beat)
                if batch is None and follower.overflowed:
                    yield Farewell(Why.BEHIND, after)
                    return
                if batch is not None and (rest := batch.behind(after)) is not None:
                    after = rest.reached
                    yield rest
                if turns():
                    await check()
                    if not follower.waits:
                        after = max(after, hub.position)
                        yield Beat(after)
    except Unauthorized:
        yield Farewell(Why.UNAUTHORISED, after)
    except CursorExpired:
        yield Farewell(Why.EXPIRED, after)


async def follow_case(hub: Hub, ask: Ask, after: int, beat: float) -> AsyncGenerator[Message, None]:
    """The steps of one case behind a step, each once and in order, for ever."""
    yield Beat(after, first=True)
    turns = Turns(beat)
    try:
        while True:
            with suppress(httpx.HTTPError, OSError):  # intake is away: it is asked again
                case = await ask(after)
                with hub.listening(case.complaint_id, case.follows or case.complaint_id) as bell:
                    # At once, now that the bell hangs: what happened before rang for nobody.
                    due = [time.monotonic()]
                    follows = case.follows
                    while follows == case.follows:
                        if await _rings(bell, min(beat, due[0] - time.monotonic())):
                            due = _due(due[0])
                        elif time.monotonic() >= due[0]:
                            due = due[1:] or [time.monotonic() + ASK_ANYHOW]
                            seen = await ask(after)
                            follows = seen.follows
                            if seen.steps:
                                after = seen.steps[-1].id
                                yield Steps([step.model_dump() for step in seen.steps])
                        if turns():
                            yield Beat(after)
                continue
            await asyncio.sleep(min(beat, ASK_AFTER[-1]))
            if turns():
                yield Beat(after)
    except UnknownCase:
        yield Farewell(Why.UNAUTHORISED, after)


def _due(next_one: float) -> list[float]:
    """When to ask after the bell rang: what was due is not put off by it."""
    now = time.monotonic()
    first, *rest = ASK_AFTER
    return [min(next_one, now + first), *(now + seconds for seconds in rest), now + ASK_ANYHOW]


async def _rings(bell: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await bell.wait()
    rang = bell.is_set()
    bell.clear()
    return rang
