"""A field action: one complaint speaks for many, and all who are affected are told and helped. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.resolution.field_action.addressing import Addressing
from services.resolution.field_action.lifecycle import LIFECYCLE, ActionState, ActionStep, why_not
from services.resolution.field_action.progress import Progress
from services.resolution.lifecycle import Words
from shared.events import (
    FieldActionCancelled,
    FieldActionCompleted,
    FieldActionProposed,
    FieldActionResumed,
    FieldActionStarted,
    FieldActionSuspended,
)
from shared.events.field_action import Affected, Announcement, Measure
from shared.masking import mask


class StepNotPossible(Exception):
    """The step does not fit the present state of the field action."""

    def __init__(self, step: ActionStep, reason: Words) -> None:
        super().__init__(reason.en)
        self.step, self.reason = step, reason


@dataclass(frozen=True)
class Draft:
    """What somebody drafts."""

    measures: tuple[Measure, ...]
    affected: Affected
    announcement: Announcement
    improvement_id: UUID | None = None
    alert: str | None = None
    """The early warning from which it follows, by whatever name it has there."""


@dataclass(kw_only=True)
class FieldAction(Addressing):
    """From the draft to the end. Its customers are rows of their own."""

    state: ActionState = ActionState.DRAFTED
    products: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    registered_since: datetime | None = None
    registered_before: datetime | None = None
    improvement_id: UUID | None = None
    alert: str | None = None
    drafted_by: str | None = None
    drafted_at: datetime | None = None
    proposed_by: str | None = None
    proposed_at: datetime | None = None
    approval_id: UUID | None = None
    started_by: str | None = None
    started_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    """Why it was suspended, completed or cancelled; masked."""

    progress: Progress | None = field(default=None, repr=False, compare=False)
    """Counted when a step needs it."""
    found: int | None = field(default=None, repr=False, compare=False)
    """Customers found affected, when that was counted."""
    units: int = field(default=0, repr=False, compare=False)
    """Units that were named, as counted before it begins."""

    @property
    def scope(self) -> Affected:
        return Affected(
            products=self.products,
            batches=self.batches,
            registered_since=self.registered_since,
            registered_before=self.registered_before,
        )

    @property
    def due_each(self) -> tuple[Measure, ...]:
        """The measures that are carried out for each customer."""
        return tuple(measure for measure in self.measures if measure.is_individual)

    # What the guards look at

    @property
    def affected(self) -> int | None:
        return self.found

    @property
    def waiting(self) -> int:
        return self.progress.waiting if self.progress else 0

    @property
    def coverage(self) -> Decimal:
        return self.progress.coverage if self.progress else Decimal(0)

    @property
    def least_coverage(self) -> Decimal:
        return self.rules.least_coverage

    @property
    def warns_publicly(self) -> bool:
        return Measure.PUBLIC_WARNING in self.measures

    # What people do. Every step raises StepNotPossible when the lifecycle does not allow it.

    def draft(self, complaint_id: UUID, draft: Draft, by: str, at: datetime) -> None:
        """The first draft under a fresh id."""
        self.complaint_id, self.drafted_by, self.drafted_at = complaint_id, by, at
        self._set(draft)

    def change(self, draft: Draft) -> None:
        self._move(ActionStep.CHANGE)
        self._set(draft)

    def propose(self, by: str, at: datetime) -> None:
        """Put it forward; `found` must have been counted."""
        self._move(ActionStep.PROPOSE)
        self.proposed_by, self.proposed_at = by, at
        assert self.announcement is not None
        self.record(
            FieldActionProposed(
                complaint_id=self._origin,
                field_action_id=self.id,
                reference=self.reference,
                measures=self.measures,
                affected=self.scope,
                announcement=self.announcement,
                customers=self.found or 0,
                improvement_id=self.improvement_id,
                proposed_by=by,
                proposed_at=at,
            ),
            at,
        )

    def revise(self) -> None:
        self._move(ActionStep.REVISE)
        self.proposed_by = self.proposed_at = None

    def start(self, approval_id: UUID, by: str, at: datetime) -> None:
        """Freeze the set and begin. The store gathers the set with saving it."""
        self._move(ActionStep.START)
        self.approval_id, self.started_by, self.started_at = approval_id, by, at
        self.next_round_at, self.looks = at, True
        assert self.announcement is not None
        self.record(
            FieldActionStarted(
                complaint_id=self._origin,
                field_action_id=self.id,
                reference=self.reference,
                measures=self.measures,
                affected=self.scope,
                announcement=self.announcement,
                approval_id=approval_id,
                customers=self.found or 0,
                started_by=by,
                started_at=at,
            ),
            at,
        )

    def suspend(self, reason: str, by: str, at: datetime) -> None:
        self._move(ActionStep.SUSPEND)
        self.reason, self.next_round_at = mask(reason), None
        told = FieldActionSuspended(
            complaint_id=self._origin,
            field_action_id=self.id,
            reason=self.reason,
            suspended_by=by,
            suspended_at=at,
        )
        self.record(told, at)

    def resume(self, by: str, at: datetime) -> None:
        self._move(ActionStep.RESUME)
        self.reason, self.next_round_at = None, at
        told = FieldActionResumed(
            complaint_id=self._origin, field_action_id=self.id, resumed_by=by, resumed_at=at
        )
        self.record(told, at)

    def complete(self, reason: str, by: str, at: datetime) -> None:
        """`progress` must have been counted."""
        self._move(ActionStep.COMPLETE)
        self._end(reason, by, at)
        assert self.progress is not None
        assert self.reason is not None
        p = self.progress
        told = FieldActionCompleted(
            complaint_id=self._origin,
            field_action_id=self.id,
            affected=p.affected,
            told=p.told,
            carried_out=p.carried_out,
            unreachable=p.unreachable,
            coverage=float(p.coverage),
            completion=float(p.completion),
            reason=self.reason,
            completed_by=by,
            completed_at=at,
        )
        self.record(told, at)

    def cancel(self, reason: str, by: str, at: datetime) -> None:
        self._move(ActionStep.CANCEL)
        self._end(reason, by, at)
        assert self.reason is not None
        told = FieldActionCancelled(
            complaint_id=self._origin,
            field_action_id=self.id,
            reason=self.reason,
            cancelled_by=by,
            cancelled_at=at,
        )
        self.record(told, at)

    def check(self, step: ActionStep) -> None:
        """Raises StepNotPossible."""
        reason = why_not(self, step)
        if reason is not None:
            raise StepNotPossible(step, reason)

    def _set(self, draft: Draft) -> None:
        scope, told = draft.affected, draft.announcement
        self.measures = tuple(measure for measure in Measure if measure in draft.measures)
        self.products, self.batches = _each_once(scope.products), _each_once(scope.batches)
        self.registered_since, self.registered_before = scope.registered_since, scope.registered_before
        self.announcement = told
        self.improvement_id, self.alert = draft.improvement_id, draft.alert and mask(draft.alert)

    def _move(self, step: ActionStep) -> None:
        self.check(step)
        self.state = LIFECYCLE[step].to or self.state

    def _end(self, reason: str, by: str, at: datetime) -> None:
        self.reason, self.ended_by, self.ended_at, self.next_round_at = mask(reason), by, at, None


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    """As they were written, for the public reads them; upper and lower case make no difference."""
    return tuple(sorted({name.lower(): name for name in names}.values()))
