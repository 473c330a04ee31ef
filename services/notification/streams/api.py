"""HTTP in: the feed page by page, live by server-sent events, and tickets for browsers."""

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Header, Query, Request, Response
from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from services.notification.streams.access import SCOPES, Given, GivenOrTicket
from services.notification.streams.customers import Cases
from services.notification.streams.hub import Hub
from services.notification.streams.messages import Farewell, Why
from services.notification.streams.opening import Asked, Cursor, Stream, open_stream, wanted_by
from services.notification.streams.schemas import MAX_CURSOR, After, FeedEnds, FeedPage, StreamTicket
from services.notification.streams.seats import Seats
from services.notification.streams.store import Page, ends, read
from services.notification.streams.tickets import TicketSeal, issue
from shared import problems, telemetry
from shared.auth import Principal, may_any
from shared.opening import limited
from shared.service import Context, Ctx, api_router

log = logging.getLogger(__name__)
router = api_router()

SEND_WITHIN = 30.0
"""Seconds after which a connection that takes nothing is given up."""
LONGEST_WAIT = 20

KEY_OR_CUSTOMER: dict[str, Any] = {"security": [*({"key": [scope]} for scope in SCOPES), {}]}
"""A key with one of these scopes, or what stands in the parameters."""

Reader = Annotated[Principal, may_any(*SCOPES)]
Wait = Annotated[
    float,
    Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait when there is nothing yet (long poll)."),
]
PageSize = Annotated[int, Query(ge=1, le=1000, description="Events per page.")]
LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID", ge=0, le=MAX_CURSOR, description="What a browser sends by itself; as `after`."
    ),
]


@router.get(
    "/events",
    response_model=FeedPage,
    tags=["feed"],
    summary="Read the feed of events",
    responses=problems.documented(410),
)
async def read_feed(
    who: Reader,
    ctx: Ctx,
    filters: Asked,
    after: After = None,
    wait: Wait = 0,
    limit: PageSize = 200,
) -> Response:
    """Every event of the log, each once, in one order that is the same for every reader. Keep `next` with what you
    have done, and send it as `after`. Without `after` it begins with the oldest event that is kept. Facts need
    `complaints:read`, notices the scope of their audience."""
    wanted = await wanted_by(ctx, who, filters)
    after = after if after is not None else (await ends(ctx.database))[1]
    # Joined before it looks, or what comes between the look and the wait would be waited for.
    with ctx.part(Hub).joined(wanted) as follower:
        page = await read(ctx.database, after, wanted, limit)
        if wait and not page.entries and not page.more:
            await follower.next(wait)
            page = await read(ctx.database, page.reached, wanted, limit)
    return Response(_written(page), media_type="application/json")


def _written(page: Page) -> str:
    items = ",".join(entry.json for entry in page.entries)
    return f'{{"items":[{items}],"next":"{page.reached}","more":{"true" if page.more else "false"}}}'


@router.get(
    "/events/ends", tags=["feed"], summary="Where the feed begins and ends", responses=problems.documented()
)
async def read_ends(who: Reader, ctx: Ctx) -> FeedEnds:
    """To begin now, or to learn what is kept."""
    head, pruned = await ends(ctx.database)
    return FeedEnds(latest=str(head), oldest=str(pruned))


@router.post(
    "/stream/tickets",
    status_code=201,
    tags=["streams"],
    summary="Get a ticket for a stream",
    responses=problems.documented(404),
    openapi_extra=KEY_OR_CUSTOMER,
)
async def issue_ticket(shown: Given, ctx: Ctx, request: Request) -> StreamTicket:
    """For browsers, which open streams without headers: show key or tracking token here, and open the stream with
    `?ticket=` within a minute. A ticket opens one stream."""
    if shown.key is not None:
        await ctx.authenticator.principal(shown.key)
    else:
        with limited(ctx, request):
            await ctx.part(Cases).seen(shown.reference or "", shown.token or "", 0)
    ticket, until = await issue(ctx.database, ctx.part(TicketSeal), shown)
    return StreamTicket(ticket=ticket, expires_at=until)


@router.get(
    "/stream",
    response_class=EventSourceResponse,
    tags=["streams"],
    summary="Follow live (server-sent events)",
    responses=problems.documented(404, 410),
    openapi_extra=KEY_OR_CUSTOMER,
)
async def follow(
    shown: GivenOrTicket,
    filters: Asked,
    ctx: Ctx,
    request: Request,
    after: After = None,
    last_event_id: LastEventId = None,
) -> Response:
    """A key follows the feed: each message is a CloudEvent, and its id the cursor. A customer (`reference` and
    X-Tracking-Token) follows the steps of their case. Without a cursor a key hears what happens from now on, a customer
    everything. After an `end` message, or when the connection breaks, go on with the last id."""
    cursor = Cursor(after, "query/after")
    if last_event_id is not None:
        cursor = Cursor(last_event_id, "header/Last-Event-ID")
    return LiveResponse(ctx, await open_stream(ctx, request, shown, filters, cursor))


class LiveResponse(EventSourceResponse):
    """A stream as server-sent events."""

    def __init__(self, ctx: Context, stream: Stream) -> None:
        super().__init__(_frames(ctx, stream), ping=0, send_timeout=SEND_WITHIN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            telemetry.STREAMS_BEHIND.labels("stuck").inc()
            log.info("a stream took nothing for %s s and was given up", SEND_WITHIN)


async def _frames(ctx: Context, stream: Stream) -> AsyncIterator[bytes]:
    with ctx.part(Seats).taken(stream.caller, stream.kind):
        async with aclosing(stream.messages) as messages:
            async for message in messages:
                note(message)
                yield message.sse


def note(message: object) -> None:
    """Count who was told that they are behind."""
    if isinstance(message, Farewell) and message.why is Why.BEHIND:
        telemetry.STREAMS_BEHIND.labels("told").inc()
