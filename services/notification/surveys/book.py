"""The rulebook of surveys: which questionnaires there are, when they are sent, and how long they are open.

`surveys.json` is version 0. A survey keeps the version under which it was sent.
"""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.notification.rules import Channel
from services.notification.surveys.questions import END, Name, Question, SurveyText
from shared.events.surveys import AnsweredBy, SurveyAbout, SurveyMeasure, Value
from shared.rulebooks.model import Book, Content

Hours = Annotated[int, Field(ge=1, le=8760)]
LetterChannel = Literal[Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.INBOX]


class Occasion(StrEnum):
    """When a questionnaire is sent."""

    RESULT = "result"
    """The customer is asked for an opinion on a result: the letter that asks leads to the questionnaire."""
    CLOSED = "closed"
    """The case was closed: there is an invitation of its own."""


class Questionnaire(BaseModel):
    """Questions that are asked together, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: Name
    about: SurveyAbout
    occasion: Occasion
    title: SurveyText
    intro: SurveyText
    thanks: SurveyText
    questions: Annotated[tuple[Question, ...], Field(min_length=1, max_length=30)]
    """The first one is asked first."""
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1
    """Of the cases, which part is asked."""
    delay_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    """After the occasion."""
    rest_days: Annotated[int, Field(ge=0, le=3650)] = 0
    """A customer who was invited by a letter of its own in these days is not invited again."""
    remind_after_hours: Hours | None = None
    """Reminded once, so long after it was sent, unless it is complete. Without it: not at all."""
    close_after_hours: Hours
    """After it was sent. What comes later is refused with thanks."""
    channels: Annotated[tuple[LetterChannel, ...], Field(min_length=1, max_length=4)] = (Channel.EMAIL,)
    """Ways of the invitation and of the reminder, in order; the first that leads to the customer is taken."""
    ways: Annotated[tuple[AnsweredBy, ...], Field(min_length=1, max_length=3)] = tuple(AnsweredBy)
    """By which answers are taken."""

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        ids = [question.id for question in self.questions]
        for id in ids:
            if ids.count(id) > 1 or id == END:
                raise ValueError(
                    f"{self.id}: two questions are called {id}, or it is the word for the end; rename one 题目 id 重复"
                )
        measures = [question.measure for question in self.questions if question.measure]
        if len(set(measures)) < len(measures):
            raise ValueError(f"{self.id}: two questions have one measure; leave one out 两题的指标相同")
        if SurveyMeasure.OUTCOME in measures and (
            self.questions[0].measure is not SurveyMeasure.OUTCOME or self.occasion is not Occasion.RESULT
        ):
            raise ValueError(
                f"{self.id}: the outcome is asked first, and on the occasion of a result 结果评价须为第一题"
            )
        self._must_lead_to_the_end()
        if self.occasion is Occasion.RESULT and (
            (self.about, self.share, self.delay_hours, self.rest_days) != (SurveyAbout.CASE, 1, 0, 0)
            or self.remind_after_hours is not None
        ):
            raise ValueError(
                f"{self.id}: what is sent with a result is about the case, for everybody and at once; the second "
                "request for an opinion is its reminder 随处理结果发出的问卷须针对个案、全员、即时，"
                "第二次征求意见即为提醒"
            )
        if self.remind_after_hours is not None and self.remind_after_hours >= self.close_after_hours:
            raise ValueError(f"{self.id}: remind before it closes 提醒须早于关闭")
        return self

    def _must_lead_to_the_end(self) -> None:
        """Every question is reached, whatever is named exists, and nobody is led in a circle."""
        known = {question.id for question in self.questions}
        leads: dict[str, set[str]] = {}
        for question in self.questions:
            named = {branch.next for branch in question.branches} | {question.next or END}
            if unknown := named - known - {END}:
                raise ValueError(
                    f"{self.id}: {question.id} leads to {', '.join(sorted(unknown))}, which is not there; "
                    "name a question, or end 跳转目标不存在"
                )
            leads[question.id] = self.leading(question) - {END}
        passed: set[str] = set()
        under_way: list[str] = []

        def walk(id: str) -> None:
            if id in under_way:
                circle = " > ".join([*under_way[under_way.index(id) :], id])
                raise ValueError(f"{self.id}: {circle} goes round in a circle; let one lead on 题目循环跳转")
            if id not in passed:
                under_way.append(id)
                for next in sorted(leads[id]):
                    walk(next)
                under_way.pop()
                passed.add(id)

        walk(self.questions[0].id)
        if unreached := known - passed:
            raise ValueError(
                f"{self.id}: no answer leads to {', '.join(sorted(unreached))}; lead there or leave it out 题目无法到达"
            )

    def after(self, question: Question, answer: Value) -> str:
        """The id of the question that comes next, or `end`."""
        place = self.questions.index(question)
        in_list = self.questions[place + 1].id if place + 1 < len(self.questions) else END
        return question.following(answer) or in_list

    def leading(self, question: Question) -> set[str]:
        """What can come after a question."""
        return {self.after(question, answer) for answer in question.possible()}

    def longest(self, id: str) -> int:
        """How many questions are asked at most from this one on."""
        known = {END: 0}

        def most(id: str) -> int:
            if id not in known:
                question = next(question for question in self.questions if question.id == id)
                known[id] = 1 + max(map(most, self.leading(question)))
            return known[id]

        return most(id)

    def question(self, id: str) -> Question | None:
        return next((question for question in self.questions if question.id == id), None)


class SurveyBook(Content):
    """The questionnaires that are sent."""

    example: ClassVar[dict[str, Any]] = {
        "questionnaires": [
            {
                "id": "short",
                "about": "case",
                "occasion": "result",
                "title": {"en": "How did we do?", "zh": "想听听您的评价"},
                "intro": {"en": "One question.", "zh": "只有一个问题。"},
                "thanks": {"en": "Thank you.", "zh": "谢谢您。"},
                "close_after_hours": 336,
                "questions": [
                    {
                        "id": "easy",
                        "kind": "scale-5",
                        "measure": "effort",
                        "en": "It was easy.",
                        "zh": "办理很省心。",
                    }
                ],
            }
        ]
    }

    questionnaires: Annotated[tuple[Questionnaire, ...], Field(max_length=20)]
    """Of those with the occasion `result` at most one, because the letter that asks leads to it."""

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        ids = [each.id for each in self.questionnaires]
        if len(set(ids)) < len(ids):
            raise ValueError("two questionnaires have one id; rename one 问卷 id 重复，请改名")
        if sum(each.occasion is Occasion.RESULT for each in self.questionnaires) > 1:
            raise ValueError("one questionnaire at most is sent with a result 随处理结果发出的问卷至多一份")
        return self

    def of(self, id: str) -> Questionnaire:
        return next(each for each in self.questionnaires if each.id == id)

    def on(self, occasion: Occasion) -> list[Questionnaire]:
        return [each for each in self.questionnaires if each.occasion is occasion]


SURVEYS = Book(
    "surveys", SurveyBook, "surveys", "调查问卷", ("services.notification.surveys", "surveys.json")
)
