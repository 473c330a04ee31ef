"""Shapes of alerts and exposures."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.insights.alerts.model import AlertEnding, AlertVerdict
from services.insights.alerts.series import Dimension
from shared.events.insights import (
    WarningDetector,
    WarningEvidence,
    WarningFactor,
    WarningLevel,
    WarningLoss,
    WarningProposal,
    WarningStep,
    WarningTail,
)
from shared.pages import WrittenMoment
from shared.text import LongText, ShortText


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class AlertSummary(BaseModel):
    """A series that is or was unusual."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    dimension: Dimension
    parts: dict[str, str]
    """Values by which its complaints are told apart: `{"product": "kettle"}`. Empty: all complaints."""
    tail: WarningTail
    level: WarningLevel
    """The highest so far."""
    detector: WarningDetector
    step: WarningStep
    since: date
    """First day of the first week, or day, in which it was unusual."""
    starts: date
    """First day of the newest one."""
    words_en: str
    words_zh: str
    complaints: int
    """How many are affected; of silence: how many there still were."""
    q: float | None
    """Expected share of false ones among all that were as unusual then; null for severe ones."""
    loss: WarningLoss | None
    raised_at: datetime
    part_of: UUID | None
    """The alert of a finer series that explains it: a batch explains its product, category and the sum of all."""
    announced: bool
    """Whether it was told: it is an alert, no part of another, and was not muted."""
    ended_at: datetime | None
    ended_because: AlertEnding | None
    """`quiet`: nothing was unusual any more. `not_watched`: days are no longer judged, so nobody can tell."""
    acknowledged_at: datetime | None
    muted_until: datetime | None
    verdict: AlertVerdict | None


class AlertShown(AlertSummary):
    """An alert with everything by which it can be worked out again, and what people said of it."""

    version: int
    evidence: WarningEvidence
    affected_since: datetime
    affected_before: datetime
    factors: list[WarningFactor]
    """Probable common factors of the affected complaints, the likeliest first."""
    proposal: WarningProposal | None
    """Goods that a field action could be about: `POST /resolution/v1/field-actions` takes them as `affected`, and
    this alert's id as `alert`. Nothing happens by itself."""
    acknowledged_by: str | None
    muted_by: str | None
    mute_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


class MuteAsked(BaseModel):
    """Nobody is told of the series for a while; it is judged and recorded all the same."""

    model_config = _example(
        until="2027-03-31T00:00:00Z", reason="Recall is under way until the end of March."
    )

    until: WrittenMoment
    """At most a year from now."""
    reason: LongText
    """Masked before it is kept."""


class VerdictAsked(BaseModel):
    """What was found when somebody looked."""

    model_config = _example(reason="Encoder of batch 2026-41 fails; containment has begun.")

    reason: LongText
    """Masked before it is kept."""


class AffectedComplaint(BaseModel):
    """A complaint behind an alert."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    registered_at: datetime
    category: str | None
    product: str | None
    batch: str | None
    region: str | None
    severity: str | None


class PrecisionShown(BaseModel):
    """Of the alerts that somebody decided on, how many were real."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    level: WarningLevel | None
    """Null, like the detector: all together."""
    detector: WarningDetector | None
    raised: int
    confirmed: int
    dismissed: int
    precision: float | None
    """confirmed / (confirmed + dismissed); null when nothing was decided."""
    low: float
    high: float
    """95 % interval (Clopper and Pearson 1934)."""
    small: bool
    """Fewer than 20 were decided: it says little."""


class PrecisionsShown(BaseModel):
    items: list[PrecisionShown]


class ExposureGiven(BaseModel):
    """How much there was about which people could complain."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    value: Annotated[str, Field(max_length=400)]
    """Of the dimension; empty for `all`. Values of a pair are separated by U+001F."""
    amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)]
    """Units sold or in use, orders: the same unit in every week."""


class ExposuresGiven(BaseModel):
    model_config = _example(items=[{"value": "kettle", "amount": "1250"}])

    items: Annotated[list[ExposureGiven], Field(min_length=1, max_length=1000)]


class ExposureShown(BaseModel):
    """Exposure of one value in one week."""

    dimension: Dimension
    value: str
    week: date
    amount: Decimal
    told_by: str
    told_at: datetime


class ExposuresTaken(BaseModel):
    taken: int


class PairShown(BaseModel):
    """A product and a defect that are told together, beside what independence would make of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    product: ShortText
    subcategory: str
    n: int
    expected: float
    ebgm: float | None
    """Shrunk ratio of told to expected; null when there are too few pairs to fit its prior."""
    eb05: float | None
    """Its 5 % quantile; 2 or more is the customary signal."""
    eb95: float | None
    ic: float
    ic025: float
    """Above 0: more than chance."""
    before: int
    """Complaints about the pair in the quarter before."""
    new: bool
    """A signal now (eb05 at least 2, or without it ic025 above 0), and none in the quarter before."""


class DisproportionalityShown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    """Included; thirteen weeks."""
    pairs: int
    """Different pairs that were told."""
    complaints: int
    """With a product and a subcategory."""
    items: list[PairShown]
    """The surest first."""
