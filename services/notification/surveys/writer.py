"""Writes to customers about surveys: the request for an opinion, the invitation, the reminder."""

from uuid import UUID

from services.notification.channels import Letter
from services.notification.contacts import Contacts
from services.notification.customers import CustomerWriter
from services.notification.queue import Leased
from services.notification.surveys.access import page_url, phone_digest, token_of
from shared.database import sql
from shared.service import Context

REQUEST = "survey"
"""Template of the request for an opinion on a result."""

_THERE = sql("SELECT 1 FROM surveys WHERE id = :id AND state = 'open'")
# A survey that is over needs no number, and neither does the one of a customer who is erased.
_KEEP = sql(
    "INSERT INTO survey_phones (survey_id, phone) SELECT id, :phone FROM surveys "
    "WHERE id = :id AND state = 'open' ON CONFLICT DO NOTHING"
)


class SurveyWriter:
    """The usual letter, with a link that leads to the questionnaire and not to the case."""

    def __init__(self, context: Context, contacts: Contacts, usual: CustomerWriter) -> None:
        self._context = context
        self._contacts = contacts
        self._usual = usual

    async def write(self, delivery: Leased) -> Letter:
        """Raises CannotDeliver. Where there is no questionnaire (any more), the letter leads to the case."""
        assert delivery.complaint_id is not None
        contact = await self._contacts.of(delivery.complaint_id)
        survey_id = UUID(delivery.facts["survey_id"]) if "survey_id" in delivery.facts else None
        if survey_id and (await self._context.database.at_once(_THERE, {"id": survey_id})).first():
            settings = self._context.settings
            token = token_of(settings.installation_secret, survey_id)
            contact = contact.model_copy(update={"tracking_url": page_url(settings.base_url, token)})
            if contact.phone:
                phone = phone_digest(settings.installation_secret, contact.phone)
                await self._context.database.at_once(_KEEP, {"id": survey_id, "phone": phone})
        return self._usual.letter(delivery, contact)
