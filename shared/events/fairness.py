"""Facts of resolution about the person complained about: heard, marked, and judged again when they appeal.

People are named by their ids in the directory. What they say stays with resolution: the log has no words of theirs.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Audience


class AboutPerson(Event):
    """Base: of this fact the person concerned is that one person, whoever else the complaint is about."""

    person_id: str

    def addressee_among(self, audience: Audience) -> str | None:
        return self.person_id if audience is Audience.PERSON_CONCERNED else None


class Clearing(StrEnum):
    """Why a complaint is not, or no longer, held against a person."""

    NAMED_WRONGLY = "named_wrongly"
    NOT_AT_FAULT = "not_at_fault"
    APPEAL = "appeal"
    WITHDRAWN = "withdrawn"
    """The customer withdrew the complaint."""


class MarkEnd(StrEnum):
    """Why a mark was removed."""

    JUDGEMENT = "judgement"
    """The complaint was judged anew, as not valid."""
    CLEARED = "cleared"
    APPEAL = "appeal"
    WITHDRAWN = "withdrawn"


class Decision(StrEnum):
    """What a reviewer decided on an appeal."""

    UPHELD = "upheld"
    """The appeal was right: the mark goes."""
    PARTLY = "partly"
    """The mark stays; the sanctions that were proposed or taken for it go."""
    DISMISSED = "dismissed"


@registry.event("redress.accused.told", topic=TOPICS.resolution)
class AccusedTold(AboutPerson):
    """It is known whom the complaint is about: that person has the right to know.

    已告知投诉当事人。
    """

    answer_by: datetime
    """Until then nothing is judged without a reason, so that they can give their side."""
    told_at: datetime


@registry.event("redress.accused.answered", topic=TOPICS.resolution)
class AccusedAnswered(AboutPerson):
    """The person complained about gave their side.

    投诉当事人已陈述。
    """

    answered_at: datetime


@registry.event("redress.accused.silent", topic=TOPICS.resolution)
class AccusedSilent(AboutPerson):
    """The person complained about gave no answer in the time that they had.

    投诉当事人逾期未陈述。
    """

    silent_at: datetime


@registry.event("redress.accused.unheard", topic=TOPICS.resolution)
class AccusedUnheard(AboutPerson):
    """The handler does not wait for the answer of the person complained about, and has said why.

    处理人说明理由后，不等待当事人陈述。
    """

    unheard_at: datetime


@registry.event("redress.accused.cleared", topic=TOPICS.resolution)
class AccusedCleared(AboutPerson):
    """The complaint is not held against this person.

    该投诉不归责于当事人。
    """

    because: Clearing
    cleared_at: datetime


class MarkChanged(AboutPerson):
    """Base: a mark against a person came, waits or went. Of two facts of one mark the higher step counts."""

    mark_id: UUID
    step: int
    """Counts the changes of a mark, from 1."""
    made_at: datetime
    """When the mark was made, whatever changed now."""


@registry.event("redress.mark.made", topic=TOPICS.resolution)
class MarkMade(MarkChanged):
    """A complaint about this person was judged valid.

    投诉成立，已对当事人作出责任记录。
    """

    appeal_until: datetime
    """Until then the person may appeal."""


@registry.event("redress.mark.frozen", topic=TOPICS.resolution)
class MarkFrozen(MarkChanged):
    """An appeal runs: until it is decided, the mark does not count.

    申诉期间，责任记录暂停生效。
    """

    frozen_at: datetime


@registry.event("redress.mark.restored", topic=TOPICS.resolution)
class MarkRestored(MarkChanged):
    """The appeal has ended, and the mark counts again.

    申诉结束，责任记录恢复生效。
    """

    restored_at: datetime


@registry.event("redress.mark.removed", topic=TOPICS.resolution)
class MarkRemoved(MarkChanged):
    """The mark is gone for good.

    责任记录已撤销。
    """

    because: MarkEnd
    removed_at: datetime


class OfAppeal(AboutPerson):
    """Base: something happened to an appeal; `person_id` is who appealed."""

    appeal_id: UUID


class ForReviewer(OfAppeal):
    """Base: the reviewer has to know it, on behalf of complaint management."""

    reviewer_id: str | None = None

    def addressee_among(self, audience: Audience) -> str | None:
        if audience is Audience.COMPLAINT_MANAGEMENT:
            return self.reviewer_id
        return super().addressee_among(audience)


@registry.event("redress.appeal.filed", topic=TOPICS.resolution)
class AppealFiled(OfAppeal):
    """The person complained about does not accept the mark.

    投诉当事人提出申诉。
    """

    mark_id: UUID
    again: bool = False
    """An earlier appeal was decided; this one brings new evidence."""
    decide_by: datetime
    filed_at: datetime


@registry.event("redress.appeal.reviewer-named", topic=TOPICS.resolution)
class ReviewerNamed(ForReviewer):
    """Somebody independent reviews the appeal.

    已指定独立复核人。
    """

    previous_reviewer_id: str | None = None
    named_by: str
    decide_by: datetime
    named_at: datetime


@registry.event("redress.appeal.asked", topic=TOPICS.resolution)
class AppellantAsked(OfAppeal):
    """The reviewer asked the person who appealed something.

    复核人向申诉人提问。
    """

    number: int
    asked_at: datetime


@registry.event("redress.appeal.answered", topic=TOPICS.resolution)
class AppellantAnswered(ForReviewer):
    """The person who appealed said something further.

    申诉人作出补充说明。
    """

    number: int
    answered_at: datetime


@registry.event("redress.appeal.due", topic=TOPICS.resolution)
class AppealDue(ForReviewer):
    """The appeal has to be decided soon.

    申诉即将到期。
    """

    decide_by: datetime
    warned_at: datetime


@registry.event("redress.appeal.overdue", topic=TOPICS.resolution)
class AppealOverdue(OfAppeal):
    """The appeal was not decided in time.

    申诉逾期未决。
    """

    reviewer_id: str | None = None
    """Who should have decided it; None: nobody was found who could."""
    decide_by: datetime
    number: int
    """Counts the times that it was told, from 1."""
    last: bool = False
    """It is not told again. The appeal stays open."""
    overdue_at: datetime


@registry.event("redress.appeal.decided", topic=TOPICS.resolution)
class AppealDecided(OfAppeal):
    """The reviewer decided the appeal.

    申诉已有决定。
    """

    reviewer_id: str
    decision: Decision
    decided_at: datetime


@registry.event("redress.appeal.upheld", topic=TOPICS.resolution)
class AppealUpheld(OfAppeal):
    """The appeal was right, wholly or in part: whoever leads has to learn from it.

    申诉成立或部分成立。
    """

    decision: Decision
    upheld_at: datetime


@registry.event("redress.appeal.ended", topic=TOPICS.resolution)
class AppealEnded(OfAppeal):
    """The appeal ended without a decision: it was withdrawn, or there is nothing left to appeal against.

    申诉未经决定即告结束。
    """

    withdrawn: bool
    """By the person who appealed."""
    ended_at: datetime


class AboutSanction(AboutPerson):
    """Base: something happened to a sanction."""

    sanction_id: UUID
    mark_id: UUID
    kind: str
    """A code of the rulebook `fairness`."""


@registry.event("redress.sanction.proposed", topic=TOPICS.resolution)
class SanctionProposed(AboutSanction):
    """Somebody proposes a consequence for a mark. It has none before the person could appeal.

    已提出处理建议，申诉期内不生效。
    """

    not_before: datetime
    proposed_by: str
    proposed_at: datetime


@registry.event("redress.sanction.took-effect", topic=TOPICS.resolution)
class SanctionTookEffect(AboutSanction):
    """The time to appeal has ended, or the appeal was decided: the sanction holds.

    处理决定生效。
    """

    took_effect_at: datetime


@registry.event("redress.sanction.suspended", topic=TOPICS.resolution)
class SanctionSuspended(AboutSanction):
    """An appeal runs: the sanction does not hold meanwhile.

    申诉期间，处理决定暂停执行。
    """

    suspended_at: datetime


@registry.event("redress.sanction.lifted", topic=TOPICS.resolution)
class SanctionLifted(AboutSanction):
    """The sanction is gone for good.

    处理决定已撤销。
    """

    lifted_at: datetime
