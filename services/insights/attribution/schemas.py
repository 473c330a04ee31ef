"""Shapes of the attribution."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.events.vocabulary import Channel, GapSource, SaleMode, SaleStep


class Ended(BaseModel):
    """How complaints ended so far."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    open: int
    withdrawn: int
    satisfied: int
    acceptable: int
    not_acceptable: int
    satisfied_share: float | None
    """Of those that the customer judged; null when there is none."""
    satisfied_low: float | None
    satisfied_high: float | None


class Attributed(BaseModel):
    """The complaints of one origin."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    complaints: int
    share: float
    """Of all complaints of the range, also those of which nothing was told."""
    low: float
    high: float
    ended: Ended


class ByStep(Attributed):
    step: SaleStep | None
    """In which the trouble began; null: it was not told, as below."""


class ByMode(Attributed):
    mode: SaleMode | None


class ByChannel(Attributed):
    channel: Channel | None


class BySource(Attributed):
    source: GapSource | None


class ByOrigin(ByStep, ByMode, ByChannel):
    """Step, mode and channel together."""


class Attribution(BaseModel):
    """Lists have those with most complaints first, and what is not known last."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[date, Field(serialization_alias="from")]
    last: Annotated[date, Field(serialization_alias="to")]
    product: str | None
    confidence: float
    """Of all intervals, each taken alone (Wilson)."""
    complaints: int
    """Complaints and criticisms received in the range; merged ones are not counted."""
    steps: list[ByStep]
    """Of the sale: before it, at it, after it."""
    modes: list[ByMode]
    """Of the sale. How often each is used at all is not known here: a share is no rate."""
    channels: list[ByChannel]
    """By which they reached the company."""
    sources: list[BySource]
    """Of the gap between what was expected and what was got."""
    together: list[ByOrigin]
