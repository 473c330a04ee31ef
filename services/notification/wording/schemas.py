"""What comes in and goes out when somebody asks how a text will come across."""

from pydantic import BaseModel, ConfigDict, Field

from shared.reply_check import Finding, Kind, Language
from shared.text import LongText


class ReplyDraft(BaseModel):
    """What somebody is about to write to a customer."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {"text": "You should have told us earlier. This is not our fault.", "language": "en"},
                {"text": "您必须先提供发票。"},
            ]
        },
    )

    text: LongText
    """As it would go out. What stands in quotation marks counts as the customer's words, and is not checked."""
    language: Language | None = None
    """Whose rules apply; without one, those of both."""


class InBoth(BaseModel):
    """The same in Chinese and in English."""

    zh: str
    en: str


class ReplyFinding(BaseModel):
    """Words that should not go out as they are."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: Kind
    """What the words do: command (命令), control (控制), criticism (批评), blame (责怪), judging (评判), excuse for
    oneself (开脱), promise beyond authority (过度承诺)."""
    family: str
    """Name of the rules that found it."""
    weight: int = Field(ge=1, le=3)
    """1: there may be a better word. 2: should be written anew. 3: must not go out."""
    start: int
    """Place of the first character in the text, from 0, counted in Unicode code points."""
    end: int
    """Place after the last character."""
    words: str
    """What stands there."""
    why: InBoth
    kinder: InBoth
    """What could be said instead."""

    @classmethod
    def of(cls, finding: Finding) -> "ReplyFinding":
        return cls(
            kind=finding.kind,
            family=finding.family,
            weight=finding.weight,
            start=finding.start,
            end=finding.end,
            words=finding.words,
            why=InBoth(**finding.why._asdict()),
            kinder=InBoth(**finding.kinder._asdict()),
        )


class ReplyChecked(BaseModel):
    """What was found, in the order of the text."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: int
    """Of the rules."""
    clean: bool
    """Whether nothing was found. The rules know words and not meaning: a clean text can still hurt."""
    heaviest: int = Field(ge=0, le=3)
    """Weight of the heaviest finding; 0 without any."""
    text: str
    """As it was checked, and as the places count: without blanks at its ends."""
    findings: list[ReplyFinding]
