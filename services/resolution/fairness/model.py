"""An appeal against a mark: filed, reviewed by somebody independent, heard, decided. Pure.

It is changed by whoever holds the lock of its complaint, because the mark changes with it. Its own deadlines change
nothing but the appeal itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.resolution.fairness.book import FAIRNESS
from shared.aggregate import Aggregate, NotPossible
from shared.events.fairness import (
    AppealDecided,
    AppealDue,
    AppealEnded,
    AppealFiled,
    AppealOverdue,
    AppealUpheld,
    AppellantAnswered,
    AppellantAsked,
    Decision,
    ReviewerNamed,
)
from shared.masking import mask
from shared.rulebooks.model import AS_SHIPPED, Books
from shared.worktime import WorkCalendar, add_working_time


class Stage(StrEnum):
    """Where an appeal is."""

    FILED = "filed"
    """Nobody reviews it yet."""
    UNDER_REVIEW = "under_review"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"
    """By the person who appealed."""
    ENDED = "ended"
    """There was nothing left to appeal against."""


OPEN = frozenset({Stage.FILED, Stage.UNDER_REVIEW})


@dataclass(frozen=True)
class Said:
    """A question of the reviewer, or a word of the person who appealed."""

    number: int
    by_reviewer: bool
    person_id: str
    text: str
    """Masked."""
    at: datetime


@dataclass(kw_only=True)
class Appeal(Aggregate):
    """One person's appeal. While it is open their mark is frozen."""

    calendar: WorkCalendar = field(repr=False, compare=False)
    books: Books = field(default=AS_SHIPPED, repr=False, compare=False)
    complaint_id: UUID
    person_id: str
    mark_id: UUID
    stage: Stage = Stage.FILED
    grounds: str = ""
    """Why the mark is wrong, masked."""
    new_evidence: str | None = None
    """Of a further appeal: what was not known before, masked."""
    filed_at: datetime
    warn_at: datetime | None = None
    """When the reviewer is warned; None: that was done, or there is nothing left to decide."""
    decide_by: datetime
    remind_at: datetime | None = None
    """When it is told next that it is overdue."""
    reminders: int = 0
    reviewer_id: str | None = None
    reviewer_since: datetime | None = None
    check_at: datetime | None = None
    """When it is asked next whether the reviewer is still there, or whether there is one."""
    seeks: bool = True
    """Somebody has to ask the directory for a reviewer now."""
    words: int = 0
    """How many questions and answers there are."""
    decision: Decision | None = None
    reasons: str | None = None
    """What the reviewer says of the decision, masked."""
    ended_at: datetime | None = None
    new_words: list[Said] = field(default_factory=list, repr=False, compare=False)

    @property
    def open(self) -> bool:
        return self.stage in OPEN

    def deadlines(self) -> Iterator[datetime]:
        yield from filter(None, (self.warn_at, self.remind_at, self.check_at))

    @property
    def wakes_at(self) -> datetime | None:
        return min(self.deadlines(), default=None)

    def time_passed(self, at: datetime) -> None:
        """Warn before the time runs out, say afterwards that it did, and let the reviewer be looked at again."""
        rules = self.books.read(FAIRNESS)
        if self.warn_at is not None and self.warn_at < at:
            self.warn_at = None
            due = AppealDue(
                **self._of(), reviewer_id=self.reviewer_id, decide_by=self.decide_by, warned_at=at
            )
            self.record(due, at)
        if self.remind_at is not None and self.remind_at < at:
            self.reminders += 1
            last = self.reminders >= rules.remind_most
            self.remind_at = None if last else self._working(at, rules.remind_hours)
            overdue = AppealOverdue(
                **self._of(),
                reviewer_id=self.reviewer_id,
                decide_by=self.decide_by,
                number=self.reminders,
                last=last,
                overdue_at=at,
            )
            self.record(overdue, at)
        if self.check_at is not None and self.check_at < at:
            self.check_at, self.seeks = None, True

    def name(self, reviewer_id: str, by: str, at: datetime) -> None:
        """Somebody reviews it from now on. Who is independent, the caller knows. Raises NotPossible."""
        self._must_be_open()
        if reviewer_id == self.reviewer_id:
            self.look_again(at)
            return
        before, self.reviewer_id, self.reviewer_since = self.reviewer_id, reviewer_id, at
        self.stage = Stage.UNDER_REVIEW
        self.look_again(at)
        named = ReviewerNamed(
            **self._of(),
            reviewer_id=reviewer_id,
            previous_reviewer_id=before,
            named_by=by,
            decide_by=self.decide_by,
            named_at=at,
        )
        self.record(named, at)

    def look_again(self, at: datetime) -> None:
        """The directory was asked; it is asked again later."""
        self.seeks, self.check_at = False, self._working(at, self.books.read(FAIRNESS).check_hours)

    def lose_reviewer(self, at: datetime) -> None:
        """Whoever reviewed it may do so no more, and nobody else is found yet."""
        self.reviewer_id = self.reviewer_since = None
        self.stage = Stage.FILED
        self.look_again(at)

    def ask(self, question: str, at: datetime) -> None:
        """The reviewer asks the person who appealed. Raises NotPossible."""
        reviewer = self._reviewer()
        self._say(reviewer, question, at, by_reviewer=True)
        self.record(AppellantAsked(**self._of(), number=self.words, asked_at=at), at)

    def answer(self, words: str, at: datetime) -> None:
        """The person who appealed answers, or adds something. Raises NotPossible."""
        self._must_be_open()
        self._say(self.person_id, words, at, by_reviewer=False)
        told = AppellantAnswered(
            **self._of(), reviewer_id=self.reviewer_id, number=self.words, answered_at=at
        )
        self.record(told, at)

    def decide(self, decision: Decision, reasons: str, at: datetime) -> None:
        """Once and for all: a further appeal is another one. Raises NotPossible."""
        reviewer = self._reviewer()
        self._end(Stage.DECIDED, at)
        self.decision, self.reasons = decision, mask(reasons)
        decided = AppealDecided(**self._of(), reviewer_id=reviewer, decision=decision, decided_at=at)
        self.record(decided, at)
        if decision is not Decision.DISMISSED:
            self.record(AppealUpheld(**self._of(), decision=decision, upheld_at=at), at)

    def withdraw(self, at: datetime) -> None:
        """The person who appealed takes it back. Raises NotPossible."""
        self._must_be_open()
        self._end(Stage.WITHDRAWN, at)
        self.record(AppealEnded(**self._of(), withdrawn=True, ended_at=at), at)

    def _end(self, stage: Stage, at: datetime) -> None:
        self.stage, self.ended_at, self.seeks = stage, at, False
        self.warn_at = self.remind_at = self.check_at = None

    def _say(self, person_id: str, text: str, at: datetime, *, by_reviewer: bool) -> None:
        self.words += 1
        self.new_words.append(Said(self.words, by_reviewer, person_id, mask(text), at))

    def _reviewer(self) -> str:
        self._must_be_open()
        if self.reviewer_id is None:
            raise NotPossible("no-reviewer", "Nobody reviews this appeal yet.", "该申诉尚未指定复核人。")
        return self.reviewer_id

    def _must_be_open(self) -> None:
        if not self.open:
            raise NotPossible(
                "appeal-ended",
                "The appeal has ended: nothing about it changes any more.",
                "该申诉已结束，不能再变更。",
                stage=self.stage.value,
                decision=self.decision and self.decision.value,
            )

    def _working(self, since: datetime, hours: int) -> datetime:
        return add_working_time(since, timedelta(hours=hours), self.calendar)

    def _of(self) -> dict[str, Any]:
        """What every fact about it says."""
        return {"complaint_id": self.complaint_id, "person_id": self.person_id, "appeal_id": self.id}


def filed(
    id: UUID,
    complaint_id: UUID,
    person_id: str,
    mark_id: UUID,
    grounds: str,
    new_evidence: str | None,
    calendar: WorkCalendar,
    books: Books,
    at: datetime,
) -> Appeal:
    """A new appeal, with its times from the rulebook."""
    rules = books.read(FAIRNESS)

    def working(hours: int) -> datetime:
        return add_working_time(at, timedelta(hours=hours), calendar)

    decide_by = working(rules.decide_hours)
    appeal = Appeal(
        id=id,
        calendar=calendar,
        books=books,
        complaint_id=complaint_id,
        person_id=person_id,
        mark_id=mark_id,
        grounds=mask(grounds),
        new_evidence=None if new_evidence is None else mask(new_evidence),
        filed_at=at,
        warn_at=working(rules.warn_hours),
        decide_by=decide_by,
        remind_at=decide_by,
    )
    told = AppealFiled(
        **appeal._of(),
        mark_id=mark_id,
        again=new_evidence is not None,
        decide_by=decide_by,
        filed_at=at,
    )
    appeal.record(told, at)
    return appeal
