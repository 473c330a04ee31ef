"""The words: one template per message and language, rendered at the moment of sending.

Which variables a template has is declared in `wording/declared.json`; which version of it is in force, `Templates`
knows. Values are put in as they are; they are never read as templates.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from jinja2 import TemplateError

from services.notification.channels import Letter, Reach
from services.notification.contacts import Contact
from services.notification.human_time import human_time
from services.notification.queue import Leased
from services.notification.rules import DIGEST, FIELD_ACTION, STAFF_NOTICE, WEBHOOK_DISABLED
from services.notification.wording.declared import in_language
from services.notification.wording.in_force import Templates
from shared import clock
from shared.config import Settings

log = logging.getLogger(__name__)


class Words(NamedTuple):
    subject: str
    body: str
    version: str
    """Names the exact wording."""
    html: str
    short: str | None
    """For a way on which a letter is too long."""

    def letter(
        self, delivery: Leased, language: str, reach: Reach, reference: str = "", *, person: str | None = None
    ) -> Letter:
        """Of a message that begins no conversation; `person` is whose wishes count."""
        assert delivery.template is not None
        return Letter(
            delivery.id,
            delivery.template,
            language,
            reference,
            reach,
            self.subject,
            self.body,
            clock.now(),
            html=self.html,
            short=self.short,
            version=self.version,
            person=person,
            from_customer_thread=False,
        )


class Letters:
    """Renders messages to customers, and to people of the company."""

    def __init__(self, settings: Settings, templates: Templates | None = None) -> None:
        """Without templates: as shipped."""
        self._organisation = settings.organisation
        self._zone = settings.time_zone
        self._base_url = settings.base_url
        self._templates = templates or Templates()

    def write(self, delivery: Leased, contact: Contact, now: datetime) -> Words:
        """Raises jinja2.TemplateError when a template asks for something that the message does not have."""
        assert delivery.template is not None
        values = {
            "followed": False,  # it tells what happens in the case that the customer's own was merged into
            **{name: in_language(value, contact.language) for name, value in delivery.facts.items()},
            "name": contact.name,
            "link": contact.tracking_url,
            "reference": delivery.reference,
            "kind": delivery.kind,
            "handler": delivery.handler_name,
            "organisation": self._organisation,
            "promised": self._promise(delivery, contact.language, now),
        }
        return self._words(contact.language, delivery.template, values)

    def write_to_affected(self, delivery: Leased, name: str | None, language: str) -> Words:
        """To a customer of a field action: what is dangerous, what to do now, by when."""
        facts = delivery.facts
        values = {each: facts[each][language] for each in ("title", "hazard", "instruction")}
        act_by = facts["act_by"]
        values |= {
            "name": name,
            "measures": facts["measures"],
            "act_by": act_by and human_time(datetime.fromisoformat(act_by), self._zone, language),
            "hotline": facts["hotline"],
            "field_action": facts["field_action"],
            "organisation": self._organisation,
        }
        return self._words(language, FIELD_ACTION, values)

    def write_to_staff(self, delivery: Leased, name: str, language: str) -> Words:
        """To somebody of the company: what, by when, and where to say that one knows, or what came out."""
        assert delivery.template is not None
        facts = delivery.facts
        place = "notices/{}/acknowledge" if delivery.template == STAFF_NOTICE else "tasks/{}/done"
        values = facts | {
            "name": name,
            "staff_reference": facts["staff_reference"] or "",
            "what": facts["what"][language],
            "due": human_time(datetime.fromisoformat(facts["due_at"]), self._zone, language),
            "link": f"{self._base_url}/routing/v1/{place.format(facts['subject_id'])}",
            "organisation": self._organisation,
        }
        return self._words(language, delivery.template, values)

    def write_digest(self, letters: Sequence[Letter], language: str) -> Words:
        """Several letters to one person in one."""
        values = {
            "letters": [
                {"number": number, "subject": each.subject, "body": each.body.strip()}
                for number, each in enumerate(letters, 1)
            ],
            "count": len(letters),
            "only": letters[0].subject if len(letters) == 1 else None,
            "organisation": self._organisation,
        }
        links = [each.link for each in letters if each.link]
        return self._words(language, DIGEST, values, links)

    def write_to_owner(self, delivery: Leased, name: str, language: str) -> Words:
        """To the owner of a webhook that was switched off: why, and what to do."""
        facts = delivery.facts
        values = {
            "name": name,
            "gone": facts["gone"],
            "link": f"{self._base_url}/notification/v1/webhooks/{facts['webhook_id']}",
            "organisation": self._organisation,
        }
        return self._words(language, WEBHOOK_DISABLED, values)

    def _words(
        self, language: str, template: str, values: dict[str, Any], links: Sequence[str] = ()
    ) -> Words:
        text = self._templates.of(template, language)
        try:
            told = text.render(values, self._organisation, links)
        except TemplateError as error:
            # A company's own words that fail after all: whoever waits is told with ours.
            why = {"template": template, "version": text.version, "error": type(error).__name__}
            log.error("a template failed; the letter has the words that Redress is shipped with", extra=why)
            text = self._templates.shipped(template, language)
            told = text.render(values, self._organisation, links)
        return Words(told.subject, told.body, text.digest, told.html, told.short)

    def _promise(self, delivery: Leased, language: str, now: datetime) -> str | None:
        """By when the customer hears from us: the live promise, or the one that this message is about; never
        a time that has passed."""
        told: Any = delivery.facts.get("promised_at")
        times = (delivery.promised_at, datetime.fromisoformat(told) if told else None)
        at = next((at for at in times if at is not None and at > now), None)
        return human_time(at, self._zone, language) if at else None
