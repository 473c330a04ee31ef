"""Questions of a questionnaire: what can be answered, and which question follows. Pure."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.events.surveys import SurveyMeasure, Value
from shared.events.vocabulary import Outcome
from shared.text import ShortText

END = "end"
"""In place of a question's id: nothing more is asked."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class AnswerKind(StrEnum):
    CHOICE = "choice"
    CHOICES = "choices"
    SCALE_5 = "scale-5"
    SCALE_10 = "scale-10"
    YES_NO = "yes-no"
    TEXT = "text"


SCALES = {AnswerKind.SCALE_5: range(1, 6), AnswerKind.SCALE_10: range(11)}
MEASURED_BY = {
    SurveyMeasure.OUTCOME: AnswerKind.CHOICE,
    SurveyMeasure.SATISFACTION: AnswerKind.SCALE_5,
    SurveyMeasure.EFFORT: AnswerKind.SCALE_5,
    SurveyMeasure.RECOMMENDATION: AnswerKind.SCALE_10,
    SurveyMeasure.TRUST_RESTORED: AnswerKind.YES_NO,
    SurveyMeasure.REPURCHASE: AnswerKind.YES_NO,
}
"""Which kind of answer each measure is made of."""


class NotAnAnswer(ValueError):
    """What was given answers the question in no way that it knows. Says in both languages what would."""


class SurveyText(BaseModel):
    """One line in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    en: ShortText
    zh: ShortText

    def in_(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class AnswerOption(SurveyText):
    """One of the answers to choose from."""

    value: Name


class AnswerCondition(BaseModel):
    """What an answer must be. Exactly one of these is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    one_of: Annotated[tuple[bool | Name, ...], Field(min_length=1, max_length=20)] | None = None
    """One of these; of several choices: one of them among those that were chosen."""
    at_most: Annotated[int, Field(ge=0, le=10)] | None = None
    """Of a scale: this or less."""
    at_least: Annotated[int, Field(ge=0, le=10)] | None = None
    """Of a scale: this or more."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.one_of, self.at_most, self.at_least)) != 1:
            raise ValueError(
                "say one of one_of, at_most and at_least; 条件须为 one_of、at_most、at_least 之一"
            )
        return self

    def holds(self, answer: Value) -> bool:
        if isinstance(answer, bool | str):
            return self.one_of is not None and answer in self.one_of
        if isinstance(answer, int):
            return (self.at_most is not None and answer <= self.at_most) or (
                self.at_least is not None and answer >= self.at_least
            )
        return self.one_of is not None and any(each in self.one_of for each in answer or ())


class QuestionBranch(BaseModel):
    """After this answer that question comes next."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    when: AnswerCondition
    next: Name
    """Id of a question, or `end`."""


