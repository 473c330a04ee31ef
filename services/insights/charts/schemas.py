"""Shapes of the charts."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.insights.charts.model import Interval, Rule
from shared.events.vocabulary import Severity


class ChartBy(StrEnum):
    """Whose series it is; `none` is the whole."""

    NONE = "none"
    CATEGORY = "category"
    SEVERITY = "severity"
    DEPARTMENT = "department"
    CHANNEL = "channel"
    PRODUCT = "product"
    REGION = "region"


class ChartCount(StrEnum):
    """What is counted; see the catalogue of measures."""

    RECEIVED = "received"
    DISSATISFIED = "dissatisfied"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    PROMISES_BROKEN = "promises_broken"


class ChartShare(StrEnum):
    """Which share is drawn."""

    SATISFIED = "satisfied"
    """Of the closed."""
    ACCEPTABLE = "acceptable"
    """Satisfied or acceptable, of the closed."""
    CLOSED_SLOWLY = "closed_slowly"
    """Of the closed, those whose result took longer than 72 hours."""
    PROMISES_BROKEN = "promises_broken"
    """Overdue: of the promised replies that were kept or broken."""
    CONVERTED = "converted"
    """Of the dissatisfied, by the day of receipt."""
    WITHDRAWN = "withdrawn"
    """Of the received."""


class RuleName(BaseModel):
    en: str
    zh: str


class ChartSignal(BaseModel):
    """A point that chance hardly explains."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    rule: Rule
    name: RuleName


class ChartPoint(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    count: int
    number: float
    """What the count is divided by: the exposure in days, or how many there were in all."""
    rate: float | None
    """Null where there was nothing to divide by."""
    low: float | None
    high: float | None
    signals: list[Rule]


class ChartPhase(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    centre: float | None
    sigma_z: float
    """Variation between neighbours in units of what chance makes; limits are as much wider."""
    enough: bool
    """Whether there are enough points for limits that can be relied on; otherwise they are provisional."""
    points: list[ChartPoint]


class ControlChart(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    method: Annotated[str, Field(examples=["Laney u'"])]
    by: ChartBy
    value: str | None
    step: Interval
    rules_version: int
    """Of the rulebook `quality-charts`."""
    run_length: int
    """So many points on one side are a run."""
    phases: list[ChartPhase]
    signals: list[ChartSignal]
    """All of them, the oldest first."""


class RareGap(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    day: date
    days: int
    """Since the event before; 0 on the same day."""
    short: bool
    """Unusually: a warning."""
    long: bool


class RareChartShown(BaseModel):
    """Days between severe complaints."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    method: str = "g"
    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    severity: Severity
    events: int
    enough: bool
    """Whether there are enough for limits that can be relied on."""
    rare: bool
    """Whether there is less than one on two days: this chart is made for such; take the one of counts otherwise."""
    centre: float | None
    low: int | None
    high: int | None
    gaps: list[RareGap]
    since_last: int | None
    """Days since the last one, up to the end of the range."""
    chances_of_so_short: list[float]
    """Chance that the newest gap, the newest two, and the newest three together are so short when the rate did not
    rise: exact, given the gaps before. As many as there are gaps before to compare with."""
    chance_of_so_long: float | None
    """Chance of such a silence as there is now when the rate did not fall."""
    rules_version: int


class ParetoBy(StrEnum):
    CATEGORY = "category"
    SUBCATEGORY = "subcategory"
    PRODUCT = "product"
    REGION = "region"
    DEPARTMENT = "department"
    CAUSE = "cause"


class ParetoWeight(StrEnum):
    """What an item's complaints count for."""

    COUNT = "count"
    COST = "cost"
    SEVERITY = "severity"


class ParetoItem(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    key: str | None
    """Of a cause, the id of the improvement that removes it. Null while it is not known."""
    complaints: int
    weight: Decimal
    """Complaints, money at risk by them, or complaints weighed by their severity."""
    share: float
    cumulative: float
    """Share of the whole that this item and those before it make."""
    low: float
    high: float
    """In 95 of 100 draws the cumulative share lies between."""
    vital: bool
    """One of the few that together make up the share."""
    certain: bool
    """It was so in 95 of 100 draws at least."""
    chance: float
    """Share of the draws in which it was."""


class ParetoShown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    """First day of the first month: complaints are taken by the month of their registration, in UTC."""
    last: Annotated[date, Field(serialization_alias="to")]
    by: ParetoBy
    weight_by: ParetoWeight
    currency: str | None
    """Of the cost; null otherwise."""
    vital_share: Decimal
    complaints: int
    """Complaints and criticisms, without those merged into others or withdrawn; for the cost, of them those that are
    closed."""
    weight: Decimal
    rest: int
    """Complaints of the smallest items, which are not listed."""
    items: list[ParetoItem]
    """The heaviest first."""
    rules_version: int
    assumptions_version: int | None
    """Of the rulebook `economics`, for the cost."""
