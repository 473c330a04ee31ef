"""The rulebook of reopening: for how long a closed case can be taken up again. `reopening.json` is version 0."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field

from shared.rulebooks.model import Book, Content
from shared.text import ShortText


class ReopeningRules(Content):
    """The window, and what is said when it is shut."""

    example: ClassVar[dict[str, Any]] = {
        "window_days": 30,
        "otherwise_en": "Register a further complaint and quote the reference of this one.",
        "otherwise_zh": "请另行登记投诉，并注明原投诉编号。",
    }

    window_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after the closing within which the case can be taken up again."""
    otherwise_en: ShortText
    """How else to complain, when that is too late."""
    otherwise_zh: ShortText

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.window_days)


REOPENING = Book(
    "reopening",
    ReopeningRules,
    "rules of reopening",
    "重新处理规则",
    ("services.resolution.reopening", "reopening.json"),
)
