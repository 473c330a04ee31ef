"""Facts that insights publishes: what complaints teach."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS

MOST_EVIDENCE = 50
"""Complaints that an event names."""


class TrainingKind(StrEnum):
    """The five kinds of training (培训内容)."""

    SERVICE_IDEA = "service_idea"
    TYPES_AND_CAUSES = "types_and_causes"
    EMOTION_AND_COMMUNICATION = "emotion_and_communication"
    PROBLEM_SOLVING = "problem_solving"
    SIMULATED_CASES = "simulated_cases"


@registry.event("redress.training.needed", topic=TOPICS.insights)
class TrainingNeeded(Event):
    """Complaints show that a person or a department needs training. The complaint is the one that tipped it.

    投诉数据显示有培训需求。
    """

    need_id: UUID
    person_id: str | None = None
    """Whose need it is, by their id in the directory; or that of a whole department."""
    department: str | None = None
    about: str
    """Category or cause that the complaints have in common."""
    kind: TrainingKind
    complaints: Annotated[int, Field(ge=1)]
    """How many complaints speak for it."""
    evidence: Annotated[tuple[UUID, ...], Field(max_length=MOST_EVIDENCE)] = ()
    """Some of them, the newest first."""
    found_at: datetime

    @model_validator(mode="after")
    def _somebodys(self) -> Self:
        if (self.person_id is None) == (self.department is None):
            raise ValueError("a need is that of a person or of a department")
        return self


class WarningTail(StrEnum):
    """In which way something is unusual."""

    SURGE = "surge"
    """Unusually many complaints (激增)."""
    SILENCE = "silence"
    """Unusually few (沉默): a warning, not a success."""
    SEVERE = "severe"
    """Severe ones that follow each other unusually soon (重大投诉密集)."""


class WarningLevel(StrEnum):
    WATCH = "watch"
    """Unusual by itself: shown to whoever looks."""
    ALERT = "alert"
    """Unusual within all that was looked at: somebody must know."""


class WarningStep(StrEnum):
    """Of what the counts are."""

    WEEK = "week"
    DAY = "day"


class WarningDetector(StrEnum):
    EVIDENCE = "evidence"
    """The e-value of a surge that began in the newest step or in the one before."""
    TAILS = "tails"
    """The smallest lower tail of the sums of the newest steps."""
    EARS = "ears"
    """C2, for series that are too young for the others."""
    G_CHART = "g_chart"
    """The chance of gaps as short as the newest."""


class WarningNull(BaseModel):
    """How the p value became a calibrated one: between two marks on a line, or beyond the smallest exponentially."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    below: float | None = None
    """A p value below which `share_below` of all were in quiet times; none: it lay beyond the smallest mark."""
    share_below: float = 0.0
    above: float
    share_above: float
    slope: float
    """Of the tail."""


