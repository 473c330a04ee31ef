"""The rulebook of explanations: tactful drafts of what a customer is told when a complaint is not valid or the cause
lies with nobody but themselves. `explanations.json` is version 0.

What the customer is told blames nobody, least of all them: it gives them a way out (台阶下).
"""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.resolution.judgement import Judgement, Origin
from shared.events.vocabulary import Language
from shared.rulebooks.model import Book, Content
from shared.text import LongText, ShortText


class Occasion(StrEnum):
    """What has to be explained."""

    SELF_CAUSED = "self_caused"
    NO_REASON = "no_reason"
    TOO_MUCH = "too_much"
    VALID = "valid"


class ExplanationDraft(BaseModel):
    """What the handler edits before the customer is told it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: LongText
    zh: LongText

    def text(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


_DRAFT = {"en": "Thank you for telling us.", "zh": "感谢您的反馈。"}


class ExplanationTable(Content):
    """Drafts by occasion, and words that must not be in what a customer is told."""

    example: ClassVar[dict[str, Any]] = {
        "drafts": dict.fromkeys(Occasion, _DRAFT),
        "blaming": ["your fault", "您的责任"],
    }

    drafts: dict[Occasion, ExplanationDraft]
    blaming: Annotated[tuple[ShortText, ...], Field(max_length=500)]
    """Words that put the blame on somebody; an explanation with one of them is not accepted."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if lacking := [occasion.value for occasion in Occasion if occasion not in self.drafts]:
            raise ValueError(f"write a draft for {', '.join(lacking)}, too; 请补充: {', '.join(lacking)}")
        for occasion, draft in self.drafts.items():
            if found := self.blames(draft.en) + self.blames(draft.zh):
                raise ValueError(
                    f"the draft {occasion.value} blames: {found[0]}; 草稿含有责备之词: {found[0]}"
                )
        return self

    def blames(self, text: str) -> list[str]:
        """The blaming words that are in the text."""
        read = " ".join(text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
        return [words for words in self.blaming if words.casefold() in read]


def occasion_of(judgement: Judgement) -> Occasion:
    if judgement.origin is Origin.USE:
        return Occasion.SELF_CAUSED
    if not judgement.reason_sufficient:
        return Occasion.NO_REASON
    return Occasion.VALID if judgement.demand_reasonable else Occasion.TOO_MUCH


EXPLANATIONS = Book(
    "explanations",
    ExplanationTable,
    "drafts of explanations",
    "解释话术表",
    ("services.resolution.offers", "explanations.json"),
)
