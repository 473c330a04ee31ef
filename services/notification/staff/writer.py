"""Writes to people of the company, at work."""

from services.notification.channels import Letter, NotSent, Reach
from services.notification.letters import Letters
from services.notification.preferences.model import colleague
from services.notification.queue import Leased
from services.notification.staff.contacts import StaffContacts


class StaffWriter:
    """Asks routing whom to write to."""

    def __init__(self, contacts: StaffContacts, letters: Letters) -> None:
        self._contacts = contacts
        self._letters = letters

    async def write(self, delivery: Leased) -> Letter:
        """Raises CannotDeliver."""
        assert delivery.recipient is not None
        assert delivery.template is not None
        contact = await self._contacts.of(delivery.recipient)
        if contact is None:
            raise NotSent("no address")
        language = contact.language.value
        words = self._letters.write_to_staff(delivery, contact.name, language)
        reach = Reach(contact.email, person=contact.id)
        reference = delivery.facts["staff_reference"] or ""
        return words.letter(delivery, language, reach, reference, person=colleague(contact.id))
