"""One contact with the customer, and how well it was listened (聆听). Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.resolution.judgement import Need
from shared.events.vocabulary import Emotion


class Means(StrEnum):
    """How somebody spoke with the customer."""

    PHONE = "phone"
    COUNTER = "counter"
    VISIT = "visit"
    MAIL = "mail"

    @property
    def is_oral(self) -> bool:
        return self is not Means.MAIL

    @property
    def face_to_face(self) -> bool:
        return self in {Means.COUNTER, Means.VISIT}


class Behaviour(StrEnum):
    """The nine behaviours of listening."""

    EMPATHY = "empathy"
    POLITE_NAME = "polite_name"
    TALK_SHARE = "talk_share"
    """The customer talks for four fifths of the time."""
    RESTRAINT = "restraint"
    """No interruption, argument, rebuttal or excuse."""
    KEY_POINTS = "key_points"
    CLARIFYING = "clarifying"
    SUMMARY = "summary"
    """Repeated and summarised, and the customer was asked whether that is right."""
    EYE_CONTACT = "eye_contact"
    SOLUTION_FOCUS = "solution_focus"


class Finding(StrEnum):
    MET = "met"
    MISSED = "missed"
    NOT_APPLICABLE = "not_applicable"


class Slip(StrEnum):
    """What a listener must not do."""

    INTERRUPTION = "interruption"
    ARGUMENT = "argument"
    REBUTTAL = "rebuttal"
    EXCUSE = "excuse"


class Form(StrEnum):
    """开放式问题、封闭式问题."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """What was noted of a contact; texts are masked."""

    id: UUID
    complaint_id: UUID
    via: Means
    held_at: datetime
    recorded_at: datetime
    held_by: str
    emotion: Emotion
    empathy: bool
    polite_name: bool
    solution_focus: bool
    eye_contact: bool | None = None
    customer_seconds: int | None = None
    agent_seconds: int | None = None
    slips: tuple[Slip, ...] = ()
    key_points: tuple[str, ...] = ()
    questions: tuple[Form, ...] = ()
    """The forms of the questions, in the order in which they were asked."""
    locked_point: str | None = None
    """What the complaint comes down to (锁定的抱怨点)."""
    point_confirmed: bool = False
    summary: str | None = None
    """What was restated to the customer."""
    summary_confirmed: bool = False
    addition_id: UUID | None = None
    """The addition at intake under which the restatement was sent to the customer."""
    positive_value: str | None = None
    """What the customer holds dear behind the negative emotion (负面情绪的积极价值)."""
    needs: tuple[Need, ...] = ()

    @property
    def talk_share(self) -> float | None:
        """The customer's share of the talking, 0 to 1; None when it was not measured."""
        if self.customer_seconds is None or self.agent_seconds is None:
            return None
        return self.customer_seconds / (self.customer_seconds + self.agent_seconds)

    @property
    def funnel(self) -> bool | None:
        """Were the questions open first, and closed in the end to verify? None: nothing was asked."""
        if not self.questions:
            return None
        closed = [form is Form.CLOSED for form in self.questions]
        return not closed[0] and closed[-1] and closed == sorted(closed)

    @property
    def understood(self) -> bool:
        """The customer confirmed what was restated, or the point that it comes down to."""
        return self.summary_confirmed or self.point_confirmed

    def checklist(self, least_share: float) -> dict[Behaviour, Finding]:
        """Each of the nine behaviours; what a contact of this kind cannot show does not apply.

        `least_share`: the customer's least share of the talking, 0 to 1.
        """
        share = self.talk_share
        found: dict[Behaviour, bool | None] = {
            Behaviour.EMPATHY: self.empathy,
            Behaviour.POLITE_NAME: self.polite_name,
            Behaviour.TALK_SHARE: share >= least_share if share is not None else None,
            Behaviour.RESTRAINT: not self.slips if self.via.is_oral else Slip.EXCUSE not in self.slips,
            Behaviour.KEY_POINTS: bool(self.key_points),
            Behaviour.CLARIFYING: bool(self.questions),
            Behaviour.SUMMARY: self.summary is not None,
            Behaviour.EYE_CONTACT: self.eye_contact,
            Behaviour.SOLUTION_FOCUS: self.solution_focus,
        }
        return {behaviour: _finding(met) for behaviour, met in found.items()}


def _finding(met: bool | None) -> Finding:
    if met is None:
        return Finding.NOT_APPLICABLE
    return Finding.MET if met else Finding.MISSED
