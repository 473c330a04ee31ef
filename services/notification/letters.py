"""The words: one template per message and language, rendered at the moment of sending.

`templates/<language>/<name>.txt.jinja` begins with `Subject: ...` and an empty line. Values are put in as
they are; they are never read as templates.
"""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from services.notification.contacts import Contact
from services.notification.human_time import human_time
from services.notification.queue import Leased
from services.notification.rules import FIELD_ACTION, STAFF_NOTICE, WEBHOOK_DISABLED
from shared.config import Settings

FOLDER = Path(__file__).parent / "templates"


class Words(NamedTuple):
    subject: str
    body: str
    version: str


class Letters:
    """Renders messages to customers, and to people of the company."""

    def __init__(self, settings: Settings) -> None:
        self._organisation = settings.organisation
        self._zone = settings.time_zone
        self._base_url = settings.base_url
        self._environment = SandboxedEnvironment(
            loader=FileSystemLoader(FOLDER),
            autoescape=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def write(self, delivery: Leased, contact: Contact, now: datetime) -> Words:
        """Raises jinja2.TemplateError when a template asks for something that the message does not have."""
        assert delivery.template is not None
        values = {
            "followed": False,  # it tells what happens in the case that the customer's own was merged into
            **delivery.facts,
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
            "what": facts["what"][language],
            "due": human_time(datetime.fromisoformat(facts["due_at"]), self._zone, language),
            "link": f"{self._base_url}/routing/v1/{place.format(facts['subject_id'])}",
            "organisation": self._organisation,
        }
        return self._words(language, delivery.template, values)

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

    def _words(self, language: str, template: str, values: dict[str, Any]) -> Words:
        rendered = self._environment.get_template(f"{language}/{template}.txt.jinja").render(values)
        subject, _, body = rendered.partition("\n")
        return Words(
            " ".join(subject.removeprefix("Subject:").split()),
            body.strip() + "\n",
            version_of(language, template),
        )

    def _promise(self, delivery: Leased, language: str, now: datetime) -> str | None:
        """By when the customer hears from us: the live promise, or the one that this message is about; never
        a time that has passed."""
        told: Any = delivery.facts.get("promised_at")
        times = (delivery.promised_at, datetime.fromisoformat(told) if told else None)
        at = next((at for at in times if at is not None and at > now), None)
        return human_time(at, self._zone, language) if at else None


@cache
def version_of(language: str, template: str) -> str:
    """Names the exact wording: a digest of the template and of the parts that all messages share."""
    sources = [FOLDER / language / f"{template}.txt.jinja", *sorted((FOLDER / language).glob("_*.txt.jinja"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]
