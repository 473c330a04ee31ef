"""What comes in and goes out about suggestions."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.insights.suggestions.loop import LoopHappening, LoopStage
from services.insights.suggestions.model import SuggestionAction, SuggestionState
from shared.events.learning import SuggestionKind, SuggestionSource
from shared.text import LongText, ShortText


class SuggestionAcceptance(BaseModel):
    """It is done: by an improvement, or by a change of a policy, a process or a training."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {
                    "action": "change",
                    "title": "Authority of the counter",
                    "problem": "Freight up to 500 yuan is granted at once; the authority table says so from June on.",
                }
            ]
        },
    )

    action: SuggestionAction
    title: ShortText
    """Of the improvement that is opened, or of the change. Masked before it is kept."""
    problem: LongText
    """What is wrong, or what is to change. Masked before it is kept."""


class SuggestionRefusal(BaseModel):
    """It is not done."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"reason": "The new authority table holds from next month on."}]},
    )

    reason: LongText
    """Why not. Masked before it is kept."""


class ChangeMade(BaseModel):
    """The change is in force."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"reference": "authority, version 4", "in_force_on": "2026-06-01"}]},
    )

    reference: ShortText
    """Of what was changed: a policy with its version, a rulebook, a course. Masked before it is kept."""
    in_force_on: date
    """From this day on its effect is counted; not to come."""


class SuggestionJudgement(BaseModel):
    """Did it help?"""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"effective": True, "reason": "One permit in 60 cases."}]},
    )

    effective: bool
    reason: LongText
    """By which numbers. Masked before it is kept."""


class SuggestionEffect(BaseModel):
    """What the suggestion is about, counted before it was made and since it was carried out."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    since: datetime
    until: datetime
    before: int
    exposure_before: float
    """Of so many accepted cases, or in so many days."""
    after: int
    exposure_after: float
    rate_ratio: float | None
    """Rate after by rate before; null when there was nothing before."""
    low: float
    high: float | None
    """Exact interval of 95 %; null: no upper bound."""
    fell: bool
    """The whole interval lies below 1."""
    p_value: float
    """Probability of so few or fewer after, had the rate not fallen."""


class LoopStep(BaseModel):
    """One thing that happened on the way from the problem to the effect."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    stage: LoopStage
    what: LoopHappening
    words_en: str
    words_zh: str
    at: datetime
    by: str | None
    """The account, or `rules`; null where another service tells of it."""
    said: str | None
    complaints: list[UUID]
    """Those that showed the problem, the newest first."""


class SuggestionShown(BaseModel):
    """What complaints suggest to change, and how far it has come."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    version: int
    """The ETag: counts the changes."""
    kind: SuggestionKind
    source: SuggestionSource
    subject: Annotated[
        dict[str, str], Field(examples=[{"permit": "beyond_limits", "category": "late_delivery"}])
    ]
    """What it is about; what is not known is left out."""
    words_en: str
    words_zh: str
    events: int
    """How often it happened in `days` days."""
    cases: int | None
    """Of so many accepted cases; null where it is counted by days."""
    low: float | None
    """Exact interval of 95 % of the share (Clopper and Pearson 1934)."""
    high: float | None
    days: int
    evidence: list[UUID]
    """Complaints that speak for it, the newest first, at most 50."""
    rules_version: int
    """Of the rulebook `suggestions`."""
    made_at: datetime
    state: SuggestionState
    action: SuggestionAction | None
    improvement_id: UUID | None
    """Of the improvement that does it; it can be read from resolution a few seconds after the acceptance."""
    title: str | None
    problem: str | None
    reason: str | None
    """Why it was declined."""
    decided_by: str | None
    decided_at: datetime | None
    reference: str | None
    """Of what was changed."""
    in_force_on: date | None
    effective: bool | None
    """Null until somebody has judged it."""


class SuggestionInFull(SuggestionShown):
    """A suggestion with its loop."""

    loop: list[LoopStep]
    """Problem, suggestion, decision, action, effect: what happened so far."""
    effect: SuggestionEffect | None
    """As it lay before whoever judged, or else as it is now; null before it is carried out, and while there is nothing
    to compare."""
