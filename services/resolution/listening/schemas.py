"""Shapes of listening in the HTTP interface."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.resolution.judgement import Need
from services.resolution.listening.contact import Behaviour, Contact, Finding, Form, Means, Slip
from services.resolution.listening.mood import FeltIn
from services.resolution.views import Bilingual, TimelineEntry, View
from shared.events.listening import Taboo
from shared.events.vocabulary import Emotion, Valence
from shared.masking import mask
from shared.pages import WrittenMoment
from shared.reply_policy import Judged, Readers, Treatment
from shared.text import LongText, ShortText

Past = Annotated[WrittenMoment, Field(ge=datetime(1990, 1, 1, tzinfo=UTC))]
Seconds = Annotated[int, Field(ge=0, le=86_400)]
Mark = Annotated[int, Field(ge=1, le=5)]


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [fields]})


class ContactNoted(BaseModel):
    """A contact with the customer, and how it was listened."""

    model_config = _example(
        via="phone",
        emotion="aggrieved",
        customer_seconds=480,
        agent_seconds=110,
        empathy=True,
        polite_name=True,
        solution_focus=True,
        key_points=["The alarm came back twice.", "The line stood for three hours."],
        questions=["open", "open", "closed"],
        locked_point="Nobody told them that the part was late.",
        point_confirmed=True,
        summary="The alarm came back after the repair, and nobody called.",
        summary_confirmed=True,
        positive_value="They expect that what we promise is done.",
        needs=["valued"],
    )

    via: Means
    held_at: Past | None = None
    """When it was held; left out: just now."""
    emotion: Emotion
    """The customer's, at the end of the contact."""
    customer_seconds: Seconds | None = None
    """How long the customer talked; with `agent_seconds`, and not for a mail."""
    agent_seconds: Seconds | None = None
    """How long whoever listened talked."""
    empathy: bool
    """Did whoever listened show that they understand the customer's feelings?"""
    polite_name: bool
    """Was the customer politely addressed by name?"""
    solution_focus: bool
    """Was a solution looked for, and nobody to blame?"""
    eye_contact: bool | None = None
    """Only face to face."""
    slips: Annotated[list[Slip], Field(max_length=len(Slip))] = []
    """What should not have happened, and did. Honest notes help; nobody is punished for them."""
    key_points: Annotated[list[ShortText], Field(max_length=20)] = []
    """What was noted."""
    questions: Annotated[list[Form], Field(max_length=50)] = []
    """The forms of the questions in their order: open ones first, a closed one to verify."""
    locked_point: LongText | None = None
    """What the complaint comes down to."""
    point_confirmed: bool = False
    """Did the customer confirm that it is this?"""
    summary: LongText | None = None
    """What was repeated and summarised to the customer."""
    summary_confirmed: bool = False
    """Did the customer confirm it in this contact?"""
    addition_id: UUID | None = None
    """The addition at intake, when the restatement was sent with one to be confirmed."""
    positive_value: LongText | None = None
    """What the customer holds dear: the good behind a negative emotion."""
    needs: Annotated[list[Need], Field(max_length=len(Need))] = []

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        measured = (self.customer_seconds, self.agent_seconds)
        if (measured[0] is None) != (measured[1] is None) or measured == (0, 0):
            raise ValueError(
                "customer_seconds: give both times, and one above nothing; 请同时填写双方的说话时长"
            )
        if measured[0] is not None and not self.via.is_oral:
            raise ValueError("customer_seconds: nobody talks in a mail, leave the times out; 邮件无说话时长")
        if self.eye_contact is not None and not self.via.face_to_face:
            raise ValueError("eye_contact: only at the counter and on a visit; 仅限面对面沟通")
        if self.point_confirmed and self.locked_point is None:
            raise ValueError(
                "point_confirmed: give the locked_point that was confirmed; 请填写已确认的抱怨点"
            )
        if self.summary_confirmed and self.summary is None:
            raise ValueError("summary_confirmed: give the summary that was confirmed; 请填写已确认的复述内容")
        if self.positive_value is not None and self.emotion.valence is not Valence.NEGATIVE:
            raise ValueError("positive_value: it stands behind a negative emotion only; 仅限负面情绪")
        return self

    def contact(self, id: UUID, complaint_id: UUID, held_by: str, at: datetime) -> Contact:
        return Contact(
            id=id,
            complaint_id=complaint_id,
            held_at=self.held_at or at,
            recorded_at=at,
            held_by=held_by,
            slips=tuple(dict.fromkeys(self.slips)),
            key_points=tuple(map(mask, self.key_points)),
            questions=tuple(self.questions),
            locked_point=self.locked_point and mask(self.locked_point),
            summary=self.summary and mask(self.summary),
            positive_value=self.positive_value and mask(self.positive_value),
            needs=tuple(dict.fromkeys(self.needs)),
            **{name: getattr(self, name) for name in _AS_GIVEN},
        )


