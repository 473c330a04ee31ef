"""Writes to the owner of a webhook, if the directory knows whose account subscribed."""

import httpx

from services.notification.channels import CannotDeliver, Letter, NotSent, Reach
from services.notification.letters import Letters
from services.notification.preferences.model import colleague
from services.notification.queue import Leased
from services.notification.staff.contacts import StaffContacts


class OwnerWriter:
    """The delivery's recipient is the account; asks routing whose it is."""

    def __init__(self, contacts: StaffContacts, letters: Letters) -> None:
        self._contacts = contacts
        self._letters = letters

    async def write(self, delivery: Leased) -> Letter:
        """Raises CannotDeliver; NotSent when the account belongs to nobody in the directory."""
        assert delivery.recipient is not None
        assert delivery.template is not None
        try:
            person = await self._contacts.who_signs_in(delivery.recipient)
        except httpx.HTTPError as error:
            raise CannotDeliver(f"routing cannot be asked ({type(error).__name__})") from None
        contact = await self._contacts.of(person) if person else None
        if contact is None:
            raise NotSent("the account belongs to nobody in the directory")
        language = contact.language.value
        words = self._letters.write_to_owner(delivery, contact.name, language)
        reach = Reach(contact.email, person=contact.id)
        return words.letter(delivery, language, reach, person=colleague(contact.id))