class Question(SurveyText):
    """One question, in both languages."""

    id: Name
    """Answers of all versions are counted together under it: a question that means something else has another id."""
    kind: AnswerKind
    measure: SurveyMeasure | None = None
    """What its answers are measured as, whatever it is called."""
    required: bool = False
    """It cannot be passed over."""
    options: Annotated[tuple[AnswerOption, ...], Field(max_length=20)] = ()
    """Of a choice."""
    low: SurveyText | None = None
    """Of a scale: what its low end means."""
    high: SurveyText | None = None
    branches: Annotated[tuple[QuestionBranch, ...], Field(max_length=20)] = ()
    """The first whose condition holds says what comes next."""
    next: Name | None = None
    """What comes next otherwise: the question that follows in the list, unless another one, or `end`, is named."""

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        values = [option.value for option in self.options]
        chosen = self.kind in {AnswerKind.CHOICE, AnswerKind.CHOICES}
        if chosen != bool(values) or (chosen and len(values) < 2):
            raise ValueError(
                f"{self.id}: choices have two options at least, others none 选择题须有至少两个选项"
            )
        if len(set(values)) < len(values):
            raise ValueError(f"{self.id}: two options have one value; rename one 选项的 value 重复，请改名")
        if self.kind not in SCALES and (self.low or self.high):
            raise ValueError(f"{self.id}: only scales have a low and a high end 只有量表题有 low 和 high")
        if self.measure and MEASURED_BY[self.measure] is not self.kind:
            raise ValueError(
                f"{self.id}: {self.measure} is measured by a question of the kind {MEASURED_BY[self.measure]}; "
                "change the kind or leave the measure out 该指标要求另一种题型"
            )
        if self.measure is SurveyMeasure.OUTCOME and values != [each.value for each in Outcome]:
            raise ValueError(
                f"{self.id}: the outcome is one of {', '.join(Outcome)}, in this order 结果评价须为这三项，顺序不变"
            )
        for branch in self.branches:
            if not any(branch.when.holds(answer) for answer in self.possible()):
                raise ValueError(
                    f"{self.id}: no answer leads to {branch.next}; correct the condition 没有答案满足该分支条件"
                )
        return self

    @property
    def in_words(self) -> bool:
        """Whether it is answered in free words."""
        return self.kind is AnswerKind.TEXT

    def possible(self) -> list[Value]:
        """The answers that can make a difference to what comes next; None is to pass it over."""
        told: list[Value] = []
        match self.kind:
            case AnswerKind.CHOICE:
                told = [option.value for option in self.options]
            case AnswerKind.CHOICES:
                told = [[option.value] for option in self.options]
            case AnswerKind.YES_NO:
                told = [True, False]
            case AnswerKind.SCALE_5 | AnswerKind.SCALE_10:
                told = list(SCALES[self.kind])
            case AnswerKind.TEXT:
                told = ["..."]
        return told if self.required else [*told, None]

    def following(self, answer: Value) -> str | None:
        """The id of what this answer leads to; None when that is whatever stands next in the list."""
        return next((branch.next for branch in self.branches if branch.when.holds(answer)), self.next)

    def checked(self, answer: Value) -> Value:
        """The answer, if it is one. Raises NotAnAnswer."""
        if answer is None:
            if self.required:
                raise NotAnAnswer("this question needs an answer; 此题必答")
            return None
        values = [option.value for option in self.options]
        match self.kind:
            case AnswerKind.CHOICE if answer in values:
                return answer
            case AnswerKind.CHOICES if isinstance(answer, list) and answer and set(answer) <= set(values):
                return [value for value in values if value in answer]
            case AnswerKind.YES_NO if isinstance(answer, bool):
                return answer
            case AnswerKind.SCALE_5 | AnswerKind.SCALE_10 if (
                type(answer) is int and answer in SCALES[self.kind]
            ):
                return answer
            case AnswerKind.TEXT if isinstance(answer, str):
                return answer
        raise NotAnAnswer(f"it takes {self._takes(values)}; null passes it over. 答案的形式不对")

    def _takes(self, values: list[str]) -> str:
        match self.kind:
            case AnswerKind.CHOICE:
                return f"one of {', '.join(values)}"
            case AnswerKind.CHOICES:
                return f"a list of some of {', '.join(values)}"
            case AnswerKind.YES_NO:
                return "true or false"
            case AnswerKind.TEXT:
                return "text"
            case _:
                scale = SCALES[self.kind]
                return f"a whole number from {scale[0]} to {scale[-1]}"

    def by_digit(self, digit: int) -> Value:
        """The answer that somebody means who sends a number by text message. Raises NotAnAnswer."""
        match self.kind:
            case AnswerKind.CHOICE if 1 <= digit <= len(self.options):
                return self.options[digit - 1].value
            case AnswerKind.YES_NO if digit in (1, 2):
                return digit == 1
            case AnswerKind.SCALE_5 | AnswerKind.SCALE_10:
                return self.checked(digit)
        raise NotAnAnswer("no number answers this question; 此题不能用数字回答")
