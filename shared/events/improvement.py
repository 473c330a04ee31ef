"""Facts that resolution publishes about improvements. Each is told of the complaint that gave rise to the
improvement, except for joining and leaving, which are told of the complaint that does so.

People are named by their ids in the directory, or by the account that acted.
"""

from datetime import datetime
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Audience


@registry.event("redress.improvement.opened", topic=TOPICS.resolution)
class ImprovementOpened(Event):
    """The cause of the complaint is to be removed: an improvement was opened.

    已就该投诉立项改善。
    """

    improvement_id: UUID
    category: str | None = None
    product: str | None = None
    opened_by: str
    opened_at: datetime


@registry.event("redress.improvement.joined", topic=TOPICS.resolution)
class ImprovementJoined(Event):
    """The complaint was joined to an improvement that removes its cause.

    该投诉已关联到改善项目。
    """

    improvement_id: UUID
    recurrence: bool = False
    """It came after the improvement was closed: the cause is back."""
    joined_by: str
    joined_at: datetime


@registry.event("redress.improvement.left", topic=TOPICS.resolution)
class ImprovementLeft(Event):
    """The complaint is not about what the improvement is about: it was taken off.

    该投诉已与改善项目解除关联。
    """

    improvement_id: UUID
    left_by: str
    left_at: datetime


@registry.event("redress.improvement.step-passed", topic=TOPICS.resolution)
class ImprovementStepPassed(Event):
    """A step of the improvement was passed, or skipped by an approved exception.

    改善已通过一个步骤。
    """

    improvement_id: UUID
    step: str
    """One of the eight: record, validity, team, containment, cause, plan, execution, prevention."""
    skipped: bool = False
    passed_by: str
    passed_at: datetime


@registry.event("redress.improvement.sent-back", topic=TOPICS.resolution)
class ImprovementSentBack(Event):
    """The improvement went back to an earlier step.

    改善已退回先前步骤。
    """

    improvement_id: UUID
    from_step: str
    to_step: str
    reason: str
    """Masked."""
    sent_by: str
    sent_at: datetime


@registry.event("redress.improvement.action-due", topic=TOPICS.resolution)
class ImprovementActionDue(Event):
    """An action of the improvement falls due soon.

    改善措施即将到期。
    """

    improvement_id: UUID
    number: int
    responsible: str
    due_at: datetime
    warned_at: datetime

    @property
    def addressee(self) -> str | None:
        return self.responsible


@registry.event("redress.improvement.action-overdue", topic=TOPICS.resolution)
class ImprovementActionOverdue(Event):
    """The due date of an action passed, and it was not done.

    改善措施逾期未完成。
    """

    improvement_id: UUID
    number: int
    responsible: str
    due_at: datetime
    overdue_at: datetime

    def addressee_among(self, audience: Audience) -> str | None:
        """Whoever is late is told; whoever oversees them is another audience."""
        return self.responsible if audience is Audience.RESPONSIBLE_DEPARTMENT else None


@registry.event("redress.improvement.action-settled", topic=TOPICS.resolution)
class ImprovementActionSettled(Event):
    """An action of the improvement was done, or dropped, or one that was overdue has got another due date.

    改善措施已完成、已取消，或逾期后已改期。
    """

    improvement_id: UUID
    number: int
    responsible: str
    done: bool
    was_overdue: bool
    """ImprovementActionOverdue was told of it."""
    settled_by: str
    settled_at: datetime


@registry.event("redress.improvement.effect-due", topic=TOPICS.resolution)
class ImprovementEffectDue(Event):
    """The watch period is over: somebody looks at the numbers, and says whether the improvement is effective.

    观察期已结束，请确认改善效果。
    """

    improvement_id: UUID
    watched_until: datetime
    ended_at: datetime
    """When it was found to be over."""


@registry.event("redress.improvement.effect-judged", topic=TOPICS.resolution)
class ImprovementEffectJudged(Event):
    """A person judged by the numbers whether the improvement is effective.

    已根据数据判断改善是否有效。
    """

    improvement_id: UUID
    effective: bool
    before: int
    """Complaints in the period before."""
    after: int
    rate_ratio: float | None = None
    """Rate after by rate before; None when there was no complaint before."""
    p_value: float
    judged_by: str
    judged_at: datetime


@registry.event("redress.improvement.closed", topic=TOPICS.resolution)
class ImprovementClosed(Event):
    """All steps were passed: the cause is removed, and what prevents it is the standard.

    改善已结案，预防措施已标准化。
    """

    improvement_id: UUID
    rounds: int
    """How often the cause had to be looked for."""
    closed_by: str
    closed_at: datetime


@registry.event("redress.improvement.dropped", topic=TOPICS.resolution)
class ImprovementDropped(Event):
    """The improvement was opened in error, or another one does the same.

    改善已撤销。
    """

    improvement_id: UUID
    reason: str
    """Masked."""
    dropped_by: str
    dropped_at: datetime


@registry.event("redress.improvement.recurrence-found", topic=TOPICS.resolution)
class RecurrenceFound(Event):
    """New complaints look as if the cause were back: somebody says whether they have the same cause.

    发现疑似再发投诉，请确认原因是否相同。
    """

    improvement_id: UUID
    complaint_ids: tuple[UUID, ...]
    """Those on which nobody has decided yet."""
    found_at: datetime


@registry.event("redress.improvement.reopened", topic=TOPICS.resolution)
class ImprovementReopened(Event):
    """The same cause came back: the improvement begins again with containment.

    同一原因再次发生，改善已重新启动。
    """

    improvement_id: UUID
    recurred_in: UUID
    """The complaint with the same cause."""
    reason: str
    """Masked."""
    reopened_by: str
    reopened_at: datetime