class WarningEvidence(BaseModel):
    """Everything that is needed to work the warning out again."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    detector: WarningDetector
    as_of: datetime
    """What was known then was counted."""
    window: int
    """Steps before the judged one that were learned from, or looked at."""
    counts: Annotated[tuple[int, ...], Field(max_length=1000)] = ()
    """Of each step of the window and of the judged one, the oldest first. Of the g-chart: days between severe
    complaints."""
    exposure: Annotated[tuple[float, ...] | None, Field(max_length=1000)] = None
    """Of the same steps, when it is known for all of them."""
    known: Annotated[tuple[float, ...] | None, Field(max_length=20)] = None
    """Share of the complaints of each of the newest steps that was known by then, the oldest first, by how late
    complaints became known before; as much less was expected. None: all of them."""
    known_error: Annotated[tuple[float, ...] | None, Field(max_length=20)] = None
    """By how much such shares differ from step to step (a coefficient of variation); it widens the dispersion."""
    spans: Annotated[tuple[int, ...], Field(max_length=10)]
    """Newest steps whose sums were judged; of the g-chart: newest gaps."""
    observed: Annotated[tuple[float, ...], Field(max_length=10)]
    """Sums, by span."""
    expected: Annotated[tuple[float, ...], Field(max_length=10)]
    """Their means, had nothing happened."""
    dispersion: Annotated[tuple[float, ...], Field(max_length=10)]
    """Variance by mean."""
    p: float
    null: WarningNull | None = None
    """None: the p value was not calibrated, and is rather too large."""
    calibrated: float
    q: float | None = None
    """Expected share of false ones among all that are as unusual; none for severe ones, which bypass it."""
    portfolio: int = 0
    """Series that were judged together."""
    deciding_p: float | None = None
    """q = deciding_p x portfolio / deciding_rank."""
    deciding_rank: int | None = None
    watch_limit: float
    alert_limit: float
    """Of q; of the g-chart: of p."""
    rulebook_version: int
    """Of `early-warning`."""
    code_version: str


class WarningFactor(BaseModel):
    """What the affected complaints have in common more often than others."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    attribute: str
    """`batch`, `supplier`, `region`, `channel`, `product`, `category`."""
    value: str
    n: int
    """Affected complaints with it."""
    expected: float
    """As many there would be if it were as frequent as among the earlier complaints of the series, or, where there were
    few, among all."""
    ic: float
    ic025: float
    """Lower limit of the information component; above 0: more than chance."""
    eb05: float | None = None
    """5 % quantile of the shrunk ratio; none when there were too few pairs to fit it."""


class WarningLoss(BaseModel):
    """What it costs if nobody acts: market at risk and handling of the affected (or of the silent) complaints."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    value: Decimal
    low: Decimal
    high: Decimal
    """Four of five draws of the assumptions lie between."""
    currency: str
    assumptions_version: int


class WarningProposal(BaseModel):
    """Goods that a field action could be about. Nothing happens by itself."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    products: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    batches: Annotated[tuple[str, ...], Field(max_length=500)] = ()
    regions: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    registered_since: datetime


@registry.event("redress.warning.raised", topic=TOPICS.insights)
class WarningRaised(Event):
    """Complaints of a kind are unusually many, unusually few, or severe too often. The complaint is the newest of them.

    预警：某类投诉异常增多、异常减少，或重大投诉过于密集。
    """

    alert_id: UUID
    dimension: str
    value: str
    """Of the dimension; the two values of a pair are separated by U+001F."""
    tail: WarningTail
    level: WarningLevel
    step: WarningStep
    starts: date
    """First day of the judged step (UTC)."""
    words_en: str
    words_zh: str
    evidence: WarningEvidence
    complaints: Annotated[int, Field(ge=0)]
    """How many are affected."""
    affected_since: datetime
    affected_before: datetime
    """Between these they came; of silence: the time in which they did not."""
    affected: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    """The newest of them."""
    factors: Annotated[tuple[WarningFactor, ...], Field(max_length=5)] = ()
    """Probable common factors, the likeliest first."""
    loss: WarningLoss | None = None
    proposal: WarningProposal | None = None
    raised_at: datetime


@registry.event("redress.warning.acknowledged", topic=TOPICS.insights)
class WarningAcknowledged(Event):
    """Somebody has seen the warning. 预警已知悉。"""

    alert_id: UUID
    acknowledged_by: str
    acknowledged_at: datetime


@registry.event("redress.warning.muted", topic=TOPICS.insights)
class WarningMuted(Event):
    """Nobody is told of this series until then; what happens is recorded all the same. 预警已静音。"""

    alert_id: UUID
    reason: str
    """Masked."""
    until: datetime
    muted_by: str
    muted_at: datetime


@registry.event("redress.warning.confirmed", topic=TOPICS.insights)
class WarningConfirmed(Event):
    """It was a real problem. 预警属实。"""

    alert_id: UUID
    reason: str
    """Masked."""
    confirmed_by: str
    confirmed_at: datetime


