"""The notification service: customers and people of the company by mail, other systems by signed webhooks."""

from collections.abc import Sequence

from services.notification.api import router
from services.notification.briefings.making import TEMPLATE as BRIEFING
from services.notification.briefings.making import Maker
from services.notification.briefings.rendering import Renderer
from services.notification.briefings.sources import Sources
from services.notification.briefings.writer import BriefingWriter
from services.notification.channels import Way
from services.notification.channels.email import EmailChannel
from services.notification.channels.webhook import WebhookChannel
from services.notification.contacts import Contacts
from services.notification.courier import Courier, Doorbell
from services.notification.customers import CustomerWriter
from services.notification.desk import Desks, LetterDesk, WebhookDesk
from services.notification.field_letters import FieldWriter
from services.notification.handlers import reactions
from services.notification.letters import Letters
from services.notification.rules import FIELD_ACTION, Audience
from services.notification.staff.contacts import StaffContacts
from services.notification.staff.writer import StaffWriter
from services.notification.store import metadata
from services.notification.ways import Ways
from shared.config import Settings
from shared.guard import Guard
from shared.seal import Seal
from shared.service import Context, Service, Worker

COURIERS = {Audience.CUSTOMER: 1, Audience.STAFF: 1, Audience.SUBSCRIBER: 2}
"""Subscribers have two, so that a batch of slow receivers does not hold up the others."""


def _ways(settings: Settings) -> Ways:
    ways: list[Way] = []
    if settings.smtp_url:
        ways.append(
            EmailChannel(
                settings.smtp_url,
                settings.mail_from,
                settings.organisation,
                settings.installation_secret,
                settings.mail_reply_to,
            )
        )
    return Ways(ways)


def _parts(context: Context) -> Sequence[object]:
    settings = context.settings
    letters, seal = Letters(settings), Seal(settings.installation_secret, "notification/webhook-secrets")
    guard = Guard(allow_private=settings.allow_private_targets)
    contacts, people, ways = Contacts(context), StaffContacts(context), _ways(settings)
    to_customers = LetterDesk(
        Audience.CUSTOMER,
        ways,
        CustomerWriter(contacts, letters),
        {FIELD_ACTION: FieldWriter(context, letters)},
    )
    renderer, sources = Renderer(settings), Sources(context)
    maker = Maker(context.database, sources, settings.poll_interval)
    to_staff = LetterDesk(
        Audience.STAFF,
        ways,
        StaffWriter(people, letters),
        {BRIEFING: BriefingWriter(context.database, people, renderer)},
    )
    to_subscribers = WebhookDesk(seal, WebhookChannel(guard))
    desks = Desks(to_customers, to_staff, to_subscribers)
    return [letters, seal, guard, contacts, people, ways, desks, renderer, sources, maker]


def _workers(context: Context) -> Sequence[Worker]:
    poll_interval = context.settings.poll_interval
    couriers = [
        Courier(context.database, context.part(Desks).of(audience), poll_interval)
        for audience, number in COURIERS.items()
        for _ in range(number)
    ]
    doorbell = Doorbell(context.database, couriers)
    return [
        Worker("notification.doorbell", doorbell.run),
        Worker("notification.contacts", context.part(Contacts).run),
        Worker("notification.briefings", context.part(Maker).run),
        *(Worker(f"notification.deliveries.{n}", courier.run) for n, courier in enumerate(couriers, 1)),
    ]


service = Service(
    name="notification",
    summary="Tells customers, in their language, and other systems, by signed webhooks, what happened.",
    router=router,
    metadata=metadata,
    reactions=reactions,
    parts=_parts,
    workers=_workers,
)
