"""Facts that intake publishes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.registry import Event, registry
from shared.events.vocabulary import (
    TOPICS,
    About,
    Against,
    Channel,
    ComplainantType,
    Form,
    Kind,
    Language,
    Medium,
    Money,
    Outcome,
    Remedy,
    Scan,
    Visibility,
)


class MaskedStatement(BaseModel):
    """The three questions (三点), in the customer's own words with personal data masked."""

    model_config = ConfigDict(frozen=True)

    what_went_wrong: str
    feeling: str | None = None
    wanted: str | None = None


class ProductRef(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str | None = None
    name: str | None = None
    model: str | None = None
    batch: str | None = None


@registry.event("redress.complaint.registered", topic=TOPICS.intake)
class ComplaintRegistered(Event):
    """A complaint was recorded; from here on it cannot be lost.

    投诉已登记，从此不会丢失。
    """

    reference: str
    """What the customer quotes: RD-, eight characters, a check character."""
    registered_at: datetime
    kind: Kind
    medium: Medium
    channel: Channel
    language: Language
    about: About | None = None
    form: Form
    against: Against
    visibility: Visibility
    complainant_type: ComplainantType
    customer_id: UUID
    """Opaque; who may know more asks intake."""
    statement: MaskedStatement
    product: ProductRef | None = None
    order_id: str | None = None
    desired_remedies: tuple[Remedy, ...] = ()
    desired_amount: Money | None = None
    estimated_loss: Money | None = None
    completeness: float
    """Share of the 5W2H and definition fields that are filled, 0 to 1."""
    missing: tuple[str, ...] = ()
    """Names of the fields that are not."""


@registry.event("redress.offer.chosen", topic=TOPICS.intake)
class OfferChosen(Event):
    """The customer agreed to one of the offered solutions.

    客户选定了一个解决方案。
    """

    offer_id: UUID
    chosen_at: datetime


@registry.event("redress.offers.declined", topic=TOPICS.intake)
class OffersDeclined(Event):
    """The customer objected to all the offered solutions.

    客户不接受任何方案。
    """

    round: int | None = None
    """Which round of offers; an objection to any other than the present one changes nothing."""
    reason: str | None = None
    """In the customer's own words, masked."""
    declined_at: datetime


@registry.event("redress.opinion.given", topic=TOPICS.intake)
class OpinionGiven(Event):
    """The customer answered the survey about the result.

    客户对处理结果作出评价。
    """

    follow_up_id: UUID | None = None
    """Which request it answers; an opinion on any other than the last result decides nothing."""
    outcome: Outcome
    comment: str | None = None
    """In the customer's own words, masked."""
    given_at: datetime


@registry.event("redress.attachment.added", topic=TOPICS.intake)
class AttachmentAdded(Event):
    """A file was attached to the complaint. Its name and content are intake's to give.

    投诉增加了附件。
    """

    attachment_id: UUID
    media_type: str
    """By content, whatever was declared."""
    size: int
    """Bytes."""
    from_customer: bool
    """The file is the customer's own."""
    visible_to_customer: bool
    scan: Scan
    """`pending`: it is in quarantine until AttachmentScanned says that it is clean."""
    added_at: datetime


@registry.event("redress.attachment.scanned", topic=TOPICS.intake)
class AttachmentScanned(Event):
    """The malware scanner has found an attachment clean or infected.

    附件已完成病毒扫描。
    """

    attachment_id: UUID
    scan: Scan
    """`clean` or `infected`. What is infected is never handed out."""
    scanned_at: datetime
