"""The notification service: customers and people of the company by mail, other systems by signed webhooks."""

from collections.abc import Sequence

from services.notification.api import router
from services.notification.attempts import store as attempts
from services.notification.briefings.making import TEMPLATE as BRIEFING
from services.notification.briefings.making import Maker
from services.notification.briefings.rendering import Renderer
from services.notification.briefings.sources import Sources
from services.notification.briefings.writer import BriefingWriter
from services.notification.channels import Way
from services.notification.channels.email import EmailChannel
from services.notification.channels.inbox import InboxChannel
from services.notification.channels.log import LogChannel
from services.notification.channels.provider import ProviderDesk
from services.notification.channels.push import PushChannel
from services.notification.channels.sms import SmsChannel
from services.notification.channels.smtp import MailServer
from services.notification.contacts import AffectedContacts, Contacts
from services.notification.courier import Courier, Doorbell
from services.notification.customers import CustomerWriter
from services.notification.desk import Desks, LetterDesk, Writer
from services.notification.devices.store import Devices, DeviceSeal
from services.notification.digests.writer import DigestWriter
from services.notification.field_letters import FieldWriter
from services.notification.handlers import reactions
from services.notification.letters import Letters
from services.notification.messages.model import MessageSeal
from services.notification.preferences import store as preferences
from services.notification.preferences.gate import Gate
from services.notification.pruning import Pruner
from services.notification.rules import DIGEST, FIELD_ACTION, WEBHOOK_DISABLED, Audience
from services.notification.staff.contacts import StaffContacts
from services.notification.staff.writer import StaffWriter
from services.notification.store import metadata, survey_store, surveys
from services.notification.streams import store as feed
from services.notification.streams.customers import Cases
from services.notification.streams.feeder import GROUP, Feeder
from services.notification.streams.hub import Hub
from services.notification.streams.seats import Seats
from services.notification.streams.tickets import TicketSeal
from services.notification.surveys import words
from services.notification.surveys.model import INVITATION
from services.notification.surveys.writer import REQUEST, SurveyWriter
from services.notification.ways import Ways
from services.notification.webhooks.channel import WebhookChannel
from services.notification.webhooks.desk import WebhookDesk
from services.notification.webhooks.owner import OwnerWriter
from services.notification.wording.in_force import Templates
from shared.attempts import Attempts
from shared.config import Settings
from shared.events.vocabulary import ALL_TOPICS
from shared.guard import Guard
from shared.outward import Connections
from shared.seal import Seal
from shared.service import Context, Service, Worker
from shared.waking import Dormitory, Waker

DAYS_COUNTED = 7
"""Days for which it is known how many messages somebody got; only today's count, in whatever zone."""
COURIERS = {Audience.CUSTOMER: 1, Audience.STAFF: 1, Audience.SUBSCRIBER: 2}
"""Subscribers have two, so that a batch of slow receivers does not hold up the others."""


def _ways(settings: Settings, mail: MailServer | None, providers: ProviderDesk, devices: Devices) -> Ways:
    ways: list[Way] = [
        *([EmailChannel(mail, settings)] if mail else ()),
        PushChannel(providers, devices),
        SmsChannel(providers, settings.phone_region),
        InboxChannel(),
    ]
    seal = MessageSeal(settings.installation_secret)
    return Ways(ways, seal, last=LogChannel(settings) if settings.log_letters else None)


