"""What goes out when somebody asks what customers mean."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.insights.cues.model import Facet
from services.insights.voices.needs import Kano


class VoiceCut(StrEnum):
    """What the answer is broken down by; `none` gives one group."""

    NONE = "none"
    CATEGORY = "category"
    PRODUCT = "product"
    REGION = "region"
    CHANNEL = "channel"


class _Shown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class TrendShown(_Shown):
    """How a share changes; by the test of Cochran and Armitage."""

    per_30_days: float
    """Change of the share in 30 days."""
    low: float
    high: float
    """Interval of 95 %."""
    p_value: float
    q_value: float
    """Smallest share of false discoveries, among all the trends of this answer, at which it would be one."""


class ShareShown(_Shown):
    """A part of the complaints, with the interval of Wilson."""

    complaints: int
    share: float | None
    """Null when there is nothing to share."""
    low: float
    high: float
    """Interval of 95 %."""


class ValueShown(ShareShown):
    code: str
    name_en: str
    name_zh: str
    trend: TrendShown | None
    """Null where it cannot be told."""
    series: list[int]
    """Complaints in each period."""


class ValuesGroup(_Shown):
    key: str | None
    """Of the cut; null where it is not known, and for by=none."""
    labelled: int
    """Complaints of dissatisfied customers that touch a value: the shares are parts of these."""
    coded: int
    """Of these, those whose values a person gave."""
    heard: int
    """Those whose values follow from what was heard in the words."""
    placed: int
    """Those whose category alone tells."""
    unlabelled: int
    """Beside these: nothing was heard, and they have no category yet."""
    small: bool
    """Too few to conclude from; the threshold stands in the rulebook `latent-needs`."""
    series: list[int]
    """Labelled complaints in each period."""
    values: list[ValueShown]


class _Ranged(_Shown):
    first: Annotated[date, Field(serialization_alias="from")]
    """First day, in UTC."""
    last: Annotated[date, Field(serialization_alias="to")]
    """Last day, in UTC, included."""
    step_days: int
    """Days of each period of the series; the last may be shorter."""


class ValuesShown(_Ranged):
    """Value orientation (价值取向) of what customers complain about."""

    by: VoiceCut
    values_version: int
    """Of the rulebook `value-orientation`, by which disappointments became values when this was read."""
    groups: list[ValuesGroup]
    """Those with the most complaints first, at most 50."""
    more: bool
    """There are further groups."""


class NeedShown(_Shown):
    facet: Facet
    """In what customers are disappointed."""
    complaints: int
    """Complaints of dissatisfied customers that name it."""
    leaving_low: float
    leaving_high: float
    """Interval of the share of them that leave, or tell others to stay away."""
    praised: int
    """Complaints and others that say that it was good."""
    praise_low: float
    praise_high: float
    """Interval of the share of praise among all that speak of it."""
    kano: Kano
    """How customers take it."""
    wished: int
    """Complaints that name it and wish for something."""
    uncoded: int
    """Of these, those that have no place in the taxonomy."""
    trend: TrendShown | None
    """Of its share among the complaints that wish for something and have no place in the taxonomy."""
    latent: bool
    """It surely rises among them: customers need something that nobody has a name for yet."""
    examples: list[UUID]
    """Complaints that name it and wish for something, the newest first, at most 5."""


class NeedsShown(_Ranged):
    thresholds_version: int
    """Of the rulebook `latent-needs`."""
    wishes: int
    """Complaints with a wish."""
    uncoded_wishes: int
    """Of these, those without a place in the taxonomy."""
    small: bool
    """So few of the latter that no latent need can be told."""
    needs: list[NeedShown]


class SaidShown(ShareShown):
    name: str
    """Empty: any of the kind."""


class EmotionsGroup(_Shown):
    key: str | None
    heard: int
    """Complaints: the shares are parts of these."""
    small: bool
    emotions: list[SaidShown]
    """As whoever spoke with the customer took it in, else as heard in the words."""
    began_negative: int
    """Of the complaints with two contacts or more that tell an emotion, those whose first is negative."""
    converted: ShareShown
    """Of these, those whose last is positive."""
    calmed: ShareShown
    """Of these, those whose last is neutral."""
    turned_negative: int
    """Of those that did not begin negative, those whose last is."""


class EmotionsShown(_Ranged):
    by: VoiceCut
    groups: list[EmotionsGroup]
    more: bool


class DemandsGroup(_Shown):
    key: str | None
    heard: int
    small: bool
    remedies: list[SaidShown]
    """What is asked for."""
    refused: list[SaidShown]
    """What customers say that they do not want."""
    threats: list[SaidShown]
    churn: list[SaidShown]
    dangers: list[SaidShown]
    opportunities: list[SaidShown]


class DemandsShown(_Ranged):
    by: VoiceCut
    groups: list[DemandsGroup]
    more: bool


class OpportunityShown(_Shown):
    """A complaint in which there is business."""

    complaint_id: UUID
    registered_at: datetime
    customer_id: UUID | None
    """Opaque; who may know more asks intake."""
    product: str | None
    region: str | None
    channel: str | None
    category: str | None
    opportunities: list[str]
    """`more`: they would buy more; `other`: they ask for another product."""
    words: list[str]
    """What says so, masked; none once the customer is erased."""
