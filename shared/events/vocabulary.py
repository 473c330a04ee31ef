"""Words that several services share, as they stand on the wire. CONTEXT.md explains each."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """What the person wants to say."""

    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    OPINION = "opinion"
    PRAISE = "praise"
    CRITICISM = "criticism"


class Medium(StrEnum):
    """First level of the channel. The texts count the telephone as online."""

    ONLINE = "online"
    OFFLINE = "offline"


class Channel(StrEnum):
    """Second level of the channel: how the complaint reached the company."""

    PHONE = "phone"
    EMAIL = "email"
    WEB_FORM = "web_form"
    MOBILE_APP = "mobile_app"
    SOCIAL_MEDIA = "social_media"
    CHAT = "chat"
    CHATBOT = "chatbot"
    API = "api"
    STORE = "store"
    SERVICE_CENTRE = "service_centre"
    FIELD_VISIT = "field_visit"
    LETTER = "letter"

    @property
    def medium(self) -> Medium:
        return Medium.OFFLINE if self in _OFFLINE else Medium.ONLINE

    @property
    def is_oral(self) -> bool:
        return self in _ORAL


_OFFLINE = {Channel.STORE, Channel.SERVICE_CENTRE, Channel.FIELD_VISIT, Channel.LETTER}
_ORAL = {Channel.PHONE, Channel.STORE, Channel.SERVICE_CENTRE, Channel.FIELD_VISIT}


class Language(StrEnum):
    """Language in which the customer is answered."""

    EN = "en"
    ZH = "zh"


class About(StrEnum):
    GOODS = "goods"
    SERVICE = "service"


class Form(StrEnum):
    WRITTEN = "written"
    ORAL = "oral"


class Against(StrEnum):
    ORGANISATION = "organisation"
    PERSON = "person"


class ComplainantType(StrEnum):
    EXTERNAL = "external"
    OTHER_DEPARTMENT = "other_department"
    OWN_DEPARTMENT = "own_department"
    ANONYMOUS = "anonymous"


class Standing(StrEnum):
    """How long somebody has been a customer: under a year, or longer."""

    NEW = "new"
    ESTABLISHED = "established"


class Visibility(StrEnum):
    PRIVATE = "private"
    PUBLIC = "public"


class Aspect(StrEnum):
    """质量、价格、交期、服务: in what an expectation was disappointed."""

    QUALITY = "quality"
    PRICE = "price"
    DELIVERY = "delivery"
    SERVICE = "service"


class GapSource(StrEnum):
    """三者差异: where the difference between what was expected and what was got comes from."""

    CUSTOMER = "customer"
    """They understood it otherwise."""
    SALESPERSON = "salesperson"
    """They said otherwise."""
    PRODUCT = "product"
    """It is otherwise."""


class SaleStep(StrEnum):
    """销售环节、售后服务: the step of a sale in which the trouble began."""

    ADVERTISING = "advertising"
    CONSULTATION = "consultation"
    CONTRACT = "contract"
    DELIVERY = "delivery"
    INSTALLATION = "installation"
    AFTER_SALES = "after_sales"


class SaleMode(StrEnum):
    """强行推销、说明式、说服式、互动式 (感性销售): how it was sold."""

    FORCED = "forced"
    EXPLANATORY = "explanatory"
    PERSUASIVE = "persuasive"
    INTERACTIVE = "interactive"


class Loss(StrEnum):
    """What a claimed loss consists of: 停线损失、放空费 and others."""

    LINE_STOP = "line_stop"
    IDLE = "idle"
    SCRAP = "scrap"
    REWORK = "rework"
    TRANSPORT = "transport"
    PENALTY = "penalty"
    INJURY = "injury"
    OTHER = "other"


class Compensation(StrEnum):
    """精神或物质上的补偿."""

    MORAL = "moral"
    MATERIAL = "material"


class ContactRole(StrEnum):
    """营业员、客户经理、业务员、送货人员、安装维修人员: who meets customers, and any other department's people."""

    SALES_CLERK = "sales_clerk"
    ACCOUNT_MANAGER = "account_manager"
    SALESPERSON = "salesperson"
    DELIVERY = "delivery"
    INSTALLER = "installer"
    OTHER = "other"


