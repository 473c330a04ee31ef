"""Writes the letter that brings a briefing to its reader, in their language, with the same on paper."""

import asyncio
from uuid import UUID

from services.notification.briefings import store
from services.notification.briefings.page import page_of
from services.notification.briefings.rendering import Renderer, version
from services.notification.channels import Attachment, Letter, NotSent, Reach
from services.notification.preferences.model import colleague
from services.notification.queue import Leased
from services.notification.staff.contacts import StaffContacts
from shared import clock
from shared.database import Database


class BriefingWriter:
    def __init__(self, database: Database, contacts: StaffContacts, renderer: Renderer) -> None:
        self._database = database
        self._contacts = contacts
        self._renderer = renderer

    async def write(self, delivery: Leased) -> Letter:
        """Raises CannotDeliver."""
        assert delivery.recipient is not None
        assert delivery.template is not None
        contact = await self._contacts.of(delivery.recipient)
        if contact is None:
            raise NotSent("no address")
        async with self._database.reading() as connection:
            found = await store.briefing(connection, UUID(delivery.facts["briefing_id"]))
        assert found is not None, "its letters are queued with it"
        briefing, language = found.as_read_by(contact.id), contact.language
        sheet = await asyncio.to_thread(self._renderer.pdf, briefing, language)
        page = page_of(briefing, language)
        name = f"{briefing.row.id}-{briefing.until:%Y-%m-%d}-{language.value}.pdf"
        return Letter(
            delivery.id,
            delivery.template,
            language.value,
            "",
            Reach(contact.email, person=contact.id),
            page.subject,
            self._renderer.text(briefing, language, contact.name),
            clock.now(),
            html=self._renderer.html(briefing, language),
            attachments=(Attachment(name, "application/pdf", sheet),),
            from_customer_thread=False,
            person=colleague(contact.id),
            version=version(),
        )
