"""Facts about how customers are listened to, that resolution publishes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.events.registry import Event, registry
from shared.events.vocabulary import TOPICS, Emotion


class Taboo(StrEnum):
    """六忌: what must not happen to a complaint."""

    LACKS_SKILL = "lacks_skill"
    """缺少专业知识: the handler lacks what the matter asks for."""
    NEGLECTED = "neglected"
    """怠慢客户: nobody spoke with the customer for too long."""
    BRUSHED_OFF = "brushed_off"
    """缺乏耐心，急于打发: settled before the customer was understood, or closed without hearing them."""
    PROMISED_IN_VAIN = "promised_in_vain"
    """允诺做不到的事: a promise was broken."""
    EXCUSED = "excused"
    """急于为自己开脱: whoever spoke excused themselves."""
    PASSED_ON = "passed_on"
    """一次可解决反而升级: it could be solved at once, and was passed on."""


@registry.event("redress.contact.held", topic=TOPICS.resolution)
class ContactHeld(Event):
    """Somebody of the company spoke with the customer, and noted how they listened.

    已与客户沟通并记录聆听情况。
    """

    contact_id: UUID
    via: str
    """`phone`, `counter`, `visit` or `mail`."""
    emotion: Emotion
    met: int
    """How many of the behaviours of listening were met."""
    judged: int
    """Of how many that applied to this contact."""
    held_by: str
    held_at: datetime


@registry.event("redress.taboo.raised", topic=TOPICS.resolution)
class TabooRaised(Event):
    """One of the six taboos seems to happen, and something can still be done about it.

    出现处理投诉的禁忌情形，仍可补救。
    """

    taboo: Taboo
    handler_id: str | None = None
    """Whose case it was. No proof against the person: a person looks at it."""
    detail: str | None = None
    """The words or codes that were found; nothing that the customer wrote."""
    raised_at: datetime


@registry.event("redress.reply.flagged", topic=TOPICS.resolution)
class ReplyFlagged(Event):
    """Words that somebody wrote to the customer may hurt, or promise too much; the words themselves are not told.

    写给客户的话中发现不当措辞。
    """

    written_by: str
    """Who wrote it. What is found is a hint, and no proof against the person."""
    families: dict[str, int]
    """How often each family of the reply check was found."""
    heaviest: int
    """From 1 to 3."""
    blocked: bool = False
    """The policy blocks such words; somebody entitled sent them all the same."""
    despite: str | None = None
    """Why, masked."""
    flagged_at: datetime


@registry.event("redress.case.ended-negative", topic=TOPICS.resolution)
class CaseEndedNegative(Event):
    """The last emotion of a closed case is negative: the customer keeps what came last (近因效应).

    结案时客户最后的情绪仍为负面。
    """

    emotion: Emotion
    acknowledged_by: str | None = None
    """Who closed it all the same, and said why; None: the emotion became known after the closing."""
    reason: str | None = None
    """Masked."""
    ended_at: datetime


@registry.event("redress.problem.corrected", topic=TOPICS.resolution)
class ProblemCorrected(Event):
    """What was wrong has been put right where it came from, so that it does not happen again.

    问题已从根源上改正。
    """

    correction: str
    """What was corrected, masked."""
    corrected_by: str
    corrected_at: datetime


@registry.event("redress.case.scored", topic=TOPICS.resolution)
class CaseScored(Event):
    """A reviewer who did not work the case judged how it was worked: 严格、认真、主动、高效.

    已对结案投诉进行质量评分。
    """

    scorecard_id: UUID
    handler_id: str | None = None
    strict: int
    """Each from 1 to 5."""
    earnest: int
    proactive: int
    efficient: int
    taboos: tuple[Taboo, ...] = ()
    """Those that the reviewer found."""
    reviewed_by: str
    reviewed_at: datetime
