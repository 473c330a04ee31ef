"""From what a caller shows and asks to the stream that they get. Whatever is wrong is said before it begins."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.requests import HTTPConnection

from services.notification.streams.access import sight_of
from services.notification.streams.customers import Cases
from services.notification.streams.following import follow_case, follow_feed
from services.notification.streams.hub import Hub
from services.notification.streams.messages import Message
from services.notification.streams.model import Sight, Wanted
from services.notification.streams.schemas import Audiences, Categories, OfComplaint, Types
from services.notification.streams.seats import Seats
from services.notification.streams.store import CursorExpired, CursorUnknown, ends
from services.notification.streams.tickets import Credentials
from shared import problems
from shared.auth import Principal
from shared.events.vocabulary import Audience
from shared.opening import limited
from shared.service import Context

HUB_WITHIN = 5.0
"""Seconds within which the hub of a process that has just started must have found the end of the feed."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the feed is wanted; empty: all that the caller may see."""

    types: tuple[str, ...]
    categories: frozenset[str]
    audiences: frozenset[Audience]
    complaint_id: UUID | None

    def of(self, sight: Sight) -> Wanted:
        return Wanted(sight, self.types, self.categories, self.complaint_id)

    @property
    def given(self) -> str | None:
        """The name of one that is given."""
        named = {
            "types": self.types,
            "categories": self.categories,
            "audiences": self.audiences,
            "complaint_id": self.complaint_id,
        }
        return next((name for name, value in named.items() if value), None)


async def _filters(
    types: Types = [],  # noqa: B006 - FastAPI reads it, nobody changes it
    categories: Categories = [],  # noqa: B006 - likewise
    audiences: Audiences = [],  # noqa: B006 - likewise
    complaint_id: OfComplaint = None,
) -> Filters:
    return Filters(tuple(types), frozenset(categories), frozenset(audiences), complaint_id)


Asked = Annotated[Filters, Depends(_filters)]


@dataclass(frozen=True, slots=True)
class Cursor:
    """From where somebody goes on, and where they said so."""

    after: int | None
    field: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that may begin."""

    caller: str
    kind: str
    messages: AsyncGenerator[Message, None]


async def wanted_by(ctx: Context, who: Principal, filters: Filters) -> Wanted:
    """Raises Lacking, httpx.HTTPError."""
    return filters.of(await sight_of(ctx, who, filters.audiences))


async def open_stream(
    ctx: Context, connection: HTTPConnection, shown: Credentials, filters: Filters, cursor: Cursor
) -> Stream:
    """Raises problems: for the credentials, the filters, the cursor, the number of streams."""
    if shown.reference is not None:
        return await _of_case(ctx, connection, shown, filters, cursor)
    assert shown.key is not None
    who = await ctx.authenticator.principal(shown.key)
    wanted = await wanted_by(ctx, who, filters)
    ctx.part(Seats).check(who.id, customer=False)
    hub, check = ctx.part(Hub), partial(ctx.authenticator.principal, shown.key)
    async with asyncio.timeout(HUB_WITHIN):
        await hub.ready()
    after = await _place(ctx, cursor)
    beat = ctx.settings.stream_beat
    return Stream(who.id, "feed", follow_feed(ctx.database, hub, wanted, after, beat, check))


async def _place(ctx: Context, cursor: Cursor) -> int:
    """The cursor, if something can follow it; without one, the end of the feed as it is now."""
    head, pruned = await ends(ctx.database)
    if cursor.after is None:
        return head
    if cursor.after < pruned:
        raise CursorExpired(pruned, cursor.field)
    if cursor.after > head:
        raise CursorUnknown(head, cursor.field)
    return cursor.after


async def _of_case(
    ctx: Context, connection: HTTPConnection, shown: Credentials, filters: Filters, cursor: Cursor
) -> Stream:
    if filters.given:
        raise problems.invalid(
            "A customer's stream has no filters",
            "Leave it out: the stream shows the steps of one case. 顾客的进展流没有筛选条件，请去掉。",
            field=f"query/{filters.given}",
        )
    reference, token = shown.reference or "", shown.token or ""
    ask = partial(ctx.part(Cases).seen, reference, token)
    with limited(ctx, connection):
        seen = await ask(cursor.after or 0)
    caller = f"tracking:{seen.complaint_id}"
    ctx.part(Seats).check(caller, customer=True)
    return Stream(
        caller, "case", follow_case(ctx.part(Hub), ask, cursor.after or 0, ctx.settings.stream_beat)
    )
