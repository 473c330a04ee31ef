"""What comes in and goes out when somebody asks what a text says."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from services.insights.cues.model import Cue, Remedy
from shared.events.vocabulary import Emotion, Language, Valence
from shared.text import LongText


class CueQuestion(BaseModel):
    """What a customer wrote or said."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {"text": "The kettle smokes. I don't want a refund, just a replacement.", "language": "en"},
                {"text": "不要退款，只要换货，再拖我就打12315！"},
            ]
        },
    )

    text: LongText
    """As it was told. What stands in quotation marks counts as somebody else's words, and is left out."""
    language: Language | None = None
    """Whose lexicon is used; without one, those of both."""


class CueAmount(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    value: Decimal
    currency: str
    """ISO 4217."""


class CueFinding(BaseModel):
    """Words that say something, and what."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    cue: Cue
    """What kind of thing it is."""
    name: str
    """Which of the kind: a remedy, an emotion, what was disappointed, who is threatened with, what is dangerous."""
    strength: int = Field(ge=1, le=3)
    """1 mild, 2 clear, 3 strong: by words of degree beside it and exclamation marks."""
    refused: bool
    """Of a remedy: the customer says that they do not want it."""
    amount: CueAmount | None
    """Of a compensation, where one is named."""
    start: int
    """Place of the first character in the text, from 0, counted in Unicode code points."""
    end: int
    """Place after the last character."""
    words: str
    """What stands there."""


class TouchedValue(BaseModel):
    """A value (价值取向): the positive opposite of what was disappointed."""

    code: str
    name_en: str
    name_zh: str


class CuesHeard(BaseModel):
    """What the words say. They are words and not meaning: what was not found may still be meant."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: int
    """Of the lexicons."""
    values_version: int
    """Of the rulebook `value-orientation`."""
    text: str
    """As it was read, and as the places count: without blanks at its ends."""
    polarity: float | None = Field(ge=-1, le=1)
    """From -1 to 1; 0 without any sign of either; null where irony is heard: then no emotion is told either."""
    valence: Valence | None
    remedies: list[Remedy]
    """What the customer wants, is refused, or still waits for."""
    refused: list[Remedy]
    """What they say that they do not want."""
    emotions: list[Emotion]
    values: list[TouchedValue]
    """Those that the disappointments touch, in the order of the rulebook."""
    findings: list[CueFinding]
    """In the order of the text."""