def _parts(context: Context) -> Sequence[object]:
    settings = context.settings
    words.equip(context.database, settings)
    templates = Templates(context.database)
    letters = Letters(settings, templates)
    seal = Seal(settings.installation_secret, "notification/webhook-secrets")
    guard, connections = Guard(allow_private=settings.allow_private_targets), Connections()
    mail = MailServer(settings.smtp_url) if settings.smtp_url else None
    secrets = {name: secret.get_secret_value() for name, secret in settings.provider_secrets.items()}
    providers = ProviderDesk(context.database, guard, connections, secrets)
    devices = Devices(context.database, DeviceSeal(settings.installation_secret))
    contacts, affected, people = Contacts(context), AffectedContacts(context), StaffContacts(context)
    ways = _ways(settings, mail, providers, devices)
    gate = Gate(context.database, settings.time_zone)
    customers, colleagues = CustomerWriter(contacts, letters, settings), StaffWriter(people, letters)
    about_surveys = SurveyWriter(context, contacts, customers)
    special: dict[str, Writer] = {
        FIELD_ACTION: FieldWriter(context, affected, letters),
        **dict.fromkeys((REQUEST, INVITATION), about_surveys),
    }
    to_customers = LetterDesk(
        Audience.CUSTOMER,
        ways,
        gate,
        customers,
        {**special, DIGEST: DigestWriter(context.database, letters, customers, special)},
    )
    renderer, sources = Renderer(settings), Sources(context)
    to_staff = LetterDesk(
        Audience.STAFF,
        ways,
        gate,
        colleagues,
        {
            DIGEST: DigestWriter(context.database, letters, colleagues),
            WEBHOOK_DISABLED: OwnerWriter(people, letters),
            BRIEFING: BriefingWriter(context.database, people, renderer),
        },
    )
    to_subscribers = WebhookDesk(seal, WebhookChannel(guard, connections), settings.base_url)
    desks = Desks(to_customers, to_staff, to_subscribers)
    return [
        *(
            templates,
            letters,
            seal,
            guard,
            connections,
            contacts,
            affected,
            people,
            ways,
            gate,
            desks,
            devices,
        ),
        *([mail] if mail else ()),
        *(Hub(context.database, settings.poll_interval), Seats(settings.stream_limit), Cases(context)),
        *(TicketSeal(settings.installation_secret), MessageSeal(settings.installation_secret)),
        Attempts(settings.tracking_attempts),
        *(renderer, sources, Maker(context.database, sources, settings.poll_interval)),
        Waker(context.database, [Dormitory(surveys.surveys, survey_store)], settings.poll_interval),
    ]


def _workers(context: Context) -> Sequence[Worker]:
    poll_interval = context.settings.poll_interval
    couriers = [
        Courier(context.database, context.part(Desks).of(audience), poll_interval)
        for audience, number in COURIERS.items()
        for _ in range(number)
    ]
    templates = context.part(Templates)
    doorbell = Doorbell(context.database, couriers)
    settings = context.settings
    feeder = Feeder(context.database, context.log, settings.consumer_batch, settings.poll_interval)
    return [
        Worker("notification.feed", feeder.run),
        Worker("notification.streams", context.part(Hub).run),
        Worker("notification.doorbell", doorbell.run),
        Worker("notification.contacts", context.part(Contacts).run),
        Worker("notification.affected", context.part(AffectedContacts).run),
        Worker("notification.connections", context.part(Connections).run),
        Worker("notification.feed.pruner", Pruner(context.database, feed.prune, settings.feed_days).run),
        Worker(
            "notification.attempts.pruner",
            Pruner(context.database, attempts.prune, settings.attempts_days).run,
        ),
        Worker("notification.days.pruner", Pruner(context.database, preferences.prune, DAYS_COUNTED).run),
        Worker("notification.templates", templates.run),
        Worker("notification.briefings", context.part(Maker).run),
        Worker("notification.waker", context.part(Waker).run),
        *(
            Worker(f"notification.deliveries.{n}", templates.before(courier.run))
            for n, courier in enumerate(couriers, 1)
        ),
    ]


service = Service(
    name="notification",
    summary="Tells customers, in their language, and other systems, by signed webhooks, what happened.",
    router=router,
    metadata=metadata,
    reactions=(reactions,),
    readers={GROUP: ALL_TOPICS},
    parts=_parts,
    workers=_workers,
)
