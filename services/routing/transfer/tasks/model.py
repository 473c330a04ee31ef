"""Tasks of a complaint: set, done, chased while they are not done. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.routing.directory.model import Directory
from services.routing.transfer.climbing import Climbing
from services.routing.transfer.distribution import DISTRIBUTION, DistributionTable
from services.routing.transfer.lapses import Lapse, LapseKind
from services.routing.transfer.noticing import Notice, notice_id
from services.routing.transfer.recipients import supervisors
from shared import ids
from shared.aggregate import NotPossible
from shared.events import TaskDone, TaskOverdue, TaskSet
from shared.events.transfer import NoticeWords
from shared.events.vocabulary import Audience, NoticeUrgency, TaskForm, TaskOutcome

OVERDUE = NoticeWords(en="A task is overdue", zh="内部任务逾期")
FIRST = Audience.RESPONSIBLE_DEPARTMENT
"""Whoever owes a task is chased as its responsible department; the layers above follow."""


@dataclass
class Task:
    """Something that one person has to do by a time."""

    id: UUID
    form: TaskForm
    about: str
    """What is to be done, masked."""
    assignee: str
    due_at: datetime
    set_by: str
    set_at: datetime
    notice_id: UUID | None = None
    meeting_id: UUID | None = None
    outcome: TaskOutcome | None = None
    note: str | None = None
    next_step: str | None = None
    done_by: str | None = None
    done_at: datetime | None = None
    chases: int = 0
    chase_at: datetime | None = None
    """When it is looked at next; None: it is done, or was chased often enough."""


@dataclass(kw_only=True)
class Tasking(Climbing):
    """A complaint about which people have something to do."""

    tasks: dict[UUID, Task] = field(default_factory=dict)
    """Those that this change sets or changes."""

    def set_task(self, task: Task) -> None:
        task.chase_at = task.due_at
        self.tasks[task.id] = task
        self._tell(
            TaskSet(
                complaint_id=self.id,
                task_id=task.id,
                form=task.form,
                about=task.about,
                assignee=task.assignee,
                reference=self.reference,
                due_at=task.due_at,
                notice_id=task.notice_id,
                meeting_id=task.meeting_id,
                set_by=task.set_by,
                set_at=task.set_at,
            ),
            task.set_at,
        )

    def set_called_for(self, notice: Notice) -> None:
        """A row of the table asks that somebody calls or speaks with somebody: the first who is meant does."""
        if not notice.form.is_spoken or notice.climbed_from is not None or not notice.recipients:
            return
        about = f"{notice.words.zh} {notice.words.en}" if notice.words else notice.reason
        self.set_task(
            Task(
                id=ids.derived_id("task", notice.id),
                form=TaskForm(notice.form.value),
                about=about,
                assignee=notice.recipients[0],
                due_at=notice.acknowledge_by,
                set_by="distribution-table",
                set_at=notice.issued_at,
                notice_id=notice.id,
            )
        )

    def finish_task(
        self, task: Task, outcome: TaskOutcome, note: str | None, next_step: str | None, by: str, at: datetime
    ) -> None:
        """It was done, or whom it was to reach was not reached. `note` and `next_step` are masked.

        Raises NotPossible when it is done already.
        """
        finish(task, outcome, note, next_step, by, at)
        self.tasks[task.id] = task
        self._tell(
            TaskDone(
                complaint_id=self.id,
                task_id=task.id,
                form=task.form,
                assignee=task.assignee,
                outcome=outcome,
                note=note,
                next_step=next_step,
                in_time=at <= task.due_at,
                done_by=by,
                done_at=at,
            ),
            at,
        )

    def chase(self, task: Task, there: Collection[UUID], directory: Directory, at: datetime) -> None:
        """Its time has passed: whoever owes it is chased, then each layer above, then the top a few times."""
        if task.chase_at is None or task.chase_at > at:
            return
        table = self.books.read(DISTRIBUTION)
        lapse = chased(task, table, directory, at)
        if lapse is not None:
            self.lapses[lapse.id] = lapse
        self.tasks[task.id] = task
        chain = table.chain(FIRST)
        told = chain[min(task.chases, len(chain)) - 1]
        fact = TaskOverdue(
            complaint_id=self.id,
            task_id=task.id,
            form=task.form,
            assignee=task.assignee,
            supervisors=supervisors([task.assignee], directory),
            due_at=task.due_at,
            number=task.chases,
            told=told,
            last=task.chase_at is None,
            overdue_at=at,
        )
        fact_id = self.record(fact, at)
        self._issue(TaskOverdue, fact_id, at)
        if notice_id(fact_id, told) not in self.notices:  # unless the table has a row of its own for it
            by = at + table.within(self.severity)
            self.issue(
                Notice(
                    id=notice_id(fact_id, told),
                    audience=told,
                    reason="task-overdue",
                    fact_type=fact.wire_type(),
                    fact_id=fact_id,
                    severity=self.severity,
                    issued_at=at,
                    acknowledge_by=by,
                    urgency=NoticeUrgency.HIGH,
                    words=OVERDUE,
                    recipients=(task.assignee,) if task.chases == 1 else (),
                    due_at=by,
                )
            )


def finish(
    task: Task, outcome: TaskOutcome, note: str | None, next_step: str | None, by: str, at: datetime
) -> None:
    """Raises NotPossible when it is done already."""
    if task.done_at is not None:
        raise NotPossible(
            "done-already",
            "This task is done: its outcome stays.",
            "该任务已完成，结果不再改变。",
            outcome=task.outcome,
            done_at=task.done_at.isoformat(),
        )
    task.outcome, task.note, task.next_step = outcome, note, next_step
    task.done_by, task.done_at, task.chase_at = by, at, None


def chased(task: Task, table: DistributionTable, directory: Directory, at: datetime) -> Lapse | None:
    """Count one chase, and say when the next is due. Returns the lapse, the first time."""
    task.chases += 1
    most = len(table.chain(FIRST)) - 1 + table.remind_most
    task.chase_at = at + table.remind_after if task.chases < most else None
    if task.chases > 1:
        return None
    people = (task.assignee,)
    return Lapse(LapseKind.TASK, task.id, task.form, people, task.due_at, at, supervisors(people, directory))
