"""WebSockets: the same streams, one message for each event."""

import asyncio
from contextlib import aclosing, suppress

from fastapi import WebSocket, WebSocketDisconnect

from services.notification.streams.access import GivenOrTicket
from services.notification.streams.api import SEND_WITHIN, note
from services.notification.streams.messages import Farewell, Message, Why
from services.notification.streams.opening import Asked, Cursor, Stream, open_stream
from services.notification.streams.schemas import After
from services.notification.streams.seats import Seats
from shared import telemetry
from shared.service import Context, api_router

router = api_router()

SAYS_TOO_MUCH = 1003
"""Close code: who follows has nothing to say."""
TRY_AGAIN = 1013
"""Close code: connect again with the cursor."""
NOT_ALLOWED = 4401
"""Close code: the key does not hold any more."""

CODES = {Why.BEHIND: TRY_AGAIN, Why.EXPIRED: TRY_AGAIN, Why.UNAUTHORISED: NOT_ALLOWED}


@router.websocket("/ws")
async def follow_by_socket(
    socket: WebSocket, shown: GivenOrTicket, filters: Asked, after: After = None
) -> None:
    """As `/stream`: each text message is a CloudEvent or a step; one with a member `stream` is a sign of life or the
    end. Nothing is expected from the other side."""
    ctx: Context = socket.app.state.context
    stream = await open_stream(ctx, socket, shown, filters, Cursor(after, "query/after"))
    await socket.accept()
    with ctx.part(Seats).taken(stream.caller, stream.kind):
        sending = asyncio.create_task(_send(socket, stream))
        hearing = asyncio.create_task(_hear(socket))
        try:
            await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, hearing):
                task.cancel()
            ended = await asyncio.gather(sending, hearing, return_exceptions=True)
    for end in ended:
        if isinstance(end, Exception):
            raise end


async def _send(socket: WebSocket, stream: Stream) -> None:
    async with aclosing(stream.messages) as messages:
        with suppress(WebSocketDisconnect):
            async for message in messages:
                note(message)
                if not await _sent(socket, message):
                    telemetry.STREAMS_BEHIND.labels("stuck").inc()
                    return
                if isinstance(message, Farewell):
                    await socket.close(CODES[message.why], message.why)


async def _sent(socket: WebSocket, message: Message) -> bool:
    """False: the other side takes nothing."""
    try:
        async with asyncio.timeout(SEND_WITHIN):
            for text in message.texts:
                await socket.send_text(text)
    except TimeoutError:
        return False
    return True


async def _hear(socket: WebSocket) -> None:
    """Until the other side hangs up, or says something."""
    if (await socket.receive())["type"] != "websocket.disconnect":
        with suppress(WebSocketDisconnect):
            await socket.close(SAYS_TOO_MUCH, "say nothing here")
