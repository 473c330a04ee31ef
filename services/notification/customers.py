"""Writes to customers about their complaints."""

from dataclasses import replace

from services.notification.channels import Letter, Reach, Receipt
from services.notification.contacts import Contact, Contacts
from services.notification.letters import Letters
from services.notification.preferences.model import customer
from services.notification.preferences.unsubscribing import unsubscribe_url
from services.notification.queue import Leased
from services.notification.rules import Channel
from shared import clock
from shared.config import Settings


class CustomerWriter:
    """Asks intake whom to write to."""

    def __init__(self, contacts: Contacts, letters: Letters, settings: Settings) -> None:
        self._contacts = contacts
        self._letters = letters
        self._base_url = settings.base_url
        self._secret = settings.installation_secret

    async def write(self, delivery: Leased) -> Letter | Receipt:
        """A receipt when the same person is told it as the customer of the leading complaint. Raises CannotDeliver."""
        assert delivery.complaint_id is not None
        contact = await self._contacts.of(delivery.complaint_id)
        if contact.customer_id and delivery.leading_id and delivery.facts.get("followed"):
            leading = await self._contacts.of(delivery.leading_id)
            if leading.customer_id == contact.customer_id:
                return Receipt(Channel.SAME_ADDRESS)
        return self.letter(delivery, contact)

    def letter(self, delivery: Leased, contact: Contact) -> Letter:
        """What is written to this contact."""
        assert delivery.template is not None
        assert delivery.nature is not None
        who, now = contact.customer_id, clock.now()
        words = self._letters.write(delivery, contact, now)
        reach = Reach(contact.email, contact.phone, complaint_id=delivery.complaint_id)
        return replace(
            words.letter(
                delivery,
                contact.language,
                reach,
                delivery.reference or "",
                person=customer(who) if who else None,
            ),
            link=contact.tracking_url,
            unsubscribe=unsubscribe_url(self._base_url, self._secret, who, delivery.nature) if who else None,
            from_customer_thread=True,
        )
