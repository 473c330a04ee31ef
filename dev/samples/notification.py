"""What notification tells."""

from collections.abc import Iterator

from dev.samples.story import COMPLAINT, after, id_of
from shared.events import Event, MessageDelivered, MessageFailed, MessageRead, WebhookDisabled


def events() -> Iterator[Event]:
    yield MessageDelivered(
        complaint_id=COMPLAINT,
        delivery_id=id_of(30),
        template="acknowledgement",
        channel="email",
        attempts=1,
        delivered_at=after(0.02),
    )
    yield MessageFailed(
        complaint_id=COMPLAINT,
        delivery_id=id_of(31),
        template="interim",
        channel="email",
        attempts=8,
        reason="550 mailbox unavailable",
        failed_at=after(30),
        next_channel="sms",
    )
    yield MessageRead(
        complaint_id=COMPLAINT, delivery_id=id_of(30), template="acknowledgement", read_at=after(0.1)
    )
    yield WebhookDisabled(
        complaint_id=COMPLAINT,
        webhook_id=id_of(32),
        owner="key:operations",
        reason="the receiver answered 410 Gone",
        disabled_at=after(31),
    )
