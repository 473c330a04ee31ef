"""The rules of an improvement, pure: how it goes from step to step, and comes back."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.resolution.improvement.carrying import Carrying
from services.resolution.improvement.parts import Carried, Move, Numbers, Passage, Recurrence
from services.resolution.improvement.steps import ImprovementState, Step, missing
from shared.aggregate import NotPossible
from shared.events import (
    ImprovementClosed,
    ImprovementDropped,
    ImprovementOpened,
    ImprovementReopened,
    ImprovementSentBack,
    ImprovementStepPassed,
    RecurrenceFound,
)
from shared.events.vocabulary import Severity

MOST_COMPLAINTS = 1000
MOST_PASSAGES = 500
MOST_UNDECIDED = 50
"""Complaints that look like a recurrence; while nobody decides on them, no more are brought."""


@dataclass(kw_only=True)
class Improvement(Carrying):
    """One cause being removed. Facts about joining and leaving are told by the case that does so."""

    ended_by: str | None = None
    ended_at: datetime | None = None
    look_at: datetime | None = None
    """When it is looked next whether the cause came back."""
    passages: list[Passage] = field(default_factory=list)
    recurrences: dict[UUID, Recurrence] = field(default_factory=dict)
    matches: tuple[UUID, ...] = ()
    """Complaints of the same category and product since the closing of which nothing is known yet; read at loading."""

    # Whom it is for, and who works on it

    def open(self, title: str, problem: str, by: str, at: datetime) -> None:
        self.title, self.problem, self.opened_by, self.opened_at = title, problem, by, at
        opened = ImprovementOpened(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            category=self.category,
            product=self.product,
            opened_by=by,
            opened_at=at,
        )
        self.record(opened, at)

    def join(self, carried: Carried, severity: Severity | None) -> bool:
        """Carry a further complaint; False when it is carried already. The severest decides how long is watched.

        One that came after the closing reopens the improvement. Raises NotPossible when it was dropped, or is full.
        """
        if carried.complaint_id in self.complaints:
            return False
        self._must_not_be_dropped()
        if len(self.complaints) >= MOST_COMPLAINTS:
            raise NotPossible(
                "too-many-complaints",
                f"An improvement carries {MOST_COMPLAINTS} complaints at most: open another one.",
                "一个改善项目关联的投诉数量已达上限，请另行立项。",
            )
        back = self._came_back(carried)
        self.complaints[carried.complaint_id] = replace(carried, recurrence=back)
        if severity is not None and severity.rank > self.severity.rank:
            self.severity = severity
        if back or carried.complaint_id in self.recurrences:
            known = self.recurrences.get(
                carried.complaint_id, Recurrence(carried.complaint_id, carried.joined_at)
            )
            self.recurrences[carried.complaint_id] = replace(
                known,
                same_cause=True,
                reason=carried.reason,
                decided_by=carried.joined_by,
                decided_at=carried.joined_at,
            )
        if back:
            self._reopen(carried)
        return True

    # From step to step

    def judge(self, effective: bool, reason: str, numbers: Numbers, by: str, at: datetime) -> None:
        """A person says whether the effect is there. If not, the cause was another one: it is looked for anew."""
        self.judge_effect(effective, reason, numbers, by, at)
        if not effective:
            self.send_back(Step.CAUSE, reason, by, at)

    def pass_step(self, step: Step, by: str, at: datetime) -> None:
        """Raises NotPossible for any other step than the present one, and while something is missing in it."""
        self._must_be_in(step)
        if lacking := missing(self, step):
            raise NotPossible(
                "gate-closed",
                " ".join(words.en for words in lacking),
                "".join(words.zh for words in lacking),
                step=step.value,
            )
        self._go_on(Move.PASSED, by, None, None, at)

    def skip_step(self, step: Step, reason: str, approval_id: UUID, by: str, at: datetime) -> None:
        """Go on although something is missing: somebody entitled has allowed it. Raises NotPossible."""
        self._must_be_in(step)
        self._go_on(Move.SKIPPED, by, reason, approval_id, at)

    def send_back(self, to: Step, reason: str, by: str, at: datetime) -> None:
        """To an earlier step. From behind the cause to the cause or before, it is looked for anew.

        Raises NotPossible when the step is not an earlier one.
        """
        self._must_be_open()
        if to.number >= self.step.number:
            raise NotPossible(
                "not-earlier",
                f"It goes back to a step before {self.step.value}.",
                "只能退回到先前的步骤。",
                step=self.step.value,
            )
        if to.number <= Step.CAUSE.number < self.step.number:
            self.begin_round()
        sent = ImprovementSentBack(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            from_step=self.step.value,
            to_step=to.value,
            reason=reason,
            sent_by=by,
            sent_at=at,
        )
        self.record(sent, at)
        self._note(Move.SENT_BACK, to, by, reason, None, at)

    def drop(self, reason: str, by: str, at: datetime) -> None:
        """End it without an effect, and with it whatever was still to be done."""
        self._must_be_open()
        for action in [each for each in self.actions.values() if each.open]:
            self._settle(action.number, False, by, reason, at)
        self.state, self.ended_by, self.ended_at = ImprovementState.DROPPED, by, at
        dropped = ImprovementDropped(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            reason=reason,
            dropped_by=by,
            dropped_at=at,
        )
        self.record(dropped, at)

    # Whether the cause came back

    def refuse_recurrence(self, complaint_id: UUID, reason: str, by: str, at: datetime) -> None:
        """Somebody says that the complaint has another cause. Raises NotPossible when that is decided."""
        found = self.recurrences[complaint_id]
        if found.same_cause is not None:
            raise NotPossible(
                "decided",
                "Somebody has decided on it already.",
                "已有人作出判断。",
                same_cause=found.same_cause,
            )
        self.recurrences[complaint_id] = replace(
            found, same_cause=False, reason=reason, decided_by=by, decided_at=at
        )

    def suspect(self, complaint_ids: Collection[UUID], at: datetime) -> None:
        """These may have the same cause: somebody says so, or not."""
        undecided = sum(each.same_cause is None for each in self.recurrences.values())
        new = [each for each in complaint_ids if each not in self.complaints and each not in self.recurrences]
        for complaint_id in new[: max(0, MOST_UNDECIDED - undecided)]:
            self.recurrences[complaint_id] = Recurrence(complaint_id, at)

    def deadlines(self) -> Iterator[datetime]:
        yield from super().deadlines()
        if self.state is ImprovementState.CLOSED and self.look_at is not None:
            yield self.look_at

    def time_passed(self, at: datetime) -> None:
        super().time_passed(at)
        if self.state is ImprovementState.CLOSED and self.look_at is not None and at > self.look_at:
            self._look(self.matches, at)

    def _look(self, matches: Collection[UUID], at: datetime) -> None:
        """What looks like the same cause is told once there is enough of it, and again when there is more."""
        assert self.ended_at is not None, "a closed improvement has ended"
        undecided = [each.complaint_id for each in self.recurrences.values() if each.same_cause is None]
        matches = list(matches)[: max(0, MOST_UNDECIDED - len(undecided))]
        if matches and len(undecided) + len(matches) >= self.book.recurrence.least:
            for complaint_id in matches:
                self.recurrences[complaint_id] = Recurrence(complaint_id, at)
            found = RecurrenceFound(
                complaint_id=self.complaint_id,
                improvement_id=self.id,
                complaint_ids=(*undecided, *matches),
                found_at=at,
            )
            self.record(found, at)
        self.matches = ()
        until = self.ended_at + timedelta(days=self.book.recurrence.days)
        self.look_at = at + self.book.look_every if at < until else None

    # Steps that several of these share

    def _must_not_be_dropped(self) -> None:
        if self.state is ImprovementState.DROPPED:
            self._must_be_open()

    def _came_back(self, carried: Carried) -> bool:
        if (
            self.state is not ImprovementState.CLOSED
            or self.ended_at is None
            or carried.registered_at is None
        ):
            return False
        return carried.registered_at > self.ended_at

    def _go_on(self, move: Move, by: str, reason: str | None, approval: UUID | None, at: datetime) -> None:
        step, to = self.step, self.step.next
        self._note(move, to, by, reason, approval, at)
        passed = ImprovementStepPassed(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            step=step.value,
            skipped=move is Move.SKIPPED,
            passed_by=by,
            passed_at=at,
        )
        self.record(passed, at)
        if to is None:
            self._close(by, reason, at)

    def _close(self, by: str, reason: str | None, at: datetime) -> None:
        for action in [each for each in self.actions.values() if each.open]:
            assert reason is not None, "the gate lets open actions through only when it is skipped"
            self._settle(action.number, False, by, reason, at)
        self.state, self.ended_by, self.ended_at = ImprovementState.CLOSED, by, at
        self.look_at = at + self.book.look_every
        closed = ImprovementClosed(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            rounds=self.round,
            closed_by=by,
            closed_at=at,
        )
        self.record(closed, at)

    def _reopen(self, carried: Carried) -> None:
        at, by = carried.joined_at, carried.joined_by
        self.begin_round()
        self.state, self.ended_at, self.ended_by, self.look_at = ImprovementState.OPEN, None, None, None
        self._note(Move.REOPENED, Step.CONTAINMENT, by, carried.reason, None, at)
        reopened = ImprovementReopened(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            recurred_in=carried.complaint_id,
            reason=carried.reason or "",
            reopened_by=by,
            reopened_at=at,
        )
        self.record(reopened, at)

    def _note(
        self, move: Move, to: Step | None, by: str, reason: str | None, approval: UUID | None, at: datetime
    ) -> None:
        if len(self.passages) >= MOST_PASSAGES:
            raise NotPossible(
                "too-many-passages",
                "It went from step to step too often: open another improvement.",
                "步骤往返次数过多，请另行立项。",
            )
        self.passages.append(Passage(len(self.passages) + 1, move, self.step, to, by, at, reason, approval))
        self.step = to or self.step
