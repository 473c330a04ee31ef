"""How much the learned classifier may do: a rulebook. Pure."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.events.vocabulary import Severity
from shared.rulebooks.model import Book, Content


class LearnerSettings(Content):
    """What is promised of the classifier, and what the rules decide without it."""

    decides: bool
    """Whether it may decide; otherwise it only suggests. It learns either way."""
    promised_error: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)]
    """Of what it decides, at most this share is wrong. Where it is not that sure, a person decides."""
    clear_evidence: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    """So much evidence of a category is clear enough for the rules to decide before the classifier is asked."""
    least_evidence: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    """So much evidence suffices for the rules where the classifier is not sure."""
    least_reviewed: Annotated[int, Field(ge=1, le=100_000)]
    """Cases whose right category is known, before its promise is worth anything; with fewer it only suggests."""
    fold_after: Annotated[int, Field(ge=1, le=100_000)]
    """Settled lessons, after which they are folded into a new snapshot of the champion."""
    retrain_after: Annotated[int, Field(ge=1, le=1_000_000)]
    """Settled lessons, after which a challenger is trained from all of them."""
    danger: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    """So probable a danger to somebody raises the severity to `severity_hint`, where no rule tells the nature."""
    severity_hint: Severity
    """At most so severe does it make a complaint of which no rule knows nature or urgency."""

    @model_validator(mode="after")
    def _clear_is_more(self) -> Self:
        if self.least_evidence > self.clear_evidence:
            raise ValueError(
                "least_evidence is more than clear_evidence: what suffices beside the classifier must not be more "
                "than what is clear without it; lower it 最低证据不得高于明确证据，请降低"
            )
        return self


LEARNER = Book(
    "triage-model",
    LearnerSettings,
    "classifier settings",
    "分类模型参数",
    ("services.routing.triage", "learner.json"),
)
