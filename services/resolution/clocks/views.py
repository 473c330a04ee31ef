"""What callers see of the clocks of a case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.events.clocks import Clock


class ClockView(BaseModel):
    """One clock: the run that counts down, or the last one."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)

    clock: Clock
    started_at: datetime
    hours: float
    """Working hours that it has, extensions included."""
    due_at: datetime | None
    """Absent while it stands still."""
    met_at: datetime | None
    """When it was met, or no longer mattered; absent while it runs."""
    missed_at: datetime | None
    escalated: int
    """Steps of the escalation that were taken."""


class ClocksView(BaseModel):
    """By when what must have happened."""

    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True)

    policy_version: int | None
    """Of the rulebook `clocks`, by which they were computed; absent before the first one ran."""
    limits_version: int | None
    """Of routing's rulebook `time-limits`, by which triage decided first response and resolution."""
    paused_since: datetime | None
    """Since when they stand still, because the customer is waited for or the case follows another one."""
    extended_hours: float
    """Working hours by which the time for the solution was extended."""
    clocks: list[ClockView]


def clocks_shown(column: Mapping[str, Any] | None, policy_version: int | None) -> ClocksView:
    kept = column or {}
    last = (kept.get("pauses") or [(None, "none")])[-1]
    return ClocksView(
        policy_version=policy_version,
        limits_version=(kept.get("limits") or {}).get("version"),
        paused_since=last[0] if last[1] is None else None,
        extended_hours=kept.get("extended_hours", 0),
        clocks=[
            ClockView.model_validate({**run, "met_at": run["stopped_at"]}) for run in kept.get("runs", ())
        ],
    )
