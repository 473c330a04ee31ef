"""Facts that intake publishes."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.registry import Event, registry
from shared.events.vocabulary import (
    TOPICS,
    About,
    Against,
    Aspect,
    Because,
    Channel,
    Compensation,
    ComplainantType,
    ContactRole,
    Emotion,
    Form,
    GapSource,
    Kind,
    Language,
    Loss,
    Medium,
    Money,
    Outcome,
    Remedy,
    SaleMode,
    SaleStep,
    Scan,
    Standing,
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
    supplier: str | None = None

    @property
    def label(self) -> str | None:
        """What counts as the same product: its name, else its model, else its number."""
        return self.name or self.model or self.id


class ExpectationGap(BaseModel):
    """What the customer expected and what they got (期望值), masked."""

    model_config = ConfigDict(frozen=True)

    aspects: tuple[Aspect, ...] = ()
    expected: str | None = None
    received: str | None = None
    source: GapSource | None = None
    """Where the difference comes from."""


class Sale(BaseModel):
    """How it was sold, and where in the sale the trouble began."""

    model_config = ConfigDict(frozen=True)

    step: SaleStep | None = None
    mode: SaleMode | None = None


class ClaimedLoss(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: Loss
    amount: Money


class TaxonomyCode(BaseModel):
    """A place in the taxonomy: level 1 and, if it is known, level 2."""

    model_config = ConfigDict(frozen=True)

    category: str
    subcategory: str | None = None


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
    contract_id: str | None = None
    expectation: ExpectationGap | None = None
    sale: Sale | None = None
    defect_rate: Decimal | None = None
    """Share of what was delivered that is faulty, 0 to 1."""
    desired_remedies: tuple[Remedy, ...] = ()
    desired_amount: Money | None = None
    desired_compensation: tuple[Compensation, ...] = ()
    estimated_loss: Money | None = None
    claimed_losses: tuple[ClaimedLoss, ...] = ()
    accused_id: str | None = None
    """The person complained about, by their id in the directory, if that is known."""
    emotion: Emotion | None = None
    taken_by: ContactRole | None = None
    """The contact staff who took it, if it was told to somebody."""
    region: str | None = None
    """Where it happened, by ISO 3166-1 or 3166-2."""
    standing: Standing | None = None
    key_account: bool | None = None
    completeness: float
    """Share of what is asked for that is known, 0 to 1."""
    missing: tuple[str, ...] = ()
    """Names of what is not."""


@registry.event("redress.complaint.supplemented", topic=TOPICS.intake)
class ComplaintSupplemented(Event):
    """A further contact added to what was told; only what it adds is set.

    投诉内容有补充。
    """

    addition_id: UUID
    number: int
    """Counts the additions to a complaint, from 1."""
    contact_at: datetime
    """When the customer said it."""
    added_by: str
    added_at: datetime
    medium: Medium
    channel: Channel
    said: str | None = None
    """In the customer's own words, masked; so are `feeling` and `wanted`."""
    feeling: str | None = None
    wanted: str | None = None
    emotion: Emotion | None = None
    restatement: str | None = None
    """What the handler understood, as restated to the customer; masked."""
    confirmed: bool | None = None
    """Whether the customer confirmed the restatement in this very contact; None when they have yet to say."""
    about: About | None = None
    against: Against | None = None
    visibility: Visibility | None = None
    product: ProductRef | None = None
    order_id: str | None = None
    contract_id: str | None = None
    expectation: ExpectationGap | None = None
    sale: Sale | None = None
    defect_rate: Decimal | None = None
    region: str | None = None
    desired_remedies: tuple[Remedy, ...] | None = None
    desired_amount: Money | None = None
    desired_compensation: tuple[Compensation, ...] | None = None
    estimated_loss: Money | None = None
    claimed_losses: tuple[ClaimedLoss, ...] | None = None
    accused_id: str | None = None
    completeness: float
    missing: tuple[str, ...] = ()


@registry.event("redress.restatement.answered", topic=TOPICS.intake)
class RestatementAnswered(Event):
    """The customer said whether the handler understood them rightly.

    客户已对复述内容作出确认或更正。
    """

    addition_id: UUID
    confirmed: bool
    correction: str | None = None
    """What is not right, in the customer's own words, masked."""
    answered_by: str
    """`customer`, or who recorded the answer."""
    answered_at: datetime


@registry.event("redress.complaint.coded", topic=TOPICS.intake)
class ComplaintCoded(Event):
    """A person coded the complaint by the taxonomy, or corrected the coding.

    投诉已按分类表编码，或编码已更正。
    """

    number: int
    """Counts the codings of a complaint, from 1; the highest is in force."""
    taxonomy_version: int
    codes: tuple[TaxonomyCode, ...]
    """The first is what it is mainly about."""
    values: tuple[str, ...]
    """Value orientation: what the customer holds dear, the positive opposite of the grievance."""
    reason: str
    previous_taxonomy_version: int | None = None
    previous_codes: tuple[TaxonomyCode, ...] | None = None
    """What was in force before: None for the first coding."""
    previous_values: tuple[str, ...] | None = None
    coded_by: str
    reviewed_by: str | None = None
    coded_at: datetime
    """When it came into force."""


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
    trust_restored: bool | None = None
    """Whether they trust the company again; None: they did not say."""
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


@registry.event("redress.customer.erased", topic=TOPICS.intake)
class CustomerErased(Event):
    """What identified the customer of this complaint is erased; whoever keeps words about it lets go of them.

    该投诉的客户个人信息已删除，各方须清除所存的相关文字。
    """

    customer_id: UUID
    because: Because
    erased_at: datetime
    customer_gone: bool = False
    """No other complaint of the customer is left readable: whatever is kept of them beside complaints goes, too."""


@registry.event("redress.purchase.recorded", topic=TOPICS.intake)
class PurchaseRecorded(Event):
    """The customer of this complaint, their newest by then, bought something after it.

    投诉客户再次购买。
    """

    purchase_id: UUID
    """Opaque, like the customer's: it follows from the numbers of both in the shop's system."""
    customer_id: UUID
    amount: Money | None = None
    product: str | None = None
    """Masked."""
    purchased_at: datetime


@registry.event("redress.personal-data.read", topic=TOPICS.intake)
class PersonalDataRead(Event):
    """Personal data of this complaint was handed out to somebody of the company or to a service.

    已向内部人员或服务提供该投诉的个人信息。
    """

    what: str
    """`contact`, `attachment`, `thumbnail` or `export`."""
    purpose: str
    """What for, as the reader said it, masked."""
    read_by: str
    """The principal."""
    read_at: datetime


@registry.event("redress.reporter.left", topic=TOPICS.intake)
class ReporterLeft(Event):
    """A complaint that was merged into this one is worked on its own again.

    曾并入本投诉的投诉已恢复单独处理。
    """

    merged_id: UUID
    left_at: datetime
