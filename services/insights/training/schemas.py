"""What goes out when somebody asks who must learn what."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.insights.training.model import Lapse
from shared.events.insights import TrainingKind


class TrainingNeedFound(BaseModel):
    """More lapses than the cases explain. A hint to whoever plans training, and no proof against anybody."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    person_id: str | None
    """By their id in the directory; or a whole department."""
    department: str | None
    lapse: Lapse
    about: str
    """The category that most of the cases have in common, or the lapse."""
    kind: TrainingKind
    since: date
    """Cases accepted from this day on were compared."""
    complaints: int
    """Cases with the lapse."""
    cases: int
    """Of so many that others have, too."""
    expected: float
    """So many with the lapse as everybody together comes to with cases of the same categories and severities."""
    ratio: float | None
    """Theirs to the others', each by what was expected; null where the others have none."""
    ratio_low: float
    ratio_high: float | None
    """Interval of 95 %; null: no upper bound."""
    p_value: float
    """One-sided: the chance of so many or more."""
    q_value: float
    """Smallest share of false discoveries in its look at which it would be one."""
    thresholds_version: int
    """Of the rulebook `training-needs`."""
    evidence: list[UUID]
    """Complaints that speak for it, the newest first, at most 50."""
    found_at: datetime
