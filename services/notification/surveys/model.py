"""One survey: a questionnaire, sent to one customer about one complaint, and what they answered. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.notification.delivery import Delivery
from services.notification.rules import Audience, Channel, Nature, Urgency
from services.notification.surveys.book import Questionnaire
from services.notification.surveys.questions import END, NotAnAnswer, Question
from shared.aggregate import Aggregate, NotPossible
from shared.events import ResultJudged, SurveyAnswered, SurveyClosed, SurveySent
from shared.events.surveys import AnsweredBy, SurveyAnswer, SurveyEnd, SurveyMeasure, Value
from shared.events.vocabulary import Outcome
from shared.ids import derived_id

INVITATION = "survey-invitation"
"""Template of the invitation and of the reminder."""


class SurveyState(StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Over(Exception):
    """An answer came after the survey was closed."""


class NotAsked(ValueError):
    """An answer to what is not asked, not asked yet, or in no form that the question takes. Names the question."""

    def __init__(self, question: str, why: str) -> None:
        super().__init__(why)
        self.question, self.why = question, why


@dataclass(frozen=True, slots=True)
class Given:
    """One answer."""

    value: Value
    by: AnsweredBy
    at: datetime


@dataclass(kw_only=True)
class Survey(Aggregate):
    complaint_id: UUID
    questionnaire: Questionnaire
    book_version: int
    state: SurveyState
    planned_at: datetime
    """When it is, or was, to be sent."""
    follow_up_id: UUID | None = None
    """The first request for an opinion on the result that it is about."""
    opened_at: datetime | None = None
    reminded_at: datetime | None = None
    answered_at: datetime | None = None
    """When the last answer came."""
    ended_at: datetime | None = None
    ended: SurveyEnd | None = None
    answers: dict[str, Given] = field(default_factory=dict)
    rests_until: datetime | None = None
    """The customer was invited elsewhere, and is left alone until then."""
    added: dict[str, Given] = field(default_factory=dict, compare=False, repr=False)
    """Answers that this change adds."""
    outgoing: list[Delivery] = field(default_factory=list, compare=False, repr=False)

    @property
    def remind_at(self) -> datetime | None:
        after = self.questionnaire.remind_after_hours
        if after is None or self.opened_at is None or self.reminded_at is not None:
            return None
        return self.opened_at + timedelta(hours=after)

    @property
    def closes_at(self) -> datetime | None:
        """When nothing more is taken."""
        if self.opened_at is None:
            return None
        return self.opened_at + timedelta(hours=self.questionnaire.close_after_hours)

    @property
    def wakes_at(self) -> datetime | None:
        match self.state:
            case SurveyState.PLANNED:
                return self.planned_at
            case SurveyState.OPEN:
                return min(at for at in (self.remind_at, self.closes_at) if at is not None)
            case _:
                return None

    def time_passed(self, at: datetime) -> None:
        """Send it, remind of it, or close it."""
        if self.state is SurveyState.PLANNED:
            if self.rests_until is not None and at < self.rests_until:
                self.end(SurveyEnd.RESTING, at)
            else:
                self.open(at)
                self._invite(at, again=False)
        elif self.closes_at is not None and self.closes_at < at:
            self.end(SurveyEnd.TIME, at)
        else:
            self.reminded_at = at
            self._invite(at, again=True)

    def open(self, at: datetime) -> None:
        """From now on it can be answered."""
        self.state, self.opened_at = SurveyState.OPEN, at
        self.record(
            SurveySent(
                complaint_id=self.complaint_id,
                survey_id=self.id,
                questionnaire=self.questionnaire.id,
                questionnaire_version=self.book_version,
                about=self.questionnaire.about,
                sent_at=at,
            ),
            at,
        )

    def _invite(self, at: datetime, *, again: bool) -> None:
        facts: dict[str, Any] = {
            "survey_id": str(self.id),
            "again": again,
            "survey_title": self.questionnaire.title.model_dump(),
            "survey_intro": self.questionnaire.intro.model_dump(),
        }
        self.outgoing.append(
            Delivery(
                derived_id("survey-letter", self.id, again),
                self.complaint_id,
                Audience.CUSTOMER,
                f"survey/{self.questionnaire.id}",
                at,
                f"{Audience.CUSTOMER}/{self.complaint_id}",
                tuple(Channel(each) for each in self.questionnaire.channels),
                urgency=Urgency.USUAL,
                nature=Nature.OPINION,
                template=INVITATION,
                facts=facts,
            )
        )

    @property
    def asked_now(self) -> Question | None:
        """What is to be answered next."""
        asked = self._path()[-1]
        return None if asked == END else self._question(asked)

    def _path(self) -> list[str]:
        """The questions of this customer's branch so far, to the first that has no answer, or the end."""
        path = [self.questionnaire.questions[0].id]
        while path[-1] != END and path[-1] in self.answers:
            question = self._question(path[-1])
            path.append(self.questionnaire.after(question, self.answers[path[-1]].value))
        return path

    def _question(self, id: str) -> Question:
        found = self.questionnaire.question(id)
        if found is None:
            raise NotAsked(id, "this questionnaire has no such question; 问卷中没有这道题")
        return found

    def answer(self, given: Mapping[str, Value], by: AnsweredBy, at: datetime) -> None:
        """Take these answers, in the order in which they are asked. To say the same again changes nothing.

        Raises NotAsked, NotPossible when another answer was given before, and Over.
        """
        checked: dict[str, Value] = {}
        for id, value in given.items():
            try:
                checked[id] = self._question(id).checked(value)
            except NotAnAnswer as error:
                raise NotAsked(id, str(error)) from None
        new = {id: value for id, value in checked.items() if not self._said(id, value)}
        if not new:
            return
        if self.state is SurveyState.PLANNED:
            raise NotPossible("not-sent", "This survey was not sent yet.", "这份问卷尚未发出。")
        closes = self.closes_at
        if self.state is not SurveyState.OPEN or closes is None or at > closes:
            raise Over
        if by not in self.questionnaire.ways:
            raise NotPossible(
                "way-not-taken",
                "This questionnaire does not take answers in this way.",
                "这份问卷不接受这种回答方式。",
                ways=list(self.questionnaire.ways),
            )
        while (asked := self.asked_now) is not None and asked.id in new:
            self.answers[asked.id] = self.added[asked.id] = Given(new.pop(asked.id), by, at)
        if new:
            early = next(iter(new))
            wanted = "nothing more is asked" if asked is None else f"{asked.id} comes before it"
            raise NotAsked(early, f"it is not asked now: {wanted}. 目前不问这道题")
        self.answered_at = at
        self._judge(at)
        if asked is None:
            self.state, self.ended_at = SurveyState.ANSWERED, at
            self._tell(by, at, complete=True)

    def _said(self, id: str, value: Value) -> bool:
        """Whether it was answered so before. Raises NotPossible when it was answered otherwise."""
        before = self.answers.get(id)
        if before is None:
            return False
        in_words = self._question(id).in_words  # the first words stay; they are sealed, and not compared
        if before.value != value and not (in_words and before.value is not None):
            raise NotPossible(
                "already-answered",
                f"The question {id} is answered already, in another way; the first answer counts.",
                f"问题 {id} 已作答，以第一次的回答为准。",
                question=id,
            )
        return True

    def _judge(self, at: datetime) -> None:
        """Pass the opinion on the result on as soon as it is known."""
        first = self.questionnaire.questions[0]
        if (
            self.follow_up_id is None
            or first.measure is not SurveyMeasure.OUTCOME
            or first.id not in self.added
        ):
            return
        self.record(
            ResultJudged(
                complaint_id=self.complaint_id,
                survey_id=self.id,
                follow_up_id=self.follow_up_id,
                outcome=Outcome(str(self.answers[first.id].value)),
                trust_restored=self._trust(),
                judged_at=at,
            ),
            at,
        )

    def _trust(self) -> bool | None:
        asked = next(
            (q for q in self.questionnaire.questions if q.measure is SurveyMeasure.TRUST_RESTORED), None
        )
        said = self.answers.get(asked.id) if asked else None
        return said.value if said is not None and isinstance(said.value, bool) else None

    def end(self, because: SurveyEnd, at: datetime) -> None:
        """Close it before it is answered to its end; what was answered counts."""
        if self.state not in {SurveyState.PLANNED, SurveyState.OPEN}:
            return
        was_sent = self.state is SurveyState.OPEN
        self.state, self.ended, self.ended_at = SurveyState.CLOSED, because, at
        if self.answers:
            last = max(self.answers.values(), key=lambda each: each.at)
            self._tell(last.by, at, complete=False)
        if was_sent:
            closed = SurveyClosed(
                complaint_id=self.complaint_id,
                survey_id=self.id,
                questionnaire=self.questionnaire.id,
                about=self.questionnaire.about,
                because=because,
                closed_at=at,
            )
            self.record(closed, at)

    def _tell(self, by: AnsweredBy, at: datetime, *, complete: bool) -> None:
        self.record(
            SurveyAnswered(
                complaint_id=self.complaint_id,
                survey_id=self.id,
                questionnaire=self.questionnaire.id,
                questionnaire_version=self.book_version,
                about=self.questionnaire.about,
                by=by,
                answers=tuple(
                    self._told(self._question(id), self.answers[id].value)
                    for id in self._path()
                    if id in self.answers
                ),
                complete=complete,
                answered_at=self.answered_at or at,
            ),
            at,
        )

    def _told(self, question: Question, value: Value) -> SurveyAnswer:
        in_words = question.in_words
        return SurveyAnswer(
            question=question.id,
            measure=question.measure,
            value=None if in_words else tuple(value) if isinstance(value, list) else value,
            in_words=in_words and value is not None,
        )
