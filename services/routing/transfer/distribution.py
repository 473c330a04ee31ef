"""The distribution table: which fact goes to which audience. It is data, `distribution.json`."""

from datetime import timedelta
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.events import Event
from shared.events.vocabulary import Against, Audience, Severity

ACKNOWLEDGE_WITHIN = {
    Severity.GENERAL: timedelta(hours=24),
    Severity.URGENT: timedelta(hours=4),
    Severity.MAJOR: timedelta(hours=1),
}
"""Time to acknowledge a notice, by severity of the complaint."""


class Duty(BaseModel):
    """One row: when this fact is true of such a complaint, that audience must know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fact: str
    """Event type without its version."""
    audience: Audience
    reason: str
    severity: Severity = Severity.GENERAL
    """The least severity to which the row applies."""
    categories: tuple[str, ...] = ()
    """Level-1 categories to which it applies; empty: all."""
    against: Against | None = None


def duties(
    fact: type[Event], severity: Severity, category: str | None, against: Against | None
) -> list[Duty]:
    """The rows that apply."""
    return [
        duty
        for duty in _table()
        if duty.fact == fact.type
        and severity.rank >= duty.severity.rank
        and (not duty.categories or category in duty.categories)
        and duty.against in (None, against)
    ]


@cache
def _table() -> list[Duty]:
    raw = resources.files("services.routing.transfer").joinpath("distribution.json").read_bytes()
    return TypeAdapter(list[Duty]).validate_json(raw)