class Valence(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Emotion(StrEnum):
    """The customer's emotion in one contact, as whoever spoke with them took it in."""

    ANGRY = "angry"
    ANXIOUS = "anxious"
    DISAPPOINTED = "disappointed"
    AGGRIEVED = "aggrieved"
    CALM = "calm"
    RELIEVED = "relieved"
    SATISFIED = "satisfied"
    GRATEFUL = "grateful"

    @property
    def valence(self) -> Valence:
        if self is Emotion.CALM:
            return Valence.NEUTRAL
        return Valence.POSITIVE if self in _POSITIVE else Valence.NEGATIVE


_POSITIVE = {Emotion.RELIEVED, Emotion.SATISFIED, Emotion.GRATEFUL}


class Severity(StrEnum):
    """一般 / 紧急 / 重大."""

    GENERAL = "general"
    URGENT = "urgent"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Nature(StrEnum):
    """投诉的性质: what sort of matter it is, from the least to the most grave."""

    SERVICE = "service"
    DELIVERY = "delivery"
    QUALITY = "quality"
    LEGAL_PUBLIC = "legal_public"
    """A regulator, the press, a lawyer or the public is involved, or about to be."""
    SAFETY = "safety"

    @property
    def rank(self) -> int:
        return list(Nature).index(self)


class Urgency(StrEnum):
    """紧急程度: how soon something must be done."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def rank(self) -> int:
        return list(Urgency).index(self)


class Risk(StrEnum):
    """更大的纠纷和恶性事件: what a complaint may grow into."""

    DISPUTE = "dispute"
    INCIDENT = "incident"


class Remedy(StrEnum):
    """What can be offered, and what a customer can ask for."""

    RETURN = "return"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    DISCOUNT = "discount"
    COMPENSATION = "compensation"
    REFUND = "refund"
    APOLOGY = "apology"
    EXPLANATION = "explanation"
    SPEED_UP = "speed_up"
    STAFF_ACTION = "staff_action"
    PREVENTION = "prevention"

    @property
    def compensation(self) -> Compensation | None:
        """None for what only does sooner that which is owed."""
        if self is Remedy.SPEED_UP:
            return None
        return Compensation.MORAL if self in _MORAL else Compensation.MATERIAL


_MORAL = {Remedy.APOLOGY, Remedy.EXPLANATION, Remedy.STAFF_ACTION, Remedy.PREVENTION}


class Outcome(StrEnum):
    """满意 / 可接受 / 不可接受: the customer's own judgement of the result."""

    SATISFIED = "satisfied"
    ACCEPTABLE = "acceptable"
    NOT_ACCEPTABLE = "not_acceptable"

    @property
    def is_target(self) -> bool:
        return self is not Outcome.NOT_ACCEPTABLE


class Scan(StrEnum):
    """What is known of an attachment. Only what is clean, or was never to be scanned, is handed out."""

    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"


class Because(StrEnum):
    """Why personal data was erased."""

    REQUESTED = "requested"
    RETENTION = "retention"


class Audience(StrEnum):
    """Who must know, as the texts name them; each has a transfer topic."""

    PERSON_CONCERNED = "person-concerned"
    RESPONSIBLE_DEPARTMENT = "responsible-department"
    TECHNICAL_SUPPORT = "technical-support"
    COMPLAINT_MANAGEMENT = "complaint-management"
    LEADERSHIP = "leadership"


class TransferForm(StrEnum):
    """通知、电话、访谈、会议、剪报、内部邮件: the forms in which an audience is told."""

    NOTICE = "notice"
    PHONE = "phone"
    INTERVIEW = "interview"
    MEETING = "meeting"
    CLIPPING = "clipping"
    INTERNAL_MAIL = "internal_mail"

    @property
    def is_spoken(self) -> bool:
        """Somebody must speak with somebody: a task that is recorded."""
        return self in {TransferForm.PHONE, TransferForm.INTERVIEW}


class NoticeUrgency(StrEnum):
    """How quickly a notice wants to be read."""

    NORMAL = "normal"
    HIGH = "high"
    IMMEDIATE = "immediate"


class TaskForm(StrEnum):
    """What somebody has to do within the company: call, speak with somebody, or what a meeting decided."""

    PHONE = "phone"
    INTERVIEW = "interview"
    ACTION = "action"


class TaskOutcome(StrEnum):
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    DONE = "done"


class Money(BaseModel):
    """An amount in a currency (ISO 4217)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["CNY"])]


class Topics(NamedTuple):
    intake: str = "redress.intake"
    routing: str = "redress.routing"
    resolution: str = "redress.resolution"
    notification: str = "redress.notification"
    insights: str = "redress.insights"


TOPICS = Topics()


def transfer_topic(audience: Audience) -> str:
    return f"redress.transfer.{audience.value}"


TRANSFER_TOPICS = tuple(transfer_topic(audience) for audience in Audience)
ALL_TOPICS = (*TOPICS, *TRANSFER_TOPICS)