_AS_GIVEN = (
    *("via", "emotion", "customer_seconds", "agent_seconds", "empathy", "polite_name", "solution_focus"),
    *("eye_contact", "point_confirmed", "summary_confirmed", "addition_id"),
)


class ContactShown(View):
    """A contact as it was noted, texts masked."""

    id: UUID
    via: Means
    held_at: datetime
    recorded_at: datetime
    held_by: str
    emotion: Emotion
    checklist: dict[Behaviour, Finding]
    """The nine behaviours of listening."""
    talk_share: int | None
    """The customer's share of the talking, per cent."""
    slips: list[Slip]
    key_points: list[str]
    questions: list[Form]
    funnel: bool | None
    """Were the questions open first, and closed in the end? None: nothing was asked."""
    locked_point: str | None
    point_confirmed: bool
    summary: str | None
    summary_confirmed: bool
    addition_id: UUID | None
    positive_value: str | None
    needs: list[Need]


class FeelingShown(View):
    contact_id: UUID
    at: datetime
    emotion: Emotion
    valence: Valence
    told: FeltIn


class ListeningShown(View):
    """How a customer is listened to over the whole case."""

    emotions: list[FeelingShown]
    """The newest 200 contacts, the oldest first."""
    turned: bool | None
    """The first emotion was negative, and the last is not. None: it was not negative at first, or nothing is known."""
    ended_negative: bool
    """It is closed, and the last emotion was negative at the closing or later."""
    understood_at: datetime | None
    """When the customer last confirmed that they were understood."""
    neglected_after: datetime | None
    """Unless a person speaks with the customer before, they count as neglected."""
    follow_ups: int
    """How often an opinion on the present result was asked for."""
    follow_up_at: datetime | None
    """When it is asked for again, if none comes."""
    taboos: list[TimelineEntry]
    """Those that were noticed, the newest 100, the oldest first."""


class WordsToSend(BaseModel):
    """What somebody is about to send to a customer, or to say in public."""

    model_config = _example(text="This is company policy; it is not our fault that the courier was late.")

    text: LongText
    readers: Literal[Readers.CUSTOMER, Readers.EVERYBODY] = Readers.CUSTOMER


class WordsFound(View):
    """Words that should not go out as they are."""

    treatment: Treatment
    """`block`: it would be refused. `warn`: it would go out."""
    kind: str
    """`command`, `control`, `criticism`, `blame`, `judging`, `excuse` or `promise`."""
    family: str
    weight: int
    start: int
    """Place of the first character in the text, from 0."""
    end: int
    words: str
    why: Bilingual
    kinder: Bilingual
    """What could be said instead."""

    @classmethod
    def of(cls, judged: Judged) -> Self:
        found = judged.finding
        return cls(
            treatment=judged.treatment,
            kind=found.kind.value,
            family=found.family,
            weight=found.weight,
            start=found.start,
            end=found.end,
            words=found.words,
            why=Bilingual(**found.why._asdict()),
            kinder=Bilingual(**found.kinder._asdict()),
        )


class Wording(View):
    """What to think over before it is sent."""

    blocked: bool
    """Whether it would be refused."""
    findings: list[WordsFound]
    """By the reply check and by the company's own words, as the rulebook `reply-policy` treats them."""


class CorrectionGiven(BaseModel):
    model_config = _example(correction="The torque of the spindle is now checked before delivery.")

    correction: LongText
    """What was put right where the problem came from, so that it does not happen again."""


_SCORECARD: dict[str, Any] = {
    **{"strict": 4, "earnest": 5, "proactive": 3, "efficient": 4},
    **{"taboos": ["neglected"], "comment": "A call came too late."},
}


class ScorecardGiven(BaseModel):
    """How the case was worked: 严格、认真、主动、高效."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [_SCORECARD]}
    )

    strict: Mark
    """From 1 (poor) to 5 (excellent): by the rules, without exceptions for anybody."""
    earnest: Mark
    """With care for the matter and the person."""
    proactive: Mark
    """Before the customer had to ask."""
    efficient: Mark
    """Without detours."""
    taboos: Annotated[list[Taboo], Field(max_length=len(Taboo))] = []
    """Those that happened, in the reviewer's eyes."""
    comment: LongText | None = None


class ScorecardShown(View):
    id: UUID
    handler_id: str | None
    strict: int
    earnest: int
    proactive: int
    efficient: int
    taboos: list[Taboo]
    comment: str | None
    reviewed_by: str
    reviewed_at: datetime
