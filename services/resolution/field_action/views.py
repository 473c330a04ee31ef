"""What callers see of field actions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.resolution.field_action.customers import Standing
from services.resolution.field_action.lifecycle import LIFECYCLE, ActionState, ActionStep, why_not
from services.resolution.field_action.model import FieldAction
from services.resolution.field_action.progress import Progress
from services.resolution.views import Bilingual, View
from shared.events.field_action import Affected, Announcement, Measure
from shared.events.vocabulary import Language


class PossibleActionStep(View):
    """Something that can be done now."""

    step: ActionStep
    """Last part of the path."""
    title: Bilingual
    leads_to: ActionState


class ImpossibleActionStep(View):
    """Something that cannot be done now, and why."""

    step: ActionStep
    title: Bilingual
    reason: Bilingual


class ProgressView(View):
    """How far it has come with those affected."""

    affected: int
    waiting: int
    """Not addressed yet, or their letter is under way."""
    told: int
    """They know of it, whatever they did then."""
    answered: int
    """They came forward; it is not all carried out yet."""
    carried_out: int
    refused: int
    unreachable: int
    """No letter reached them: call."""
    coverage: float
    """told / affected"""
    completion: float
    """carried out / affected"""

    @classmethod
    def of(cls, progress: Progress) -> "ProgressView":
        shares = {"coverage": float(progress.coverage), "completion": float(progress.completion)}
        return cls(**vars(progress), **shares)


class FieldActionSummary(View):
    """A field action in a list."""

    id: UUID
    version: int
    """Also the ETag."""
    reference: str
    """What customers quote."""
    complaint_id: UUID
    """The complaint that gave rise to it."""
    state: ActionState
    measures: list[Measure]
    title: Bilingual
    drafted_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class FieldActionView(FieldActionSummary):
    """A field action with its words, its scope and its progress."""

    affected: Affected
    announcement: Announcement
    improvement_id: UUID | None
    alert: str | None
    drafted_by: str
    proposed_by: str | None
    proposed_at: datetime | None
    approval_id: UUID | None
    started_by: str | None
    ended_by: str | None
    reason: str | None
    """Why it was suspended, completed or cancelled."""
    progress: ProgressView
    possible: list[PossibleActionStep]
    not_yet: list[ImpossibleActionStep]


class BatchCount(View):
    batch: str
    """Empty: not known."""
    customers: int


class AffectedCustomer(View):
    """One of those affected."""

    customer_id: UUID
    complaint_id: UUID | None
    """Absent: they never complained."""
    reference: str | None
    batch: str | None
    units: int


class AffectedPreview(View):
    """Who would be addressed if it started now."""

    customers: int
    complained: int
    """Of them, those who complained about these goods."""
    units: int
    """Units that were named."""
    by_batch: list[BatchCount]
    """At most 200 batches, the largest first."""
    sample: list[AffectedCustomer]
    """At most twenty."""


class CustomerView(View):
    """How far it has come with one customer. Who they are, intake tells."""

    customer_id: UUID
    complaint_id: UUID | None
    """Their newest complaint about these goods; absent: they never complained."""
    batch: str | None
    units: int
    state: Standing
    joined_at: datetime
    late: bool
    """Found after the start."""
    addressed_at: datetime | None
    told_at: datetime | None
    told_by: str | None
    """`letter`, or who told them."""
    failure: str | None
    """Why no letter reached them."""
    done: list[Measure]
    """Measures that were carried out for them."""
    settled_at: datetime | None
    note: str | None


class CallListEntry(View):
    """Somebody whom no letter reached. Personal data."""

    customer_id: UUID
    name: str | None
    phone: str | None
    """Absent: intake knows no number either."""
    language: Language | None
    """In which they are spoken to; absent: intake knows nothing of them any more."""
    complaint_id: UUID | None
    """Their newest complaint about these goods; absent: they never complained."""
    batch: str | None
    units: int
    failure: str | None
    """Why no letter reached them."""
    note: str | None
    """What was noted of the last call."""


class ActionDay(View):
    """How many had been told and helped by the end of a day (UTC)."""

    day: datetime
    joined: int
    told: int
    carried_out: int


class ProgressReport(ProgressView):
    """Coverage and completion, now and over time."""

    days: list[ActionDay]
    """Running sums; days on which nothing happened are left out; the newest 366."""


class UnitsNamed(View):
    named: int
    """Of those sent; the others had been named before."""


class ResultsRecorded(View):
    recorded: int


class PublicWarning(View):
    """A danger of which everybody is warned."""

    reference: str
    title: Bilingual
    hazard: Bilingual
    instruction: Bilingual
    act_by: datetime | None
    hotline: str
    products: list[str]
    batches: list[str]
    measures: list[Measure]
    since: datetime


class PublicWarnings(View):
    warnings: list[PublicWarning]
    """The newest first, at most a hundred."""


def summary(row: Mapping[str, Any]) -> FieldActionSummary:
    """Of a row."""
    told = Announcement.model_validate(row["announcement"])
    return FieldActionSummary(
        reference=reference_of(row["id"]),
        title=Bilingual(en=told.title.en, zh=told.title.zh),
        **{name: row[name] for name in FieldActionSummary.model_fields if name in row},
    )


def reference_of(action_id: UUID) -> str:
    return FieldAction(id=action_id).reference


def shown(action: FieldAction) -> FieldActionView:
    """`progress` and `found` must have been counted."""
    assert action.announcement is not None
    assert action.progress is not None
    title = action.announcement.title
    apart = {"title", "affected", "progress", "possible", "not_yet"}
    return FieldActionView(
        title=Bilingual(en=title.en, zh=title.zh),
        affected=action.scope,
        progress=ProgressView.of(action.progress),
        possible=[
            PossibleActionStep(step=step, title=Bilingual.of(way.title), leads_to=way.to or action.state)
            for step, way in LIFECYCLE.items()
            if why_not(action, step) is None
        ],
        not_yet=[
            ImpossibleActionStep(step=step, title=Bilingual.of(way.title), reason=Bilingual.of(reason))
            for step, way in LIFECYCLE.items()
            if (reason := why_not(action, step)) is not None
        ],
        **{name: getattr(action, name) for name in FieldActionView.model_fields if name not in apart},
    )
