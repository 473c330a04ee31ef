"""The notification service: customers and people of the company by mail, other systems by signed webhooks."""

from collections.abc import Sequence

from services.notification.api import router
from services.notification.channels.email import EmailChannel
from services.notification.channels.log import LogChannel
from services.notification.channels.webhook import WebhookChannel
from services.notification.contacts import Contacts
from services.notification.courier import Courier, CustomerDesk, Desk, Doorbell, WebhookDesk
from services.notification.field_letters import FieldDesk
from services.notification.handlers import reactions
from services.notification.letters import Letters
from services.notification.staff.contacts import StaffContacts
from services.notification.staff.desk import StaffDesk
from services.notification.store import metadata
from services.notification.streams.customers import Cases
from services.notification.streams.feeder import GROUP, Feeder, Pruner
from services.notification.streams.hub import Hub
from services.notification.streams.seats import Seats
from services.notification.streams.tickets import TicketSeal
from shared.attempts import Attempts
from shared.events.vocabulary import ALL_TOPICS
from shared.guard import Guard
from shared.seal import Seal
from shared.service import Context, Service, Worker

WEBHOOK_COURIERS = 2
"""So that a batch of slow receivers does not hold up the others."""


def _parts(context: Context) -> Sequence[object]:
    settings = context.settings
    mail = None
    if settings.smtp_url:
        mail = EmailChannel(
            settings.smtp_url,
            settings.mail_from,
            settings.organisation,
            settings.installation_secret,
            settings.mail_reply_to,
        )
    letters, seal = Letters(settings), Seal(settings.installation_secret, "notification/webhook-secrets")
    guard = Guard(allow_private=settings.allow_private_targets)
    contacts = Contacts(context)
    affected = FieldDesk(context, letters, mail, LogChannel())
    desk = CustomerDesk(contacts, letters, mail, LogChannel(), affected)
    people = StaffContacts(context)
    to_staff = StaffDesk(people, letters, mail)
    return [
        *(letters, seal, guard, contacts, desk, people, to_staff, WebhookDesk(seal, WebhookChannel(guard))),
        *(Hub(context.database, settings.poll_interval), Seats(settings.stream_limit), Cases(context)),
        *(TicketSeal(settings.installation_secret), Attempts(settings.tracking_attempts)),
    ]


def _workers(context: Context) -> Sequence[Worker]:
    ours: list[Desk] = [context.part(CustomerDesk), context.part(StaffDesk)]
    desks: list[Desk] = [*ours, *[context.part(WebhookDesk)] * WEBHOOK_COURIERS]
    couriers = [Courier(context.database, desk, context.settings.poll_interval) for desk in desks]
    doorbell = Doorbell(context.database, couriers)
    settings = context.settings
    feeder = Feeder(context.database, context.log, settings.consumer_batch, settings.poll_interval)
    return [
        Worker("notification.feed", feeder.run),
        Worker("notification.feed.pruner", Pruner(context.database, settings.feed_days).run),
        Worker("notification.streams", context.part(Hub).run),
        Worker("notification.doorbell", doorbell.run),
        Worker("notification.contacts", context.part(Contacts).run),
        *(Worker(f"notification.deliveries.{n}", courier.run) for n, courier in enumerate(couriers, 1)),
    ]


service = Service(
    name="notification",
    summary="Tells customers, in their language, and other systems, by signed webhooks, what happened.",
    router=router,
    metadata=metadata,
    reactions=reactions,
    readers={GROUP: ALL_TOPICS},
    parts=_parts,
    workers=_workers,
)
