"""The rulebook of approvals: which layer grants what at least, and within what time. `approvals.json` is version 0."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.events.approvals import Permit
from shared.rulebooks.model import Book, Content
from shared.worktime import WorkCalendar, add_working_time


class PermitRule(BaseModel):
    """How one kind of permit is decided."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    within_hours: Annotated[Decimal, Field(gt=0, le=1000, max_digits=6, decimal_places=2)]
    """So long has each approver, before the question climbs to the next."""
    working_time: bool = True
    """Are they hours in which the office works? Otherwise they run day and night."""
    least_layer: Annotated[int, Field(ge=1, le=4)] = 1
    """Layer of the approver's department at least: 1 contact staff, 2 acceptance desk, 3 technical support,
    4 management."""

    def due(self, since: datetime, calendar: WorkCalendar) -> datetime:
        """By when it is to be decided (UTC)."""
        within = timedelta(seconds=float(self.within_hours * 3600))
        return add_working_time(since, within, calendar) if self.working_time else since + within


class ApprovalTable(Content):
    """Who grants what, and how soon."""

    example: ClassVar[dict[str, Any]] = {
        "permits": {permit: {"within_hours": "8", "least_layer": 3} for permit in Permit}
    }

    permits: dict[Permit, PermitRule]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if lacking := [permit.value for permit in Permit if permit not in self.permits]:
            raise ValueError(f"say who grants {', '.join(lacking)}, too; 请补充: {', '.join(lacking)}")
        return self


APPROVALS = Book(
    "approvals",
    ApprovalTable,
    "table of approvals",
    "审批表",
    ("services.resolution.approvals", "approvals.json"),
)
