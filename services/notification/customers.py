"""Writes to customers about their complaints."""

from services.notification.channels import Letter, Reach
from services.notification.contacts import Contact, Contacts
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
        return self.letter(delivery, await self._contacts.of(delivery.complaint_id))

    def letter(self, delivery: Leased, contact: Contact) -> Letter:
        """What is written to this contact."""
        assert delivery.template is not None
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
        )
