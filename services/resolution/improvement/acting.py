"""The actions of an improvement, and their clocks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.resolution.improvement.book import IMPROVEMENT, ImprovementBook
from services.resolution.improvement.parts import Action, ActionKind, Task
from services.resolution.improvement.steps import ImprovementState, Step
from shared.aggregate import Aggregate, NotPossible
from shared.events import ImprovementActionDue, ImprovementActionOverdue, ImprovementActionSettled
from shared.events.vocabulary import Severity
from shared.rulebooks.model import AS_SHIPPED, Books

MOST_ACTIONS = 200
PLANNING = frozenset({Step.PLAN, Step.EXECUTION, Step.PREVENTION})
"""In these steps actions are planned."""


@dataclass(kw_only=True)
class Acting(Aggregate):
    """An improvement has actions; whoever is responsible is warned, and told of when they are late."""

    books: Books = field(default=AS_SHIPPED, repr=False, compare=False)
    complaint_id: UUID
    """The complaint that gave rise to it."""
    state: ImprovementState = ImprovementState.OPEN
    step: Step = Step.RECORD
    round: int = 1
    """How often the cause is looked for: counts anew what each search finds."""
    severity: Severity = Severity.GENERAL
    actions: dict[int, Action] = field(default_factory=dict)
    """By number."""
    watch_from: datetime | None = None
    """When the last action of the plan was done; None while one is open."""
    watch_until: datetime | None = None
    effect_due_told: bool = False

    @property
    def book(self) -> ImprovementBook:
        return self.books.read(IMPROVEMENT)

    @property
    def plan(self) -> list[Action]:
        """What was planned in this round and not dropped."""
        return [
            a for a in self.actions.values() if a.planned and a.round == self.round and a.dropped_at is None
        ]

    # What the gates ask

    @property
    def plans_against_cause(self) -> bool:
        return any(action.kind is ActionKind.CORRECTIVE for action in self.plan)

    @property
    def plans_against_escape(self) -> bool:
        return any(action.kind is ActionKind.DETECTION for action in self.plan)

    @property
    def plan_is_carried_out(self) -> bool:
        return bool(self.plan) and all(action.done_at is not None for action in self.plan)

    @property
    def nothing_is_open(self) -> bool:
        return not any(action.open for action in self.actions.values())

    # What people do

    def add_action(self, kind: ActionKind, task: Task, by: str, at: datetime) -> int:
        """Returns its number. Raises NotPossible outside of the steps in which actions are planned."""
        self._must_be_in(*PLANNING)
        return self._add(kind, task, by, at)

    def finish(self, number: int, evidence: str, by: str, at: datetime) -> None:
        """Raises NotPossible when it is settled."""
        self._must_be_open_action(number)
        self._settle(number, True, by, evidence, at)

    def drop_action(self, number: int, reason: str, by: str, at: datetime) -> None:
        """Raises NotPossible when it is settled, or keeps something contained."""
        action = self._must_be_open_action(number)
        if not action.planned:
            raise NotPossible(
                "keeps-contained",
                "It contains what is faulty: answer for the four places anew instead.",
                "该措施用于临时遏制：请重新填写四处确认结果。",
            )
        self._settle(number, False, by, reason, at)

    def move(
        self, number: int, due_at: datetime, responsible: str | None, reason: str, by: str, at: datetime
    ) -> None:
        """Give it another due date, and perhaps to somebody else. Raises NotPossible when it is settled."""
        action = self._must_be_open_action(number)
        if action.overdue_at is not None:
            self._tell_settled(action, done=False, by=by, at=at)
        self.actions[number] = replace(
            action,
            due_at=due_at,
            responsible=responsible or action.responsible,
            reason=reason,
            warn_at=self._warn_at(due_at, at),
            overdue_at=None,
        )

    # What happens by itself

    @property
    def wakes_at(self) -> datetime | None:
        """The earliest of the deadlines."""
        return min(self.deadlines(), default=None)

    def deadlines(self) -> Iterator[datetime]:
        """Of open actions: the warning and the due date."""
        if self.state is not ImprovementState.OPEN:
            return
        for action in self.actions.values():
            if action.open and action.warn_at is not None:
                yield action.warn_at
            if action.open and action.overdue_at is None:
                yield action.due_at

    def time_passed(self, at: datetime) -> None:
        for action in self.actions.values() if self.state is ImprovementState.OPEN else ():
            if action.open and action.warn_at is not None and at > action.warn_at:
                self._warn(action, at)
        for action in list(self.actions.values()) if self.state is ImprovementState.OPEN else ():
            if action.open and action.overdue_at is None and at > action.due_at:
                self._tell_overdue(action, at)

    # Steps that several of these share

    def _must_be_in(self, *steps: Step) -> None:
        if self.state is ImprovementState.OPEN and self.step in steps:
            return
        raise NotPossible(
            "other-step",
            f"The improvement is not in a step for this: it needs {' or '.join(s.value for s in Step if s in steps)}.",
            "改善当前不在可执行此操作的步骤。",
            step=self.step.value,
            state=self.state.value,
        )

    def _must_be_open_action(self, number: int) -> Action:
        action = self.actions[number]
        if self.state is not ImprovementState.OPEN or not action.open:
            raise NotPossible(
                "settled",
                "The action is done or dropped, or the improvement has ended: it stays as it is.",
                "该措施已完成或已取消，或改善已结束，不能再修改。",
                state=self.state.value,
            )
        return action

    def _add(self, kind: ActionKind, task: Task, by: str, at: datetime) -> int:
        if len(self.actions) >= MOST_ACTIONS:
            raise NotPossible(
                "too-many-actions",
                f"An improvement has {MOST_ACTIONS} actions at most: open another one.",
                "一个改善项目的措施数量已达上限，请另行立项。",
            )
        number = len(self.actions) + 1
        self.actions[number] = Action(
            number,
            self.round,
            kind,
            task.what,
            task.responsible,
            task.due_at,
            by,
            at,
            warn_at=self._warn_at(task.due_at, at),
        )
        self._watch_if_done()
        return number

    def _warn_at(self, due_at: datetime, at: datetime) -> datetime | None:
        moment = due_at - self.book.warn_before
        return moment if moment > at else None

    def _settle(self, number: int, done: bool, by: str, text: str, at: datetime) -> None:
        action = self.actions[number]
        self._tell_settled(action, done, by, at)
        if done:
            action = replace(action, done_at=at, done_by=by, evidence=text)
        else:
            action = replace(action, dropped_at=at, dropped_by=by, reason=text)
        self.actions[number] = replace(action, warn_at=None)
        self._watch_if_done()

    def _tell_settled(self, action: Action, done: bool, by: str, at: datetime) -> None:
        settled = ImprovementActionSettled(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            number=action.number,
            responsible=action.responsible,
            done=done,
            was_overdue=action.overdue_at is not None,
            settled_by=by,
            settled_at=at,
        )
        self.record(settled, at)

    def _watch_if_done(self) -> None:
        """The numbers are watched from the last action of the plan on."""
        if self.plan_is_carried_out:
            self.watch_from = max(action.done_at for action in self.plan if action.done_at is not None)
            self.watch_until = self.watch_from + self.book.watch(self.severity)
        else:
            self.watch_from = self.watch_until = None
        self.effect_due_told = False

    def _warn(self, action: Action, at: datetime) -> None:
        self.actions[action.number] = replace(action, warn_at=None)
        if at > action.due_at:
            return  # it is told as overdue
        due = ImprovementActionDue(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            number=action.number,
            responsible=action.responsible,
            due_at=action.due_at,
            warned_at=at,
        )
        self.record(due, at)

    def _tell_overdue(self, action: Action, at: datetime) -> None:
        self.actions[action.number] = replace(action, overdue_at=at)
        overdue = ImprovementActionOverdue(
            complaint_id=self.complaint_id,
            improvement_id=self.id,
            number=action.number,
            responsible=action.responsible,
            due_at=action.due_at,
            overdue_at=at,
        )
        self.record(overdue, at)
