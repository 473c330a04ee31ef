"""Intake: receives. The complaint as told, the customer, the customer's view and answers."""

from collections.abc import Mapping, Sequence

from services.intake.api import router
from services.intake.attachments.cabinet import Cabinet
from services.intake.attachments.incoming import ENVELOPE
from services.intake.attachments.inspector import Inspector, Sweeper
from services.intake.channels.bounces import Bounces
from services.intake.channels.landing import Landing
from services.intake.channels.listener import Listener
from services.intake.channels.mailroom import Mailroom
from services.intake.door import Door
from services.intake.duplicates.index import Marker
from services.intake.handlers import reactions
from services.intake.imports.importer import Importer
from services.intake.open311 import router as open311
from services.intake.store import metadata
from services.intake.vault.retention import Retention
from services.intake.vault.rows import equip
from services.intake.watch import Watchers
from shared.attempts import Attempts
from shared.config import Settings
from shared.seal import Seal
from shared.service import Context, Service, Worker


def _parts(context: Context) -> Sequence[object]:
    settings = context.settings
    equip(context.database, settings)
    cabinet = Cabinet(context.database, settings)
    door = Door(context.database)
    landing = Landing(context.database, door, cabinet)
    mailroom = Mailroom(context.database, landing, Bounces(context), settings)
    return (
        door,
        landing,
        mailroom,
        Seal(settings.installation_secret, "intake/webhook-secrets"),
        *([Listener(mailroom, settings)] if settings.mail_listen else []),
        Watchers(context.database),
        Attempts(context.settings.tracking_attempts),
        cabinet,
        Inspector(context.database, cabinet, context.settings.poll_interval * 10),
        Sweeper(context.database, cabinet),
        Retention(context.database, context.settings.installation_secret, context.settings.retention_days),
        Importer(context.database, door, cabinet.storage, context.settings.poll_interval),
    )


def _workers(context: Context) -> Sequence[Worker]:
    listens = context.settings.mail_listen is not None
    return (
        *([Worker("intake.mail", context.part(Listener).run)] if listens else []),
        Worker("intake.door", context.part(Door).run),
        Worker("intake.watch", context.part(Watchers).run),
        Worker("intake.inspector", context.part(Inspector).run),
        Worker("intake.sweeper", context.part(Sweeper).run),
        Worker("intake.retention", context.part(Retention).run),
        Worker("intake.importer", context.part(Importer).run),
        Worker("intake.duplicates", Marker(context).run),
    )


def _large_bodies(settings: Settings) -> Mapping[str, int]:
    return {
        r"/v1/(complaints|tracking)/[^/]+/attachments": settings.attachment_limit + ENVELOPE,
        r"/v1/channels/email": settings.mail_limit,
        r"/v1/imports": settings.import_limit + ENVELOPE,
    }


service = Service(
    name="intake",
    summary="Receives complaints and shows customers what becomes of them.",
    router=router,
    faces={"/open311/v2": open311},
    metadata=metadata,
    reactions=(reactions,),
    parts=_parts,
    workers=_workers,
    large_bodies=_large_bodies,
)
