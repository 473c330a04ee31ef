"""Notices of the transfer topics, and what routing tells of them and of the tasks that go with them."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.registry import Event, registry
from shared.events.vocabulary import (
    TOPICS,
    Audience,
    NoticeUrgency,
    Severity,
    TaskForm,
    TaskOutcome,
    TransferForm,
    transfer_topic,
)


class NoticeWords(BaseModel):
    """What a notice is about, for people."""

    model_config = ConfigDict(frozen=True)

    en: str
    zh: str


class NoticeIssued(Event):
    """Somebody must know something, and say by a time that they do."""

    audience: ClassVar[Audience]

    notice_id: UUID
    reason: str
    fact_type: str
    """Wire type of the fact that the notice points to; `internal-mail` when somebody wrote it."""
    fact_id: UUID
    """CloudEvents id of that fact, or the mail's own."""
    reference: str | None = None
    department: str | None = None
    severity: Severity
    issued_at: datetime
    acknowledge_by: datetime
    form: TransferForm = TransferForm.NOTICE
    urgency: NoticeUrgency = NoticeUrgency.NORMAL
    recipients: tuple[str, ...] = ()
    """Ids of the people of the directory who are meant; nobody: the whole audience."""
    words: NoticeWords | None = None
    """The reason, in words."""
    climbed_from: UUID | None = None
    """The notice of the layer below that nobody acknowledged in time."""


def _notice(audience: Audience) -> type[NoticeIssued]:
    name = "".join(word.title() for word in audience.value.split("-")) + "Notice"
    about = {"__module__": __name__, "__doc__": f"A notice for {audience.value}.", "audience": audience}
    cls: type[NoticeIssued] = type(name, (NoticeIssued,), about)
    return registry.event(f"redress.notice.{audience.value}", topic=transfer_topic(audience))(cls)


NOTICES: dict[Audience, type[NoticeIssued]] = {audience: _notice(audience) for audience in Audience}


@registry.event("redress.notice.acknowledged", topic=TOPICS.routing)
class NoticeAcknowledged(Event):
    """Somebody of the audience said that they know.

    须知方已确认知悉。
    """

    notice_id: UUID
    audience: Audience
    acknowledged_by: str
    person_id: str | None = None
    """Their id in the directory, when the caller's account belongs to somebody there."""
    issued_at: datetime | None = None
    """When the notice had been issued; None: not told."""
    acknowledged_at: datetime


@registry.event("redress.notice.overdue", topic=TOPICS.routing)
class NoticeOverdue(Event):
    """Nobody acknowledged a notice in time: it climbs a layer, or at the top it is told again.

    须知逾期未确认，已上报上一层级；已在最高层级的，再次提醒。
    """

    notice_id: UUID
    audience: Audience
    reason: str
    reference: str | None = None
    severity: Severity
    words: NoticeWords | None = None
    """The reason, in words."""
    recipients: tuple[str, ...] = ()
    """Who should have acknowledged it: ids of people of the directory."""
    supervisors: tuple[str, ...] = ()
    """Whom they answer to."""
    acknowledge_by: datetime
    climbed_to: Audience | None = None
    """Who knows instead; None: there is no layer above."""
    reminder: int = 0
    """Counts the times that the top layer was told again, from 1; 0 when it climbed."""
    last: bool = False
    """No further reminder follows. The notice stays open."""
    overdue_at: datetime


@registry.event("redress.task.set", topic=TOPICS.routing)
class TaskSet(Event):
    """Somebody is to do something about the complaint within the company: call, speak with somebody, act.

    已布置内部任务（电话、访谈或会议决议事项）。
    """

    task_id: UUID
    form: TaskForm
    about: str
    """What is to be done, masked."""
    assignee: str
    """Id of a person of the directory."""
    reference: str | None = None
    due_at: datetime
    notice_id: UUID | None = None
    """The notice that asked for it."""
    meeting_id: UUID | None = None
    """The meeting that decided it."""
    set_by: str
    set_at: datetime


@registry.event("redress.task.done", topic=TOPICS.routing)
class TaskDone(Event):
    """Somebody did what they were to do, or could not reach whom they were to reach.

    内部任务已完成，结果已记录。
    """

    task_id: UUID
    form: TaskForm
    assignee: str
    outcome: TaskOutcome
    note: str | None = None
    """What came out, masked."""
    next_step: str | None = None
    """Masked."""
    in_time: bool
    done_by: str
    done_at: datetime


@registry.event("redress.task.overdue", topic=TOPICS.routing)
class TaskOverdue(Event):
    """A task was not done in time: whoever owes it is chased, then the layers above.

    内部任务逾期，已催办并逐级上报。
    """

    task_id: UUID
    form: TaskForm
    assignee: str
    supervisors: tuple[str, ...] = ()
    due_at: datetime
    number: int
    """Counts the chases of this task, from 1."""
    told: Audience
    """Who is told this time."""
    last: bool = False
    """No further chase follows. The task stays open."""
    overdue_at: datetime
