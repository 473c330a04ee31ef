"""Facts that resolution publishes of its clocks: what is nearly late, what was late, and who was told of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Audience, Severity


class Clock(StrEnum):
    """What a clock counts down to (时限)."""

    FIRST_RESPONSE = "first_response"
    """A person has answered for the first time."""
    NEXT_RESPONSE = "next_response"
    """A person has answered what the customer wrote since."""
    RESOLUTION = "resolution"
    """The customer was told the result."""
    PUBLIC_RESPONSE = "public_response"
    """A public complaint was answered in public."""
    ACCEPT = "accept"
    """Stage: somebody took the case up."""
    JUDGE = "judge"
    """Stage: it was judged whether the complaint is valid."""
    OFFER = "offer"
    """Stage: solutions lie before the customer."""
    CARRY_OUT = "carry_out"
    """Stage: what was agreed is carried out."""
    PROMISE = "promise"
    """The customer has the reply that was promised."""


class Accountable(StrEnum):
    """Who answers for it that a clock was missed (责任人)."""

    HANDLER = "handler"
    DEPARTMENT = "department"
    """Nobody has the case: the department that it was given to does."""
    MANAGEMENT = "management"
    """It was given to nobody at all."""


class ClockFact(Event):
    """What every fact of a clock says."""

    clock: Clock
    number: int
    """Counts the runs of all clocks of a case, from 1."""
    due_at: datetime
    accountable: Accountable
    handler_id: str | None = None
    department: str | None = None
    policy_version: int
    """Of the rulebook `clocks`; 0 is what Redress is shipped with."""


@registry.event("redress.clock.warned", topic=TOPICS.resolution)
class ClockWarned(ClockFact):
    """A clock runs out soon: whoever answers for it is reminded.

    时限将至，提醒责任人。
    """

    warned_at: datetime


@registry.event("redress.clock.missed", topic=TOPICS.resolution)
class ClockMissed(ClockFact):
    """A clock ran out: a row of the accountability record. Of one run this is told once.

    超过时限，记入追责记录。
    """

    lapse_id: UUID
    missed_at: datetime
    """When the time was over."""


class Escalation(ClockFact):
    """What both escalations say."""

    step: int
    """Of the escalations after the miss, from 1."""
    escalated_at: datetime


@registry.event("redress.case.escalated", topic=TOPICS.resolution)
class CaseEscalated(Escalation):
    """A clock is overdue for so long that complaint management must act.

    超时仍未处理，升级至投诉管理部门。
    """


@registry.event("redress.case.escalated-to-leadership", topic=TOPICS.resolution)
class CaseEscalatedToLeadership(Escalation):
    """A clock is overdue for so long that the leaders in charge must act.

    超时仍未处理，升级至主管领导。
    """


@registry.event("redress.resolution.extended", topic=TOPICS.resolution)
class ResolutionExtended(Event):
    """The time for the solution was extended for a reason, and the customer is told so.

    处理期限依规延长，原因告知客户。
    """

    hours: float
    """Working hours added."""
    reason: str
    """As the customer is told it, masked."""
    extended_at: datetime


@registry.event("redress.customer.asked", topic=TOPICS.resolution)
class CustomerAsked(Event):
    """The customer was asked for something without which the case does not go on; the clocks stand still.

    请客户补充信息，计时暂停。
    """

    question: str
    """Masked."""
    asked_at: datetime


@registry.event("redress.colleague.asked", topic=TOPICS.resolution)
class ColleagueAsked(Event):
    """Somebody within the company was asked for help; the customer's clocks run on.

    请内部同事协助，计时不停。
    """

    whom: str
    """Person or department."""
    question: str
    """Masked."""
    chase_at: datetime
    """When they are chased if no answer has come."""
    asked_at: datetime

    def addressee_among(self, audience: Audience) -> str | None:
        """Whoever was asked; a department's people are an audience of their own."""
        return self.whom if audience is Audience.TECHNICAL_SUPPORT else None


@registry.event("redress.colleague.chased", topic=TOPICS.resolution)
class ColleagueChased(Event):
    """What was asked within the company is still not answered.

    内部协助仍无结果，催办。
    """

    whom: str
    times: int
    """Counts from 1."""
    chased_at: datetime

    def addressee_among(self, audience: Audience) -> str | None:
        """Whoever does not answer."""
        return self.whom if audience is Audience.TECHNICAL_SUPPORT else None


@registry.event("redress.public-response.given", topic=TOPICS.resolution)
class PublicResponseGiven(Event):
    """A complaint made in public was answered where everybody can read it.

    公开投诉已公开回应。
    """

    where: str
    """Masked."""
    response: str
    """Masked."""
    given_at: datetime


@registry.event("redress.case.grew", topic=TOPICS.resolution)
class CaseGrew(Event):
    """A case became more severe after it was opened: a small thing became big.

    小事变大：立案后等级上升。
    """

    severity_before: Severity
    severity: Severity
    reasons: tuple[str, ...]
    """Ids of rules, or what a person gave as the reason, masked."""
    handler_id: str | None = None
    department: str | None = None
    grew_at: datetime
