"""Writes to people of the company, at work."""

from hashlib import sha256

from services.notification.channels import Letter, NotSent, Sender
from services.notification.letters import Letters
from services.notification.queue import Leased, Receipt
from services.notification.rules import Channel
from services.notification.staff.contacts import StaffContacts
from shared import clock


class StaffDesk:
    """Asks routing whom to write to. Without a mail server or an address there is the inbox."""

    channel = Channel.STAFF

    def __init__(self, contacts: StaffContacts, letters: Letters, mail: Sender[Letter] | None) -> None:
        self._contacts = contacts
        self._letters = letters
        self._mail = mail

    async def send(self, delivery: Leased) -> Receipt:
        """Raises CannotDeliver."""
        assert delivery.recipient is not None
        assert delivery.template is not None
        if self._mail is None:
            raise NotSent("no mail server; the inbox has it")
        contact = await self._contacts.of(delivery.recipient)
        if contact is None or contact.email is None:
            raise NotSent("no address; the inbox has it")
        words = self._letters.write_to_staff(delivery, contact.name, contact.language.value)
        letter = Letter(
            delivery.id,
            delivery.template,
            contact.language.value,
            delivery.facts["staff_reference"] or "",
            contact.email,
            words.subject,
            words.body,
            clock.now(),
            from_customer_thread=False,
        )
        await self._mail.send(letter)
        return Receipt(self._mail.name, words.version, sha256(words.body.encode()).digest())
