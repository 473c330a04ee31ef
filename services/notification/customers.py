"""Writes to customers about their complaints."""

from services.notification.channels import Letter, Reach
from services.notification.contacts import Contacts
from services.notification.letters import Letters
from services.notification.queue import Leased
from shared import clock


class CustomerWriter:
    """Asks intake whom to write to."""

    def __init__(self, contacts: Contacts, letters: Letters) -> None:
        self._contacts = contacts
        self._letters = letters

    async def write(self, delivery: Leased) -> Letter:
        """Raises CannotDeliver."""
        assert delivery.complaint_id is not None
        assert delivery.template is not None
        contact = await self._contacts.of(delivery.complaint_id)
        now = clock.now()
        words = self._letters.write(delivery, contact, now)
        return Letter(
            delivery.id,
            delivery.template,
            contact.language,
            delivery.reference or "",
            Reach(contact.email, contact.phone, complaint_id=delivery.complaint_id),
            words.subject,
            words.body,
            now,
            version=words.version,
            html=words.html,
            short=words.short,
        )