@registry.event("redress.warning.dismissed", topic=TOPICS.insights)
class WarningDismissed(Event):
    """It was none. 预警不属实。"""

    alert_id: UUID
    reason: str
    """Masked."""
    dismissed_by: str
    dismissed_at: datetime


@registry.event("redress.topic.emerged", topic=TOPICS.insights)
class TopicEmerged(Event):
    """Something is told that was not told before, or far more than the weeks before let expect. The complaint is the
    newest of it.

    出现新的投诉问题，请关注。
    """

    topic_id: UUID
    week: date
    """Its Monday, in UTC."""
    label_en: tuple[str, ...] = ()
    """Terms that many of the complaints use, masked; how people call it, the topic itself says."""
    label_zh: tuple[str, ...] = ()
    category: str | None = None
    """What most of the complaints are about; none where they differ."""
    subcategory: str | None = None
    product: str | None = None
    complaints: Annotated[int, Field(ge=1)]
    customers: Annotated[int, Field(ge=1)]
    """Who used its clearest term, in the week or in two."""
    expected: Annotated[float, Field(ge=0)]
    """Who would have used it, by the weeks before."""
    p_value: Annotated[float, Field(ge=0, le=1)]
    q_value: Annotated[float, Field(ge=0, le=1)]
    """Least share of false ones, among all terms of the week, at which it is found."""
    rules_version: int
    """Of the rulebook `topic-mining`."""
    evidence: Annotated[tuple[UUID, ...], Field(max_length=MOST_EVIDENCE)] = ()
    """Some of the complaints, the newest first."""
    found_at: datetime


@registry.event("redress.hazard.registered", topic=TOPICS.insights)
class HazardRegistered(Event):
    """Complaints warn of something that may happen. The complaint is the newest that does.

    投诉显示存在隐患，已登记。
    """

    hazard_id: UUID
    danger: str | None = None
    """What was heard in the words of complaints (`fire`, `shock`), where rules found it."""
    what: str | None = None
    """In the words of whoever registered it, masked."""
    product: str | None = None
    batch: str | None = None
    region: str | None = None
    """By ISO 3166-1 or 3166-2."""
    department: str | None = None
    """That is to remove it, if somebody said so."""
    likelihood: Annotated[int, Field(ge=1, le=5)]
    severity: Annotated[int, Field(ge=1, le=5)]
    evidence: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    """Complaints that warn of it, the newest first."""
    review_by: date
    found_by: str
    """The account, or `rules`."""
    registered_at: datetime


class Treated(StrEnum):
    """Of whom it is asked how they are treated."""

    CUSTOMERS = "customers"
    STAFF = "staff"


@registry.event("redress.disparity.found", topic=TOPICS.insights)
class DisparityFound(Event):
    """A fairness audit found that a group is treated otherwise than its like, by more than matters. The complaint is
    the newest of the group.

    公平性审计发现某一群体受到的对待与同类情况存在显著差异。
    """

    audit_id: UUID
    comparison_id: UUID
    about: Treated
    characteristic: str
    """By what groups are told apart: standing, account, contact, language, region; of staff department, team,
    layer, languages, experience."""
    group: str
    measure: str
    """What is compared, such as `handling_time`."""
    sort: str
    """What `value` is: `share`: a difference of shares; `rank`: a chance of more, less one half; `time`: a ratio of
    rates."""
    worse: bool
    """Is the group treated worse than the others, or better?"""
    n: Annotated[int, Field(ge=1)]
    """Cases of the group that have their like."""
    n_others: Annotated[int, Field(ge=1)]
    value: float
    low: float
    high: float
    """95 % interval of `value`."""
    p_value: float
    q_value: float
    """Expected share of false ones among all disparities of the audit that are as plain as this."""
    tolerance: float
    """The least difference that matters."""
    first: date
    last: date
    """Days of receipt that were looked at, in UTC, both included."""
    found_at: datetime
