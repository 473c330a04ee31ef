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


@registry.event("redress.complaint.merged", topic=TOPICS.intake)
class ComplaintMerged(Event):
    """The complaint goes on under a leading one that is about the same matter; its reporter stays informed.

    投诉已并入主投诉，其投诉人继续获知进展。
    """

    leading_id: UUID
    promised_at: datetime | None = None
    """The leading complaint's live promise, as the customer's view shows it."""
    merged_by: str
    reason: str | None = None
    """Why it is the same matter, masked."""
    merged_at: datetime


@registry.event("redress.complaint.separated", topic=TOPICS.intake)
class ComplaintSeparated(Event):
    """The merging was undone: the complaint is worked on its own again.

    合并已撤销，投诉恢复单独处理。
    """

    leading_id: UUID
    separated_by: str
    reason: str | None = None
    """Why it is another matter, masked."""
    separated_at: datetime


@registry.event("redress.reporter.joined", topic=TOPICS.intake)
class ReporterJoined(Event):
    """Another complaint was merged into this leading one: its reporter follows this case from now on.

    另一投诉已并入本投诉，其投诉人从此跟随本案进展。
    """

    merged_id: UUID
    joined_at: datetime


@registry.event("redress.reporter.left", topic=TOPICS.intake)
class ReporterLeft(Event):
    """A complaint that was merged into this one is worked on its own again.

    曾并入本投诉的投诉已恢复单独处理。
    """

    merged_id: UUID
    left_at: datetime
