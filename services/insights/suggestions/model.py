"""One suggestion, from the problem to the effect: who may do what when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.aggregate import Aggregate, NotPossible
from shared.events import SuggestionAccepted, SuggestionDeclined, SuggestionMade
from shared.events.learning import SuggestionKind, SuggestionSource
from shared.ids import derived_id


class SuggestionState(StrEnum):
    OPEN = "open"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    CARRIED_OUT = "carried_out"
    """The change is in force; whether it helps is to be judged."""
    JUDGED = "judged"


LIVE = frozenset({SuggestionState.OPEN, SuggestionState.ACCEPTED, SuggestionState.CARRIED_OUT})
"""While it is one of these, the same is not suggested again."""


class SuggestionAction(StrEnum):
    """How it is done."""

    IMPROVEMENT = "improvement"
    """By an improvement in eight steps, which resolution opens."""
    CHANGE = "change"
    """By a change of a policy, a process or a training, which somebody names."""


@dataclass(kw_only=True)
class Suggestion(Aggregate):
    """Problem, suggestion, decision, action, effect: each with who and when."""

    complaint_id: UUID
    """The newest that speaks for it."""
    source: SuggestionSource
    kind: SuggestionKind
    subject: tuple[str, ...]
    """What it is about, in the order of `SUBJECTS`."""
    words_en: str
    words_zh: str
    events: int
    cases: int | None
    """Of so many; None where they are counted by days."""
    low: float | None
    """Exact interval of 95 % of the share."""
    high: float | None
    days: int
    evidence: tuple[UUID, ...]
    rules_version: int
    made_at: datetime
    state: SuggestionState = SuggestionState.OPEN
    action: SuggestionAction | None = None
    improvement_id: UUID | None = None
    title: str | None = None
    problem: str | None = None
    reason: str | None = None
    """Why it was declined."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    reference: str | None = None
    """Of the document, rulebook or course that was changed."""
    in_force_on: date | None = None
    carried_out_by: str | None = None
    carried_out_at: datetime | None = None
    effective: bool | None = None
    judgement: str | None = None
    numbers: Mapping[str, Any] | None = field(default=None)
    """What lay before whoever judged."""
    judged_by: str | None = None
    judged_at: datetime | None = None

    def make(self) -> None:
        """It was found just now."""
        made = SuggestionMade(
            **self._of(),
            words_en=self.words_en,
            words_zh=self.words_zh,
            evidence=self.evidence,
            rules_version=self.rules_version,
            made_at=self.made_at,
        )
        self.record(made, self.made_at)

    def accept(self, action: SuggestionAction, title: str, problem: str, by: str, at: datetime) -> None:
        """Raises NotPossible when it is decided."""
        self._must_be(SuggestionState.OPEN)
        self.state, self.action, self.title, self.problem = SuggestionState.ACCEPTED, action, title, problem
        self.decided_by, self.decided_at = by, at
        if action is SuggestionAction.IMPROVEMENT:
            self.improvement_id = derived_id("improvement-of-suggestion", self.id)
        accepted = SuggestionAccepted(
            **self._of(),
            improvement_id=self.improvement_id,
            title=title,
            problem=problem,
            category=self.about("category"),
            product=self.about("product"),
            evidence=self.evidence,
            accepted_by=by,
            accepted_at=at,
        )
        self.record(accepted, at)

    def decline(self, reason: str, by: str, at: datetime) -> None:
        """Raises NotPossible when it is decided."""
        self._must_be(SuggestionState.OPEN)
        self.state, self.reason, self.decided_by, self.decided_at = SuggestionState.DECLINED, reason, by, at
        declined = SuggestionDeclined(**self._of(), reason=reason, declined_by=by, declined_at=at)
        self.record(declined, at)

    def carry_out(self, reference: str, in_force_on: date, by: str, at: datetime) -> None:
        """The change is in force. Raises NotPossible unless it was accepted as a change."""
        self._must_be(SuggestionState.ACCEPTED)
        if self.action is not SuggestionAction.CHANGE:
            raise NotPossible(
                "by-an-improvement",
                "An improvement carries it out: work on that one.",
                "该建议由改善项目落实，请在改善项目中处理。",
                improvement_id=str(self.improvement_id),
            )
        self.state, self.reference, self.in_force_on = SuggestionState.CARRIED_OUT, reference, in_force_on
        self.carried_out_by, self.carried_out_at = by, at

    def judge(self, effective: bool, reason: str, numbers: Mapping[str, Any], by: str, at: datetime) -> None:
        """Did it help? Raises NotPossible before it was carried out."""
        self._must_be(SuggestionState.ACCEPTED, SuggestionState.CARRIED_OUT)
        self.state, self.effective, self.judgement = SuggestionState.JUDGED, effective, reason
        self.numbers, self.judged_by, self.judged_at = dict(numbers), by, at

    def about(self, what: str) -> str | None:
        """Of its subject, such as `category`."""
        return dict(zip(SUBJECTS[self.source], self.subject, strict=True)).get(what) or None

    def _of(self) -> dict[str, Any]:
        return {
            "complaint_id": self.complaint_id,
            "suggestion_id": self.id,
            "kind": self.kind,
            "source": self.source,
        }

    def _must_be(self, *states: SuggestionState) -> None:
        if self.state not in states:
            raise NotPossible(
                "other-state",
                f"The suggestion is {self.state.value}: this needs {' or '.join(states)}.",
                "建议当前状态不允许此操作。",
                state_now=self.state.value,
            )


@dataclass(frozen=True, slots=True)
class Course:
    """How far the improvement of a suggestion has come."""

    opened_at: datetime | None = None
    closed_at: datetime | None = None
    back_at: datetime | None = None
    """When its problem was last found to be back."""


SUBJECTS: Mapping[SuggestionSource, tuple[str, ...]] = {
    SuggestionSource.HAZARD_AGAIN: ("danger", "product"),
    SuggestionSource.AUTHORITY_LACKING: ("permit", "category"),
    SuggestionSource.EXCEPTION_USUAL: ("permit", "category"),
    SuggestionSource.TRAINING_AGAIN: ("department", "lapse"),
}
"""What is told of each source's subject; '' where it is not known."""
