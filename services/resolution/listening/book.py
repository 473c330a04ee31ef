"""The rulebook of listening: follow-ups, when a customer counts as neglected, what an excuse sounds like.

`listening.json` is version 0; its numbers are the house's own starting values. The texts give the share of talking
(80:20) and one or two follow-ups (一到二次征求意见).
"""

import re
import unicodedata
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from shared.rulebooks.model import Book, Content
from shared.text import ShortText

WorkingHours = Annotated[float, Field(gt=0, le=2000)]
Phrases = Annotated[tuple[ShortText, ...], Field(max_length=500)]


class ListeningRules(Content):
    """What listening well means, in numbers and words."""

    example: ClassVar[dict[str, Any]] = {
        "follow_ups": 2,
        "follow_up_after_hours": 16,
        "neglected_after_hours": 16,
        "talk_share": 0.8,
        "excuses_en": ["not our fault"],
        "excuses_zh": ["不是我们的责任"],
    }

    follow_ups: Annotated[int, Field(ge=1, le=5)] = 2
    """How often the customer is asked for an opinion on a result, before the case may close without one."""
    follow_up_after_hours: WorkingHours = 16
    """Working hours without an opinion after which the next follow-up goes out."""
    neglected_after_hours: WorkingHours = 16
    """Working hours without a word from a person after which a customer counts as neglected."""
    talk_share: Annotated[float, Field(ge=0.5, le=1)] = 0.8
    """The customer's least share of the talking: 80:20."""
    excuses_en: Phrases
    """Phrases of somebody who excuses themselves; capitals do not matter, whole words do."""
    excuses_zh: Phrases

    @model_validator(mode="after")
    def _knows_excuses(self) -> Self:
        if not (self.excuses_en or self.excuses_zh):
            raise ValueError(
                "without phrases no excuse is ever found: give some in either language; 请至少提供一条推脱用语"
            )
        return self

    def excuses_in(self, text: str) -> list[str]:
        """The phrases of an excuse that are in the text, each once, as the rulebook writes them."""
        plain = " ".join(unicodedata.normalize("NFKC", text).casefold().replace("’", "'").split())
        return [phrase for phrase, pattern in self._patterns if pattern.search(plain)]

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        whole = [(phrase, rf"(?<!\w){_plain(phrase)}(?!\w)") for phrase in self.excuses_en]
        inside = [(phrase, _plain(phrase)) for phrase in self.excuses_zh]
        return [(phrase, re.compile(pattern)) for phrase, pattern in whole + inside]


def _plain(phrase: str) -> str:
    return re.escape(unicodedata.normalize("NFKC", phrase).casefold().replace("’", "'"))


LISTENING = Book(
    "listening",
    ListeningRules,
    "rules of listening",
    "聆听规则",
    ("services.resolution.listening", "listening.json"),
)
