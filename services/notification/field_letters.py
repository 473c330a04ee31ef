"""Letters about field actions: to customers by their own ids, and to each person once, whatever ids they have."""

import hmac
from hashlib import sha256
from uuid import UUID

from services.notification.channels import CannotDeliver, Letter, Reach, Receipt
from services.notification.contacts import AffectedContacts
from services.notification.letters import Letters
from services.notification.queue import Leased
from services.notification.rules import Channel
from shared.database import sql
from shared.service import Context

_TAKE = sql(
    "INSERT INTO field_letters (field_action_id, address, delivery_id) VALUES (:action, :address, :delivery) "
    "ON CONFLICT (field_action_id, address) DO UPDATE SET delivery_id = field_letters.delivery_id "
    "RETURNING delivery_id"
)
# The letter is held while its twin is noted: a report that it came back finds the twin, or the twin finds the report.
_STATUS = sql(
    """
WITH letter AS (SELECT id, status FROM deliveries WHERE id = :id FOR SHARE), noted AS (
    INSERT INTO field_letter_twins (delivery_id, letter_id)
    SELECT :twin, id FROM letter WHERE status = 'delivered' ON CONFLICT DO NOTHING
)
SELECT status FROM letter
"""
)


class FieldWriter:
    """Asks intake how a customer is reached."""

    def __init__(self, context: Context, contacts: AffectedContacts, letters: Letters) -> None:
        self._context = context
        self._contacts = contacts
        self._letters = letters

    async def write(self, delivery: Leased) -> Letter | Receipt:
        """Raises CannotDeliver."""
        assert delivery.customer_id is not None
        contact = await self._contacts.of(delivery.customer_id)
        if contact.email and (twin := await self._twin(delivery, contact.email)):
            return twin
        words = self._letters.write_to_affected(delivery, contact.name, contact.language)
        assert delivery.template is not None
        reach = Reach(contact.email, contact.phone)
        return words.letter(delivery, contact.language, reach, delivery.facts["field_action"])

    async def _twin(self, delivery: Leased, email: str) -> Receipt | None:
        """None: this is the letter that goes to the address; whoever comes first takes it, for all attempts. Another
        one ends as that one did. Raises CannotDeliver while that one is under way, and when it did not arrive.
        """
        action = delivery.facts["field_action_id"]
        told = f"field-letter/{action}/{email.strip().lower()}".encode()
        address = hmac.digest(self._context.settings.installation_secret, told, sha256)
        given = {"action": UUID(action), "address": address, "delivery": delivery.id}
        taken = (await self._context.database.at_once(_TAKE, given)).scalar_one()
        if taken == delivery.id:
            return None
        given = {"id": taken, "twin": delivery.id}
        status = (await self._context.database.at_once(_STATUS, given)).scalar_one()
        if status == "delivered":
            return Receipt(Channel.SAME_ADDRESS)
        ended = status in {"failed", "not_sent", "bounced"}
        raise CannotDeliver(f"the letter to the same address is {status}", final=ended)
