"""What comes in and goes out about templates and their versions."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.notification.wording.declared import Language
from services.notification.wording.in_force import Source
from services.notification.wording.schemas import InBoth, ReplyFinding
from shared.reply_policy import Judged, Treatment
from shared.text import ShortText

EXAMPLE = (
    "Subject: News about your case ({{ reference }})\n"
    "Short: {{ organisation }}: thank you for your patience. There is news about your case: {{ link }}\n\n"
    '{% include "en/_greeting.txt.jinja" %}\n\n'
    "Thank you for your patience. Here is how things stand:\n\n{{ message }}\n\n"
    "What happens now: we go on working on your case"
    "{% if promised %}, and you hear from us again by {{ promised }}{% endif %}.\n\n"
    'You can follow every step here:\n{{ link }}\n\n{% include "en/_signature.txt.jinja" %}\n'
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class _Shown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class NewTemplateVersion(_Body):
    """Words for one letter in one language."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"source": EXAMPLE, "reason": "Shorter, and in our own voice."}]}
    )

    source: Source
    """`Subject: ...`, then perhaps `Short: ...` for ways on which a letter is too long, an empty line, and the letter.
    `{{ variable }}`, `{% if %}`, `{% for offer in offers %}`; numbered lines become a list, indented ones a quotation,
    and the link on a line of its own a button."""
    reason: ShortText
    """Why it is made."""


class TemplatePreview(_Body):
    """How a draft would read. Nothing of it is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": EXAMPLE}, {}]})

    source: Source | None = None
    """The draft; left out: what is in force."""
    complaint_id: UUID | None = None
    """With what is known of this complaint, and what the last letter of the kind about it said."""
    delivery_id: UUID | None = None
    """With what this delivery said."""


class OfferExample(_Shown):
    """One of several solutions."""

    rank: int
    description: str


class VariableShown(_Shown):
    name: str
    type: Literal["text", "link", "moment", "flag", "number", "choice", "choices", "offers", "letters"]
    what: InBoth
    example: bool | int | str | list[str] | list[OfferExample]
    may_be_missing: bool
    """Then it stands within `{% if %}`."""
    must_be_shown: bool
    """Whenever it is known."""


class TemplateInForce(_Shown):
    language: Language
    version: int
    """0 is what Redress is shipped with."""
    digest: str
    """Names the exact wording, with the parts that all letters share; deliveries name it."""


class TemplateSummary(_Shown):
    """A letter that Redress writes."""

    name: str
    what: InBoth
    audience: Literal["customer", "staff", "part"]
    """A part is put into other templates."""
    in_force: list[TemplateInForce]


class TemplateShown(_Shown):
    """One version of one template in one language."""

    name: str
    language: Language
    version: int
    source: str
    variables: list[VariableShown]


class MadeTemplateVersion(_Shown):
    name: str
    language: Language
    version: int
    findings: list["TemplateFinding"]
    """What the reply check would rather have said otherwise; heavier ones are refused."""


class TemplateFinding(_Shown):
    """What the reply check found, and what the rulebook `reply-policy` makes of it."""

    treatment: Treatment
    text: str
    """The paragraph in which it stands, with example values."""
    finding: ReplyFinding

    @classmethod
    def of(cls, text: str, judged: Judged) -> "TemplateFinding":
        return cls(treatment=judged.treatment, text=text, finding=ReplyFinding.of(judged.finding))


class TemplateFault(_Shown):
    """What must be mended before it can be saved."""

    line: int | None
    what: InBoth


class TemplatePreviewed(_Shown):
    """The letter as it would go out, or why it would not."""

    subject: str | None
    short: str | None
    text: str | None
    html: str | None
    """Show it in a frame without scripts."""
    faults: list[TemplateFault]
    findings: list[TemplateFinding]


class WordingShown(_Shown):
    """An exact wording that letters had."""

    digest: str
    name: str
    language: Language
    version: int
    source: str
    parts: dict[str, str]
    """What all letters share, by name, and the layout."""
    since: datetime
    """First in force."""
