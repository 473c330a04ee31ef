"""Writes to customers about surveys: the request for an opinion, the invitation, the reminder."""

from uuid import UUID

from services.notification.channels import Letter, Receipt
from services.notification.contacts import Contact, Contacts
from services.notification.customers import CustomerWriter
from services.notification.queue import Leased
from services.notification.rules import Channel
from services.notification.surveys.access import page_url, phone_digest, token_of
from services.notification.surveys.model import SurveyState
from shared.database import sql
from shared.service import Context

REQUEST = "survey"
"""Template of the request for an opinion on a result."""

_STANDS = sql(
    "SELECT state, EXISTS (SELECT FROM survey_answers WHERE survey_id = surveys.id) AS begun "
    "FROM surveys WHERE id = :id"
)
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

    async def write(self, delivery: Leased) -> Letter | Receipt:
        """A receipt when the customer has answered while the letter waited, or the survey is over. Raises
        CannotDeliver. Where there is no questionnaire, the letter leads to the case."""
        assert delivery.complaint_id is not None
        survey_id = UUID(delivery.facts["survey_id"]) if "survey_id" in delivery.facts else None
        stands = None
        if survey_id is not None:
            stands = (await self._context.database.at_once(_STANDS, {"id": survey_id})).one_or_none()
        # A request is for the opinion, the first answer; an invitation is for all of them.
        if stands and (stands.state != SurveyState.OPEN or (stands.begun and delivery.template == REQUEST)):
            return Receipt(Channel.ANSWERED)
        contact = await self._contacts.of(delivery.complaint_id)
        if survey_id is not None and stands:
            contact = await self._leading_to(survey_id, contact)
        return self._usual.letter(delivery, contact)

    async def _leading_to(self, survey_id: UUID, contact: Contact) -> Contact:
        settings = self._context.settings
        if contact.phone:
            phone = phone_digest(settings.installation_secret, contact.phone)
            await self._context.database.at_once(_KEEP, {"id": survey_id, "phone": phone})
        token = token_of(settings.installation_secret, survey_id)
        return contact.model_copy(update={"tracking_url": page_url(settings.base_url, token)})
